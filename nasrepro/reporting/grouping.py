"""Which records may stand in one table, and in what order their methods stand there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from nasrepro.errors import UserError
from nasrepro.records.record import RunRecord, Score
from nasrepro.records.spec import Protocol
from nasrepro.reporting.row_names import RowNames
from nasrepro.reporting.table_model import join_words, seed_text

PRIMARY = "test"
BEST_EPOCH = "test.best"
"""The scoring by the best epoch of a training, where found cells are trained and not looked up."""
REFERENCE_METHOD = "random"


def checked(records: Sequence[RunRecord], *, several_protocols: bool = False) -> list[RunRecord]:
    """The records without repetitions, sorted for display; raises `UserError` when they must not share a table.

    One table has one benchmark, scale, protocol, code protocol version and truth; one row has one setting of its
    method and each seed once. With `several_protocols` a table may have more than one protocol; a row never has.
    Records of a method with other settings are rows of their own, if they share a seed: otherwise nothing tells a
    comparison from runs that were collected while settings changed.
    """
    unique = list({record.key: record for record in records}.values())
    if not unique:
        raise UserError("there are no records to report")
    rules: list[tuple[str, Callable[[RunRecord], object]]] = [
        ("benchmark", lambda r: r.spec.benchmark),
        ("scale", lambda r: r.spec.scale),
        ("protocol", lambda r: r.spec.protocol),
        ("protocol version", lambda r: r.protocol_version),
        ("ground truth", lambda r: f"{r.truth.source} ({r.truth.fingerprint[:12]})"),
        ("primary scoring", lambda r: fidelity(primary(r)) if primary(r) else None),
    ]
    if several_protocols:
        rules = [rule for rule in rules if rule[0] != "protocol"]
    for what, read in rules:
        values = sorted({str(read(record)) for record in unique if read(record) is not None})
        if len(values) > 1:
            raise UserError(
                f"records of different {what} cannot share a table: {join_words(values)}; render them apart"
            )
    _check_rows(unique)
    names = RowNames(unique)
    methods = {name: i for i, name in enumerate(method_order(unique))}
    order = get_args(Protocol)
    return sorted(
        unique, key=lambda r: (methods[r.spec.method], order.index(r.spec.protocol), names.place(r), r.spec.seed)
    )


def rows_of(records: Sequence[RunRecord]) -> dict[str, list[RunRecord]]:
    """The records by row, in their order. A row is a method, with what tells it from the method's other rows: in a
    table of several protocols `gdas · as-released`, where settings differ `gdas · tau_start=5`."""
    names = RowNames(records)
    rows: dict[str, list[RunRecord]] = {}
    for record in records:
        rows.setdefault(names.row(record), []).append(record)
    return rows


def _check_rows(records: Sequence[RunRecord]) -> None:
    rows = rows_of(records)
    seeds = {row: [record.spec.seed for record in own] for row, own in rows.items()}
    by_kind: dict[tuple[str, str], list[str]] = {}
    for row, own in rows.items():
        first = own[0].spec
        by_kind.setdefault((first.method, first.protocol), []).append(row)
        if repeated := [seed for seed in seeds[row] if seeds[row].count(seed) > 1]:
            raise UserError(f"two different records of '{row}' have seed {repeated[0]}; a row has each seed once")
        for record in own:
            if record.spec.model_copy(update={"seed": first.seed}) != first:
                pair = f"records of '{row}' with seeds {first.seed} and {record.spec.seed}"
                raise UserError(f"{pair} differ in threads or device; one row never mixes them")
    for (method, _), kin in by_kind.items():
        for row in kin:
            others = sorted({seed for other in kin if other != row for seed in seeds[other]})
            if others and not set(seeds[row]) & set(others):
                differing = join_words(RowNames(records).differing(method))
                raise UserError(
                    f"records of '{method}' with seeds {seed_text(seeds[row])} and {seed_text(others)} differ in "
                    f"{differing}; one row never mixes them, and rows that are to be compared share seeds"
                )


def method_order(records: Sequence[RunRecord]) -> list[str]:
    """The reference first, then methods that train nothing, then weight sharing; by name within each."""
    trains = {record.spec.method: False for record in records}
    for record in records:
        trains[record.spec.method] |= record.cost.steps > 0
    return sorted(trains, key=lambda name: (name != REFERENCE_METHOD, trains[name], name))


def primary(record: RunRecord) -> Score | None:
    """The score under the benchmark's primary scoring."""
    return next((score for score in record.scores if score.scoring == PRIMARY), None)


def probe_truth(records: Sequence[RunRecord]) -> str:
    """What the probe cells are ranked against, in words; empty without probes."""
    name = next((record.probes.truth_scoring for record in records if record.probes is not None), "")
    scores = (score for record in records for score in record.scores if score.scoring == name)
    return fidelity(next(scores, None)) or name


def on_the_way(records: Sequence[RunRecord]) -> list[list[float]]:
    """By record, the truths of the answers it would have given: at the points of its trace and, where all of them
    recorded that, after any epoch. More looks find better cells, so records that looked seldom hold the others back.
    """
    often = all(record.visited for record in records)
    traces = [[point.truth for point in record.trace] for record in records]
    visits = [[cell.truth for cell in record.visited] if often else [] for record in records]
    return [[truth for truth in (*a, *b) if truth is not None] for a, b in zip(traces, visits, strict=True)]


def fidelity(score: Score | None) -> str:
    """`cifar10 test after 200 epochs`."""
    if score is None:
        return ""
    return f"{score.dataset} {score.split} after {score.epochs:,} epoch{'' if score.epochs == 1 else 's'}"
