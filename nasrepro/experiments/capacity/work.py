"""From settings to counts: how many pieces of which kinds of work a run, or a training from scratch, consists of."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from nasrepro.benchmarks import Benchmark
from nasrepro.experiments.capacity.kinds import (
    Kind,
    predictor_kind,
    reward_kind,
    scoring_kind,
    step_kind,
    testing_kind,
    training_kind,
)
from nasrepro.experiments.capacity.sizes import SIZES, Size
from nasrepro.methods.method import Method
from nasrepro.spaces.base import Space
from nasrepro.splits import Split
from nasrepro.training.schedule import spread

Work = dict[Kind, float]
"""How many of each kind. Where chance decides, such as in lengths of segments, it is the expected number; where cells
may turn out to be equal, it is as if none were."""

_HALVED = 0.05
"""Share of segments of text that are half as long (`datasets/text_streams.py`)."""


def search_work(method: Method, benchmark: Benchmark, settings: Mapping[str, Any]) -> Work | None:
    """Of a search without the judging of its answer; None where that is not known, as of methods from plug-ins.

    Looking up a table costs nothing that counts. Raises `KeyError` for data of which no size is known.
    """
    space = benchmark.space.name
    if not method.one_shot:
        return _multi_trial_work(method, benchmark, settings)
    assert benchmark.data is not None
    size, training = SIZES[benchmark.data], settings["training"]
    parts = " + ".join(part for part in (method.sampler, method.regularizer) if part)
    step = step_kind(benchmark.name, space, method.name, parts, settings)
    scored = scoring_kind(benchmark.name, space, method.name, settings)
    epochs, per_epoch = training["epochs"], steps_per_epoch(training, size.train)
    looks = 2 * len(spread(training["watch_points"], round(epochs * per_epoch))) * training["watched_cells"]
    pool = _pool_scores(settings["sampler"], len(benchmark.space), epochs)
    cells = _observed_cells(settings, benchmark) + sum(pool) + looks
    work = {
        step: epochs * per_epoch,
        scored: cells * units_scored(training, size),
    }
    if rewarded := _rewarded_units(settings):
        work[reward_kind(benchmark.name, space, method.name, settings)] = epochs * rewarded
    if pool:
        fits = [_fit_steps(settings["sampler"], cells) for cells in pool[:-1]]
        work[predictor_kind(benchmark.name, space, method.name, "sampler", settings)] = sum(fits)
    return work


def training_work(benchmark: Benchmark, settings: Mapping[str, Any], split: Split = Split.TEST) -> Work:
    """Of one training from scratch, with the scores of its network."""
    assert benchmark.retraining is not None
    how, size, space = settings["training"], SIZES[benchmark.retraining.dataset], benchmark.space.name
    trained, scored = training_kind(benchmark.name, space, settings), testing_kind(benchmark.name, space, settings)
    epochs = how["epochs"]
    if "bptt" in how:
        steps = steps_per_epoch({**how, "lengths": "random"}, size.train)
        valid, test = (_limited(getattr(size, part), how[f"{part}_tokens"]) for part in ("valid", "test"))
        return {trained: epochs * steps, scored: float(epochs * valid + test)}
    images = _limited(size.trained(split), how["train_images"])
    scorings = ceil(epochs / how["eval_every"])
    return {trained: float(epochs * ceil(images / how["batch_size"])), scored: float(scorings * size.of(split))}


def steps_per_epoch(training: Mapping[str, Any], size: int) -> float:
    """Batches of images, the last of which may be smaller, or expected segments of a text."""
    if "bptt" not in training:
        return float(ceil(_limited(size, training["train_images"]) / training["batch_size"]))
    rows: int = _limited(size, training["train_tokens"]) // training["batch_size"] - 1
    bptt: int = training["bptt"]
    kind = training["lengths"]
    if kind == "fixed":
        return float(ceil(rows / bptt))
    lost = 0.5 if kind == "random" else 0.0  # lengths that are drawn are rounded down
    half = bptt // 2 if kind == "halved" else bptt / 2
    return rows / ((1 - _HALVED) * bptt + _HALVED * half - lost) + 0.5  # the last segment has what is left


def units_scored(training: Mapping[str, Any], size: Size) -> int:
    """Images, or guessed words, behind a one-shot score."""
    if "bptt" not in training:
        valid = _limited(size.valid, training["valid_images"])
        more: int = training["calibration_images"] if training["bn"] == "recalibrated" else 0
        return _limited(valid, training["score_images"]) + more
    tokens = _limited(_limited(size.valid, training["valid_tokens"]), training["score_tokens"])
    columns: int = training["eval_batch"]
    return (tokens // columns - 1) * columns


def probes_of(settings: Mapping[str, Any], benchmark: Benchmark) -> int:
    """Fixed cells that a run asks the truth about."""
    training: Any = settings.get("training", {})
    asked = max(training.get("probe_cells", 0), training.get("watched_cells", 0))
    return int(min(asked, benchmark.probe_count))


def _multi_trial_work(method: Method, benchmark: Benchmark, settings: Mapping[str, Any]) -> Work | None:
    search = settings.get("search", {})
    if method.trains:
        sizes = _known_cells(search)
        if sizes is None:
            return None
        kind = predictor_kind(benchmark.name, benchmark.space.name, method.name, "search", settings)
        return {kind: float(sum(_fit_steps(search, cells) for cells in sizes))}
    return {} if benchmark.retraining is None or not search else None


def _known_cells(search: Mapping[str, Any]) -> list[int] | None:
    """Cells that NAO's predictor learns, each time that it learns."""
    if "sizes" in search:
        return list(search["sizes"])
    if "initial_share" not in search:
        return None
    rounds = search["iterations"] - 1
    first = round(search["initial_share"] * search["queries"])
    later = (search["queries"] - first) / max(1, rounds)
    return [round(first + k * later) for k in range(rounds)]


def _fit_steps(settings: Mapping[str, Any], cells: int) -> int:
    return int(settings["predictor_epochs"] * ceil(cells / settings["predictor_batch"]))


def _observed_cells(settings: Mapping[str, Any], benchmark: Benchmark) -> int:
    """Scored whenever a supernet is looked at: the probe cells, and those among which the answer is chosen."""
    training = settings["training"]
    points = len(spread(training["probe_points"], training["epochs"]))
    chosen = _candidates(settings["selector"], benchmark.space)
    probes: int = min(training["probe_cells"], benchmark.probe_count)
    return points * (probes + chosen)


def _candidates(selector: Mapping[str, Any], space: Space[Any]) -> int:
    bred = selector.get("generations", 0) * (selector.get("crossovers", 0) + selector.get("mutations", 0))
    return min(int(selector.get("candidates", selector.get("population", 1)) + bred), len(space))


def _pool_scores(sampler: Mapping[str, Any], space: int, epochs: int) -> list[int]:
    """Cells of NAO's pool each time that it is scored; empty for other samplers."""
    if "pool" not in sampler:
        return []
    joining = sampler["new_cells"] + sampler["random_cells"] if sampler.get("grows") else 0
    return [min(space, sampler["pool"] + k * joining) for k in range(len(spread(sampler["evaluations"], epochs)))]


def _rewarded_units(settings: Mapping[str, Any]) -> int:
    """Images or words by which a controller is rewarded after an epoch."""
    sampler, training = settings["sampler"], settings["training"]
    batch = training["batch_size"] * training.get("bptt", 1)
    return int(sampler["updates"] * sampler["samples"] * batch) if "controller_lr" in sampler else 0


def _limited(size: int, limit: int | None) -> int:
    return size if limit is None else min(size, limit)
