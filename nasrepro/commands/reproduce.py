"""`reproduce`: the papers' tables and figures with ours beside them, all of them or one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasrepro.commands import options
from nasrepro.errors import UserError, unknown

if TYPE_CHECKING:
    from nasrepro.experiments.reproducing import Request
    from nasrepro.papers.model import PaperItem


Chosen = Annotated[
    str | None,
    typer.Argument(
        metavar="[PAPER[/ITEM]]",
        help="Such as e2nas/table-1, or e2nas for all of a paper; see --list.",
        show_default="everything",
    ),
]
Where = Annotated[
    str | None,
    typer.Option("--benchmark", "-b", help="Where ours is run.", show_default="where the items say, see --list"),
]
Seeds = Annotated[str | None, typer.Option(help="Search seeds, such as 0,1,2 or 0-9.", show_default="as the items say")]
Published = Annotated[
    Path | None,
    typer.Option(
        help="Records measured before, shown as such; also without the benchmark's data.",
        show_default="for many items: reports/published, if it is there",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder of the report.", show_default="reports/site, for one item reports/reproduce/ITEM"),
]
Speedup = Annotated[
    float | None,
    typer.Option(
        metavar="N",
        help="Cores that a GPU replaces, for the GPU-hours of --plan where no GPU was measured.",
        show_default="what the papers' times imply",
    ),
]


def reproduce(
    item: Chosen = None,
    benchmark: Where = None,
    scale: options.Scale = "laptop",
    protocol: options.Protocol = "sound",
    seeds: Seeds = None,
    published: Published = None,
    no_run: Annotated[bool, typer.Option("--no-run", help="Run nothing; show the records that are there.")] = False,
    plan_only: Annotated[
        bool, typer.Option("--plan", help="Show what would be run, what it costs and how long it takes; needs no data.")
    ] = False,
    speedup: Speedup = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure here what the plan's steps cost, before it is made.")
    ] = False,
    out: Out = None,
    runs: options.Runs = Path("runs"),
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    run_timeout: options.RunTimeout = None,
    retry_failed: options.RetryFailed = False,
    threads: options.Threads = 1,
    device: options.Device = "auto",
    settings: options.Settings = None,
    allow_unverified: options.AllowUnverified = False,
    list_items: Annotated[bool, typer.Option("--list", help="List the items and how much of them is done.")] = False,
    json: options.Json = False,
) -> None:
    """Run what the papers' tables and figures show, and render them again with ours beside the papers'."""
    from nasrepro.commands.reproduce_all import plan_all, reproduce_all
    from nasrepro.commands.reproduce_item import reproduce_item
    from nasrepro.commands.reproduce_list import list_states
    from nasrepro.experiments.devices import placed
    from nasrepro.experiments.reproducing import checked_request

    chosen = chosen_items(item)
    means = options.means(workers, cluster, run_timeout, retry_failed)
    kind, means = placed(device, means, hypothetical=plan_only and not measure)
    request = checked_request(
        scale=scale,
        protocol=protocol,
        benchmark=benchmark,
        seeds=seeds,
        settings=settings or [],
        threads=threads,
        device=kind,
        allow_unverified=allow_unverified,
        anywhere=item is not None and "/" in item,
    )
    _refuse_without_plan(plan_only, speedup, measure)
    if list_items:
        list_states(chosen, request, runs, published, json=json)
    elif item is not None and "/" in item and not plan_only:
        reproduce_item(chosen[0], request, runs, published, out, means, no_run=no_run, json=json)
    elif plan_only:
        _refuse_what_the_site_never_shows(request)
        plan_all(chosen, request, runs, published, means, speedup=speedup, measure=measure, json=json)
    else:
        _refuse_what_the_site_never_shows(request)
        reproduce_all(chosen, request, runs, published, out, means, no_run=no_run, json=json)


def chosen_items(name: str | None) -> list[PaperItem]:
    """One item, those of a paper, or all; raises `UserError` for what is neither."""
    from nasrepro.papers.catalog import item, papers

    if name is not None and "/" in name:
        return [item(name)]
    if name is not None and name not in papers():
        raise unknown("paper", name, papers())
    return [entry for paper in papers().values() if name in (None, paper.slug) for entry in paper.items]


def _refuse_what_the_site_never_shows(request: Request) -> None:
    """The report of everything shows each item as it states itself."""
    if request.protocol != "sound":
        raise UserError(
            f"--protocol {request.protocol} goes with one item, such as e2nas/table-1; the site shows 'sound'"
        )
    if request.overrides:
        raise UserError(
            "--set goes with one item, such as e2nas/table-1; the site shows items as they state themselves"
        )


def _refuse_without_plan(plan_only: bool, speedup: float | None, measure: bool) -> None:
    if speedup is not None and not speedup > 0:
        raise UserError(f"--speedup cannot be {speedup:g}; allowed: numbers above 0")
    for name, given in (("--speedup", speedup is not None), ("--measure", measure)):
        if given and not plan_only:
            raise UserError(f"{name} goes with --plan, which shows what a reproduction costs")
