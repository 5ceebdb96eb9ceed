"""What a column of a paper's table is in our runs, and the statements about such columns held against them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nasrepro.metrics.summary import Summary, summarize_correlation, summarize_scores, summarize_within
from nasrepro.papers.table import Column, Row, RowClaim, TableItem
from nasrepro.reporting.analysis import Analysis, MethodResult, Scoring
from nasrepro.reporting.claims import Judged, Measured, differences, judge_all
from nasrepro.reporting.grouping import PRIMARY, on_the_way
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.table_model import join_words


def at_home(item: TableItem, analysis: Analysis) -> bool:
    """Whether ours are judged by what the paper measured on."""
    return _benchmark(analysis) == item.benchmark and not item.measured_on


def comparable(item: TableItem, analysis: Analysis) -> bool:
    """Whether ours measure what the paper measured, so that a difference says something."""
    return at_home(item, analysis) and (not item.trained or analysis.records[0].spec.scale == "paper")


def values_of(item: TableItem, column: Column, analysis: Analysis, result: MethodResult) -> dict[int, float]:
    """What the column shows of each finished run of one row, by seed; empty where these runs have no such number."""
    return _by_scoring(column, scoring_for(item, column, analysis), result)


def _by_scoring(column: Column, scoring: Scoring | None, result: MethodResult) -> dict[int, float]:
    if scoring is None or (column.error and not scoring.higher_is_better):
        return {}
    if column.of not in ("answer", "best") and scoring.name != PRIMARY:
        return {}  # traces and rankings hold the primary scoring only
    if column.of == "tau":
        return dict(result.ranking.taus) if result.ranking is not None else {}
    if column.of == "params":
        return {record.spec.seed: record.found.params / 1e6 for record in result.done if record.found is not None}
    values = dict(result.values.get(scoring.name, {}))
    best = max if scoring.higher_is_better else min
    if column.of == "best" and values:
        values = {min(values): best(values.values())}  # one number of all seeds, which stands with the first of them
    if column.of == "trace-best":
        on_way = zip(result.done, on_the_way(result.done), strict=True)
        values = {record.spec.seed: best(known) for record, known in on_way if known}
    return {seed: 100.0 - value for seed, value in values.items()} if column.error else values


def summary_of(item: TableItem, column: Column, analysis: Analysis, result: MethodResult) -> Summary:
    """What the column shows of all finished runs of one row."""
    values = list(values_of(item, column, analysis, result).values())
    if column.of in ("tau", "params"):
        return summarize_correlation(values) if column.of == "tau" else summarize_within(values, 0.0, math.inf)
    return summarize_scores(values, higher_is_better=column.error or column.higher_is_better)  # errors are percent too


def scoring_for(item: TableItem, column: Column, analysis: Analysis) -> Scoring | None:
    """Our scoring that measures what the column shows: on another benchmark `test` may be another data set.

    Where the item travels, the scorings of any benchmark stand for those of the same name, unless another column is of
    what that benchmark measures: then this one is not.
    """
    if column.scoring is None:
        return None
    same_place = _benchmark(analysis) == (column.benchmark or item.benchmark)
    if column.benchmark and not same_place:
        return None
    wanted = _full_name(item, column.scoring)
    by_name = same_place or (item.travels and not _spelled_out(item, analysis))
    for scoring in analysis.scorings:
        if (by_name and scoring.name == column.scoring) or (not same_place and extra_key(scoring) == wanted):
            return scoring
    return None


def _standing_in(item: TableItem, claim: RowClaim, analysis: Analysis) -> Scoring | None:
    """Our scoring that a claim about the difference of two searches is asked of: the column's, else, where that is the
    paper's primary one and ours searched other data, ours. The statement is about the searches; a number alone would be
    about the data."""
    column = item.column(claim.column)
    exact = scoring_for(item, column, analysis)
    if exact is not None or claim.minus is None or column.scoring != PRIMARY or column.benchmark:
        return exact
    return None if _spelled_out(item, analysis) else analysis.primary


def _spelled_out(item: TableItem, analysis: Analysis) -> bool:
    """Whether other columns of the item are of what the benchmark of ours measures first."""
    main = analysis.primary
    return has_columns_of(item, analysis) or (
        main is not None and extra_key(main) in {column.scoring for column in item.columns}
    )


def has_columns_of(item: TableItem, analysis: Analysis) -> bool:
    """Whether columns of the item are measured on the very benchmark of ours, though the item is not."""
    return _benchmark(analysis) in {column.benchmark for column in item.columns}


def _benchmark(analysis: Analysis) -> str:
    return analysis.records[0].spec.benchmark


def _full_name(item: TableItem, scoring: str) -> str:
    """`cifar10.test` for the primary scoring of a CIFAR-10 benchmark; the others are spelled out already."""
    if scoring != PRIMARY:
        return scoring.lower()
    return f"{item.benchmark.split('-', 1)[-1]}.test"


def extra_key(scoring: Scoring) -> str:
    """`digits.test`: what a scoring measures, whatever the benchmark calls it."""
    return f"{scoring.dataset}.{scoring.split}".lower()


def extra_scorings(item: TableItem, groups: Sequence[OursGroup]) -> dict[str, Scoring]:
    """Primary scorings of ours that no column of the paper shows, so that such runs are not rows of dashes."""
    scorings = {column.scoring for column in item.columns if column.scoring is not None}
    if item.travels and PRIMARY in scorings:
        return {}
    known = {_full_name(item, scoring) for scoring in scorings}
    found: dict[str, Scoring] = {}
    for group in groups:
        main = group.analysis.primary
        if group.benchmark != item.benchmark and main is not None and extra_key(main) not in known:
            found.setdefault(extra_key(main), main)
    return found


def our_name(line: Row) -> str:
    """As it is typed to get the same runs."""
    return line.variant.text if line.variant is not None else line.method or ""


def judge_rows(item: TableItem, group: OursGroup) -> list[Judged]:
    """Every claim of the table against the group's runs, tested as `judge_all` says."""
    return judge_all([_measured(item, claim, group) for claim in item.claims])


def _measured(item: TableItem, claim: RowClaim, group: OursGroup) -> Measured:
    column, scoring = item.column(claim.column), _standing_in(item, claim, group.analysis)

    def values(label: str) -> dict[int, float]:
        result = group.result(item.row(label).variant)
        return _by_scoring(column, scoring, result) if result is not None else {}

    rows = [label for label in (claim.row, claim.minus) if label is not None]
    return Measured(
        claim,
        differences(values(claim.row), values(claim.minus) if claim.minus is not None else None),
        digits=column.digits,
        sought=f"'{column.label}' of {join_words([our_name(item.row(label)) for label in rows])}",
        correlation=column.of == "tau" and claim.minus is None,
    )
