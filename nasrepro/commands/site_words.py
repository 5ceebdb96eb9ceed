"""Benchmarks and methods in words, for the site; nothing is loaded that trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nasrepro.benchmarks import Benchmark, Scoring
    from nasrepro.methods.method import Method
    from nasrepro.reporting.site.material import BenchmarkMaterial, Held, MethodMaterial


_STUDIES = ("nao-study",)
"""Methods that look into something and are no searches of their own."""


def benchmark_materials(held: Sequence[Held], scale: str) -> list[BenchmarkMaterial]:
    """Every benchmark, with the runs at the scale that are compared on it."""
    from nasrepro import benchmarks
    from nasrepro.reporting.site.material import BenchmarkMaterial

    return [
        BenchmarkMaterial(name, _facts(benchmarks.get(name)), _compared(name, scale, held))
        for name in benchmarks.names()
    ]


def _compared(name: str, scale: str, held: Sequence[Held]) -> list[Held]:
    """Of each method that has a name of its own the runs with one setting: that of the first item that shows runs of it
    here, else that with the most seeds. Combinations of parts and studies stand in the items that ask for them."""
    from nasrepro.methods.composing import parts_of
    from nasrepro.papers.programme import programme
    from nasrepro.records.identity import RunIdentity

    planned = [
        (run.method, run.settings)
        for places in programme().values()
        for own in places
        if own.place.benchmark == name and own.place.scale == scale
        for run in own.runs
    ]
    first = {pair: -number for number, pair in reversed(list(enumerate(planned)))}
    by_method: dict[str, dict[str, list[Held]]] = {}
    for own in held:
        spec = own.record.spec
        searches = not parts_of(spec.method) and spec.method not in _STUDIES
        if searches and (spec.benchmark, spec.scale, spec.protocol) == (name, scale, "sound"):
            settings = RunIdentity.of(spec).settings
            by_method.setdefault(spec.method, {}).setdefault(settings, []).append(own)
    chosen: list[Held] = []
    for method, groups in by_method.items():
        ranked = [(first.get((method, own), -len(planned)), len(runs), own) for own, runs in groups.items()]
        chosen += groups[max(ranked)[-1]]
    return chosen


def _facts(benchmark: Benchmark) -> dict[str, str]:
    trained = benchmark.retraining is not None
    facts = {
        "What it is": benchmark.summary,
        "Space": f"{benchmark.space.name}, {len(benchmark.space):,} cells",
        "Supernets are trained on": benchmark.data or "nothing: searches without weight sharing only",
        "Found cells are judged by": "; ".join(_scoring(own) for own in benchmark.scorings),
        "Truth": "every cell is trained from scratch when it is asked for" if trained else "a table of every cell",
    }
    if not trained:
        facts["Multi-trial searches look up"] = str(benchmark.search)
    return facts


def _scoring(own: Scoring) -> str:
    better = "higher is better" if own.higher_is_better else "lower is better"
    epochs = "" if own.fidelity.epochs is None else f", {own.fidelity.epochs} epochs"
    return f"{own.name} ({own.fidelity.dataset} {own.fidelity.split.value}{epochs}; {better})"


def method_materials(held: Sequence[Held]) -> list[MethodMaterial]:
    """Every method that has a name of its own, and those that were composed for a run."""
    from nasrepro.methods import catalog

    composed = sorted({own.record.spec.method for own in held} - set(catalog.names()))
    return [_method(catalog.get(name)) for name in [*catalog.names(), *composed] if catalog.knows(name)]


def _method(method: Method) -> MethodMaterial:
    from nasrepro.commands.method_page import QUESTIONS, answers_of, concerned_differences
    from nasrepro.reporting.site.material import MethodMaterial

    parts = {
        "sampler": method.sampler,
        "loss": (method.regularizer or "cross-entropy") if method.one_shot else None,
        "selector": method.selector,
        "search": method.search,
    }
    answers = answers_of(method, language=False)
    return MethodMaterial(
        name=method.name,
        summary=method.summary,
        paper=method.paper,
        kind="one-shot method" if method.one_shot else "multi-trial method",
        parts={name: part for name, part in parts.items() if part},
        answers={question: answers[name] for name, question in QUESTIONS.items()},
        protocols=list(method.protocols),
        differences=[entry for entry in concerned_differences(method) if entry.methods],
    )
