"""Rank correlations against brute force, and what ties and missing values do."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from nasrepro.metrics.quality import rank_quality
from nasrepro.metrics.ranking import (
    complete_pairs,
    kendall_tau,
    mean_of_best,
    precision_at_k,
    spearman,
    tau_spread,
    tau_within_groups,
    tau_within_top,
    weighted_tau,
)

NAN = math.nan


def tau_b_by_pairs(x: np.ndarray, y: np.ndarray) -> float:
    """τ-b from its definition: concordant minus discordant pairs over the geometric mean of untied pairs."""
    score = untied_x = untied_y = 0
    for i in range(len(x)):
        for j in range(i):
            a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
            score, untied_x, untied_y = score + a * b, untied_x + abs(a), untied_y + abs(b)
    return float(score / math.sqrt(untied_x * untied_y)) if untied_x and untied_y else NAN


def test_tau_b_equals_brute_force_on_tied_inputs() -> None:
    rng = np.random.default_rng(5)
    undefined = 0
    for _ in range(400):
        n = int(rng.integers(2, 14))
        x, y = rng.integers(0, rng.integers(2, 9), n), rng.integers(0, rng.integers(2, 9), n)
        expected = tau_b_by_pairs(x, y)
        undefined += math.isnan(expected)
        assert kendall_tau(x, y) == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert 0 < undefined < 100


@pytest.mark.parametrize("n", [2, 3, 40, 160, 161, 400])
def test_tau_b_is_scipys_to_the_last_digit(n: int) -> None:
    rng = np.random.default_rng(n)
    for levels in (2, 5, 10 * n):
        left, right = np.append(rng.integers(0, levels, n - 1), [levels + 1.0]), rng.permutation(n) % levels * 0.1
        left[0] = np.inf
        assert kendall_tau(left, right) == stats.kendalltau(left, right).statistic


def test_tau_differs_from_the_variant_that_ignores_ties() -> None:
    assert kendall_tau([1, 1, 2, 3], [1, 2, 2, 3]) == pytest.approx(4 / 5)


def test_spearman_is_the_correlation_of_average_ranks() -> None:
    # ranks 1.5, 1.5, 3, 4 and 1, 2, 4, 3
    expected = np.corrcoef([1.5, 1.5, 3, 4], [1, 2, 4, 3])[0, 1]
    assert spearman([0.1, 0.1, 0.2, 0.9], [10, 20, 40, 30]) == pytest.approx(expected)


def test_weighted_tau_punishes_errors_at_the_top_more() -> None:
    truth = np.arange(10.0)
    wrong_top, wrong_bottom = truth.copy(), truth.copy()
    wrong_top[[8, 9]], wrong_bottom[[0, 1]] = truth[[9, 8]], truth[[1, 0]]
    assert kendall_tau(wrong_top, truth) == kendall_tau(wrong_bottom, truth)
    assert weighted_tau(wrong_top, truth) < weighted_tau(wrong_bottom, truth) < 1


@pytest.mark.parametrize("measure", [kendall_tau, weighted_tau, spearman])
class TestEveryCorrelation:
    def test_is_one_for_the_same_order_and_minus_one_for_the_reverse(self, measure) -> None:
        values = [3.0, 1.0, 2.0, 8.0]
        assert measure(values, np.exp(values)) == pytest.approx(1)
        assert measure(values, [-v for v in values]) == pytest.approx(-1)

    def test_leaves_out_pairs_with_a_missing_side(self, measure) -> None:
        left, right = [1, NAN, 3, 2, 9, 4], [1, 7, 2, 3, NAN, 5]
        assert measure(left, right) == pytest.approx(measure([1, 3, 2, 4], [1, 2, 3, 5]))

    @pytest.mark.parametrize(
        ("left", "right"), [([], []), ([1], [2]), ([1, 1, 1], [1, 2, 3]), ([1, 2], [5, 5]), ([1, NAN], [NAN, 2])]
    )
    def test_is_nan_where_it_has_no_meaning(self, measure, left, right) -> None:
        assert math.isnan(measure(left, right))

    def test_accepts_infinite_scores(self, measure) -> None:
        assert measure([1, 2, math.inf], [1, 2, 3]) == pytest.approx(1)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="one score per genotype"):
        complete_pairs([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="one score per genotype"):
        complete_pairs([[1, 2]], [[1, 2]])


def test_precision_counts_shared_members() -> None:
    truth = [10, 9, 8, 7, 6, 5]
    assert precision_at_k([6, 5, 4, 3, 2, 1], truth, 3) == 1
    assert precision_at_k([1, 2, 3, 4, 5, 6], truth, 3) == 0
    assert precision_at_k([6, 1, 5, 4, 2, 3], truth, 3) == pytest.approx(2 / 3)


def test_precision_of_a_constant_score_is_chance() -> None:
    assert precision_at_k(np.zeros(50), np.arange(50), 5) == pytest.approx(5 / 50)


def test_precision_with_tied_scores_is_the_mean_over_random_orders() -> None:
    rng = np.random.default_rng(0)
    scores, truth = rng.integers(0, 4, 20), rng.permutation(20)
    shuffled = [precision_at_k(scores + rng.random(20) * 0.5, truth, 6) for _ in range(4_000)]
    assert precision_at_k(scores, truth, 6) == pytest.approx(np.mean(shuffled), abs=0.01)


def test_a_perfect_ranking_has_precision_one_even_when_the_truth_ties() -> None:
    truth = [5, 5, 5, 1, 0]
    assert precision_at_k(truth, truth, 2) == 1


def test_precision_refuses_and_declines() -> None:
    assert math.isnan(precision_at_k([1, 2, NAN], [1, 2, 3], 3))
    with pytest.raises(ValueError, match="at least 1"):
        precision_at_k([1, 2], [1, 2], 0)


def test_tau_within_top_looks_at_the_truly_best_only() -> None:
    truth = np.arange(20.0)
    scores = truth.copy()
    scores[-2:] = scores[[-1, -2]]
    assert tau_within_top(scores, truth, 0.1) == pytest.approx(-1)
    assert tau_within_top(scores, truth, 0.2) == pytest.approx(4 / 6)
    assert tau_within_top(scores, truth, 1) == pytest.approx(kendall_tau(scores, truth))
    assert math.isnan(tau_within_top([1], [1], 0.5))


@pytest.mark.parametrize(("n", "share", "size"), [(100, 0.07, 7), (20, 0.13, 3), (20, 0.15, 3)])
def test_tau_within_top_rounds_the_share_up(n: int, share: float, size: int) -> None:
    truth = np.arange(float(n))
    scores = np.random.default_rng(n).permutation(n)
    assert tau_within_top(scores, truth, share) == pytest.approx(kendall_tau(scores[-size:], truth[-size:]))


@pytest.mark.parametrize("share", [0, -1, 1.1])
def test_tau_within_top_refuses_impossible_shares(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        tau_within_top([1, 2], [1, 2], share)


def test_importing_the_room_does_not_load_scipy() -> None:
    names = ", ".join(f"nasrepro.metrics.{n}" for n in ("noise", "ranking", "regret", "significance", "summary"))
    code = f"import sys, {names}; sys.exit(any(n.partition('.')[0] in ('scipy', 'torch') for n in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_tau_within_groups_equals_brute_force() -> None:
    rng = np.random.default_rng(15)
    for _ in range(100):
        n = int(rng.integers(4, 20))
        x, y, groups = rng.integers(0, 5, n), rng.integers(0, 5, n), rng.integers(0, 3, n)
        score = untied_x = untied_y = 0
        for i in range(n):
            for j in range(i):
                if groups[i] == groups[j]:
                    a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
                    score, untied_x, untied_y = score + a * b, untied_x + abs(a), untied_y + abs(b)
        expected = score / math.sqrt(untied_x * untied_y) if untied_x and untied_y else NAN
        assert tau_within_groups(x, y, groups) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_tau_within_groups_sees_nothing_of_what_the_groups_explain() -> None:
    rng = np.random.default_rng(16)
    groups = rng.integers(0, 10, 2_000)
    x, y = groups + 0.1 * rng.normal(size=2_000), groups + 0.1 * rng.normal(size=2_000)
    assert kendall_tau(x, y) > 0.8
    assert abs(tau_within_groups(x, y, groups)) < 0.05


def test_tau_within_groups_leaves_missing_values_out() -> None:
    assert tau_within_groups([1, 2, NAN, 4], [1, 2, 3, NAN], [0, 0, 0, 0]) == 1
    assert math.isnan(tau_within_groups([1, 2], [1, 2], [0, 1]))
    with pytest.raises(ValueError, match="one shape"):
        tau_within_groups([1, 2], [1, 2], [0])


def test_the_standard_numbers_are_those_of_the_single_functions() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=300)
    scores = truth + rng.normal(size=300)
    found = rank_quality(scores, truth)
    assert found == {
        "tau": kendall_tau(scores, truth),
        "weighted_tau": weighted_tau(scores, truth),
        "spearman": spearman(scores, truth),
        "precision_at_10": precision_at_k(scores, truth, 10),
        "precision_at_100": precision_at_k(scores, truth, 100),
        "tau_top_10_percent": tau_within_top(scores, truth, 0.1),
        "truth_of_best_10": mean_of_best(scores, truth, [10])[0],
    }
    assert math.isnan(rank_quality(scores[:50], truth[:50])["precision_at_100"])


def test_chance_spreads_tau_as_over_all_orders() -> None:
    taus = [kendall_tau(order, range(5)) for order in itertools.permutations(range(5))]
    assert tau_spread(5) == pytest.approx(np.std(taus))
    assert tau_spread(12) == pytest.approx(0.2210, abs=1e-4)
    with pytest.raises(ValueError, match="at least two"):
        tau_spread(1)


def test_mean_of_best_is_the_mean_over_all_orders_of_the_tied() -> None:
    truth = np.array([3.0, 7.0, 5.0, 1.0, 9.0])
    assert mean_of_best(truth, truth, [1, 2, 5]).tolist() == [9, 8, 5]
    scores = [1, 2, 2, 0, 1]
    orders = [(1, 2), (2, 1)], [(0, 4), (4, 0)]
    for k, found in zip(range(1, 6), mean_of_best(scores, truth, range(1, 6)), strict=True):
        means = [np.mean(truth[[*first, *second, 3][:k]]) for first in orders[0] for second in orders[1]]
        assert found == pytest.approx(np.mean(means))


def test_mean_of_best_at_the_edges() -> None:
    assert mean_of_best([NAN, 2, 1], [5, 4, NAN], [1]).tolist() == [4]
    assert np.isnan(mean_of_best([1, 2], [1, 2], [3])).all()
    assert mean_of_best([], [], []).shape == (0,)
    with pytest.raises(ValueError, match="at least 1"):
        mean_of_best([1, 2], [1, 2], [0])
