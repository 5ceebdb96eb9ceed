"""Where the numbers come from: how a run becomes a number, what the truth is, and every record by its key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nasrepro.records.record import RunRecord
from nasrepro.reporting.row_names import RowNames
from nasrepro.reporting.site.material import Files, Held, Results, SiteMaterial
from nasrepro.reporting.site.page import render

_KNOWN = 12
"""Digits of a hash that are shown; the whole is in the records."""


@dataclass(frozen=True)
class Source:
    """Something that records rest on, and how many do."""

    name: str
    detail: str
    """Such as a hash; the whole of it shows on hover."""
    benchmarks: list[str]
    records: int
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A record in the table of all."""

    record: RunRecord
    settings: str
    """In which it differs from the method's other runs on this benchmark at its scale; else empty."""
    fresh: bool


@dataclass(frozen=True)
class Shelf:
    """The records of one benchmark."""

    benchmark: str
    known: bool
    """Whether the benchmark has a page."""
    lines: list[Line]


def sources_page(material: SiteMaterial, results: Results) -> Files:
    """`sources.html`."""
    records = [held.record for held in material.held]
    content = render(
        "sources.html.j2",
        root="",
        active="sources",
        title="Where the numbers come from",
        kicker="Sources",
        counts=_counts(material),
        unread=material.unread,
        truths=_sources(records, _truth),
        data=_sources(records, _data),
        made=_made(records),
        shelves=_shelves(material, results),
        command=material.command,
        known=_KNOWN,
    )
    return {"sources.html": content}


def _counts(material: SiteMaterial) -> list[tuple[str, int]]:
    """What there is, in words and numbers."""
    records = [held.record for held in material.held]
    fresh = sum(held.fresh for held in material.held)
    status = Counter(record.status for record in records)
    counts = [
        ("records", len(records)),
        ("benchmarks", len({record.spec.benchmark for record in records})),
        ("methods", len({record.spec.method for record in records})),
        ("made here", fresh),
        ("published earlier", len(records) - fresh),
        ("diverged", status["diverged"]),
        ("failed", status["failed"]),
    ]
    return [(word, count) for word, count in counts if count]


_Read = Callable[[RunRecord], Iterable[tuple[str, str, str]]]
"""Name, detail and note of what a record rests on."""


def _truth(record: RunRecord) -> Iterable[tuple[str, str, str]]:
    truth = record.truth
    unverified = "Could not be checked against published checksums. " if truth.unverified else ""
    yield truth.source, truth.fingerprint, unverified + truth.note


def _data(record: RunRecord) -> Iterable[tuple[str, str, str]]:
    # the hash of the truth is its fingerprint, which stands with the truths
    return ((name, digest, "") for name, digest in record.data.items() if name != "truth")


def _sources(records: Sequence[RunRecord], read: _Read) -> list[Source]:
    """Each once, in the order of the records."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for record in records:
        for source in read(record):
            found.setdefault(source, []).append(record.spec.benchmark)
    return [
        Source(name, detail, sorted(set(places)), len(places), note) for (name, detail, note), places in found.items()
    ]


def _made(records: Sequence[RunRecord]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Code, packages and machines, each with the number of records, most first."""
    kinds: tuple[tuple[str, Callable[[RunRecord], str]], ...] = (
        ("Code", lambda record: f"nasrepro {record.provenance.nasrepro}"),
        ("Commits", _commit),
        ("Packages", lambda record: ", ".join(f"{name} {own}" for name, own in record.provenance.packages.items())),
        ("Python", lambda record: record.provenance.python),
        ("Hardware", lambda r: f"{r.provenance.hardware}; {r.spec.device}, threads per run: {r.spec.threads}"),
    )
    return [(label, Counter(map(read, records)).most_common()) for label, read in kinds]


def _commit(record: RunRecord) -> str:
    made = record.provenance
    return f"{made.commit[:_KNOWN]}{', modified' if made.dirty else ''}" if made.commit else "not known"


def _shelves(material: SiteMaterial, results: Results) -> list[Shelf]:
    """All records by benchmark, in the order of the site's benchmarks."""
    by_benchmark: dict[str, list[Held]] = {own.name: [] for own in material.benchmarks}
    for held in material.held:
        by_benchmark.setdefault(held.record.spec.benchmark, []).append(held)
    return [Shelf(name, name in results.benchmarks, _lines(own)) for name, own in by_benchmark.items() if own]


def _lines(held: Sequence[Held]) -> list[Line]:
    by_scale: dict[str, list[RunRecord]] = {}
    for own in held:
        by_scale.setdefault(own.record.spec.scale, []).append(own.record)
    names = {scale: RowNames(records) for scale, records in by_scale.items()}
    return [Line(own.record, _differing(names[own.record.spec.scale], own.record), own.fresh) for own in held]


def _differing(names: RowNames, record: RunRecord) -> str:
    """Without settings that the record does not know, because it is older than they are."""
    _, *settings = names.variant(record).split(" · ")
    return ", ".join(setting for setting in settings if not setting.endswith(" unset"))
