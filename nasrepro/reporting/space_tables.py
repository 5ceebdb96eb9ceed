"""Rankings of a whole space as tables and as JSON: one with everything for machines, and the views people read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasrepro.metrics.quality import TOP_SHARE
from nasrepro.reporting.comparison_table import p_equals
from nasrepro.reporting.space_ranking import (
    CELLS,
    CLASSES,
    DEPENDENT,
    WITHOUT_PROBES,
    Difference,
    Ordering,
    SpaceRanking,
)
from nasrepro.reporting.space_trust import Trust
from nasrepro.reporting.table_model import Cell, Column, Row, Table, finite, seed_text, stat

_PARTS = ("mean", "std", "low", "high", "n")
SET_LABELS = {
    CELLS: "all ranked cells",
    DEPENDENT: "cells whose output depends on the input",
    CLASSES: "functional classes",
    WITHOUT_PROBES: "without the probe cells",
}
_HEADINGS = {
    "tau": ("Kendall τ-b", 3),
    "weighted_tau": ("Weighted τ", 3),
    "spearman": ("Spearman ρ", 3),
    "precision_at_10": ("Precision at 10", 2),
    "precision_at_100": ("Precision at 100", 2),
    "tau_top_10_percent": (f"τ in the best {TOP_SHARE:.0%}".replace("%", "\u202f%"), 3),
    "truth_of_best_10": ("Truth of the 10 best", 2),
}
_READ = [quality for quality in _HEADINGS if quality != "truth_of_best_10"]
"""What people read in the table; a sentence tells the rest."""


def full_space_table(ranking: SpaceRanking, trust: Trust) -> Table:
    """A row per ordering, then what needs no training; a column per quality and set of cells."""
    columns = [
        Column("ranking", "Ranked by", "text"),
        Column("name", "Name", "text"),
        Column("by", "By", "text"),
        Column("seeds", "Seeds", "text"),
        Column("n", "n", "count"),
        *(
            Column(_key(c, q), _heading(c, q), digits=_HEADINGS[q][1], parts=_PARTS, higher_is_better=True)
            for c in ranking.sizes
            for q in ranking.qualities(c)
        ),
        Column("unscored", "Cells without a score", "count"),
    ]
    rows = [_ordering_row(ordering, ranking) for ordering in ranking.orderings]
    for name, values in ranking.baselines.items():
        cells = {_key(c, q): Cell(value=finite(value)) for c in values for q, value in values[c].items()}
        rows.append(Row({"ranking": Cell(text=name), "name": Cell(text=name), **cells}, reference=True))
    if trust.ceiling is not None:
        perfect = {"ranking": Cell(text="a perfect ranking"), "tau": Cell(value=trust.ceiling)}
        rows.append(Row(perfect, reference=True))
    return Table(tuple(columns), tuple(rows))


def space_views(ranking: SpaceRanking, trust: Trust, caption: str) -> list[Table]:
    """The tables people read: quality on all cells, τ on other sets of cells, differences."""
    table = full_space_table(ranking, trust)
    keys = ["ranking", *_READ]
    tables = [
        table.select(keys, title="How well the cells are ranked", caption=caption, notes=_notes(ranking, trust)),
        table.select(
            ["ranking", *(_key(cells, "tau") for cells in ranking.sizes)],
            title="τ on other sets of cells",
            caption=caption,
            notes=[_set_note(ranking)],
        ),
    ]
    by_set = tables[1]
    renamed = tuple(
        Column(c.key, c.label if c.key == "ranking" else _set_heading(ranking, c.key), c.kind, 3, c.higher_is_better)
        for c in by_set.columns
    )
    tables[1] = Table(renamed, by_set.rows, by_set.title, by_set.caption, by_set.notes)
    if any(len(ordering.runs) > 1 for ordering in ranking.orderings):
        tables.append(_difference_table(ranking, caption))
    return tables


def numbers(ranking: SpaceRanking, trust: Trust) -> dict[str, Any]:
    """Everything as plain values for JSON: every run, every summary, every test; missing is None."""
    main = ranking.table.primary
    return {
        "truth": {
            "benchmark": ranking.table.benchmark,
            "source": ranking.table.source,
            "fingerprint": ranking.table.fingerprint,
            "scoring": {"dataset": main.dataset, "split": main.split, "epochs": main.epochs},
            "noise_ceiling": trust.ceiling,
            "reliability": _estimate(trust),
            "trials_of": trust.trials_of or None,
            "other_split": trust.other or None,
            "tau_other_split": trust.tau_other,
        },
        "sets": dict(ranking.sizes),
        "unscored": dict(ranking.unscored),
        "rankings": [_ordering_numbers(ordering) for ordering in ranking.orderings],
        "baselines": [
            {"name": name, "values": {cells: _finite(found) for cells, found in values.items()}}
            for name, values in ranking.baselines.items()
        ],
        "differences": [_difference_numbers(difference) for difference in ranking.differences],
    }


def _key(cells: str, quality: str) -> str:
    return quality if cells == CELLS else f"{cells}.{quality}"


def _heading(cells: str, quality: str) -> str:
    heading = _HEADINGS[quality][0]
    return heading if cells == CELLS else f"{heading}, {SET_LABELS[cells]}"


def _set_heading(ranking: SpaceRanking, key: str) -> str:
    cells = key.split(".")[0] if "." in key else CELLS
    return f"{SET_LABELS[cells].capitalize()} ({ranking.sizes[cells]:,})"


def _ordering_row(ordering: Ordering, ranking: SpaceRanking) -> Row:
    seeds = [run.seed for run in ordering.runs if run.seed is not None]
    cells = {
        "ranking": Cell(text=ordering.label),
        "name": Cell(text=ordering.name),
        "by": Cell(text=ordering.by),
        "n": Cell(value=len(ordering.runs)),
        "unscored": Cell(value=ranking.unscored.get(ordering.name, 0)),
        **{_key(c, q): stat(ordering.summary(q, c)) for c in ranking.sizes for q in ranking.qualities(c)},
    }
    if seeds:
        cells["seeds"] = Cell(text=seed_text(seeds))
    return Row(cells, records=tuple(run.key for run in ordering.runs if run.key))


def _notes(ranking: SpaceRanking, trust: Trust) -> list[str]:
    size = ranking.sizes[CELLS]
    notes = [
        f"Over {size:,} cells (cells, not classes), truth: {ranking.table.primary}. Kendall τ-b; weighted τ counts "
        "exchanges among the best cells most; precision at k is the share of the k cells scored best that are truly "
        f"among the k best, ties included; the last column ranks only the truly best {TOP_SHARE:.0%} of the "
        "cells.".replace("%", "\u202f%")
    ]
    if any(len(ordering.runs) > 1 for ordering in ranking.orderings):
        notes.append("Mean ± sample standard deviation over seeds; brackets: 95 % interval of the mean over seeds.")
    if trust.ceiling is not None:
        notes.append(
            "A perfect ranking does not reach τ = 1, because trained networks differ by seed "
            f"(spread of trials: {trust.trials_of})."
        )
    else:
        notes.append(f"What a perfect ranking would reach is unknown: {trust.unknown}.")
    missing = [f"{name}: {count:,}" for name, count in ranking.unscored.items()]
    if missing:
        notes.append(f"Cells without a score, left out for every ranking: {', '.join(missing)}.")
    return notes


def _set_note(ranking: SpaceRanking) -> str:
    text = "Classes compute the same function when trained; score and truth are means over a class's ranked cells."
    if WITHOUT_PROBES in ranking.sizes:
        text += " Scales are tuned on the probe cells, so the last column leaves them out."
    return text


def _difference_table(ranking: SpaceRanking, caption: str) -> Table:
    columns = (
        Column("pair", "Compared", "text"),
        Column("difference", "Difference of τ", digits=3, parts=("difference", "low", "high", "n"), show_std=False),
        Column("ahead", "Seeds ahead", "text"),
        Column("p", "p (Holm)", "text"),
    )
    rows = tuple(
        Row(
            {
                "pair": Cell(text=found.label),
                "difference": _difference_cell(found),
                "ahead": Cell(text=f"{found.ahead} of {found.tested.comparison.n}"),
                "p": Cell(text=_p_text(found)),
            }
        )
        for found in ranking.differences
    )
    note = (
        "τ over all ranked cells. Positive: the first ranks better. Rankings are paired by seed; a baseline is one "
        "fixed number on these cells. p-values are adjusted within each question (Holm): against each baseline, by "
        "loss against by accuracy, and between the methods."
    )
    return Table(columns, rows, title="Differences", caption=caption, notes=(note,))


def _difference_cell(found: Difference) -> Cell:
    c = found.tested.comparison
    return Cell(value=finite(c.difference), low=finite(c.low), high=finite(c.high), n=c.n)


def _p_text(found: Difference) -> str:
    c = found.tested.comparison
    return f"underpowered (n = {c.n})" if c.underpowered else p_equals(found.tested.p)


def _estimate(trust: Trust) -> dict[str, float] | None:
    found = trust.reliability
    return None if found is None else {"value": found.value, "low": found.low, "high": found.high}


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: finite(value) for name, value in values.items()}


def _ordering_numbers(ordering: Ordering) -> dict[str, Any]:
    summaries = {cells: {q: ordering.summary(q, cells) for q in found} for cells, found in ordering.values.items()}
    return {
        "name": ordering.name,
        "by": ordering.by,
        "summary": {
            cells: {
                quality: {**{part: finite(getattr(s, part)) for part in _PARTS[:-1]}, "n": s.n, "interval": s.interval}
                for quality, s in found.items()
            }
            for cells, found in summaries.items()
        },
        "runs": [
            {
                "seed": run.seed,
                "key": run.key or None,
                "values": {
                    cells: {quality: finite(values[place]) for quality, values in found.items()}
                    for cells, found in ordering.values.items()
                },
            }
            for place, run in enumerate(ordering.runs)
        ],
    }


def _difference_numbers(found: Difference) -> dict[str, Any]:
    c = found.tested.comparison
    return {
        "first": found.first,
        "second": found.second,
        "difference": finite(c.difference),
        "low": finite(c.low),
        "high": finite(c.high),
        "n": c.n,
        "ahead": found.ahead,
        "p": found.tested.p,
        "test": c.test,
    }
