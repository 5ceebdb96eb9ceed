"""One run: search, then look up what was found."""

from __future__ import annotations

import time
from collections.abc import Callable

from nasrepro import benchmarks
from nasrepro.benchmarks import Benchmark
from nasrepro.errors import RunFailed
from nasrepro.experiments import provenance
from nasrepro.experiments.judging import Judge
from nasrepro.experiments.plan import PlannedRun
from nasrepro.experiments.stages import Stages
from nasrepro.experiments.standalone_oracle import truth_of
from nasrepro.methods import catalog
from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.method import Method
from nasrepro.oracles.base import Oracle
from nasrepro.records.comparing import compare_records
from nasrepro.records.record import Cost, RunRecord, Truth
from nasrepro.records.store import RunStore
from nasrepro.training.repeatable import peak_memory, prepare_torch

Report = Callable[[int, int], None]


def run(
    planned: PlannedRun,
    store: RunStore,
    report: Report = lambda done, total: None,
    before_storing: Callable[[], None] = lambda: None,
) -> RunRecord:
    """Do the run in this process, or continue it where it was interrupted; store and return its record.

    `before_storing` may raise what speaks against that. A loss that became NaN gives a record of status `diverged`.
    Whatever else goes wrong is raised, and `Busy` while somebody else trains a cell that the run needs.
    """
    existing = store.get(planned.key)
    if existing is not None:
        return existing
    record = _made(planned, store, report)
    before_storing()
    if record.status == "done" and catalog.get(planned.spec.method).one_shot:
        _keep_weights(planned, store)
    store.put(record)
    return record


def train_again(planned: PlannedRun, stored: RunRecord, store: RunStore, report: Report) -> None:
    """Do a finished run once more, or continue doing so, for the weights of its supernet, which the store has lost.

    The stored record stays as it is. Raises `RunFailed` when the run does not repeat: then its weights are not those
    that the record tells of.
    """
    different = compare_records(stored, _made(planned, store, report)).deviations
    if different:
        fields = dict.fromkeys(one.where.split(".")[0] for one in different)
        raise RunFailed(
            f"the weights of run {planned.key} are gone, and training it again gave another record (it differs in "
            f"{', '.join(fields)}), perhaps because this machine or its libraries compute differently; to replace "
            f"the run, remove '{store.record_path(planned.key)}'"
        )
    _keep_weights(planned, store)
    store.drop_work(planned.key)


def _keep_weights(planned: PlannedRun, store: RunStore) -> None:
    from nasrepro.experiments.weights import keep_weights

    keep_weights(store, planned.key)


def _made(planned: PlannedRun, store: RunStore, report: Report) -> RunRecord:
    """Search and judge; nothing is stored but the working folder."""
    spec = planned.spec
    benchmark = benchmarks.get(spec.benchmark).at(spec.scale)
    method = catalog.get(spec.method).inside(benchmark)
    how = benchmark.retraining
    if method.computes or how is not None:
        prepare_torch(spec.threads, spec.device)
    stages = Stages(report, trials=how.trials_at(spec.scale) if how else 0)
    oracle = truth_of(
        benchmarks.get(spec.benchmark),
        store,
        spec.scale,
        spec.threads,
        planned.allow_unverified,
        stages.training,
        device=spec.device,
        wait=False,  # there is other work to do meanwhile
    )
    context = _context(planned, benchmark, oracle, store, stages.searching)
    began = time.perf_counter()
    result, error = _search(method, context)
    memory = max(peak_memory(spec.device) or 0, result.memory if result else 0) if method.one_shot else 0
    stages.judging()
    seconds = {"search": time.perf_counter() - began, **(result.seconds if result else {})}
    began = time.perf_counter()
    record = RunRecord(
        key=planned.key,
        spec=spec,
        data=planned.data,
        status="diverged" if error else "done",
        error=error,
        truth=_truth(oracle, planned, benchmark),
        provenance=provenance.collect(),
        **(Judge(benchmark, oracle).parts(result, context) if result else {}),
    )
    seconds["scoring"] = time.perf_counter() - began
    return record.model_copy(update={"cost": _cost(result, context, seconds, memory)})


def _truth(oracle: Oracle, planned: PlannedRun, benchmark: Benchmark) -> Truth:
    note = _unverified_note(planned, benchmark)
    unverified = bool(note) or oracle.source.endswith("(unverified)")
    return Truth(source=oracle.source, fingerprint=planned.data["truth"], unverified=unverified, note=note)


def _context(
    planned: PlannedRun, benchmark: Benchmark, oracle: Oracle, store: RunStore, report: Report
) -> SearchContext:
    settings = dict(planned.spec.settings)
    skeleton = settings.get("skeleton")
    return SearchContext(
        space=benchmark.space,
        seed=planned.spec.seed,
        settings=settings,
        search_fidelity=benchmark.search,
        probe_cells=benchmark.probes(),
        work=store.work_folder(planned.key),
        report=report,
        device=planned.spec.device,
        skeleton=benchmark.space.supernet_skeleton(skeleton) if isinstance(skeleton, dict) else None,
        standalone=benchmark.standalone,
        single_number=benchmark.single_number,
        higher_is_better=not benchmark.language,
        _oracle=oracle,
        _load_data=lambda: benchmark.load_data(allow_unverified=planned.allow_unverified),
    )


def _search(method: Method, context: SearchContext) -> tuple[SearchResult | None, str | None]:
    """The result, or why there is none because the training diverged."""
    search = method.build()
    if not method.one_shot:
        found = search(context)
        return (found if context.higher_is_better else found.turned()), None
    from nasrepro.training.supernet import Diverged

    try:
        return search(context), None
    except Diverged as error:
        return None, str(error)


def _cost(result: SearchResult | None, context: SearchContext, seconds: dict[str, float], memory: int) -> Cost:
    counted = ("steps", "path_steps", "forward_passes", "samples", "scored_cells")
    return Cost(
        **{name: getattr(result, name) for name in counted if result},
        queries=context.queries,
        seconds={name: round(value, 3) for name, value in seconds.items()},
        memory_bytes=memory or None,
    )


def _unverified_note(planned: PlannedRun, benchmark: Benchmark) -> str:
    if not planned.allow_unverified or not catalog.get(planned.spec.method).one_shot:
        return ""
    data = benchmark.load_data(allow_unverified=True)
    what = "text" if benchmark.language else "images"
    return "" if data.verified else f"{what} of {data.name} could not be verified as the official ones"
