"""The processes that train one network together, each on a device of its own. Mostly it is one process alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from torch import Tensor

from nasrepro.datasets.parts import Cut

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

PATIENCE = timedelta(minutes=20)
"""How long a process waits for the others: while one of them scores, reads its data or writes a checkpoint."""


@dataclass(frozen=True)
class Team:
    """One process: what it says is said, and its sums are the sums."""

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    number: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether it is the process that writes and talks; exactly one is."""
        return self.number == 0

    @property
    def cut(self) -> Cut:
        """Its piece of every batch."""
        return Cut(self.number, self.size)

    def summed(self, values: Tensor) -> Tensor:
        """The sum over all processes, the same in each to the last bit."""
        return values

    def from_leader(self, state: dict[str, Any] | None) -> dict[str, Any] | None:
        """What the leading process has, as a checkpoint holds it; the others' argument does not matter."""
        return state


ALONE = Team()


class Ranks(Team):
    """One of the processes of a default process group."""

    def summed(self, values: Tensor) -> Tensor:
        total = values.to(self.device, copy=True)
        dist.all_reduce(total)
        return total.to(values.device)

    def from_leader(self, state: dict[str, Any] | None) -> dict[str, Any] | None:
        buffer = io.BytesIO()
        torch.save({"state": state}, buffer)
        content = torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8).to(self.device)
        size = torch.tensor([len(content)], device=self.device)
        dist.broadcast(size, 0)
        if not self.leads:
            content = torch.empty(int(size), dtype=torch.uint8, device=self.device)
        dist.broadcast(content, 0)
        passed = torch.load(io.BytesIO(content.cpu().numpy().tobytes()), map_location="cpu", weights_only=True)
        return passed["state"]  # type: ignore[no-any-return]


@contextmanager
def process_group(store: Store, device: torch.device, number: int, size: int) -> Iterator[Ranks]:
    """This process as one of `size`, which meet through `store`; over gloo on processors and NCCL on GPUs."""
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if cuda else "gloo", store=store, rank=number, world_size=size, timeout=PATIENCE)
    try:
        yield Ranks(device, number, size)
    finally:
        dist.destroy_process_group()
