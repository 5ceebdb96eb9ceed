"""The module-per-edge DARTS supernet of `benchmarks/`, with the weights of ours."""

import importlib.util
from pathlib import Path

import torch
from torch import nn

from nasrepro.spaces.darts_genotype import OPS
from nasrepro.supernets.darts import DartsNetwork
from nasrepro.supernets.darts_ops import Copy, Halving, Pool, Projection
from nasrepro.supernets.norm import BatchNormMode

_FILE = Path(__file__).parents[2] / "benchmarks" / "plain_darts.py"
_SPEC = importlib.util.spec_from_file_location("plain_darts", _FILE)
plain_darts = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plain_darts)


def pair(skeleton, mode=BatchNormMode.BATCH, **how):
    """Our supernet and the plain one with equal weights, both in double precision."""
    ours = DartsNetwork(skeleton, mode=mode, rng=torch.Generator().manual_seed(0), **how).double()
    ours.dtype = torch.float64
    sizes = {"in_channels": skeleton.in_channels, "stem": skeleton.stem, "track": mode is BatchNormMode.RUNNING}
    plain = plain_darts.PlainDarts(skeleton.channels, skeleton.cells, skeleton.classes, **sizes).double()
    with torch.no_grad():
        for _, mine, theirs in tensors(ours, plain):
            theirs.copy_(mine)
    return ours, plain


def tensors(ours, plain):
    """(name, parameter or average of ours, the same of the plain network's): all that ours has."""
    found = []

    def norm(name, mine, theirs):
        attributes = {"weight": "weight", "bias": "bias", "mean": "running_mean", "var": "running_var"}
        for key, other in attributes.items():
            assert (getattr(mine, key) is None) == (getattr(theirs, other) is None), f"{name}.{key}"
            if getattr(mine, key) is not None:
                found.append((f"{name}.{key}", getattr(mine, key), getattr(theirs, other)))

    def module(name, mine, theirs):
        if isinstance(mine, Copy):
            assert isinstance(theirs, nn.Identity)
        elif isinstance(mine, Halving):
            found.append((f"{name}.first", mine.first.weight, theirs.a.weight))
            found.append((f"{name}.second", mine.second.weight, theirs.b.weight))
            norm(name, mine.norm, theirs.norm)
        elif isinstance(mine, Projection):
            found.append((name, mine.conv.weight, theirs[1].weight))
            norm(name, mine.norm, theirs[2])
        elif isinstance(mine, Pool):
            norm(name, mine.norm, theirs[1])
        else:
            for number, stage in enumerate(mine.stages):
                found.append((f"{name}.{number}.kernels", stage.kernels, theirs[4 * number + 1].weight))
                found.append((f"{name}.{number}.point", stage.point.weight, theirs[4 * number + 2].weight))
                norm(f"{name}.{number}", stage.norm, theirs[4 * number + 3])

    found.append(("stem", ours.stem.conv.weight, plain.stem[0].weight))
    norm("stem", ours.stem.norm, plain.stem[1])
    for position, (mine, theirs) in enumerate(zip(ours.cells, plain.cells, strict=True)):
        module(f"{position}.before", mine.before, theirs.before)
        module(f"{position}.last", mine.last, theirs.last)
        for key, candidate in mine.candidates.items():
            edge, op = key.split("_", 1)
            module(f"{position}.{key}", candidate, theirs.edges[int(edge)][OPS.index(op)])
    found.append(("head.weight", ours.head.weight, plain.classifier.weight))
    found.append(("head.bias", ours.head.bias, plain.classifier.bias))
    covered = {id(tensor) for _, tensor, _ in found}
    assert all(id(tensor) in covered for tensor in (*ours.parameters(), *ours.buffers()))
    return found
