"""How and where a plan is carried out. Nothing of it changes a record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nasrepro.errors import UserError
from nasrepro.experiments.executors.local import LocalExecutor, default_workers

if TYPE_CHECKING:
    from nasrepro.experiments.executors.orders import Executor

_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Means:
    """What a user says about the execution of jobs."""

    workers: int | None = None
    """Jobs at the same time on this machine; None for what its cores or GPUs allow."""
    cluster: str | None = None
    """Address of a Dask scheduler, or `local:N`; None for processes on this machine."""
    gpus: tuple[int, ...] = ()
    """That jobs may be given; empty for those that are visible."""
    run_timeout: float | None = None
    """Seconds that one attempt at a job may take."""
    retry_failed: bool = False
    """Whether jobs that failed before are tried again."""

    def workers_for(self, threads: int, *, gpu: bool = True) -> int:
        """Jobs that will run at the same time on this machine, as far as it is known before; `gpu` says whether any
        of them computes on one."""
        return local_workers(self.cluster or "") or self.workers or default_workers(threads, self.gpus if gpu else ())

    def open(self, threads: int, *, gpu: bool = True) -> Executor:
        """The executor for jobs of so many threads, some of which compute on a GPU or none. Raises `UserError` where a
        cluster is not to be had."""
        if self.cluster is None:
            return LocalExecutor(self.workers_for(threads, gpu=gpu), self.gpus)
        from nasrepro.experiments.executors.cluster import DaskExecutor

        return DaskExecutor(self.cluster)


def local_workers(cluster: str) -> int:
    """N of `local:N`; 0 for the address of a scheduler."""
    return int(cluster.removeprefix("local:")) if cluster.startswith("local:") else 0


def checked_cluster(text: str | None, workers: int | None = None) -> str | None:
    """What --cluster says; raises `UserError` for what is no address."""
    if text is None:
        return None
    if workers is not None:
        raise UserError(f"--workers {workers} cannot go with --cluster {text}, which has its own workers")
    if re.fullmatch(r"local:[1-9]\d{0,3}", text) or re.fullmatch(r"(tcp|tls|ucx|ws|wss)://\S+:\d+", text):
        return text
    raise UserError(f"cluster '{text}' cannot be read; allowed: tcp://HOST:PORT of a Dask scheduler, or local:N, N ≥ 1")


def parse_duration(text: str) -> float:
    """`90`, `90s`, `15m`, `2h`, `1d` → seconds; raises `UserError`."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text)
    if match is None or match[2] not in _UNITS or float(match[1]) <= 0:
        raise UserError(f"duration '{text}' cannot be read; allowed: seconds above 0, or for example 15m, 2h, 1d")
    return float(match[1]) * _UNITS[match[2]]
