from __future__ import annotations

import io
import json
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nasrepro.errors import UserError
from nasrepro.oracles.base import Fidelity
from nasrepro.oracles.table import TableOracle, write_table
from nasrepro.spaces import nb201
from nasrepro.splits import Split
from nasrepro.testing.oracles import check_oracle

META = {"space": "nb201", "source": "made for this test"}
TEST = {"dataset": "cifar10", "split": Split.TEST, "epochs": 200}
VALID = {"dataset": "cifar10", "split": Split.VALID, "epochs": 200}


def trials() -> np.ndarray:
    values = np.random.default_rng(0).uniform(10, 95, size=(nb201.SIZE, 3)).astype(np.float32)
    values[0] = np.nan
    values[1, 2] = np.nan
    return values


def means() -> np.ndarray:
    return np.linspace(10, 90, nb201.SIZE, dtype=np.float32)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    arrays = {
        "acc/cifar10/valid/200": trials(),
        "loss/cifar10/valid/200": trials() / 50,
        "time/cifar10/200": means() * 10,
        "acc/cifar10/test/200": means(),
        "acc/cifar10/test/12": means(),
        "trials/cifar10/test/200": np.full(nb201.SIZE, 2),
        "acc/cifar100/test/12": means(),
    }
    meta = {**META, "seeds": {"acc/cifar10/valid/200": [777, 888, 999]}, "trials": {"acc/cifar10/test/12": 1}}
    return write_table(tmp_path_factory.mktemp("table") / "table.npz", arrays, meta)


@pytest.fixture(scope="module")
def oracle(path: Path) -> TableOracle:
    return TableOracle.load(path, name="the table")


def test_all_trials_are_what_was_stored(oracle: TableOracle) -> None:
    found = oracle.all_trials(**VALID)
    assert found is not None
    assert np.array_equal(found, trials(), equal_nan=True)
    assert oracle.trial_values(nb201.from_index(1), **VALID) == tuple(map(float, trials()[1, :2]))
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1
    assert oracle.all_trials(**TEST) is None
    with pytest.raises(UserError, match="199"):
        oracle.all_trials(dataset="cifar10", split=Split.TEST, epochs=199)


def test_conforms(oracle: TableOracle) -> None:
    assert [result for result in check_oracle(oracle, nb201.NB201Space()) if not result.ok] == []


def test_lists_what_it_holds(oracle: TableOracle) -> None:
    assert oracle.fidelities() == sorted(
        [
            Fidelity("cifar10", Split.VALID, 200),
            Fidelity("cifar10", Split.TEST, 200),
            Fidelity("cifar10", Split.TEST, 12),
            Fidelity("cifar100", Split.TEST, 12),
        ]
    )
    assert oracle.source == "made for this test"


def test_mean_leaves_missing_trials_out(oracle: TableOracle) -> None:
    raw = trials().astype(np.float64)
    everything = oracle.query_all(**VALID)
    assert everything.dtype == np.float32
    np.testing.assert_allclose(everything[2:], raw[2:].mean(axis=1), rtol=1e-6)
    assert everything[1] == pytest.approx(raw[1, :2].mean(), rel=1e-6)
    assert np.isnan(everything[0])


def test_missing_is_missing(oracle: TableOracle) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nothing = oracle.query(nb201.from_index(0), **VALID)
    assert np.isnan(nothing.value)
    assert nothing.n_trials == 0
    partly = oracle.query(nb201.from_index(1), **VALID, seed=999)
    assert np.isnan(partly.value)
    assert partly.n_trials == 0


def test_counts_trials(oracle: TableOracle) -> None:
    assert [oracle.query(nb201.from_index(i), **VALID).n_trials for i in (0, 1, 2)] == [0, 2, 3]
    assert oracle.query(nb201.from_index(5), **TEST).n_trials == 2
    assert oracle.query(nb201.from_index(5), **{**TEST, "epochs": 12}).n_trials == 1


def test_unknown_number_of_trials_is_not_one(oracle: TableOracle) -> None:
    assert oracle.trials("cifar100", Split.TEST, 12) is None
    assert oracle.query(nb201.from_index(5), dataset="cifar100", split=Split.TEST, epochs=12).n_trials is None


def test_selects_an_oracle_seed(oracle: TableOracle) -> None:
    assert oracle.seeds(**VALID) == (777, 888, 999)
    np.testing.assert_array_equal(oracle.query_all(**VALID, seed=888), trials()[:, 1])
    answer = oracle.query(nb201.from_index(7), **VALID, seed=999)
    assert (answer.value, answer.n_trials) == (pytest.approx(trials()[7, 2]), 1)


def test_refuses_a_seed_it_cannot_tell_apart(oracle: TableOracle) -> None:
    with pytest.raises(UserError, match=r"'5'.*777, 888, 999"):
        oracle.query_all(**VALID, seed=5)
    with pytest.raises(UserError, match="only means over trials"):
        oracle.query_all(**TEST, seed=777)
    with pytest.raises(UserError, match="does not say of which seeds"):
        oracle.query_all(**VALID, quantity="loss", seed=777)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"dataset": "cifar1O"}, r"'cifar1O'; did you mean 'cifar10'\? allowed: cifar10, cifar100"),
        ({"split": Split.TRAIN}, "unknown split .*'train'.* allowed: test, valid"),
        ({"epochs": 20}, r"unknown number of epochs .*'20'.* allowed: 12, 200"),
        ({"quantity": "accuracy"}, r"unknown quantity 'accuracy'.* allowed: acc, ppl, loss, time"),
        ({"quantity": "loss"}, "holds no loss of cifar10 test after 200 epochs"),
    ],
)
def test_names_what_is_not_there(oracle: TableOracle, question: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        oracle.query_all(**{**TEST, **question})  # type: ignore[arg-type]


def test_training_time_is_that_of_the_validation_run(oracle: TableOracle) -> None:
    np.testing.assert_array_equal(oracle.query_all(**VALID, quantity="time"), means() * 10)
    with pytest.raises(UserError, match="run behind the valid split"):
        oracle.query_all(**TEST, quantity="time")


def test_values_at_indices(oracle: TableOracle) -> None:
    indices = np.array([[3, 15_624], [0, 3]])
    np.testing.assert_array_equal(oracle.values(indices, **TEST), means()[indices])
    assert oracle.values(np.array([], dtype=int), **TEST).shape == (0,)
    for outside in (-1, nb201.SIZE):
        with pytest.raises(UserError, match="allowed: 0 to 15624"):
            oracle.values(np.array([5, outside]), **TEST)


def test_answers_cannot_be_overwritten(oracle: TableOracle) -> None:
    for question in (TEST, VALID):
        with pytest.raises(ValueError, match="read-only"):
            oracle.query_all(**question)[0] = 0


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    arrays = {"acc/cifar10/test/200": means(), "acc/cifar10/test/12": trials()}
    first = write_table(tmp_path / "a.npz", arrays, META)
    second = write_table(tmp_path / "b.npz", dict(reversed(arrays.items())), dict(reversed(META.items())))
    assert first.read_bytes() == second.read_bytes()
    same, other = TableOracle.load(first, name="a"), write_table(tmp_path / "c.npz", arrays, {**META, "source": "x"})
    assert same.fingerprint() == TableOracle.load(second, name="b").fingerprint()
    assert same.fingerprint() != TableOracle.load(other, name="c").fingerprint()


def test_says_unverified(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.npz", {"acc/cifar10/test/200": means()}, {**META, "verified": False})
    assert TableOracle.load(path, name="t").source == "made for this test (unverified)"


def test_a_file_of_plain_numpy_is_read(tmp_path: Path) -> None:
    meta = {**META, "format": "nasrepro-table/1", "order": "nas-bench-201"}
    content = {"acc/cifar10/test/200": means(), "meta.json": np.frombuffer(json.dumps(meta).encode(), np.uint8)}
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "plain.npz", **content)  # type: ignore[arg-type]
        oracle = TableOracle.load(tmp_path / "plain.npz", name="plain")
        np.testing.assert_array_equal(oracle.query_all(**TEST), means())


# --- bad files -------------------------------------------------------------------------------------------------------


def rewritten(path: Path, target: Path, **replaced: bytes) -> Path:
    """A copy of a table with some members replaced, checksums right."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        members = {name: old.read(name) for name in old.namelist()} | replaced
        for name, content in members.items():
            new.writestr(name, content)
    return target


def npy(values: np.ndarray, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values, allow_pickle=allow_pickle)
    return buffer.getvalue()


def meta_npy(**changes: object) -> dict[str, bytes]:
    meta = {**META, "format": "nasrepro-table/1", "order": "nas-bench-201", **changes}
    return {"meta.json.npy": npy(np.frombuffer(json.dumps(meta).encode(), np.uint8))}


def ask_everything(path: Path) -> dict[str, np.ndarray]:
    oracle = TableOracle.load(path, name="t")
    return {
        str(f): oracle.query_all(dataset=f.dataset, split=f.split, epochs=f.epochs).copy() for f in oracle.fidelities()
    }


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (meta_npy(format="nasrepro-table/2"), "format 'nasrepro-table/2'.* reads 'nasrepro-table/1'"),
        (meta_npy(space="darts"), "over space 'darts', not 'nb201'"),
        (meta_npy(order="alphabetical"), "order 'alphabetical', not 'nas-bench-201'"),
        ({"meta.json.npy": npy(np.frombuffer(b"{", np.uint8))}, "not JSON"),
        ({"acc/cifar10/test/200.npy": npy(np.zeros(100, np.float32))}, "covers 100 genotypes instead of 15625"),
        ({"acc/cifar10/test/200.npy": npy(np.zeros(nb201.SIZE))}, "type float64 instead of float32"),
        ({"acc/cifar10/test/200.npy": npy(np.zeros((nb201.SIZE, 2, 2), np.float32))}, "allowed: .15625,. or"),
        ({"acc/cifar10/test/200.npy": npy(np.array([{}] * 3, dtype=object), True)}, "Python objects"),
        ({"acc/cifar10/test/200.npy": b"nonsense"}, "truncated or fails"),
        ({"acc/cifar10/test/200.npy": npy(means())[:-8]}, "truncated or fails"),
        ({"accuracy/cifar10.npy": npy(means())}, "'accuracy/cifar10' is no name"),
        (meta_npy(seeds={"acc/cifar10/valid/200": [777]}), "does not match its 1 seeds"),
    ],
)
def test_refuses_wrong_content(path: Path, tmp_path: Path, members: dict[str, bytes], message: str) -> None:
    bad = rewritten(path, tmp_path / "bad.npz", **members)
    with pytest.raises(UserError, match=message) as caught:
        ask_everything(bad)
    assert str(bad) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_other_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no table at .*absent\.npz.*data convert"):
        TableOracle.load(tmp_path / "absent.npz", name="t")
    (tmp_path / "text.npz").write_text("not a zip file")
    with pytest.raises(UserError, match=r"not a complete \.npz"):
        TableOracle.load(tmp_path / "text.npz", name="t")
    np.savez(tmp_path / "foreign.npz", a=np.zeros(3))
    with pytest.raises(UserError, match=r"no meta\.json"):
        TableOracle.load(tmp_path / "foreign.npz", name="t")
    with pytest.raises(UserError, match="cannot be read"):
        TableOracle.load(tmp_path, name="t")
    with pytest.raises(UserError, match=r"unknown space .*'nb202'; did you mean 'nb201'"):
        TableOracle.load(tmp_path / "foreign.npz", name="t", space="nb202")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_refuses_truncated_files(path: Path, tmp_path: Path, share: float) -> None:
    content = path.read_bytes()
    (tmp_path / "cut.npz").write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError):
        TableOracle.load(tmp_path / "cut.npz", name="t")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_never_changes_a_number(path: Path, tmp_path: Path, share: float, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 1 << bit
    (tmp_path / "flipped.npz").write_bytes(content)
    try:
        found = ask_everything(tmp_path / "flipped.npz")
    except UserError:
        return
    wanted = ask_everything(path)  # the bit was in a time stamp or the like
    assert found.keys() == wanted.keys()
    for name, values in found.items():
        np.testing.assert_array_equal(values, wanted[name])


def test_flips_in_an_array_are_noticed(path: Path, tmp_path: Path) -> None:
    """The property above would also hold for a reader that never fails, were it not for this."""
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("acc/cifar10/test/200.npy")
    content = bytearray(path.read_bytes())
    content[entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2] ^= 4
    (tmp_path / "flipped.npz").write_bytes(content)
    oracle = TableOracle.load(tmp_path / "flipped.npz", name="t")
    with pytest.raises(UserError, match="'acc/cifar10/test/200' is truncated or fails its checksum"):
        oracle.query_all(**TEST)


@pytest.mark.parametrize(
    ("arrays", "meta", "message"),
    [
        ({"acc/cifar10/test": means()}, META, "is no name of"),
        ({"acc/cifar10/test/200": means()[:5]}, META, "covers 5 genotypes"),
        ({"acc/cifar10/test/200": means()}, {"space": "nb201"}, "needs a 'source'"),
        ({"acc/cifar10/test/200": means()}, {**META, "space": "nb200"}, "unknown space"),
    ],
)
def test_writes_no_table_that_it_would_not_read(
    tmp_path: Path, arrays: dict[str, np.ndarray], meta: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        write_table(tmp_path / "t.npz", arrays, meta)
    assert list(tmp_path.iterdir()) == []


# --- the real table --------------------------------------------------------------------------------------------------


def test_real_optima(real_table: TableOracle) -> None:
    """Spec anchors: the published optima after 200 epochs."""
    for dataset, split, best, where in (
        ("cifar10", Split.TEST, 94.37333, 6111),
        ("cifar100", Split.TEST, 73.51333, 9930),
        ("imagenet16-120", Split.TEST, 47.31111, 857),
        ("cifar10", Split.VALID, 91.60667, 6111),
        ("cifar100", Split.VALID, 73.49333, 9930),
        ("imagenet16-120", Split.VALID, 46.73333, 10676),
    ):
        values = real_table.query_all(dataset=dataset, split=split, epochs=200)
        assert values.max() == pytest.approx(best, abs=1e-4)
        assert values.argmax() == where


def test_real_single_answers(real_table: TableOracle) -> None:
    answer = real_table.query(nb201.from_index(6111), **TEST)
    assert f"{answer.value:.3f}" == "94.373"
    assert answer.n_trials == 3
    assert real_table.query(nb201.from_index(1462), **TEST).value == pytest.approx(93.76, abs=1e-4)
    assert real_table.query(nb201.from_index(1835), **TEST).value == pytest.approx(54.30, abs=5e-3)


def test_real_input_independent_cells(real_table: TableOracle) -> None:
    at_chance = np.isclose(real_table.query_all(**TEST), 10.0, atol=1e-6)
    dead = np.array([not genotype.reaches_output for genotype in nb201.NB201Space()])
    assert at_chance.sum() == 341
    np.testing.assert_array_equal(at_chance, dead)


def test_real_table_conforms(real_table: TableOracle) -> None:
    assert [result for result in check_oracle(real_table, nb201.NB201Space()) if not result.ok] == []
