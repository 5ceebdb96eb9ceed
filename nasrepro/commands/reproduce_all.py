"""Many tables and figures: one plan for all of them, its cost before it starts, and the site at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro import console
from nasrepro.commands.estimate import Experience, estimated
from nasrepro.commands.folders import ensure_report_folder, ensure_writable
from nasrepro.commands.run import raise_if_failed
from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.reproducing import PlannedPlace, Request
    from nasrepro.papers.model import PaperItem
    from nasrepro.records.store import RunStore

_COLUMNS = ("item", "benchmark", "seeds", "runs", "to do", "about")
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
    plan_only: bool,
    json: bool,
) -> None:
    """Run what the items need and lack, each run once however many of them share it, and write the site."""
    from nasrepro.commands.gathering import Holdings, published_folder
    from nasrepro.commands.site import write_site
    from nasrepro.experiments.reproducing import distinct, planned_places
    from nasrepro.pipeline import carry_out
    from nasrepro.records.store import RunStore

    target, earlier = out or SITE, published_folder(published)
    if not plan_only:
        ensure_report_folder(target)
    if no_run:
        write_site(runs, earlier, target, request.scale, json=json)
        return
    ensure_writable(runs, "--runs")
    store = RunStore(runs)
    places = planned_places(items, request, store)
    planned = distinct(places)
    if not planned and not plan_only:
        _refuse_nothing(places)
    plan = _plan(places, store, Experience.of(own.record for own in Holdings(runs, earlier).held))
    if plan_only and json:
        console.show_json(plan)
        return
    _show_plan(plan, places, means, request.threads, on_stdout=plan_only)
    if plan_only:
        return
    outcome = carry_out(planned, store, means)
    write_site(runs, earlier, target, request.scale, json=json)
    raise_if_failed(outcome, store)


def _refuse_nothing(places: Sequence[PlannedPlace]) -> None:
    """Raise `UserError` where nothing can be run: for want of data, or because there is nothing to run."""
    problems = [own.problem for own in places if own.problem]
    why = problems[0] if problems else "their numbers are only quoted, or they are drawings"
    raise UserError(f"nothing of these items can be run here: {why}; --no-run shows the records that are there")


def _plan(places: Sequence[PlannedPlace], store: RunStore, experience: Experience) -> dict[str, Any]:
    """A row for each item and place, runs that several need counted with the first of them, and their sum."""
    rows: list[dict[str, Any]] = []
    counted: set[str] = set()
    for own in places:
        new = [run for run in own.runs if run.key not in counted]
        counted.update(run.key for run in new)
        estimate = estimated(new, store, experience)
        rows.append(
            {
                "item": own.item.id,
                "benchmark": own.place.benchmark,
                "scale": own.place.scale,
                "seeds": own.place.seeds,
                "runs": len(own.runs),
                "new": len(new),
                "todo": estimate.todo,
                "seconds": estimate.seconds if estimate.todo > estimate.unknown else None,
                "unknown": estimate.unknown,
                "problem": own.problem or None,
            }
        )
    told = [row["seconds"] for row in rows if row["seconds"] is not None]
    total = {
        "runs": len(counted),
        "todo": sum(row["todo"] for row in rows),
        "core_seconds": sum(told),
        "unknown": sum(row["unknown"] for row in rows),
    }
    return {"items": rows, "total": total}


def _show_plan(
    plan: dict[str, Any], places: Sequence[PlannedPlace], means: Means, threads: int, *, on_stdout: bool
) -> None:
    """What is to be run and about how long it takes, before anything starts."""
    from nasrepro.commands.estimate import Estimate
    from nasrepro.experiments.progress import duration

    shown = [
        (
            row["item"],
            row["benchmark"],
            row["seeds"],
            "data missing" if row["problem"] else row["runs"],
            row["todo"],
            "" if not row["todo"] else "unknown" if row["seconds"] is None else duration(row["seconds"]),
        )
        for row in plan["items"]
    ]
    title = "Runs, each to be done where it is first needed; times of one worker"
    console.show_table(_COLUMNS, shown, title=title, aside=not on_stdout)
    for problem in dict.fromkeys(own.problem for own in places if own.problem):
        console.note(f"not run here: {problem}")
    total = plan["total"]
    estimate = Estimate(total["runs"], total["todo"], total["core_seconds"], total["unknown"])
    words = estimate.words(means.workers_for(threads))
    (console.say if on_stdout else console.note)(words)
