from __future__ import annotations

import importlib.util
import pickle
import shutil
import struct
import tarfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from official_like import SEEDS, Bomb, accuracy, order, pth_content, record, run, write_nats

from nasrepro.errors import UserError
from nasrepro.oracles.convert import ACCEPTED, convert
from nasrepro.oracles.table import TableOracle
from nasrepro.spaces import nb201
from nasrepro.splits import Split
from nasrepro.testing.oracles import check_oracle

CELLS = (0, 3, 15_624)
# data set, split → where the official files keep it (specification: a different training run for CIFAR-10 valid)
PLACES = {
    ("cifar10", Split.VALID): ("cifar10-valid", "x-valid"),
    ("cifar10", Split.TEST): ("cifar10", "ori-test"),
    ("cifar100", Split.VALID): ("cifar100", "x-valid"),
    ("cifar100", Split.TEST): ("cifar100", "x-test"),
    ("imagenet16-120", Split.VALID): ("ImageNet16-120", "x-valid"),
    ("imagenet16-120", Split.TEST): ("ImageNet16-120", "x-test"),
}


def save_zip(content: object, path: Path) -> Path:
    torch.save(content, path)
    return path


def save_legacy(content: object, path: Path) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path


def save_nats(_: object, path: Path) -> Path:
    return write_nats(path.with_suffix(""), *CELLS)


def save_nats_tar(_: object, path: Path) -> Path:
    folder = write_nats(path.with_suffix(""), *CELLS)
    with tarfile.open(path.with_suffix(".tar"), "w") as tar:
        tar.add(folder, arcname="NATS-tss-v1_0-3ffb9-simple")
    shutil.rmtree(folder)
    return path.with_suffix(".tar")


def with_weights(index: int, training_set: str, seed: int, epochs: int) -> dict[str, Any]:
    weights = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.BatchNorm2d(2)).state_dict()
    return record(index, training_set, seed, epochs, weights)


def check_values(oracle: TableOracle) -> None:
    """Every number is the one of its cell, data set, split, length and seed, at the last epoch."""
    for (dataset, split), (training_set, evaluation) in PLACES.items():
        for epochs in (12, 200):
            seeds = SEEDS[epochs].get(training_set)
            question = {"dataset": dataset, "split": split, "epochs": epochs}
            if seeds is None:
                assert not any(vars(f) == question for f in oracle.fidelities())
                continue
            assert oracle.seeds(dataset, split, epochs) == tuple(sorted(seeds))
            for index in CELLS:
                expected = [accuracy(index, training_set, s, epochs, evaluation, epochs - 1) for s in sorted(seeds)]
                for seed, value in zip(sorted(seeds), expected, strict=True):
                    assert oracle.query_all(**question, seed=seed)[index] == np.float32(value)
                answer = oracle.query(nb201.from_index(index), **question)
                assert answer.value == pytest.approx(np.mean(expected), rel=1e-6)
                assert answer.n_trials == len(seeds)
                loss = oracle.query_all(**question, quantity="loss")[index]
                assert loss == pytest.approx(np.mean(expected) / 100, rel=1e-6)
                if split is Split.VALID:
                    assert oracle.query_all(**question, quantity="time")[index] == epochs * 0.5
            assert np.isnan(oracle.query_all(**question)).sum() == nb201.SIZE - len(CELLS)


@pytest.mark.parametrize("save", [save_zip, save_legacy, save_nats, save_nats_tar])
def test_every_number_lands_where_it_belongs(tmp_path: Path, save: Callable[[object, Path], Path]) -> None:
    source = save(pth_content(*CELLS), tmp_path / "official.pth")
    target = convert(source, tmp_path / "out" / "table.npz")
    oracle = TableOracle.load(target, name="converted")
    check_values(oracle)
    assert (oracle.meta["architectures"], oracle.meta["missing"]) == (3, 15_622)
    assert "3 of 15,625 architectures" in oracle.source
    assert source.name in oracle.source
    assert "unverified" in oracle.source
    assert [result for result in check_oracle(oracle, nb201.NB201Space()) if not result.ok] == []


def test_network_weights_are_passed_over(tmp_path: Path) -> None:
    content = pth_content(0)
    for save in (save_zip, save_legacy):
        plain = convert(save(content, tmp_path / "same.pth"), tmp_path / "plain.npz")
        full = {**content, "arch2infos": {0: {"less": run(0, 12, with_weights), "full": run(0, 200, with_weights)}}}
        heavy = convert(save(full, tmp_path / "same.pth"), tmp_path / "heavy.npz")
        first, second = (TableOracle.load(path, name="t") for path in (plain, heavy))
        for f in first.fidelities():
            question = {"dataset": f.dataset, "split": f.split, "epochs": f.epochs}
            np.testing.assert_array_equal(first.query_all(**question), second.query_all(**question))


def package_record(index: int, training_set: str, seed: int, epochs: int) -> Any:
    from nas_201_api.api_utils import ResultsCount

    # Without evaluation times the package answers for sets that have the last epoch only.
    return ResultsCount.create_from_state_dict({**record(index, training_set, seed, epochs), "eval_times": {}})


def package_run(index: int, epochs: int) -> Any:
    from nas_201_api.api_utils import ArchResults

    results = ArchResults(index, order()[index])
    for training_set, seeds in SEEDS[epochs].items():
        for seed in seeds:
            results.update(training_set, seed, package_record(index, training_set, seed, epochs))
    return results


@pytest.mark.skipif(importlib.util.find_spec("nas_201_api") is None, reason="nas-bench-201 is not installed")
@pytest.mark.parametrize("save", [save_zip, save_legacy])
@pytest.mark.parametrize("as_objects", [False, True])
def test_files_made_with_the_official_classes(
    tmp_path: Path, save: Callable[[object, Path], Path], as_objects: bool
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own strings have stray backslashes
        runs = {i: {"less": package_run(i, 12), "full": package_run(i, 200)} for i in CELLS}
    if not as_objects:
        runs = {i: {key: results.state_dict() for key, results in entry.items()} for i, entry in runs.items()}
    source = save({**pth_content(), "arch2infos": runs}, tmp_path / "NAS-Bench-201-v1_1-096897.pth")
    oracle = TableOracle.load(convert(source, tmp_path / "table.npz"), name="t")
    check_values(oracle)
    if not as_objects:  # the package itself agrees, where it can still read the file
        api_class = pytest.importorskip("nas_201_api").NASBench201API
        api = api_class(torch.load(source, weights_only=False), verbose=False)
        info = api.get_more_info(3, "cifar100", hp="200", is_random=777)
        for split, key in ((Split.VALID, "valid-accuracy"), (Split.TEST, "test-accuracy")):
            values = oracle.query_all(dataset="cifar100", split=split, epochs=200, seed=777)
            assert values[3] == np.float32(info[key])


def test_real_nats_sample_agrees_with_the_real_table(
    nats_sample: Path, real_table: TableOracle, tmp_path: Path
) -> None:
    calls: list[tuple[int, int]] = []
    target = convert(nats_sample, tmp_path / "table.npz", progress=lambda *call: calls.append(call))
    oracle = TableOracle.load(target, name="sample")
    assert calls == [(1, 2), (2, 2)]
    assert oracle.fidelities() == real_table.fidelities()
    for f in oracle.fidelities():
        question = {"dataset": f.dataset, "split": f.split, "epochs": f.epochs}
        for quantity in ("acc", "time") if f.split is Split.VALID else ("acc",):
            found = oracle.query_all(**question, quantity=quantity)
            wanted = real_table.query_all(**question, quantity=quantity)
            np.testing.assert_allclose(found[[0, 11]], wanted[[0, 11]], rtol=1e-6)
            assert np.flatnonzero(~np.isnan(found)).tolist() == [0, 11]
        for index in (0, 11):
            cell = nb201.from_index(index)
            assert oracle.query(cell, **question).n_trials == real_table.query(cell, **question).n_trials
    assert oracle.seeds("cifar10", Split.VALID, 200) == (777, 888, 999)
    assert oracle.seeds("cifar10", Split.VALID, 12) == (111, 777)


# --- bad files -------------------------------------------------------------------------------------------------------


def refused(source: Path, tmp_path: Path) -> str:
    """The message; also checks that nothing is left behind."""
    folder = tmp_path / "nothing-here"
    with pytest.raises(UserError) as caught:
        convert(source, folder / "table.npz")
    assert not folder.exists() or list(folder.iterdir()) == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("save", [save_zip, save_legacy])
def test_code_in_a_file_is_refused(tmp_path: Path, save: Callable[[object, Path], Path]) -> None:
    witness = tmp_path / "ran"
    source = save({**pth_content(0), "evaluated_indexes": Bomb(f"touch {witness}")}, tmp_path / "evil.pth")
    message = refused(source, tmp_path)
    assert ".system'" in message
    assert str(source) in message
    assert not witness.exists()


def test_code_in_an_archive_entry_is_refused(tmp_path: Path) -> None:
    import bz2

    witness = tmp_path / "ran"
    folder = write_nats(tmp_path / "nats", 0)
    for name in ("000001.pickle.pbz2", "meta.pickle.pbz2"):
        (folder / name).write_bytes(bz2.compress(pickle.dumps(Bomb(f"touch {witness}"))))
        assert ".system'" in refused(folder, tmp_path)
    assert not witness.exists()


@pytest.mark.parametrize("save", [save_zip, save_legacy, save_nats_tar])
@pytest.mark.parametrize("share", [0.001, 0.2, 0.5, 0.9, 0.97])
def test_truncated_files_are_refused(tmp_path: Path, save: Callable[[object, Path], Path], share: float) -> None:
    source = save(pth_content(*CELLS), tmp_path / "cut.pth")
    content = source.read_bytes().rstrip(b"\0")  # a tar's padding may go missing without harm
    source.write_bytes(content[: int(share * len(content))])
    assert str(source) in refused(source, tmp_path)


def test_a_truncated_archive_entry_is_refused_by_name(tmp_path: Path) -> None:
    folder = write_nats(tmp_path / "nats", *CELLS)
    entry = folder / "000003.pickle.pbz2"
    entry.write_bytes(entry.read_bytes()[:-100])
    assert "000003.pickle.pbz2' is truncated or damaged" in refused(folder, tmp_path)


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    """The flipped bit is inside a number, which only the checksum can notice."""
    source = save_zip(pth_content(0), tmp_path / "flipped.pth")
    content = bytearray(source.read_bytes())
    place = content.index(struct.pack(">d", 50.0))
    content[place + 4] ^= 1
    source.write_bytes(content)
    assert "CRC" in refused(source, tmp_path)


@pytest.mark.parametrize("name", ["notes.txt", "accuracies.pkl", "model.npz"])
def test_unrecognised_files_are_refused_with_what_is_accepted(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"something")
    message = refused(tmp_path / name, tmp_path)
    assert name in message
    assert all(accepted in message for accepted in ACCEPTED)
    assert all(accepted in refused(tmp_path / "absent.pth", tmp_path) for accepted in ACCEPTED)
    (tmp_path / "empty").mkdir()
    assert "not recognised" in refused(tmp_path / "empty", tmp_path)


def test_other_torch_files_are_refused(tmp_path: Path) -> None:
    assert "no 'meta_archs'" in refused(save_zip({"epoch": 3}, tmp_path / "checkpoint.pth"), tmp_path)
    (tmp_path / "plain.pth").write_bytes(pickle.dumps({"meta_archs": []}, 2))
    assert "not written by torch.save" in refused(tmp_path / "plain.pth", tmp_path)
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        tar.add(tmp_path / "plain.pth", arcname="plain.pth")
    assert "no meta.pickle.pbz2" in refused(tmp_path / "other.tar", tmp_path)


def test_another_order_or_space_is_refused(tmp_path: Path) -> None:
    swapped = [order()[1], order()[0], *order()[2:]]
    source = save_zip({**pth_content(), "meta_archs": swapped}, tmp_path / "swapped.pth")
    assert "index 0 is" in refused(source, tmp_path)
    source = save_zip({**pth_content(), "meta_archs": order()[:100]}, tmp_path / "short.pth")
    assert "over 100 architectures" in refused(source, tmp_path)
    content = pth_content(0)
    content["arch2infos"][0]["full"]["arch_str"] = order()[5]
    assert "entry 0 is of cell" in refused(save_zip(content, tmp_path / "mixed.pth"), tmp_path)
    assert "no architecture's results" in refused(save_zip(pth_content(), tmp_path / "empty.pth"), tmp_path)


def test_an_unwritable_target_is_noticed_before_reading(tmp_path: Path) -> None:
    source = write_nats(tmp_path / "nats", 0)
    (tmp_path / "file").write_text("in the way")
    calls: list[object] = []
    for target in (tmp_path / "file" / "table.npz", tmp_path):
        with pytest.raises(UserError, match="cannot write"):
            convert(source, target, progress=lambda *call: calls.append(call))
    assert calls == []


def test_a_failed_conversion_keeps_the_old_table(tmp_path: Path) -> None:
    folder = write_nats(tmp_path / "nats", 0)
    target = convert(folder, tmp_path / "table.npz")
    before = target.read_bytes()
    (folder / "000001.pickle.pbz2").write_bytes(b"BZh9 no")
    with pytest.raises(UserError):
        convert(folder, target)
    assert target.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["nats", "table.npz"]


@pytest.mark.parametrize("save", [save_zip, save_legacy])
def test_progress_ends_at_the_end(tmp_path: Path, save: Callable[[object, Path], Path]) -> None:
    source = save(pth_content(*CELLS), tmp_path / "some.pth")
    calls: list[tuple[int, int]] = []
    convert(source, tmp_path / "table.npz", progress=lambda *call: calls.append(call))
    assert calls[-1][0] == calls[-1][1] > 0
    assert calls == sorted(calls)


def test_verified_means_the_checksum_ends_as_the_name_says(tmp_path: Path) -> None:
    import hashlib

    source = save_zip(pth_content(0), tmp_path / "NAS-Bench-201-v1_1-000000.pth")
    assert "unverified" in TableOracle.load(convert(source, tmp_path / "a.npz"), name="a").source
    tail = hashlib.md5(source.read_bytes()).hexdigest()[-6:]
    named = source.rename(tmp_path / f"NAS-Bench-201-v1_1-{tail}.pth")
    oracle = TableOracle.load(convert(named, tmp_path / "b.npz"), name="b")
    assert "unverified" not in oracle.source
    assert oracle.meta["source_sha256"] == hashlib.sha256(named.read_bytes()).hexdigest()
