"""Parameters and MACs of a NAS-Bench-201 architecture in closed form.

Counted as the benchmark counts: every learnable tensor; multiply-accumulates of convolutions and of the
classifier, its bias included; nothing for normalisation, pooling, activations and additions. Edges that
cannot reach the output count too, because the network is built with them.
"""

from __future__ import annotations

from nasrepro.spaces.base import Cost, Skeleton
from nasrepro.spaces.nb201_equivalence import live_edges

_SIZE = {2: 1, 3: 9}  # kernel elements of the operation codes of 1×1 and 3×3 convolutions


def cost(conv1: int, conv3: int, skeleton: Skeleton) -> Cost:
    """Cost of any cell with `conv1` 1×1 edges and `conv3` 3×3 edges in the given skeleton."""
    width, side = skeleton.channels, skeleton.image_size
    params = 9 * skeleton.in_channels * width + 2 * width  # stem convolution and its normalisation
    macs = 9 * skeleton.in_channels * width * side * side
    for stage in range(skeleton.stages):
        if stage:  # residual reduction: 3×3 stride 2, 3×3, and a 1×1 shortcut after pooling
            before, width, side = width, 2 * width, side // 2
            kernels = 9 * before * width + 9 * width * width + before * width
            params += kernels + 4 * width
            macs += kernels * side * side
        kernels = skeleton.cells * width * width * (conv1 + 9 * conv3)
        params += kernels + (skeleton.cells * 2 * width * (conv1 + conv3) if skeleton.affine else 0)
        macs += kernels * side * side
    classifier = width * skeleton.classes + skeleton.classes
    return Cost(params=params + 2 * width + classifier, macs=macs + classifier)


def live_conv_size(ops: tuple[int, ...]) -> int:
    """Relative size of the convolutions that lie on a path from input to output: 1 for a 1×1, 9 for a 3×3."""
    return sum(_SIZE.get(ops[edge], 0) for edge in live_edges(ops))
