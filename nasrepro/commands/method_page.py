"""The page of a method: whose it is, its three answers, every setting and where that was published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from nasrepro import console

if TYPE_CHECKING:
    from nasrepro.benchmarks import Benchmark
    from nasrepro.methods.method import Method
    from nasrepro.papers.ledger import Difference

QUESTIONS = {
    "path": "Which path is trained next?",
    "loss": "With what loss?",
    "genotype": "Which genotype is returned?",
}
_PLAIN = "Cross-entropy of a batch of {data} on it; weights that it does not use stand still."
_PROBES = ("probe_cells", "watched_cells")
"""Settings that cannot exceed the fixed cells of a benchmark, whatever they say."""
_OURS = "this project's choice"
"""What is said of a setting that was published nowhere."""
_KEPT = ("id", "paper", "methods", "paper_says", "release_does", "why_it_matters", "our_protocol")


def method_facts(method: Method, benchmark: Benchmark) -> dict[str, Any]:
    """Everything that is known of a method, with its settings at every scale of a benchmark, as plain values."""
    method = method.inside(benchmark)
    return {
        "name": method.name,
        "kind": "one-shot method" if method.one_shot else "multi-trial method",
        "summary": method.summary,
        "paper": method.paper,
        "sampler": method.sampler,
        "loss": (method.regularizer or "cross-entropy") if method.one_shot else None,
        "selector": method.selector,
        "search": method.search,
        "answers": answers_of(method, language=benchmark.language),
        "protocols": {name: _protocol(name, method, benchmark) for name in method.protocols},
        "benchmark": benchmark.name,
        "settings": [*_settings(method, benchmark), *_skeleton(method, benchmark)],
        "differences": [found.model_dump(include=set(_KEPT)) for found in concerned_differences(method)],
    }


def concerned_differences(method: Method) -> list[Difference]:
    """Entries of the ledger that concern the method, those that concern every method among them."""
    from nasrepro.papers.ledger import differences

    return [found for found in differences() if not found.methods or not _concerned(method).isdisjoint(found.methods)]


def _concerned(method: Method) -> set[str]:
    """The methods whose differences between paper and release concern this one: itself, or, where it is composed, its
    base and those that have its new regularizer."""
    from nasrepro.methods import catalog

    if method.base is None:
        return {method.name}
    base = catalog.get(method.base)
    lent = method.regularizer if method.regularizer != base.regularizer else None
    return {base.name} | {known.name for known in catalog.METHODS.values() if lent and known.regularizer == lent}


def print_method(facts: dict[str, Any]) -> None:
    """The page, as text."""
    from nasrepro.benchmarks import SCALES

    console.say(f"{facts['name']}: {facts['summary']}")
    console.say(f"A {facts['kind']} ({facts['paper']}).")
    parts = {"path": facts["sampler"], "loss": facts["loss"], "genotype": facts["selector"] or facts["search"]}
    for name, question in QUESTIONS.items():
        part = f" [{parts[name]}]" if parts[name] else ""
        console.say(f"\n{question}{part}\n  {facts['answers'][name]}")
    console.say("\nProtocols")
    for name, replaced in facts["protocols"].items():
        values = ", ".join(f"{setting} = {_shown(value)}" for setting, value in replaced.items())
        console.say(f"  {name}: {values or 'the settings below'}")
    console.say(f"\nSettings, and what the scales of {facts['benchmark']} make of them")
    columns = ("setting", "default", *SCALES, "meaning")
    for where, rows in groupby(facts["settings"], key=lambda row: (row["name"].split(".")[0], row["published"])):
        shown = [[_shown(row[column]) for column in ("name", "default", *SCALES, "description")] for row in rows]
        block = "skeleton of the supernet" if where[0] == "skeleton" else where[0]
        console.show_table(columns, shown, title=f"{block}: {where[1]}")
    _print_differences(facts["differences"])


def _print_differences(found: list[dict[str, Any]]) -> None:
    """Those of this method in full; those that concern every method by name."""
    own = [entry for entry in found if entry["methods"]]
    if own:
        console.say("\nWhere papers and released code differ")
    for entry in own:
        console.say(f"  {entry['id']}: {entry['paper']}")
        for label, name in (("paper", "paper_says"), ("release", "release_does"), ("here", "our_protocol")):
            console.say(f"    {label}: {entry[name]}")
    others = [entry["id"] for entry in found if not entry["methods"]]
    if others:
        console.say(f"\nDifferences that concern every method (--json has them in full): {', '.join(others)}")


def answers_of(method: Method, *, language: bool) -> dict[str, str]:
    """One or two sentences to each of `QUESTIONS`: what the parts say of themselves."""
    from nasrepro.methods.described import parts_in_words

    parts = parts_in_words(method)
    if not method.one_shot:
        own = (
            "a network of its own learns from the cells that were looked up" if method.trains else "nothing is trained"
        )
        return {
            "path": "None: cells share no weights, and what a search wants to know of one is looked up.",
            "loss": f"None: {own}.",
            "genotype": parts["search"],
        }
    plain = _PLAIN.format(data="training text" if language else "training images")
    return {"path": parts["sampler"], "loss": parts.get("regularizer", plain), "genotype": parts["selector"]}


def _protocol(name: str, method: Method, benchmark: Benchmark) -> dict[str, Any]:
    """The settings that a protocol replaces on the benchmark."""
    from nasrepro.methods.resolving import released

    replaced = {block: dict(values) for block, values in method.protocols[name].items()}
    models = method.blocks()
    for block, values in released(benchmark, method).items() if name == "as-released" else ():
        known = models[block].model_fields if block in models else {}
        replaced.setdefault(block, {}).update({key: value for key, value in values.items() if key in known})
    return {f"{block}.{key}": value for block, values in replaced.items() for key, value in values.items()}


def _settings(method: Method, benchmark: Benchmark) -> Iterator[dict[str, Any]]:
    """By block and by where the default was published: by the class that declares the setting, unless the benchmark
    states one for its space. What was published nowhere comes last."""
    from nasrepro.benchmarks import SCALES
    from nasrepro.methods.resolving import resolve
    from nasrepro.training.settings import source

    resolved = {scale: resolve(method, benchmark, scale) for scale in SCALES}
    stated = benchmark.stated(method.sampler)
    for block, model in method.blocks().items():
        rows = []
        for name, field in model.model_fields.items():
            own = field.get_default(call_default_factory=True), source(model, name)
            default, where = stated.get((block, name), own)
            values = {"default": _plain(default), **{scale: resolved[scale][block][name] for scale in SCALES}}
            if name in _PROBES:
                values = {column: min(value, benchmark.probe_count) for column, value in values.items()}
            described = {"description": field.description or "", "published": where}
            rows.append({"name": f"{block}.{name}", **values, **described})
        places = sorted(dict.fromkeys(row["published"] for row in rows), key=lambda where: where == _OURS)
        yield from sorted(rows, key=lambda row: places.index(row["published"]))


def _skeleton(method: Method, benchmark: Benchmark) -> Iterator[dict[str, Any]]:
    from nasrepro.benchmarks import SCALES

    where = benchmark.space_sources.get("skeleton", f"the networks behind the truth of {benchmark.name}")
    for name, value in benchmark.searched.sizes().items() if method.one_shot else ():
        yield {
            "name": f"skeleton.{name}",
            "default": value,
            **{scale: benchmark.skeleton(scale)[name] for scale in SCALES},
            "description": "",
            "published": where,
        }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _shown(value: object) -> object:
    """Numbers and text as they are; whatever is neither as it is written with `--set`."""
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return json.dumps(value)
