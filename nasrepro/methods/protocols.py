"""What protocols and scales replace in the settings of methods, family by family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasrepro.methods.method import SOUND, Blocks


def _scored(images: int, **blocks: Mapping[str, Any]) -> Mapping[str, Blocks]:
    """The second generation of NAS-Bench-201's scripts: running averages over all paths normalise at evaluation, and
    one batch of so many validation images scores a cell."""
    scoring = {"bn": "running", "score_images": images, "eval_batch": images}
    return {"as-released": {"training": scoring, **blocks}}


def as_released(images: int, **blocks: Mapping[str, Any]) -> Mapping[str, Blocks]:
    """`sound`, and `as-released` with the scoring that NAS-Bench-201's searches have there."""
    return {**SOUND, **_scored(images, **blocks)}


BATCH_OF_512 = as_released(512)

COMPLEMENTED: Mapping[str, Blocks] = {**SOUND, "as-written": {"regularizer": {"weighting": "as-printed"}}}
"""Eq. 7 to the letter. Released notebooks give no other protocol: for GDAS they scale the gradient of plain GDAS and
count the replayed losses as numbers, for RandomNAS they replay a complement that is no cell of the space."""

WPL: Mapping[str, Blocks] = {**SOUND, "as-written": {"regularizer": {"memory": 0.0}}}
"""The text knows one path before the present. Where each has one step, that leaves the plain gradient."""

NSAS_SCALES: Mapping[str, Blocks] = {
    "laptop": {"regularizer": {"archive": 4}},
    "smoke": {"regularizer": {"archive": 2, "recent": 8}},
}
"""Each constraint is one more path per step, so the published 8 would train nine times as long as the plain method; a
smoke run is too short to fill an archive of 8 at all."""


def nsas(**released: str) -> Mapping[str, Blocks]:
    """Eq. 8 to the letter; and the gradient of the release, in which the losses of constraints are numbers."""
    written = {"regularizer": {"weighting": "as-printed"}}
    return {**SOUND, "as-written": written, **_scored(512, regularizer={"detached": True, **released})}


E2NAS: Mapping[str, Blocks] = {
    **SOUND,
    "as-written": {
        "sampler": {
            "start": "prior",
            "relaxation": "mixture",
            "temperature": 1.0,
            "novelty": "as-printed",
            "balanced": False,
            "bounded": False,
        },
        "regularizer": {"weighting": "as-printed"},
    },
    "as-released": {
        "sampler": {
            "alpha_weight_decay": 1e-3,
            "latent": 30,
            "start": "origin",
            "relaxation": "coordinates",
            "decoding": "drawn",
            "novelty": "constant",
            "balanced": False,
            "bounded": False,
        },
        "regularizer": {"detached": True},
    },
}
"""Three readings of one text; docs/e2nas.md says what each of them takes from paper and release."""


def en2as(**released: str) -> Mapping[str, Blocks]:
    """The text to the letter; and the step of the release, which never changes a cell. Its archive of 1,000 cells is
    uniform, so that a shorter run is RandomNAS. Its distance compares the first two of a cell's nodes, here three of
    six edges."""
    written = {"gamma": 0.1, "centered": False}
    kept = {"archive": 1000, "gamma": 0.01, "centered": False, "kept": "rounded", "compared": 3}
    return {**SOUND, "as-written": {"sampler": written}, **_scored(512, sampler={**kept, **released})}


EN2AS_SCALES: Mapping[str, Blocks] = {"smoke": {"sampler": {"archive": 4, "neighbors": 2}}}
"""A smoke run of eight steps is too short to fill the archive of 100."""

SHORT_PREDICTOR = {"search": {"predictor_epochs": 200}}
"""A fifth of the published length; docs/scales.md says what little was measured of the difference."""
