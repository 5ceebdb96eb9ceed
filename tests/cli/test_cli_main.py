"""Exit codes, one-line errors, help without heavy imports."""

import subprocess
import sys
from pathlib import Path

import pytest

import nasrepro.cli as cli
from nasrepro.errors import RunFailed
from nasrepro.experiments.jobs import Interrupted


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from nasrepro.cli import main; code = main(['--help']);"
        "heavy = {'torch', 'numpy', 'pandas', 'matplotlib', 'scipy', 'sklearn', 'pooch', 'pydantic'};"
        "print(sorted(heavy & set(sys.modules)), code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "[] 0"
    for verb in ("compare", "search", "report", "query", "cost", "list", "show", "data", "reproduce", "check"):
        assert f" {verb} " in done.stdout


def test_the_module_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "nasrepro.cli", "--version"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "nasrepro 0.1.0\n")


@pytest.mark.parametrize("words", [[], ["--help"], ["data"], ["compare", "-h"]])
def test_help_is_no_error(nasrepro, words):
    result = nasrepro(*words)
    assert result.code == 0
    assert "Usage" in result.out
    assert result.err == ""


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["compar"], ["compar", "compare"]),
        (["compare"], ["--methods"]),
        (["compare", "--sedes", "1"], ["--sedes", "--seeds"]),
        (["compare", "-m", "gads"], ["gads", "did you mean 'gdas'", "allowed"]),
        (["compare", "-m", ","], ["','", "allowed"]),
        (["compare", "-m", "gdas", "-b", "nb201-digit"], ["nb201-digit'", "nb201-digits"]),
        (["compare", "-m", "gdas", "--scale", "labtop"], ["labtop", "laptop"]),
        (["compare", "-m", "gdas", "--protocol", "sond"], ["sond", "sound"]),
        (["compare", "-m", "gdas", "--seeds", "0-x"], ["0-x", "allowed"]),
        (["compare", "-m", "gdas", "--seeds", ""], ["allowed"]),
        (["compare", "-m", "gdas", "--seeds", "4-1"], ["4-1", "allowed"]),
        (["compare", "-m", "gdas", "--workers", "0"], ["--workers", "'0'"]),
        (["compare", "-m", "gdas", "--threads", "two"], ["--threads", "'two'"]),
        (["compare", "-m", "gdas", "--set", "training.epoch=3"], ["epoch", "epochs"]),
        (["compare", "-m", "gdas", "--set", "epochs=3"], ["epochs=3", "BLOCK.NAME=VALUE"]),
        (["compare", "-m", "gdas", "--set", "training.epochs=many"], ["training.epochs", "many"]),
        (["compare", "-m", "rea", "-b", "nb201-cifar10"], ["nasbench201.npz", "data convert"]),
        (["search", "gdas", "--seed", "0-3"], ["0-3", "compare"]),
        (["search", "gads"], ["gads", "gdas"]),
        (["report", "nowhere"], ["nowhere"]),
        (["list", "method"], ["'method'", "methods"]),
        (["show", "gads"], ["gads", "gdas"]),
        (["check", "gads"], ["gads", "gdas"]),
        (["reproduce", "nas"], ["nas", "nsas"]),
        (["reproduce", "e2nas/table-9"], ["e2nas/table-9", "e2nas/table-1"]),
    ],
)
def test_bad_input_is_one_line(nasrepro, user_error, tmp_path, words, named):
    user_error(nasrepro(*words), *named)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--out", "--runs"])
@pytest.mark.parametrize("folder", ["/proc/nothing", "file/below"])
def test_unwritable_folders_are_found_before_anything_runs(with_table, user_error, tmp_path, option, folder):
    (tmp_path / "file").touch()
    result = with_table("compare", "-m", "random", "-b", "nb201-cifar10", option, folder)
    user_error(result, option, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_foreign_folder_is_not_replaced(with_table, user_error, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").touch()
    user_error(with_table("compare", "-m", "random", "-b", "nb201-cifar10", "--out", "thesis"), "thesis")
    assert not (tmp_path / "runs").exists()


def raising(error):
    def command(*_, **__):
        raise error

    return command


@pytest.fixture
def broken(monkeypatch):
    """Makes `list` end in the given error."""

    def breaking(error):
        monkeypatch.setattr("nasrepro.commands.names._methods", raising(error))

    return breaking


def test_a_failed_run_is_exit_code_1(nasrepro, broken):
    broken(RunFailed("one\nof two"))
    result = nasrepro("list", "methods")
    assert (result.code, result.err) == (1, "nasrepro: one of two\n")


def test_a_mistake_of_ours_is_one_line_and_a_file(nasrepro, broken, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    broken(ZeroDivisionError("oh\nno"))
    result = nasrepro("list", "methods")
    (kept,) = tmp_path.glob("nasrepro-error-*.txt")
    assert (result.code, result.out) == (1, "")
    assert (
        result.err
        == f"nasrepro: unexpected ZeroDivisionError: oh no; the traceback is in '{kept}' (--debug shows it)\n"
    )
    assert "Traceback" in kept.read_text()


@pytest.mark.parametrize("way", ["option", "variable"])
def test_debug_shows_the_traceback(nasrepro, broken, monkeypatch, way):
    broken(ZeroDivisionError("oh"))
    if way == "variable":
        monkeypatch.setenv("NASREPRO_DEBUG", "1")
    result = nasrepro("list", "methods", *(["--debug"] if way == "option" else []))
    assert result.code == 1
    assert "Traceback" in result.err
    assert result.err.endswith("nasrepro: unexpected ZeroDivisionError: oh\n")


def test_an_interrupt_is_130_and_one_line(nasrepro, broken):
    broken(KeyboardInterrupt())
    result = nasrepro("list", "methods")
    assert result.code == 130
    assert result.err == "nasrepro: interrupted; the same command continues where this one stopped\n"


def test_an_interrupted_comparison_says_how_far_it_came(nasrepro, broken):
    broken(Interrupted("interrupted, 3 of 4 runs are done"))
    result = nasrepro("list", "methods")
    assert (result.code, result.err) == (130, "nasrepro: interrupted, 3 of 4 runs are done\n")


def test_commands_are_thin():
    """The command line parses, calls and prints; it must not grow a second home for logic."""
    package = Path(cli.__file__).parent
    for path in [package / "cli.py", *(package / "commands").glob("*.py")]:
        assert len(path.read_text().splitlines()) <= 300, path
