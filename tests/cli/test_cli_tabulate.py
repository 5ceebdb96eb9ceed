"""`benchmark build` and `benchmark verify`, from the terminal's side."""

import dataclasses
from pathlib import Path

import pytest

from nasrepro import benchmarks
from nasrepro.home import shipped
from nasrepro.tabulation import catalog
from nasrepro.tabulation.build import Tabulation, merge
from nasrepro.tabulation.shards import ShardId

SHARD = ShardId(3, 2522)
FILE = Path("runs/tables/nb201-digits/shard-003-of-2522.npz")


@pytest.fixture
def tiny(monkeypatch):
    """The digits recipe with two epochs on few images."""
    recipe = catalog.get("nb201-digits").recipe.model_copy(
        update={"train_images": 64, "epochs": 2, "report_epochs": (1, 2), "channels": 2, "trials": 2}
    )
    found = Tabulation("nb201-digits", "digits", recipe)
    monkeypatch.setitem(catalog.TABULATIONS, "nb201-digits", found)
    return found


def refused(result, *words):
    assert result.code == 2
    assert result.err.strip().count("\n") == 0
    for word in words:
        assert word in result.err


def test_a_shard_is_built_once_and_survives(nasrepro, tiny):
    first = nasrepro("benchmark", "build", "nb201-digits", "--shard", SHARD)
    assert (first.code, first.out.strip()) == (0, str(FILE))
    content = FILE.read_bytes()
    assert len(tiny.read(SHARD, FILE.parent).cells) == 2
    again = nasrepro("benchmark", "build", "nb201-digits", "--shard", SHARD)
    assert "shards: 0 new, 1 found" in again.err
    assert FILE.read_bytes() == content


def test_building_again_elsewhere_measures_the_same_to_the_last_bit(nasrepro, tiny):
    found = []
    for folder in ("here", "there"):
        nasrepro("benchmark", "build", "nb201-digits", "--shard", SHARD, "--folder", folder)
        found.append(tiny.read(SHARD, Path(folder)).scores)
    assert (found[0] == found[1]).all()


def test_a_table_of_language_models_is_built_and_verified(nasrepro, monkeypatch):
    """One shard of two cells is measured; the table repeats its rows, so a verification finds these two alone."""
    recipe = catalog.get("rnn2-grammar").recipe
    short = {"epochs": 2, "train_tokens": 120, "valid_tokens": 24, "test_tokens": 24, "batch_size": 4}
    training = recipe.training.model_copy(update={**short, "valid_batch": 2, "test_batch": 2})
    small = {"hidden": 8, "vocabulary": 50, "trials": 2, "report_epochs": (1, 2), "training": training}
    found = Tabulation("rnn2-grammar", "grammar", recipe.model_copy(update=small))
    monkeypatch.setitem(catalog.TABULATIONS, "rnn2-grammar", found)
    built = nasrepro("benchmark", "build", "rnn2-grammar", "--shard", "3/16")
    assert (built.code, built.out.strip()) == (0, "runs/tables/rnn2-grammar/shard-003-of-016.npz")
    assert "kernels" not in built.err
    measured = found.read(ShardId(3, 16), Path("runs/tables/rnn2-grammar"))
    rows = [dataclasses.replace(measured, cells=ShardId(n, 16).of(recipe.measured())) for n in range(1, 17)]
    copy = merge(found, rows, Path("table.npz"), {})
    monkeypatch.setattr(benchmarks.rnn, "shipped", lambda name: copy)
    result = nasrepro("benchmark", "verify", "rnn2-grammar", "--sample", "32", "--workers", "1", "--json")
    identical = {cell["cell"]: cell["identical"] for cell in result.json["cells"]}
    assert [cell for cell, trials in identical.items() if trials == 2] == measured.cells.tolist()
    refused(nasrepro("benchmark", "build", "rnn2-grammar", "--shard", "1/33"), "n from 1 to 32")


def test_a_shard_of_another_recipe_is_refused_and_kept(nasrepro, tiny, monkeypatch):
    nasrepro("benchmark", "build", "nb201-digits", "--shard", SHARD)
    content = FILE.read_bytes()
    other = Tabulation("nb201-digits", "digits", tiny.recipe.model_copy(update={"lr": 0.03}))
    monkeypatch.setitem(catalog.TABULATIONS, "nb201-digits", other)
    refused(nasrepro("benchmark", "build", "nb201-digits", "--shard", SHARD), "another recipe", f"--shard {SHARD}")
    assert FILE.read_bytes() == content


@pytest.mark.parametrize("text", ["0/48", "49/48", "nonsense"])
def test_a_shard_out_of_range_is_refused(nasrepro, text):
    refused(nasrepro("benchmark", "build", "nb201-digits", "--shard", text), text.split("/")[0])


@pytest.mark.parametrize("verb", ["build", "verify"])
def test_a_table_from_elsewhere_can_be_neither_built_nor_verified(nasrepro, verb):
    refused(nasrepro("benchmark", verb, "nb201-cifar10"), "nb201-cifar10", "nb201-digits")


def test_the_shipped_table_is_what_its_recipe_gives(nasrepro):
    result = nasrepro("benchmark", "verify", "nb201-digits", "--sample", "2", "--seed", "11", "--json")
    assert result.code == 0
    found = result.json
    assert found["passed"]
    assert len(found["cells"]) == 2
    assert all(abs(cell["again"] - cell["table"]) <= cell["tolerance"] for cell in found["cells"])


def test_a_table_of_another_recipe_is_not_verified(nasrepro, tiny):
    refused(nasrepro("benchmark", "verify", "nb201-digits"), "another recipe", "nasrepro benchmark build nb201-digits")


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.999])
def test_a_damaged_table_is_named_with_the_command_that_makes_it(nasrepro, monkeypatch, tmp_path, keep):
    copy = tmp_path / "nb201-digits.npz"
    content = shipped("nb201-digits.npz").read_bytes()
    copy.write_bytes(content[: int(keep * len(content))])
    monkeypatch.setattr(benchmarks.nb201, "shipped", lambda name: copy)
    asked = ("query", "6111", "--benchmark", "nb201-digits", "--split", "test", "--epochs", "25")
    refused(nasrepro(*asked), str(copy), "nasrepro benchmark build nb201-digits")
    copy.unlink()
    refused(nasrepro(*asked), "there is no table", "nasrepro benchmark build nb201-digits")


def test_numbers_that_were_changed_fail_the_verification(nasrepro, monkeypatch, tmp_path):
    from nasrepro.oracles.table import TableOracle, write_table

    oracle = TableOracle.load(shipped("nb201-digits.npz"), name="table")
    arrays = {name: oracle._arrays.array(name).copy() for name in oracle._arrays.names if name != "meta.json"}
    arrays["acc/digits/test/25"] += 3
    copy = write_table(tmp_path / "changed.npz", arrays, oracle.meta)
    monkeypatch.setattr(benchmarks.nb201, "shipped", lambda name: copy)
    result = nasrepro("benchmark", "verify", "nb201-digits", "--sample", "1")
    assert result.code == 1
    assert "too far" in result.out


def test_the_shipped_table_is_small():
    assert shipped("nb201-digits.npz").stat().st_size <= 3_000_000
