"""Rankings of the whole space: every number by another way, and what the sentences claim."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import space_factory
import truth_factory
from scipy import stats

from nasrepro.errors import UserError
from nasrepro.metrics.ranking import kendall_tau, precision_at_k, tau_within_top
from nasrepro.reporting.space_findings import space_findings
from nasrepro.reporting.space_ranking import (
    CELLS,
    CHANCE,
    CLASSES,
    DEPENDENT,
    LIVE_PARAMS,
    PARAMS,
    WITHOUT_PROBES,
    ScoredRun,
    SpaceRanking,
    rank_space,
)
from nasrepro.reporting.space_trust import trust_of
from nasrepro.spaces.nb201 import NB201Space, from_index

TABLE = truth_factory.truth()
TRUTH = TABLE.primary.mean.astype(float)


@pytest.fixture(scope="module")
def two() -> SpaceRanking:
    """A good and a poor method on three seeds; the poor one lacks the first."""
    good = space_factory.runs({"good": 1.0}, [0, 1, 2])
    poor = space_factory.runs({"poor": 0.3}, [1, 2])
    return rank_space(TABLE, [*poor, *good], space_factory.PROBES)


@pytest.fixture(scope="module")
def many() -> SpaceRanking:
    """Ten seeds, on every tenth cell."""
    runs = space_factory.runs({"good": 4.0, "poor": 0.1}, range(10))
    thin = np.where(np.arange(15625) % 10 == 0, 1.0, np.nan)
    thinned = [replace(run, scores={by: values * thin for by, values in run.scores.items()}) for run in runs]
    return rank_space(TABLE, thinned, space_factory.PROBES)


def test_every_set_of_cells_has_the_numbers_of_the_plain_functions(two: SpaceRanking) -> None:
    good = two.ordering("good")
    assert good is not None
    for place, run in enumerate(good.runs):
        scores = run.scores["accuracy"].astype(float)
        assert run.seed == place
        values = {cells: {name: found[place] for name, found in of.items()} for cells, of in good.values.items()}
        assert values[CELLS]["tau"] == pytest.approx(stats.kendalltau(scores, TRUTH).statistic)
        assert values[CELLS]["spearman"] == pytest.approx(stats.spearmanr(scores, TRUTH).statistic)
        assert values[CELLS]["precision_at_100"] == precision_at_k(scores, TRUTH, 100)
        assert values[CELLS]["tau_top_10_percent"] == tau_within_top(scores, TRUTH, 0.1)
        rest = np.setdiff1d(np.arange(15625), space_factory.PROBES)
        assert values[WITHOUT_PROBES]["tau"] == pytest.approx(kendall_tau(scores[rest], TRUTH[rest]))
        alive = np.array([from_index(i).reaches_output for i in range(15625)])
        assert values[DEPENDENT]["tau"] == pytest.approx(kendall_tau(scores[alive], TRUTH[alive]))
    assert two.sizes == {
        CELLS: 15625,
        DEPENDENT: 15284,
        CLASSES: 5044,
        WITHOUT_PROBES: 15625 - len(space_factory.PROBES),
    }


def test_a_class_counts_once_with_the_mean_of_its_cells(two: SpaceRanking) -> None:
    members: dict[str, list[int]] = {}
    for index in range(15625):
        members.setdefault(NB201Space().functional_key(from_index(index)), []).append(index)
    good = two.ordering("good", "loss")
    assert good is not None
    scores = good.runs[0].scores["loss"].astype(float)
    by_class = [(scores[cells].mean(), TRUTH[cells].mean()) for cells in members.values()]
    assert good.values[CLASSES]["tau"][0] == pytest.approx(kendall_tau(*np.array(by_class).T))


def test_what_needs_no_training_is_measured_on_the_same_cells(two: SpaceRanking) -> None:
    cells = [from_index(i) for i in range(15625)]
    params = [NB201Space().cost(cell, truth_factory.SKELETON).params for cell in cells]
    assert two.baselines[PARAMS][CELLS]["tau"] == pytest.approx(stats.kendalltau(params, TRUTH).statistic)
    assert two.baselines[LIVE_PARAMS][CELLS]["tau"] > two.baselines[PARAMS][CELLS]["tau"]
    chance = two.baselines[CHANCE][CELLS]
    best = np.count_nonzero(np.sort(TRUTH)[-100] <= TRUTH)
    assert best > 100  # the cells of a class share their truth
    assert chance["precision_at_100"] == pytest.approx(best / 15625)
    assert chance["truth_of_best_10"] == pytest.approx(TRUTH.mean())
    assert math.isnan(chance["tau"])


def test_differences_are_paired_by_seed(two: SpaceRanking) -> None:
    good, poor = two.ordering("good"), two.ordering("poor")
    assert good is not None
    assert poor is not None
    between = two.difference("poor by accuracy", "good by accuracy")
    assert between is not None
    c = between.tested.comparison
    assert (c.n, between.ahead, c.underpowered, between.tested.p) == (2, 0, True, None)
    assert c.difference == pytest.approx(np.mean(np.array(poor.taus) - np.array(good.taus)[1:]))
    by_loss = two.difference("good by loss", "good by accuracy")
    assert by_loss is not None
    assert (by_loss.tested.comparison.n, by_loss.ahead) == (3, 3)
    beside = two.difference("good by accuracy", PARAMS)
    assert beside is not None
    assert beside.tested.comparison.difference == pytest.approx(
        np.mean(good.taus) - two.baselines[PARAMS][CELLS]["tau"]
    )
    # two names by two scores against two baselines, loss against accuracy of each, and the names against each other
    assert len(two.differences) == 2 * 2 * 2 + 2 + 1


def test_p_values_are_corrected_within_their_question(many: SpaceRanking) -> None:
    least = 2 / 2**10  # of the exact test with ten pairs
    (p,) = {d.tested.p for d in many.differences if d.first == "good by accuracy" and d.second.startswith("poor")}
    assert p == pytest.approx(least)
    family = [d.tested.p for d in many.differences if d.second == PARAMS]
    assert family == [pytest.approx(4 * least)] * 4


def test_all_rankings_are_compared_on_the_cells_that_all_have() -> None:
    runs = space_factory.runs({"good": 1.0}, [0, 1])
    holes = runs[1].scores["accuracy"].copy()
    holes[[4, 5]] = np.nan
    truth = replace(TABLE.primary, mean=np.where(np.arange(15625) == 6, np.nan, TABLE.primary.mean))
    table = replace(TABLE, measured=(truth,))
    ranking = rank_space(table, [runs[0], replace(runs[1], scores={**runs[1].scores, "accuracy": holes})])
    assert ranking.cells.tolist() == [i for i in range(15625) if i not in (4, 5, 6)]
    assert ranking.unscored == {"good": 2}
    good = ranking.ordering("good")
    assert good is not None
    expected = kendall_tau(runs[0].scores["accuracy"][ranking.cells], TRUTH[ranking.cells])
    assert good.taus[0] == pytest.approx(expected)
    assert WITHOUT_PROBES not in ranking.sizes


def test_too_few_common_cells_are_refused() -> None:
    few = np.full(15625, np.nan)
    few[[1, 2]] = 1.0, 2.0
    with pytest.raises(UserError, match="only 2 cells have a truth and every score; at least 3"):
        rank_space(TABLE, [ScoredRun("x", None, {"score": few})])


def test_the_median_run_is_one_of_the_runs_and_the_lower_of_two() -> None:
    qualities = enumerate((1.0, 0.2, 0.5, 0.4))
    ranking = rank_space(TABLE, [run for seed, q in qualities for run in space_factory.runs({"m": q}, [seed])])
    found = ranking.ordering("m")
    assert found is not None
    assert found.runs[found.median_run].seed == 3


def test_trust_tells_what_trials_tell_and_nothing_without_them() -> None:
    found = trust_of(TABLE, np.arange(15625))
    assert found.ceiling is not None
    assert found.reliability is not None
    worth = truth_factory.worth()
    assert found.ceiling == pytest.approx(kendall_tau(worth, TRUTH), abs=0.02)
    assert found.reliability.low < found.reliability.value < found.reliability.high < 1
    assert (found.trials_of, found.other) == ("toy test after 25 epochs", "toy valid after 25 epochs")
    assert found.tau_other == pytest.approx(kendall_tau(TABLE.final[1].mean, TRUTH))
    nothing = trust_of(truth_factory.means_only(), np.arange(100, 15625))
    assert (nothing.ceiling, nothing.reliability, nothing.tau_other, nothing.trials_of) == (None, None, None, "")
    assert nothing.unknown == "this truth does not hold single trials"
    few = trust_of(TABLE, np.arange(40))
    assert (few.ceiling, few.reliability) == (None, None)
    assert few.unknown.startswith("fewer than 50")


def sentences(ranking: SpaceRanking) -> str:
    return "\n".join(space_findings(ranking, trust_of(ranking.table, ranking.cells)))


def test_few_seeds_are_counted_and_nothing_is_claimed(two: SpaceRanking) -> None:
    text = sentences(two)
    tau = two.baselines[PARAMS][CELLS]["tau"]
    assert f"counting parameters (τ = {tau:.2f}) on 3 of 3 seeds; underpowered, so no test" in text
    assert "Which method ranks better is open" in text
    assert "p = " not in text
    assert "p < " not in text


def test_many_seeds_give_claims_with_their_evidence(many: SpaceRanking) -> None:
    text = sentences(many)
    assert "underpowered" not in text
    assert "better than counting parameters" in text
    assert "worse than counting parameters" in text
    assert "good by accuracy is better than poor by accuracy; difference +" in text
    assert "n = 10" in text
    assert "Leaving out the probe cells" in text
    assert "A perfect ranking would get τ = 0." in text
    worth = many.ordering("good").summary("truth_of_best_10").mean  # type: ignore[union-attr]
    assert "good among the best: τ among the truly best 10\u202f% of the cells is " in text
    assert f"the 10 it scores best are worth {worth:.2f} % on average" in text


def test_scores_that_are_all_equal_rank_nothing() -> None:
    flat = rank_space(TABLE, [ScoredRun("flat", None, {"score": np.ones(15625)})])
    text = sentences(flat)
    assert "flat: all cells score the same, so nothing is ranked." in text
    assert "nan" not in text
    found = flat.ordering("flat")
    assert found is not None
    assert math.isnan(found.taus[0])


def test_a_file_gets_numbers_without_tests() -> None:
    worth = truth_factory.worth()
    columns = [ScoredRun(name, None, {"score": values}) for name, values in (("mine", worth), ("theirs", -worth))]
    text = sentences(rank_space(TABLE, columns))
    assert "mine ranks with τ = 0." in text
    assert "above counting parameters" in text
    assert "below counting parameters" in text
    assert "underpowered" not in text
    assert "seed" not in text.replace("differ by seed", "").replace("not seed noise", "")
