"""What the numbers of a truth show, in plain sentences; nothing is said that the numbers do not support."""

from __future__ import annotations

import math

import numpy as np

from nasrepro.metrics.resampling import Estimate
from nasrepro.reporting.drawing import edge_name
from nasrepro.reporting.table_model import decimal, join_words
from nasrepro.reporting.truth_agreement import Agreement
from nasrepro.reporting.truth_analysis import GROUPS, EdgeEffects, Sample, TruthAnalysis
from nasrepro.reporting.truth_cells import op_name
from nasrepro.reporting.truth_noise import Noise
from nasrepro.spaces import nb201


def truth_findings(analysis: TruthAnalysis, found: Agreement | None) -> list[str]:
    """Sentences for the section "What the numbers show", most important first."""
    sentences = [
        _spread(analysis),
        _best(analysis),
        _noise(analysis),
        _where_noise(analysis.noise_of(analysis.table.primary)),
        _splits(analysis),
        _early(analysis),
    ]
    if found is not None:
        sentences += [_agreement(found), _beyond(found)]
    sentences += [_edges(analysis.edges)]
    return [sentence for sentence in sentences if sentence]


def _spread(analysis: TruthAnalysis) -> str:
    main = analysis.table.primary
    groups = {s.group: s for s in analysis.samples if s.measured is main}
    everyone, dependent, blind = (groups.get(name) for name in GROUPS)
    if everyone is None or dependent is None:
        return ""
    text = (
        f"By {main}, half of the {dependent.cells:,} cells whose output depends on their input lie between "
        f"{decimal(dependent.quarter, 2)} and {decimal(dependent.three_quarters, 2)} %, the worst at "
        f"{decimal(dependent.minimum, 2)}, the best at {decimal(dependent.maximum, 2)} %; one uniform cell averages "
        f"{decimal(everyone.mean, 2)} %."
    )
    return f"{text} {_ignored(blind)}" if blind is not None else text


def _ignored(blind: Sample) -> str:
    span = f"at {decimal(blind.mean, 2)} %"
    if decimal(blind.minimum, 2) != decimal(blind.maximum, 2):
        span = f"between {decimal(blind.minimum, 2)} and {decimal(blind.maximum, 2)} %"
    return f"The {blind.cells:,} cells whose output ignores their input are {span}."


def _best(analysis: TruthAnalysis) -> str:
    best, final = analysis.best[0], analysis.table.final
    text = f"The best cell is nb201:{best.index} with {decimal(best.value, 2)} %"
    others = [f"it is number {best.ranks[m.key]:,} by {m.split}" for m in final[1:]]
    text += f", {join_words(others)}." if others else "."
    if analysis.near_best > 1:
        text += (
            f" Which one is best is not settled: {analysis.near_best:,} functional classes lie within two standard "
            "errors of the difference."
        )
    return text


def _noise(analysis: TruthAnalysis) -> str:
    """Reliability and ceiling of the primary measurement, or of whatever has single trials."""
    main = analysis.noise_of(analysis.table.primary)
    parts = []
    known = next((n for n in (main, *analysis.noise) if math.isfinite(n.reliability.value)), None)
    if known is None:
        return "Single trials are not known, so nothing can be said about the noise of this truth."
    parts.append(
        f"Seeds scatter a cell's accuracy by {decimal(known.seed_std, 2)} points, the cells' means differ by "
        f"{decimal(known.cell_std, 2)} (standard deviations, {known.measured}): "
        f"{decimal(100 * known.reliability.value, 1)} % of the variance between the means is not luck "
        f"{_range(known.reliability, 100, 1)}."
    )
    if math.isfinite(main.ceiling):
        taken = f", with the seed noise of {main.ceiling_from}" if main.ceiling_from else ""
        parts.append(
            f"A perfect ranking of these cells can expect τ = {decimal(main.ceiling, 3)} against {main.measured}"
            f"{taken}: this, not 1, is what a method's τ has to be compared with."
        )
    return " ".join(parts)


def _where_noise(noise: Noise) -> str:
    if not (math.isfinite(noise.low_std) and math.isfinite(noise.high_std)):
        return ""
    return (
        f"The worst quarter of the cells scatters by {decimal(noise.low_std, 2)} points between seeds, the best "
        f"quarter by {decimal(noise.high_std, 2)}."
    )


def _splits(analysis: TruthAnalysis) -> str:
    main = analysis.noise_of(analysis.table.primary)
    if not math.isfinite(main.tau_other_split):
        return ""
    other = analysis.table.final[1]
    text = (
        f"The rankings by {main.measured.split} and {other.split} after {other.epochs} epochs agree with "
        f"τ = {decimal(main.tau_other_split, 3)}."
    )
    if not math.isfinite(main.halves_apart):
        return text
    return (
        f"{text} One half of the seeds agrees with the other with τ = {decimal(main.halves, 3)} on the same images and "
        f"with τ = {decimal(main.halves_apart, 3)} when the other is scored on the {other.split} images; what lies "
        "between is the choice of images."
    )


def _early(analysis: TruthAnalysis) -> str:
    main = analysis.table.primary
    early = [n for n in analysis.noise if n.measured.epochs < main.epochs and math.isfinite(n.tau_primary)]
    # what a search may look at, where there is any
    early = [n for n in early if n.measured.split != main.split] or early
    if not early:
        return ""
    listed = [f"{decimal(n.tau_primary, 3)} ({n.measured.split}, {n.measured.epochs} epochs)" for n in early]
    return f"Shorter trainings rank as {main} does with τ = {join_words(listed)}."


def _agreement(found: Agreement) -> str:
    here, there, gain = found.table.benchmark, found.other.benchmark, found.gain_params
    text = f"{here} and {there} rank the cells alike with τ = {decimal(found.tau.value, 3)} {_range(found.tau)}."
    better = {1: "better than", 0: "not distinguishably from how", -1: "worse than"}[gain.sign]
    return (
        f"{text} {here} predicts {there} {better} the parameter count does (τ = {decimal(found.params[1].value, 3)}; "
        f"difference {decimal(gain.value, 3, sign=True)} {_range(gain)})."
    )


def _beyond(found: Agreement) -> str:
    here, there = found.table.benchmark, found.other.benchmark
    tau, live = found.within_params, found.gain_live
    if not math.isfinite(tau.value):
        return ""
    knows = {
        1: f"so {here} knows something of {there} that size does not tell",
        0: "so nothing beyond size is shown to be shared",
        -1: "so beyond size the two disagree",
    }[tau.sign]
    text = f"Among cells of equal parameter count they agree with τ = {decimal(tau.value, 3)} {_range(tau)}, {knows}."
    side = {1: "agrees more than", 0: "is not distinguishable from", -1: "agrees less than"}[live.sign]
    difference = f"{decimal(live.value, 3, sign=True)} {_range(live)}"
    return (
        f"{text} Counting only the convolutions that lie on a path from input to output ranks {there} with "
        f"τ = {decimal(found.live[1].value, 3)}; {here} {side} that ({difference})."
    )


def _edges(edges: EdgeEffects) -> str:
    """The largest differences, and how much of everything the edges explain one by one."""
    values = edges.difference
    if np.isnan(values).all():
        return ""
    high, low = (np.unravel_index(place, values.shape) for place in (np.nanargmax(values), np.nanargmin(values)))
    (edge, op), (bad_edge, bad_op) = (tuple(map(int, place)) for place in (high, low))
    most = int(np.nanargmax(edges.rank_share))
    one, all_edges = 100 * float(edges.rank_share[most]), 100 * float(np.nansum(edges.rank_share))
    return (
        f"Cells with {op_name(op)} on edge {edge_name(*nb201.EDGES[edge])} are {decimal(float(values[edge, op]), 2)} "
        f"points better than the mean of all, those with {op_name(bad_op)} on {edge_name(*nb201.EDGES[bad_edge])} "
        f"{decimal(abs(float(values[bad_edge, bad_op])), 2)} points worse. The operation on "
        f"{edge_name(*nb201.EDGES[most])} alone accounts for {decimal(one, 0)} % of the variance of the ranks, all "
        f"edges one by one for {decimal(all_edges, 0)} %."
    )


def _range(estimate: Estimate, scale: float = 1.0, digits: int = 3) -> str:
    return f"[{decimal(scale * estimate.low, digits)}, {decimal(scale * estimate.high, digits)}]"
