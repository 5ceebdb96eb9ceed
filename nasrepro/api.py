"""What `import nasrepro` gives: the way of the data in a few functions, each thin over a room of the house.

Names come from `list_…`, objects from `get_…`; `plan`, `compare` and `rank` do the work, `read_records` and `render`
are about what is done. What a function needs is imported when it is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro import benchmarks
from nasrepro.benchmarks import Benchmark
from nasrepro.errors import RunFailed, UserError
from nasrepro.methods import catalog
from nasrepro.methods.method import Method
from nasrepro.oracles.base import Oracle
from nasrepro.papers import catalog as paper_catalog
from nasrepro.papers.model import Paper
from nasrepro.records.record import RunRecord
from nasrepro.records.store import RunStore, read_folder
from nasrepro.records.variant import Variant
from nasrepro.spaces import catalog as space_catalog
from nasrepro.spaces.base import Space

if TYPE_CHECKING:
    from nasrepro.experiments.plan import PlannedRun

__all__ = [
    "Benchmark",
    "Method",
    "Oracle",
    "Ranking",
    "RunFailed",
    "RunRecord",
    "Space",
    "UserError",
    "Variant",
    "compare",
    "get_benchmark",
    "get_method",
    "get_paper",
    "get_space",
    "get_truth",
    "list_benchmarks",
    "list_methods",
    "list_papers",
    "list_spaces",
    "plan",
    "rank",
    "read_records",
    "render",
]

Settings = Mapping[str, Mapping[str, Any]]
"""Block → setting → value, as in `{"training": {"epochs": 30}}`."""


def list_benchmarks() -> list[str]:
    """Names of all benchmarks, plug-ins last."""
    return benchmarks.names()


def list_methods() -> list[str]:
    """Names of all methods, plug-ins last; others are composed of these, as in `gdas+nsas`."""
    return catalog.names()


def list_spaces() -> list[str]:
    """Names of all spaces, plug-ins last."""
    return space_catalog.names()


def list_papers() -> list[str]:
    """Slugs of the papers, such as `e2nas`."""
    return list(paper_catalog.papers())


def get_benchmark(name: str) -> Benchmark:
    """What methods are compared on; raises `UserError` suggesting the nearest name."""
    return benchmarks.get(name)


def get_method(name: str) -> Method:
    """A method of the catalogue, of a plug-in, or composed; raises `UserError` suggesting the nearest name."""
    return catalog.get(name)


def get_space(name: str) -> Space[Any]:
    """A space by its name; raises `UserError` suggesting the nearest one."""
    return space_catalog.get(name)


def get_paper(slug: str) -> Paper:
    """A paper as data: its items with everything they print; raises `UserError` naming those that there are."""
    return paper_catalog.paper(slug)


def get_truth(benchmark: str, *, scale: str = "laptop", runs: Path | str = "runs") -> Oracle:
    """What cells of a benchmark are worth: its table, or where it has none an oracle that trains what it is asked for,
    as the scale has it, and keeps that in the run store. Raises `UserError` where a table is missing."""
    from nasrepro.experiments.standalone_oracle import truth_of

    return truth_of(benchmarks.get(benchmark), RunStore(Path(runs)), scale)


def plan(
    methods: Sequence[str | Variant],
    benchmark: str = "nb201-digits",
    seeds: Sequence[int] = range(5),
    *,
    scale: str = "laptop",
    protocol: str | Sequence[str] = "sound",
    settings: Settings | None = None,
    threads: int = 1,
    device: str = "auto",
    allow_unverified: bool = False,
    runs: Path | str = "runs",
) -> list[PlannedRun]:
    """The runs that `compare` would make, with every setting resolved and all data hashed; nothing runs.

    Networks are trained on the `device`: `cpu`, `cuda`, or `auto` for a GPU where there is one. Raises `UserError` for
    whatever is wrong with the request.
    """
    from nasrepro.experiments import plan as planning
    from nasrepro.experiments.devices import chosen_device

    return planning.plan(
        methods,
        benchmark,
        list(seeds),
        scale=scale,
        protocol=protocol,
        threads=threads,
        device=chosen_device(device).kind,
        overrides=_overrides(settings),
        store=RunStore(Path(runs)),
        allow_unverified=allow_unverified,
    )


def compare(
    methods: Sequence[str | Variant],
    benchmark: str = "nb201-digits",
    seeds: Sequence[int] = range(5),
    *,
    scale: str = "laptop",
    protocol: str | Sequence[str] = "sound",
    settings: Settings | None = None,
    threads: int = 1,
    device: str = "auto",
    allow_unverified: bool = False,
    runs: Path | str = "runs",
    workers: int | None = None,
    cluster: str | None = None,
    run_timeout: float | None = None,
    retry_failed: bool = False,
) -> list[RunRecord]:
    """Search with every method and seed, judge what was found, and return the records in the plan's order.

    What is done in the run store `runs` is not done again. Runs are made by worker processes, by default one per core,
    or on a `cluster`: `tcp://HOST:PORT` of a Dask scheduler, or `local:N`. `run_timeout` is in seconds; what failed
    before is tried again only with `retry_failed`. `device` is as in `plan`, or `cuda:I` for one GPU of this machine;
    on a cluster of others `auto` is the CPU. Raises `UserError` before anything runs when the request cannot be
    carried out, and `RunFailed` when a run ended in an error; the others' records are kept.
    """
    from nasrepro.experiments import plan as planning
    from nasrepro.experiments.devices import placed
    from nasrepro.experiments.executors.means import Means, checked_cluster
    from nasrepro.experiments.jobs import failed_jobs
    from nasrepro.pipeline import carry_out

    store = RunStore(Path(runs))
    how = Means(workers, checked_cluster(cluster, workers), (), run_timeout, retry_failed)
    kind, means = placed(device, how)
    planned = planning.plan(
        methods,
        benchmark,
        list(seeds),
        scale=scale,
        protocol=protocol,
        threads=threads,
        device=kind,
        overrides=_overrides(settings),
        store=store,
        allow_unverified=allow_unverified,
    )
    outcome = carry_out(planned, store, means)
    if outcome.failures:
        raise failed_jobs(outcome.failures, len(planned), store.root / "work", "runs", "retry_failed=True")
    return outcome.records


def _overrides(settings: Settings | None) -> dict[str, dict[str, Any]]:
    return {block: dict(values) for block, values in (settings or {}).items()}


def read_records(folder: Path | str) -> list[RunRecord]:
    """All records of a report, a run store, or any folder of records, by method and seed. Raises `UserError` naming a
    file that cannot be read."""
    given = Path(folder)
    inner = given / "records"
    return read_folder(inner if inner.is_dir() else given)


def render(records: Sequence[RunRecord], out: Path | str, *, title: str = "") -> Path:
    """Write the report of records on one benchmark into a folder, and return its page.

    Raises `UserError` when the records must not share a table or the folder cannot be written.
    """
    from nasrepro.reporting.comparison import render_comparison

    if not records:
        raise UserError("there are no records to render")
    spec = records[0].spec
    title = title or f"Comparison on {spec.benchmark}, {spec.scale} scale"
    return render_comparison(records, Path(out), title=title, command="nasrepro.render")


@dataclass(frozen=True)
class Ranking:
    """How well scores order cells; every number is Kendall's τ-b, higher is better."""

    tau: float
    """Of the scores and the truth; NaN where that has no meaning, as for constant scores."""
    tau_of_size: float
    """Of the parameter count and the truth, on the same cells: what a score is to beat."""
    cells: int
    """Cells that have both a score and a truth."""
    truth: str
    """Which measurement the truth is, and where it comes from."""


def rank(
    scores: Mapping[str, float] | Sequence[float], benchmark: str = "nb201-digits", *, runs: Path | str = "runs"
) -> Ranking:
    """Hold scores of cells, higher is better, against the primary scoring of a benchmark with a table.

    `scores` are by cell, as an index, an id or in the space's notation, or one for each cell in index order, NaN where
    missing. Raises `UserError` for what is no cell, a wrong number of scores, and a benchmark whose cells cannot be
    listed. `nasrepro rank --scores` makes a page of it, with intervals and the ceiling that noise sets.
    """
    import numpy as np

    from nasrepro.metrics.ranking import kendall_tau

    target = benchmarks.get(benchmark)
    oracle, asked = target.open_oracle(Path(runs)), target.primary.fidelity
    if not oracle.covers_space:
        raise UserError(f"the truth of '{benchmark}' is measured cell by cell; allowed: a benchmark with a table")
    truth = oracle.query_all(dataset=asked.dataset, split=asked.split, epochs=asked.epochs).astype(np.float64)
    given = _by_index(scores, target)
    kept = np.flatnonzero(~np.isnan(given) & ~np.isnan(truth))
    worth = truth[kept] if target.primary.higher_is_better else -truth[kept]
    sizes = [target.space.cost(target.space.parse(str(index)), target.standalone).params for index in kept]
    return Ranking(kendall_tau(given[kept], worth), kendall_tau(sizes, worth), len(kept), f"{asked}: {oracle.source}")


def _by_index(scores: Mapping[str, float] | Sequence[float], benchmark: Benchmark) -> Any:
    """Scores as float64 (n,) in index order, NaN where missing."""
    import numpy as np

    size = len(benchmark.space)
    if not isinstance(scores, Mapping):
        given = np.asarray(scores, dtype=np.float64)
        if given.shape != (size,):
            raise UserError(f"'{benchmark.name}' needs one score for each of its {size} cells, not shape {given.shape}")
        return given
    places = {cell.id: index for index, cell in enumerate(benchmark.space)}
    found = np.full(size, np.nan)
    for text, score in scores.items():
        found[places[space_catalog.cell_of(benchmark.space, text).id]] = score
    return found
