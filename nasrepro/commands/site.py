"""`site`: the report of everything from the records that are there; nothing is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.folders import ensure_report_folder
from nasrepro.errors import unknown


def site(
    out: Annotated[Path, typer.Option(help="Folder of the site.")] = Path("reports/site"),
    published: Annotated[
        Path | None,
        typer.Option(help="Records measured before, shown as such.", show_default="reports/published, if it is there"),
    ] = None,
    scale: options.Scale = "laptop",
    runs: options.Runs = Path("runs"),
    workers: options.Workers = None,
    json: options.Json = False,
) -> None:
    """Render every table and figure of the papers, every method and benchmark, from records; nothing is run."""
    from typing import get_args

    from nasrepro.commands.gathering import published_folder
    from nasrepro.records.spec import Scale

    if scale not in get_args(Scale):
        raise unknown("scale", scale, get_args(Scale))
    earlier = published_folder(published)
    ensure_report_folder(out)
    write_site(runs, earlier, out, scale, workers=workers, json=json)


def write_site(
    runs: Path, published: Path | None, out: Path, scale: str, *, workers: int | None = None, json: bool
) -> None:
    """Gather, write, and say what there is."""
    from nasrepro.commands.gathering import gathered
    from nasrepro.reporting.site.build import build_site

    material = gathered(runs, published, scale)
    for problem in material.unread:
        console.note(f"left out: {problem}")
    page = build_site(material, out, workers=workers)
    states = [own.state for own in material.items.values()]
    counts = {state: states.count(state) for state in dict.fromkeys(states)}
    if json:
        unread = list(material.unread)
        console.show_json({"report": str(page), "records": len(material.held), "items": counts, "unread": unread})
        return
    words = ", ".join(f"{count} {state}" for state, count in counts.items())
    console.say(f"{len(states)} tables and figures from {len(material.held)} records: {words}")
    console.say(f"report: {page}")
