"""`list` and `show`: what there is, and everything about one of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.benchmark_page import benchmark_facts
from nasrepro.commands.cell_page import cell_facts, cell_rows
from nasrepro.commands.method_page import method_facts, print_method
from nasrepro.errors import UserError, unknown

T = TypeVar("T")
COLUMNS = {
    "methods": ("name", "summary", "paper"),
    "selectors": ("name", "summary"),
    "regularizers": ("name", "summary"),
    "benchmarks": ("name", "summary", "data"),
    "data": ("name", "kind", "state", "title"),
    "cells": ("name", "kind", "printed_error", "printed_perplexity", "params", "source"),
}
"""What is listed, and what of it."""
_TITLES = {"skeletons": "skeletons of supernets", "retraining": "how cells are trained from scratch"}
"""Of tables that need more than their name."""


def list_names(
    kind: Annotated[str, typer.Argument(help="methods, selectors, regularizers, benchmarks, data or cells.")],
    json: options.Json = False,
) -> None:
    """List methods, the selectors and regularizers that replace theirs, benchmarks, data or published cells."""
    if kind not in COLUMNS:
        raise unknown("kind of list", kind, COLUMNS)
    listed = {
        "methods": _methods,
        "selectors": _selectors,
        "regularizers": _regularizers,
        "benchmarks": _benchmarks,
        "data": data_rows,
        "cells": cell_rows,
    }
    rows = listed[kind]()
    if json:
        console.show_json(rows)
        return
    columns = COLUMNS[kind]
    console.show_table(columns, [[row[name] for name in columns] for row in rows])


def show(
    name: Annotated[str, typer.Argument(help="A method, a benchmark, a data set or a published cell.")],
    benchmark: Annotated[
        str, typer.Option("--benchmark", "-b", help="Benchmark whose scales a method's settings are shown for.")
    ] = "nb201-digits",
    runs: options.Runs = Path("runs"),
    json: options.Json = False,
) -> None:
    """Show everything about a method, a benchmark, a data set or a published cell."""
    from nasrepro import benchmarks
    from nasrepro.methods import catalog, regularizing
    from nasrepro.methods.method import SELECTORS
    from nasrepro.spaces.known_cells import called, everywhere

    target = benchmarks.get(benchmark)
    data = {row["name"]: row for row in data_rows()}
    if catalog.knows(name):
        facts = method_facts(catalog.get(name), target)
    elif name in benchmarks.names():
        facts = benchmark_facts(benchmarks.get(name), runs)
    elif name in data:
        facts = data[name]
    elif name in [*regularizing.names(), *SELECTORS]:
        kind = "selector" if name in SELECTORS else "regularizer"
        raise UserError(f"'{name}' is a {kind}, shown with a method: nasrepro show randomnas+{name}")
    elif cells := called(name):
        facts = cell_facts(cells[0])
    else:
        known = [*catalog.names(), *benchmarks.names(), *data, *(cell.name for cell in everywhere())]
        raise unknown("method, benchmark, data set or cell", name, known)
    if json:
        console.show_json(facts)
    elif catalog.knows(name):
        print_method(facts)
    else:
        _print_facts(facts)


def data_rows() -> list[dict[str, Any]]:
    """The registry with the state of every entry on this machine."""
    from nasrepro.datasets.registry import listing
    from nasrepro.home import data_root

    return [dict(row) for row in listing(data_root())]


def importable(names: Iterable[str], get: Callable[[str], T]) -> list[T]:
    """What the names stand for; a plug-in that cannot be loaded is told about and left out."""
    found = []
    for name in names:
        try:
            found.append(get(name))
        except UserError as problem:
            console.note(str(problem))
    return found


def _methods() -> list[dict[str, Any]]:
    from nasrepro.methods import catalog

    return [
        {
            "name": method.name,
            "summary": method.summary,
            "paper": method.paper,
            "one_shot": method.one_shot,
            "protocols": list(method.protocols),
        }
        for method in importable(catalog.names(), catalog.get)
    ]


def _selectors() -> list[dict[str, Any]]:
    from nasrepro.methods.described import in_words
    from nasrepro.methods.method import SELECTORS, selector

    return [{"name": name, "summary": in_words(selector(name))} for name in SELECTORS]


def _regularizers() -> list[dict[str, Any]]:
    from nasrepro.methods import regularizing
    from nasrepro.methods.described import in_words

    found = importable(regularizing.names(), lambda name: (name, regularizing.get(name)))
    return [{"name": name, "summary": in_words(kind)} for name, kind in found]


def _benchmarks() -> list[dict[str, Any]]:
    from nasrepro import benchmarks

    return [
        {
            "name": benchmark.name,
            "summary": benchmark.summary,
            "space": benchmark.space.name,
            "data": benchmark.data,
            "scorings": [scoring.name for scoring in benchmark.scorings],
        }
        for benchmark in importable(benchmarks.names(), benchmarks.get)
    ]


def _print_facts(facts: dict[str, Any]) -> None:
    """Plain values one per line; lists of objects as tables; an object as its fields."""
    for name, value in facts.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            columns = list(value[0])
            console.show_table(columns, [[row[column] for column in columns] for row in value], title=name)
        elif isinstance(value, dict) and value and all(isinstance(part, dict) for part in value.values()):
            columns = list(next(iter(value.values())))
            rows = [[key, *(part[column] for column in columns)] for key, part in value.items()]
            console.show_table(["", *columns], rows, title=_TITLES.get(name, name))
        elif value not in (None, [], {}):
            console.say(f"{name}: {_text(value)}")


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
