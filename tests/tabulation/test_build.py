"""From shards to a table and back through the oracle."""

import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.oracles.table import TableOracle
from nasrepro.spaces.nb201 import NB201Genotype
from nasrepro.spaces.nb201_columns import functional_classes
from nasrepro.splits import Split
from nasrepro.tabulation.build import merge
from nasrepro.tabulation.catalog import get
from nasrepro.tabulation.recipe import fingerprint
from nasrepro.tabulation.shards import Shard, ShardId
from nasrepro.tabulation.verification import judge, sample_cells


@pytest.fixture(scope="module")
def shards(recipe):
    """Made-up measurements: a cell's value is its class plus a little for trial, epoch, split and quantity."""
    made = []
    for number in range(1, 4):
        cells = ShardId(number, 3).of(recipe.measured())
        worth = functional_classes()[cells] / 100.0
        scores = np.empty((len(cells), recipe.trials, 2, 2, 2), np.float32)
        for place in np.ndindex(scores.shape[1:]):
            scores[:, *place] = worth + sum(n * 10.0**-k for k, n in enumerate(place, start=1))
        made.append(Shard(cells, scores, np.full((len(cells), recipe.trials), 0.25, np.float32), {}))
    return made


@pytest.fixture(scope="module")
def oracle(tabulation, shards, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "toy.npz"
    return TableOracle.load(merge(tabulation, shards[::-1], path, {"made": []}), name="toy")


def test_every_cell_gets_the_row_of_its_class(oracle):
    found = oracle.query_all(dataset="digits", split=Split.TEST, epochs=2, seed=1)
    # trial 1, epoch 1, split 1, quantity 0
    assert found == pytest.approx(functional_classes() / 100.0 + 0.1 + 0.01 + 0.001, abs=1e-4)
    loss = oracle.query_all(dataset="digits", split=Split.VALID, epochs=1, seed=0, quantity="loss")
    assert loss == pytest.approx(functional_classes() / 100.0 + 0.0001, abs=1e-4)


def test_equal_cells_have_equal_values_and_the_table_covers_the_space(oracle):
    skip_twice = [NB201Genotype((1, 0, 1, 0, 0, 1)), NB201Genotype((0, 0, 0, 1, 0, 0))]
    asked = {"dataset": "digits", "split": Split.TEST, "epochs": 2}
    a, b = (oracle.query(cell, **asked) for cell in skip_twice)
    assert a == b
    assert a.n_trials == 2
    assert not np.isnan(oracle.query_all(**asked)).any()


def test_the_table_says_how_it_was_made(oracle, tabulation):
    assert oracle.meta["recipe"] == tabulation.recipe.model_dump(mode="json")
    assert oracle.meta["fingerprint"] == tabulation.fingerprint
    assert "64 training images" in oracle.source
    assert oracle.query_all(dataset="digits", split=Split.VALID, epochs=2, quantity="time")[0] == 0.25


def test_the_fingerprint_changes_with_recipe_and_images(recipe):
    base = fingerprint("a", recipe, {"digits": "0"})
    others = [
        fingerprint("b", recipe, {"digits": "0"}),
        fingerprint("a", recipe.model_copy(update={"lr": 0.03}), {"digits": "0"}),
        fingerprint("a", recipe, {"digits": "1"}),
    ]
    assert len({base, *others}) == 4


def test_a_table_from_elsewhere_cannot_be_measured():
    with pytest.raises(UserError, match="nb201-digits"):
        get("nb201-cifar10")


@pytest.fixture(scope="module")
def noisy(tabulation, shards, tmp_path_factory):
    """The made-up table with seed noise of one point."""
    rng = np.random.default_rng(0)
    noisy = [
        Shard(s.cells, s.scores + rng.standard_normal(s.scores.shape).astype(np.float32), s.seconds, {}) for s in shards
    ]
    path = tmp_path_factory.mktemp("noisy") / "toy.npz"
    oracle = TableOracle.load(merge(tabulation, noisy, path, {}), name="toy")
    values = {int(cell): scores for shard in noisy for cell, scores in zip(shard.cells, shard.scores, strict=True)}
    return oracle, values


def test_the_same_numbers_again_pass_as_identical(tabulation, noisy):
    oracle, values = noisy
    cells = sample_cells(tabulation, 20, 7)
    found = judge(tabulation, oracle, cells, [values[int(cell)] for cell in cells], fresh=False)
    assert found.passed
    assert {cell.identical for cell in found.cells} == {2}
    assert {abs(cell.again - cell.table) < 1e-5 for cell in found.cells} == {True}


def test_other_seeds_pass_within_their_spread(tabulation, noisy):
    oracle, _ = noisy
    rng = np.random.default_rng(1)
    for seed in range(20):
        cells = sample_cells(tabulation, 20, seed)
        again = [
            functional_classes()[cell] / 100.0 + 0.06 + rng.standard_normal((2, 2, 2, 2)).astype(np.float32)
            for cell in cells
        ]
        assert judge(tabulation, oracle, cells, again, fresh=True).passed


@pytest.mark.parametrize(("shift", "which"), [(8.0, slice(0, 1)), (2.0, slice(None))])
def test_one_cell_far_off_or_all_a_little_off_fail(tabulation, noisy, shift, which):
    oracle, values = noisy
    cells = sample_cells(tabulation, 20, 7)
    again = [values[int(cell)].copy() for cell in cells]
    for scores in again[which]:
        scores += shift
    assert not judge(tabulation, oracle, cells, again, fresh=False).passed


@pytest.mark.parametrize("count", [0, 5045])
def test_a_sample_that_cannot_be_drawn_is_refused(tabulation, count):
    with pytest.raises(UserError, match=f"{count} cells"):
        sample_cells(tabulation, count, 0)


def test_a_sample_has_distinct_classes_and_is_the_same_again(tabulation):
    cells = sample_cells(tabulation, 40, 7)
    assert len(set(functional_classes()[cells])) == 40
    assert (cells == sample_cells(tabulation, 40, 7)).all()
