"""A paper's item as planned runs: what it needs at each of its places, and what of that can be had here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from nasrepro import benchmarks
from nasrepro.errors import UserError, unknown
from nasrepro.experiments.expected import able, for_every_method
from nasrepro.experiments.plan import PlannedRun, parse_seeds, plan
from nasrepro.experiments.retraining import recipe_for
from nasrepro.experiments.specifying import check_protocol, specified
from nasrepro.experiments.variants import Overrides, parse_overrides
from nasrepro.methods import catalog
from nasrepro.papers.model import PaperItem
from nasrepro.papers.place import Place
from nasrepro.records.identity import digest
from nasrepro.records.spec import RunSpec, Scale
from nasrepro.records.store import RunStore


@dataclass(frozen=True)
class PlannedPlace:
    """An item at one of its places: the runs it needs, or why they cannot be made here."""

    item: PaperItem
    place: Place
    specs: Sequence[RunSpec] = ()
    """What is to be run."""
    runs: Sequence[PlannedRun] = ()
    """The same with the hashes of its data; none where these were not asked for, or are missing."""
    problem: str = ""
    """The benchmark's data are missing, and how they are got."""


@dataclass(frozen=True)
class Request:
    """How a reader wants items to be run."""

    scale: Scale = "laptop"
    protocol: str = "sound"
    benchmark: str | None = None
    """Only this one."""
    anywhere: bool = False
    """Whether an item is run on that benchmark also where it has no place there."""
    seeds: str | None = None
    overrides: Overrides = field(default_factory=dict)
    threads: int = 1
    device: str = "cpu"
    """What the runs compute on, `cpu` or `cuda`."""
    allow_unverified: bool = False


def checked_request(
    *,
    scale: str,
    protocol: str,
    benchmark: str | None,
    seeds: str | None,
    settings: Sequence[str],
    threads: int,
    allow_unverified: bool,
    device: str = "cpu",
    anywhere: bool = False,
) -> Request:
    """What was typed; raises `UserError` for what cannot be."""
    if scale not in get_args(Scale):
        raise unknown("scale", scale, get_args(Scale))
    check_protocol(protocol)
    if benchmark is not None:
        benchmarks.get(benchmark)
    if seeds is not None:
        parse_seeds(seeds)
    return Request(
        scale=scale,  # type: ignore[arg-type]
        protocol=protocol,
        benchmark=benchmark,
        anywhere=anywhere,
        seeds=seeds,
        overrides=parse_overrides(settings),
        threads=threads,
        device=device,
        allow_unverified=allow_unverified,
    )


def planned_places(items: Iterable[PaperItem], request: Request, store: RunStore) -> list[PlannedPlace]:
    """Every item at every place that the request leaves, items of which nothing is run left out.

    Raises `UserError` for whatever is wrong with the request; data that are missing are no mistake.
    """
    missing: dict[tuple[str, bool], str] = {}
    found = []
    for item in items:
        for place in _places(item, request):
            trains = any(catalog.get(own.method).one_shot for own in able(item, place, request.protocol))
            asked = (place.benchmark, trains)
            if asked not in missing:
                missing[asked] = missing_data(*asked, store.root, request.allow_unverified)
            if problem := missing[asked]:
                found.append(PlannedPlace(item, place, problem=problem))
            else:
                runs = _planned(item, place, request, store)
                found.append(PlannedPlace(item, place, [run.spec for run in runs], runs))
    return found


def specified_places(items: Iterable[PaperItem], request: Request, runs: Path) -> list[PlannedPlace]:
    """The same as far as it is known without data: what would be run, and which files that lacks. `runs` is the run
    store's folder."""
    problems: dict[tuple[str, bool], str] = {}
    found = []
    for item in items:
        for place in _places(item, request):
            specs = _specified(item, place, request)
            asked = (place.benchmark, any("training" in spec.settings for spec in specs))
            if asked not in problems:
                problems[asked] = _missing_files(*asked, runs, request.allow_unverified)
            found.append(PlannedPlace(item, place, specs, problem=problems[asked]))
    return found


def _places(item: PaperItem, request: Request) -> list[Place]:
    """The item's own; at another benchmark, which is named, with the seeds that the item has."""
    own = item.places_at(request.scale)
    if not item.variants or request.benchmark is None:
        return own
    there = [place for place in own if place.benchmark == request.benchmark]
    if there or not request.anywhere:
        return there
    return [Place(benchmark=request.benchmark, scale=request.scale, seeds=item.run_seeds)]


def _planned(item: PaperItem, place: Place, request: Request, store: RunStore) -> list[PlannedRun]:
    place = _without(place, request.overrides)
    known = [place.stated(variant) for variant in item.variants if catalog.knows(variant.method)]
    if not known:
        raise UserError(f"no method of '{item.id}' can be run here; it needs {', '.join(item.methods)}")
    return plan(
        able(item, place, request.protocol) or known,  # all of them, for the refusal that names what is allowed
        place.benchmark,
        parse_seeds(request.seeds or place.seeds),
        scale=place.scale,
        protocol=request.protocol,
        threads=request.threads,
        device=request.device,
        overrides=for_every_method(place, request.overrides),
        store=store,
        allow_unverified=request.allow_unverified,
    )


def _specified(item: PaperItem, place: Place, request: Request) -> list[RunSpec]:
    """The same runs as far as they are known without data."""
    place = _without(place, request.overrides)
    variants = able(item, place, request.protocol)
    if not variants:
        return []
    asked = specified(
        variants,
        benchmarks.get(place.benchmark),
        scale=place.scale,
        protocols=[request.protocol],
        overrides=for_every_method(place, request.overrides),
        device=request.device,
    )
    seeds = parse_seeds(request.seeds or place.seeds)
    specs = {(digest(own.settings), own.variant.method): own for own in asked}.values()
    return [own.spec(seed, request.threads) for own in specs for seed in seeds]


def _without(place: Place, overrides: Overrides) -> Place:
    """The place without what the reader sets otherwise."""
    settings = {
        method: {
            block: {name: value for name, value in values.items() if name not in overrides.get(block, {})}
            for block, values in blocks.items()
        }
        for method, blocks in place.settings.items()
    }
    return place.model_copy(update={"settings": settings})


def missing_data(name: str, trains: bool, runs: Path, allow_unverified: bool) -> str:
    """Why the benchmark cannot be used on this machine, for methods of which one `trains` a supernet or for others;
    empty where it can. Raises `UserError` where there is no such benchmark."""
    benchmark = benchmarks.get(name)
    try:
        if benchmark.retraining is None:
            benchmark.open_oracle(runs)
        if trains:
            benchmark.load_data(allow_unverified=allow_unverified)
        if benchmark.retraining is not None:
            _ = recipe_for(benchmark, "laptop", threads=1, allow_unverified=allow_unverified).data
    except UserError as error:
        return str(error)
    return ""


def _missing_files(name: str, trains: bool, runs: Path, allow_unverified: bool) -> str:
    """The same without reading what the files of images and texts hold."""
    from nasrepro.datasets.loading import require

    benchmark = benchmarks.get(name)
    needed = [benchmark.data] if trains else []
    needed += [benchmark.retraining.dataset] if benchmark.retraining is not None else []
    try:
        if benchmark.retraining is None:
            benchmark.open_oracle(runs)
        for dataset in needed:
            if dataset is not None:
                require(dataset, allow_unverified=allow_unverified)
    except UserError as error:
        return str(error)
    return ""


def distinct(places: Iterable[PlannedPlace]) -> list[PlannedRun]:
    """All runs of the places, those that several need once."""
    return list({run.key: run for own in places for run in own.runs}.values())
