"""Options that several verbs share, so that they are called and explained the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer


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
Threads = Annotated[
    int, typer.Option(parser=whole_number(1), metavar="N", help="Threads of one run; part of its specification.")
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
