"""Convolutions over maps whose rows are laid out as columns × batch.

A map has shape (channels, rows, columns · batch), float32. A padded map has one more row above and below and one
more column left and right, all zero. With the batch innermost every tap of a kernel is one scalar times one long
contiguous row, so the loops fill the vector units however few channels there are; four-channel networks, where
library convolutions spend their time on layout, are what this is for.
"""

from __future__ import annotations

import numpy as np

from nasrepro.kernels.compiler import U, kernel


@kernel
def conv3(padded: np.ndarray, weight: np.ndarray, out: np.ndarray, batch: int, stride: int) -> None:
    """3×3 convolution of a padded map into `out`, stride 1 or 2.

    `weight` has shape (outputs, inputs, 3, 3); the number of outputs is even.
    """
    outputs, inputs = weight.shape[:2]
    rows, width = out.shape[1:]
    padded_rows, padded_width = padded.shape[1:]
    source, target = padded.reshape(-1), out.reshape(-1)
    span = width if stride == 1 else batch
    target[:] = 0
    for y in range(rows):
        for ci in range(inputs):
            row = (ci * padded_rows + stride * y) * padded_width
            for co in range(0, outputs, 2):
                for start in range(0, width, span):
                    at = (co * rows + y) * width + start
                    corner = row + stride * start
                    _nine_taps(target, at, rows * width, source, corner, padded_width, batch, span, weight, co, ci)


@kernel
def _nine_taps(
    out: np.ndarray,
    at: int,
    next_channel: int,
    source: np.ndarray,
    corner: int,
    next_row: int,
    batch: int,
    span: int,
    weight: np.ndarray,
    co: int,
    ci: int,
) -> None:
    """Add what one input channel gives to a stretch of two output channels: eighteen products per nine loads."""
    a0, a1, a2 = U(corner), U(corner + batch), U(corner + 2 * batch)
    b0, b1, b2 = U(corner + next_row), U(corner + next_row + batch), U(corner + next_row + 2 * batch)
    c0, c1, c2 = U(corner + 2 * next_row), U(corner + 2 * next_row + batch), U(corner + 2 * next_row + 2 * batch)
    p00, p01, p02 = weight[co, ci, 0, 0], weight[co, ci, 0, 1], weight[co, ci, 0, 2]
    p10, p11, p12 = weight[co, ci, 1, 0], weight[co, ci, 1, 1], weight[co, ci, 1, 2]
    p20, p21, p22 = weight[co, ci, 2, 0], weight[co, ci, 2, 1], weight[co, ci, 2, 2]
    q00, q01, q02 = weight[co + 1, ci, 0, 0], weight[co + 1, ci, 0, 1], weight[co + 1, ci, 0, 2]
    q10, q11, q12 = weight[co + 1, ci, 1, 0], weight[co + 1, ci, 1, 1], weight[co + 1, ci, 1, 2]
    q20, q21, q22 = weight[co + 1, ci, 2, 0], weight[co + 1, ci, 2, 1], weight[co + 1, ci, 2, 2]
    first, second = U(at), U(at + next_channel)
    for j in range(U(span)):
        x0, x1, x2 = source[a0 + j], source[a1 + j], source[a2 + j]
        y0, y1, y2 = source[b0 + j], source[b1 + j], source[b2 + j]
        z0, z1, z2 = source[c0 + j], source[c1 + j], source[c2 + j]
        upper, middle = p00 * x0 + p01 * x1 + p02 * x2, p10 * y0 + p11 * y1 + p12 * y2
        out[first + j] += upper + middle + p20 * z0 + p21 * z1 + p22 * z2
        upper, middle = q00 * x0 + q01 * x1 + q02 * x2, q10 * y0 + q11 * y1 + q12 * y2
        out[second + j] += upper + middle + q20 * z0 + q21 * z1 + q22 * z2


@kernel
def conv3_weight_gradient(
    padded: np.ndarray, upstream: np.ndarray, margin: int, gradient: np.ndarray, batch: int, stride: int
) -> None:
    """Gradient of `conv3` in its weights, into `gradient` (outputs, inputs, 3, 3).

    `margin` is 1 where the upstream map is padded, else 0.
    """
    outputs, inputs = gradient.shape[:2]
    rows, width = upstream.shape[1:]
    padded_rows, padded_width = padded.shape[1:]
    source, flow = padded.reshape(-1), upstream.reshape(-1)
    inner = width - 2 * margin * batch
    span = inner if stride == 1 else batch
    gradient[:] = 0
    for y in range(rows - 2 * margin):
        for ci in range(inputs):
            row = (ci * padded_rows + stride * y) * padded_width
            for co in range(outputs):
                for start in range(0, inner, span):
                    at = (co * rows + y + margin) * width + margin * batch + start
                    _nine_products(flow, at, source, row + stride * start, padded_width, batch, span, gradient[co, ci])


@kernel
def _nine_products(
    upstream: np.ndarray,
    at: int,
    source: np.ndarray,
    corner: int,
    next_row: int,
    batch: int,
    span: int,
    total: np.ndarray,
) -> None:
    """Add the inner products of a stretch of upstream gradient with the inputs under each of the nine taps."""
    a0, a1, a2 = U(corner), U(corner + batch), U(corner + 2 * batch)
    b0, b1, b2 = U(corner + next_row), U(corner + next_row + batch), U(corner + next_row + 2 * batch)
    c0, c1, c2 = U(corner + 2 * next_row), U(corner + 2 * next_row + batch), U(corner + 2 * next_row + 2 * batch)
    zero = np.float32(0)
    s00, s01, s02, s10, s11, s12, s20, s21, s22 = zero, zero, zero, zero, zero, zero, zero, zero, zero
    first = U(at)
    for j in range(U(span)):
        u = upstream[first + j]
        s00 += u * source[a0 + j]
        s01 += u * source[a1 + j]
        s02 += u * source[a2 + j]
        s10 += u * source[b0 + j]
        s11 += u * source[b1 + j]
        s12 += u * source[b2 + j]
        s20 += u * source[c0 + j]
        s21 += u * source[c1 + j]
        s22 += u * source[c2 + j]
    total[0, 0] += s00
    total[0, 1] += s01
    total[0, 2] += s02
    total[1, 0] += s10
    total[1, 1] += s11
    total[1, 2] += s12
    total[2, 0] += s20
    total[2, 1] += s21
    total[2, 2] += s22


@kernel
def turned(weight: np.ndarray, out: np.ndarray) -> None:
    """The kernels that carry gradient back: inputs and outputs swapped, taps turned by half a turn."""
    for co in range(weight.shape[0]):
        for ci in range(weight.shape[1]):
            for dy in range(3):
                for dx in range(3):
                    out[ci, co, dy, dx] = weight[co, ci, 2 - dy, 2 - dx]


@kernel
def conv1(
    maps: np.ndarray, margin: int, weight: np.ndarray, out: np.ndarray, batch: int, transpose: bool, add: bool
) -> None:
    """1×1 convolution of a map with `weight` (outputs, inputs, 1, 1), or with its transpose, into an unpadded map.

    `margin` is 1 where `maps` is padded, else 0; `add` keeps what is there.
    """
    for co in range(out.shape[0]):
        for y in range(out.shape[1]):
            row = out[co, y]
            if not add:
                row[:] = 0
            for ci in range(maps.shape[0]):
                w = weight[ci, co, 0, 0] if transpose else weight[co, ci, 0, 0]
                source = maps[ci, y + margin, margin * batch :]
                for j in range(row.size):
                    row[j] += w * source[j]


@kernel
def conv1_weight_gradient(
    maps: np.ndarray, upstream: np.ndarray, margin: int, gradient: np.ndarray, batch: int
) -> None:
    """Gradient of `conv1` in its weights, into `gradient` (outputs, inputs, 1, 1); both maps have the same margin."""
    width = upstream.shape[2] - 2 * margin * batch
    for co in range(gradient.shape[0]):
        for ci in range(gradient.shape[1]):
            total = np.float32(0)
            for y in range(margin, upstream.shape[1] - margin):
                row, source = upstream[co, y, margin * batch :], maps[ci, y, margin * batch :]
                for j in range(width):
                    total += row[j] * source[j]
            gradient[co, ci, 0, 0] = total
