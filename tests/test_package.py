"""The project as others get it: an installed wheel in another folder, and a command line that starts at once."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project built as a wheel from a copy of the tree, without reaching for the network."""
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "nasrepro", "data"):
        (source / name).symlink_to(ROOT / name)
    build = "import setuptools.build_meta as b, sys; print(b.build_wheel(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=source, check=True, capture_output=True, text=True, timeout=120
    )
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_data_templates_and_papers(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "nasrepro/data/registry.toml" in names
    shipped = {f"nasrepro/data/autoencoders/{path.name}" for path in (ROOT / "data" / "autoencoders").iterdir()}
    assert any(name.endswith(".safetensors") for name in shipped)
    assert shipped <= set(names)
    assert "nasrepro/papers/e2nas.json" in names
    assert "nasrepro/spaces/darts_cells.json" in names
    assert any(name.startswith("nasrepro/reporting/templates/") for name in names)
    assert "nasrepro/py.typed" in names
    assert not any(name.startswith(("data/", "tests/", "benchmarks/")) for name in names)


def test_an_installed_copy_runs_in_another_folder(wheel: Path, tmp_path: Path) -> None:
    """Unpacked like an installer does, alone on the path: the search of a cell and its cost work outside the clone."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import nasrepro;"
        "assert nasrepro.__file__.startswith(sys.argv[1]);"
        "from nasrepro.cli import main; from nasrepro.home import shipped;"
        "found = shipped('registry.toml'); assert found.is_file() and str(found).startswith(sys.argv[1]);"
        "first = main(['cost', 'DARTS_V2', '--benchmark', 'darts-cifar10', '--json']);"
        "sys.exit(first or main(['cost', '0', '--benchmark', 'nb201-cifar10', '--json']))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import site; site.addsitedir({_packages()!r}); {code}", str(site)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert '"params": 3349342' in done.stdout
    assert '"params": 129306' in done.stdout
    assert '"macs": 15647370' in done.stdout


def _packages() -> str:
    import numpy

    return str(Path(numpy.__file__).resolve().parent.parent)
