"""Curves that follow from a record, and which of two is meant by a name."""

from __future__ import annotations

import itertools

import factory
import pytest
from scipy import stats

from nasrepro.papers.figure import Curve
from nasrepro.records.record import RunRecord
from nasrepro.reporting.derived_series import series_of
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.series import points_of


def run(seed: int = 0) -> RunRecord:
    """4,000 updates in 20 epochs, looked at 40 times."""
    made = factory.with_settings(factory.record("gdas", seed), {"training": {"epochs": 20}})
    return factory.watched(made, cells=3, images=200)


def test_tau_is_kendalls_over_the_epochs_of_the_checkpoints() -> None:
    record = run()
    assert record.probes is not None
    points = series_of(record, "kendall tau")
    assert [x for x, _ in points] == [0, 2.5, 5, 10, 20]
    for (_, tau), checkpoint in zip(points, record.probes.checkpoints, strict=True):
        assert tau == pytest.approx(stats.kendalltau(checkpoint.accuracy, record.probes.truth).statistic)


def test_watched_cells_are_drawn_after_each_look() -> None:
    record = run()
    assert record.watched is not None
    single = [series_of(record, f"watched cell {number}") for number in (1, 2, 3)]
    looks = record.watched.looks
    assert [x for x, _ in single[0]] == pytest.approx([0.5 * number for number in range(1, 41)])
    assert [y for _, y in single[1]] == [look.after.right[1] / 2 for look in looks]
    mean = series_of(record, "watched cells")
    assert [y for _, y in mean] == pytest.approx([sum(own[i][1] for own in single) / 3 for i in range(40)])
    worth = record.watched.truth[2]
    assert series_of(record, "truth of watched cell 3") == [(0.5, worth), (20.0, worth)]


def test_what_the_search_would_answer_is_drawn_where_it_was_scored() -> None:
    record = run()
    unscored = record.trace[1].model_copy(update={"selection_value": None})
    record = record.model_copy(update={"trace": [record.trace[0], unscored, *record.trace[2:]]})
    points = series_of(record, "inherited accuracy of the answer")
    assert [x for x, _ in points] == [2.5, 10, 20]
    assert {y for _, y in points} == {record.trace[0].selection_value}


def test_watched_cells_are_ranked_at_every_look_and_their_changes_have_no_sign() -> None:
    record = run()
    assert record.watched is not None
    taus = series_of(record, "kendall tau of watched cells")
    right = [look.after.right for look in record.watched.looks]
    assert [tau for _, tau in taus] == pytest.approx(
        [stats.kendalltau(own, record.watched.truth).statistic for own in right], nan_ok=True
    )
    changes = series_of(record, "change of watched cells")
    assert [x for x, _ in changes] == [x for x, _ in taus][1:]
    expected = [sum(abs(b - a) for a, b in zip(*pair, strict=True)) / 2 / 3 for pair in itertools.pairwise(right)]
    assert [y for _, y in changes] == pytest.approx(expected)


def test_what_a_record_does_not_have_is_empty() -> None:
    record = run()
    for name in ("watched cell 4", "watched cell 0", "truth of watched cell 9", "watched", "novelty"):
        assert series_of(record, name) == []
    unknown = record.model_copy(update={"watched": record.watched.model_copy(update={"truth": [None] * 3})})  # type: ignore[union-attr]
    assert series_of(unknown, "truth of watched cell 1") == []
    for plain in (factory.record("gdas", 0), factory.record("rea", 0), factory.record("gdas", 0, full=False)):
        assert series_of(plain, "watched cells") == []
        assert series_of(plain, "kendall tau") == [], "no epochs are known"


def test_a_series_of_the_record_comes_first() -> None:
    own = run().model_copy(update={"series": {"kendall tau": [(1.0, 0.5)]}})
    assert series_of(own, "kendall tau") == [(1.0, 0.5)]


def test_lower_is_better_turns_the_truth() -> None:
    record = run()
    scores = [score.model_copy(update={"higher_is_better": False}) for score in record.scores]
    turned = record.model_copy(update={"scores": scores})
    ends = [series_of(each, "kendall tau")[-1][1] for each in (record, turned)]
    assert ends[0] == pytest.approx(-ends[1])


def test_a_papers_curve_takes_a_derived_series_from_every_seed() -> None:
    group = OursGroup("ours", [run(0), run(1)], fresh=True)
    points = points_of(group, Curve(key="a", label="a", method="gdas", series="watched cells"))
    assert sorted(points) == [0, 1]
    assert len(points[1]) == 40
    assert points_of(group, Curve(key="a", label="a", method="gdas", series="novelty")) == {}


def test_a_run_whose_curve_has_no_number_draws_none() -> None:
    """As τ has none where all cells are worth the same."""
    record = run()
    assert record.probes is not None
    alike = record.probes.model_copy(update={"truth": [10.0] * len(record.probes.cells)})
    group = OursGroup("ours", [record.model_copy(update={"probes": alike}), run(1)], fresh=True)
    assert list(points_of(group, Curve(key="a", label="a", method="gdas", series="kendall tau"))) == [1]
