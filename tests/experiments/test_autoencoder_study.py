"""Autoencoders as jobs: what a training leaves behind, and measures of the shipped ones on small samples."""

from __future__ import annotations

import numpy as np
import pytest

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.experiments import autoencoder_study as study
from nasrepro.experiments import autoencoders
from nasrepro.latent.nb201_latents import CellLatents
from nasrepro.records.autoencoder import read_training, write_training
from nasrepro.spaces.nb201 import from_string, op_table
from nasrepro.splits import Split
from nasrepro.training.predictor_settings import PredictorSettings

TINY = {"hidden": 8, "epochs": 2, "share": 0.02}


def quiet(done, total):
    pass


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(study, "_SAMPLE", 40)
    monkeypatch.setattr(study, "_FEW", 200)
    monkeypatch.setattr(study, "_MANY", 2_000)


def trained(tmp_path, name="one", seed=3, runs="runs", **changes):
    recipe = autoencoders.graph_recipe(6, {**TINY, **changes}).model_dump(mode="json")
    out = tmp_path / f"{name}.safetensors"
    return out, autoencoders.train_graph(recipe, seed, out, tmp_path / runs, "a command", quiet)


def test_a_training_leaves_weights_and_what_is_known_of_them(tmp_path):
    out, found = trained(tmp_path)
    assert CellLatents.load(out).size == 6
    assert read_training(out.with_suffix(".json")) == found
    assert (found.cells, found.label, found.seed) == (312, "graph, 6 dimensions", 3)
    assert 0 <= found.reconstructed_held_out < 0.5
    assert len(found.losses) == 2
    assert found.provenance.command == "a command"


def test_the_same_recipe_gives_the_same_bytes_in_another_store(tmp_path):
    first, _ = trained(tmp_path)
    again, _ = trained(tmp_path, "two", runs="elsewhere")
    other, _ = trained(tmp_path, "three", seed=4)
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()


def test_the_recipe_of_the_released_size_has_the_released_noise():
    assert autoencoders.graph_recipe(30, {}).noise == 0.01
    assert autoencoders.graph_recipe(30, {"noise": 0.5}).noise == 0.5
    assert autoencoders.graph_recipe(20, {}).noise == 1.0
    assert autoencoders.graph_recipe(12, {}).latent == 12


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hiden": 3}, "'hiden'; did you mean 'hidden'"),
        ({"lr": -1}, "'lr' cannot be '-1'"),
        ({"share": 2}, "share"),
    ],
)
def test_impossible_recipes_are_refused(changes, words):
    with pytest.raises(UserError, match=words):
        autoencoders.graph_recipe(20, changes)


def test_another_recipe_s_file_is_never_overwritten(tmp_path):
    out, _ = trained(tmp_path)
    recipe = autoencoders.graph_recipe(6, TINY)
    assert autoencoders.finished(recipe, 3, out)
    assert not autoencoders.finished(recipe, 3, tmp_path / "none.safetensors")
    for other, seed in ((autoencoders.graph_recipe(6, {**TINY, "lr": 0.1}), 3), (recipe, 4)):
        with pytest.raises(UserError, match="holds an autoencoder of another recipe or seed"):
            autoencoders.finished(other, seed, out)
    out.with_suffix(".json").unlink()
    assert not autoencoders.finished(recipe, 3, out)
    out.write_text("notes")
    with pytest.raises(UserError, match="cannot be read as weights"):
        autoencoders.finished(recipe, 3, out)


def test_a_damaged_note_is_named(tmp_path):
    path = tmp_path / "training.json"
    with pytest.raises(UserError, match=r"training\.json' cannot be read"):
        read_training(path)
    path.write_text('{"schema_version": 2}')
    with pytest.raises(UserError, match=r"training\.json' cannot be read"):
        read_training(path)
    _, found = trained(tmp_path)
    write_training(path, found)
    assert read_training(path) == found


def test_the_space_itself(small, tmp_path):
    found = study.measure_space(tmp_path, quiet)
    accuracy = benchmarks.get("nb201-digits").open_oracle(tmp_path)
    worth = accuracy.query_all(dataset="digits", split=Split.TEST, epochs=25).astype(float)
    pairs = np.random.default_rng(0).integers(15_625, size=(2, 200_000))
    assert found.random_pairs.accuracy == pytest.approx(np.abs(worth[pairs[0]] - worth[pairs[1]]).mean(), rel=0.02)
    assert found.random_pairs.rank == pytest.approx(100 / 3, rel=0.01)
    assert found.one_edge.accuracy < found.random_pairs.accuracy
    assert found.one_edge.rank < found.random_pairs.rank
    assert len(found.by_edges) == len(found.bounds) - 1
    assert found.by_edges[0].rank < found.by_edges[-1].rank
    assert found.prior.connected == pytest.approx(1 - 341 / 15_625, abs=0.01)
    assert found.prior.distinct == pytest.approx(15_625 * (1 - np.exp(-2_000 / 15_625)), rel=0.02)
    assert found.sample == 40
    assert "nb201-digits, digits test after 25 epochs" in found.truth


def test_a_shipped_autoencoder(small, tmp_path):
    found = study.measure_graph(20, 0, tmp_path, quiet)
    assert (found.kind, found.label, found.numbers) == ("graph", "graph, 20 dimensions", 20)
    assert found.reconstructed == 1
    assert (found.image, found.sharing) == (15_625, 0)
    assert found.nearest_of_none + found.nearest_of_one + found.nearest_of_several == 15_625
    assert 0 < found.closest <= found.isomorphic_closest
    assert found.correlation > 0.2
    assert found.prior.samples == 2_000
    assert from_string(found.origin.text).id == found.origin.genotype
    assert 10 <= found.origin.worth < 96


def test_naos_autoencoder_is_trained_once(small, tmp_path, monkeypatch):
    label = "LSTM, quick"
    quick = PredictorSettings(hidden=8, trade_off=0.0, predictor_epochs=1, predictor_batch=2_000)
    monkeypatch.setitem(autoencoders.LSTMS, label, quick)
    steps = []
    found, training = study.measure_lstm(label, 1, tmp_path, "first", lambda done, total: steps.append((done, total)))
    assert steps == [(1, 1)]
    assert (found.numbers, found.prior, found.origin) == (48, None, None)
    assert found.reconstructed == training.reconstructed < 0.5
    assert found.image < 15_625
    assert found.sharing > 0
    predictor, again = autoencoders.trained_lstm(label, 1, tmp_path, "second", lambda done, total: steps.append(done))
    assert len(steps) == 1
    assert again == training
    assert again.provenance.command == "first"
    assert predictor.embed(op_table()[:5]).shape == (5, 48)


def test_the_study_holds_the_space_every_shipped_seed_and_naos(tmp_path):
    jobs = study.study_jobs(tmp_path, "x", lstm=True)
    assert [job.group for job in jobs] == ["space"] + 7 * ["graph"] + 4 * ["lstm"]
    assert len({job.key for job in jobs}) == 12
    assert len(study.study_jobs(tmp_path, "x", lstm=False)) == 8
