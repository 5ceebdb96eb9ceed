from __future__ import annotations

import importlib.util
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from official_like import Bomb
from scipy.stats import kendalltau

from nasrepro.errors import UserError
from nasrepro.oracles.analog import AnalogOracle
from nasrepro.oracles.base import Fidelity
from nasrepro.oracles.table import TableOracle
from nasrepro.spaces import nb201
from nasrepro.splits import Split
from nasrepro.testing.oracles import check_oracle

TEST = {"dataset": "cifar10", "split": Split.TEST, "epochs": 200}


@pytest.fixture(scope="module")
def analog() -> AnalogOracle:
    if importlib.util.find_spec("analognasbench") is None:
        pytest.skip("analog-nasbench is not installed")
    return AnalogOracle.load()


def test_offers_the_one_number_there_is(analog: AnalogOracle) -> None:
    assert analog.fidelities() == [Fidelity("cifar10", Split.TEST, 200)]
    assert "not NAS-Bench-201's own numbers" in analog.source
    with pytest.raises(UserError, match=r"unknown split .*'valid'.* allowed: test"):
        analog.query(nb201.from_index(0), dataset="cifar10", split=Split.VALID, epochs=200)


def test_is_read_without_importing_the_package(analog: AnalogOracle) -> None:
    assert analog.query(nb201.from_index(0), **TEST).n_trials == 1
    assert "analognasbench" not in sys.modules


def test_input_independent_cells_are_at_chance(analog: AnalogOracle) -> None:
    """Fixes the package's numbering of operations and edges but for those that never matter here."""
    values = analog.query_all(**TEST)
    dead = np.array([not genotype.reaches_output for genotype in nb201.NB201Space()])
    assert (values == 10).sum() == 341
    np.testing.assert_array_equal(values == 10, dead)


def test_ranks_as_the_benchmark_does(analog: AnalogOracle, real_table: TableOracle) -> None:
    """Any other numbering of operations or edges gives at most 0.86."""
    tau = kendalltau(analog.query_all(**TEST), real_table.query_all(**TEST)).statistic
    assert tau == pytest.approx(0.926, abs=5e-4)


def test_convolutions_help(analog: AnalogOracle) -> None:
    """The numbering again, without the benchmark's own table: 3×3 beats 1×1 beats skipping."""
    conv3, conv1, skip = (
        analog.query(nb201.NB201Genotype((op,) * 6), **TEST).value for op in (nb201.CONV3, nb201.CONV1, nb201.SKIP)
    )
    assert conv3 > conv1 > skip > 10


def test_conforms(analog: AnalogOracle) -> None:
    assert [result for result in check_oracle(analog, nb201.NB201Space()) if not result.ok] == []


def test_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"not installed; install with: pip install 'nasrepro\[analog\]'"):
        AnalogOracle.load()


def test_bad_data_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.anb"
    with pytest.raises(UserError, match="cannot be read"):
        AnalogOracle.from_file(path, version="1")
    for content, message in (
        (pickle.dumps(Bomb("true")), r"\.system'"),
        (pickle.dumps({(0,) * 6: 50.0}), "truncated or damaged"),
        (b"\x80\x04\x95", "truncated or damaged"),
    ):
        path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            AnalogOracle.from_file(path, version="1").query_all(**TEST)
