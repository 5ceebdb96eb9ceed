"""The rules of the house, read off the source: who may import whom, how long things may be, what is never called."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "nasrepro"
FILES = sorted(PACKAGE.rglob("*.py"))

FREE = {"errors", "splits", "home", "files", "garbage", "npz", "placement", "seeds", "plugins", "notices"}
"""Modules without opinions, for everyone."""

_WORK = {
    "spaces",
    "datasets",
    "supernets",
    "latent",
    "training",
    "regularizers",
    "methods",
    "oracles",
    "benchmarks",
    "records",
    "metrics",
    "papers",
}
MAY_IMPORT = {
    "errors": set(),
    "splits": set(),
    "files": set(),
    "garbage": set(),
    "npz": set(),
    "placement": set(),
    "home": set(),
    "seeds": set(),
    "plugins": set(),
    "notices": set(),
    "spaces": set(),
    "kernels": {"spaces"},
    "datasets": set(),
    "supernets": {"spaces"},
    "latent": {"spaces"},
    "training": {"spaces", "supernets", "latent", "datasets"},
    "regularizers": {"spaces", "supernets", "training"},
    "oracles": {"spaces"},
    "benchmarks": {"spaces", "datasets", "oracles", "training"},
    "methods": {
        "spaces",
        "datasets",
        "supernets",
        "latent",
        "training",
        "regularizers",
        "oracles",
        "records",
        "benchmarks",
    },
    "records": set(),
    "tabulation": {"spaces", "kernels", "datasets", "training", "oracles", "records"},
    "metrics": set(),
    "papers": {"metrics", "records"},
    "experiments": _WORK,
    "testing": _WORK | {"experiments"},
    "reporting": {"records", "papers", "metrics", "spaces"},
    "pipeline": _WORK | {"experiments", "reporting", "console"},
    "api": _WORK | {"experiments", "reporting", "pipeline"},
    "": {"api"},
    "console": set(),
    "commands": _WORK | {"experiments", "reporting", "testing", "pipeline", "console", "tabulation"},
    "__main__": {"cli"},
    "cli": _WORK | {"experiments", "reporting", "testing", "pipeline", "console", "commands", "tabulation"},
}
THIRD_PARTIES = {
    "spaces": {"numpy"},
    "kernels": {"numpy", "numba"},
    "tabulation": {"numpy", "pydantic"},
    "datasets": {"numpy", "torch", "sklearn", "pooch", "rich", "PIL"},
    "supernets": {"torch"},
    "latent": {"numpy", "torch", "safetensors"},
    "training": {"numpy", "torch", "pydantic"},
    "regularizers": {"numpy", "torch", "pydantic"},
    "oracles": {"numpy"},
    "methods": {"numpy", "torch", "pydantic"},
    "records": {"numpy", "pydantic"},
    "metrics": {"numpy", "scipy"},
    "papers": {"pydantic"},
    "reporting": {"numpy", "scipy", "pandas", "matplotlib", "PIL", "jinja2", "markupsafe", "rich"},
}
HEAVY = {"torch", "numba", "scipy", "pandas", "matplotlib", "sklearn"}
KNOWN = {"numpy", "pydantic", "typer", "click", "rich", "jinja2", "markupsafe", "pooch", "safetensors", "PIL", *HEAVY}


def room(path: Path) -> str:
    """`spaces` for nasrepro/spaces/nb201.py, `cli` for nasrepro/cli.py, empty for nasrepro/__init__.py."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def nodes(node: ast.AST, *, top_level: bool) -> Iterator[ast.AST]:
    """All nodes below `node`; with `top_level`, only what runs when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if top_level and (_is_type_checking(child) or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)):
            continue
        yield child
        yield from nodes(child, top_level=top_level)


def imports(path: Path, *, top_level: bool) -> set[str]:
    """Full names of the imported modules; `from a import b` counts as `a` and `a.b`."""
    found = set()
    for node in nodes(tree(path), top_level=top_level):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports are not used here"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def rooms_imported(path: Path, *, top_level: bool = False) -> set[str]:
    names = {name.split(".")[1] for name in imports(path, top_level=top_level) if name.startswith("nasrepro.")}
    return {name for name in names if name in MAY_IMPORT or (PACKAGE / name).is_dir() or _module(f"nasrepro.{name}")}


def third_parties(path: Path, *, top_level: bool = False) -> set[str]:
    return {name.split(".")[0] for name in imports(path, top_level=top_level)} & KNOWN


def _module(name: str) -> Path | None:
    """The file of a module of this package."""
    path = ROOT / Path(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.exists():
            return candidate
    return None


def loaded_with(name: str) -> set[str]:
    """Third parties that importing a module loads, through whatever it imports at module level."""
    seen, todo, found = set(), [name], set()
    while todo:
        current = todo.pop()
        parts = current.split(".")
        todo += [".".join(parts[:n]) for n in range(1, len(parts))]
        path = _module(current)
        if path is None or current in seen:
            continue
        seen.add(current)
        found |= third_parties(path, top_level=True)
        todo += [other for other in imports(path, top_level=True) if other.startswith("nasrepro") and other not in seen]
    return found


def test_every_room_is_in_the_table():
    assert {room(path) for path in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_in_the_agreed_direction(path):
    here = room(path)
    allowed = MAY_IMPORT.get(here, set()) | FREE | {here}
    assert rooms_imported(path) <= allowed
    if here in THIRD_PARTIES:
        assert third_parties(path) <= THIRD_PARTIES[here]


def test_what_a_benchmark_takes_from_experiments_it_takes_late():
    for path in (PACKAGE / "benchmarks").glob("*.py"):
        assert "experiments" not in rooms_imported(path, top_level=True)


@pytest.mark.parametrize("name", ["spaces", "metrics", "papers", "records", "oracles", "reporting"])
def test_rooms_that_never_load_torch(name):
    for path in (PACKAGE / name).rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        assert "torch" not in loaded_with(module), module


@pytest.mark.parametrize("module", ["nasrepro.cli", "nasrepro.api", "nasrepro.benchmarks", "nasrepro.methods.catalog"])
def test_what_answers_at_once_loads_nothing_heavy(module):
    assert loaded_with(module) & HEAVY == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_readable(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 60, f"{node.name} at line {node.lineno}"


def test_the_pipeline_is_short():
    assert len((PACKAGE / "pipeline.py").read_text(encoding="utf-8").splitlines()) < 80


PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}


def dangers(source: ast.AST) -> list[str]:
    """Calls that could execute what a file holds."""
    found = []
    for node in ast.walk(source):
        if isinstance(node, ast.ImportFrom) and node.module in PICKLES:
            found += [f"from {node.module} import {alias.name}" for alias in node.names]
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        owner, _, called = name.rpartition(".")
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if name in ("eval", "exec", "compile", "__import__", "os.system", "os.popen"):
            found.append(name)
        if owner in PICKLES and called in ("load", "loads", "Unpickler", "open"):
            found.append(name)
        if name == "torch.load" and keywords.get("weights_only") != "True":
            found.append("torch.load without weights_only=True")
        if keywords.get("allow_pickle", "False") != "False":
            found.append(f"{name} with allow_pickle")
        if keywords.get("shell", "False") != "False":
            found.append(f"{name} with shell")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_read_from_a_file_is_ever_executed(path):
    where = path.relative_to(PACKAGE).as_posix()
    if where != "oracles/safe_unpickle.py":  # the one audited place
        assert dangers(tree(path)) == []


@pytest.mark.parametrize(
    "source",
    [
        "pickle.load(f)",
        "x = pickle.loads(b)",
        "from pickle import load",
        "pickle.Unpickler(f).load()",
        "torch.load(f)",
        "torch.load(f, weights_only=False)",
        "torch.load(f, weights_only=flag)",
        "eval('1')",
        "exec(code)",
        "np.load(f, allow_pickle=True)",
        "subprocess.run(x, shell=True)",
        "os.system('ls')",
    ],
)
def test_the_search_for_dangers_finds_them(source):
    assert dangers(ast.parse(source))


@pytest.mark.parametrize("source", ["network.eval()", "torch.load(f, weights_only=True)", "np.load(f)", "json.load(f)"])
def test_the_search_for_dangers_lets_the_harmless_pass(source):
    assert dangers(ast.parse(source)) == []


def test_setup_cfg_names_exactly_the_packages_on_disk():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = config["options"]["packages"].split()
    on_disk = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    assert sorted(listed) == sorted(on_disk | {"nasrepro.data"})
    assert (ROOT / "data" / "__init__.py").exists()


def test_no_path_of_a_particular_machine():
    machine = re.compile(r"(?<![\w.$}])/(work|home|Users|root|mnt|scratch)/")
    texts = [*PACKAGE.rglob("*"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    texts += [
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("*.md"),
        *ROOT.glob("*.sh"),
        ROOT / "setup.cfg",
        *ROOT.glob(".ci/*"),
    ]
    found = []
    for path in texts:
        if path.is_file() and path.suffix in (".py", ".md", ".sh", ".cfg", ".toml", ".json", ".j2", ".css", ""):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if machine.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []
