"""`check`: does a method, regularizer, benchmark or space keep its promises?"""

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
    name: Annotated[str, typer.Argument(help="A method, a regularizer, a benchmark or a space.")],
    runs: options.Runs = Path("runs"),
    json: options.Json = False,
) -> None:
    """Run the conformance battery on a method, a regularizer, a benchmark (its space and truth) or a space."""
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

    spaces = {one.space.name: one.space for one in importable(benchmarks.names(), benchmarks.get)}
    if catalog.knows(name):
        from nasrepro.testing.methods import check_method

        return check_method(name)
    if name in regularizing.names():
        from nasrepro.testing.regularizers import check_regularizer

        return check_regularizer(name)
    if name in spaces:
        from nasrepro.testing.spaces import check_space

        return check_space(spaces[name])
    if name in benchmarks.names():
        from nasrepro.testing.oracles import check_oracle
        from nasrepro.testing.spaces import check_space

        benchmark = benchmarks.get(name)
        return [*check_space(benchmark.space), *check_oracle(benchmark.open_oracle(runs), benchmark.space)]
    known = [*catalog.names(), *regularizing.names(), *benchmarks.names(), *spaces]
    raise unknown("method, regularizer, benchmark or space", name, known)
