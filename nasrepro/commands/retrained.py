"""Trainings from scratch as JSON and as tables, beside what was printed about the cell."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nasrepro import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nasrepro.benchmarks import Benchmark
    from nasrepro.records.standalone import ScoredEpoch, StandaloneRecord
    from nasrepro.records.store import RunStore

_Numbers = list[float | None]


@dataclass(frozen=True)
class _Layout:
    """How trainings on one kind of data are shown."""

    data: str
    """What was scored, and may be unverified."""
    columns: tuple[str, ...]
    row: Callable[[StandaloneRecord], _Numbers]
    printed: dict[str, str]
    """Field of a printed result → heading."""
    advice: str


def facts(record: StandaloneRecord, benchmark: Benchmark, store: RunStore) -> dict[str, Any]:
    """One training as JSON."""
    from nasrepro.records.standalone import training_path

    names, printed = known(record, benchmark)
    measured = _text_facts(record) if record.of_text else _image_facts(record)
    return {
        "genotype": record.spec.genotype,
        "text": record.text,
        "names": names,
        "benchmark": record.spec.benchmark,
        "scale": record.spec.scale,
        "seed": record.spec.seed,
        "status": record.status,
        "problem": record.problem,
        "verified": record.verified,
        **measured,
        "params": record.params,
        "macs": record.macs,
        "device": record.spec.device,
        "replicas": record.spec.replicas,
        "scaling": record.spec.scaling,
        "seconds": record.seconds,
        "memory_bytes": record.memory_bytes,
        "printed": printed,
        "settings": record.spec.settings,
        "notes": notes(record, benchmark),
        "record": str(training_path(store, record.key)),
    }


def _image_facts(record: StandaloneRecord) -> dict[str, Any]:
    def scored(point: ScoredEpoch | None) -> dict[str, Any] | None:
        if point is None:
            return None
        return {"epoch": point.epoch, "accuracy": point.accuracy, "error": point.error, "loss": point.loss}

    return {
        "images": record.images,
        "final": scored(record.final),
        "best": scored(record.best),
        "params_with_auxiliary": record.params_with_auxiliary,
    }


def _text_facts(record: StandaloneRecord) -> dict[str, Any]:
    worth = {split: record.worth(split) for split in ("valid", "test")}
    return {
        "words": record.images,
        "kept_epoch": record.kept,
        **{f"{split}_perplexity": value if math.isfinite(value) else None for split, value in worth.items()},
        "averaged_after": record.averaged_after,
        "rollbacks": record.rollbacks,
    }


def known(record: StandaloneRecord, benchmark: Benchmark) -> tuple[list[str], list[dict[str, Any]]]:
    """The names that the cell is known by, and what was printed about it on the benchmark's data set."""
    from dataclasses import asdict

    from nasrepro.spaces.known_cells import everywhere

    cells = [cell for cell in everywhere() if cell.genotype.id == record.spec.genotype]
    dataset = benchmark.primary.fidelity.dataset
    printed = [asdict(result) for cell in cells for result in cell.results if result.dataset == dataset]
    return [cell.name for cell in cells], printed


def notes(record: StandaloneRecord, benchmark: Benchmark) -> list[str]:
    """What must be said of a training before it is compared with printed numbers."""
    from nasrepro.spaces.darts_costs import notes

    assert benchmark.retraining is not None, benchmark.name
    published = benchmark.retraining.skeleton
    skeleton = type(published)(**record.spec.settings["skeleton"])  # type: ignore[arg-type]
    words, all_words = (getattr(network, "vocabulary", 0) for network in (skeleton, published))
    if words < all_words:
        return [f"perplexities over {words:,} words, all others taken for one, are below those over {all_words:,}"]
    return notes(record.macs, skeleton)


def show(records: Sequence[StandaloneRecord], benchmark: Benchmark, store: RunStore) -> None:
    """All trainings of one cell."""
    from nasrepro.records.standalone import training_path

    first = records[0]
    layout = _TEXTS if first.of_text else _IMAGES
    names, printed = known(first, benchmark)
    console.say("".join(f"{name} = " for name in names) + first.text)
    console.say(f"      {first.spec.genotype}, {_size(first)}")
    rows = [[record.spec.seed, *layout.row(record), round(record.seconds / 60, 1)] for record in records]
    scored = "validation and test" if first.of_text else first.spec.split
    title = f"{benchmark.name}, {first.spec.scale} scale, {scored} {layout.data}{_means(first)}"
    console.show_table(("seed", *layout.columns, "minutes"), rows, title=title)
    if printed:
        console.show_table(
            list(layout.printed.values()), [[result[name] for name in layout.printed] for result in printed]
        )
    console.say(layout.advice)
    for note in notes(first, benchmark):
        console.say(f"note: {note}")
    if not first.verified:
        console.say(f"note: the {layout.data} could not be verified as the official ones")
    for record in records:
        console.say(f"record: {training_path(store, record.key)}")


def _means(record: StandaloneRecord) -> str:
    """What is said of a training that one processor did not do at once."""
    spec, said = record.spec, ""
    if spec.device != "cpu":
        peak = "" if record.memory_bytes is None else f", {record.memory_bytes / 2**30:.1f} GiB at most"
        said += f", on {spec.device}{peak}"
    if spec.replicas > 1:
        of = "a replica" if spec.scaling == "linear" else "a step"
        said += f", {spec.replicas} replicas, batch size and learning rate of {of}"
    return said


def _size(record: StandaloneRecord) -> str:
    if record.of_text:
        return f"{record.params:,} parameters, {record.macs:,} MACs per word"
    with_auxiliary = f"{record.params_with_auxiliary:,} with the auxiliary head"
    return f"{record.params:,} parameters ({with_auxiliary}), {record.macs:,} MACs"


def _image_row(record: StandaloneRecord) -> _Numbers:
    """Epochs, error and accuracy at the end; number, error and accuracy of the best epoch."""
    if record.final is None or record.best is None:
        return [len(record.loss), None, None, None, None, None]
    return [
        value if isinstance(value, int) else round(value, 2)
        for point in (record.final, record.best)
        for value in (point.epoch, point.error, point.accuracy)
    ]


def _text_row(record: StandaloneRecord) -> _Numbers:
    """Epochs, the one that was kept, its perplexities, the epoch before averaging, and rollbacks."""
    worth = [record.worth(split) for split in ("valid", "test")]
    shown = [round(value, 2) if math.isfinite(value) else None for value in worth]
    return [len(record.loss), record.kept, *shown, record.averaged_after, record.rollbacks]


_IMAGES = _Layout(
    "images",
    ("epochs", "error %", "accuracy %", "best epoch", "its error %", "its accuracy %"),
    _image_row,
    {
        "source": "printed in",
        "error": "error %",
        "spread": "±",
        "best_error": "best error %",
        "params_m": "parameters M",
        "epochs": "epochs",
        "note": "note",
    },
    "the best epoch was chosen on the very images that are scored; the honest number is the last epoch's",
)
_TEXTS = _Layout(
    "words",
    ("epochs", "kept epoch", "valid perplexity", "test perplexity", "averaged after", "rollbacks"),
    _text_row,
    {
        "source": "printed in",
        "valid": "valid perplexity",
        "test": "test perplexity",
        "params_m": "parameters M",
        "epochs": "epochs",
        "note": "note",
    },
    "the kept epoch was chosen on the validation words; its weights met the test words once",
)
