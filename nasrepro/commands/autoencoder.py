"""`autoencoder train` and `autoencoder show`: the maps between cells and latent points, made and measured."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.errors import RunFailed, UserError

if TYPE_CHECKING:
    from nasrepro.experiments.jobs import Job
    from nasrepro.records.autoencoder import AutoencoderStudy, AutoencoderTraining

autoencoder_app = typer.Typer(
    help="Maps between cells and latent points: train one, measure all.", no_args_is_help=False
)


@autoencoder_app.callback(invoke_without_command=True)
def _autoencoder(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        console.say(context.get_help())


@autoencoder_app.command()
def train(
    seed: Annotated[int, typer.Option(parser=options.whole_number(0), metavar="N", help="Seed of the training.")],
    latent: Annotated[
        int, typer.Option(parser=options.whole_number(1), metavar="N", help="Size of a latent point; shipped: 20, 30.")
    ] = 20,
    share: Annotated[float, typer.Option(help="Of the cells that are trained on; the others are held out.")] = 1.0,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Replace a setting; several times.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The weights.", show_default="the shipped file's name, here")
    ] = None,
    runs: options.Runs = Path("runs"),
    json: options.Json = False,
) -> None:
    """Train a graph autoencoder of all cells, or go on where it was interrupted; a few minutes on one core."""
    from nasrepro.commands.folders import ensure_writable
    from nasrepro.experiments.autoencoders import finished, graph_recipe, train_graph
    from nasrepro.experiments.jobs import Job
    from nasrepro.records.autoencoder import read_training

    recipe = graph_recipe(latent, {"share": share, **_assigned(settings or [])})
    whole = "" if recipe.share == 1 else "-held-out"
    file = out or Path(f"nb201-graph-vae-{recipe.latent}-{seed}{whole}.safetensors")
    ensure_writable(file.parent, "--out")
    ensure_writable(runs, "--runs")
    if finished(recipe, seed, file):
        console.note(f"'{file}' is trained already")
        found = read_training(file.with_suffix(".json"))
    else:
        words = ["nasrepro", "autoencoder", "train", "--seed", str(seed), "--latent", str(latent)]
        words += ["--share", str(share)] if share != 1 else []
        words += [word for assignment in settings or [] for word in ("--set", assignment)]
        args = (recipe.model_dump(mode="json"), seed, file, runs, shlex.join(words))
        (found,) = _carried_out([Job("autoencoder", f"autoencoder {latent}-{seed}", train_graph, args)], runs, 1)
    if json:
        console.show_json({"file": str(file), **found.model_dump(mode="json")})
        return
    console.say(_told(found))
    console.say(str(file))


@autoencoder_app.command()
def show(
    lstm: Annotated[
        bool, typer.Option("--lstm/--no-lstm", help="Train NAO's autoencoder, some minutes, and measure it as well.")
    ] = True,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("reports/autoencoder"),
    runs: options.Runs = Path("runs"),
    workers: options.Workers = None,
    json: options.Json = False,
) -> None:
    """Measure the shipped autoencoders: do they spell cells, keep them apart, and put like beside like?"""
    from nasrepro.commands.folders import ensure_report_folder, ensure_writable
    from nasrepro.reporting.autoencoder_page import AutoencoderReport

    ensure_report_folder(out)
    ensure_writable(runs, "--runs")
    command = shlex.join(["nasrepro", "autoencoder", "show", *([] if lstm else ["--no-lstm"])])
    report = AutoencoderReport(_study(runs, command, workers, lstm=lstm))
    page = report.write(out, command=command)
    if json:
        console.show_json({"report": str(page), **report.numbers()})
        return
    console.output().print(report.terminal())
    console.say(f"report: {page}")


def _study(runs: Path, command: str, workers: int | None, *, lstm: bool) -> AutoencoderStudy:
    from nasrepro.experiments.autoencoder_study import study_jobs
    from nasrepro.home import shipped
    from nasrepro.records.autoencoder import AutoencoderMeasures, AutoencoderStudy, read_training

    reference, *found = _carried_out(study_jobs(runs, command, lstm=lstm), runs, workers)
    trainings = [read_training(path) for path in sorted(shipped("autoencoders").glob("*.json"))]
    measures = [item if isinstance(item, AutoencoderMeasures) else item[0] for item in found]
    trainings += [item[1] for item in found if not isinstance(item, AutoencoderMeasures)]
    return AutoencoderStudy(reference=reference, measures=measures, trainings=trainings)


def _carried_out(jobs: list[Job], runs: Path, workers: int | None) -> list[Any]:
    """The jobs' values; raises `RunFailed` when one has none."""
    from nasrepro.experiments.execute import execute_jobs
    from nasrepro.experiments.executors.means import Means

    outcomes = execute_jobs(
        jobs,
        Means(workers=workers, retry_failed=True),
        work_root=runs / "work",
        title="autoencoders",
        console=console.messages(),
    )
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if failed:
        raise RunFailed(f"{failed[0].job.label} failed: {failed[0].error}")
    return [outcome.value for outcome in outcomes]


def _assigned(assignments: list[str]) -> dict[str, Any]:
    """`["hidden=32"]` → `{"hidden": 32}`; the size, the share and the seed have options of their own."""
    from nasrepro.experiments.variants import parse_overrides

    found: dict[str, Any] = {}
    for assignment in assignments:
        if "=" not in assignment:
            raise UserError(f"setting '{assignment}' cannot be read; the form is NAME=VALUE, as in hidden=32")
        found |= parse_overrides([f"autoencoder.{assignment}"])["autoencoder"]
    for name in ("latent", "share"):
        if name in found:
            raise UserError(f"setting '{name}' is given with --{name}")
    return found


def _told(found: AutoencoderTraining) -> str:
    given_back = f"gives back {100 * found.reconstructed:.2f} % of them"
    text = f"trained on {found.cells:,} cells in {found.seconds:.0f} s; {given_back}"
    if found.reconstructed_held_out is None:
        return text
    return f"{text} and {100 * found.reconstructed_held_out:.2f} % of the held-out ones"
