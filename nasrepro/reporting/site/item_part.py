"""An item of a paper worked out: its tables and figures as files, its verdicts, and its section of the paper's page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasrepro.papers.drawn import DrawnItem, SchematicItem
from nasrepro.reporting.claim_table import claim_findings
from nasrepro.reporting.claims import Judged, JudgedGroups
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.rendition import rendition
from nasrepro.reporting.reproduction import written_tables
from nasrepro.reporting.site.drawn_part import drawn_part
from nasrepro.reporting.site.exports import drawing_files
from nasrepro.reporting.site.groups import groups_of
from nasrepro.reporting.site.material import ClaimRow, Files, ItemMaterial, ItemResult
from nasrepro.reporting.site.page import fragment
from nasrepro.reporting.table_model import finite


def item_part(material: ItemMaterial) -> ItemResult:
    """The item beside all groups of runs that it has; without any, its printed numbers alone."""
    item = material.item
    if isinstance(item, DrawnItem):
        return ItemResult(item.id, *drawn_part(item), [], [])
    if isinstance(item, SchematicItem):
        return ItemResult(item.id, {}, fragment("still.html.j2", item=item), [], [])
    groups = groups_of(material.places)
    made = rendition(item, groups.shown, material.trainings, draw=True)
    name = f"{item.paper}-{item.item}"
    drawings = [replace(drawing, name=f"{item.paper}-{drawing.name}") for drawing in made.drawings]
    tables = {_table_path(name, file): text for file, text in written_tables(item, made).items()}
    claims = _claims(material, made.judged)
    captions = [group.caption for group in groups.shown]
    told = set(claim_findings(made.judged))  # the table of claims says the same
    findings = [*groups.refused, *(text for text in made.findings if text not in told)]
    body = fragment(
        "item.html.j2",
        item=item,
        material=material,
        made=made,
        findings=findings,
        claims=claims,
        drawings=drawings,
        notes=[note for note in made.beside.notes if note not in (*made.paper_notes, *captions)],
        groups=groups.shown,
        captions=captions,
        links=_links(item.item, groups.shown),
        tables=list(tables),
        commands=_commands(material),
    )
    files: Files = {**tables, **drawing_files(drawings)}
    return ItemResult(item.id, files, body, claims, findings)


def _table_path(name: str, file: str) -> str:
    """`tables/e2nas-table-1.csv` for `table.csv`, `tables/e2nas-table-1-claims.csv` for `claims.csv`."""
    stem, _, ending = file.partition(".")
    return f"tables/{name}{'' if stem == 'table' else f'-{stem}'}.{ending}"


def _claims(material: ItemMaterial, judged: JudgedGroups) -> list[ClaimRow]:
    """Statement by statement, each at all of its places."""
    by_group = [[_claim(material, group, own) for own in owns] for group, owns in judged]
    return [row for rows in zip(*by_group, strict=True) for row in rows]


def _claim(material: ItemMaterial, group: OursGroup, own: Judged) -> ClaimRow:
    stated, summary = own.claim, own.summary
    measured = bool(own.values)
    return ClaimRow(
        paper=material.item.paper,
        item=material.item.id,
        says=stated.says,
        measured=stated.measured,
        source=group.label,
        benchmark=group.benchmark,
        scale=group.scale,
        effect=finite(summary.mean) if measured else None,
        low=finite(summary.low) if measured else None,
        high=finite(summary.high) if measured else None,
        bound=stated.bound,
        n=len(own.values),
        p=own.tested.p if own.tested else None,
        verdict=own.verdict,
        records=[record.key for record in group.analysis.records],
        digits=own.measured.digits,
        relation=stated.relation,
        every=stated.every,
        fulfilled=own.fulfilled,
        difference=stated.is_difference,
    )


def _links(item: str, groups: Sequence[OursGroup]) -> dict[str, str]:
    """By record, where the section lists it."""
    return {
        record.key: f"#{item}-records-{number}"
        for number, group in reversed(list(enumerate(groups, start=1)))
        for record in group.analysis.records
    }


def _commands(material: ItemMaterial) -> list[str]:
    """What makes the item here, and at the paper's own scale."""
    item = material.item
    if not item.variants:
        return []
    here = [f"nasrepro reproduce {item.id}"] if material.places else []
    return [*here, f"nasrepro reproduce {item.id} --scale paper"]
