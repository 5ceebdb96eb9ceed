"""What an executor is told to do, what it tells while it does it, and what it must be able to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Order:
    """One attempt at one job, in plain values, because it may travel."""

    ticket: int
    """Tells the attempts of one driver apart."""
    request: str
    """A call as `messages.pack_call` writes it."""
    command: list[str]
    """What the user typed; records say it."""
    threads: int = 1
    gpu: bool = False
    """Whether the job computes on one."""
    gpus: list[int] = field(default_factory=list)
    """Which ones may be handed out on this machine; empty for all that are visible."""
    timeout: float | None = None
    """Seconds after which the attempt is stopped."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables that the job's process must have."""


Kind = Literal["value", "error", "refused", "busy", "lost", "starved", "late"]


@dataclass(frozen=True)
class Ending:
    """How an attempt ended: with what the call returned, with what it raised, with something that the user can mend,
    because somebody else is at the job, because its process or machine is gone, because the system was out of memory,
    or because it took too long."""

    kind: Kind
    content: Any = None
    """What the call returned, as JSON knows it."""
    error: str = ""
    """One line; of a busy job who is at it."""
    traceback: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Began:
    """Somebody took the order."""

    ticket: int
    where: str
    """Name of the worker; empty on this machine."""


@dataclass(frozen=True)
class Progressed:
    ticket: int
    done: int
    total: int


@dataclass(frozen=True)
class Noticed:
    """Something the user must know although nothing fails."""

    ticket: int
    text: str


@dataclass(frozen=True)
class Ended:
    ticket: int
    ending: Ending


Event = Began | Progressed | Noticed | Ended


class Executor(Protocol):
    """Carries out orders somewhere. Nothing that it does may change what a job returns."""

    @property
    def slots(self) -> int:
        """Jobs that run at the same time; a cluster may grow and shrink."""

    @property
    def room(self) -> int:
        """Further orders it takes now, running or not."""

    def begin(self, order: Order) -> None:
        """Take an order; everything that becomes of it comes out of `events`."""

    def events(self, timeout: float) -> list[Event]:
        """What has happened since the last call; waits up to `timeout` seconds for something to happen."""

    def close(self, *, patience: float) -> None:
        """Stop. Orders that are not done are dropped; whatever carries one out is stopped after `patience` seconds."""
