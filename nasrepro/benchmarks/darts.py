"""The benchmarks on the convolutional space of DARTS, whose truth is measured by training what is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nasrepro.benchmarks.base import BEST, Benchmark, Scoring
from nasrepro.benchmarks.sizes import EVOLVED_8, EVOLVED_100
from nasrepro.errors import UserError
from nasrepro.oracles.base import Fidelity, Oracle
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.splits import Split
from nasrepro.training.retraining import ImageNetRetrainSettings, Retraining, RetrainSettings

_DARTS = DartsSpace()
_PROBES = 12
"""As many as NSAS ranks (Zhang et al., CVPR 2020, Section 4.3)."""

_SEARCH: dict[str, Any] = {
    "training": {"epochs": 50, "nesterov": False, "weight_decay": 3e-4},
    "selector": {"candidates": 1000},
}
"""SGD of momentum 0.9, 64 images, 0.025 → 0.001, clipped at 5, like NAS-Bench-201's otherwise."""
_LIU = "Liu et al. (ICLR 2019)"
_SEARCH_SOURCES = {"training": _LIU, "skeleton": _LIU, "selector": "Li & Talwalkar (UAI 2019)"}
_SAMPLERS: dict[str, dict[str, Any]] = {
    "gumbel": {"training": {"epochs": 250, "batch_size": 256, "nesterov": True, "weight_decay": 5e-4}},
    "novelty": {"training": {"epochs": 100}},
}
_SAMPLERS |= {"gumbel-free": _SAMPLERS["gumbel"], "rewarded-novelty": _SAMPLERS["novelty"]}
_GDAS, _EN2AS = "Dong & Yang (CVPR 2019), released for NASNet's cells", "Zhang et al., EN²AS, appendix"
_SAMPLER_SOURCES = {"gumbel": _GDAS, "gumbel-free": _GDAS, "novelty": _EN2AS, "rewarded-novelty": _EN2AS}

_RUNNING: dict[str, Any] = {"bn": "running"}
_RELEASED: dict[str, dict[str, Any]] = {
    "uniform": {"training": {**_RUNNING, "score_images": 640, "eval_batch": 64, "execution": "one-hot"}},
    "randomnas-nsas": {"training": {"score_images": None, "eval_batch": 500}},
    "novelty": {
        "training": {**_RUNNING, "score_images": 320, "eval_batch": 32, "execution": "softmax"},
        "sampler": {"compared": 4},
    },
    "gumbel": {"training": {**_RUNNING, "score_images": None, "eval_batch": 500}},
    "gdas-nsas": {"training": {"execution": "one-hot"}},
    "mixture": {"training": {**_RUNNING, "score_images": None, "eval_batch": 500}},
}
_RELEASED |= {"rewarded-novelty": _RELEASED["novelty"], "unrolled-mixture": _RELEASED["mixture"]}
"""Running averages over all paths normalize. The supernets of RandomNAS and of NSAS run all operations of all edges
under weights of 1 and 0, those of EN²AS under the softmax of these. Ten batches of 64 images score a cell of RandomNAS,
ten of 32 one of EN²AS, the whole validation half one of NSAS. EN²AS compares the first two nodes of a cell."""

# Searches and trainings below the published sizes were chosen by measurement with `randomnas`; docs/scales.md has them.
_DIGITS_LAPTOP: dict[str, Any] = {
    "skeleton": {"channels": 16, "cells": 3},
    "training": {"epochs": 40, "batch_size": 64, "lr": 0.05, "eval_batch": 360},
    "sampler": {"alpha_lr": 3e-3},
    "selector": {"candidates": 100, **EVOLVED_100},
    "search": {"queries": 10},
}
_CIFAR_LAPTOP: dict[str, Any] = {
    "skeleton": {"channels": 16, "cells": 3, "image_size": 8},
    "training": {
        "epochs": 12,
        "batch_size": 64,
        "train_images": 5000,
        "valid_images": 5000,
        "score_images": 1000,
    },
    "sampler": {"alpha_lr": 3e-3},
    "selector": {"candidates": 100, **EVOLVED_100},
    "search": {"queries": 10},
}
_SMOKE: dict[str, Any] = {
    "skeleton": {"channels": 2, "cells": 3, "image_size": 8},
    "training": {
        "epochs": 2,
        "batch_size": 64,
        "train_images": 200,
        "valid_images": 100,
        "probe_cells": 2,
        "probe_points": 2,
    },
    "selector": {"candidates": 3, **EVOLVED_8},
    "search": {"queries": 2},
}

_PLAIN: dict[str, Any] = {"drop_path": 0.0, "cutout": 0, "auxiliary_weight": 0.0}
"""Small networks, trained briefly, have no use for what keeps large ones from learning by heart."""
_TRAINED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "smoke": {
        "skeleton": {"channels": 2, "cells": 3, "image_size": 8, "auxiliary": False},
        "training": {"epochs": 1, "batch_size": 64, "train_images": 200, **_PLAIN},
    },
    "laptop": {
        "skeleton": {"channels": 2, "cells": 3, "image_size": 8, "auxiliary": False},
        "training": {"epochs": 12, "batch_size": 64, "lr": 0.05, "eval_every": 2, **_PLAIN},
    },
}
_TRAINED_CIFAR: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    **_TRAINED,
    "laptop": {
        "skeleton": {"channels": 8, "cells": 3, "image_size": 8, "auxiliary": False},
        "training": {
            "epochs": 8,
            "batch_size": 64,
            "lr": 0.05,
            "train_images": 5000,
            "eval_every": 2,
            **_PLAIN,
        },
    },
}
_TRAINED_IMAGENET: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "smoke": {
        "skeleton": {"channels": 4, "cells": 3, "image_size": 32, "auxiliary": False},
        "training": {"epochs": 1, "batch_size": 8, "train_images": 64},
    },
    "laptop": {
        "skeleton": {"channels": 8, "cells": 5, "image_size": 64, "auxiliary": False},
        "training": {"epochs": 10, "batch_size": 64, "train_images": 10_000},
    },
}


def _no_table(_: Path) -> Oracle:
    raise UserError("the DARTS space has no table of its cells; what one is worth is measured by 'nasrepro retrain'")


def _benchmark(name: str, summary: str, images: str, retraining: Retraining, laptop: Mapping[str, Any]) -> Benchmark:
    dataset = name.removeprefix("darts-")
    tested = Fidelity(dataset, Split.TEST, retraining.published.epochs)
    classes, channels = (10, 1) if images == "digits" else (10, 3)
    side = 8 if images == "digits" else 32
    return Benchmark(
        name=name,
        summary=summary,
        space=_DARTS,
        data=images,
        search=replace(tested, split=Split.VALID),
        scorings=(Scoring("test", tested), Scoring(BEST, tested, best_epoch=True)),
        standalone=retraining.skeleton,
        scales={"smoke": _SMOKE, "laptop": laptop, "paper": {}},
        open_oracle=_no_table,
        space_settings=_SEARCH,
        sampler_settings=_SAMPLERS,
        space_sources=_SEARCH_SOURCES,
        sampler_sources=_SAMPLER_SOURCES,
        released_settings=_RELEASED,
        retraining=retraining,
        supernet=DartsSkeleton(16, 8, side, classes, in_channels=channels, auxiliary=False),
        probe_count=_PROBES,
    )


BENCHMARKS = (
    _benchmark(
        "darts-digits",
        "the DARTS space on scikit-learn's digits, cells trained when they are asked for; nothing to download",
        "digits",
        Retraining(
            "digits",
            DartsSkeleton(36, 20, 8, 10, in_channels=1, auxiliary=False),
            RetrainSettings(cutout=4),  # half the side, as on CIFAR
            scales=_TRAINED,
            trials={"laptop": 3},
        ),
        _DIGITS_LAPTOP,
    ),
    _benchmark(
        "darts-cifar10",
        "the DARTS space searched on CIFAR-10, cells trained there when they are asked for",
        "cifar10-darts",
        Retraining("cifar10-darts", DartsSkeleton(36, 20, 32, 10), scales=_TRAINED_CIFAR, trials={"laptop": 2}),
        _CIFAR_LAPTOP,
    ),
    _benchmark(
        "darts-cifar100",
        "the DARTS space searched on CIFAR-10, cells trained on CIFAR-100 when they are asked for",
        "cifar10-darts",
        Retraining("cifar100-darts", DartsSkeleton(36, 20, 32, 100), scales=_TRAINED_CIFAR, trials={"laptop": 2}),
        _CIFAR_LAPTOP,
    ),
    _benchmark(
        "darts-imagenet",
        "the DARTS space searched on CIFAR-10, cells trained on ImageNet when they are asked for",
        "cifar10-darts",
        Retraining(
            "imagenet",
            DartsSkeleton(48, 14, 224, 1000, family="imagenet"),
            ImageNetRetrainSettings(),
            scales=_TRAINED_IMAGENET,
        ),
        _CIFAR_LAPTOP,
    ),
)
