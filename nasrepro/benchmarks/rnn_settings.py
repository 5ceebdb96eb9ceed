"""What was published for searches of recurrent cells, by sampler, and which samplers have a form of their own there.

Blocks are `training`, `sampler` and `selector`, as a benchmark's `sampler_settings` has them. The widths that searches
had are not among them, because methods that are compared share a skeleton: it was 300, and 200 for ENAS.
"""

from __future__ import annotations

from typing import Any

PARTS: dict[str, str] = {
    "controller": "nasrepro.methods.rnn_enas:RnnControllerSampler",
    "pool": "nasrepro.methods.rnn_pool:RnnPoolSampler",
    "unrolled-mixture": "nasrepro.methods.rnn_unrolled:RnnUnrolledSampler",
}
"""Classes of samplers, by short name."""

SPACE: dict[str, dict[str, Any]] = {
    "sampler": {"alpha_lr": 3e-3, "alpha_beta1": 0.9, "alpha_weight_decay": 1e-3},
    "selector": {"candidates": 1000},
}
"""For every search: alpha's Adam, and how many cells are scored at the end."""
SMALL_SPACE: dict[str, dict[str, Any]] = {**SPACE, "training": {"sharing": "edge_act"}}
"""Where two nodes or one are searched; drawing a thousand of so few cells scores all of them."""
SPACE_SOURCES = {
    "skeleton": "Liu et al. (ICLR 2019), released code",
    "sampler": "Liu et al. (ICLR 2019), released code",
    "selector": "Li & Talwalkar (UAI 2019)",
    "training": "Sciuto et al. (2019), Section 4.3, after NAO and ENAS",
}

_MIXTURE: dict[str, Any] = {"training": {"normalize": True, "sharing": "node"}}
"""The rest is what RandomNAS took over: 50 epochs, batch 256, rate 20, clipping at 0.25."""
_CONTROLLER: dict[str, Any] = {
    "training": {
        "epochs": 600,
        "batch_size": 128,
        "lengths": "random",
        "clip": 0.1,
        "weight_decay": 8e-7,
        "dropout_words": 0.1,
        "tar": 1.0,
        "sharing": "edge_act",
    },
    "selector": {"candidates": 100},
}
_POOL: dict[str, Any] = {
    "training": {"epochs": 1000, "batch_size": 256, "lr": 0.25, "clip": 10.0, "sharing": "edge_act"},
}
_NOVELTY: dict[str, Any] = {"training": {"epochs": 300, "batch_size": 64}}
_SUMMED: dict[str, Any] = {"training": {"normalize": True}}
"""A draw of GDAS reads all states before a node; without normalization their sums double from node to node."""

SAMPLERS: dict[str, dict[str, dict[str, Any]]] = {
    "mixture": _MIXTURE,
    "unrolled-mixture": _MIXTURE,
    "controller": _CONTROLLER,
    "pool": _POOL,
    "novelty": _NOVELTY,
    "rewarded-novelty": _NOVELTY,
    "gumbel": _SUMMED,
    "gumbel-free": _SUMMED,
}
_LIU, _EN2AS = "Liu et al. (ICLR 2019), released code", "Zhang et al., EN²AS, Section 4.1"
_OURS = "this project's choice"
SAMPLER_SOURCES = {
    "mixture": _LIU,
    "unrolled-mixture": _LIU,
    "controller": "released corrected code of Pham et al. (ICML 2018)",
    "pool": "released code of Luo et al. (NeurIPS 2018), recurrent cells with weight sharing",
    "novelty": _EN2AS,
    "rewarded-novelty": _EN2AS,
    "gumbel": _OURS,
    "gumbel-free": _OURS,
}

_UNIFORM: dict[str, Any] = {
    "training": {
        "epochs": 1000,
        "batch_size": 64,
        "lengths": "random",
        "weight_decay": 8e-7,
        "dropout_words": 0.1,
        "sharing": "edge_act",
    }
}
"""Uniform paths with the hyperparameters of the trainings from scratch."""
SMALL_SAMPLERS: dict[str, dict[str, dict[str, Any]]] = {
    **SAMPLERS,
    "uniform": _UNIFORM,
    "controller": {**_CONTROLLER, "sampler": {"cells_per_epoch": 20, "batches_per_cell": 10}},
    "pool": {
        **_POOL,
        "sampler": {
            "pool": 6,
            "seeds": 4,
            "new_cells": 3,
            "random_cells": 0,
            "grows": True,
            "evaluations": 20,
            "predictor_epochs": 250,
        },
    },
}
"""In the space of two nodes, which has 32 cells: a fifth of them is NAO's first pool, and every 50 epochs it grows."""
SMALL_SOURCES = {
    **SAMPLER_SOURCES,
    "uniform": "Sciuto et al. (2019), Section 4.3; sharing as in NAO and ENAS",
    "controller": "Sciuto et al. (2019), Section 4.2; else released corrected code of Pham et al. (ICML 2018)",
    "pool": "Sciuto et al. (2019), Section 4.2; else released code of Luo et al. (NeurIPS 2018)",
}
THIRD_NODE_SAMPLERS: dict[str, dict[str, dict[str, Any]]] = {
    **SMALL_SAMPLERS,
    "pool": {**_POOL, "sampler": {**SMALL_SAMPLERS["pool"]["sampler"], "pool": 3}},
}
"""The same for the twelve cells whose third node alone is searched, where NAO was not run: a fifth is three cells."""

_WHOLE: dict[str, Any] = {"score_tokens": None}
_AVERAGED: dict[str, Any] = {"training": {**_WHOLE, "bn": "running"}}
_BROKEN_OFF: dict[str, Any] = {
    "training": _WHOLE,
    "sampler": {
        "archive": 1000,
        "perturbations": 2,
        "gamma": 0.01,
        "centered": False,
        "kept": "rounded",
        "compared": 2,
    },
}
"""EN²AS's script stops with an error once its archive of 1,000 is full, so only two perturbations are known to be its
own; the step is that of the search for convolutional cells, which a shorter run does not come to."""
RELEASED: dict[str, dict[str, dict[str, Any]]] = {
    "uniform": {"training": _WHOLE},
    "mixture": _AVERAGED,
    "unrolled-mixture": {**_AVERAGED, "sampler": {"capped": False, "masks": "fresh"}},
    "novelty": _BROKEN_OFF,
    "rewarded-novelty": {**_BROKEN_OFF, "sampler": {**_BROKEN_OFF["sampler"], "reward": "error"}},
}
"""What released code did otherwise, under the protocol `as-released`: the whole validation text scores a cell.

RandomNAS and EN²AS lay it out in 1,024 columns, which the texts of small scales do not fill; columns stay those of the
scale. What ENAS has is what its authors released in any case, and of GDAS nothing was released."""

LAPTOP_SAMPLER: dict[str, Any] = {
    "controller_lr": 5e-3,
    "updates": 5,
    "pool": 100,
    "seeds": 10,
    "new_cells": 30,
    "random_cells": 5,
    "predictor_epochs": 200,
}
"""Sizes of samplers in the space of eight nodes: NAO's proportions; a controller that moves within a hundredth of the
published number of updates, at a rate that makes up for it."""
SMALL_LAPTOP_SAMPLER: dict[str, Any] = {"controller_lr": 5e-3, "updates": 5}
SMOKE_SAMPLER: dict[str, Any] = {
    "updates": 2,
    "samples": 3,
    "pool": 12,
    "seeds": 2,
    "new_cells": 4,
    "random_cells": 1,
    "predictor_epochs": 10,
    "hidden": 32,
}
SMALL_SMOKE_SAMPLER: dict[str, Any] = {"updates": 2, "samples": 3, "predictor_epochs": 10, "hidden": 32}
"""The same where a fifth of the space is the pool."""
