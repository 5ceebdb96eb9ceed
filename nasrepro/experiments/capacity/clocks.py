"""Seconds that do not count the neighbours, and memory that does not count the past."""

from __future__ import annotations

import time
from pathlib import Path


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
        if self._gpu:
            import torch

            torch.cuda.reset_peak_memory_stats()
            return
        try:
            self._RESET.write_text("5")
        except OSError:
            self._told = False

    def peak(self) -> int | None:
        """Bytes; None where the system does not tell."""
        if self._gpu:
            import torch

            return int(torch.cuda.max_memory_allocated())
        if not self._told:
            return None
        for line in self._STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
        return None
