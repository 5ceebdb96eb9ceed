"""The caption that makes a table or figure readable alone: what was measured, where the truth comes from, on what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nasrepro.records.record import RunRecord
from nasrepro.reporting.grouping import fidelity, primary, probe_truth, rows_of
from nasrepro.reporting.row_names import RowNames, protocols_of
from nasrepro.reporting.table_model import join_words, seed_text

SHOWN_PACKAGES = ("torch", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Fact:
    """One line of the description."""

    label: str
    text: str
    warning: bool = False


def describe(records: Sequence[RunRecord], ranked: str = "") -> list[Fact]:
    """What every caption states about records that share a table, in reading order.

    `ranked` says what τ is over where that is not the probe cells.
    """
    first = records[0]
    facts = [
        Fact("Benchmark", first.spec.benchmark),
        Fact("Ground truth", _truth(records)),
        Fact("Scored on", _scored_on(records)),
        Fact("Scale and protocol", f"{first.spec.scale}, {_protocols(records)}"),
        Fact("Variants", variant_words(records)),
        Fact("Supernets", _supernets(records)),
        Fact("Seeds", _seeds(records)),
        Fact("τ over", ranked or _probes(records)),
        Fact("Software", _software(records)),
        Fact("Hardware", _hardware(records)),
    ]
    if any(record.truth.unverified for record in records):
        text = "the files behind these numbers could not be checked against published checksums"
        facts.append(Fact("Unverified data", text, warning=True))
    facts.append(Fact("Watched cells", _unwatched(records)))
    facts += [Fact("Note", note, warning=True) for note in _notes(records)]
    return [fact for fact in facts if fact.text]


def caption(records: Sequence[RunRecord]) -> str:
    """The description as running text."""
    return " ".join(f"{fact.label}: {fact.text.rstrip('.')}." for fact in describe(records))


def short_caption(records: Sequence[RunRecord]) -> str:
    """The same in one compact sentence, for every table and figure of a page."""
    first = records[0]
    parts = [f"Benchmark {first.spec.benchmark}", _scored_on(records), f"truth: {first.truth.source.rstrip('.')}"]
    parts += [f"scale {first.spec.scale}", protocol_words(records), f"seeds {_seeds(records)}"]
    parts += [variant_words(records), _software(records), _hardware(records)]
    if any(record.truth.unverified for record in records):
        parts.append("unverified data")
    parts += _distinct(record.truth.note.rstrip(".") for record in records)
    return "; ".join(part for part in parts if part) + "."


def protocol_words(records: Sequence[RunRecord]) -> str:
    """`protocol sound`, or `protocols sound and as-released, a row each`."""
    return f"protocol{'s' if len(protocols_of(records)) > 1 else ''} {_protocols(records)}"


def variant_words(records: Sequence[RunRecord]) -> str:
    """`rows of gdas differ in sampler.tau_start`; empty where no method has rows with other settings."""
    names = RowNames(records)
    by_settings: dict[str, list[str]] = {}
    for method in dict.fromkeys(record.spec.method for record in records):
        if differing := names.differing(method):
            by_settings.setdefault(join_words(differing), []).append(method)
    return "; ".join(f"rows of {join_words(methods)} differ in {found}" for found, methods in by_settings.items())


def _protocols(records: Sequence[RunRecord]) -> str:
    """The protocols, and which methods were not run under all of them."""
    protocols = protocols_of(records)
    if len(protocols) == 1:
        return protocols[0]
    known: dict[str, list[str]] = {}
    for record in records:
        known.setdefault(record.spec.method, []).append(record.spec.protocol)
    partly: dict[str, list[str]] = {}
    for method, own in known.items():
        if len(set(own)) < len(protocols):
            partly.setdefault(join_words([name for name in protocols if name in own]), []).append(method)
    words = f"{join_words(protocols)}, a row each"
    limits = "; ".join(f"{join_words(methods)} under {own} only" for own, methods in partly.items())
    return f"{words} ({limits})" if limits else words


def _distinct(values: Iterable[str]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value]


def _notes(records: Sequence[RunRecord]) -> list[str]:
    """Notes on the truth and the runs; one that does not hold for all runs says for which."""
    where: dict[str, list[RunRecord]] = {}
    for record in records:
        for note in _distinct([record.truth.note, *record.notes]):
            where.setdefault(note, []).append(record)
    names = {record.key: row for row, own in rows_of(records).items() for record in own}
    return [note if len(runs) == len(records) else f"{_named(runs, names)}: {note}" for note, runs in where.items()]


def _named(runs: Sequence[RunRecord], names: Mapping[str, str]) -> str:
    seeds: dict[str, list[int]] = {}
    for run in runs:
        seeds.setdefault(names[run.key], []).append(run.spec.seed)
    words = [f"{row} seed{'' if len(own) == 1 else 's'} {seed_text(own)}" for row, own in seeds.items()]
    return join_words(words)


def _truth(records: Sequence[RunRecord]) -> str:
    truth = records[0].truth
    scores = [score for record in records if (score := primary(record)) is not None and score.value is not None]
    trials = sorted({score.n_trials for score in scores if score.n_trials is not None})
    text = truth.source.rstrip(".")
    if trials:
        span = str(trials[0]) if len(trials) == 1 else f"{trials[0]} to {trials[-1]}"
        text += f"; {span} training run{'' if trials == [1] else 's'} per found cell"
    return f"{text}; fingerprint {truth.fingerprint[:12]}" if truth.fingerprint else text


def _scored_on(records: Sequence[RunRecord]) -> str:
    return next((fidelity(score) for record in records if (score := primary(record)) is not None), "")


def _seeds(records: Sequence[RunRecord]) -> str:
    by_row = {row: seed_text([record.spec.seed for record in own]) for row, own in rows_of(records).items()}
    common = Counter(by_row.values()).most_common(1)[0][0]
    others = [f"{row} {seeds}" for row, seeds in by_row.items() if seeds != common]
    return common + (f" ({join_words(others)})" if others else "")


def _supernets(records: Sequence[RunRecord]) -> str:
    """What a scale's name does not say: size, images and length of the trainings, by method where they differ."""
    methods: dict[str, list[str]] = {}
    for row, own in rows_of(records).items():
        if text := _supernet(own[-1].spec.settings):
            methods.setdefault(text, []).append(row)
    if len(methods) == 1:
        return next(iter(methods))
    return "; ".join(f"{join_words(names)}: {text}" for text, names in methods.items())


def _supernet(settings: Mapping[str, Any]) -> str:
    skeleton, training = settings.get("skeleton"), settings.get("training")
    if not isinstance(skeleton, dict) or not isinstance(training, dict):
        return ""
    return _language_model(skeleton, training) if "vocabulary" in skeleton else _classifier(skeleton, training)


def _language_model(skeleton: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    limits = {f"{name} tokens": training.get(f"{name}_tokens") for name in ("train", "valid")}
    parts = [
        f"{skeleton['hidden']} hidden units",
        f"{skeleton['vocabulary']:,} words",
        f"{skeleton['nodes']} nodes",
        *(f"{count:,} {what}" for what, count in limits.items() if count),
        f"{training['epochs']} epochs of batch {training['batch_size']}, learning rate {training['lr']:g}",
        f"segments of about {training['bptt']} words",
    ]
    if training.get("score_tokens"):
        parts.append(f"one-shot scores on {training['score_tokens']:,} validation tokens")
    return ", ".join(parts)


def _classifier(skeleton: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    cells, stages, side = skeleton["cells"], skeleton.get("stages"), skeleton["image_size"]
    limits = {f"{name} images": training.get(f"{name}_images") for name in ("train", "valid")}
    parts = [
        f"{skeleton['channels']} channels",
        f"{cells} cell{'' if cells == 1 else 's'}{f' in each of {stages} stages' if stages else ''}",
        f"images of {side}×{side} pixels",
        *(f"{count:,} {what}" for what, count in limits.items() if count),
        f"{training['epochs']} epochs of batch {training['batch_size']}, learning rate {training['lr']:g}",
        str(training["precision"]),
        f"{training['bn']} statistics at evaluation",
    ]
    if training.get("score_images"):
        parts.append(f"one-shot scores on {training['score_images']:,} validation images")
    return ", ".join(parts)


def _probes(records: Sequence[RunRecord]) -> str:
    probes = next((record.probes for record in records if record.probes is not None), None)
    if probes is None:
        return ""
    known = sum(value is not None for value in probes.truth)
    missing = f", {len(probes.cells) - known} more without a truth left out" if known < len(probes.cells) else ""
    return f"{known} fixed probe cells (cells, not classes{missing}), truth: {probe_truth(records)}; Kendall τ-b"


def _unwatched(records: Sequence[RunRecord]) -> str:
    """Why nothing is said of forgetting where cells of a text were watched; else nothing."""
    scores = [score for record in records if (score := primary(record)) is not None]
    if all(score.higher_is_better for score in scores) or all(record.watched is None for record in records):
        return ""
    return (
        "not shown: a look counts the words that a cell guesses right, while cells are judged by perplexity, and "
        "neighboring words of a text are no independent trials"
    )


def _software(records: Sequence[RunRecord]) -> str:
    """Versions, and the commits of our code that ran with them."""
    commits: dict[tuple[str, str], list[str]] = {}
    for made in (record.provenance for record in records):
        packages = [f"{name} {made.packages[name]}" for name in SHOWN_PACKAGES if name in made.packages]
        own = commits.setdefault((f"nasrepro {made.nasrepro}", ", ".join([f"Python {made.python}", *packages])), [])
        own.append(f"{made.commit[:10]}{', modified' if made.dirty else ''}" if made.commit else "")
    parts = []
    for (ours, others), known in commits.items():
        ran = "; ".join(_distinct(known))
        parts.append(f"{ours}{f' ({ran})' if ran else ''}, {others}")
    return " / ".join(parts)


def _hardware(records: Sequence[RunRecord]) -> str:
    return " / ".join(
        _distinct(f"{r.provenance.hardware}, {r.spec.device}, threads per run: {r.spec.threads}" for r in records)
    )
