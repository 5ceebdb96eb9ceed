"""`reproduce --list`: every table and figure, where ours is run, and how much of that is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro import console

if TYPE_CHECKING:
    from nasrepro.experiments.reproducing import Request
    from nasrepro.papers.model import PaperItem
    from nasrepro.reporting.site.material import ItemMaterial, PlaceRuns

_COLUMNS = ("item", "title", "benchmark", "scale", "seeds", "runs", "state")


def list_states(
    items: Sequence[PaperItem], request: Request, runs: Path, published: Path | None, *, json: bool
) -> None:
    """A row for each item and place, from the records of the run store and of a folder of published ones."""
    from nasrepro.commands.gathering import Holdings, item_material, published_folder

    holdings = Holdings(runs, published_folder(published))
    rows = [row for item in items for row in _rows(item_material(item, holdings, request.scale, runs))]
    if request.benchmark is not None:
        rows = [row for row in rows if row["benchmark"] == request.benchmark]
    if json:
        console.show_json(rows)
        return
    shown = [
        row | {"item": row["name"], "runs": f"{row['done']}/{row['wanted']}" if row["wanted"] else "", **_blank(row)}
        for row in rows
    ]
    console.show_table(_COLUMNS, [[row[column] for column in _COLUMNS] for row in shown])
    console.note("done, partial, missing: of the runs; reported: only quoted; schematic, drawn: nothing to run")


def _blank(row: dict[str, Any]) -> dict[str, Any]:
    return {name: "" for name in ("scale", "seeds") if row[name] is None}


def _rows(material: ItemMaterial) -> list[dict[str, Any]]:
    item = material.item
    about = {
        "name": item.id,
        "paper": item.paper,
        "item": item.item,
        "kind": "table" if item.kind == "table" else "figure",
        "title": item.title,
    }
    methods = [variant.text for variant in item.variants]
    if not material.places:
        nothing: dict[str, Any] = {"scale": None, "seeds": None, "done": 0, "wanted": 0, "fresh": 0, "seeds_done": []}
        return [about | {"benchmark": item.benchmark, "state": material.state, **nothing, "methods": methods}]
    return [about | _at(own) | {"methods": methods} for own in material.places]


def _at(own: PlaceRuns) -> dict[str, Any]:
    return {
        "benchmark": own.place.benchmark,
        "state": own.state,
        "scale": own.place.scale,
        "seeds": own.place.seeds,
        "done": own.done,
        "wanted": own.wanted,
        "fresh": sum(held.fresh for held in own.held),
        "seeds_done": sorted({held.record.spec.seed for held in own.held}),
    }
