"""Runs of ours that stand beside a paper's item, and the words that every such page needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from nasrepro.errors import UserError
from nasrepro.papers.catalog import papers
from nasrepro.papers.item import Item
from nasrepro.records.record import RunRecord
from nasrepro.records.variant import Variant
from nasrepro.reporting.analysis import Analysis, MethodResult, analyze
from nasrepro.reporting.describe import caption
from nasrepro.reporting.table_model import join_words


@dataclass(frozen=True)
class OursGroup:
    """Runs of ours that belong together: one benchmark, scale and protocol."""

    label: str
    """Short, stands in the table, such as `ours, laptop`."""
    records: Sequence[RunRecord]
    fresh: bool
    """Run just now or before in this run store; otherwise rendered from published records."""
    origin: str = ""
    """Where the runs are from, in words, where some are fresh and some published."""

    @cached_property
    def analysis(self) -> Analysis:
        """Raises `UserError` when the records must not be mixed."""
        return analyze(self.records)

    @property
    def benchmark(self) -> str:
        return self.analysis.records[0].spec.benchmark

    @property
    def scale(self) -> str:
        return self.analysis.records[0].spec.scale

    def result(self, variant: Variant | None) -> MethodResult | None:
        """The runs of a variant; None where there are none. Raises `UserError` when they differ in more settings than
        the variant states."""
        if variant is None:
            return None
        fitting = [result for result in self.analysis.methods if variant.fits(result.records[0].spec)]
        if len(fitting) > 1:
            kinds = join_words([own.settings for own in fitting])
            raise UserError(f"records of '{variant.text}' ({self.label}) are of {kinds}; one row never mixes them")
        return fitting[0] if fitting else None

    @property
    def caption(self) -> str:
        """Everything a reader needs to know of these runs."""
        kind = self.origin or ("fresh runs" if self.fresh else "published records, measured earlier and rendered here")
        return f"{self.label} ({kind}). {caption(self.analysis.records)}"


def grouped(item: Item, fresh: Sequence[RunRecord], earlier: Sequence[RunRecord]) -> list[OursGroup]:
    """The runs made now, then published ones unless they are the same runs, each by benchmark, scale and protocol.

    Published records that are of none of the item's variants are left out.
    """
    groups = [OursGroup(_label(item, own[0], "ours"), own, fresh=True) for own in _by_kind(fresh)]
    shown = {record.key for record in fresh}
    fitting = [record for record in earlier if any(variant.fits(record.spec) for variant in item.variants)]
    for own in _by_kind(fitting):
        if not {record.key for record in own} <= shown:
            groups.append(OursGroup(_label(item, own[0], "ours, published"), own, fresh=False))
    return groups


def _by_kind(records: Sequence[RunRecord]) -> list[list[RunRecord]]:
    """Records that may stand in one group, in the order of their first ones."""
    by_kind: dict[tuple[str, str, str], list[RunRecord]] = {}
    for record in records:
        by_kind.setdefault((record.spec.benchmark, record.spec.scale, record.spec.protocol), []).append(record)
    return list(by_kind.values())


def _label(item: Item, record: RunRecord, whose: str) -> str:
    spec = record.spec
    elsewhere = spec.benchmark != item.benchmark or item.measured_on
    parts = [whose, *([spec.benchmark] if elsewhere else []), spec.scale]
    return ", ".join(parts + ([spec.protocol] if spec.protocol != "sound" else []))


def scale_findings(groups: Sequence[OursGroup]) -> list[str]:
    """What follows from our scale not being the paper's; nothing where it is."""
    scales = sorted({group.scale for group in groups})
    if not scales or scales == ["paper"]:
        return []
    return [f"Our scale is {join_words(scales)}, not the paper's: differences hold at this scale only."]


def kicker(item: Item) -> str:
    """The small line above the title: paper, item, what the page is."""
    paper = papers().get(item.paper)
    source = f"{paper.short}, {paper.venue} {paper.year}" if paper else item.paper
    return f"{source} · {item.item} · paper beside ours"


def reference(item: Item) -> str:
    """Where the paper and the version of its numbers are found; empty for a paper that is not known here."""
    paper = papers().get(item.paper)
    return f"{paper.reference} Numbers read from: {paper.edition}." if paper else ""
