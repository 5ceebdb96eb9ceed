"""The command line. Only typer is imported here, so that help is instant; every verb imports what it needs."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

import nasrepro
from nasrepro import console
from nasrepro.commands.autoencoder import autoencoder_app
from nasrepro.commands.benchmark import benchmark_app
from nasrepro.commands.check import check
from nasrepro.commands.data import data_app
from nasrepro.commands.lookup import cost, query
from nasrepro.commands.names import list_names, show
from nasrepro.commands.rank import rank
from nasrepro.commands.reproduce import reproduce
from nasrepro.commands.rerun import rerun
from nasrepro.commands.retrain import retrain
from nasrepro.commands.run import compare, report
from nasrepro.commands.search import search
from nasrepro.commands.site import site
from nasrepro.errors import NasreproError

INTERRUPTED = 128 + signal.SIGINT

app = typer.Typer(
    help="Train weight-sharing supernets, look up what they find, and print the papers' tables again.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(rich_help_panel="Run")(compare)
app.command(rich_help_panel="Run")(search)
app.command(rich_help_panel="Run")(rank)
app.command(rich_help_panel="Run")(retrain)
app.command(rich_help_panel="Run")(reproduce)
app.command(rich_help_panel="Run")(report)
app.command(rich_help_panel="Run")(site)
app.command(rich_help_panel="Run")(rerun)
app.command(rich_help_panel="Look up")(query)
app.command(rich_help_panel="Look up")(cost)
app.command("list", rich_help_panel="Look up")(list_names)
app.command(rich_help_panel="Look up")(show)
app.add_typer(benchmark_app, name="benchmark", rich_help_panel="Look up")
app.add_typer(autoencoder_app, name="autoencoder", rich_help_panel="Look up")
app.add_typer(data_app, name="data", rich_help_panel="Maintain")
app.command(rich_help_panel="Maintain")(check)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; the same as NASREPRO_DEBUG=1.")] = False,
) -> None:
    if version:
        console.say(f"nasrepro {nasrepro.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        console.say(context.get_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for a failed run, 2 for bad input, 130 when interrupted.

    Whatever goes wrong is said in one line on stderr.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words or os.environ.get("NASREPRO_DEBUG", "0") not in ("", "0")
    words = [word for word in words if word != "--debug"]  # accepted anywhere, as NASREPRO_DEBUG is
    try:
        code = typer.main.get_command(app)(args=words, prog_name="nasrepro", standalone_mode=False)
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except NasreproError as error:
        if debug:
            traceback.print_exc()
        console.error(str(error))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        console.error("interrupted; the same command continues where this one stopped")
        return INTERRUPTED
    except Exception as error:
        usage = getattr(error, "format_message", None)  # typer brings its own click or uses the installed one
        if usage is not None and hasattr(error, "exit_code"):
            console.error(usage())
            return int(error.exit_code)
        _unexpected(error, debug)
        return 1


def _unexpected(error: Exception, debug: bool) -> None:
    """A mistake of ours: the traceback is kept for the report of it, or shown."""
    from nasrepro.errors import one_line

    if debug:
        traceback.print_exc()
        console.error(f"unexpected {one_line(error)}")
        return
    with tempfile.NamedTemporaryFile("w", prefix="nasrepro-error-", suffix=".txt", delete=False) as file:
        traceback.print_exc(file=file)
    console.error(f"unexpected {one_line(error)}; the traceback is in '{file.name}' (--debug shows it)")


if __name__ == "__main__":
    sys.exit(main())
