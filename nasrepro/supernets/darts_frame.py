"""What stands around the cells of DARTS networks: stems, the auxiliary head, the mean before a classifier."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.supernets.blocks import Classifier, Conv, Stem
from nasrepro.supernets.darts_ops import State
from nasrepro.supernets.norm import BatchNormMode, Norm

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
"""Of the maps, by the name of a precision."""
_ALONE = BatchNormMode.RUNNING


def pooled(x: Tensor) -> Tensor:
    """(B, C, H, W) → the mean of every map (B, C) in at least single precision."""
    last = x.permute(0, 2, 3, 1)  # the gradient then comes in the layout of channels_last maps
    return last.mean(dim=(1, 2), dtype=torch.promote_types(x.dtype, torch.float32))


class CifarStem(Stem):
    """3×3 convolution and normalization; both inputs of the first cell are its output."""

    def __init__(self, skeleton: DartsSkeleton, mode: BatchNormMode, rng: torch.Generator) -> None:
        outputs = skeleton.stem * skeleton.channels
        super().__init__(skeleton.in_channels, outputs, mode, rng)
        self.outputs = (outputs, outputs)

    def states(self, x: Tensor) -> tuple[State, State]:
        """Images → the two inputs of the first cell."""
        state = State(self(x))
        return state, state


class ImageNetStem(nn.Module):
    """Three strided 3×3 convolutions; the first cell gets the maps behind the second and behind the third."""

    def __init__(self, skeleton: DartsSkeleton, rng: torch.Generator) -> None:
        super().__init__()
        width = skeleton.channels
        self.convs = nn.ModuleList(
            Conv(inputs, outputs, 3, 2, rng)
            for inputs, outputs in ((skeleton.in_channels, width // 2), (width // 2, width), (width, width))
        )
        self.norms = nn.ModuleList(Norm(outputs, affine=True, mode=_ALONE) for outputs in (width // 2, width, width))
        self.outputs = (width, width)

    def states(self, x: Tensor) -> tuple[State, State]:
        """Images → the two inputs of the first cell, the first with twice the side of the second."""
        x = F.relu_(self.norms[0](self.convs[0](x)))
        before = State(self.norms[1](self.convs[1](x)))
        return before, State(self.norms[2](self.convs[2](before.active)))


class Auxiliary(nn.Module):
    """A second classifier for training alone, on the map behind the second reduction.

    ReLU, 5×5 mean with stride 3 (CIFAR) or 2 (ImageNet), convolutions to 128 and 768 channels, linear layer. The second
    convolution is not normalized in the ImageNet network, as it was released and trained.
    """

    def __init__(self, channels: int, skeleton: DartsSkeleton, rng: torch.Generator) -> None:
        super().__init__()
        small = skeleton.family == "cifar"
        self.stride = 3 if small else 2
        self.point = Conv(channels, 128, 1, 1, rng)
        self.norm = Norm(128, affine=True, mode=_ALONE)
        self.wide = Conv(128, 768, 2, 1, rng, padding=0)
        self.wide_norm = Norm(768, affine=True, mode=_ALONE) if small else nn.Identity()
        self.head = Classifier(768, skeleton.classes, rng)

    def forward(self, state: State) -> Tensor:
        """(B, channels, H, W) → logits (B, classes)."""
        x = F.avg_pool2d(state.active, 5, self.stride)
        x = F.relu_(self.norm(self.point(x)))
        x = F.relu(self.wide_norm(self.wide(x)))
        logits: Tensor = self.head(pooled(x))
        return logits
