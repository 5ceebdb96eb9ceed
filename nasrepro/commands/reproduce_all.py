"""Many tables and figures: one plan for all of them, its cost before it starts, and the site at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro import console
from nasrepro.commands.folders import ensure_report_folder, ensure_writable
from nasrepro.commands.reproduce_plan import plan_of
from nasrepro.commands.reproduce_plan_table import plain, show
from nasrepro.commands.run import raise_if_failed
from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.reproducing import PlannedPlace, Request
    from nasrepro.papers.model import PaperItem

SITE = Path("reports/site")


def reproduce_all(
    items: Sequence[PaperItem],
    request: Request,
    runs: Path,
    published: Path | None,
    out: Path | None,
    means: Means,
    *,
    no_run: bool,
    json: bool,
) -> None:
    """Run what the items need and lack, each run once however many of them share it, and write the site."""
    from nasrepro.commands.gathering import Holdings, published_folder
    from nasrepro.commands.site import write_site
    from nasrepro.experiments.reproducing import distinct, planned_places
    from nasrepro.pipeline import carry_out
    from nasrepro.records.store import RunStore

    target, earlier = out or SITE, published_folder(published)
    ensure_report_folder(target)
    if no_run:
        write_site(runs, earlier, target, request.scale, json=json)
        return
    ensure_writable(runs, "--runs")
    store = RunStore(runs)
    places = planned_places(items, request, store)
    planned = distinct(places)
    if not planned:
        _refuse_nothing(places)
    plan = plan_of(places, store, Holdings(runs, earlier))
    show(plan, request, means, on_stdout=False)
    outcome = carry_out(planned, store, means, plan.lengths())
    write_site(runs, earlier, target, request.scale, json=json)
    raise_if_failed(outcome, store)


def plan_all(
    items: Sequence[PaperItem],
    request: Request,
    runs: Path,
    published: Path | None,
    means: Means,
    *,
    speedup: float | None,
    measure: bool,
    json: bool,
) -> None:
    """Show what `reproduce_all` would run, and what that costs; no data need be there.

    `measure` has the steps of the plan measured first; `speedup` says how many cores a GPU replaces.
    """
    from nasrepro.commands.gathering import Holdings, published_folder
    from nasrepro.experiments.capacity.measurements import measure_lacking
    from nasrepro.experiments.reproducing import specified_places
    from nasrepro.records.store import RunStore

    store, holdings = RunStore(runs), Holdings(runs, published_folder(published))
    places = specified_places(items, request, runs)
    plan = plan_of(places, store, holdings, speedup)
    if measure:
        ensure_writable(runs, "--runs")
        kinds = [kind for demand in plan.demands for kind in demand.kinds]
        measure_lacking(kinds, runs, request.device, means, console.messages())
        plan = plan_of(places, store, holdings, speedup)
    if json:
        console.show_json(plain(plan, request))
    else:
        show(plan, request, means, on_stdout=True)


def _refuse_nothing(places: Sequence[PlannedPlace]) -> None:
    """Raise `UserError` where nothing can be run: for want of data, or because there is nothing to run."""
    problems = [own.problem for own in places if own.problem]
    why = problems[0] if problems else "their numbers are only quoted, or they are drawings"
    raise UserError(f"nothing of these items can be run here: {why}; --no-run shows the records that are there")
