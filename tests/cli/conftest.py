"""The command line in this process, and a made-up table so that no data are needed."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from nasrepro.cli import main
from nasrepro.oracles.table import write_table


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def nasrepro(capsys, monkeypatch, tmp_path):
    """Runs a command in an empty folder without data; returns exit code and output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NASREPRO_DATA", str(tmp_path / "no-data"))
    monkeypatch.delenv("NASREPRO_DEBUG", raising=False)

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def table_root(tmp_path_factory):
    """A data folder with a table in the official layout, of invented accuracies."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(5)
    arrays = {}
    for dataset in ("cifar10", "cifar100", "imagenet16-120"):
        worth = rng.uniform(10, 90, 15625)
        for split in ("valid", "test"):
            for epochs in (12, 200):
                noisy = worth + rng.normal(0, 1, 15625)
                arrays[f"acc/{dataset}/{split}/{epochs}"] = noisy.astype(np.float32)
    arrays["acc/cifar10/test/200"][6111] = 94.37333
    arrays["acc/cifar10/test/200"][7] = np.nan
    meta = {"space": "nb201", "source": "invented for tests", "trials": {"acc/cifar10/test/200": 3}}
    (root / "nb201").mkdir()
    write_table(root / "nb201" / "nasbench201.npz", arrays, meta)
    return root


@pytest.fixture
def with_table(nasrepro, monkeypatch, table_root):
    """`nasrepro` with the made-up table as the user's data."""
    monkeypatch.setenv("NASREPRO_DATA", str(table_root))
    return nasrepro


@pytest.fixture
def user_error():
    """Asserts exit code 2, one line on stderr that contains the words, and nothing on stdout."""

    def check(result, *words):
        assert result.code == 2, result.err
        assert result.out == ""
        assert result.err.startswith("nasrepro: ")
        assert result.err.count("\n") == 1
        for word in words:
            assert word in result.err

    return check
