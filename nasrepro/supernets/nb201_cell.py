"""One NAS-Bench-201 cell that runs only what the sampled path needs.

Zero maps are represented by None and never computed. Edges that cannot reach the output are skipped. The
ReLU of a node is shared by all its outgoing convolutions, and convolutions of one kind leaving one node run
as a single convolution over concatenated kernels. All of this leaves the function unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.spaces.base import Path
from nasrepro.spaces.nb201 import CONV1, CONV3, EDGES, NODES, NONE, OPS, POOL, SKIP
from nasrepro.spaces.nb201_equivalence import live_edges
from nasrepro.supernets.blocks import Conv
from nasrepro.supernets.gates import GatedSum
from nasrepro.supernets.norm import BatchNormMode, Norm, normalise
from nasrepro.supernets.pool import mean_pool

_KERNEL = {CONV1: 1, CONV3: 3}


class CandidateConv(nn.Module):
    """The convolution and normalisation of one edge; its input has gone through the node's shared ReLU."""

    def __init__(self, channels: int, op: int, *, affine: bool, mode: BatchNormMode, rng: torch.Generator) -> None:
        super().__init__()
        self.conv = Conv(channels, channels, _KERNEL[op], 1, rng)
        self.norm = Norm(channels, affine=affine, mode=mode)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.conv(x))
        return out


@lru_cache(maxsize=65536)
def _plan(path: Path, zeros_matter: bool) -> tuple[tuple[int, ...], ...]:
    """Edges to run, grouped by source node and kind of operation, sources first.

    A zero map matters when it carries gradient to gates, or when an affine normalisation adds its shift to it;
    then only edges that cannot reach the output are left out.
    """
    if not zeros_matter:
        edges = live_edges(path)
    else:
        wanted = {NODES - 1}
        for edge in reversed(range(len(EDGES))):
            target, source = EDGES[edge]
            if path[edge] != NONE and target in wanted:
                wanted.add(source)
        edges = tuple(e for e, (target, _) in enumerate(EDGES) if target in wanted and path[e] != NONE)
    groups: dict[tuple[int, int], list[int]] = {}
    for edge in edges:
        groups.setdefault((EDGES[edge][1], path[edge]), []).append(edge)
    return tuple(tuple(groups[key]) for key in sorted(groups))


class NB201Cell(nn.Module):
    """A cell holding every convolution of the space (supernet) or just one genotype's (stand-alone)."""

    def __init__(
        self, channels: int, genotype: Path | None, *, affine: bool, mode: BatchNormMode, rng: torch.Generator
    ) -> None:
        super().__init__()
        self.affine = affine
        self.mergeable = not affine and mode is BatchNormMode.BATCH
        self.candidates = nn.ModuleDict()
        for edge in range(len(EDGES)):
            for op in (CONV1, CONV3) if genotype is None else {genotype[edge]} & {CONV1, CONV3}:
                conv = CandidateConv(channels, op, affine=affine, mode=mode, rng=rng)
                self.candidates[f"{edge}_{OPS[op]}"] = conv

    def candidate(self, edge: int, op: int) -> CandidateConv:
        """The convolution of an edge; raises KeyError when this cell was built without it."""
        found = self.candidates[f"{edge}_{OPS[op]}"]
        assert isinstance(found, CandidateConv)
        return found

    def forward(self, x: Tensor, path: Path, gates: Tensor | None = None) -> Tensor:
        """(B, C, H, W) → (B, C, H, W). `gates` (6, 5) makes the path differentiable in them."""
        incoming: list[dict[int, Tensor]] = [{} for _ in range(NODES)]
        nodes = [_Node(x, fed=True)]
        for group in _plan(path, self.affine or gates is not None):
            op, source = path[group[0]], EDGES[group[0]][1]
            while len(nodes) <= source:
                nodes.append(_close(x, len(nodes), path, incoming[len(nodes)], gates))
            # without a shift, a convolution of a zero map is zero, and so is its gradient
            if nodes[source].fed or self.affine or op in (SKIP, POOL):
                for edge, item in zip(group, self._run(group, op, nodes[source]), strict=True):
                    incoming[EDGES[edge][0]][edge] = item
        return _close(x, NODES - 1, path, incoming[NODES - 1], gates).value

    def _run(self, edges: Sequence[int], op: int, node: _Node) -> Sequence[Tensor]:
        """The operation `op` of every edge in `edges`, all leaving `node`."""
        if op == SKIP:
            return [node.value] * len(edges)
        if op == POOL:
            return [mean_pool(node.value)] * len(edges)
        return self.convolved(edges, op, node.active)

    def convolved(self, edges: Sequence[int], op: int, active: Tensor, scale: Tensor | None = None) -> Sequence[Tensor]:
        """The normalised convolutions of `edges` over one rectified map, each times its entry of `scale` (edges,).

        `active` may also hold a map for each of the edges, side by side in the channels, where they are `mergeable`.

        They run as one, and the normalisation applies the scale, unless each has running averages of its own.
        """
        if not self.mergeable:
            alone = [self.candidate(edge, op)(active) for edge in edges]
            return alone if scale is None else [item * factor for item, factor in zip(alone, scale, strict=True)]
        if len(edges) == 1 and scale is None:
            return [self.candidate(edges[0], op)(active)]
        kernels = torch.cat([self.candidate(edge, op).conv.weight for edge in edges]).to(active.dtype)
        maps = F.conv2d(active, kernels, padding=_KERNEL[op] // 2, groups=active.shape[1] // kernels.shape[1])
        each = None if scale is None else scale.repeat_interleave(maps.shape[1] // len(edges))
        return normalise(maps, each).chunk(len(edges), dim=1)


@dataclass
class _Node:
    """A node's value; `fed` is False for a zero map that only carries gradient to the gates."""

    value: Tensor
    fed: bool

    @cached_property
    def active(self) -> Tensor:
        return F.relu(self.value)


def _close(x: Tensor, node: int, path: Path, maps: dict[int, Tensor], gates: Tensor | None) -> _Node:
    """Sum the maps that arrived at a node; a zero map shaped like `x` when there are none."""
    if gates is None:
        return _Node(reduce(torch.add, maps.values()) if maps else torch.zeros_like(x), fed=bool(maps))
    into = [edge for edge, (target, _) in enumerate(EDGES) if target == node]
    others = torch.stack([gates[edge, op] for edge in into for op in range(len(OPS)) if op != path[edge]]).sum()
    if not maps:
        return _Node(torch.zeros_like(x) + others, fed=False)
    chosen = torch.stack([gates[edge, path[edge]] for edge in maps])
    return _Node(GatedSum.apply(chosen, others, *maps.values()), fed=True)  # type: ignore[no-untyped-call]
