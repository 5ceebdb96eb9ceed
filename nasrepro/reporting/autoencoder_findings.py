"""What the measures of autoencoders show, in plain sentences; nothing is said that the numbers do not support."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nasrepro.records.autoencoder import AutoencoderMeasures, AutoencoderStudy
from nasrepro.reporting.autoencoder_tables import held_out, labels
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
        f"{_mean(study, label, lambda m: m.nearest_gap.accuracy, 2)} points of accuracy and "
        f"{_mean(study, label, lambda m: m.nearest_gap.rank, 1)} % of the ranks ({label})"
        for label in labels(study)
    ]
    edge, chance = space.one_edge, space.random_pairs
    text = (
        f"A cell differs from its nearest neighbour in latent space by {join_words(parts)}; two random cells differ by "
        f"{decimal(chance.accuracy, 2)} and {decimal(chance.rank, 1)}, cells with one edge changed by "
        f"{decimal(edge.accuracy, 2)} and {decimal(edge.rank, 1)}."
    )
    ranks = [m.nearest_gap.rank for m in study.measures]
    if max(ranks) < chance.rank and min(ranks) > edge.rank:
        text += " So each latent space is smoother than chance, and none as smooth as changing one edge."
    best = _smoothest(study)
    return f"{text} {best}" if best else text


def _smoothest(study: AutoencoderStudy) -> str:
    """Which kind is smoother where all seeds of one are on one side of all seeds of the other; else nothing."""
    found = {
        kind: [m.nearest_gap.rank for m in study.measures if m.kind == kind]
        for kind in dict.fromkeys(m.kind for m in study.measures)
    }
    if set(found) != {"graph", "lstm"}:
        return ""
    if max(found["graph"]) < min(found["lstm"]):
        return "By ranks every graph autoencoder is smoother than every LSTM."
    if max(found["lstm"]) < min(found["graph"]):
        return "By ranks every LSTM is smoother than every graph autoencoder."
    return "By ranks neither kind is smoother throughout."


def _isomorphic(study: AutoencoderStudy) -> str:
    closest = min(study.measures, key=lambda m: m.isomorphic_closest)
    shares = [100 * m.isomorphic_nearest for m in study.measures]
    start = (
        "Isomorphic cells are kept apart" if closest.isomorphic_closest > 0 else "Some isomorphic cells share a point"
    )
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
