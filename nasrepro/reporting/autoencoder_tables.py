"""The tables of the page about autoencoders: what each kind is worth, and every training by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nasrepro.records.autoencoder import (
    AutoencoderMeasures,
    AutoencoderStudy,
    AutoencoderTraining,
    Prior,
    SpaceReference,
)
from nasrepro.reporting.table_model import EMPTY, Cell, Column, Row, Table, decimal
from nasrepro.spaces.nb201 import EDGES, OPS


@dataclass(frozen=True)
class Measure:
    """One row of the comparison: how it is read off an autoencoder, and what it is where nothing is learned."""

    key: str
    label: str
    of: Callable[[AutoencoderMeasures], float | None]
    digits: int = 2
    one_edge: float | None = None
    """Of a neighbour that differs on one edge."""
    random: float | None = None
    """Of a random neighbour, or of cells drawn uniformly."""
    begins: bool = False
    """First of its group."""


def labels(study: AutoencoderStudy) -> list[str]:
    """The kinds of autoencoders, in the order in which they were measured."""
    return list(dict.fromkeys(found.label for found in study.measures))


def measures_of(study: AutoencoderStudy) -> list[Measure]:
    """Every row of the comparison."""
    space = study.reference
    return [
        Measure("reconstructed", "cells given back by decoding their encoding, %", lambda m: 100 * m.reconstructed),
        Measure("image", "different cells that this gives", lambda m: m.image, 0),
        *_apart(space),
        *_smooth(space),
        *_drawn(space),
    ]


def _apart(space: SpaceReference) -> list[Measure]:
    chance = (1 - 1 / (space.cells - 1)) ** (space.cells - 1)  # that none of the others chooses a cell
    rows: tuple[tuple[str, str, Callable[[AutoencoderMeasures], int], float], ...] = (
        ("none", "nobody's nearest neighbour, %", lambda m: m.nearest_of_none, chance),
        ("one", "one other's, %", lambda m: m.nearest_of_one, chance),
        ("several", "several others', %", lambda m: m.nearest_of_several, 1 - 2 * chance),
    )
    return [
        Measure("closest", "closest two cells ¹", lambda m: m.closest, begins=True),
        Measure("isomorphic_closest", "closest two isomorphic cells ¹ ²", lambda m: m.isomorphic_closest),
        Measure(
            "isomorphic_nearest",
            "nearest neighbour is isomorphic, % ²",
            lambda m: 100 * m.isomorphic_nearest,
            random=100 * space.isomorphic_random,
        ),
        *(Measure(key, label, _share(of, space.cells), 1, random=100 * random) for key, label, of, random in rows),
    ]


def _smooth(space: SpaceReference) -> list[Measure]:
    edge, random = space.one_edge, space.random_pairs
    return [
        Measure(
            "one_edge",
            "nearest neighbour differs on one edge, %",
            lambda m: 100 * m.nearest_one_edge,
            1,
            100.0,
            100 * len(EDGES) * (len(OPS) - 1) / (space.cells - 1),
            begins=True,
        ),
        Measure("correlation", "correlation of distance and differing edges", lambda m: m.correlation, random=0.0),
        Measure(
            "accuracy",
            "difference to it, points of accuracy",
            lambda m: m.nearest_gap.accuracy,
            one_edge=edge.accuracy,
            random=random.accuracy,
        ),
        Measure("rank", "difference to it, % of the ranks", lambda m: m.nearest_gap.rank, 1, edge.rank, random.rank),
    ]


def _drawn(space: SpaceReference) -> list[Measure]:
    prior = space.prior
    rows: tuple[tuple[str, str, Callable[[Prior], float], int], ...] = (
        ("connected", "samples with a path from input to output, % ³", lambda p: 100 * p.connected, 1),
        ("distinct", f"different cells among {prior.few:,} samples ³", lambda p: p.distinct_of_few, 0),
        (
            "reached",
            f"of the space among {prior.samples:,} samples, % ³",
            lambda p: 100 * p.distinct / space.cells,
            1,
        ),
    )
    return [
        Measure(key, label, _of_prior(of), digits, random=of(prior), begins=key == "connected")
        for key, label, of, digits in rows
    ]


def comparison_table(study: AutoencoderStudy) -> Table:
    """A row per measure, a column per kind of autoencoder, and two where nothing is learned."""
    kinds = labels(study)
    columns = (
        Column("measure", "", "text"),
        *(Column(label, _headed(study, label), "number") for label in kinds),
        Column("one_edge", "one edge changed", "number"),
        Column("random", "chance", "number"),
    )
    rows = []
    for measure in measures_of(study):
        cells = {
            label: _spread([measure.of(m) for m in study.measures if m.label == label], measure.digits)
            for label in kinds
        }
        cells["one_edge"], cells["random"] = (
            EMPTY if value is None else _spread([value], measure.digits) for value in (measure.one_edge, measure.random)
        )
        rows.append(Row({"measure": Cell(text=measure.label), **cells}, first_of_group=measure.begins))
    rows.insert(1, _held_out_row(study, kinds))
    space = study.reference
    notes = [
        "Means over training seeds, below them the smallest and the largest. Distances are Euclidean, of the graph "
        "autoencoder between means of the latent points, of the LSTM between embeddings H, whose unit vectors are laid "
        "one behind the other. Differences are mean absolute ones of test accuracy, and of the rank by it.",
        "¹ In units of the median distance of a cell to its nearest neighbour; 0 would be two cells in one point.",
        "² Of one official canonical string; the share is of cells that have such a relative.",
        "³ Of N(0, I); chance: cells drawn uniformly. That a sample is a cell is no achievement: the connections are "
        "fixed and a decoder only chooses among five operations, so all are. NAO's autoencoder has no prior.",
    ]
    if any(taught(study, label) for label in kinds):
        notes.append(
            "The LSTM with predictor was shown the validation accuracy, which a search may look up, of every cell; "
            "that its neighbours are alike in test accuracy is then no surprise."
        )
    return Table(columns, tuple(rows), "What a latent space is worth", f"Truth: {space.truth}.", tuple(notes))


def trainings_table(study: AutoencoderStudy) -> Table:
    """A row per training, shipped and held-out, and the cell at its origin."""
    columns = (
        Column("label", "Autoencoder", "text"),
        Column("seed", "seed", "count"),
        Column("cells", "trained on", "count"),
        Column("shown", "gives back, %", "number"),
        Column("held_out", "of held-out cells, %", "number"),
        Column("spelling", "reconstruction loss, nats", "number", digits=4),
        Column("divergence", "KL, nats", "number", digits=2),
        Column("seconds", "seconds", "count"),
        Column("origin", "z = 0 decodes to", "text"),
        Column("worth", "its accuracy, %", "number"),
    )
    origins = {(m.label, m.seed): m.origin for m in study.measures}
    rows, before, order = [], None, labels(study)
    for training in sorted(study.trainings, key=lambda t: (_place(t.label, order), -t.cells, t.seed)):
        whole = training.reconstructed_held_out is None
        origin = origins.get((training.label, training.seed)) if whole else None
        spelling, *divergence = training.losses[-1]
        cells = {
            "label": Cell(text=training.label),
            "seed": Cell(value=training.seed),
            "cells": Cell(value=training.cells),
            "shown": Cell(value=100 * training.reconstructed),
            "held_out": EMPTY if whole else Cell(value=_percent(training.reconstructed_held_out)),
            "spelling": Cell(value=spelling) if divergence else EMPTY,
            "divergence": Cell(value=divergence[0]) if divergence else EMPTY,
            "seconds": Cell(value=training.seconds),
        }
        if origin is not None:
            cells |= {"origin": Cell(text=origin.genotype), "worth": Cell(value=origin.worth)}
        rows.append(Row(cells, first_of_group=training.label != before))
        before = training.label
    notes = (
        "Losses of the last epoch, with the noise and the changing weights of training. Seconds on one core of the "
        "machine named below, which other work may have shared. Weights of trainings with held-out cells are not kept.",
    )
    return Table(columns, tuple(rows), "Every training", notes=notes)


def taught(study: AutoencoderStudy, label: str) -> bool:
    """Whether accuracies of cells took part in the training of a kind."""
    return any(t.label == label and t.recipe.get("trade_off", 0) > 0 for t in study.trainings)


def held_out(study: AutoencoderStudy, label: str) -> list[AutoencoderTraining]:
    """The trainings of a kind that did not see all cells."""
    return [t for t in study.trainings if t.label == label and t.reconstructed_held_out is not None]


def _place(label: str, order: Sequence[str]) -> int:
    return order.index(label) if label in order else len(order)


def _held_out_row(study: AutoencoderStudy, kinds: Sequence[str]) -> Row:
    cells = {}
    for label in kinds:
        values = [_percent(t.reconstructed_held_out) for t in held_out(study, label)]
        cells[label] = _spread(values, 2)
    return Row({"measure": Cell(text="held-out cells given back after training on the others, %"), **cells})


def _headed(study: AutoencoderStudy, label: str) -> str:
    count = sum(m.label == label for m in study.measures)
    return f"{label} ({count} seed{'s' if count > 1 else ''})"


def _spread(values: Sequence[float | None], digits: int) -> Cell:
    """The mean, and the range where there are several values that differ."""
    known = [value for value in values if value is not None]
    if not known:
        return EMPTY
    mean, low, high = sum(known) / len(known), min(known), max(known)
    ends = [decimal(end, digits) for end in (low, high)]
    text = decimal(mean, digits)
    return Cell(value=mean, text=text, note="" if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}")


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _share(of: Callable[[AutoencoderMeasures], int], cells: int) -> Callable[[AutoencoderMeasures], float]:
    return lambda measured: 100 * of(measured) / cells


def _of_prior(of: Callable[[Prior], float]) -> Callable[[AutoencoderMeasures], float | None]:
    return lambda measured: None if measured.prior is None else of(measured.prior)
