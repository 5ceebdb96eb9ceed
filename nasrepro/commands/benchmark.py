"""`benchmark show`, `build`, `verify`: the truth behind a benchmark, looked at by itself, made, and checked."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.tabulate import build, verify
from nasrepro.errors import UserError

benchmark_app = typer.Typer(help="The truth behind a benchmark: look at it, make it, check it.", no_args_is_help=False)

benchmark_app.command()(build)
benchmark_app.command()(verify)


@benchmark_app.callback(invoke_without_command=True)
def _benchmark(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        console.say(context.get_help())


@benchmark_app.command()
def show(
    name: Annotated[str, typer.Argument(help="A benchmark; see 'nasrepro list benchmarks'.")],
    against: Annotated[
        str | None, typer.Option(metavar="BENCHMARK", help="Another one, to compare the rankings of the two.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report.", show_default="reports/benchmark-NAME")
    ] = None,
    runs: options.Runs = Path("runs"),
    json: options.Json = False,
) -> None:
    """Report on a truth: its accuracies, its noise, what they depend on, and whom it agrees with."""
    from nasrepro import benchmarks
    from nasrepro.commands.folders import ensure_report_folder
    from nasrepro.commands.truth import read_truth
    from nasrepro.reporting.truth_page import TruthReport

    target, other = benchmarks.get(name), None if against is None else benchmarks.get(against)
    if other is target:
        raise UserError(f"--against '{against}' is the benchmark itself; name another one")
    folder = out or Path("reports") / f"benchmark-{name}"
    ensure_report_folder(folder)
    report = TruthReport.of(read_truth(target, runs), None if other is None else read_truth(other, runs))
    command = ["nasrepro", "benchmark", "show", name, *(["--against", against] if against else [])]
    page = report.write(folder, command=shlex.join(command))
    if json:
        console.show_json({"report": str(page), **report.numbers()})
        return
    console.output().print(report.terminal())
    console.say(f"report: {page}")
