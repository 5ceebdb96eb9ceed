"""Many paths through a supernet with one batch: what they have in common is computed once, the rest side by side.

Maps of different paths lie side by side in the channels. The convolutions of one kernel size that leave a node, of
all paths together, run as one grouped convolution over their source maps, and one normalization gives each its own
statistics. A map is known by where it comes from, so paths that agree up to some map share it: in the first cell they
all start from the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from nasrepro.spaces.base import Path
from nasrepro.spaces.nb201 import CONV1, CONV3, EDGES, NODES, POOL, SKIP
from nasrepro.spaces.nb201_equivalence import live_edges
from nasrepro.supernets.blocks import Head, Reduction
from nasrepro.supernets.nb201_cell import NB201Cell
from nasrepro.supernets.norm import Norm
from nasrepro.supernets.pool import mean_pool

_NARROW = 8
"""Channels up to which a reduction, too, is a grouped convolution; wider ones run as one batch of all maps."""


def cells_of(
    cell: NB201Cell, inputs: Sequence[Tensor], at: Sequence[int], paths: Sequence[Path]
) -> tuple[list[Tensor], list[int]]:
    """What the cell's `forward` returns for each path, different maps once: maps (B, C, H, W), and which is whose.

    Path number p enters with `inputs[at[p]]`. The cell normalizes by batch statistics, without affine parameters.
    """
    together = _Cell(cell, inputs, at, paths)
    for node in range(NODES - 1):
        together.leave(node)
    return together.outputs()


class _Cell:
    """One cell under many paths while it is computed, node by node."""

    def __init__(self, cell: NB201Cell, inputs: Sequence[Tensor], at: Sequence[int], paths: Sequence[Path]) -> None:
        self._cell, self._paths, self._like = cell, paths, inputs[0]
        self._live = [live_edges(path) for path in paths]
        self._maps = list(inputs)
        """Different ones; everything else knows them by their number."""
        self._arriving: list[list[list[int]]] = [[[] for _ in paths] for _ in range(NODES)]
        self._arriving[0] = [[number] for number in at]
        self._sums: dict[tuple[int, ...], int] = {}

    def leave(self, node: int) -> None:
        """Run the operations of all edges that leave a node, all others into it being done."""
        wanted: dict[int, dict[tuple[int, int], list[tuple[int, int]]]] = {}
        for p, path in enumerate(self._paths):
            for edge in self._live[p]:
                target, source = EDGES[edge]
                if source == node:
                    known_by = self._sum(self._arriving[node][p]), edge if path[edge] in (CONV1, CONV3) else -1
                    wanted.setdefault(path[edge], {}).setdefault(known_by, []).append((target, p))
        active = self._rectified(sorted({n for op in (CONV1, CONV3) for n, _ in wanted.get(op, ())}))
        for op, requests in wanted.items():
            for number, receivers in zip(self._run(op, list(requests), active), requests.values(), strict=True):
                for target, p in receivers:
                    self._arriving[target][p].append(number)

    def outputs(self) -> tuple[list[Tensor], list[int]]:
        """The last node's maps and which of them is whose; zeros where nothing arrives."""
        numbers = [self._sum(terms) if terms else -1 for terms in self._arriving[NODES - 1]]
        different = list(dict.fromkeys(numbers))
        maps = [self._maps[number] if number >= 0 else torch.zeros_like(self._like) for number in different]
        return maps, [different.index(number) for number in numbers]

    def _sum(self, terms: Sequence[int]) -> int:
        if len(terms) == 1:
            return terms[0]
        key = tuple(sorted(terms))
        if key not in self._sums:
            self._sums[key] = self._add([reduce(torch.add, [self._maps[number] for number in key])])[0]
        return self._sums[key]

    def _rectified(self, numbers: Sequence[int]) -> dict[int, Tensor]:
        if not numbers:
            return {}
        maps = F.relu(_side_by_side([self._maps[number] for number in numbers]))
        return dict(zip(numbers, maps.chunk(len(numbers), dim=1), strict=True))

    def _run(self, op: int, requests: Sequence[tuple[int, int]], active: dict[int, Tensor]) -> Sequence[int]:
        """Numbers of the results of one operation on map and edge of each request."""
        sources = [number for number, _ in requests]
        if op == SKIP:
            return sources
        if op == POOL:
            pooled = mean_pool(_side_by_side([self._maps[number] for number in sources]))
            return self._add(pooled.chunk(len(sources), dim=1))
        same = len(set(sources)) == 1
        x = active[sources[0]] if same else _side_by_side([active[number] for number in sources])
        return self._add(self._cell.convolved([edge for _, edge in requests], op, x))

    def _add(self, maps: Sequence[Tensor]) -> Sequence[int]:
        self._maps += maps
        return range(len(self._maps) - len(maps), len(self._maps))


def reduced(block: Reduction, maps: Sequence[Tensor]) -> list[Tensor]:
    """What the reduction returns for each map (B, C, H, W)."""
    count = len(maps)
    if count == 1:
        return [block(maps[0])]
    if block.conv_a.weight.shape[1] <= _NARROW:
        x = _side_by_side(maps)
        main = F.relu(_normalised(block.norm_a, block.conv_a(F.relu(x), count), count))
        main = _normalised(block.norm_b, block.conv_b(main, count), count)
        return list((block.shortcut(F.avg_pool2d(x, 2, 2), count) + main).chunk(count, dim=1))
    x = torch.cat(list(maps))
    main = _side_by_side(block.conv_a(F.relu(x)).chunk(count))
    main = F.relu(_normalised(block.norm_a, main, count))
    main = _side_by_side(block.conv_b(torch.cat(main.chunk(count, dim=1))).chunk(count))
    main = _normalised(block.norm_b, main, count)
    shortcut = block.shortcut(F.avg_pool2d(x, 2, 2))
    return [a + b for a, b in zip(shortcut.chunk(count), main.chunk(count, dim=1), strict=True)]


def classified(head: Head, maps: Sequence[Tensor]) -> Tensor:
    """The head's logits (maps, B, classes)."""
    x = F.relu(_normalised(head.norm, _side_by_side(maps), len(maps)))
    last = x.permute(0, 2, 3, 1)  # the mean's gradient then comes in the layout of channels_last maps
    features = last.mean(dim=(1, 2), dtype=torch.promote_types(x.dtype, torch.float32))
    return F.linear(features.view(len(x), len(maps), -1).transpose(0, 1), head.weight, head.bias)


def _side_by_side(maps: Sequence[Tensor]) -> Tensor:
    return maps[0] if len(maps) == 1 else torch.cat(list(maps), dim=1)


def _normalised(norm: Norm, x: Tensor, count: int) -> Tensor:
    """Normalization of `count` maps side by side, each by its own batch's statistics, with shared parameters."""
    assert norm.weight is not None
    assert norm.bias is not None
    scale, shift = norm.weight.repeat(count), norm.bias.repeat(count)
    return F.batch_norm(x, None, None, scale, shift, training=True, eps=norm.eps)
