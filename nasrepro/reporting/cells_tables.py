"""A figure about all cells of a small space in numbers: where answers lie, what each cell is worth, every value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nasrepro.metrics.summary import summarize
from nasrepro.papers.cells_figure import CellsItem, Policy
from nasrepro.reporting.analysis import MethodResult
from nasrepro.reporting.cells_study import places_of
from nasrepro.reporting.cells_values import Trainings, rank_of, shared_matrices, shared_merits
from nasrepro.reporting.claim_table import claim_findings
from nasrepro.reporting.claims import JudgedGroups
from nasrepro.reporting.ours import OursGroup, scale_findings
from nasrepro.reporting.table_model import Cell, Column, Row, Table, join_words, stat

Known = Sequence[tuple[OursGroup, Policy, MethodResult]]
"""The runs of a figure's policies, group by group."""


def known_runs(item: CellsItem, groups: Sequence[OursGroup]) -> Known:
    """What was run of the figure."""
    every = ((group, policy, group.result(policy.variant)) for group in groups for policy in item.policies)
    return [(group, policy, result) for group, policy, result in every if result is not None]


def places_table(known: Known) -> Table:
    """A row per policy: the true places of its answers, each with how many seeds found it."""
    columns = (
        Column("source", "Source", "text"),
        Column("who", "Policy", "text"),
        Column("n", "Seeds", "count"),
        Column("cells", "Different cells", "count"),
        Column("place", "True place, mean", digits=1, higher_is_better=False),
        Column("places", "True places (seeds)", "text"),
    )
    rows = []
    for group, policy, result in known:
        places = {record.spec.seed: rank_of(record) for record in result.done}
        counts = Counter(place for place in places.values() if np.isfinite(place))
        found = {record.found.genotype for record in result.done if record.found is not None}
        cells = {
            "source": Cell(text=group.label),
            "who": Cell(text=policy.label),
            "n": Cell(value=len(result.done)),
            "cells": Cell(value=len(found)),
            "place": stat(summarize([place for place in places.values() if np.isfinite(place)])),
            "places": Cell(text=join_words([f"{place:g} ({count})" for place, count in sorted(counts.items())])),
        }
        rows.append(Row(cells, records=tuple(record.key for record in result.records)))
    note = "Place 1 is the best cell of the space; cells of equal worth share the mean of their places."
    return Table(columns, tuple(rows), title="Where the searches land", notes=(note,))


def worth_table(item: CellsItem, known: Known) -> Table:
    """A row per cell and group, best by truth first: its worth alone and under the shared weights of all runs."""
    with_matrices = any(view.form == "sharing" for view in item.views)
    columns = (
        Column("source", "Source", "text"),
        Column("cell", "Cell", "text"),
        *([Column("matrices", "Shared matrices", "count")] if with_matrices else []),
        Column("place", "True place", "count"),
        Column("truth", "Trained by itself", "number"),
        Column("shared", "Under shared weights", higher_is_better=False),
        Column("moved", "Place under shared weights, mean", "number", digits=1),
    )
    rows: list[Row] = []
    for group, policy, result in known:
        seen = [found for record in result.done if (found := shared_merits(record)) is not None]
        if not seen:
            continue
        probes, _, truth = seen[0]
        shared = np.array([own for _, own, _ in seen])
        places = places_of(-shared).mean(axis=0)
        for place, k in enumerate(np.argsort(-truth, kind="stable"), 1):
            cells = {
                "source": Cell(text=f"{group.label}, {policy.label}"),
                "cell": Cell(text=probes.cells[k]),
                "matrices": Cell(value=shared_matrices(probes.cells[k]) if with_matrices else None),
                "place": Cell(value=place),
                "truth": Cell(value=abs(float(truth[k]))),
                "shared": stat(summarize(np.exp(-shared[:, k]))),
                "moved": Cell(value=float(places[k])),
            }
            rows.append(Row(cells, first_of_group=place == 1))
    note = "Perplexities; under shared weights mean ± sample standard deviation over runs, brackets: 95 % interval."
    return Table(columns, tuple(rows), title="Every cell, by itself and under shared weights", notes=(note,))


def data_of_cells(known: Known, trainings: Mapping[str, Trainings]) -> Table:
    """Every value behind the figure: answers, cells under shared weights by step, cells by themselves by epoch."""
    names = ("source", "method", "what", "cell")
    columns = (
        *(Column(name, name, "text") for name in names),
        Column("run", "run", "number", digits=0),
        Column("at", "at", "number", digits=0),
        Column("value", "value", "number"),
        Column("truth", "truth", "number"),
    )
    rows = [row for group, _, result in known for row in _run_rows(group, result)]
    for benchmark, own in trainings.items():
        for trial, cell, epoch in np.ndindex(*own.perplexity.shape):
            said = {"source": benchmark, "method": "", "what": "trained by itself", "cell": own.cells[cell]}
            value = float(own.perplexity[trial, cell, epoch])
            numbers = {"run": trial, "at": own.epochs[epoch], "value": value if np.isfinite(value) else None}
            rows.append(_row(said, numbers))
    return Table(columns, tuple(rows))


def _run_rows(group: OursGroup, result: MethodResult) -> Iterator[Row]:
    for record in result.done:
        said = {"source": group.label, "method": result.variant}
        if record.found is not None:
            place = rank_of(record)
            known = {"run": record.spec.seed, "value": place if np.isfinite(place) else None}
            yield _row({**said, "what": "true place of the answer", "cell": record.found.genotype}, known)
        if record.probes is None:
            continue
        for point in record.probes.checkpoints:
            for cell, loss, truth in zip(record.probes.cells, point.loss, record.probes.truth, strict=True):
                numbers = {"run": record.spec.seed, "at": point.step, "value": float(np.exp(loss)), "truth": truth}
                yield _row({**said, "what": "under shared weights", "cell": cell}, numbers)


def _row(said: Mapping[str, str], numbers: Mapping[str, float | None]) -> Row:
    texts = {key: Cell(text=text) for key, text in said.items()}
    return Row(texts | {key: Cell(value=value) for key, value in numbers.items()})


def cells_findings(item: CellsItem, judged: JudgedGroups) -> list[str]:
    """What our runs say of the paper's statements, then what must be known to read that."""
    lines = claim_findings(judged)
    if not judged:
        lines.append(f"Nothing of ours was run for this figure; it needs {join_words(list(item.methods))}.")
    places = sorted({group.benchmark for group, _ in judged})
    if places:
        lines.append(
            f"The paper measured {item.measured_on or item.benchmark}; ours is {join_words(places)}. A statement that "
            "holds or fails here is about the method's behavior there, not about the paper's numbers."
        )
    return lines + scale_findings([group for group, _ in judged])
