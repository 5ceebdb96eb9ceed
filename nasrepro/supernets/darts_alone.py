"""The stand-alone networks of DARTS genotypes, as they are trained from scratch (Liu et al., ICLR 2019)."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor, nn

from nasrepro.placement import onto
from nasrepro.spaces.darts_genotype import Cell, DartsGenotype
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.supernets.blocks import Classifier
from nasrepro.supernets.darts_frame import DTYPES, Auxiliary, CifarStem, ImageNetStem, pooled
from nasrepro.supernets.darts_ops import NONE, Copy, Joined, State, entrance, operation
from nasrepro.supernets.norm import BatchNormMode

_MODE = BatchNormMode.RUNNING
Drop = Callable[[Tensor], Tensor]


class AloneCell(nn.Module):
    """The operations of one cell; a choice that a node makes twice is two modules."""

    def __init__(
        self,
        cell: Cell,
        inputs: tuple[int, int],
        channels: int,
        *,
        reduces: bool,
        halves: bool,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.cell, self.reduces = cell, reduces
        self.before = entrance(inputs[0], channels, halves=halves, affine=True, mode=_MODE, rng=rng)
        self.last = entrance(inputs[1], channels, halves=False, affine=True, mode=_MODE, rng=rng)
        self.operations = nn.ModuleDict()
        for number, node in enumerate(cell.nodes):
            for place, (op, source) in enumerate(node):
                if op != NONE:
                    stride = 2 if reduces and source < 2 else 1
                    made = operation(op, channels, stride, affine=True, mode=_MODE, bare_pools=True, rng=rng)
                    self.operations[f"{number}_{place}"] = made

    def forward(self, before: State, last: State, drop: Drop | None) -> State:
        """The outputs of the two cells before → this cell's; `drop` goes over the results of all but copies."""
        states = [State(self.before(before)), State(self.last(last))]
        for number, node in enumerate(self.cell.nodes):
            maps = []
            for place, (op, source) in enumerate(node):
                if op != NONE:
                    module = self.operations[f"{number}_{place}"]
                    made = module(states[source])
                    maps.append(made if drop is None or isinstance(module, Copy) else drop(made))
            states.append(State(reduce(torch.add, maps) if maps else self._zero(states[0].value)))
        return Joined([states[number] for number in self.cell.concat])

    def _zero(self, entered: Tensor) -> Tensor:
        """What a node is that reads nothing; operations on it still add the shifts of their normalizations."""
        step = 2 if self.reduces else 1
        return torch.zeros_like(entered[:, :, ::step, ::step])


class DartsStandalone(nn.Module):
    """Stem, cells, classifier and, where the skeleton has one, the auxiliary head, for a genotype of any cells.

    Normalized with running averages and affine parameters, pools not at all. `drop_path` is the probability with which,
    in training, an operation's result is dropped for an image (copies never are); `drops` is where it draws from, the
    stream of the initial weights unless another is given. `drawn` is None where a forward pass sees a whole batch, else
    (start, stop, whole): the pass sees these images of a batch of `whole`, for all of which it draws.
    `precision` and `channels_last` are as in the supernet.
    """

    def __init__(
        self,
        skeleton: DartsSkeleton,
        genotype: DartsGenotype,
        *,
        channels_last: bool = False,
        precision: str = "fp32",
        rng: torch.Generator,
        drops: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.dtype = DTYPES[precision]
        self.drop_path = 0.0
        self.drawn: tuple[int, int, int] | None = None
        self.drops = rng if drops is None else drops
        small = skeleton.family == "cifar"
        self.stem = CifarStem(skeleton, _MODE, rng) if small else ImageNetStem(skeleton, rng)
        before, last = self.stem.outputs
        width, halves = skeleton.channels, not small
        self.cells = nn.ModuleList()
        self.branches = 2 * skeleton.cells // 3
        self.auxiliary: Auxiliary | None = None
        for position in range(skeleton.cells):
            reduces = position in skeleton.reductions
            width *= 2 if reduces else 1
            cell = genotype.reduce if reduces else genotype.normal
            self.cells.append(AloneCell(cell, (before, last), width, reduces=reduces, halves=halves, rng=rng))
            before, last, halves = last, len(cell.concat) * width, reduces
            if position == self.branches and skeleton.auxiliary:
                self.auxiliary = Auxiliary(last, skeleton, rng)
        self.head = Classifier(last, skeleton.classes, rng)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.to(memory_format=self.memory_format)  # type: ignore[call-overload]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Images → logits (B, classes) and, in training, those of the auxiliary head, where there is one."""
        auxiliary = None
        drop = self._dropped if self.training and self.drop_path > 0 else None
        before, last = self.stem.states(x.to(self.dtype, memory_format=self.memory_format))
        for position, cell in enumerate(self.cells):
            before, last = last, cell(before, last, drop)
            if position == self.branches and self.training and self.auxiliary is not None:
                auxiliary = self.auxiliary(last)
        return self.head(pooled(last.value)), auxiliary

    def _dropped(self, x: Tensor) -> Tensor:
        """Each image's map is zero with probability `drop_path`, and the others make up for it."""
        keep = 1 - self.drop_path
        start, stop, whole = self.drawn or (0, len(x), len(x))
        kept = torch.rand(whole, 1, 1, 1, generator=self.drops, device=self.drops.device)[start:stop] < keep
        return x * onto(kept / keep, x.device).to(x.dtype)
