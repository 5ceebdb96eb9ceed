"""Forgetting as tables: what people read of it, and every number for machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from nasrepro.metrics.significance import MINIMUM_PAIRS, Comparison
from nasrepro.reporting.analysis import Analysis, MethodResult, Tested, adjusted
from nasrepro.reporting.comparison_table import difference_cell, p_text
from nasrepro.reporting.forgetting import MANY, Forgetting, Quantity
from nasrepro.reporting.sharing import EDGE, Unit
from nasrepro.reporting.table_model import Cell, Column, NumbersFile, Row, Table, decimal, join_words, seed_text, stat

TITLE, SHARING_TITLE = "Forgetting", "What one update does to other cells"
FILES = ("forgetting.csv", "sharing.csv")
_POINTS: tuple[Quantity, ...] = ("drop", "chance", "late_drop", "late_chance", "change", "late_change")
_SHARES: tuple[Quantity, ...] = ("fallen", "late_fallen")
_LOSSES: tuple[Quantity, ...] = ("near", "far")


def watched_rows(analysis: Analysis) -> list[tuple[MethodResult, Forgetting]]:
    """The rows whose runs watched cells, in their order."""
    return [(result, result.forgetting) for result in analysis.methods if result.forgetting is not None]


def shared_unit(analysis: Analysis) -> Unit:
    """What is counted as shared; that of edges where nothing was watched."""
    return next((own.unit for _, own in watched_rows(analysis)), EDGE)


def late_changes(analysis: Analysis) -> dict[str, Tested]:
    """By row: the change over a lag in the second half of training against none; one family (Holm)."""
    return _family(analysis, lambda own: own.versus_still)


def sharing_gaps(analysis: Analysis) -> dict[str, Tested]:
    """By row: what an update does to the loss of near cells minus what it does to far ones; one family (Holm)."""
    return _family(analysis, lambda own: own.near_minus_far)


def _family(analysis: Analysis, read: Callable[[Forgetting], Comparison | None]) -> dict[str, Tested]:
    compared = {result.method: read(own) for result, own in watched_rows(analysis)}
    return adjusted({name: found for name, found in compared.items() if found is not None})


def forgetting_numbers(analysis: Analysis) -> Table:
    """A row per method that watched cells, with everything that is known of it."""
    near = f"Change of loss, {MANY} {shared_unit(analysis).things} shared or more"
    columns = (
        Column("method", "Method", "text"),
        *([Column("protocol", "Protocol", "text")] if len(analysis.protocols) > 1 else []),
        *([Column("settings", "Settings", "text")] if any(result.settings for result in analysis.methods) else []),
        Column("seeds", "Seeds", "text"),
        *(Column(name, name, "count") for name in ("n", "cells", "images", "looks", "lag_looks")),
        Column("lag_steps", "Weight updates per lag", "number"),
        Column("drop", "Below the own best at the end", show_std=False, higher_is_better=False),
        Column("chance", "By chance alone"),
        Column("late_drop", "Below the best of the second half", show_std=False, higher_is_better=False),
        Column("late_chance", "By chance alone, second half"),
        Column("change", "Change over a lag", show_std=False, higher_is_better=True),
        Column("fallen", "Share of changes that are losses", digits=3),
        Column("late_change", "Change over a lag, second half", show_std=False, higher_is_better=True),
        Column("late_fallen", "Share of losses, second half", digits=3),
        Column("late_change.p", "p (Holm)", "number"),
        Column("near", near, digits=4, show_std=False),
        Column("far", "Change of loss, none shared", digits=4, show_std=False),
        Column("near_minus_far", "Near minus far", digits=4, parts=("difference", "low", "high", "n")),
        Column("near_minus_far.p", "p (Holm)", "number"),
        Column("path_steps_per_update", "Path steps per update", "number"),
        Column("ms_per_update", "ms per update", "number", digits=1),
    )
    late, gaps = late_changes(analysis), sharing_gaps(analysis)
    rows = [_row(r, own, late.get(r.method), gaps.get(r.method)) for r, own in watched_rows(analysis)]
    return Table(columns, tuple(rows))


def _row(result: MethodResult, own: Forgetting, late: Tested | None, gap: Tested | None) -> Row:
    cells: dict[str, Cell] = {
        "method": Cell(text=result.method),
        "protocol": Cell(text=result.protocol),
        "settings": Cell(text=result.settings),
        "seeds": Cell(text=seed_text(result.seeds)),
        "n": Cell(value=len(result.done)),
        "cells": Cell(value=own.cells),
        "images": Cell(value=own.images),
        "looks": Cell(value=own.looks),
        "lag_looks": Cell(value=own.lag),
        "lag_steps": Cell(value=own.lag_steps),
        **{name: stat(own.summary(name)) for name in (*_POINTS, *_SHARES, *_LOSSES)},
        "path_steps_per_update": Cell(value=result.mean_of(lambda r: r.cost.path_steps / r.cost.steps)),
        "ms_per_update": Cell(value=result.mean_of(lambda r: r.cost.ms_per_step)),
    }
    for name, chance in (("drop", "chance"), ("late_drop", "late_chance")):
        cells[name] = replace(cells[name], note=f"{decimal(cells[chance].value or 0.0, 2)} by chance")
    if late is not None:
        cells["late_change"] = replace(cells["late_change"], note=p_text(late), bold=late.significant)
        cells["late_change.p"] = Cell(value=late.p)
    if gap is not None:
        cells["near"] = replace(cells["near"], note=f"near − far: {p_text(gap)}", bold=gap.significant)
        cells |= {"near_minus_far": difference_cell(gap), "near_minus_far.p": Cell(value=gap.p)}
    return Row(cells, records=tuple(record.key for record in result.records))


def sharing_numbers(analysis: Analysis) -> Table:
    """A row per method, kind of sharing and number of things shared."""
    columns = (
        Column("method", "Method", "text"),
        Column("shared", "Shared", "text"),
        Column("number", "Number", "count"),
        Column("pairs", "Pairs", "count"),
        Column("loss", "Change of loss", digits=4),
        Column("accuracy", "Change of accuracy", digits=3),
    )
    rows = tuple(
        Row(
            {
                "method": Cell(text=result.method),
                "shared": Cell(text=own.unit.things if kind == "edges" else kind),
                "number": Cell(value=point.number),
                "pairs": Cell(value=point.pairs),
                "loss": stat(point.loss),
                "accuracy": stat(point.accuracy),
            }
        )
        for result, own in watched_rows(analysis)
        for kind, points in own.sharing.items()
        for point in points
    )
    return Table(columns, rows)


def forgetting_views(analysis: Analysis, caption: str) -> list[Table]:
    """The tables people read; none where no run watched cells."""
    rows = watched_rows(analysis)
    if not rows:
        return []
    keys = ["method", "drop", "late_drop", "change", "late_change", "near", "far"]
    keys += ["path_steps_per_update", "ms_per_update"]
    view = forgetting_numbers(analysis).select(keys, title=TITLE, caption=caption, notes=_notes(analysis))
    sharing = _sharing_view(rows, caption)
    return [view, sharing] if sharing.rows else [view]


def forgetting_files(analysis: Analysis) -> list[NumbersFile]:
    """The tables for machines; none where no run watched cells."""
    made = (forgetting_numbers(analysis), sharing_numbers(analysis))
    named = zip((TITLE, SHARING_TITLE), FILES, made, strict=True)
    return [NumbersFile(title, name, table) for title, name, table in named if table.rows]


def _sharing_view(rows: Sequence[tuple[MethodResult, Forgetting]], caption: str) -> Table:
    """A column per number of shared things."""
    unit = rows[0][1].unit
    columns = [Column(str(number), f"{number} shared", digits=4, show_std=False) for number in range(unit.most + 1)]
    made = tuple(
        Row(
            {
                "method": Cell(text=result.method),
                **{str(point.number): _with_pairs(stat(point.loss), point.pairs) for point in own.sharing["edges"]},
            }
        )
        for result, own in rows
        if "edges" in own.sharing
    )
    table = Table((Column("method", "Method", "text"), *columns), made)
    note = (
        "Change of a watched cell's loss (nats, after minus before) across single updates of the weights, "
        f"{unit.counted}. Means of the seeds' means with 95 % intervals; pairs are looks times cells, of all seeds. "
        "Updates of mixtures are left out."
    )
    keys = ["method", *(column.key for column in columns)]
    return table.select(keys, title=SHARING_TITLE, caption=caption, notes=[note])


def _with_pairs(cell: Cell, pairs: int) -> Cell:
    return replace(cell, note=f"{pairs:,} pair{'' if pairs == 1 else 's'}")


def _notes(analysis: Analysis) -> list[str]:
    rows = watched_rows(analysis)
    watched = join_words(sorted({f"{own.cells} cells on {own.images:,} images, {own.looks} looks" for _, own in rows}))
    lags = join_words(sorted({f"{own.lag_steps:,.0f}" for _, own in rows}), last="or")
    notes = [
        f"Inherited accuracy of {watched}, in percentage points; brackets: 95 % interval over seeds. Below the own "
        "best grows with noise alone: by chance is what it would be if weights stood still and only the images were "
        f"drawn anew. A change is the accuracy a tenth of the looks ({lags} weight updates) later minus the accuracy, "
        "where noise cancels; early in training it is mostly learning, so the second half says more of forgetting.",
        f"Change of loss: of the cross-entropy (nats) across a single update, by how many {rows[0][1].unit.things} a "
        "cell shares with the sampled cell; other paths, which a regularizer runs, move their weights in the same "
        "update and do not count. "
        "ms per update: of supernet, sampler and regularizer; scoring probe and watched cells is left out.",
    ]
    tested = [*late_changes(analysis).values(), *sharing_gaps(analysis).values()]
    if any(own.p is not None for own in tested):
        notes.append(
            "Tests: late changes against none; loss of near minus that of far cells, paired by seed (sign flips, Holm "
            "over each column). Bold: shown to differ."
        )
    if any(own.comparison.underpowered for own in tested):
        notes.append(f"Fewer than {MINIMUM_PAIRS} seeds: underpowered, no p.")
    return notes
