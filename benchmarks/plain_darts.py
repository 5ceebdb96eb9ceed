"""A plain DARTS supernet to measure against: one module per edge and operation, nothing merged or shared."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

Choice = tuple[int, ...] | Tensor
EDGES = tuple((node, state) for node in range(4) for state in range(node + 2))


def bn(channels: int, track: bool) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, affine=False, track_running_stats=track)


class Zero(nn.Module):
    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, :: self.stride, :: self.stride] * 0.0


class Halved(nn.Module):
    def __init__(self, inputs: int, outputs: int, track: bool) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.a = nn.Conv2d(inputs, outputs // 2, 1, 2, bias=False)
        self.b = nn.Conv2d(inputs, outputs // 2, 1, 2, bias=False)
        self.norm = bn(outputs, track)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(x)
        out: Tensor = self.norm(torch.cat([self.a(x), self.b(x[:, :, 1:, 1:])], 1))
        return out


def stage(channels: int, kernel: int, stride: int, dilation: int, track: bool) -> list[nn.Module]:
    pad = kernel // 2 * dilation
    return [
        nn.ReLU(),
        nn.Conv2d(channels, channels, kernel, stride, pad, dilation, groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False),
        bn(channels, track),
    ]


def operations(channels: int, stride: int, track: bool) -> nn.ModuleList:
    separable = [
        nn.Sequential(*stage(channels, kernel, stride, 1, track), *stage(channels, kernel, 1, 1, track))
        for kernel in (3, 5)
    ]
    dilated = [nn.Sequential(*stage(channels, kernel, stride, 2, track)) for kernel in (3, 5)]
    return nn.ModuleList(
        [
            Zero(stride),
            nn.Sequential(nn.MaxPool2d(3, stride, 1), bn(channels, track)),
            nn.Sequential(nn.AvgPool2d(3, stride, 1, count_include_pad=False), bn(channels, track)),
            nn.Identity() if stride == 1 else Halved(channels, channels, track),
            *separable,
            *dilated,
        ]
    )


def projection(inputs: int, outputs: int, track: bool) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, outputs, 1, bias=False), bn(outputs, track))


class PlainCell(nn.Module):
    def __init__(self, inputs: Sequence[int], channels: int, reduces: bool, halves: bool, track: bool) -> None:
        super().__init__()
        self.reduces = reduces
        self.before = (Halved if halves else projection)(inputs[0], channels, track)
        self.last = projection(inputs[1], channels, track)
        self.edges = nn.ModuleList(operations(channels, 2 if reduces and state < 2 else 1, track) for _, state in EDGES)

    def forward(self, before: Tensor, last: Tensor, choice: Choice, gates: Tensor | None) -> Tensor:
        states = [self.before(before), self.last(last)]
        for node in range(4):
            into = [edge for edge, (target, _) in enumerate(EDGES) if target == node]
            value = 0 * self.edges[into[0]][0](states[0])  # type: ignore[index]
            for edge in into:
                value = value + self.edge(edge, states[EDGES[edge][1]], choice, gates)
            states.append(value)
        return torch.cat(states[2:], 1)

    def edge(self, edge: int, x: Tensor, choice: Choice, gates: Tensor | None) -> Tensor | float:
        candidates: nn.ModuleList = self.edges[edge]  # type: ignore[assignment]
        row = edge + len(EDGES) if self.reduces else edge
        if isinstance(choice, Tensor):
            mixed: Tensor | float = sum(choice[row, op] * run(x) for op, run in enumerate(candidates))
            return mixed
        chosen = [op for op in range(8) if row * 8 + op in choice]
        total: Tensor | float = sum(
            candidates[op](x) if gates is None else gates[row, op] * candidates[op](x) for op in chosen
        )
        return total


class PlainDarts(nn.Module):
    """C channels, a number of cells; `choice` is numbers edge · 8 + operation, or weights (28, 8) of all operations."""

    def __init__(
        self, channels: int, cells: int, classes: int, *, in_channels: int = 3, stem: int = 3, track: bool = True
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, stem * channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(stem * channels, track_running_stats=track),
        )
        self.cells = nn.ModuleList()
        reductions = (cells // 3, 2 * cells // 3)
        widths = [stem * channels, stem * channels]
        for position in range(cells):
            channels *= 2 if position in reductions else 1
            halves = position - 1 in reductions
            self.cells.append(PlainCell(widths[-2:], channels, position in reductions, halves, track))
            widths.append(4 * channels)
        self.classifier = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor, choice: Choice, gates: Tensor | None = None) -> Tensor:
        before = last = self.stem(x)
        for cell in self.cells:
            before, last = last, cell(before, last, choice, gates)
        out: Tensor = self.classifier(last.mean((2, 3)))
        return out
