"""Figures about all cells of a small space in plain words: do shared weights order cells, does search beat chance?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nasrepro.metrics.chance import Chance, tau_by_chance
from nasrepro.metrics.ranking import kendall_tau, tau_spread
from nasrepro.papers.cells_figure import CellsItem
from nasrepro.reporting.against_random import against_random, answer
from nasrepro.reporting.analysis import ALPHA, Analysis
from nasrepro.reporting.cells_figures import Material
from nasrepro.reporting.cells_study import SharedCells, places_of, twin_distances
from nasrepro.reporting.cells_values import Trainings, rank_of
from nasrepro.reporting.comparison_table import p_equals
from nasrepro.reporting.table_model import decimal, join_words

RANKS = "Is the ranking of shared weights better than chance?"


def cells_reading(item: CellsItem, analysis: Analysis, material: Material) -> list[str]:
    """Sentences about one group of runs, generated from its numbers alone."""
    forms = {view.form for view in item.views}
    sentences: list[str] = []
    if "strip" in forms:
        sentences += [answer(against_random(analysis)), _best_cell(material)]
    if material.cells is not None and forms & {"truth", "taus", "rank-changes"}:
        sentences += ranking_reading(material.cells)
    if material.cells is not None and "twins" in forms:
        sentences.append(_twins(material.cells))
    if material.cells is not None and "sharing" in forms:
        sentences.append(_sharing(material.cells))
    if material.trainings is not None and "training" in forms:
        sentences += [_trainings(material.trainings, share) for view in item.views for share in view.marks if share < 1]
    if item.released_order and (material.trainings is not None or not item.needs_trainings):
        sentences.append(_against_released(item.released_order, material))
    return [text for text in sentences if text]


def ranking_reading(own: SharedCells) -> list[str]:
    """Whether shared weights order cells, and functions, better than chance."""
    kinds = [own.by_cell, *([own.by_function] if own.twins else [])]
    lines = []
    for ordering in kinds:
        chance = ordering.chance
        if chance is None:
            lines.append(f"{RANKS} The {ordering.noun} cannot be ordered at all: everything is equal.")
            continue
        known = ordering.taus[np.isfinite(ordering.taus)]
        question = f"{RANKS} " if ordering is own.by_cell else ""
        count = f"{ordering.truth.size} {ordering.noun}"
        runs = f"{known.size} run{'' if known.size == 1 else 's'}"
        perfect = (
            f", and a perfect order would reach {decimal(ordering.ceiling, 2)}"
            if math.isfinite(ordering.ceiling)
            else ""
        )
        lines.append(
            f"{question}{_verdict(chance)} on the {count}: τ over {runs} has mean {decimal(known.mean(), 2)} and "
            f"median {decimal(float(np.median(known)), 2)}, best {decimal(known.max(), 2)}, worst "
            f"{decimal(known.min(), 2)}; {p_equals(chance.p)} against relabeled {ordering.noun}. "
            f"The τ of one unrelated order scatters by {decimal(tau_spread(ordering.truth.size), 2)}{perfect}."
        )
    return lines


def _verdict(chance: Chance) -> str:
    if chance.p >= ALPHA:
        return "That is not shown"
    return "Yes" if chance.better else "No, it is worse than chance"


def _best_cell(material: Material) -> str:
    """Who found the truly best cell, and what chance would make of it."""
    found = {label: sum(rank_of(record) <= 1 for record in records) for label, records in material.answers.items()}
    if not found or not material.space:
        return ""
    most = max(len(records) for records in material.answers.values())
    missed = (1 - 1 / material.space) ** most
    words = join_words(
        [f"{label} with {count} of {len(material.answers[label])} seeds" for label, count in found.items() if count]
    )
    return (
        f"The best of the {material.space} cells was found by {words or 'no policy'}; {most} uniform cells would all "
        f"miss it with probability {decimal(missed, 2)}."
    )


def _twins(own: SharedCells) -> str:
    """What the truth cannot tell."""
    if not own.twins:
        return ""
    alone = float(twin_distances(own.twins, own.truth).mean())
    shared = float(np.mean([twin_distances(own.twins, row).mean() for row in own.final]))
    return (
        f"Cells that compute the same function lie {decimal(alone, 1)} places apart when trained alone and "
        f"{decimal(shared, 1)} under shared weights, means over {len(own.twins)} functions; two cells at random lie "
        f"{decimal((len(own.cells) + 1) / 3, 1)} apart."
    )


def _sharing(own: SharedCells) -> str:
    """Whether cells that share more look worse than they are."""
    chance = tau_by_chance(own.final, own.matrices.astype(float))
    if chance is None:
        return ""
    places = places_of(own.final)
    means = [
        f"{decimal(places[:, own.matrices == number].mean(), 1)} with {number}" for number in sorted(set(own.matrices))
    ]
    alone = kendall_tau(own.truth, own.matrices.astype(float))
    verdict = "That is not shown" if chance.p >= ALPHA else "Yes" if chance.better else "No, it looks better"
    truly = (
        f" Trained alone, τ between number and perplexity is {decimal(alone, 2)}: what the number says of the cells "
        "themselves is no effect of sharing."
        if math.isfinite(alone)
        else ""
    )
    return (
        f"Does a cell look worse the more matrices it shares? {verdict}: τ between their number and the perplexity "
        f"under shared weights has mean {decimal(chance.mean, 2)} over {len(own.seeds)} runs, {p_equals(chance.p)}; "
        f"the mean place is {join_words(means)}.{truly}"
    )


def _against_released(order: Sequence[str], material: Material) -> str:
    """How far this truth agrees with that of the paper's authors, after every epoch where epochs are known."""
    place = {cell: float(number) for number, cell in enumerate(order)}

    def tau(cells: Sequence[str], worth: np.ndarray) -> str:
        return decimal(kendall_tau(worth, [place.get(cell, math.nan) for cell in cells]), 2)

    said = "The authors of the paper released the order of these cells by their own trainings (PTB, 1,000 epochs)"
    if material.trainings is not None:
        own, mean = material.trainings, np.nanmean(material.trainings.perplexity, axis=0)
        taus = [f"{tau(own.cells, mean[:, column])} ({epoch})" for column, epoch in enumerate(own.epochs)]
        return f"{said}. Ours agrees with it by τ = {', '.join(taus)} after the epochs in brackets."
    if material.cells is None:
        return ""
    return f"{said}; this truth agrees with it by τ = {tau(material.cells.cells, material.cells.truth)}."


def _trainings(own: Trainings, share: float) -> str:
    """How much of the final order is there early."""
    mean = np.nanmean(own.perplexity, axis=0)
    near = int(np.argmin([abs(epoch - share * own.epochs[-1]) for epoch in own.epochs]))
    tau = kendall_tau(-mean[:, near], -mean[:, -1])
    early, last = places_of(mean[:, near]), places_of(mean[:, -1])
    moved = np.abs(early - last)
    return (
        f"After {own.epochs[near]} of {own.epochs[-1]} epochs the order of the {len(own.cells)} cells agrees with the "
        f"last one by τ = {decimal(tau, 2)}; cells then move by {decimal(float(moved.mean()), 1)} places on average "
        f"and by up to {decimal(float(moved.max()), 0)}, and the cell that ends best is at place "
        f"{decimal(float(early[last.argmin()]), 0)}."
    )
