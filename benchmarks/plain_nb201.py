"""A plain NAS-Bench-201 supernet to measure against: one module per edge and operation, as public releases have it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Choice = tuple[int, ...] | Tensor
EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))


class Zero(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mul(0.0)


def relu_conv_bn(channels: int, kernel: int) -> nn.Module:
    conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(channels, affine=False, track_running_stats=False))


class PlainCell(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(
            nn.ModuleList(
                [
                    Zero(),
                    nn.Identity(),
                    relu_conv_bn(channels, 1),
                    relu_conv_bn(channels, 3),
                    nn.AvgPool2d(3, 1, 1, count_include_pad=False),
                ]
            )
            for _ in EDGES
        )

    def forward(self, x: Tensor, choice: Choice, gates: Tensor | None) -> Tensor:
        nodes = [x]
        for node in (1, 2, 3):
            value: Tensor | int = 0
            for edge, (target, source) in enumerate(EDGES):
                if target == node:
                    value = value + self.edge(edge, nodes[source], choice, gates)
            nodes.append(value)  # type: ignore[arg-type]
        return nodes[-1]

    def edge(self, edge: int, x: Tensor, choice: Choice, gates: Tensor | None) -> Tensor:
        operations: list[nn.Module] = list(self.edges[edge])  # type: ignore[call-overload]
        if isinstance(choice, Tensor):
            mixed: Tensor = sum(choice[edge, op] * run(x) for op, run in enumerate(operations))  # type: ignore[assignment]
            return mixed
        out: Tensor = operations[choice[edge]](x)
        if gates is not None:
            out = out * gates[edge, choice[edge]]
            out = out + sum(gates[edge, op] for op in range(5) if op != choice[edge])
        return out


class PlainReduction(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = 2 * channels
        self.main = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(channels, wide, 3, 2, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(),
            nn.Conv2d(wide, wide, 3, 1, 1, bias=False),
            nn.BatchNorm2d(wide),
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(channels, wide, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.main(x) + self.shortcut(x)
        return out


class PlainSupernet(nn.Module):
    """C channels, N cells per stage."""

    def __init__(self, channels: int, cells: int, classes: int, *, stages: int = 3, in_channels: int = 3) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(in_channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        self.body = nn.ModuleList()
        for stage in range(stages):
            if stage:
                self.body.append(PlainReduction(channels))
                channels *= 2
            self.body.extend(PlainCell(channels) for _ in range(cells))
        self.norm = nn.BatchNorm2d(channels)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: Tensor, choice: Choice, gates: Tensor | None = None) -> Tensor:
        """`choice` is six operation codes or the weights (6, 5) of a mixture."""
        x = self.stem(x)
        for block in self.body:
            x = block(x, choice, gates) if isinstance(block, PlainCell) else block(x)
        out: Tensor = self.classifier(F.relu(self.norm(x)).mean((2, 3)))
        return out


def hard_gates(alpha: Tensor, path: tuple[int, ...]) -> Tensor:
    """One-hot gates of a given path that carry the gradient of softmax(alpha)."""
    soft = alpha.softmax(1)
    hard = F.one_hot(torch.tensor(path), 5).to(soft.dtype)
    return hard - soft.detach() + soft
