"""The page for those who bring their own, executed as it stands: its files become a package that announces itself."""

import configparser
import re
import shlex
import sys
from pathlib import Path

import pytest

from nasrepro import plugins
from nasrepro.cli import main
from nasrepro.experiments.jobs import JobOutcome

PAGE = Path(__file__).resolve().parents[1] / "docs" / "extending.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def of(kind):
    return [text for found, text in BLOCKS if found == kind]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package `mynas` of the page, importable and with the metadata that an installer writes."""
    patch = pytest.MonkeyPatch()
    root = tmp_path_factory.mktemp("page")
    (root / "mynas").mkdir()
    (root / "mynas" / "__init__.py").touch()
    for text in of("python"):
        (root / text.splitlines()[0].removeprefix("# ")).write_text(text)
    (announcement,) = of("ini")
    setup = configparser.ConfigParser(delimiters=("=",))
    setup.read_string(announcement)
    metadata = root / "mynas-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mynas\nVersion: 1.0\n")
    groups = [f"[{group}]\n{entries.strip()}\n" for group, entries in setup["options.entry_points"].items()]
    (metadata / "entry_points.txt").write_text("\n".join(groups))
    (root / "mine.csv").write_text(of("csv")[0])
    patch.syspath_prepend(str(root))
    patch.chdir(root)
    plugins.announced.cache_clear()
    yield root
    patch.undo()
    plugins.announced.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "mynas"]:
        del sys.modules[name]


COMMANDS = [line for text in of("bash") for line in text.splitlines()]


@pytest.fixture
def quick(monkeypatch):
    """Drawing takes most of the time of a report and is tested where it lives; so does starting torch in workers."""
    monkeypatch.setattr("nasrepro.reporting.comparison.all_figures", lambda *_: [])
    monkeypatch.setattr("nasrepro.reporting.space_report.space_figures", lambda *_, **__: [])

    def here(jobs, *_, **__):
        return [JobOutcome(job, job.call(*job.args, report=lambda done, total: None)) for job in jobs]

    return lambda: monkeypatch.setattr("nasrepro.experiments.execute.execute_jobs", here)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_page_works(command, installed, quick, capsys):
    program, *words = shlex.split(command)
    assert program == "nasrepro"
    if "my-shared" in command:
        quick()
    code = main(words)
    captured = capsys.readouterr()
    assert code == 0, captured.err
    if words[0] == "check":
        assert "FAILED" not in captured.out
    if "--out" in words:
        assert (installed / words[words.index("--out") + 1] / "index.html").exists()


def test_the_page_checks_whatever_it_announces():
    (announcement,) = of("ini")
    names = re.findall(r"^ +(\S+) =", announcement, flags=re.MULTILINE)
    checked = {line.split()[-1] for line in COMMANDS if line.startswith("nasrepro check")}
    assert len(names) == 6
    assert set(names) - checked == {"my-shared"}, "a method with weight sharing takes long to check"
