"""Kinds of work that cost about as much each time: a weight step of one search, scoring with one supernet, …

A kind is known by those settings that change what is computed, so runs that differ in a learning rate share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nasrepro.records.identity import digest

Family = Literal["step", "scoring", "predictor", "training", "testing"]
"""A weight step of a search with what its sampler learns beside it; a cell's one-shot score, per image or word; a step
of NAO's predictor; a step of a training from scratch; a score of such a network, per image or word."""

_SHAPES = {
    "training": (
        "batch_size",
        "bn",
        "execution",
        "precision",
        "channels_last",
        "bptt",
        "lengths",
        "sharing",
        "normalize",
    ),
    "sampler": ("relaxation", "novelty", "temperature", "archive", "autoencoder", "latent", "perturbations", "masks"),
    "regularizer": ("archive", "form", "constraints", "detached", "fisher"),
}
"""Settings that change what a weight step computes, by block."""
_SWITCHES = {"sampler": ("gamma",), "regularizer": ("epsilon", "beta", "strength")}
"""Settings of which only matters whether they are 0."""
_SCORING = ("bn", "execution", "precision", "channels_last", "sharing", "normalize", "eval_batch", "bptt")
_PREDICTOR = ("hidden", "layers", "width", "predictor_batch")
_TRAINING = ("batch_size", "precision", "channels_last", "cutout", "bptt", "asgd")
_TESTING = ("precision", "channels_last", "eval_batch", "valid_batch", "bptt")


@dataclass(frozen=True)
class Kind:
    """One kind of work, and a run that does such work, by which it can be measured."""

    family: Family
    title: str
    """For people, such as `nb201 gumbel + complementation, batch 64`."""
    key: str
    """Equal for equal work."""
    benchmark: str = field(compare=False)
    method: str = field(compare=False)
    """Empty for a training from scratch."""
    settings: Mapping[str, Any] = field(compare=False, hash=False)
    """Of a run, or blocks `training` and `skeleton` of a training."""

    @property
    def unit(self) -> str:
        """What one of it is."""
        return "image or word" if self.family in ("scoring", "testing") else "step"


def step_kind(benchmark: str, space: str, method: str, parts: str, settings: Mapping[str, Any]) -> Kind:
    """A weight step of a search; `parts` are its sampler and its regularizer in words."""
    shape: dict[str, Any] = {"parts": parts, "space": space, "skeleton": settings["skeleton"]}
    for block, names in _SHAPES.items():
        own = settings.get(block, {})
        shape[block] = {name: own[name] for name in names if name in own}
    for block, names in _SWITCHES.items():
        own = settings.get(block, {})
        shape[block] |= {name: own[name] is None or own[name] > 0 for name in names if name in own}
    title = f"{space}: {parts}{_off(shape)}, batch {settings['training']['batch_size']}"
    return _kind("step", title, shape, benchmark, method, settings)


def scoring_kind(benchmark: str, space: str, method: str, settings: Mapping[str, Any]) -> Kind:
    """One image or word of a one-shot score, of one cell."""
    training = settings["training"]
    shape = {"space": space, "skeleton": settings["skeleton"], **_named(training, _SCORING)}
    return _kind("scoring", f"{space}: one-shot scores{_variant(training)}", shape, benchmark, method, settings)


def reward_kind(benchmark: str, space: str, method: str, settings: Mapping[str, Any]) -> Kind:
    """One image or word by which a controller is rewarded: a score on a batch as large as those of training."""
    training = {**settings["training"], "eval_batch": settings["training"]["batch_size"]}
    shape = {"space": space, "skeleton": settings["skeleton"], **_named(training, _SCORING)}
    own = {**settings, "training": training}
    return _kind("scoring", f"{space}: rewards{_variant(training)}", shape, benchmark, method, own)


def predictor_kind(benchmark: str, space: str, method: str, block: str, settings: Mapping[str, Any]) -> Kind:
    """A step of the autoencoder that NAO learns cells with."""
    shape = {"space": space, **_named(settings[block], _PREDICTOR)}
    own = {"predictor": settings[block]}
    return _kind("predictor", f"{space}: NAO's predictor", shape, benchmark, method, own)


def training_kind(benchmark: str, space: str, settings: Mapping[str, Any]) -> Kind:
    """A step of a training from scratch."""
    shape = {"space": space, "skeleton": settings["skeleton"], **_named(settings["training"], _TRAINING)}
    title = f"{benchmark}: training from scratch, batch {settings['training']['batch_size']}"
    return _kind("training", title, shape, benchmark, "", settings)


def testing_kind(benchmark: str, space: str, settings: Mapping[str, Any]) -> Kind:
    """One image or word that a network trained from scratch is scored on."""
    shape = {"space": space, "skeleton": settings["skeleton"], **_named(settings["training"], _TESTING)}
    return _kind("testing", f"{benchmark}: scores of a training", shape, benchmark, "", settings)


def _kind(
    family: Family, title: str, shape: Mapping[str, Any], benchmark: str, method: str, settings: Mapping[str, Any]
) -> Kind:
    return Kind(family, title, f"{family}-{digest(shape)[:12]}", benchmark, method, settings)


def _named(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _off(shape: Mapping[str, Any]) -> str:
    """Parts that are switched off, in words."""
    off = [name for block, names in _SWITCHES.items() for name in names if shape[block].get(name) is False]
    return f" without {' and '.join(off)}" if off else ""


def _variant(training: Mapping[str, Any]) -> str:
    """In what supernets of recurrent cells differ."""
    if "sharing" not in training:
        return ""
    return f", shared by {training['sharing']}{', normalized' if training['normalize'] else ''}"
