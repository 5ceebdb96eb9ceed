"""Seconds that do not count the neighbours, and memory that does not count the past."""

from __future__ import annotations

import time
from pathlib import Path

from nasrepro.training.repeatable import peak_memory


class Clock:
    """Of a CPU the seconds that this process computed, whoever else was busy; of a GPU those until it has finished."""

    def __init__(self, device: str) -> None:
        self._gpu = device != "cpu"

    def now(self) -> float:
        """Seconds since some point."""
        if not self._gpu:
            return time.process_time()
        import torch

        torch.cuda.synchronize()
        return time.perf_counter()


class PeakMemory:
    """The most memory that is in use from now on: of this process, or of its GPU."""

    _RESET, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")

    def __init__(self, device: str) -> None:
        self._gpu = device != "cpu"
        self._told = True
        self._device = device
        if self._gpu:
            return  # torch counts from `prepare_torch` on
        try:
            self._RESET.write_text("5")
        except OSError:
            self._told = False

    def peak(self) -> int | None:
        """Bytes; None where the system does not tell."""
        if self._gpu:
            return peak_memory(self._device)
        if not self._told:
            return None
        for line in self._STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
        return None
