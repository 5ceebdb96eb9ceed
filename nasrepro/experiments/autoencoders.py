"""Training autoencoders of cells, as jobs for the executor: the graph autoencoder, and NAO's to hold against it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from nasrepro import benchmarks
from nasrepro.errors import UserError, unknown
from nasrepro.experiments import provenance
from nasrepro.experiments.claiming import claimed
from nasrepro.experiments.jobs import Report
from nasrepro.files import write_atomically
from nasrepro.records.autoencoder import AutoencoderTraining, write_training
from nasrepro.records.record import Provenance
from nasrepro.records.spec import canonical_json
from nasrepro.seeds import derive
from nasrepro.spaces.nb201 import op_table
from nasrepro.training.predictor_settings import PredictorSettings

if TYPE_CHECKING:
    from nasrepro.training.graph_autoencoder import GraphVAESettings
    from nasrepro.training.predictor import CellPredictor

TRUTH = "nb201-digits"
"""The benchmark whose accuracies latent spaces are held against: it needs no download."""
_CODE = 1  # raised when the same recipe would give other weights

LSTMS: dict[str, PredictorSettings] = {
    "LSTM, reconstruction only": PredictorSettings(trade_off=0.0, predictor_epochs=10),
    "LSTM with predictor": PredictorSettings(predictor_epochs=10),
}
"""NAO's autoencoder without and with its predictor; ten passes over all cells are enough to spell every one."""


def graph_label(latent: int) -> str:
    """What graph autoencoders of a latent size are called."""
    return f"graph, {latent} dimensions"


def checkpoint_file(recipe: Mapping[str, Any], seed: int, runs: Path) -> Path:
    """Where a training keeps its state: one file for each recipe and seed."""
    return runs / "autoencoders" / f"{_key(recipe, seed)}.pt"


def graph_recipe(latent: int, changes: Mapping[str, Any]) -> GraphVAESettings:
    """The settings of a graph autoencoder: those shipped for its latent size, or the defaults, with `changes`.

    Raises `UserError` naming a setting that does not exist or a value that is not allowed.
    """
    from nasrepro.training.graph_autoencoder import OF_SIZE, GraphVAESettings

    for name in changes:
        if name not in GraphVAESettings.model_fields:
            raise unknown("setting of the autoencoder", name, GraphVAESettings.model_fields)
    try:
        return GraphVAESettings.model_validate({"latent": latent, **OF_SIZE.get(latent, {}), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UserError(f"setting '{name}' cannot be '{first.get('input')}': {first['msg']}") from error


def finished(recipe: GraphVAESettings, seed: int, out: Path) -> bool:
    """Whether `out` holds this autoencoder already.

    Raises `UserError` when it holds anything else, which is never overwritten.
    """
    from nasrepro.latent.nb201_latents import about

    if not out.exists():
        return False
    told = about(out)
    if (told.get("recipe"), told.get("seed")) != (recipe.model_dump_json(), str(seed)):
        raise UserError(
            f"'{out}' holds an autoencoder of another recipe or seed (seed {told.get('seed')}, {told.get('recipe')}); "
            "name another file with --out"
        )
    return out.with_suffix(".json").exists()


def train_graph(
    recipe: dict[str, Any], seed: int, out: Path, runs: Path, command: str, report: Report
) -> AutoencoderTraining:
    """Train, or go on with, a graph autoencoder; its weights become `out`, and what is known of it a `.json` beside."""
    from nasrepro.latent.measures import exact_share
    from nasrepro.training.graph_autoencoder import GraphAutoencoderTraining, GraphVAESettings
    from nasrepro.training.repeatable import prepare_torch

    prepare_torch(threads=1)
    training = GraphAutoencoderTraining(GraphVAESettings.model_validate(recipe), seed)
    with claimed(runs, _key(recipe, seed)) as claim:
        latents = training.run(checkpoint_file(recipe, seed, runs), claim.watched(report))
    content = latents.content(training.about())
    shown, held_out = (exact_share(latents.decode(latents.encode(c)), c) for c in (training.shown, training.held_out))
    found = AutoencoderTraining(
        kind="graph",
        label=graph_label(recipe["latent"]),
        seed=seed,
        recipe=recipe,
        cells=len(training.shown),
        losses=[list(pair) for pair in training.losses],
        seconds=training.seconds,
        reconstructed=shown,
        reconstructed_held_out=held_out if len(training.held_out) else None,
        weights=hashlib.sha256(content).hexdigest(),
        provenance=provenance.collect(command),
    )
    write_atomically(out, content)
    write_training(out.with_suffix(".json"), found)
    return found


def trained_lstm(
    label: str, seed: int, runs: Path, command: str, report: Report
) -> tuple[CellPredictor, AutoencoderTraining]:
    """NAO's autoencoder of all cells and of what a search may look up of them; trained where the store has none."""
    from nasrepro.latent.measures import exact_share
    from nasrepro.training import checkpoint
    from nasrepro.training.predictor import CellPredictor
    from nasrepro.training.repeatable import prepare_torch

    prepare_torch(threads=1)
    recipe = LSTMS[label]
    settings = recipe.model_dump(mode="json")
    file = checkpoint_file(settings, seed, runs)
    predictor = CellPredictor(recipe, derive(seed, "autoencoder", "weights"))
    with claimed(runs, _key(settings, seed)) as claim:
        report, saved = claim.watched(report), checkpoint.load(file)
        if saved is None:
            began, done = time.perf_counter(), iter(range(1, recipe.predictor_epochs + 1))
            losses = predictor.fit(
                op_table(),
                _looked_up(runs),
                derive(seed, "autoencoder", "steps"),
                lambda: report(next(done), recipe.predictor_epochs),
            )
            seconds, made = time.perf_counter() - began, provenance.collect(command).model_dump(mode="json")
            saved = {**predictor.state_dict(), "losses": losses, "seconds": seconds, "provenance": made}
            claim.check()
            checkpoint.save(file, saved)
    predictor.load_state_dict(saved)
    training = AutoencoderTraining(
        kind="lstm",
        label=label,
        seed=seed,
        recipe=settings,
        cells=len(op_table()),
        losses=[[loss] for loss in saved["losses"]],
        seconds=saved["seconds"],
        reconstructed=exact_share(predictor.reconstruct(op_table()), op_table()),
        reconstructed_held_out=None,
        weights=hashlib.sha256(file.read_bytes()).hexdigest(),
        provenance=Provenance.model_validate(saved["provenance"]),
    )
    return predictor, training


def _looked_up(runs: Path) -> np.ndarray:
    """What a search on the digits looks up of every cell, (15625,), percent."""
    benchmark = benchmarks.get(TRUTH)
    asked = benchmark.search
    oracle = benchmark.open_oracle(runs)
    return oracle.query_all(dataset=asked.dataset, split=asked.split, epochs=asked.epochs).astype(np.float64)


def _key(recipe: Mapping[str, Any], seed: int) -> str:
    identity = {"recipe": dict(recipe), "seed": seed, "code": _CODE}
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:20]
