"""Methods, benchmarks, regularizers, spaces and truths from other packages, announced through entry points.

A package adds to its metadata, for example,

    [options.entry_points]
    nasrepro.methods = my-method = my_package.nas:METHOD
    nasrepro.benchmarks = my-benchmark = my_package.nas:BENCHMARK
    nasrepro.regularizers = my-loss = my_package.loss:MyRegularizer
    nasrepro.spaces = my-space = my_package.nas:SPACE
    nasrepro.oracles = my-truth = my_package.nas:TRUTH

where METHOD is a `nasrepro.methods.method.Method`, BENCHMARK a `nasrepro.benchmarks.Benchmark`, MyRegularizer a
subclass of `nasrepro.training.regularizer.Regularizer`, SPACE a `nasrepro.spaces.base.Space` and TRUTH a
`nasrepro.oracles.announced.NamedOracle`. `nasrepro check my-method` runs the conformance battery on it.

A method names its parts by this package's short names or as `package.module:Class`, and a regularizer also by the name
it is announced under. A regularizer that only methods of its own package use need not be announced; being announced, it
has a battery of its own, `nasrepro check my-loss`, and others can put it into their methods by name.
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
    entry, found = _imported(group, name)
    if not isinstance(found, kind):
        raise UserError(f"plug-in '{name}' ({entry.value}) is a {type(found).__name__}, not a {kind.__name__}")
    if found.name != name:
        raise UserError(f"plug-in '{name}' ({entry.value}) calls itself '{found.name}'; both names must agree")
    return found


def load_class(group: str, name: str, kind: type[Any]) -> Any:
    """The class behind an announced name; raises `UserError` when it cannot be imported or is no kind of `kind`."""
    entry, found = _imported(group, name)
    if not (isinstance(found, type) and issubclass(found, kind)):
        raise UserError(f"plug-in '{name}' ({entry.value}) is not a subclass of {kind.__name__}")
    return found


def _imported(group: str, name: str) -> tuple[EntryPoint, Any]:
    entry = announced(group)[name]
    try:
        return entry, entry.load()
    except Exception as error:
        raise UserError(f"plug-in '{name}' ({entry.value}) cannot be imported: {error}") from error
