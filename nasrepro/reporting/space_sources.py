"""What a ranking of the whole space is rendered from, and how a report keeps it, so that it can be rendered again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nasrepro import npz
from nasrepro.errors import UserError
from nasrepro.records.record import RunRecord
from nasrepro.records.scores import RunScores, read_scores, write_scores
from nasrepro.records.store import read_folder, write_copies
from nasrepro.reporting.row_names import RowNames
from nasrepro.reporting.score_file import ScoreFile, read_score_file
from nasrepro.reporting.space_ranking import ScoredRun
from nasrepro.reporting.truth_data import Measured, TruthTable
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space

NUMBERS, TRUTH, FILE = "numbers.json", "truth.npz", "scores.csv"
FORMAT = "nasrepro-rank/1"
_META = "meta.json"
_PARTS = ("mean", "counts", "trials")


@dataclass(frozen=True, eq=False)
class RankSources:
    """Either records of runs with their scores, or a file of scores; and the truth in any case."""

    table: TruthTable
    records: tuple[RunRecord, ...] = ()
    scores: Mapping[str, RunScores] = field(default_factory=dict)
    """By the key of the record; a diverged run has none."""
    probes: tuple[int, ...] = ()
    """Indices of the cells that scales were tuned on."""
    file: ScoreFile | None = None

    def runs(self) -> list[ScoredRun]:
        """Everything that orders the cells."""
        if self.file is not None:
            return [ScoredRun(name, None, {"score": column}) for name, column in self.file.columns.items()]
        names = RowNames(self.records)
        return [
            ScoredRun(
                names.row(record),
                record.spec.seed,
                {"accuracy": self.scores[record.key].accuracy, "loss": -self.scores[record.key].loss},
                record.key,
            )
            for record in self.records
            if record.key in self.scores
        ]


def write_sources(folder: Path, sources: RankSources, *, keep_truth: bool, about: Mapping[str, Any]) -> None:
    """Put everything a rendering needs beside it. `about` is stored as `numbers.json`, with what a reader needs.

    Without `keep_truth` the truth's arrays are left out, as for sources whose numbers may not be copied.
    """
    if keep_truth:
        _write_truth(folder / TRUTH, sources.table)
    if sources.file is not None:
        (folder / FILE).write_bytes(sources.file.content)
    write_copies(folder / "records", sources.records)
    for key, scores in sources.scores.items():
        write_scores(folder / "scores" / f"{key}.npz", key, scores)
    content = {
        "format": FORMAT,
        **about,
        "file": {"name": sources.file.name, "sha256": sources.file.sha256} if sources.file else None,
        "probes": list(sources.probes),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / NUMBERS).write_text(text + "\n", encoding="utf-8")


def is_rank_report(folder: Path) -> bool:
    """Whether `read_sources` will find what it needs here, damage aside."""
    return (folder / NUMBERS).is_file() and ((folder / "scores").is_dir() or (folder / FILE).is_file())


def read_sources(folder: Path, open_truth: Callable[[str], TruthTable]) -> tuple[RankSources, dict[str, Any]]:
    """The sources of a report and its `numbers.json`; nothing is run.

    `open_truth` is asked for the truth of a benchmark by name when the report holds no copy. Raises `UserError` when
    something is missing or damaged, or when the truth has changed.
    """
    about = _numbers(folder / NUMBERS)
    fingerprint, benchmark = about["truth"]["fingerprint"], about["truth"]["benchmark"]
    table = _read_truth(folder / TRUTH) if (folder / TRUTH).exists() else open_truth(benchmark)
    if table.fingerprint != fingerprint:
        raise UserError(f"report '{folder}' was made with another truth of '{benchmark}'; make it anew with: rank")
    if about["file"] is not None:
        file = replace(read_score_file(folder / FILE, NB201Space()), name=about["file"]["name"])
        return RankSources(table, file=file), about
    records = read_folder(folder / "records")
    size = table.primary.mean.size
    scores = {
        record.key: read_scores(folder / "scores" / f"{record.key}.npz", record.key, size)
        for record in records
        if record.status == "done"
    }
    return RankSources(table, tuple(records), scores, tuple(about["probes"])), about


def _numbers(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"'{path}' cannot be read: {error}") from error
    version = found.get("format") if isinstance(found, dict) else None
    if version != FORMAT:
        raise UserError(f"'{path}' has format '{version}'; this nasrepro reads '{FORMAT}'")
    return dict(found)


def _write_truth(path: Path, table: TruthTable) -> None:
    arrays = {
        f"{measured.key}/{part}": values
        for measured in table.measured
        for part in _PARTS
        if (values := getattr(measured, part)) is not None
    }
    meta = {
        "benchmark": table.benchmark,
        "source": table.source,
        "fingerprint": table.fingerprint,
        "primary_key": table.primary_key,
        "skeleton": vars(table.skeleton),
        "measured": [[m.dataset, m.split, m.epochs] for m in table.measured],
    }
    path.write_bytes(npz.pack({**arrays, _META: npz.from_json(meta)}))


def _read_truth(path: Path) -> TruthTable:
    try:
        content = path.read_bytes()
        there = npz.names(content)
        meta = npz.to_json(npz.unpack(content, _META))
        measured = tuple(_measured(content, there, *which) for which in meta.pop("measured"))
        return TruthTable(**{**meta, "skeleton": Skeleton(**meta["skeleton"]), "measured": measured})
    except (OSError, npz.Damaged, ValueError, TypeError, KeyError) as error:
        raise UserError(f"truth '{path}' is damaged: {error}; make the report anew with: rank") from error


def _measured(content: bytes, there: Sequence[str], dataset: str, split: str, epochs: int) -> Measured:
    prefix = f"{dataset}/{split}/{epochs}"
    mean = npz.unpack(content, f"{prefix}/mean")
    counts, trials = (npz.unpack(content, name) if name in there else None for name in _optional(prefix))
    return Measured(dataset, split, epochs, mean, counts, trials)


def _optional(prefix: str) -> tuple[str, str]:
    return f"{prefix}/counts", f"{prefix}/trials"
