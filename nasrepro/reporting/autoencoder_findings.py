"""What the measures of autoencoders show, in plain sentences; nothing is said that the numbers do not support."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nasrepro.records.autoencoder import AutoencoderMeasures, AutoencoderStudy
from nasrepro.reporting.autoencoder_tables import held_out, labels, taught
from nasrepro.reporting.table_model import decimal, join_words


def autoencoder_findings(study: AutoencoderStudy) -> list[str]:
    """Sentences for the section "What the numbers show", most important first."""
    sentences = [_injective(study), _smooth(study), _isomorphic(study), _prior(study), _origin(study)]
    return [sentence for sentence in sentences if sentence]


def _injective(study: AutoencoderStudy) -> str:
    cells = study.reference.cells
    whole = [m for m in study.measures if m.image == cells]
    if len(whole) == len(study.measures):
        text = f"Every autoencoder here gives all {cells:,} cells back, so each of its maps is injective on the space"
    else:
        worst = min(study.measures, key=lambda m: m.image)
        text = (
            f"{len(whole)} of {len(study.measures)} autoencoders give all {cells:,} cells back; the worst is "
            f"{worst.label}, seed {worst.seed}, whose decodings are {worst.image:,} different cells"
        )
    kinds = {m.kind for m in whole}
    if kinds == {"graph", "lstm"}:
        text += ": injectivity, the paper's argument for a graph autoencoder, does not set it apart from NAO's LSTM"
    unseen = [t for label in labels(study) for t in held_out(study, label)]
    if unseen:
        shares = [100 * (t.reconstructed_held_out or 0.0) for t in unseen]
        text += (
            f". Graph autoencoders trained on a part of the space give back {_range(shares, 2)} % of the cells that "
            f"they have not seen ({len(unseen)} training{'s' if len(unseen) > 1 else ''})"
        )
    return text + "."


def _smooth(study: AutoencoderStudy) -> str:
    space = study.reference
    parts = [
        f"{_mean(study, label, lambda m: m.nearest_gap.rank, 1)} % ({label}"
        f"{', which was taught accuracies' if taught(study, label) else ''})"
        for label in labels(study)
    ]
    chance, edge = (decimal(gap.rank, 1) for gap in (space.random_pairs, space.one_edge))
    text = (
        f"In the ranking by accuracy a cell and its nearest latent neighbour lie apart by {join_words(parts)}; "
        f"two random cells by {chance} %, cells with one edge changed by {edge} %."
    )
    return " ".join([text, *_verdicts(study)])


def _verdicts(study: AutoencoderStudy) -> list[str]:
    """How the ranks of neighbours compare, over all trainings that were not taught any accuracy."""
    fair = [m for m in study.measures if not taught(study, m.label)]
    graph, lstm = ([m.nearest_gap.rank for m in fair if m.kind == kind] for kind in ("graph", "lstm"))
    found = []
    if graph and lstm:
        verdict = "Without accuracies neither kind is smoother throughout"
        if max(graph) < min(lstm):
            verdict = "Without accuracies every graph autoencoder is smoother than every LSTM"
        elif max(lstm) < min(graph):
            verdict = "Without accuracies every LSTM is smoother than every graph autoencoder"
        found.append(f"{verdict} ({len(graph)} and {len(lstm)} trainings).")
    counts = [
        f"{sum(rank < study.reference.one_edge.rank for rank in ranks)} of {len(ranks)} {kind}"
        for kind, ranks in (("graph autoencoders", graph), ("LSTMs", lstm))
        if ranks
    ]
    return [*found, f"The neighbours of {join_words(counts)} are more alike than cells with one edge changed."]


def _isomorphic(study: AutoencoderStudy) -> str:
    closest = min(study.measures, key=lambda m: m.isomorphic_closest)
    shares = [100 * m.isomorphic_nearest for m in study.measures]
    apart = "are kept apart" if closest.isomorphic_closest > 0 else "are not all kept apart"
    start = f"Isomorphic cells (one official canonical string) {apart}"
    return (
        f"{start}: the closest two lie {decimal(closest.isomorphic_closest, 2)} median neighbour distances from each "
        f"other ({closest.label}, seed {closest.seed}). Of the cells that have a relative, {_range(shares, 1)} % have "
        f"one as their nearest neighbour ({decimal(100 * study.reference.isomorphic_random, 1)} % by chance)."
    )


def _prior(study: AutoencoderStudy) -> str:
    found = [m.prior for m in study.measures if m.prior is not None]
    if not found:
        return ""
    cells, uniform = study.reference.cells, study.reference.prior
    return (
        "Every sample of the prior N(0, I) decodes to a cell by construction, since connections are fixed and only "
        f"operations are chosen; {_range([100 * p.connected for p in found], 1)} % have a path from input to output. "
        f"{found[0].samples:,} samples reach {_range([100 * p.distinct / cells for p in found], 1)} % of the space, "
        f"uniform cells {decimal(100 * uniform.distinct / cells, 1)} %."
    )


def _origin(study: AutoencoderStudy) -> str:
    found = [m.origin for m in study.measures if m.origin is not None]
    worths = [origin.worth for origin in found if origin.worth is not None]
    if len(worths) < 2:
        return ""
    return (
        f"z = 0, where a released search starts, decodes to {len({o.genotype for o in found})} different cells under "
        f"{len(found)} trainings, worth {_range(worths, 1)} %: where such a search starts is luck of the autoencoder."
    )


def _mean(study: AutoencoderStudy, label: str, of: Callable[[AutoencoderMeasures], float], digits: int) -> str:
    values = [of(m) for m in study.measures if m.label == label]
    return decimal(sum(values) / len(values), digits)


def _range(values: Sequence[float], digits: int) -> str:
    low, high = decimal(min(values), digits), decimal(max(values), digits)
    return low if low == high else f"{low} to {high}"
