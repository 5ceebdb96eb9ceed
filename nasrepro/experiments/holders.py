"""Who holds a claim: a process as it describes itself to others, and what can be seen of it from here."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

Life = Literal["runs", "gone", "unknown"]
"""Of a process; `unknown` where it is on another machine, and where it is stopped and may never go on."""

_PROCESSES = Path("/proc")


@dataclass(frozen=True)
class Holder:
    """A process, so described that no other one can be mistaken for it."""

    host: str
    machine: str
    """This boot of the machine and the namespace in which `pid` counts; empty where the system does not tell."""
    pid: int
    started: str
    """When the process began, in the system's own units: numbers of processes come again."""
    since: str
    """When it took the claim, UTC, ISO 8601."""
    command: str

    @classmethod
    def me(cls) -> Holder:
        """This process, now."""
        pid = os.getpid()
        return cls(
            host=platform.node(),
            machine=_machine(),
            pid=pid,
            started=_state(pid)[1],
            since=datetime.now(UTC).isoformat(timespec="seconds"),
            command=shlex.join(["nasrepro", *sys.argv[1:]]),
        )

    @classmethod
    def read(cls, content: bytes) -> Holder | None:
        """What `written` wrote, or None where it is anything else."""
        try:
            holder = cls(**json.loads(content))
        except (ValueError, TypeError):
            return None
        right = all(isinstance(value, int if name == "pid" else str) for name, value in vars(holder).items())
        return holder if right and 0 < holder.pid < 2**31 else None

    def written(self) -> bytes:
        """JSON, for people too."""
        return json.dumps(asdict(self), indent=1).encode() + b"\n"

    def life(self) -> Life:
        """What can be said of the process from here."""
        if not self.machine or self.machine != _machine():
            return "unknown"
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return "gone"
        except PermissionError:
            pass  # somebody else's, and alive
        state, started = _state(self.pid)
        if not state:
            return "unknown"
        if state in "ZX" or started != self.started:
            return "gone"
        return "unknown" if state in "Tt" else "runs"

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since.replace('T', ' ').replace('+00:00', '')} UTC"


@cache
def _machine() -> str:
    """Containers on one machine count processes each for itself, and may have one name."""
    try:
        boot = (_PROCESSES / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink(_PROCESSES / 'self/ns/pid')}"
    except OSError:
        return ""


def _state(pid: int) -> tuple[str, str]:
    """The letter of a process's state and when it began; empty where the system does not tell."""
    try:
        fields = (_PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[19]
