"""From records and papers to what the site shows: which runs stand behind which item, and which are not there yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.papers.model import PaperItem
    from nasrepro.papers.programme import PlannedPlace
    from nasrepro.records.identity import RunIdentity
    from nasrepro.reporting.site.material import Held, ItemMaterial, PlaceRuns, SiteMaterial, State

PUBLISHED = Path("reports/published")
"""Where a clone of the project has the runs made earlier."""


class Holdings:
    """Records by what they are runs of; of the same run twice the fresh one counts."""

    def __init__(self, runs: Path, published: Path | None) -> None:
        """Reads the run store and a folder with published records below it, either of which may not be there."""
        from nasrepro.records.identity import RunIdentity, brought_up
        from nasrepro.records.store import read_folder_leniently
        from nasrepro.reporting.site.material import Held

        self.unread: list[str] = []
        self.published: list[Held] = []
        """Every published record, also where two are of the same run."""
        self._by_run: dict[RunIdentity, Held] = {}
        for folder, fresh in ((runs / "records", True), (published, False)):
            found, problems = read_folder_leniently(folder) if folder and folder.is_dir() else ([], [])
            self.unread += problems
            for path, record in found:
                own = Held(brought_up(record), path, fresh)
                self._by_run.setdefault(RunIdentity.of(record.spec), own)
                if not fresh:
                    self.published.append(own)

    @property
    def held(self) -> list[Held]:
        """Every run once, in a fixed order."""
        return sorted(self._by_run.values(), key=lambda own: _order(own))

    def find(self, runs: Iterable[RunIdentity]) -> list[Held]:
        """Those of the runs that there are records of, in a fixed order."""
        return sorted((self._by_run[run] for run in dict.fromkeys(runs) if run in self._by_run), key=_order)


def _order(held: Held) -> tuple[str, str, str, int, str]:
    spec = held.record.spec
    return spec.benchmark, spec.method, spec.protocol, spec.seed, held.record.key


def published_folder(named: Path | None) -> Path | None:
    """The folder that was named, which must be there, or that of a clone, if there is one."""
    if named is None:
        return PUBLISHED if PUBLISHED.is_dir() else None
    if not named.is_dir():
        raise UserError(f"there is no folder '{named}' for --published")
    return named


def wanted_runs(planned: PlannedPlace, seeds: str | None = None) -> list[RunIdentity]:
    """All runs of an item at a place, with other seeds than its own where such are named."""
    from nasrepro.experiments.plan import parse_seeds
    from nasrepro.records.identity import RunIdentity

    place = planned.place
    return [
        RunIdentity(run.method, place.benchmark, place.scale, "sound", seed, run.settings)
        for run in planned.runs
        for seed in parse_seeds(seeds or place.seeds)
    ]


def item_material(item: PaperItem, holdings: Holdings, scale: str, runs: Path) -> ItemMaterial:
    """The item with its runs at every place of the scale, and at the published size where there are such runs."""
    from nasrepro.commands.trainings import trainings_on
    from nasrepro.papers.programme import planned_places
    from nasrepro.reporting.site.material import ItemMaterial

    places = [_at(planned, holdings) for planned in planned_places(item.id, scale)]
    if scale != "paper":
        larger = [_at(planned, holdings) for planned in planned_places(item.id, "paper")]
        places += [place for place in larger if place.done]
    shown = [place.place.benchmark for place in places if place.held]
    return ItemMaterial(item, _state(item, places), places, trainings_on(item, shown, runs))


def _at(planned: PlannedPlace, holdings: Holdings) -> PlaceRuns:
    from nasrepro.reporting.site.material import PlaceRuns

    wanted = wanted_runs(planned)
    held = holdings.find(wanted)
    done = sum(own.record.status != "failed" for own in held)
    complete = done == len(wanted) and done > 0
    return PlaceRuns(planned.place, "done" if complete else "partial" if done else "missing", done, len(wanted), held)


def _state(item: PaperItem, places: Sequence[PlaceRuns]) -> State:
    """Over all places; of an item that nothing is run for, why."""
    if not item.variants:
        kinds: dict[str, State] = {"drawn": "drawn", "schematic": "schematic"}
        return kinds.get(item.kind, "reported")
    states = {place.state for place in places}
    if states <= {"done"} and states:
        return "done"
    return "missing" if states <= {"missing"} else "partial"


def gathered(runs: Path, published: Path | None, scale: str) -> SiteMaterial:
    """Everything the site shows at a scale, from the run store and a folder of published records."""
    from nasrepro.commands.site_words import benchmark_materials, method_materials
    from nasrepro.papers.catalog import papers
    from nasrepro.papers.ledger import differences
    from nasrepro.reporting.site.material import SiteMaterial

    holdings = Holdings(runs, published)
    items = {item.id: item_material(item, holdings, scale, runs) for paper in papers().values() for item in paper.items}
    benchmarks = benchmark_materials(holdings.held, scale)
    shown = {held.record.key: held for own in items.values() for place in own.places for held in place.held}
    shown |= {held.record.key: held for own in benchmarks for held in own.held}
    # what was published stays so, although no page may show it: the site may be the only place where it lies
    shown = {held.record.key: held for held in holdings.published} | shown
    return SiteMaterial(
        papers=list(papers().values()),
        items=items,
        benchmarks=benchmarks,
        methods=method_materials(list(shown.values())),
        ledger=differences(),
        held=sorted(shown.values(), key=_order),
        unread=holdings.unread,
    )
