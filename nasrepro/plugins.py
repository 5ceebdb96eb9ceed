"""Methods and benchmarks from other packages, announced through entry points.

A package adds to its metadata, for example,

    [options.entry_points]
    nasrepro.methods = my-method = my_package.nas:METHOD
    nasrepro.benchmarks = my-benchmark = my_package.nas:BENCHMARK

where METHOD is a `nasrepro.methods.method.Method` and BENCHMARK a `nasrepro.benchmarks.Benchmark`.
`nasrepro check my-method` runs the conformance battery on it.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from nasrepro.errors import UserError


@cache
def announced(group: str) -> dict[str, EntryPoint]:
    """Entry points of `nasrepro.<group>` by name, not loaded yet."""
    return {entry.name: entry for entry in entry_points(group=f"nasrepro.{group}")}


def load(group: str, name: str, kind: type[Any]) -> Any:
    """The object behind an announced name; raises `UserError` when it cannot be imported or is of another kind."""
    entry = announced(group)[name]
    try:
        found = entry.load()
    except Exception as error:
        raise UserError(f"plug-in '{name}' ({entry.value}) cannot be imported: {error}") from error
    if not isinstance(found, kind):
        raise UserError(f"plug-in '{name}' ({entry.value}) is a {type(found).__name__}, not a {kind.__name__}")
    if found.name != name:
        raise UserError(f"plug-in '{name}' ({entry.value}) calls itself '{found.name}'; both names must agree")
    return found
