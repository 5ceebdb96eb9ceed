"""The few sentences that a benchmark's page begins with; everything else that its numbers show lies below them."""

from __future__ import annotations

from nasrepro.metrics.summary import Summary
from nasrepro.reporting.analysis import Analysis, MethodResult, Scoring
from nasrepro.reporting.comparison_table import scoring_label
from nasrepro.reporting.grouping import PRIMARY
from nasrepro.reporting.ranking import Ranking
from nasrepro.reporting.table_model import decimal, join_words


def headline(analysis: Analysis) -> list[str]:
    """Which cells are best on average, who beats a random cell, and whose supernets rank best."""
    return [text for text in (_worth(analysis), _random(analysis), _ranking(analysis)) if text]


def best_row(analysis: Analysis) -> MethodResult | None:
    """The row with the best mean; None where nothing has a score."""
    main = analysis.primary
    scored = [result for result in analysis.methods if PRIMARY in result.scores]
    if main is None or not scored:
        return None
    sign = 1.0 if main.higher_is_better else -1.0
    return max(scored, key=lambda result: sign * result.scores[PRIMARY].mean)


def rows_by_tau(analysis: Analysis) -> list[tuple[MethodResult, Ranking]]:
    """The rows whose supernets rank the probe cells, from the highest mean τ down."""
    ranked = [(own, own.ranking) for own in analysis.methods if own.ranking is not None and own.ranking.tau.n]
    return sorted(ranked, key=lambda both: -both[1].tau.mean)


def _worth(analysis: Analysis) -> str:
    main, best = analysis.primary, best_row(analysis)
    if main is None or best is None:
        return "No run finished with a score, so nothing can be said about the found cells."
    found = _measured(best.scores[PRIMARY], 2)
    shown = "shown" if analysis.winner == best.method else "not shown to differ from every other"
    among = f" among {len(analysis.methods)} {analysis.noun}s ({shown})" if len(analysis.methods) > 1 else ""
    words = "Best" if among else "Found"
    return f"{words} cells on average{among}: {best.method}, {scoring_label(main).lower()} {found}{_ends(main)}."


def _ends(main: Scoring) -> str:
    ends = []
    if main.random_mean is not None:
        ends.append(f"one uniform cell averages {decimal(main.random_mean, 2)}")
    if main.optimum is not None:
        ends.append(f"the best cell of the space has {decimal(main.optimum, 2)}")
    return f"; {join_words(ends)}" if ends else ""


def _random(analysis: Analysis) -> str:
    """Counts of what the tests against a random cell show; the names and numbers are in the table."""
    tested = [own.versus_random for own in analysis.methods if own.versus_random is not None]
    if not tested:
        return ""
    better = sum(own.significant and own.comparison.difference > 0 for own in tested)
    worse = sum(own.significant and own.comparison.difference < 0 for own in tested)
    untested = sum(own.p is None for own in tested)
    if untested == len(tested):
        return "Whether search is better than a random cell was not tested: no method has seeds enough."
    weak = f"; {untested} not tested, for want of seeds" if untested else ""
    return (
        f"Search against one random cell: of {len(tested)} {analysis.noun}s {better} shown to be better and {worse} "
        f"worse{weak}."
    )


def _ranking(analysis: Analysis) -> str:
    ranked = rows_by_tau(analysis)
    if not ranked:
        return ""
    best, own = ranked[0]
    beside = []
    if own.by_params is not None:
        beside.append(f"counting parameters gives {decimal(own.by_params, 2)}")
    if own.ceiling is not None:
        beside.append(f"a perfect ranking would give {decimal(own.ceiling, 2)}")
    lead = "τ of the supernets of" if len(ranked) == 1 else "Highest mean τ: that of the supernets of"
    text = f"{lead} {best.method}, {_measured(own.tau, 2)} on {own.cells} probe cells"
    return f"{text}; {join_words(beside)}." if beside else f"{text}."


def _measured(summary: Summary, digits: int) -> str:
    """`94.2 [93.1, 95.3] (n = 10)`."""
    interval = ""
    if summary.n > 1:
        interval = f" [{decimal(summary.low, digits)}, {decimal(summary.high, digits)}]"
    return f"{decimal(summary.mean, digits)}{interval} (n = {summary.n})"
