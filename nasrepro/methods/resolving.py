"""From a method, a benchmark, a scale and a protocol to the settings of a run."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from nasrepro.benchmarks import Benchmark
from nasrepro.errors import UserError, unknown
from nasrepro.methods.method import RELEASED, Blocks, Method


def resolve(
    method: Method, benchmark: Benchmark, scale: str, overrides: Blocks | None = None, *, protocol: str = "sound"
) -> dict[str, Any]:
    """All settings of a run: published values, replaced by those for the benchmark's space, by the benchmark's scale,
    the method's, the protocol's, and `overrides`.

    A scale's block may name settings of other methods (the temperature of GDAS means nothing to RandomNAS), so
    only those the method knows are taken from it. Overrides must name existing settings. Raises `UserError`.
    """
    if protocol not in method.protocols:
        raise UserError(f"method '{method.name}' has no protocol '{protocol}'; allowed: {', '.join(method.protocols)}")
    method = method.inside(benchmark)
    blocks = method.blocks()
    overrides = overrides or {}
    allowed = [*blocks, "skeleton"] if method.one_shot else list(blocks)
    for block in overrides:
        if block not in allowed:
            raise unknown(f"block of settings for method '{method.name}'", block, allowed)
    resolved: dict[str, Any] = {}
    for block, model in blocks.items():
        values: dict[str, Any] = {}
        for source in (
            benchmark.space_settings,
            benchmark.sampler_settings.get(method.sampler or "", {}),
            _shared_out(benchmark.scales[scale], method),
            method.scales.get(scale, {}),
            method.protocols[protocol],
            released(benchmark, method) if protocol == RELEASED else {},
        ):
            values |= {key: value for key, value in source.get(block, {}).items() if key in model.model_fields}
        resolved[block] = validated(model, block, values | dict(overrides.get(block, {})))
    if method.one_shot:
        fields = benchmark.skeleton(scale)
        for key in overrides.get("skeleton", {}):
            if key not in fields:
                raise unknown("setting of block 'skeleton'", key, fields)
        resolved["skeleton"] = _skeleton(benchmark, {**fields, **overrides.get("skeleton", {})}).sizes()
    return resolved


def released(benchmark: Benchmark, method: Method) -> Blocks:
    """What released code of the method did otherwise in the benchmark's space: by its sampler, then by its name."""
    both = [benchmark.released_settings.get(key, {}) for key in (method.sampler or "", method.name)]
    return {block: {**both[0].get(block, {}), **both[1].get(block, {})} for block in {**both[0], **both[1]}}


def _shared_out(blocks: Blocks, method: Method) -> Blocks:
    """The settings of a scale with this method's share of the epochs."""
    training = blocks.get("training", {})
    if "epochs" not in training:
        return blocks
    return {**blocks, "training": {**training, "epochs": max(1, round(method.share_of_epochs * training["epochs"]))}}


def _skeleton(benchmark: Benchmark, fields: dict[str, Any]) -> Any:
    """The supernet's skeleton; raises `UserError` when it cannot be built or does not fit the benchmark's images."""
    real = benchmark.searched
    for name, value in fields.items():
        if type(value) is not int:
            raise UserError(f"impossible skeleton: '{name}' cannot be '{value}'; a whole number is allowed")
        if name in ("classes", "in_channels") and value != getattr(real, name):
            raise UserError(
                f"impossible skeleton: '{name}' cannot be {value}; the images of '{benchmark.name}' make it "
                f"{getattr(real, name)}"
            )
        if name == "nodes":
            check_nodes(benchmark, value)
    try:
        skeleton = benchmark.space.supernet_skeleton(fields)
    except ValueError as error:
        raise UserError(f"impossible skeleton: {error}") from error
    if benchmark.language:
        if skeleton.vocabulary > real.vocabulary:
            raise UserError(
                f"impossible skeleton: 'vocabulary' cannot be {skeleton.vocabulary}; the text of '{benchmark.name}' "
                f"has {real.vocabulary} words"
            )
        return skeleton
    if skeleton.image_size < 1 or real.image_size % skeleton.image_size:
        raise UserError(
            f"impossible skeleton: images of side {real.image_size} cannot be pooled to side {skeleton.image_size}"
        )
    return skeleton


def check_nodes(benchmark: Benchmark, nodes: int) -> None:
    """Raise `UserError` for a recurrent cell of another number of nodes than those of the benchmark's space."""
    if nodes != benchmark.standalone.nodes:
        raise UserError(
            f"impossible skeleton: 'nodes' cannot be {nodes}; the space of '{benchmark.name}' makes it "
            f"{benchmark.standalone.nodes}"
        )


def validated(model: type[BaseModel], block: str, values: dict[str, Any]) -> dict[str, Any]:
    """All settings of a block as plain values; raises `UserError` for one that it lacks or that cannot be."""
    for key in values:
        if key not in model.model_fields:
            raise unknown(f"setting of block '{block}'", key, model.model_fields)
    try:
        return model.model_validate(values).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join([block, *(str(part) for part in first["loc"])])
        raise UserError(f"setting '{name}' cannot be '{first.get('input')}': {first['msg']}") from error
