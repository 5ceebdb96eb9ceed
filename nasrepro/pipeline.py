"""The way of the data, end to end. Read this file first.

    space ──► supernet ──► method ──► genotype ──► oracle ──► record ──► table / figure

One run, from supernet to record, is `experiments/runner.py`; here many runs become a report.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nasrepro import console
from nasrepro.experiments.contrasts import planned_contrasts
from nasrepro.experiments.execute import Lengths, Outcome, execute, unknown_lengths
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.plan import PlannedRun, plan
from nasrepro.records.store import RunStore
from nasrepro.records.variant import Variant
from nasrepro.reporting.comparison import render_comparison


def compare(
    methods: Sequence[str | Variant],
    benchmark: str = "nb201-digits",
    seeds: Sequence[int] = range(5),
    *,
    out: Path,
    runs: Path = Path("runs"),
    scale: str = "laptop",
    protocol: str | Sequence[str] = "sound",
    means: Means | None = None,
    threads: int = 1,
    device: str = "cpu",
    overrides: dict[str, dict[str, Any]] | None = None,
    allow_unverified: bool = False,
    contrasts: Sequence[str] = (),
    command: str = "nasrepro.pipeline.compare",
) -> tuple[Outcome, Path | None]:
    """Search with every method and seed on a `device`, `cpu` or `cuda`, judge what was found, write the report.

    A method may be a variant of one, also as text: `gdas[sampler.tau_start=5]`; the report has a row for each, and for
    each of several protocols that a method has. `contrasts` ask about two rows: `gdas[sampler.tau_start=5] - gdas`.

    Returns what became of the runs and the report's page, None when no run has a record. What is done in `runs`
    is not done again. Raises `UserError` before anything runs when the request cannot be carried out.
    """
    store = RunStore(runs)
    planned = plan(  # methods × seeds on one benchmark: every setting resolved, every input hashed
        methods,
        benchmark,
        list(seeds),
        scale=scale,
        protocol=protocol,
        threads=threads,
        device=device,
        overrides=overrides or {},
        store=store,
        allow_unverified=allow_unverified,
    )
    asked = planned_contrasts(contrasts, planned)
    outcome = carry_out(planned, store, means or Means())
    if not outcome.records:
        return outcome, None
    title = f"Comparison on {benchmark}, {scale} scale"
    return outcome, render_comparison(outcome.records, out, title=title, command=command, contrasts=asked)


def carry_out(
    planned: Sequence[PlannedRun], store: RunStore, means: Means, lengths: Lengths = unknown_lengths
) -> Outcome:
    """Search and judge, run by run; says on stderr what is going on. Where there is no table, the cells that every run
    is held against are trained besides. The longest begin first as far as `lengths` tells."""
    outcome = execute(planned, store, means=means, console=console.messages(), lengths=lengths)
    done = len(outcome.records) - outcome.reused
    console.note(f"runs: {done} new, {outcome.reused} found in '{store.root}', {len(outcome.failures)} failed")
    return outcome
