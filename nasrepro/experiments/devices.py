"""On what kind of device runs compute, and which devices of the kind may be handed out: `--device`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nasrepro.errors import UserError, unknown

if TYPE_CHECKING:
    from nasrepro.experiments.executors.means import Means

Kind = Literal["cpu", "cuda"]

_DRIVERS = ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""What is there where a GPU can be: drivers of NVIDIA, also inside containers, of Windows' Linux, and of AMD."""


@dataclass(frozen=True)
class Chosen:
    """`kind` is part of a run's specification; `ids` only say where it is carried out."""

    kind: Kind
    ids: tuple[int, ...] = ()
    """GPUs of this machine that jobs may be given, counted as PyTorch counts those that it sees; empty for all of
    whatever machine a job comes to."""


def chosen_device(text: str, *, elsewhere: bool = False) -> Chosen:
    """What `auto`, `cpu`, `cuda` or `cuda:I` stands for.

    `auto` is a GPU where this machine has one. Runs that are carried out `elsewhere`, on a cluster, compute on what
    its workers have, which is not known here: `auto` is the CPU then, and nothing is checked. Raises `UserError` for a
    GPU that is not there and for what is no device. PyTorch is loaded only where there is a driver to ask.
    """
    match = re.fullmatch(r"auto|cpu|cuda(?::(\d{1,3}))?", text)
    if match is None:
        raise unknown("device", text, ("auto", "cpu", "cuda", "cuda:0"))
    if text == "cpu" or (elsewhere and text == "auto"):
        return Chosen("cpu")
    asked = () if match[1] is None else (int(match[1]),)
    if elsewhere:
        return Chosen("cuda", asked)
    there = tuple(range(gpus_here()))
    if text == "auto":
        return Chosen("cuda", there) if there else Chosen("cpu")
    if not there or not set(asked) <= set(there):
        allowed = ", ".join(["auto", "cpu", *(["cuda"] if there else []), *(f"cuda:{number}" for number in there)])
        what = "there is no such GPU" if there else "PyTorch sees no GPU on this machine"
        raise UserError(f"device '{text}' cannot be used, because {what}; allowed: {allowed}")
    return Chosen("cuda", asked or there)


def placed(text: str, means: Means, *, hypothetical: bool = False) -> tuple[Kind, Means]:
    """The kind of device that is meant where jobs are carried out so, and the means with the devices of it. For jobs
    that are only planned a GPU need not be there."""
    elsewhere = means.cluster is not None and not means.cluster.startswith("local:")
    chosen = chosen_device(text, elsewhere=elsewhere or (hypothetical and text != "auto"))
    return chosen.kind, replace(means, gpus=chosen.ids)


def gpus_here() -> int:
    """How many GPUs PyTorch sees on this machine. Loading it takes a second or two, so it is not asked in vain."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip() in ("", "-1")
    if hidden or not any(Path(driver).exists() for driver in _DRIVERS):
        return 0
    import torch

    return torch.cuda.device_count()
