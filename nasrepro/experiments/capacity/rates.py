"""From work to time: on the cores that were measured, and on GPUs, measured or assumed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nasrepro.experiments.capacity.costs import StepCosts, shipped_costs, stored_costs
from nasrepro.experiments.capacity.kinds import Kind
from nasrepro.experiments.capacity.published import CoresPerGpu, assumed_speedup
from nasrepro.experiments.capacity.work import Work


@dataclass(frozen=True)
class Rates:
    """What is known about the speed of workers."""

    core: StepCosts
    """Of one core: measured on this machine where it was, else where the package was made."""
    gpu: StepCosts | None
    """Of one GPU, where somebody measured one."""
    speedup: CoresPerGpu
    """How many of the measured cores a GPU replaces where it was not measured: an assumption."""

    def core_seconds(self, work: Work | None) -> float | None:
        """On one core; None where that was not measured."""
        return None if work is None else self.core.seconds(work)

    def gpu_seconds(self, work: Work | None) -> float | None:
        """On one GPU: as measured, else by the speed-up; None where neither tells."""
        if work is None:
            return None
        each = [self._on_gpu(kind, count) for kind, count in work.items()]
        return None if None in each else sum(value for value in each if value is not None)

    def seconds(self, work: Work | None, device: str) -> float | None:
        """On one worker of a device."""
        return self.core_seconds(work) if device == "cpu" else self.gpu_seconds(work)

    def of(self, device: str) -> StepCosts | None:
        """What was measured on a device."""
        return self.core if device == "cpu" else self.gpu

    def memory(self, kind: Kind) -> int | None:
        """Bytes that such work takes, on a GPU where one was measured."""
        for costs in (self.gpu, self.core):
            if costs is not None and (cost := costs.of(kind)) is not None:
                return cost.memory_bytes
        return None

    def _on_gpu(self, kind: Kind, count: float) -> float | None:
        if self.gpu is not None and self.gpu.of(kind) is not None:
            return self.gpu.seconds({kind: count})
        on_core = self.core.seconds({kind: count})
        return None if on_core is None else on_core / self.speedup.of(kind)


def rates_for(root: Path | None = None, speedup: float | None = None) -> Rates:
    """What is known: the package's costs, replaced by those measured for the run store at `root`. `speedup` replaces
    the assumed ones.

    Raises `UserError` for measured costs that are damaged.
    """
    core = shipped_costs()
    own = None if root is None else stored_costs(root, "cpu")
    if own is not None:
        core = own.model_copy(update={"costs": {**core.costs, **own.costs}})
    gpu = None if root is None else stored_costs(root, "cuda")
    return Rates(core, gpu, assumed_speedup() if speedup is None else CoresPerGpu(speedup, speedup))
