"""One run: search, then look up what was found."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from nasrepro import benchmarks
from nasrepro.benchmarks import Benchmark, Scoring
from nasrepro.errors import RunFailed
from nasrepro.experiments import provenance
from nasrepro.experiments.plan import PlannedRun
from nasrepro.methods import catalog
from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.method import Method
from nasrepro.oracles.base import Oracle
from nasrepro.records.record import Cost, Found, Probes, RunRecord, Score, TracePoint, Truth, Visited
from nasrepro.records.store import RunStore
from nasrepro.records.watched import Watched
from nasrepro.spaces.base import Genotype, Skeleton
from nasrepro.spaces.nb201_costs import live_conv_size

Report = Callable[[int, int], None]


def run(planned: PlannedRun, store: RunStore, report: Report = lambda done, total: None) -> RunRecord:
    """Do the run in this process, or continue it where it was interrupted; store and return its record.

    A loss that became NaN gives a record of status `diverged`. Whatever else goes wrong is raised.
    """
    existing = store.get(planned.key)
    if existing is not None:
        return existing
    record = _made(planned, store, report)
    if record.status == "done" and catalog.get(planned.spec.method).one_shot:
        _keep_weights(planned, store)
    store.put(record)
    return record


def train_again(planned: PlannedRun, stored: RunRecord, store: RunStore, report: Report) -> None:
    """Do a finished run once more, or continue doing so, for the weights of its supernet, which the store has lost.

    The stored record stays as it is. Raises `RunFailed` when the run does not repeat: then its weights are not those
    that the record tells of.
    """
    again, before = _made(planned, store, report).comparable(), stored.comparable()
    if not before["visited"]:  # a record from before it was kept
        again["visited"] = []
    if not before["cost"]["scored_cells"]:  # likewise
        again["cost"]["scored_cells"] = 0
    if different := [name for name in before if again[name] != before[name]]:
        raise RunFailed(
            f"the weights of run {planned.key} are gone, and training it again gave another record (it differs in "
            f"{', '.join(different)}), perhaps because this machine or its libraries compute differently; to replace "
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
    benchmark, method = benchmarks.get(spec.benchmark), catalog.get(spec.method)
    if method.computes:
        prepare_torch(spec.threads)
    oracle = benchmark.open_oracle(store.root)
    context = _context(planned, benchmark, oracle, store, report)
    began = time.perf_counter()
    result, error = _search(method, context)
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
        **(_judged(result, context, benchmark, oracle) if result else {}),
    )
    seconds["scoring"] = time.perf_counter() - began
    return record.model_copy(update={"cost": _cost(result, context, seconds)})


def _truth(oracle: Oracle, planned: PlannedRun, benchmark: Benchmark) -> Truth:
    note = _unverified_note(planned, benchmark)
    unverified = bool(note) or oracle.source.endswith("(unverified)")
    return Truth(source=oracle.source, fingerprint=planned.data["truth"], unverified=unverified, note=note)


def prepare_torch(threads: int) -> None:
    """What every computation that must repeat to the last bit begins with."""
    import torch

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)


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
        skeleton=Skeleton(**skeleton) if isinstance(skeleton, dict) else None,  # type: ignore[arg-type]
        standalone=benchmark.standalone,
        single_number=benchmark.single_number,
        _oracle=oracle,
        _load_images=lambda: benchmark.load_images(allow_unverified=planned.allow_unverified),
    )


def _search(method: Method, context: SearchContext) -> tuple[SearchResult | None, str | None]:
    """The result, or why there is none because the training diverged."""
    search = method.build()
    if not method.one_shot:
        return search(context), None
    from nasrepro.training.supernet import Diverged

    try:
        return search(context), None
    except Diverged as error:
        return None, str(error)


def _judged(result: SearchResult, context: SearchContext, benchmark: Benchmark, oracle: Oracle) -> dict[str, object]:
    """The parts of the record that need the truth; the only place where test values are read."""
    genotype = result.answer.genotype
    cost = benchmark.space.cost(genotype, benchmark.standalone)  # type: ignore[arg-type]
    return {
        "found": Found(
            genotype=genotype.id,
            text=str(genotype),
            params=cost.params,
            macs=cost.macs,
            selection_value=_finite(result.answer.value),
        ),
        "scores": [_score(genotype, scoring, oracle) for scoring in benchmark.scorings],
        "probes": _probes(result, context, benchmark, oracle),
        "trace": [
            TracePoint(
                at=at,
                genotype=answer.genotype.id,
                selection_value=_finite(answer.value),
                truth=_look_up(answer.genotype, benchmark.primary, oracle)[0],
            )
            for at, answer in result.trace
        ],
        "visited": _visited(result, benchmark, oracle),
        "watched": _watched(result, context, benchmark, oracle),
        "loss": result.loss,
        "series": result.series,
        "notes": [*result.notes, *_warnings(genotype, context)],
    }


def _visited(result: SearchResult, benchmark: Benchmark, oracle: Oracle) -> list[Visited]:
    """With their truth; a cell that was visited again is looked up once."""
    cells = {genotype for _, genotype in result.visited}
    truth = {genotype: _look_up(genotype, benchmark.primary, oracle)[0] for genotype in cells}
    return [Visited(at=at, genotype=genotype.id, truth=truth[genotype]) for at, genotype in result.visited]


def _watched(result: SearchResult, context: SearchContext, benchmark: Benchmark, oracle: Oracle) -> Watched | None:
    if not result.looks:
        return None
    cells = context.probe_cells[: len(result.looks[0].after.right)]
    return Watched(
        cells=[cell.id for cell in cells],
        truth=[_look_up(cell, benchmark.primary, oracle)[0] for cell in cells],
        images=result.watched_images,
        looks=result.looks,
    )


def _warnings(genotype: Genotype, context: SearchContext) -> list[str]:
    """What a reader must know before using this run's numbers."""
    found = []
    if not getattr(genotype, "reaches_output", True):
        found.append("the output of the found cell does not depend on its input")
    if context.queries.get("scored"):
        found.append("this truth has one number per cell: the search looked up the number it is scored by")
    return found


def _look_up(genotype: Genotype, scoring: Scoring, oracle: Oracle) -> tuple[float | None, int | None]:
    asked = scoring.fidelity
    answer = oracle.query(genotype, dataset=asked.dataset, split=asked.split, epochs=asked.epochs)
    return _finite(answer.value), answer.n_trials


def _score(genotype: Genotype, scoring: Scoring, oracle: Oracle) -> Score:
    value, trials = _look_up(genotype, scoring, oracle)
    asked = scoring.fidelity
    return Score(
        scoring=scoring.name,
        dataset=asked.dataset,
        split=asked.split.value,
        epochs=asked.epochs,
        value=value,
        n_trials=trials,
        higher_is_better=scoring.higher_is_better,
        **_among_all(value, scoring, oracle),
    )


def _among_all(value: float | None, scoring: Scoring, oracle: Oracle) -> dict[str, float]:
    """Optimum, exact distribution of one uniform cell, and this value's percentile; empty without a whole table."""
    import numpy as np

    if not oracle.covers_space or value is None:
        return {}
    asked = scoring.fidelity
    everyone = oracle.query_all(dataset=asked.dataset, split=asked.split, epochs=asked.epochs).astype(np.float64)
    everyone = everyone[~np.isnan(everyone)]
    sign = 1 if scoring.higher_is_better else -1
    beaten = np.mean(sign * everyone < sign * value) + np.mean(everyone == value) / 2
    return {
        "optimum": float(sign * np.max(sign * everyone)),
        "random_mean": float(everyone.mean()),
        "random_std": float(everyone.std()),
        "percentile": float(beaten),
    }


def _probes(result: SearchResult, context: SearchContext, benchmark: Benchmark, oracle: Oracle) -> Probes | None:
    if not result.probes:
        return None
    cells = context.probe_cells[: len(result.probes[-1].accuracy)]
    costs = [benchmark.space.cost(cell, benchmark.standalone) for cell in cells]  # type: ignore[arg-type]
    truth = [_look_up(cell, benchmark.primary, oracle) for cell in cells]
    return Probes(
        cells=[cell.id for cell in cells],
        truth=[value for value, _ in truth],
        truth_scoring=benchmark.primary.name,
        truth_trials=[trials for _, trials in truth],
        **_spread(cells, benchmark, oracle),
        params=[cost.params for cost in costs],
        macs=[cost.macs for cost in costs],
        live_conv_params=[live_conv_size(cell.ops) for cell in cells],  # type: ignore[attr-defined]
        checkpoints=result.probes,
    )


def _spread(cells: Sequence[Genotype], benchmark: Benchmark, oracle: Oracle) -> dict[str, Any]:
    """How much single trials of each cell scatter: of the primary scoring, else of another split of its data set."""
    import numpy as np

    main = benchmark.primary.fidelity
    others = [
        s.fidelity for s in benchmark.scorings if (s.fidelity.dataset, s.fidelity.epochs) == (main.dataset, main.epochs)
    ]
    for asked in others:  # the primary scoring comes first
        trials = [
            oracle.trial_values(cell, dataset=asked.dataset, split=asked.split, epochs=asked.epochs) for cell in cells
        ]
        if any(len(values) > 1 for values in trials):
            spread = [float(np.std(values, ddof=1)) if len(values) > 1 else None for values in trials]
            return {"truth_std": spread, "truth_std_of": str(asked)}
    return {}


def _cost(result: SearchResult | None, context: SearchContext, seconds: dict[str, float]) -> Cost:
    counted = ("steps", "path_steps", "forward_passes", "samples", "scored_cells")
    return Cost(
        **{name: getattr(result, name) for name in counted if result},
        queries=context.queries,
        seconds={name: round(value, 3) for name, value in seconds.items()},
    )


def _unverified_note(planned: PlannedRun, benchmark: Benchmark) -> str:
    if not planned.allow_unverified or not catalog.get(planned.spec.method).one_shot:
        return ""
    data = benchmark.load_images(allow_unverified=True)
    return "" if data.verified else f"images of {data.name} could not be verified as the official ones"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
