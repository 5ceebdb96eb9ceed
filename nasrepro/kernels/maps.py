"""Everything that is done to maps besides convolving them. Layouts as in `convolution`."""

from __future__ import annotations

import numpy as np

from nasrepro.kernels.compiler import U, kernel

EPSILON = 1e-5
MOMENTUM = 0.1
"""Of batch normalisation, as in PyTorch."""


@kernel
def add_to(out: np.ndarray, maps: np.ndarray) -> None:
    """out += maps."""
    for c in range(out.shape[0]):
        for y in range(out.shape[1]):
            row, source = out[c, y], maps[c, y]
            for j in range(row.size):
                row[j] += source[j]


@kernel
def pad(maps: np.ndarray, padded: np.ndarray, batch: int, rectify: bool) -> None:
    """Write a map, or its positive part, into the middle of a padded map; the border is left as it is."""
    for c in range(maps.shape[0]):
        for y in range(maps.shape[1]):
            row, source = padded[c, y + 1, batch:], maps[c, y]
            if rectify:
                for j in range(source.size):
                    row[j] = source[j] if source[j] > 0 else np.float32(0)
            else:
                for j in range(source.size):
                    row[j] = source[j]


@kernel
def masked_add(out: np.ndarray, gradient: np.ndarray, maps: np.ndarray) -> None:
    """Gradient of the positive part: add it where the map was positive."""
    for c in range(out.shape[0]):
        for y in range(out.shape[1]):
            row, source, value = out[c, y], gradient[c, y], maps[c, y]
            for j in range(row.size):
                row[j] += source[j] if value[j] > 0 else np.float32(0)


@kernel
def channel_mean(maps: np.ndarray, out: np.ndarray) -> None:
    """Mean of each channel over positions and batch."""
    for c in range(maps.shape[0]):
        total = np.float32(0)
        for y in range(maps.shape[1]):
            row = maps[c, y]
            for j in range(row.size):
                total += row[j]
        out[c] = total / np.float32(maps.shape[1] * maps.shape[2])


@kernel
def normalize(maps: np.ndarray, inverse: np.ndarray, mean: np.ndarray, variance: np.ndarray, training: bool) -> None:
    """Batch normalisation in place, without scale and shift; `inverse` receives 1 / standard deviation.

    In training by the batch's own statistics, which move the running `mean` and (unbiased) `variance`; otherwise by
    the running ones.
    """
    count = maps.shape[1] * maps.shape[2]
    for c in range(maps.shape[0]):
        if training:
            total = np.float32(0)
            for y in range(maps.shape[1]):
                row = maps[c, y]
                for j in range(row.size):
                    total += row[j]
            middle = total / np.float32(count)
            square = np.float32(0)
            for y in range(maps.shape[1]):
                row = maps[c, y]
                for j in range(row.size):
                    away = row[j] - middle
                    square += away * away
            spread = square / np.float32(count)
            mean[c] += np.float32(MOMENTUM) * (middle - mean[c])
            variance[c] += np.float32(MOMENTUM) * (square / np.float32(count - 1) - variance[c])
        else:
            middle, spread = mean[c], variance[c]
        scale = np.float32(1) / np.sqrt(spread + np.float32(EPSILON))
        inverse[c] = scale
        for y in range(maps.shape[1]):
            row = maps[c, y]
            for j in range(row.size):
                row[j] = (row[j] - middle) * scale


@kernel
def normalize_gradient(
    upstream: np.ndarray,
    upstream_mean: np.ndarray,
    normal: np.ndarray,
    inverse: np.ndarray,
    out: np.ndarray,
    margin: int,
    batch: int,
) -> None:
    """Gradient of `normalize` in training, into `out`; `normal` is its result, `upstream_mean` per channel.

    `margin` is 1 where `out` is padded, else 0.
    """
    count = np.float32(upstream.shape[1] * upstream.shape[2])
    for c in range(upstream.shape[0]):
        total = np.float32(0)
        for y in range(upstream.shape[1]):
            row, value = upstream[c, y], normal[c, y]
            for j in range(row.size):
                total += row[j] * value[j]
        along, middle, scale = total / count, upstream_mean[c], inverse[c]
        for y in range(upstream.shape[1]):
            row, value, target = upstream[c, y], normal[c, y], out[c, y + margin, margin * batch :]
            for j in range(row.size):
                target[j] = scale * (row[j] - middle - value[j] * along)


@kernel
def scale_and_shift(normal: np.ndarray, scale: np.ndarray, shift: np.ndarray, out: np.ndarray) -> None:
    """out = normal · scale + shift, per channel."""
    for c in range(out.shape[0]):
        s, t = scale[c], shift[c]
        for y in range(out.shape[1]):
            row, value = out[c, y], normal[c, y]
            for j in range(row.size):
                row[j] = s * value[j] + t


@kernel
def scale_gradient(
    upstream: np.ndarray, normal: np.ndarray, scale: np.ndarray, to_scale: np.ndarray, to_shift: np.ndarray
) -> None:
    """Gradients of `scale_and_shift`; `upstream` becomes, in place, the gradient of `normal`."""
    for c in range(upstream.shape[0]):
        along, total, s = np.float32(0), np.float32(0), scale[c]
        for y in range(upstream.shape[1]):
            row, value = upstream[c, y], normal[c, y]
            for j in range(row.size):
                along += row[j] * value[j]
                total += row[j]
                row[j] *= s
        to_scale[c] = along
        to_shift[c] = total


def window_shares(side: int, batch: int) -> np.ndarray:
    """1 / number of pixels of the 3×3 window around each position that lie inside the map, (H, W·B)."""
    inside = np.full(side, 3.0)
    inside[0] -= 1
    inside[-1] -= 1
    return np.repeat(1 / np.outer(inside, inside), batch, axis=1).astype(np.float32)


@kernel
def add_windows(padded: np.ndarray, factor: np.ndarray, out: np.ndarray, batch: int) -> None:
    """Add `factor` (H, W·B) times the sum of the 3×3 window around each position to `out`.

    With `window_shares` as factor this is average pooling, stride 1, padding left out of the mean.
    """
    source, target, factors = padded.reshape(-1), out.reshape(-1), factor.reshape(-1)
    rows, width, next_row = out.shape[1], out.shape[2], padded.shape[2]
    for c in range(out.shape[0]):
        for y in range(rows):
            corner = (c * (rows + 2) + y) * next_row
            a0, a1, a2 = U(corner), U(corner + batch), U(corner + 2 * batch)
            corner += next_row
            b0, b1, b2 = U(corner), U(corner + batch), U(corner + 2 * batch)
            corner += next_row
            c0, c1, c2 = U(corner), U(corner + batch), U(corner + 2 * batch)
            at, share = U((c * rows + y) * width), U(y * width)
            for j in range(U(width)):
                upper = source[a0 + j] + source[a1 + j] + source[a2 + j]
                middle = source[b0 + j] + source[b1 + j] + source[b2 + j]
                lower = source[c0 + j] + source[c1 + j] + source[c2 + j]
                target[at + j] += factors[share + j] * (upper + middle + lower)


@kernel
def pad_scaled(maps: np.ndarray, factor: np.ndarray, padded: np.ndarray, batch: int) -> None:
    """Write a map times `factor` (H, W·B) into the middle of a padded map."""
    for c in range(maps.shape[0]):
        for y in range(maps.shape[1]):
            row, source, scale = padded[c, y + 1, batch:], maps[c, y], factor[y]
            for j in range(source.size):
                row[j] = scale[j] * source[j]


@kernel
def halve(maps: np.ndarray, out: np.ndarray, batch: int) -> None:
    """Mean over 2×2 blocks."""
    source, target = maps.reshape(-1), out.reshape(-1)
    for c in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2] // batch):
                left, at, right, below, across = _block(maps, out, c, y, x, batch)
                for j in range(U(batch)):
                    total = source[left + j] + source[right + j] + source[below + j] + source[across + j]
                    target[at + j] = np.float32(0.25) * total


@kernel
def halve_gradient(upstream: np.ndarray, out: np.ndarray, batch: int) -> None:
    """Gradient of `halve`, added to `out`."""
    source, target = upstream.reshape(-1), out.reshape(-1)
    for c in range(upstream.shape[0]):
        for y in range(upstream.shape[1]):
            for x in range(upstream.shape[2] // batch):
                left, at, right, below, across = _block(out, upstream, c, y, x, batch)
                for j in range(U(batch)):
                    share = np.float32(0.25) * source[at + j]
                    target[left + j] += share
                    target[right + j] += share
                    target[below + j] += share
                    target[across + j] += share


@kernel
def _block(large: np.ndarray, small: np.ndarray, c: int, y: int, x: int, batch: int) -> tuple[np.uintp, ...]:
    """Flat positions: upper left pixel of a 2×2 block, its place in the halved map, and the block's other pixels."""
    left = (c * large.shape[1] + 2 * y) * large.shape[2] + 2 * x * batch
    at = (c * small.shape[1] + y) * small.shape[2] + x * batch
    below = left + large.shape[2]
    return U(left), U(at), U(left + batch), U(below), U(below + batch)


@kernel
def spread_out(maps: np.ndarray, padded: np.ndarray, batch: int) -> None:
    """Put a map of half the side on the even positions of a padded map whose other positions are zero."""
    source, target = maps.reshape(-1), padded.reshape(-1)
    for c in range(maps.shape[0]):
        for y in range(maps.shape[1]):
            for x in range(maps.shape[2] // batch):
                at = U((c * padded.shape[1] + 2 * y + 1) * padded.shape[2] + (2 * x + 1) * batch)
                left = U((c * maps.shape[1] + y) * maps.shape[2] + x * batch)
                for j in range(U(batch)):
                    target[at + j] = source[left + j]
