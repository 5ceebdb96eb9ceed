"""`reproduce --plan`: what is to be run, what that costs, and how long it takes on how many workers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nasrepro import console
from nasrepro.experiments.capacity.units import size, span

if TYPE_CHECKING:
    from nasrepro.commands.reproduce_plan import Plan, Row
    from nasrepro.experiments.capacity.bill import Forecasts
    from nasrepro.experiments.capacity.published import CoresPerGpu
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.reproducing import Request

_COLUMNS = ("item", "benchmark", "seeds", "runs", "new", "done", "trainings", "about")
_PAPER_COLUMNS = (*_COLUMNS[:-1], "core-hours", "GPU-hours", "storage")


def plain(plan: Plan, request: Request) -> dict[str, Any]:
    """The plan as JSON has it; hours and bytes are of what is to be done."""
    from nasrepro.experiments.capacity.bill import billed, forecast

    papers = dict.fromkeys(row.place.item.paper for row in plan.rows)
    device = _worker(request)
    forecasts = forecast(plan.demands, plan.rates, device)
    return {
        "items": [_plain_row(plan, row) for row in plan.rows],
        "papers": [{"paper": paper, **_alone(plan, paper)} for paper in papers],
        "total": {
            "runs": plan.estimate.total,
            "todo": plan.estimate.todo,
            "core_seconds": plan.estimate.seconds,
            "unknown": plan.estimate.unknown,
            **_renamed(billed(plan.demands, plan.rates).plain()),
        },
        "cores_per_gpu": asdict(plan.rates.speedup),
        "measured_on": plan.rates.core.hardware,
        "measured_gpu": plan.rates.gpu.hardware if plan.rates.gpu else None,
        "schedule": {"worker": "core" if device == "cpu" else "GPU", **forecasts.plain()} if forecasts else None,
    }


def _plain_row(plan: Plan, row: Row) -> dict[str, Any]:
    from nasrepro.experiments.capacity.bill import billed

    own, estimate = row.place, plan.of(row)
    return {
        "item": own.item.id,
        "benchmark": own.place.benchmark,
        "scale": own.place.scale,
        "seeds": own.place.seeds,
        "runs": len(own.specs),
        "new": row.new,
        "done": row.new - len(row.todo),
        "todo": estimate.todo,
        "seconds": estimate.seconds if estimate.todo > estimate.unknown else None,
        "unknown": estimate.unknown,
        **_renamed(billed(row.demands, plan.rates).plain()),
        "problem": own.problem or None,
    }


def _renamed(bill: dict[str, Any]) -> dict[str, Any]:
    """Without what the rows count themselves."""
    names = {"trainings": "trainings", "wide": "multi_gpu_trainings", "core_hours": "core_hours"}
    names |= {"gpu_hours": "gpu_hours", "bytes": "bytes", "unknown": "not_measured"}
    return {new: bill[old] for old, new in names.items()}


def _alone(plan: Plan, paper: str) -> dict[str, Any]:
    """What a paper would cost without the others: also what earlier rows of others are charged with."""
    from nasrepro.experiments.capacity.bill import billed
    from nasrepro.experiments.capacity.demand import Demands

    rows = [row for row in plan.rows if row.place.item.paper == paper]
    demands = Demands()
    todo = {own.key: own for row in plan.rows for own in row.demands}
    needed = {demands.of_run(spec).key for row in rows for spec in row.place.specs}
    needed |= {own.key for row in rows for own in demands.of_probes(row.place.specs)}
    return billed([own for key, own in todo.items() if key in needed], plan.rates).plain()


def _worker(request: Request) -> str:
    """What the schedule counts as a worker: the published sizes are for GPUs."""
    return "cuda" if request.scale == "paper" else request.device


def show(plan: Plan, request: Request, means: Means, *, on_stdout: bool) -> None:
    """What is to be run and what it costs, before anything starts."""
    from nasrepro.experiments.capacity.bill import forecast

    rows = [_plain_row(plan, row) for row in plan.rows]
    large, device = request.scale == "paper", _worker(request)
    shown = [_priced(row) if large else _timed(row) for row in rows]
    title = "Runs, each counted where it is first needed; costs are of what is to be done"
    console.show_table(_PAPER_COLUMNS if large else _COLUMNS, shown, title=title, aside=not on_stdout)
    for problem in dict.fromkeys(row["problem"] for row in rows if row["problem"]):
        console.note(f"data missing: {problem}")
    say = console.say if on_stdout else console.note
    if large and on_stdout and (forecasts := forecast(plan.demands, plan.rates, device)):
        say(f"{plan.estimate.total:,} runs, {plan.estimate.total - plan.estimate.todo:,} of them done before")
        _show_bill(plan)
        _show_forecast(forecasts, device)
    else:
        say(plan.estimate.words(means.workers_for(request.threads)))


def _common(row: dict[str, Any]) -> tuple[Any, ...]:
    benchmark = f"{row['benchmark']} (data missing)" if row["problem"] else row["benchmark"]
    return (row["item"], benchmark, row["seeds"], row["runs"], row["new"], row["done"], row["trainings"])


def _timed(row: dict[str, Any]) -> tuple[Any, ...]:
    from nasrepro.experiments.progress import duration

    about = "" if not row["todo"] else "unknown" if row["seconds"] is None else duration(row["seconds"])
    return (*_common(row), about)


def _priced(row: dict[str, Any]) -> tuple[Any, ...]:
    mark = " +" if row["not_measured"] else ""
    return (
        *_common(row),
        f"{row['core_hours']:,.0f}{mark}",
        f"{row['gpu_hours']:,.0f}{mark}",
        size(row["bytes"]),
    )


def _show_bill(plan: Plan) -> None:
    """All rows together, and what their numbers rest on."""
    from nasrepro.experiments.capacity.bill import billed

    bill, rates = billed(plan.demands, plan.rates), plan.rates
    console.say(
        f"to be done: {bill.runs:,} runs and {bill.trainings:,} trainings from scratch, {bill.wide:,} of which several "
        f"GPUs can share: {bill.core_hours:,.0f} core-hours or {bill.gpu_hours:,.0f} GPU-hours, {size(bill.bytes)}"
    )
    gpu = f"measured on {rates.gpu.hardware}" if rates.gpu else _assumption(rates.speedup)
    console.note(f"core-hours: steps measured on {rates.core.hardware}; GPU-hours: {gpu}")


def _assumption(speedup: CoresPerGpu) -> str:
    if not speedup.assumed:
        return f"{speedup.searches:g} cores to a GPU, as --speedup says"
    return (
        f"{speedup.searches:g} cores to a GPU in searches and {speedup.trainings:g} in trainings from scratch, assumed "
        "after the papers' times"
    )


def _show_forecast(forecasts: Forecasts, device: str) -> None:
    worker = "cores" if device == "cpu" else "GPUs"
    rows = [(f"{own.workers:,}", span(own.hours), f"{own.idle:.0%}", span(own.wide_hours)) for own in forecasts.each]
    console.show_table((worker, "done after", "idle", "with ImageNet on 8 each"), rows)
    console.say(f"not sooner than {span(forecasts.longest_hours)}: {forecasts.longest}")
