"""The NAS-Bench-201 network: a supernet over all genotypes, or one genotype standing alone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nasrepro.placement import onto, places
from nasrepro.spaces.base import Path, Skeleton
from nasrepro.supernets.blocks import Head, Reduction, Stem
from nasrepro.supernets.choice import Choice
from nasrepro.supernets.nb201_cell import NB201Cell
from nasrepro.supernets.nb201_many import cells_of, classified, reduced
from nasrepro.supernets.nb201_mixture import mixed
from nasrepro.supernets.norm import BatchNormMode

_SMALL = 2**17
"""Numbers in the first cell's input up to which many paths run together."""


class NB201Network(nn.Module):
    """Stem, `stages` × `cells` cells with residual reductions between stages, and a classifier.

    Without a genotype it is a supernet: every cell holds all candidate convolutions, normalised without affine
    parameters, and `forward` runs the path it is given. With a genotype it is the stand-alone network, normalised
    with running averages and, where the skeleton says so, affine parameters, exactly as the benchmark trained it.

    `precision` "bf16" runs maps in bfloat16 with float32 master weights and float32 logits.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        *,
        genotype: Path | None = None,
        mode: BatchNormMode | None = None,
        channels_last: bool = False,
        precision: str = "fp32",
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        alone = genotype is not None
        affine = alone and skeleton.affine
        mode = mode or (BatchNormMode.RUNNING if alone else BatchNormMode.BATCH)
        width = skeleton.channels
        self.genotype = genotype
        self._pure = not alone and mode is BatchNormMode.BATCH  # no pass leaves a trace, no cell adds a shift
        self.dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
        self.stem = Stem(skeleton.in_channels, width, mode, rng)
        self.body = nn.ModuleList()
        for stage in range(skeleton.stages):
            if stage:
                self.body.append(Reduction(width, mode, rng))
                width *= 2
            self.body.extend(
                NB201Cell(width, genotype, affine=affine, mode=mode, rng=rng) for _ in range(skeleton.cells)
            )
        self.head = Head(width, skeleton.classes, mode, rng)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.to(memory_format=self.memory_format)  # type: ignore[call-overload]

    def forward(self, x: Tensor, choice: Choice | None = None, gates: Tensor | None = None) -> Tensor:
        """Images (B, C_in, H, W) → logits (B, classes).

        A supernet needs a choice: a path, six operation codes, or a mixture, weights (6, 5). `gates` (6, 5), hard in
        value, soft in gradient, makes the result of a path differentiable in the architecture parameters; the result
        of a mixture is differentiable in its weights.
        """
        choice = choice if self.genotype is None else self.genotype
        if choice is None:
            raise ValueError("a supernet needs the path to run")
        return self.finish(self.begin(x), choice, gates)

    def many(self, x: Tensor, paths: Sequence[Path]) -> Tensor:
        """Images (B, C_in, H, W) → logits of every path (paths, B, classes), as `forward` has them up to rounding.

        Small maps run together (`nb201_many`). Large ones do not: those of one path alone fill the cache, and paths
        share the stem only. Running averages depend on the order of passes; there the paths run one by one in theirs.
        """
        different = list(dict.fromkeys(paths))
        if len(different) == 1 or not self._pure:
            logits = torch.stack([self(x, path) for path in different])
        else:
            begun = self.begin(x)
            if begun.numel() > _SMALL:
                logits = torch.stack([self.finish(begun, path) for path in different])
            else:
                logits = self._together(begun, different)
        if len(different) == len(paths):
            return logits
        return logits[places([different.index(path) for path in paths], logits.device)]

    def _together(self, x: Tensor, paths: Sequence[Path]) -> Tensor:
        maps, at = [x], [0] * len(paths)
        for block in self.body:
            if isinstance(block, NB201Cell):
                maps, at = cells_of(block, maps, at, paths)
            else:
                assert isinstance(block, Reduction)
                maps = reduced(block, maps)
        logits = classified(self.head, maps)
        return logits[places(at, logits.device)]

    def begin(self, x: Tensor) -> Tensor:
        """Images (B, C_in, H, W) → the first cell's input (B, C, H, W), which no path has changed yet."""
        out: Tensor = self.stem(x.to(self.dtype, memory_format=self.memory_format))
        return out

    def finish(self, x: Tensor, choice: Choice, gates: Tensor | None = None, *, done: int = 0) -> Tensor:
        """The output of the first `done` blocks of the body → logits (B, classes)."""
        choice = onto(choice, x.device) if isinstance(choice, Tensor) else choice
        gates = None if gates is None else onto(gates, x.device)
        for block in self.body[done:]:
            if not isinstance(block, NB201Cell):
                x = block(x)
            elif isinstance(choice, Tensor):
                x = mixed(block, x, choice)
            else:
                x = block(x, choice, gates)
        logits: Tensor = self.head(x)
        return logits
