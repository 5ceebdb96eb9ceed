"""Parameters and MACs of the stand-alone networks of DARTS cells in closed form.

Parameters are every learnable tensor; multiply-accumulates are those of convolutions and of the classifier, without its
bias, for one image. Normalization, pooling, activations and additions count nothing. Published counts differ in what
they count, so they are only comparable when the counter is stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nasrepro.spaces.base import Cost
from nasrepro.spaces.darts_genotype import ALL_OPS, DartsGenotype
from nasrepro.spaces.darts_skeleton import DartsSkeleton

MOBILE_MACS = 600_000_000
"""A network on ImageNet has fewer multiply-accumulates in the papers' mobile setting (Liu et al., ICLR 2019)."""
_HIDDEN, _WIDE = 128, 768  # channels of the auxiliary head's two convolutions


@dataclass(frozen=True)
class _Map:
    channels: int
    side: int


def cost(genotype: DartsGenotype, skeleton: DartsSkeleton) -> Cost:
    """Of the network as it is evaluated, that is without the auxiliary head."""
    found, maps = _body(genotype, skeleton)
    features = maps[-1].channels * skeleton.classes
    return Cost(found.params + features + skeleton.classes, found.macs + features)


def with_auxiliary(genotype: DartsGenotype, skeleton: DartsSkeleton) -> int:
    """Parameters of the network as it is trained: with its auxiliary head, where the skeleton has one."""
    params = cost(genotype, skeleton).params
    if not skeleton.auxiliary:
        return params
    channels = _body(genotype, skeleton)[1][2 * skeleton.cells // 3].channels
    normalized = 2 * _WIDE if skeleton.family == "cifar" else 0  # the ImageNet head lacks its second normalization
    head = channels * _HIDDEN + 2 * _HIDDEN + 4 * _HIDDEN * _WIDE + normalized
    return params + head + (_WIDE + 1) * skeleton.classes


def notes(macs: int, skeleton: Any) -> list[str]:
    """What must be known of a network of so many multiply-accumulates before it is compared with printed ones."""
    if not isinstance(skeleton, DartsSkeleton) or skeleton.family != "imagenet" or macs < MOBILE_MACS:
        return []
    bound = f"the mobile setting, which is below {MOBILE_MACS // 10**6} million"
    return [f"{macs / 1e6:,.1f} million multiply-adds are beyond {bound}"]


def _body(genotype: DartsGenotype, skeleton: DartsSkeleton) -> tuple[Cost, list[_Map]]:
    """Stem and cells, and the map that every cell leaves."""
    total, before, last = _stem(skeleton)
    width, maps = skeleton.channels, []
    for position in range(skeleton.cells):
        reduces = position in skeleton.reductions
        width *= 2 if reduces else 1
        cell = genotype.reduce if reduces else genotype.normal
        total = _sum(total, _projection(before, width, last.side), _projection(last, width, last.side))
        side = last.side // 2 if reduces else last.side
        for node in cell.nodes:
            for op, state in node:
                total = _sum(total, _operation(ALL_OPS[op], width, side, 2 if reduces and state < 2 else 1))
        before, last = last, _Map(len(cell.concat) * width, side)
        maps.append(last)
    return total, maps


def _stem(skeleton: DartsSkeleton) -> tuple[Cost, _Map, _Map]:
    """The stem's cost and the two maps that it gives the first cell."""
    width, side, colors = skeleton.channels, skeleton.image_size, skeleton.in_channels
    if skeleton.family == "cifar":
        stem = _Map(skeleton.stem * width, side)
        return _convolution(9 * colors * stem.channels, stem), stem, stem
    half, quarter, eighth = _Map(width // 2, side // 2), _Map(width, side // 4), _Map(width, side // 8)
    first, second = _convolution(9 * colors * half.channels, half), _convolution(9 * half.channels * width, quarter)
    return _sum(first, second, _convolution(9 * width * width, eighth)), quarter, eighth


def _projection(source: _Map, width: int, side: int) -> Cost:
    """A 1×1 convolution; where the source is larger, two strided ones of half the width, which cost the same."""
    return _convolution(source.channels * width, _Map(width, side))


def _operation(name: str, width: int, side: int, stride: int) -> Cost:
    """Of an operation that leaves a map of this side."""
    out = _Map(width, side)
    kind, size = name[:3], int(name[-1]) if name[-1].isdigit() else 0
    if name == "skip_connect":
        return _convolution(width * width, out) if stride == 2 else Cost(0, 0)
    if kind == "sep":
        stage = _convolution(size * size * width + width * width, out)
        return _sum(stage, stage)
    if kind == "dil":
        return _convolution(size * size * width + width * width, out)
    if name.startswith("conv"):  # 1×k strided along one axis, then k×1 along the other; one normalization
        weights = size * width * width
        return Cost(2 * weights + 2 * width, weights * side * side * (stride + 1))
    return Cost(0, 0)


def _convolution(weights: int, out: _Map) -> Cost:
    """Convolutions without bias that leave maps of one side, and a normalization with scale and shift."""
    return Cost(weights + 2 * out.channels, weights * out.side * out.side)


def _sum(*costs: Cost) -> Cost:
    return Cost(sum(part.params for part in costs), sum(part.macs for part in costs))
