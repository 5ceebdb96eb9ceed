"""`data list|fetch|convert|verify`: external files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.errors import UserError

data_app = typer.Typer(help="External files: list, fetch, convert, verify.", no_args_is_help=False)


@data_app.callback(invoke_without_command=True)
def _data(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        console.say(context.get_help())


@data_app.command("list")
def list_data(json: options.Json = False) -> None:
    """List all data with their state on this machine."""
    from nasrepro.commands.names import list_names

    list_names("data", json)


@data_app.command()
def fetch(name: Annotated[str, typer.Argument(help="See 'nasrepro data list'.")]) -> None:
    """Download and check a data set, or say exactly how to get it."""
    from nasrepro.datasets import registry
    from nasrepro.home import data_root

    folder = registry.fetch(name, data_root(), progress=console.messages().is_terminal)
    embedded = registry.entry(name).embedded
    console.say(f"'{name}' comes with an installed package" if embedded else f"'{name}' is in '{folder}'")


@data_app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="Official NAS-Bench-201 or NATS-Bench file, or its unpacked folder.")],
    out: Annotated[
        Path | None, typer.Option(help="Table to write.", show_default="where benchmarks look for it")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a table that is there.")] = False,
) -> None:
    """Turn an official benchmark file into the compact table that benchmarks read."""
    from nasrepro.home import data_root
    from nasrepro.oracles.convert import convert as convert_file

    target = out or data_root() / "nb201" / "nasbench201.npz"
    if target.exists() and not force:
        raise UserError(f"'{target}' is there already; --force replaces it, --out writes elsewhere")
    with _bar("reading") as progress:
        convert_file(file, target, progress=progress)
    console.say(f"wrote '{target}'")


@data_app.command()
def verify(json: options.Json = False) -> None:
    """Hash every file again and compare it with the registry; exit code 2 if one is damaged."""
    from nasrepro.datasets import registry
    from nasrepro.home import data_root

    root = data_root()
    console.note(f"hashing all files below '{root}'")
    rows = registry.verify(root)
    if json:
        console.show_json(rows)
    else:
        console.show_table(("name", "state", "problem"), [(r["name"], r["state"], r["problem"]) for r in rows])
    damaged = [row for row in rows if row["state"] == "damaged"]
    if damaged:
        named = "; ".join(str(row["problem"]) for row in damaged)
        raise UserError(f"damaged data: {named}; remove the files and fetch them again")


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, nothing where that is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    shown = console.messages()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
