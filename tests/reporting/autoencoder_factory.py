"""Made-up measures of autoencoders."""

from __future__ import annotations

from nasrepro.records.autoencoder import (
    AutoencoderMeasures,
    AutoencoderStudy,
    AutoencoderTraining,
    Gap,
    Origin,
    Prior,
    SpaceReference,
)
from nasrepro.records.record import Provenance

BOUNDS = [0, 1, 10, 100, 15_624]
GRAPH, LSTM = "graph, 20 dimensions", "LSTM with predictor"


def gap(accuracy, rank):
    return Gap(accuracy=accuracy, rank=rank)


def prior(connected=0.98, few=7_386, distinct=15_595):
    return Prior(samples=100_000, connected=connected, few=10_000, distinct_of_few=few, distinct=distinct)


def reference():
    return SpaceReference(
        truth="nb201-digits, digits test after 25 epochs",
        source="invented for tests.",
        fingerprint="ab" * 32,
        cells=15_625,
        sample=100,
        bounds=BOUNDS,
        random_pairs=gap(6.36, 33.33),
        one_edge=gap(2.97, 20.0),
        by_edges=[gap(2, 18), gap(2.5, 19), gap(4, 25), gap(6.4, 33.4)],
        isomorphic_random=0.003,
        prior=prior(),
    )


def measures(kind="graph", seed=0, **changes):
    shift = 0.1 * seed
    values = {
        "kind": kind,
        "label": GRAPH if kind == "graph" else LSTM,
        "seed": seed,
        "numbers": 20 if kind == "graph" else 576,
        "reconstructed": 1.0,
        "image": 15_625,
        "sharing": 0,
        "closest": 0.8,
        "nearest_of_none": 5_000,
        "nearest_of_one": 6_000,
        "nearest_of_several": 4_625,
        "isomorphic_closest": 0.84,
        "isomorphic_nearest": 0.031,
        "nearest_one_edge": 0.6,
        "nearest_gap": gap(4.5 + shift, 26 + shift),
        "correlation": 0.47,
        "gaps": [gap(4.5 + shift, 26), gap(4.7, 27), gap(5, 29), gap(6.3, 33.3)],
    }
    if kind == "graph":
        cell = "|none~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|none~2|" if seed else "|skip_connect~0|"
        values |= {
            "prior": prior(0.99, 5_449 + seed, 12_262),
            "origin": Origin(genotype=f"nb201:{seed}", text=cell, worth=88.2 - 50 * seed),
        }
    return AutoencoderMeasures(**{**values, **changes})


def training(kind="graph", seed=0, held_out=None, trade_off=0.0):
    return AutoencoderTraining(
        kind=kind,
        label=GRAPH if kind == "graph" else LSTM,
        seed=seed,
        recipe={"latent": 20, "share": 1.0 if held_out is None else 0.8}
        if kind == "graph"
        else {"trade_off": trade_off},
        cells=15_625 if held_out is None else 12_500,
        losses=[[8.0, 20.0], [0.01, 21.5]] if kind == "graph" else [[2.0], [0.1]],
        seconds=167.4,
        reconstructed=1.0,
        reconstructed_held_out=held_out,
        weights="cd" * 32,
        provenance=Provenance(
            nasrepro="0.1.0",
            commit=None,
            dirty=None,
            python="3.11",
            packages={"torch": "2.13.0", "numpy": "2.4.6"},
            hardware="two cores",
            command="nasrepro autoencoder train",
            finished="2026-01-01T00:00:00+00:00",
        ),
    )


def study(*, lstm=True, trade_off=0.0, **changes):
    found = [measures(seed=0, **changes), measures(seed=1, **changes)]
    told = [training(seed=0), training(seed=1), training(seed=0, held_out=0.999)]
    if lstm:
        found.append(measures("lstm", nearest_gap=gap(3.6, 24.0)))
        told.insert(0, training("lstm", trade_off=trade_off))
    return AutoencoderStudy(reference=reference(), measures=found, trainings=told)
