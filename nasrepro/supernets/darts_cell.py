"""One cell of the DARTS supernet that runs only what the sampled path needs.

A state is rectified and pooled once for all operations that begin with it, and what is known to be zero is not
computed. The few convolutions of one kind that leave a state are no faster side by side, unlike those of a mixture.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce

import torch
from torch import Tensor, nn

from nasrepro.spaces.base import Path
from nasrepro.spaces.darts_genotype import EDGES, NODES, OPS
from nasrepro.supernets.darts_ops import NONE, Copy, Joined, Pool, State, entrance, operation
from nasrepro.supernets.gates import GatedSum
from nasrepro.supernets.norm import BatchNormMode

STATES = NODES + 2
Group = tuple[int, int, tuple[int, ...]]
"""State, operation and the edges of the cell on which it runs."""


@lru_cache(maxsize=65536)
def plan(path: Path, reduces: bool) -> tuple[Group, ...]:
    """What a cell runs of a path, by the state that it leaves; each operation of an edge once, `none` never."""
    first = len(EDGES) if reduces else 0
    groups: dict[tuple[int, int], list[int]] = {}
    for entry in sorted(set(path)):
        edge, op = divmod(entry, len(OPS))
        if op != NONE and 0 <= edge - first < len(EDGES):
            groups.setdefault((EDGES[edge - first][1], op), []).append(edge - first)
    return tuple((state, op, tuple(groups[state, op])) for state, op in sorted(groups))


class DartsCell(nn.Module):
    """All candidate operations of a cell of the space, `channels` wide; its output is four times as wide.

    `inputs` are the channels of the outputs of the two cells before, `halves` says whether the first of them has twice
    the side of the second.
    """

    def __init__(
        self,
        inputs: tuple[int, int],
        channels: int,
        *,
        reduces: bool,
        halves: bool,
        mode: BatchNormMode,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.reduces, self.channels = reduces, channels
        self.pure = mode is BatchNormMode.BATCH
        """No operation keeps averages: each is a function of its input, zero for zero."""
        self.before = entrance(inputs[0], channels, halves=halves, affine=False, mode=mode, rng=rng)
        self.last = entrance(inputs[1], channels, halves=False, affine=False, mode=mode, rng=rng)
        self.candidates = nn.ModuleDict()
        for edge, (_, source) in enumerate(EDGES):
            for op in range(1, len(OPS)):
                stride = self.stride(source)
                made = operation(op, channels, stride, affine=False, mode=mode, bare_pools=False, rng=rng)
                self.candidates[f"{edge}_{OPS[op]}"] = made

    def stride(self, source: int) -> int:
        """Of operations on a state: a reduction halves the sides of what it gets."""
        return 2 if self.reduces and source < 2 else 1

    def entered(self, before: State, last: State) -> list[State]:
        """The first two states."""
        return [State(self.before(before)), State(self.last(last))]

    def forward(self, before: State, last: State, path: Path, gates: Tensor | None = None) -> State:
        """The outputs of the two cells before → this cell's, (B, 4 · channels, H, W).

        `gates` (28, 8) makes the path differentiable in them.
        """
        if gates is not None:
            gates = gates[len(EDGES) :] if self.reduces else gates[: len(EDGES)]
        states = self.entered(before, last)
        arriving: list[list[tuple[int, int, Tensor]]] = [[] for _ in range(NODES)]
        for source, op, edges in plan(path, self.reduces):
            while len(states) <= source:
                states.append(self._closed(states, arriving[len(states) - 2], gates))
            if states[source].fed or not self.pure:
                for edge, item in zip(edges, self.run(op, edges, states[source]), strict=True):
                    arriving[EDGES[edge][0]].append((edge, op, item))
        while len(states) < STATES:
            states.append(self._closed(states, arriving[len(states) - 2], gates))
        return Joined(states[2:])

    def _closed(self, states: Sequence[State], maps: list[tuple[int, int, Tensor]], gates: Tensor | None) -> State:
        """The state that is the sum of what arrived; a zero map where nothing did."""
        if not maps:
            return State(self.zero(states[0].value), fed=False)
        if gates is None:
            return State(reduce(torch.add, [item for _, _, item in maps]))
        chosen = torch.stack([gates[edge, op] for edge, op, _ in maps])
        # operations that were not chosen do not run here and get no gradient of their own
        nothing = gates.new_zeros(())
        return State(GatedSum.apply(chosen, nothing, *(item for _, _, item in maps)))  # type: ignore[no-untyped-call]

    def zero(self, entered: Tensor) -> Tensor:
        """A zero map of the size that the cell's nodes have."""
        step = self.stride(0)
        return torch.zeros_like(entered[:, :, ::step, ::step])

    def run(self, op: int, edges: Sequence[int], state: State) -> Sequence[Tensor]:
        """The operation `op` of every edge in `edges`, all leaving `state`."""
        modules = [self.candidate(edge, op) for edge in edges]
        if self.pure and isinstance(modules[0], Pool | Copy):  # they have nothing of their own
            return [modules[0](state)] * len(edges)
        return [module(state) for module in modules]

    def candidate(self, edge: int, op: int) -> nn.Module:
        """The module of an operation on an edge."""
        return self.candidates[f"{edge}_{OPS[op]}"]
