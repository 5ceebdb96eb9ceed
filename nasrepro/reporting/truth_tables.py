"""The tables of a page about a truth."""

from __future__ import annotations

from collections.abc import Sequence

from nasrepro.metrics.resampling import Estimate
from nasrepro.reporting.drawing import edge_name
from nasrepro.reporting.table_model import Cell, Column, Row, Table, decimal, finite
from nasrepro.reporting.truth_agreement import Agreement
from nasrepro.reporting.truth_analysis import EdgeEffects, TruthAnalysis
from nasrepro.reporting.truth_cells import COLUMNS, op_name
from nasrepro.spaces import nb201

_TAU = ("value", "low", "high")


def distribution_table(analysis: TruthAnalysis) -> Table:
    """Accuracies of all cells, of those that depend on their input and of those that do not, per final split."""
    columns = (
        Column("measured", "Measurement", "text"),
        Column("group", "Cells", "text"),
        Column("cells", "n", "count"),
        *(
            Column(key, label, "number")
            for key, label in (
                ("minimum", "worst"),
                ("quarter", "quarter"),
                ("median", "median"),
                ("three_quarters", "three quarters"),
                ("maximum", "best"),
            )
        ),
        Column("mean", "mean ± sd", parts=("mean", "std")),
    )
    rows, before = [], None
    for sample in analysis.samples:
        cells = {
            "measured": Cell(text=str(sample.measured)),
            "group": Cell(text=sample.group),
            "mean": Cell(value=sample.mean, std=finite(sample.std)),
            **{c.key: Cell(value=getattr(sample, c.key)) for c in columns if c.kind in ("count", "number")},
        }
        rows.append(Row(cells, first_of_group=sample.measured is not before))
        before = sample.measured
    notes = (
        "Mean accuracy over trials in percent; every cell counts once (cells, not classes). The mean of all cells is "
        "the expected worth of one uniform cell.",
    )
    return Table(columns, tuple(rows), "Accuracies", notes=notes)


def best_table(analysis: TruthAnalysis) -> Table:
    """The best functional classes by the primary measurement."""
    final = analysis.table.final
    columns = (
        Column("cell", "Cell", "text"),
        Column("value", f"{final[0]} (%)", parts=("mean", "std")),
        Column("members", "cells of its class", "count"),
        *(Column(f"rank.{m.split}", f"rank by {m.split}", "count") for m in final),
        Column("params", "parameters", "count"),
    )
    rows = [
        Row(
            {
                "cell": Cell(text=f"nb201:{best.index}"),
                "value": Cell(value=best.value, std=finite(best.seed_std)),
                "members": Cell(value=best.members),
                **{f"rank.{m.split}": Cell(value=best.ranks[m.key]) for m in final},
                "params": Cell(value=int(analysis.table.params[best.index])),
            }
        )
        for best in analysis.best
    ]
    notes = (
        "One cell, its best, of each of the best functional classes; ± is the standard deviation over its trials.",
    )
    return Table(columns, tuple(rows), "The best cells", notes=notes)


def noise_table(analysis: TruthAnalysis) -> Table:
    """Per measurement, how much is signal and how its ranking agrees with others."""
    main = analysis.table.primary
    columns = (
        Column("measured", "Measurement", "text"),
        Column("cells", "cells", "count"),
        Column("trials", "trials", "text"),
        Column("cell_std", "sd of cells", "number"),
        Column("seed_std", "sd of seeds", "number"),
        Column("reliability", "reliability", parts=_TAU, digits=3),
        Column("halves", "τ of half the trials with the rest", "number", digits=3),
        Column("halves_apart", "… on the other split", "number", digits=3),
        Column("ceiling", "noise ceiling of τ", "number", digits=3),
        Column("other_split", "τ with the other split", "number", digits=3),
        Column("primary", f"τ with {main}", "number", digits=3),
    )
    rows, borrowed = [], []
    for noise in analysis.noise:
        trials = "" if noise.trials is None else "–".join(map(str, dict.fromkeys(noise.trials)))
        marks = ("†",) if noise.ceiling_from else ()
        borrowed += [f"{noise.measured}: {noise.ceiling_from}"] if noise.ceiling_from else []
        cells = {
            "measured": Cell(text=str(noise.measured)),
            "cells": Cell(value=noise.cells),
            "trials": Cell(text=trials or None),
            "cell_std": Cell(value=finite(noise.cell_std)),
            "seed_std": Cell(value=finite(noise.seed_std)),
            "reliability": _estimate(noise.reliability),
            "halves": Cell(value=finite(noise.halves)),
            "halves_apart": Cell(value=finite(noise.halves_apart)),
            "ceiling": Cell(value=finite(noise.ceiling), marks=marks),
            "other_split": Cell(value=finite(noise.tau_other_split)),
            "primary": Cell(value=finite(noise.tau_primary)),
        }
        rows.append(Row(cells))
    notes = [
        "Over cells whose output depends on the input; cells of one functional class that share one measurement "
        "count once. Reliability: share of the variance of the cells' means that is not seed noise, with a bootstrap "
        "interval over cells. Noise ceiling: Kendall's τ-b that a perfect ranking can expect against these means. Both "
        "know the luck of the seed only, not that test images are few. Every τ is τ-b; where two measurements come "
        "from the same trainings they share that luck.",
    ]
    if borrowed:
        notes.append(f"† Seed noise taken from another measurement ({'; '.join(borrowed)}).")
    return Table(columns, tuple(rows), "How far a measurement can be trusted", notes=tuple(notes))


def agreement_table(found: Agreement) -> Table:
    """τ of both truths with each other and with counting parameters."""
    here, there = found.table, found.other
    columns = (
        Column("ranking", "Ranking", "text"),
        Column("this", f"τ with {here.benchmark}", parts=_TAU, digits=3),
        Column("other", f"τ with {there.benchmark}", parts=_TAU, digits=3),
        Column("gain", f"{here.benchmark} ahead of it by", parts=("difference", "low", "high"), digits=3),
        Column("within", "τ of the two truths among cells equal in it", parts=_TAU, digits=3),
    )
    rows = [
        Row({"ranking": Cell(text=here.benchmark), "other": _estimate(found.tau)}),
        *(
            Row(
                {
                    "ranking": Cell(text=name),
                    "this": _estimate(taus[0]),
                    "other": _estimate(taus[1]),
                    "gain": _estimate(gain),
                    "within": _estimate(within),
                }
            )
            for name, taus, gain, within in (
                ("parameter count", found.params, found.gain_params, found.within_params),
                ("size of live convolutions", found.live, found.gain_live, found.within_live),
            )
        ),
        Row(
            {
                "ranking": Cell(text="noise ceiling"),
                "this": Cell(value=finite(found.ceilings[0])),
                "other": Cell(value=finite(found.ceilings[1])),
            },
            reference=True,
        ),
    ]
    notes = (
        f"Kendall's τ-b over {found.cells:,} cells (cells, not classes), those included whose output ignores their "
        f"input; {here.benchmark}: {here.primary}, {there.benchmark}: {there.primary}. Intervals (95 %) from a "
        f"jackknife that leaves out groups of the {found.classes:,} functional classes, the same for every number. "
        "Live convolutions lie on a path from input to output; a 3×3 counts nine times a 1×1. Without the cells whose "
        f"output ignores their input, the truths agree with τ = {decimal(found.tau_dependent.value, 3)}.",
    )
    return Table(columns, tuple(rows), f"Agreement with {there.benchmark}", notes=notes)


def edge_table(edges: EdgeEffects) -> Table:
    """Mean difference per edge and operation, of accuracy and of rank."""
    columns = (
        Column("edge", "Edge", "text"),
        Column("of", "Difference of", "text"),
        *(Column(nb201.OPS[op], op_name(op), "number", parts=("difference",)) for op in COLUMNS),
        Column("share", "share of the variance, %", "number", digits=1),
    )
    rows = []
    for name, values, shares in (
        ("accuracy, %", edges.difference, edges.share),
        ("rank, % of the cells", edges.rank_difference, edges.rank_share),
    ):
        for number, edge in enumerate(nb201.EDGES):
            cells = {"edge": Cell(text=edge_name(*edge)), "of": Cell(text=name)}
            cells |= {nb201.OPS[op]: Cell(value=finite(values[number, op])) for op in COLUMNS}
            cells["share"] = Cell(value=finite(100 * float(shares[number])))
            rows.append(Row(cells, first_of_group=number == 0))
    notes = (
        f"{edges.measured}, all {edges.cells:,} cells, those included whose output ignores their input. The share is "
        "that of the variance between cells which the operation on this edge alone accounts for; shares of different "
        "edges add up, and what is missing from 100 % is how edges act together.",
    )
    return Table(columns, tuple(rows), "Edges and operations", notes=notes)


def all_tables(analysis: TruthAnalysis, found: Agreement | None) -> Sequence[tuple[str, Table]]:
    """Every table with the name of its file, in reading order."""
    tables = [
        ("distribution", distribution_table(analysis)),
        ("best", best_table(analysis)),
        ("noise", noise_table(analysis)),
    ]
    if found is not None:
        tables.append(("agreement", agreement_table(found)))
    return [*tables, ("edges", edge_table(analysis.edges))]


def _estimate(estimate: Estimate) -> Cell:
    return Cell(value=finite(estimate.value), low=finite(estimate.low), high=finite(estimate.high))
