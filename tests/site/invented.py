"""What a small site shows: items of every kind, two benchmarks, a method with results and one without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import factory
import text_factory
from pydantic import JsonValue

from nasrepro.papers.catalog import papers
from nasrepro.papers.ledger import differences
from nasrepro.papers.model import Paper, PaperItem
from nasrepro.records.record import RunRecord
from nasrepro.records.store import write_copies
from nasrepro.reporting.site.material import (
    BenchmarkMaterial,
    Held,
    ItemMaterial,
    MethodMaterial,
    PlaceRuns,
    SiteMaterial,
    State,
)

ITEMS = {
    "e2nas": ("table-1", "figure-3"),
    "nsas": ("figure-5",),
    "evaluating-search": ("table-3", "figure-4"),
    "nao": ("table-1",),
}
"""A table and a figure with runs, a table that is only quoted, cells that are drawn, a drawing by hand."""
_E2NAS: dict[str, JsonValue] = {
    "channels": 16,
    "sampler": {"gamma": None, "gamma_slope": 10},
    "regularizer": {"epsilon": 0.5},
}


def image_records(seeds: int = 10) -> list[RunRecord]:
    """Of methods of the first table."""
    found = factory.records(["gdas", "randomnas", "random"], seeds)
    return found + [factory.with_settings(record, _E2NAS) for record in factory.records(["e2nas"], seeds)]


def text_records(seeds: int = 10) -> list[RunRecord]:
    """Of a benchmark where less is better."""
    return text_factory.records(["randomnas", "random"], seeds, agrees=0.4)


def material(store: Path, records: Sequence[RunRecord] | None = None) -> SiteMaterial:
    """The material of the records, which are written into the folder `store`; all of them are published ones."""
    chosen = list(records) if records is not None else [*image_records(), *text_records()]
    store.mkdir(parents=True, exist_ok=True)
    write_copies(store, chosen)
    held = [Held(record, store / f"{record.key}.json.gz", fresh=False) for record in chosen]
    shown = [_shortened(paper, ITEMS[paper.slug]) for paper in papers().values() if paper.slug in ITEMS]
    return SiteMaterial(
        papers=shown,
        items={item.id: _item(item, held) for paper in shown for item in paper.items},
        benchmarks=[
            _benchmark("nb201-digits", "cells of six operations", held),
            _benchmark("rnn2-grammar", "recurrent cells of two nodes", held),
        ],
        methods=[_method(name) for name in ("gdas", "e2nas", "randomnas", "random", "enas")],
        ledger=differences(),
        held=held,
        unread=["one record could not be read"],
    )


def _shortened(paper: Paper, items: Sequence[str]) -> Paper:
    """The paper as if it had these items alone."""
    kept = [quoted for quoted in paper.quoted if not quoted.item or quoted.item in items]
    return paper.model_copy(update={"items": [own for own in paper.items if own.item in items], "quoted": kept})


def _item(item: PaperItem, held: Sequence[Held]) -> ItemMaterial:
    places = []
    for place in item.places:
        own = [
            one
            for one in held
            if one.record.spec.benchmark == place.benchmark
            and any(variant.fits(one.record.spec) for variant in item.variants)
        ]
        places.append(PlaceRuns(place, "partial" if own else "missing", len(own), 80, own))
    still: dict[str, State] = {"drawn": "drawn", "schematic": "schematic"}
    state: State = still.get(item.kind, "reported")
    if item.variants:
        state = "partial" if any(place.done for place in places) else "missing"
    return ItemMaterial(item, state, places)


def _benchmark(name: str, space: str, held: Sequence[Held]) -> BenchmarkMaterial:
    facts = {"space": space, "how to get its data": "it comes with the package"}
    return BenchmarkMaterial(name, facts, [own for own in held if own.record.spec.benchmark == name])


def _method(name: str) -> MethodMaterial:
    return MethodMaterial(
        name=name,
        summary=f"What {name} does.",
        paper="Some paper, 2020",
        kind="one-shot method",
        parts={"sampler": "one path"},
        answers={"What does a batch train?": "one path"},
        protocols=("sound",),
        differences=differences(method=name),
    )
