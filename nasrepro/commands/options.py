"""Options that several verbs share, so that they are called and explained the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nasrepro.experiments.executors.means import Means


def whole_number(minimum: int) -> Callable[[str | int], int]:
    """A parser of numbers from `minimum` on, whose refusal names the value."""

    def parse(value: str | int) -> int:
        try:
            number = int(value)
        except ValueError:
            number = minimum - 1
        if number < minimum:
            raise typer.BadParameter(f"'{value}' is not allowed; a whole number of at least {minimum} is")
        return number

    return parse


Benchmark = Annotated[
    str, typer.Option("--benchmark", "-b", help="What is compared on; see 'nasrepro list benchmarks'.")
]
Scale = Annotated[str, typer.Option(help="How big a run is: smoke (seconds), laptop (minutes), paper (as published).")]
Protocol = Annotated[str, typer.Option(help="Which rules: sound, as-written, as-released.")]
Protocols = Annotated[
    str, typer.Option("--protocol", help="Which rules: sound, as-written, as-released; several as a list, a row each.")
]
Seeds = Annotated[str, typer.Option(help="Search seeds: a list such as 0,1,2 or a range such as 0-9.")]
Runs = Annotated[Path, typer.Option(help="Folder of the run store; what is done there is not run again.")]
Workers = Annotated[
    int | None,
    typer.Option(parser=whole_number(1), metavar="N", help="Runs at the same time.", show_default="cores ÷ threads"),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Run on a Dask cluster that shares the folder --runs: tcp://HOST:PORT of its scheduler, or local:N for N "
        "workers here.",
        show_default="this machine",
    ),
]
RunTimeout = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Stop a run that takes longer, such as 90s, 15m or 2h.", show_default="none"),
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Try runs again that failed before.")]
Threads = Annotated[
    int, typer.Option(parser=whole_number(1), metavar="N", help="Threads of one run; part of its specification.")
]
Device = Annotated[
    str,
    typer.Option(
        metavar="auto|cpu|cuda[:I]",
        help="What runs compute on; auto is a GPU where there is one. The kind, not the number, is part of a run's "
        "specification.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="BLOCK.NAME=VALUE", help="Replace a setting; may be given several times."),
]
Selector = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How the methods that train a supernet choose a cell: rs (random search), ea (evolution), argmax, …; see "
        "'nasrepro list selectors'. Others stay as they are.",
        show_default="the method's own",
    ),
]
Contrasts = Annotated[
    list[str] | None,
    typer.Option(
        "--contrast",
        metavar="[LABEL: ]A - B",
        help="A question about two rows, named as in --methods: 'what γ adds: e2nas - e2nas\\[sampler.gamma=0]'; "
        "with several protocols in each, or as 'gdas@as-released - gdas@sound' between two. May be given several "
        "times; p-values are corrected over the contrasts asked.",
    ),
]
AllowUnverified = Annotated[
    bool, typer.Option("--allow-unverified", help="Accept data files that are not known to be the official ones.")
]
Json = Annotated[bool, typer.Option("--json", help="Print only JSON on stdout.")]


def means(workers: int | None, cluster: str | None, run_timeout: str | None, retry_failed: bool) -> Means:
    """What these options say; raises `UserError` for what they cannot."""
    from nasrepro.experiments.executors.means import Means, checked_cluster, parse_duration

    return Means(
        workers=workers,
        cluster=checked_cluster(cluster, workers),
        run_timeout=None if run_timeout is None else parse_duration(run_timeout),
        retry_failed=retry_failed,
    )
