"""The page `docs/scale.md`: what reproducing the papers at their own scale costs. Same costs, same text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import resources
from string import Template

from nasrepro.experiments.capacity.bill import Forecasts, billed, forecast
from nasrepro.experiments.capacity.checked import Check, checked_predictions
from nasrepro.experiments.capacity.demand import Demand, Demands
from nasrepro.experiments.capacity.figure import COUNTS, svg
from nasrepro.experiments.capacity.published import Speedup, implied_speedup
from nasrepro.experiments.capacity.rates import Rates, rates_for
from nasrepro.experiments.capacity.simulation import OVERHEAD, START
from nasrepro.experiments.capacity.units import hours, number, size, span
from nasrepro.experiments.expected import expected
from nasrepro.experiments.plan import parse_seeds
from nasrepro.papers.catalog import papers

_TEMPLATE = "scale.md"
_FAMILIES = {
    "step": "weight steps of searches",
    "scoring": "one-shot scores",
    "predictor": "NAO's predictors",
    "training": "trainings from scratch",
    "testing": "scores of networks trained from scratch",
}
Table = str
"""Rows of a Markdown table without its head."""


def paper_demands() -> dict[str, list[Demand]]:
    """What each paper asks for at its own scale, each demand once, probe cells first."""
    demands, found = Demands(), {}
    for slug, paper in papers().items():
        specs = [
            own.spec(seed, 1)
            for item in paper.items
            for place in item.places_at("paper")
            for own in expected(item, place)
            for seed in parse_seeds(place.seeds)
        ]
        found[slug] = distinct([*demands.of_probes(specs), *(demands.of_run(spec) for spec in specs)])
    return found


def distinct(demands: Iterable[Demand]) -> list[Demand]:
    """Each once, probe cells first."""
    once = {own.key: own for own in demands}.values()
    return sorted(once, key=lambda own: not own.probe)


def drawing() -> str:
    """The page's figure, as SVG."""
    found = forecast(_together(paper_demands()), rates_for(), "cuda", COUNTS)
    assert found is not None
    return svg(found)


def _together(each: dict[str, list[Demand]]) -> list[Demand]:
    return distinct(own for demands in each.values() for own in demands)


def page() -> str:
    """The whole page."""
    rates, each, check = rates_for(), paper_demands(), checked_predictions()
    together = _together(each)
    bill = billed(together, rates)
    searches, trainings = (implied_speedup(rates.core, trainings=own) for own in (False, True))
    on_gpus, on_cores = (forecast(together, rates, device) for device in ("cuda", "cpu"))
    assert on_gpus is not None
    assert on_cores is not None
    selectors = [kind.settings for own in together for kind in own.kinds if kind.family == "step"]
    template = Template(resources.files("nasrepro.experiments.capacity").joinpath(_TEMPLATE).read_text("utf-8"))
    return template.substitute(
        runs=number(bill.runs),
        trainings=number(bill.trainings),
        core_hours=number(bill.core_hours),
        gpu_hours=number(bill.gpu_hours),
        hundred=next(span(own.hours) for own in on_gpus.each if own.workers == 100),
        papers=_papers(each, together, rates),
        checkpoint=size(_largest(together, rates)),
        shares=_shares(together, rates),
        largest=_largest_share(together, rates),
        points=number(max(own["training"]["probe_points"] for own in selectors)),
        candidates=number(max(_candidates(own["selector"]) for own in selectors)),
        start=number(START),
        pause=number(1000 * OVERHEAD),
        schedule=_schedule(on_gpus, on_cores),
        longest=on_gpus.longest,
        longest_hours=span(on_gpus.longest_hours),
        searched=_gpus(searches),
        trained=_gpus(trainings),
        search_factor=_between(searches),
        training_factor=_between(trainings),
        search_speedup=f"{rates.speedup.searches:g}",
        training_speedup=f"{rates.speedup.trainings:g}",
        hardware=rates.core.hardware,
        torch=rates.core.torch,
        check=_check(check),
        methods=number(check.methods),
        ratio=f"{check.ratio:.2f}",
        spread=f"{check.spread:.2f}",
        steps=_steps(together, rates),
    )


def _papers(each: dict[str, list[Demand]], together: Sequence[Demand], rates: Rates) -> Table:
    rows = [*each.items(), ("**all, each run once**", together)]
    bills = [(name, billed(demands, rates)) for name, demands in rows]
    return _table(
        (name, own.runs, own.trainings, own.wide, own.core_hours, own.gpu_hours, size(own.bytes)) for name, own in bills
    )


def _hours_by(together: Sequence[Demand], rates: Rates) -> dict[tuple[str, str], float]:
    """Core-hours by benchmark and family of work; NAO's predictor counts with the weight steps."""
    found: dict[tuple[str, str], float] = {}
    for demand in together:
        for piece in demand.pieces:
            for kind, count in (piece.work or {}).items():
                key = (demand.benchmark, "step" if kind.family == "predictor" else kind.family)
                found[key] = found.get(key, 0.0) + (rates.core_seconds({kind: count}) or 0.0) / 3600
    return found


def _shares(together: Sequence[Demand], rates: Rates) -> Table:
    found = _hours_by(together, rates)
    sums = {name: sum(value for key, value in found.items() if key[0] == name) for name, _ in found}
    families = ("step", "scoring", "training", "testing")
    return _table(
        (f"`{name}`", *(found.get((name, family), 0.0) for family in families), f"{own / sum(sums.values()):.0%}")
        for name, own in sorted(sums.items(), key=lambda pair: -pair[1])
    )


def _largest_share(together: Sequence[Demand], rates: Rates) -> str:
    found = _hours_by(together, rates)
    (benchmark, family), most = max(found.items(), key=lambda pair: pair[1])
    share = most / sum(found.values())
    return f"The largest single part, {share:.0%} of everything, are {_FAMILIES[family]} on `{benchmark}`."


def _schedule(on_gpus: Forecasts, on_cores: Forecasts) -> Table:
    return _table(
        (
            own.workers,
            span(own.hours),
            f"{own.idle:.0%}",
            span(own.wide_hours),
            span(core.hours),
        )
        for own, core in zip(on_gpus.each, on_cores.each, strict=True)
    )


def _between(speedup: Speedup) -> str:
    low, high = speedup.mean / speedup.spread, speedup.mean * speedup.spread
    return f"{speedup.mean:.2g}, with two thirds of such factors between {low:.2g} and {high:.2g}"


def _gpus(speedup: Speedup) -> Table:
    return _table(
        (
            own.published.label,
            hours(own.published.seconds),
            hours(own.core_seconds),
            f"{own.factor:.1f}",
            own.published.where,
        )
        for own in speedup.implied
    )


def _check(check: Check) -> Table:
    return _table(
        (f"`{own.benchmark}`", own.methods, own.runs, f"{own.ratio:.2f}", f"{own.lowest:.2f} to {own.highest:.2f}")
        for own in check.by_benchmark
    )


def _steps(together: Sequence[Demand], rates: Rates) -> Table:
    kinds = dict.fromkeys(kind for own in together for kind in own.kinds)
    rows = []
    for kind in sorted(kinds, key=lambda kind: (list(_FAMILIES).index(kind.family), kind.title)):
        cost = rates.core.of(kind)
        if cost is None:
            continue
        pieces, unit = (1, "step") if kind.unit == "step" else (1000, "1,000 images or words")
        memory = "" if cost.memory_bytes is None else size(cost.memory_bytes)
        rows.append((kind.title, unit, f"{pieces * cost.seconds:.3g} ± {pieces * cost.error:.2g}", memory))
    return _table(rows)


def _largest(demands: Iterable[Demand], rates: Rates) -> int:
    """Bytes of the largest checkpoint."""
    costs = (rates.core.of(kind) for own in demands for kind in own.kinds)
    return max((cost.checkpoint_bytes or 0 for cost in costs if cost is not None), default=0)


def _candidates(selector: dict[str, int]) -> int:
    children = selector.get("crossovers", 0) + selector.get("mutations", 0)
    return selector.get("candidates", selector.get("population", 1)) + selector.get("generations", 0) * children


def _table(rows: Iterable[Sequence[object]]) -> Table:
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows)


def _cell(cell: object) -> str:
    return number(cell) if isinstance(cell, float | int) else str(cell)
