"""Processes that share a store never do the same work twice: who is at it holds a claim, here or on any machine.

    with claimed(root, key) as claim:              # waits for whoever holds it; `wait=False` raises `Busy` instead
        train(report=claim.watched(report))        # raises `ClaimLost` as soon as somebody else may have taken over
        claim.check()                              # so does this
        store.put(record)

No locks of the file system are needed, which many network file systems do not have. A claim is the folder
`<root>/claims/<key>` with one file in it, `<token>.<beat>.json`, and everything that can happen to it is one step that
succeeds for exactly one process, or for none:

* To take a claim is to rename a folder of one's own, file included, to that name. It fails while a file is there.
* To renew it, at every heartbeat, is to rename the file to its next beat. It fails when that beat has been removed.
* To end a stale claim is to remove its file by the name under which it was found stale. It fails when the holder has
  renewed it meanwhile, or when others have ended it and one of them holds the next, because that has another name.
  Afterwards whoever wants the claim takes it like any other.

So a late judgement harms nobody. A claim is stale when its process is gone from this machine, or when it has not been
renewed for `Pace.expiry` seconds by the clock of the file system, to which both times belong. (If that clock jumps, a
holder may lose its claim for nothing; it learns of it at its next heartbeat.) A process that can be seen running on
this machine keeps its claim however late it is, say after a night in a closed laptop.

A holder that could not renew for half of that time must do so before it goes on, and learns whether it may. What
is left is a process suspended between that question and a write: it writes a checkpoint that was right when it was
asked for, in one step, and stops at the next question. The training goes on to the same record from either checkpoint.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nasrepro.errors import NasreproError, UserError
from nasrepro.experiments.holders import Holder

FOLDER = "claims"
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, where the system has such a clock."""


@dataclass(frozen=True)
class Pace:
    """Seconds between two renewals of a claim, and without one until it is stale."""

    heartbeat: float = 10.0
    expiry: float = 60.0


class Busy(NasreproError):
    """Somebody else holds the claim; the text says who."""


class ClaimLost(Busy):
    """This process was held up for so long that somebody else may have taken its claim over."""


@contextmanager
def claimed(root: Path, key: str, *, wait: bool = True, pace: Pace = Pace()) -> Iterator[Claim]:
    """Hold the claim on `key` among all processes that use the folder `root`.

    Waits until nobody else holds it, or raises `Busy` with `wait=False`. Raises `UserError` where the folder cannot be
    written.
    """
    claim = _taken(root / FOLDER / key, pace)
    pause = 0.01
    while not isinstance(claim, Claim):
        if not wait:
            raise Busy(f"held by {claim}")
        time.sleep(pause)
        pause = min(2 * pause, 0.5)
        claim = _taken(root / FOLDER / key, pace)
    try:
        yield claim
    finally:
        claim.release()


class Claim:
    """A claim that this process holds, and renews in the background until it is released."""

    def __init__(self, folder: Path, token: str, began: float, pace: Pace) -> None:
        self._folder, self._token, self._pace = folder, token, pace
        self._beat, self._renewed, self._lost, self._given_back = 0, began, False, False
        self._process, self._lock, self._over = os.getpid(), threading.Lock(), threading.Event()
        threading.Thread(target=self._keep, daemon=True).start()

    def check(self) -> None:
        """Raise `ClaimLost` unless nobody else can hold the claim at this moment. Costs next to nothing."""
        if self._late:
            self._renew()
            self._lost = self._lost or self._late
        if self._lost:
            found = None
            with suppress(OSError):
                found = _look(self._folder)
            now = f"is now held by {found}" if found is not None else "could not be kept"
            raise ClaimLost(f"this process was held up for so long that its claim {now}")

    def watched(self, report: Callable[[int, int], None]) -> Callable[[int, int], None]:
        """`report`, with a check before every call."""

        def checked(done: int, total: int) -> None:
            self.check()
            report(done, total)

        return checked

    def release(self) -> None:
        """Give the claim back, now or as soon as the file system allows; whatever others hold stays untouched."""
        if os.getpid() == self._process:  # a fork inherits the object but not the claim
            self._give_back()
        self._over.set()

    @property
    def _late(self) -> bool:
        return _now() - self._renewed > self._pace.expiry / 2

    def _file(self, beat: int) -> Path:
        return self._folder / f"{self._token}.{beat}.json"

    def _keep(self) -> None:
        while not self._lost and not self._over.wait(self._pace.heartbeat):
            self._renew()
        while not self._given_back:
            time.sleep(self._pace.heartbeat)
            self._give_back()

    def _give_back(self) -> None:
        with self._lock, suppress(OSError):
            self._file(self._beat).unlink(missing_ok=True)
            self._given_back = True
            self._folder.rmdir()

    def _renew(self) -> None:
        with self._lock:
            if self._given_back:
                return
            began = _now()
            try:
                os.utime(self._file(self._beat))  # first, so that the next beat is never met with an old time
                _rename(self._file(self._beat), self._file(self._beat + 1), proof=self._file(self._beat + 1))
            except FileNotFoundError:
                self._lost = True
            except OSError:
                pass  # the file system may come back before it is late
            else:
                self._beat, self._renewed = self._beat + 1, began


@dataclass(frozen=True)
class _Found:
    """A claim as it was met."""

    file: Path
    holder: Holder | None
    """None where the file does not tell."""
    renewed: float | None
    """By the clock of the file system; None while it is being renewed."""

    def is_stale(self, pace: Pace) -> bool:
        life = self.holder.life() if self.holder is not None else "unknown"
        if life != "unknown" or self.renewed is None:
            return life == "gone"
        claims = self.file.parent.parent
        os.utime(claims)  # sets the present time of the file system, whatever the clock here says
        return abs(claims.stat().st_mtime - self.renewed) > pace.expiry  # no claim that lives is of the future

    def __str__(self) -> str:
        return str(self.holder or "an unknown process")


def _taken(folder: Path, pace: Pace) -> Claim | _Found | str:
    """The claim, or who holds it."""
    try:
        while (found := _look(folder)) is not None:
            if not found.is_stale(pace):
                return found
            with suppress(FileNotFoundError):
                found.file.unlink()
        return _new(folder, pace) or _look(folder) or "a process that is just leaving"
    except OSError as error:
        raise UserError(f"cannot write into '{folder.parent}': {error.strerror}") from error


def _new(folder: Path, pace: Pace) -> Claim | None:
    """The claim that nobody seems to hold, or None where somebody was quicker."""
    began, token = _now(), secrets.token_hex(8)
    prepared, name = folder.with_name(f".{token}"), f"{token}.0.json"
    try:
        prepared.mkdir(parents=True)
        (prepared / name).write_bytes(Holder.me().written())
        _rename(prepared, folder, proof=folder / name)
    except OSError as error:
        shutil.rmtree(prepared, ignore_errors=True)
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return None
        raise
    return Claim(folder, token, began, pace)


def _look(folder: Path) -> _Found | None:
    """The claim in its folder, or None where there is none."""
    file = folder
    for _ in range(5):
        try:
            names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
        except FileNotFoundError:
            return None
        if not names:
            with suppress(OSError):
                folder.rmdir()  # some file systems rename no folder over another, even an empty one
            return None
        file = folder / names[0]
        with suppress(FileNotFoundError):  # it is being renewed or released at this moment
            return _met(file)
    return _Found(file, None, None)


def _met(file: Path) -> _Found:
    try:
        with file.open("rb") as opened:  # a network file system looks at the real file when one is opened
            return _Found(file, Holder.read(opened.read()), os.fstat(opened.fileno()).st_mtime)
    except FileNotFoundError:
        raise
    except OSError:  # not to be read: then its age alone counts
        return _Found(file, None, file.stat().st_mtime)


def _rename(source: Path, target: Path, *, proof: Path) -> None:
    """Rename; an error does not count where `proof` shows that only the answer of a network file system was lost."""
    try:
        os.rename(source, target)
    except OSError:
        if not proof.exists():
            raise


def _now() -> float:
    return time.clock_gettime(_CLOCK)
