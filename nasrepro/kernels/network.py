"""The whole network around the cells: stem, reductions, classifier, loss; forwards and backwards."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nasrepro.kernels import convolution as cv
from nasrepro.kernels import maps as mp
from nasrepro.kernels.cell import CellMaps, cell_backward, cell_forward
from nasrepro.kernels.compiler import kernel
from nasrepro.kernels.parameters import Statistics, Weights, widths
from nasrepro.spaces.base import Skeleton


class ReductionMaps(NamedTuple):
    """Space for one reduction from (C, H, W) to (2C, H/2, W/2)."""

    active_in: np.ndarray  # (C, H+2, (W+2)·B)
    normal_a: np.ndarray  # (2C, H/2, W/2·B)
    scaled: np.ndarray  # (2C, H/2, W/2·B)
    active_a: np.ndarray  # (2C, H/2+2, (W/2+2)·B)
    normal_b: np.ndarray  # (2C, H/2, W/2·B)
    inverse: np.ndarray  # (2, 2C)
    halved: np.ndarray  # (C, H/2, W/2·B)
    gradient: np.ndarray  # (2C, H/2, W/2·B)
    gradient_in: np.ndarray  # (C, H, W·B)
    gradient_halved: np.ndarray  # (C, H/2, W/2·B)
    padded: np.ndarray  # (2C, H/2+2, (W/2+2)·B)
    spread: np.ndarray  # (2C, H+2, (W+2)·B)
    kernel_a: np.ndarray  # (C, 2C, 3, 3)
    kernel_b: np.ndarray  # (2C, 2C, 3, 3)
    mean: np.ndarray  # (2C,)

    @classmethod
    def empty(cls, channels: int, side: int, batch: int) -> ReductionMaps:
        """Maps for a square image of side `side`, borders zero."""
        c, d, h = channels, 2 * channels, side // 2
        small, small_padded = (h, h * batch), (h + 2, (h + 2) * batch)
        large, large_padded = (side, side * batch), (side + 2, (side + 2) * batch)
        shapes = (
            (c, *large_padded),
            (d, *small),
            (d, *small),
            (d, *small_padded),
            (d, *small),
            (2, d),
            (c, *small),
            (d, *small),
            (c, *large),
            (c, *small),
            (d, *small_padded),
            (d, *large_padded),
            (c, d, 3, 3),
            (d, d, 3, 3),
            (d,),
        )
        return cls._make(np.zeros(shape, np.float32) for shape in shapes)


class NetworkMaps(NamedTuple):
    """Space for all maps of a network at one batch size."""

    stem_normal: np.ndarray  # (C, H, W·B)
    stem_inverse: np.ndarray  # (C,)
    stem_mean: np.ndarray  # (C,)
    cells: tuple[CellMaps, ...]
    reductions: tuple[ReductionMaps, ...]
    head_normal: np.ndarray  # (C, H, W·B)
    head_scaled: np.ndarray
    head_gradient: np.ndarray
    head_inverse: np.ndarray  # (C,)
    head_mean: np.ndarray  # (C,)
    features: np.ndarray  # (C, B)
    logits: np.ndarray  # (classes, B)

    @classmethod
    def empty(cls, skeleton: Skeleton, batch: int) -> NetworkMaps:
        """Maps for batches of exactly `batch` images."""
        cells = [
            CellMaps.empty(width, skeleton.image_size // 2 ** (i // skeleton.cells), batch)
            for i, width in enumerate(widths(skeleton))
        ]
        reductions = [
            ReductionMaps.empty(skeleton.channels * 2**s, skeleton.image_size // 2**s, batch)
            for s in range(skeleton.stages - 1)
        ]
        first, last = cells[0].scratch, cells[-1].scratch
        return cls(
            stem_normal=np.zeros_like(first),
            stem_inverse=np.zeros(len(first), np.float32),
            stem_mean=np.zeros(len(first), np.float32),
            cells=tuple(cells),
            reductions=tuple(reductions),
            head_normal=np.zeros_like(last),
            head_scaled=np.zeros_like(last),
            head_gradient=np.zeros_like(last),
            head_inverse=np.zeros(len(last), np.float32),
            head_mean=np.zeros(len(last), np.float32),
            features=np.zeros((len(last), batch), np.float32),
            logits=np.zeros((skeleton.classes, batch), np.float32),
        )


@kernel
def forward(
    images: np.ndarray,
    path: np.ndarray,
    weights: Weights,
    maps: NetworkMaps,
    running: Statistics,
    batch: int,
    training: bool,
) -> None:
    """Padded images (C_in, H+2, (W+2)·B) → `maps.logits` (classes, B)."""
    stem = maps.stem_normal
    cv.conv3(images, weights.stem, stem, batch, 1)
    mp.normalize(stem, maps.stem_inverse, running.stem[0], running.stem[1], training)
    mp.scale_and_shift(stem, weights.stem_norm[0], weights.stem_norm[1], maps.cells[0].nodes[0])
    per_stage = len(maps.cells) // (len(maps.reductions) + 1)
    for i in range(len(maps.cells)):
        if i:
            if i % per_stage == 0:
                _reduce(
                    i // per_stage - 1,
                    maps.cells[i - 1].nodes[3],
                    maps.cells[i].nodes[0],
                    weights,
                    maps,
                    running,
                    batch,
                    training,
                )
            else:
                maps.cells[i].nodes[0] = maps.cells[i - 1].nodes[3]
        cell_forward(
            path,
            weights.three[i],
            weights.one[i],
            maps.cells[i],
            running.cells[i][0],
            running.cells[i][1],
            batch,
            training,
        )
    _classify(maps.cells[len(maps.cells) - 1].nodes[3], weights, maps, running, batch, training)


@kernel
def _reduce(
    which: int,
    source: np.ndarray,
    target: np.ndarray,
    weights: Weights,
    maps: NetworkMaps,
    running: Statistics,
    batch: int,
    training: bool,
) -> None:
    m, norm, kept = maps.reductions[which], weights.reduce_norm[which], running.reductions[which]
    mp.pad(source, m.active_in, batch, True)
    cv.conv3(m.active_in, weights.reduce_a[which], m.normal_a, batch, 2)
    mp.normalize(m.normal_a, m.inverse[0], kept[0, 0], kept[1, 0], training)
    mp.scale_and_shift(m.normal_a, norm[0], norm[1], m.scaled)
    mp.pad(m.scaled, m.active_a, batch, True)
    cv.conv3(m.active_a, weights.reduce_b[which], m.normal_b, batch, 1)
    mp.normalize(m.normal_b, m.inverse[1], kept[0, 1], kept[1, 1], training)
    mp.scale_and_shift(m.normal_b, norm[2], norm[3], target)
    mp.halve(source, m.halved, batch)
    cv.conv1(m.halved, 0, weights.shortcut[which], target, batch, False, True)


@kernel
def _classify(
    source: np.ndarray, weights: Weights, maps: NetworkMaps, running: Statistics, batch: int, training: bool
) -> None:
    maps.head_normal[:] = source
    mp.normalize(maps.head_normal, maps.head_inverse, running.head[0], running.head[1], training)
    mp.scale_and_shift(maps.head_normal, weights.head_norm[0], weights.head_norm[1], maps.head_scaled)
    scaled, features = maps.head_scaled, maps.features
    positions = scaled.shape[1] * scaled.shape[2] // batch
    features[:] = 0
    for c in range(len(features)):
        for y in range(scaled.shape[1]):
            for start in range(0, scaled.shape[2], batch):
                row = scaled[c, y, start:]
                for j in range(batch):
                    features[c, j] += max(row[j], np.float32(0))
        features[c] /= np.float32(positions)
    for k in range(len(maps.logits)):
        maps.logits[k] = weights.bias[k]
        for c in range(len(features)):
            for j in range(batch):
                maps.logits[k, j] += weights.head[k, c] * features[c, j]


@kernel
def cross_entropy(logits: np.ndarray, labels: np.ndarray, losses: np.ndarray, differentiate: bool) -> int:
    """Losses in nats per image; returns how many are classified rightly. Ties go to the lowest class.

    With `differentiate` the logits (classes, B) become the gradient of the mean loss.
    """
    correct = 0
    classes, batch = logits.shape
    for j in range(batch):
        best = 0
        for k in range(1, classes):
            if logits[k, j] > logits[best, j]:
                best = k
        correct += best == labels[j]
        top, total = logits[best, j], np.float32(0)
        for k in range(classes):
            total += np.exp(logits[k, j] - top)
        losses[j] = np.log(total) + top - logits[labels[j], j]
        if differentiate:
            for k in range(classes):
                share = np.exp(logits[k, j] - top) / total
                logits[k, j] = (share - np.float32(k == labels[j])) / np.float32(batch)
    return correct


@kernel
def backward(
    images: np.ndarray, path: np.ndarray, weights: Weights, gradients: Weights, maps: NetworkMaps, batch: int
) -> None:
    """From the gradient of the loss in `maps.logits` to the gradients of all weights on the path."""
    last = len(maps.cells) - 1
    _classify_backward(maps.cells[last].gradients[3], weights, gradients, maps, batch)
    per_stage = len(maps.cells) // (len(maps.reductions) + 1)
    for i in range(last, -1, -1):
        cell_backward(
            path, weights.three[i], weights.one[i], gradients.three[i], gradients.one[i], maps.cells[i], batch
        )
        if i and i % per_stage == 0:
            _reduce_backward(
                i // per_stage - 1, maps.cells[i].gradients[0], maps.cells[i - 1], weights, gradients, maps, batch
            )
        elif i:
            maps.cells[i - 1].gradients[3] = maps.cells[i].gradients[0]
    first = maps.cells[0]
    upstream = first.gradients[0]
    mp.scale_gradient(upstream, maps.stem_normal, weights.stem_norm[0], gradients.stem_norm[0], gradients.stem_norm[1])
    mp.channel_mean(upstream, maps.stem_mean)
    mp.normalize_gradient(upstream, maps.stem_mean, maps.stem_normal, maps.stem_inverse, first.padded, 1, batch)
    cv.conv3_weight_gradient(images, first.padded, 1, gradients.stem, batch, 1)


@kernel
def _classify_backward(out: np.ndarray, weights: Weights, gradients: Weights, maps: NetworkMaps, batch: int) -> None:
    features, upstream, scaled = maps.features, maps.head_gradient, maps.head_scaled
    share = np.float32(1) / np.float32(scaled.shape[1] * scaled.shape[2] // batch)
    for k in range(len(maps.logits)):
        gradients.bias[k] = maps.logits[k].sum()
        for c in range(len(features)):
            total = np.float32(0)
            for j in range(batch):
                total += maps.logits[k, j] * features[c, j]
            gradients.head[k, c] = total
    for c in range(len(features)):
        features[c] = 0
        for k in range(len(maps.logits)):
            for j in range(batch):
                features[c, j] += weights.head[k, c] * maps.logits[k, j] * share
        for y in range(scaled.shape[1]):
            for start in range(0, scaled.shape[2], batch):
                row, value = upstream[c, y, start:], scaled[c, y, start:]
                for j in range(batch):
                    row[j] = features[c, j] if value[j] > 0 else np.float32(0)
    mp.scale_gradient(upstream, maps.head_normal, weights.head_norm[0], gradients.head_norm[0], gradients.head_norm[1])
    mp.channel_mean(upstream, maps.head_mean)
    mp.normalize_gradient(upstream, maps.head_mean, maps.head_normal, maps.head_inverse, out, 0, batch)


@kernel
def _reduce_backward(
    which: int,
    upstream: np.ndarray,
    below: CellMaps,
    weights: Weights,
    gradients: Weights,
    maps: NetworkMaps,
    batch: int,
) -> None:
    m, norm, to_norm = maps.reductions[which], weights.reduce_norm[which], gradients.reduce_norm[which]
    out = below.gradients[3]
    cv.conv1_weight_gradient(m.halved, upstream, 0, gradients.shortcut[which], batch)
    cv.conv1(upstream, 0, weights.shortcut[which], m.gradient_halved, batch, True, False)
    out[:] = 0
    mp.halve_gradient(m.gradient_halved, out, batch)
    mp.scale_gradient(upstream, m.normal_b, norm[2], to_norm[2], to_norm[3])
    mp.channel_mean(upstream, m.mean)
    mp.normalize_gradient(upstream, m.mean, m.normal_b, m.inverse[1], m.padded, 1, batch)
    cv.conv3_weight_gradient(m.active_a, m.padded, 1, gradients.reduce_b[which], batch, 1)
    cv.turned(weights.reduce_b[which], m.kernel_b)
    cv.conv3(m.padded, m.kernel_b, upstream, batch, 1)
    m.gradient[:] = 0
    mp.masked_add(m.gradient, upstream, m.scaled)
    mp.scale_gradient(m.gradient, m.normal_a, norm[0], to_norm[0], to_norm[1])
    mp.channel_mean(m.gradient, m.mean)
    mp.normalize_gradient(m.gradient, m.mean, m.normal_a, m.inverse[0], upstream, 0, batch)
    cv.conv3_weight_gradient(m.active_in, upstream, 0, gradients.reduce_a[which], batch, 2)
    mp.spread_out(upstream, m.spread, batch)
    cv.turned(weights.reduce_a[which], m.kernel_a)
    cv.conv3(m.spread, m.kernel_a, m.gradient_in, batch, 1)
    mp.masked_add(out, m.gradient_in, below.nodes[3])
