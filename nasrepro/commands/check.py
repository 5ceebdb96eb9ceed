"""`check`: does a method, regularizer, benchmark, space or truth keep its promises?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.names import importable
from nasrepro.errors import RunFailed, unknown

if TYPE_CHECKING:
    from nasrepro.testing import CheckResult


def check(
    name: Annotated[str, typer.Argument(help="A method, a regularizer, a benchmark, a space or an oracle.")],
    runs: options.Runs = Path("runs"),
    json: options.Json = False,
) -> None:
    """Run the conformance battery on a method, a regularizer, a benchmark (its space and truth), a space or an
    announced oracle."""
    results = _battery(name, runs)
    if json:
        console.show_json([{"name": result.name, "ok": result.ok, "detail": result.detail} for result in results])
    else:
        rows = [("ok" if result.ok else "FAILED", result.name, result.detail) for result in results]
        console.show_table(("", "check", "seen"), rows, title=name)
    failed = [result.name for result in results if not result.ok]
    if failed:
        raise RunFailed(f"'{name}' fails {len(failed)} of {len(results)} checks: {'; '.join(failed)}")


def _battery(name: str, runs: Path) -> list[CheckResult]:
    from nasrepro import benchmarks
    from nasrepro.methods import catalog, regularizing
    from nasrepro.oracles import announced
    from nasrepro.spaces import catalog as space_catalog

    spaces = {one.space.name: one.space for one in importable(benchmarks.names(), benchmarks.get)}
    if catalog.knows(name):
        from nasrepro.testing.methods import check_method

        return check_method(name)
    if name in regularizing.names():
        from nasrepro.testing.regularizers import check_regularizer

        return check_regularizer(name)
    if name in spaces or name in space_catalog.names():
        from nasrepro.testing.spaces import check_space

        return check_space(spaces[name] if name in spaces else space_catalog.get(name))
    if name in announced.names():
        from nasrepro.testing.oracles import check_oracle

        truth = announced.get(name)
        return check_oracle(truth.open(), truth.space)
    if name in benchmarks.names():
        from nasrepro.testing.oracles import check_oracle
        from nasrepro.testing.spaces import check_space

        benchmark = benchmarks.get(name)
        return [*check_space(benchmark.space), *check_oracle(benchmark.open_oracle(runs), benchmark.space)]
    known = dict.fromkeys([*spaces, *space_catalog.names(), *announced.names()])
    everything = [*catalog.names(), *regularizing.names(), *benchmarks.names(), *known]
    raise unknown("method, regularizer, benchmark, space or oracle", name, everything)
