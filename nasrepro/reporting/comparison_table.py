"""An analysis as tables: one with everything for machines, and the views people read."""

from __future__ import annotations

from collections.abc import Sequence

from nasrepro.reporting.analysis import Analysis, MethodResult, Scoring, Tested
from nasrepro.reporting.comparison_notes import other_notes, ranking_note, reads_text, worth_notes
from nasrepro.reporting.grouping import BEST_EPOCH, PRIMARY
from nasrepro.reporting.ranking import Ranking
from nasrepro.reporting.table_model import EMPTY, Cell, Column, Row, Table, decimal, finite, seed_text, stat

WORTH = "What the found cells are worth"
"""Title of the table that every comparison has."""
_PARAMS = Column("params", "Parameters (millions)", digits=3, parts=("mean", "std"), show_interval=False)
_MEMORY = Column("memory_mib", "GPU memory of one run (MiB), at most", "count")
DIFFERENCE_PARTS = ("difference", "low", "high", "n")


def full_table(analysis: Analysis) -> Table:
    """Every column that any view or machine needs, a row per method, then what is known of the space."""
    columns = (
        Column("method", "Method", "text"),
        *([Column("protocol", "Protocol", "text")] if len(analysis.protocols) > 1 else []),
        *([Column("settings", "Settings", "text")] if any(result.settings for result in analysis.methods) else []),
        Column("seeds", "Seeds", "text"),
        Column("n", "n", "count"),
        *(_scoring_column(scoring) for scoring in analysis.scorings),
        *([_PARAMS] if analysis.trained else []),
        Column("regret", "Regret", higher_is_better=False, parts=("mean", "std", "low", "high")),
        Column("percentile", "Share of space beaten", digits=3, higher_is_better=True),
        Column("vs_random", "Gain over a random cell", parts=DIFFERENCE_PARTS, show_std=False),
        Column("vs_random.p", "p (Holm)", "number", digits=4),
        Column("vs_random.test", "Test", "text"),
        Column("tau", f"τ by {_scored_by(analysis)}", digits=3, higher_is_better=True),
        Column("tau_loss", "τ by loss", digits=3, higher_is_better=True, parts=("mean", "std", "low", "high")),
        Column("tau_live", "τ without dead cells", digits=3, parts=("mean", "std", "low", "high")),
        Column("tau.params", "τ of parameter count", "number", digits=3),
        Column("tau.live_params", "τ of live conv. parameters", "number", digits=3),
        Column("tau.macs", "τ of MACs", "number", digits=3),
        Column("tau.chance_p", "p against relabeled cells", "number", digits=4),
        Column("tau.ceiling", "τ of a perfect ranking", "number", digits=3),
        Column("tau.verdict", "Beats the parameter count?", "text"),
        Column("steps", "Weight updates", "count"),
        Column("path_steps", "Path steps", "count"),
        Column("forward_passes", "Batches scored", "count"),
        Column("samples", "Training samples", "count"),
        Column("queries.valid", "Validation queries", "count"),
        Column("queries.scored", "Queries of the scored number", "count"),
        Column("seconds", "Seconds", digits=0, parts=("mean",), show_std=False),
        *([_MEMORY] if any(_peak(result) for result in analysis.methods) else []),
        Column("diverged", "Diverged", "count"),
        Column("failed", "Failed", "count"),
    )
    rows = [_method_row(result, analysis) for result in analysis.methods]
    return Table(columns, (*rows, *_reference_rows(analysis)))


def views(analysis: Analysis, caption: str) -> list[Table]:
    """The tables people read: worth of the found cells, other scorings, ranking quality, cost."""
    table = full_table(analysis)
    tables = [
        table.select(
            ["method", "seeds", PRIMARY, _PARAMS.key, "regret", "percentile", "vs_random"],
            title=WORTH,
            caption=caption,
            notes=worth_notes(analysis),
        )
    ]
    others = [scoring.name for scoring in analysis.scorings if scoring.name != PRIMARY]
    if others:
        tables.append(
            table.select(
                ["method", *others],
                title="The same cells under the other scorings",
                caption=caption,
                notes=other_notes(analysis),
            )
        )
    runs_only = Table(table.columns, tuple(row for row in table.rows if not row.reference))
    if any(result.ranking for result in analysis.methods):
        tables.append(_ranking_view(runs_only, analysis, caption))
    cost = [
        "method",
        "steps",
        "path_steps",
        "forward_passes",
        "samples",
        "queries.valid",
        "queries.scored",
        "seconds",
        _MEMORY.key,
        "diverged",
        "failed",
    ]
    judging = "training the found cell unless that was done before" if analysis.trained else "looking the truth up"
    note = (
        "Means over finished runs. Counts do not depend on the machine; seconds do, and they include scoring the probe "
        f"cells and {judging}."
    )
    tables.append(runs_only.select(cost, title="What the searches cost", caption=caption, notes=[note]))
    return tables


def pair_table(analysis: Analysis) -> Table:
    """The tests between methods, as one family."""
    columns = (
        Column("pair", "Compared", "text"),
        Column("difference", "Difference", parts=DIFFERENCE_PARTS, show_std=False),
        Column("n", "Shared seeds", "count"),
        Column("p", "p (Holm)", "text"),
    )
    rows = tuple(
        Row(
            {
                "pair": Cell(text=f"{a} − {b}"),
                "difference": difference_cell(t),
                "n": Cell(value=t.comparison.n),
                "p": _p(t),
            }
        )
        for (a, b), t in analysis.pairs.items()
    )
    common = "seed number" if reads_text(analysis) else "seed number and the split of the data"
    note = f"Positive: the first is better. Pairs share the {common}."
    return Table(columns, rows, title=f"Tests between the {analysis.noun}s", notes=(note,))


def _ranking_view(table: Table, analysis: Analysis, caption: str) -> Table:
    keys = [
        "method",
        "tau",
        "tau_loss",
        "tau_live",
        "tau.params",
        "tau.live_params",
        "tau.macs",
        "tau.chance_p",
        "tau.ceiling",
        "tau.verdict",
    ]
    ranked = {result.method: result.ranking for result in analysis.methods if result.ranking}
    rows = tuple(row for row in table.rows if row["method"].text in ranked)
    return Table(table.columns, rows).select(
        keys, title="How well the supernets rank", caption=caption, notes=[ranking_note(next(iter(ranked.values())))]
    )


def _scored_by(analysis: Analysis) -> str:
    """What orders the probe cells."""
    rankings = (result.ranking for result in analysis.methods if result.ranking)
    first: Ranking | None = next(rankings, None)
    return first.scored_by if first else "accuracy"


def _scoring_column(scoring: Scoring) -> Column:
    return Column(scoring.name, scoring_label(scoring), higher_is_better=scoring.higher_is_better)


def scoring_label(scoring: Scoring) -> str:
    """`Test accuracy (%)` for the primary scoring, `cifar100 test (%)` for the others."""
    unit = "accuracy (%)" if scoring.higher_is_better else "perplexity"
    if scoring.name == PRIMARY:
        return f"{scoring.split.capitalize()} {unit}"
    if scoring.name == BEST_EPOCH:
        return f"{scoring.split.capitalize()} {unit}, best epoch"
    return f"{scoring.dataset} {scoring.split} {'(%)' if scoring.higher_is_better else unit}"


def _method_row(result: MethodResult, analysis: Analysis) -> Row:
    wins = result.method == analysis.winner
    versus = result.versus_random
    cells = {
        "method": Cell(text=result.method, bold=wins),
        "protocol": Cell(text=result.protocol),
        "settings": Cell(text=result.settings),
        "seeds": Cell(text=seed_text(result.seeds)),
        "n": Cell(value=len(result.done)),
        **{name: stat(summary, bold=wins and name == PRIMARY) for name, summary in result.scores.items()},
        "params": stat(result.params),
        "regret": stat(result.regret),
        "percentile": stat(result.percentile),
        "diverged": Cell(value=len(result.diverged)),
        "failed": Cell(value=len(result.failed)),
        **_ranking_cells(result),
        **_cost_cells(result),
    }
    if versus is not None:
        cells["vs_random"] = difference_cell(versus, note=p_text(versus))
        cells["vs_random.p"] = Cell(value=versus.p)
        cells["vs_random.test"] = Cell(text=versus.comparison.test)
    return Row(cells, records=tuple(record.key for record in result.records))


def _ranking_cells(result: MethodResult) -> dict[str, Cell]:
    ranking = result.ranking
    if ranking is None:
        return {}
    return {
        "tau": stat(ranking.tau),
        **({"tau_loss": stat(ranking.tau_loss)} if ranking.scored_by == "accuracy" else {}),
        "tau_live": stat(ranking.tau_live),
        "tau.params": Cell(value=ranking.by_params),
        "tau.live_params": Cell(value=ranking.by_live_params),
        "tau.macs": Cell(value=ranking.by_macs),
        "tau.chance_p": Cell(value=ranking.versus_chance.p) if ranking.versus_chance else EMPTY,
        "tau.ceiling": Cell(value=ranking.ceiling),
        **({"tau.verdict": Cell(text=params_verdict(result))} if ranking.versus_chance is None else {}),
    }


def params_verdict(result: MethodResult) -> str:
    """Whether the supernets rank better than the parameter count, in a few words with their certainty."""
    ranking, tested = result.ranking, result.versus_params
    if ranking is None or tested is None or ranking.by_params is None:
        return "not known"
    count = f"{sum(tau > ranking.by_params for tau in ranking.taus.values())} of {len(ranking.taus)} seeds above"
    if tested.comparison.underpowered:
        return f"{count} (underpowered)"
    answer = ("yes" if tested.comparison.difference > 0 else "no") if tested.significant else "not shown"
    return f"{answer}; {count}, {p_equals(tested.p)}"


def _cost_cells(result: MethodResult) -> dict[str, Cell]:
    return {
        "steps": Cell(value=result.mean_of(lambda r: r.cost.steps)),
        "path_steps": Cell(value=result.mean_of(lambda r: r.cost.path_steps)),
        "forward_passes": Cell(value=result.mean_of(lambda r: r.cost.forward_passes) or None),
        "samples": Cell(value=result.mean_of(lambda r: r.cost.samples)),
        "queries.valid": Cell(value=result.mean_of(lambda r: r.cost.queries.get("valid", 0))),
        "queries.scored": Cell(value=result.mean_of(lambda r: r.cost.queries.get("scored", 0)) or None),
        "seconds": Cell(value=result.mean_of(lambda r: r.cost.wall_clock)),
        **({_MEMORY.key: Cell(value=peak)} if (peak := _peak(result)) else {}),
    }


def _peak(result: MethodResult) -> float | None:
    """MiB of a GPU that a finished run took at most, None where none computed on one."""
    found = [record.cost.memory_bytes for record in result.done if record.cost.memory_bytes is not None]
    return max(found) / 2**20 if found else None


def _reference_rows(analysis: Analysis) -> Sequence[Row]:
    known = [s for s in analysis.scorings if s.optimum is not None or s.random_mean is not None]
    if not known:
        return []
    best = {s.name: Cell(value=s.optimum) for s in known}
    drawn = {s.name: Cell(value=s.random_mean, std=s.random_std) for s in known}
    exact = Row({"method": Cell(text="one uniform cell, exact"), **drawn}, reference=True)
    optimum = Row({"method": Cell(text="best cell of the space"), **best}, reference=True)
    return [exact, optimum]


def difference_cell(tested: Tested, note: str = "") -> Cell:
    """The mean difference with its interval."""
    c = tested.comparison
    return Cell(value=finite(c.difference), low=finite(c.low), high=finite(c.high), n=c.n, note=note)


def _p(tested: Tested) -> Cell:
    return Cell(text=p_text(tested))


def p_text(tested: Tested) -> str:
    if tested.comparison.underpowered:
        return f"underpowered (n = {tested.comparison.n})"
    return p_equals(tested.p)


def p_equals(p: float | None) -> str:
    """`p = 0.012`, `p < 0.001`."""
    if p is None:
        return "no test"
    return "p < 0.001" if p < 0.001 else f"p = {decimal(p, 3)}"
