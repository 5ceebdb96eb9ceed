"""The measures of autoencoders and of the space itself, as jobs for the executor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nasrepro import benchmarks
from nasrepro.experiments.autoencoders import LSTMS, TRUTH, graph_label, trained_lstm
from nasrepro.experiments.jobs import Job, Report
from nasrepro.latent import measures
from nasrepro.records.autoencoder import (
    AutoencoderMeasures,
    AutoencoderTraining,
    Gap,
    Kind,
    Origin,
    Prior,
    SpaceReference,
)
from nasrepro.seeds import numpy_rng
from nasrepro.spaces import nb201_columns
from nasrepro.spaces.nb201 import OPS, NB201Genotype, indices_of, op_table

if TYPE_CHECKING:
    from nasrepro.latent.nb201_latents import CellLatents

LSTM_SEEDS = 2
_SAMPLE = 1_000  # cells around which all others are sorted
_STEPS = 25  # groups of neighbours
_FEW, _MANY = 10_000, 100_000  # points drawn from the prior


def study_jobs(runs: Path, command: str, *, lstm: bool) -> list[Job]:
    """The space itself, every shipped graph autoencoder, and NAO's where asked for."""
    from nasrepro.latent.shipped import SEEDS

    jobs = [Job("space", "the space itself", measure_space, (runs,), group="space")]
    for latent, seeds in SEEDS.items():
        for seed in range(seeds):
            name = f"graph autoencoder {latent}-{seed}"
            jobs.append(Job(name, name, measure_graph, (latent, seed, runs), group="graph"))
    for label in LSTMS if lstm else ():
        for seed in range(LSTM_SEEDS):
            name = f"{label}, seed {seed}"
            jobs.append(Job(name, name, measure_lstm, (label, seed, runs, command), group="lstm"))
    return jobs


def measure_space(runs: Path, report: Report) -> SpaceReference:
    """What the measures are where nothing is learned: random pairs, edges counted, cells drawn uniformly."""
    benchmark, codes, worths = benchmarks.get(TRUTH), op_table().astype(np.int64), _worths(runs)
    oracle, classes = benchmark.open_oracle(runs), nb201_columns.official_classes()
    beside = np.abs(worths[measures.one_edge_apart(codes)] - worths[:, None])
    mates = np.bincount(classes)[classes] - 1
    rng = numpy_rng(0, "autoencoder", "reference")
    drawn = rng.integers(len(codes), size=_MANY)
    one_hot = np.eye(len(OPS))[codes].reshape(len(codes), -1)
    one_hot += 1e-4 * rng.standard_normal(one_hot.shape)  # cells with equally many edges in random order
    around = measures.surroundings(one_hot, codes, worths, _sample(len(codes)), _bounds())
    return SpaceReference(
        truth=f"{TRUTH}, {benchmark.primary.fidelity}",
        source=oracle.source,
        fingerprint=oracle.fingerprint(),
        cells=len(codes),
        sample=_SAMPLE,
        bounds=_bounds(),
        random_pairs=_gap(measures.difference_of_pairs(worths)),
        one_edge=_gap(beside.mean((0, 1))),
        by_edges=[_gap(pair) for pair in around.differences],
        isomorphic_random=float(mates[mates > 0].mean() / (len(codes) - 1)),
        prior=_prior(codes[drawn]),
    )


def measure_graph(latent: int, seed: int, runs: Path, report: Report) -> AutoencoderMeasures:
    """All measures of a shipped graph autoencoder; raises `UserError` when it is not there."""
    from nasrepro.latent.shipped import autoencoder
    from nasrepro.training.repeatable import prepare_torch

    prepare_torch(threads=1)
    latents, worths = autoencoder(latent, seed, 0), _worths(runs)
    points = latents.encode(op_table())
    report(1, 4)
    found = _measured("graph", graph_label(latent), seed, points.numpy(), latents.decode(points), worths, report)
    prior = _prior(_drawn(latents, seed))
    report(4, 4)
    return found.model_copy(update={"prior": prior, "origin": _origin(latents, worths)})


def measure_lstm(
    label: str, seed: int, runs: Path, command: str, report: Report
) -> tuple[AutoencoderMeasures, AutoencoderTraining]:
    """All measures that NAO's autoencoder has, which is trained where it was not before."""
    predictor, training = trained_lstm(label, seed, runs, command, report)
    points, decoded = predictor.embed(op_table()), predictor.reconstruct(op_table())
    found = _measured("lstm", label, seed, points, decoded, _worths(runs), lambda done, total: None)
    return found, training


def _measured(
    kind: Kind, label: str, seed: int, points: np.ndarray, decoded: np.ndarray, worths: np.ndarray, report: Report
) -> AutoencoderMeasures:
    codes, classes = op_table().astype(np.int64), nb201_columns.official_classes()
    beside = measures.nearest(points)
    mates = measures.nearest_of_class(points, classes)
    report(2, 4)
    around = measures.surroundings(points, codes, worths, _sample(len(codes)), _bounds())
    report(3, 4)
    unit, accompanied = float(np.median(beside.distance)), mates.index >= 0
    none, one, several = beside.of_how_many()
    return AutoencoderMeasures(
        kind=kind,
        label=label,
        seed=seed,
        numbers=points.shape[1],
        reconstructed=measures.exact_share(decoded, codes),
        image=measures.distinct(decoded),
        sharing=measures.sharing(decoded),
        closest=float(beside.distance.min()) / unit,
        nearest_of_none=none,
        nearest_of_one=one,
        nearest_of_several=several,
        isomorphic_closest=float(mates.distance.min()) / unit,
        isomorphic_nearest=float((classes[beside.index] == classes)[accompanied].mean()),
        nearest_one_edge=float(((codes[beside.index] != codes).sum(1) == 1).mean()),
        nearest_gap=_gap(np.abs(worths[beside.index] - worths).mean(0)),
        correlation=around.correlation,
        gaps=[_gap(pair) for pair in around.differences],
    )


def _worths(runs: Path) -> np.ndarray:
    """What every cell is worth by the truth, and its rank: the share of cells below it; both in percent, (15625, 2).

    A difference of accuracies is mostly whether one of the cells ignores its input; one of ranks is not.
    """
    benchmark = benchmarks.get(TRUTH)
    main = benchmark.primary.fidelity
    oracle = benchmark.open_oracle(runs)
    accuracy = oracle.query_all(dataset=main.dataset, split=main.split, epochs=main.epochs).astype(np.float64)
    ordered = np.sort(accuracy)
    below, upto = (np.searchsorted(ordered, accuracy, side=side) for side in ("left", "right"))
    return np.stack([accuracy, 50 * (below + upto) / len(accuracy)], axis=1)


def _gap(pair: np.ndarray) -> Gap:
    return Gap(accuracy=float(pair[0]), rank=float(pair[1]))


def _sample(cells: int) -> np.ndarray:
    return numpy_rng(0, "autoencoder", "sample").choice(cells, size=_SAMPLE, replace=False)


def _bounds() -> list[int]:
    return measures.rank_bounds(len(op_table()), _STEPS)


def _prior(cells: np.ndarray) -> Prior:
    return Prior(
        samples=len(cells),
        connected=float(nb201_columns.reaches_output()[indices_of(cells)].mean()),
        few=_FEW,
        distinct_of_few=measures.distinct(cells[:_FEW]),
        distinct=measures.distinct(cells),
    )


def _drawn(latents: CellLatents, seed: int) -> np.ndarray:
    """What points from N(0, I) decode to, (100000, 6)."""
    import torch

    from nasrepro.seeds import torch_rng

    rng = torch_rng(seed, "autoencoder", "prior")
    return latents.decode(torch.randn(_MANY, latents.size, generator=rng, dtype=torch.float64))


def _origin(latents: CellLatents, worths: np.ndarray) -> Origin:
    import torch

    cell = NB201Genotype(tuple(latents.decode(torch.zeros(1, latents.size, dtype=torch.float64))[0].tolist()))
    return Origin(genotype=cell.id, text=str(cell), worth=float(worths[cell.index, 0]))
