"""A whole weight-sharing search at smoke scale."""

import itertools

import pytest
from toy import DIGITS, ToyOracle, search

from nasrepro.training.supernet import Diverged


@pytest.mark.parametrize("method", ["randomnas", "gdas"])
def test_a_search_ends_with_an_answer_its_trace_and_the_probes_scores(method, tmp_path):
    oracle = ToyOracle()
    result, given = search(method, tmp_path, oracle=oracle)
    training = given.settings["training"]
    assert oracle.asked == []  # the truth is joined afterwards
    assert result.answer == result.trace[-1][1]
    assert [at for at, _ in result.trace] == [4, 8] == [probe.step for probe in result.probes]
    assert (result.steps, result.samples) == (8, 400)
    assert result.path_steps == (16 if method == "gdas" else 8)
    assert all(len(probe.accuracy) == len(probe.loss) == training["probe_cells"] for probe in result.probes)
    assert 0 <= result.answer.value <= 100
    assert len(result.loss) == 2
    assert result.answer.genotype in set(DIGITS.space)
    assert result.scored_cells == (1 if method == "gdas" else given.settings["selector"]["candidates"])
    if method == "gdas":
        assert result.visited[0][0] == 4
        assert result.visited[-1][1] == result.answer.genotype
    else:
        assert result.visited == []  # which of its candidates is the best takes scores to know


def test_what_is_visited_is_kept_epoch_by_epoch_and_only_where_it_changes(tmp_path):
    result, _ = search("gdas", tmp_path, training={"epochs": 12}, sampler={"alpha_lr": 0.5})
    steps, cells = zip(*result.visited, strict=True)
    assert 2 < len(cells) <= 12
    assert all(a != b for a, b in itertools.pairwise(cells))
    assert set(steps) <= set(range(4, 49, 4))
    assert list(steps) == sorted(steps)


def test_weights_that_overflow_in_the_very_last_step_are_noticed(tmp_path):
    """The training loss of that step is still a number, the scores are not."""
    training = {"epochs": 1, "lr": 1e38, "clip": None, "batch_size": 200}
    with pytest.raises(Diverged, match=r"loss .* became nan"):
        search("gdas", tmp_path, training=training)


def test_probe_cells_are_the_same_whatever_the_method_and_seed():
    assert DIGITS.probes() == DIGITS.probes()
    assert len(set(DIGITS.probes())) == 200
