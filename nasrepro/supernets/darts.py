"""The supernet of the DARTS convolutional space (Liu et al., ICLR 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nasrepro.placement import onto, places
from nasrepro.spaces.base import Path
from nasrepro.spaces.darts_genotype import NODES
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.supernets.blocks import Classifier
from nasrepro.supernets.choice import Choice
from nasrepro.supernets.darts_cell import DartsCell
from nasrepro.supernets.darts_frame import DTYPES, CifarStem, pooled
from nasrepro.supernets.darts_mixture import mixed
from nasrepro.supernets.darts_ops import State
from nasrepro.supernets.norm import BatchNormMode


class DartsNetwork(nn.Module):
    """Stem, cells of which two are reductions, and a classifier; every cell holds all candidate operations.

    Of the CIFAR kind whatever the skeleton's family, without auxiliary head. Only the stem normalizes with affine
    parameters, and pools are normalized. `precision` "bf16" runs maps in bfloat16 with float32 master weights and
    float32 logits. `channels_last` is much the faster layout on CPUs.
    """

    def __init__(
        self,
        skeleton: DartsSkeleton,
        *,
        mode: BatchNormMode = BatchNormMode.BATCH,
        channels_last: bool = False,
        precision: str = "fp32",
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.dtype = DTYPES[precision]
        width = skeleton.channels
        self.stem = CifarStem(skeleton, mode, rng)
        before, last = self.stem.outputs
        self.cells = nn.ModuleList()
        for position in range(skeleton.cells):
            reduces = position in skeleton.reductions
            width *= 2 if reduces else 1
            halves = position - 1 in skeleton.reductions
            self.cells.append(DartsCell((before, last), width, reduces=reduces, halves=halves, mode=mode, rng=rng))
            before, last = last, NODES * width
        self.head = Classifier(last, skeleton.classes, rng)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.to(memory_format=self.memory_format)  # type: ignore[call-overload]

    def forward(self, x: Tensor, choice: Choice, gates: Tensor | None = None) -> Tensor:
        """Images (B, C_in, H, W) → logits (B, classes).

        `choice` is a path, numbers edge · 8 + operation, or a mixture, weights (28, 8). `gates` (28, 8), hard in value,
        soft in gradient, makes the result of a path differentiable in those of its operations; the result of a mixture
        is differentiable in its weights.
        """
        return self.finish(self.begin(x), choice, gates)

    def many(self, x: Tensor, paths: Sequence[Path]) -> Tensor:
        """Images (B, C_in, H, W) → logits of every path (paths, B, classes); they share the stem."""
        begun = self.begin(x)
        different = list(dict.fromkeys(paths))
        logits = torch.stack([self.finish(begun, path) for path in different])
        if len(different) == len(paths):
            return logits
        return logits[places([different.index(path) for path in paths], logits.device)]

    def begin(self, x: Tensor) -> State:
        """Images (B, C_in, H, W) → the stem's output, which no path has changed yet."""
        return State(self.stem(x.to(self.dtype, memory_format=self.memory_format)))

    def finish(self, begun: State, choice: Choice, gates: Tensor | None = None) -> Tensor:
        """The stem's output → logits (B, classes)."""
        device = begun.value.device
        choice = onto(choice, device) if isinstance(choice, Tensor) else choice
        gates = None if gates is None else onto(gates, device)
        before = last = begun
        for cell in self.cells:
            assert isinstance(cell, DartsCell)
            if isinstance(choice, Tensor):
                before, last = last, mixed(cell, before, last, choice)
            else:
                before, last = last, cell(before, last, choice, gates)
        logits: Tensor = self.head(pooled(last.value))
        if gates is not None:
            logits = logits + 0 * gates.sum()  # a path of nothing but `none` has derivatives, too: zeros
        return logits
