"""Budgets of simulated seconds: what is charged, what becomes of the cell that overshoots, who is refused."""

import itertools

import pytest
from toy import DIGITS, ToyOracle, context

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.methods import catalog
from nasrepro.methods.simulated_time import needs_times
from nasrepro.seeds import numpy_rng

TIMED = ("random-search-timed", "rea-timed", "reinforce-timed")


class TimedOracle(ToyOracle):
    """A training takes a second an edge that is not `none`, and one besides."""

    def seconds(self, genotype, *, dataset, epochs):
        assert (dataset, epochs) == ("digits", 12)
        return 7.0 - genotype.ops.count(0)


def search(method, tmp_path, oracle=None, **options):
    given = context(method, tmp_path, oracle=oracle or TimedOracle(), **options)
    return catalog.get(method).build()(given), given


def by_hand(seconds, *, keep):
    """The draws of random search that the budget admits."""
    rng, spent, drawn = numpy_rng(0, "random-search"), 0.0, []
    while spent < seconds:
        cell = DIGITS.space.sample(rng)
        spent += TimedOracle().seconds(cell, dataset="digits", epochs=12)
        if spent > seconds and not keep:
            break
        drawn.append(cell)
    return drawn


@pytest.mark.parametrize(("rule", "keep"), [("nas-bench-201", False), ("nats-bench", True)])
@pytest.mark.parametrize("seconds", [30, 61, 100.5])
def test_the_overshooting_cell_is_dropped_or_kept(tmp_path, rule, keep, seconds):
    oracle = TimedOracle()
    search("random-search-timed", tmp_path, oracle, search={"seconds": seconds, "rule": rule})
    assert [genotype for genotype, *_ in oracle.asked] == by_hand(seconds, keep=keep)


def test_both_rules_spend_a_budget_that_comes_out_even(tmp_path):
    oracle = ToyOracle()
    oracle.seconds = lambda genotype, **_: 5.0
    for rule in ("nas-bench-201", "nats-bench"):
        _, given = search("rea-timed", tmp_path, oracle, search={"seconds": 60, "rule": rule})
        assert given.queries["valid"] == 12


@pytest.mark.parametrize("method", TIMED)
def test_a_timed_search_is_the_counted_one_cut_off_by_the_clock(tmp_path, method):
    timed, counted = TimedOracle(), ToyOracle()
    _, given = search(method, tmp_path, timed, search={"seconds": 300.0})
    queries = given.queries["valid"]
    again = context(method.removesuffix("-timed"), tmp_path, oracle=counted, search={"queries": queries})
    catalog.get(method.removesuffix("-timed")).build()(again)
    assert timed.asked == counted.asked


def test_the_record_can_draw_the_spending(tmp_path):
    result, given = search("random-search-timed", tmp_path, search={"seconds": 500.0})
    curve = result.series["simulated seconds"]
    assert [x for x, _ in curve] == sorted({x for x, _ in curve})
    assert 490 < curve[-1][1] <= 500
    assert curve[-1][0] == given.queries["valid"]


def test_mutations_of_any_edge_and_of_a_node_first(tmp_path):
    """Node first, half of all mutations change one of the two edges into node 2 or the one into node 1."""
    shares = {}
    for mutation in ("node-first", "any-edge"):
        oracle = TimedOracle()
        budget = {"seconds": 5000.0, "population": 1, "tournament": 1, "mutation": mutation}
        search("rea-timed", tmp_path, oracle, search=budget)
        cells = [genotype.ops for genotype, *_ in oracle.asked]
        changed = [[x != y for x, y in zip(*pair, strict=True)] for pair in itertools.pairwise(cells)]
        assert all(sum(edges) == 1 for edges in changed)
        shares[mutation] = sum(edges[0] for edges in changed) / len(changed)
    assert shares["node-first"] == pytest.approx(1 / 3, abs=0.05)
    assert shares["any-edge"] == pytest.approx(1 / 6, abs=0.05)


def test_a_rule_without_a_budget_for_the_data_set_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"'nats-bench' has no budget for 'digits'; allowed: cifar10, .*seconds"):
        search("rea-timed", tmp_path, search={"rule": "nats-bench", "seconds": None})


def test_a_budget_too_small_for_one_cell_is_refused(tmp_path):
    with pytest.raises(UserError, match="does not suffice"):
        search("random-search-timed", tmp_path, search={"seconds": 0.5})


@pytest.mark.parametrize("method", TIMED)
def test_a_truth_without_times_is_refused_before_anything_runs(method):
    with pytest.raises(UserError, match=r"'nb201-digits'.*toy holds no training times"):
        catalog.get(method).check(DIGITS, ToyOracle())
    needs_times(DIGITS, TimedOracle())


def test_seconds_of_a_length_that_was_not_timed_are_in_proportion(tmp_path):
    """The digits table timed whole trainings of 25 epochs."""
    oracle = DIGITS.open_oracle(tmp_path)
    cell = next(iter(DIGITS.space))
    whole = oracle.seconds(cell, dataset="digits", epochs=25)
    assert oracle.seconds(cell, dataset="digits", epochs=12) == pytest.approx(whole * 12 / 25)
    assert oracle.seconds(cell, dataset="digits", epochs=50) == pytest.approx(whole * 2)
    with pytest.raises(UserError, match="no training times for 'cifar10'"):
        oracle.seconds(cell, dataset="cifar10", epochs=12)


def test_the_analog_benchmark_has_no_clock(tmp_path):
    target = benchmarks.get("nb201-cifar10-analog")
    try:
        oracle = target.open_oracle(tmp_path)
    except UserError:
        pytest.skip("analog-nasbench is not installed")
    with pytest.raises(UserError, match="no training times for 'cifar10'"):
        needs_times(target, oracle)
