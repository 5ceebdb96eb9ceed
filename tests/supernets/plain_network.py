"""The NAS-Bench-201 network written the obvious way, to compare with: a module per edge, nothing skipped or merged."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))


class Zero(nn.Module):
    def forward(self, x):
        return x * 0.0


def relu_conv_norm(channels, kernel, norm):
    conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(channels, **norm))


class PlainCell(nn.Module):
    def __init__(self, channels, norm):
        super().__init__()
        self.edges = nn.ModuleList(
            nn.ModuleList(
                [
                    Zero(),
                    nn.Identity(),
                    relu_conv_norm(channels, 1, norm),
                    relu_conv_norm(channels, 3, norm),
                    nn.AvgPool2d(3, 1, 1, count_include_pad=False),
                ]
            )
            for _ in EDGES
        )

    def edge(self, number, source, path, gates):
        out = self.edges[number][path[number]](source)
        if gates is None:
            return out
        others = sum(gates[number, op] for op in range(5) if op != path[number])
        return gates[number, path[number]] * out + others

    def mixed(self, number, source, weights):
        return sum(weights[number, op] * run(source) for op, run in enumerate(self.edges[number]))

    def forward(self, x, path, gates):
        run = self.mixed if isinstance(path, torch.Tensor) else partial(self.edge, gates=gates)
        nodes = [x]
        for node in (1, 2, 3):
            terms = [run(e, nodes[s], path) for e, (t, s) in enumerate(EDGES) if t == node]
            nodes.append(sum(terms[1:], terms[0]))
        return nodes[3]


class PlainReduction(nn.Module):
    def __init__(self, channels, norm):
        super().__init__()
        wide = 2 * channels
        self.a, self.b = nn.Conv2d(channels, wide, 3, 2, 1, bias=False), nn.Conv2d(wide, wide, 3, 1, 1, bias=False)
        self.norm_a, self.norm_b = nn.BatchNorm2d(wide, **norm), nn.BatchNorm2d(wide, **norm)
        self.short = nn.Conv2d(channels, wide, 1, bias=False)

    def forward(self, x):
        main = self.norm_b(self.b(F.relu(self.norm_a(self.a(F.relu(x))))))
        return main + self.short(F.avg_pool2d(x, 2))


class PlainNetwork(nn.Module):
    """`affine` and `track` are those of the cells' norms; stem, reductions and head are always affine.

    `path` is six operation codes or a mixture (6, 5).
    """

    def __init__(self, skeleton, *, affine, track):
        super().__init__()
        cell_norm = {"affine": affine, "track_running_stats": track}
        norm = {"affine": True, "track_running_stats": track}
        width = skeleton.channels
        self.stem = nn.Conv2d(skeleton.in_channels, width, 3, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(width, **norm)
        self.body = nn.ModuleList()
        for stage in range(skeleton.stages):
            if stage:
                self.body.append(PlainReduction(width, norm))
                width *= 2
            self.body.extend(PlainCell(width, cell_norm) for _ in range(skeleton.cells))
        self.norm = nn.BatchNorm2d(width, **norm)
        self.classifier = nn.Linear(width, skeleton.classes)

    def forward(self, x, path, gates=None):
        x = self.stem_norm(self.stem(x))
        for block in self.body:
            x = block(x, path, gates) if isinstance(block, PlainCell) else block(x)
        return self.classifier(F.relu(self.norm(x)).mean((2, 3)))


def pairs(network, plain):
    """Matching (name, parameter or buffer of `network`, the same of `plain`); covers all of `network`."""
    found = []

    def conv(name, ours, theirs):
        found.append((f"{name}.weight", ours.weight, theirs.weight))

    def norm(name, ours, theirs):
        tensors = (("weight", theirs.weight), ("bias", theirs.bias))
        buffers = (("mean", theirs.running_mean), ("var", theirs.running_var))
        for key, value in (*tensors, *buffers):
            assert (getattr(ours, key) is None) == (value is None), f"{name}.{key}"
            if value is not None:
                found.append((f"{name}.{key}", getattr(ours, key), value))

    conv("stem.conv", network.stem.conv, plain.stem)
    norm("stem.norm", network.stem.norm, plain.stem_norm)
    for i, (ours, theirs) in enumerate(zip(network.body, plain.body, strict=True)):
        if isinstance(theirs, PlainReduction):
            conv(f"{i}.a", ours.conv_a, theirs.a)
            norm(f"{i}.a", ours.norm_a, theirs.norm_a)
            conv(f"{i}.b", ours.conv_b, theirs.b)
            norm(f"{i}.b", ours.norm_b, theirs.norm_b)
            conv(f"{i}.short", ours.shortcut, theirs.short)
            continue
        for key, candidate in ours.candidates.items():
            edge, op = int(key[0]), {"nor_conv_1x1": 2, "nor_conv_3x3": 3}[key[2:]]
            module = theirs.edges[edge][op]
            conv(f"{i}.{key}", candidate.conv, module[1])
            norm(f"{i}.{key}", candidate.norm, module[2])
    norm("head.norm", network.head.norm, plain.norm)
    found.append(("head.weight", network.head.weight, plain.classifier.weight))
    found.append(("head.bias", network.head.bias, plain.classifier.bias))
    covered = {id(tensor) for _, tensor, _ in found}
    assert all(id(tensor) in covered for tensor in network.parameters())
    return found


@torch.no_grad()
def copy_into(plain, network):
    """Give `plain` the weights of `network`."""
    for _, ours, theirs in pairs(network, plain):
        theirs.copy_(ours)
