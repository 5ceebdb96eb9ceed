"""Training from scratch as the truth of a benchmark, on digits at the smallest scale."""

import math
from dataclasses import replace

import pytest
import torch
from PIL import Image

from nasrepro import benchmarks
from nasrepro.datasets.loading import load_to_train
from nasrepro.errors import UserError
from nasrepro.experiments import retraining
from nasrepro.experiments.claiming import Busy, claimed
from nasrepro.experiments.retraining import recipe_for, train_planned
from nasrepro.experiments.standalone_oracle import StandaloneOracle, truth_of, untrained
from nasrepro.oracles.base import Fidelity
from nasrepro.oracles.table import TableOracle
from nasrepro.records.standalone import get_training, training_path
from nasrepro.records.store import RunStore
from nasrepro.splits import Split
from nasrepro.training.darts_standalone import darts_training, fitting

DIGITS = benchmarks.get("darts-digits")
CELL, OTHER = (DIGITS.space.parse(name) for name in ("ENNAS", "DARTS_V2"))
QUICK = {"training": {"epochs": 3, "train_images": 60, "batch_size": 30, "drop_path": 0.2}}
TEST = {"dataset": "digits", "split": Split.TEST, "epochs": 3}


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


@pytest.fixture
def oracle(store):
    return StandaloneOracle(recipe_for(DIGITS, "smoke", overrides=QUICK), store, trials=2)


@pytest.fixture
def no_training(monkeypatch):
    def refuse(*_):
        raise AssertionError("something was trained")

    monkeypatch.setattr(retraining, "trained", refuse)


def test_what_is_asked_for_is_trained_once_and_kept(oracle, store, monkeypatch, request):
    answer = oracle.query(CELL, **TEST)
    assert answer.n_trials == 2
    assert answer.fidelity == Fidelity("digits", Split.TEST, 3)
    records = [get_training(store, planned.key) for planned in oracle.planned(CELL, answer.fidelity)]
    assert answer.value == pytest.approx(sum(record.final.accuracy for record in records) / 2)
    assert [(record.spec.seed, record.images, len(record.loss)) for record in records] == [(0, 60, 3), (1, 60, 3)]
    assert records[0].macs == DIGITS.space.cost(CELL, oracle.recipe.skeleton).macs
    assert not any((store.root / "work").iterdir())

    request.getfixturevalue("no_training")
    again = StandaloneOracle(recipe_for(DIGITS, "smoke", overrides=QUICK), store, trials=2)
    assert again.query(CELL, **TEST) == answer
    assert again.query(CELL, **TEST, seed=1).value == records[1].final.accuracy
    assert again.trial_values(CELL, **TEST) == tuple(record.final.accuracy for record in records)
    best = again.best(CELL, **TEST)
    assert best.value == pytest.approx(sum(record.best.accuracy for record in records) / 2)
    assert best.value >= answer.value


def test_an_interrupted_training_continues_to_the_same_record(oracle, store, tmp_path):
    class Stop(Exception):
        pass

    def stop(done, total):
        if done == 5:
            raise Stop

    (planned, _) = oracle.planned(CELL, oracle.fidelities()[0])
    whole = train_planned(planned, RunStore(tmp_path / "other"), report=lambda *_: None)
    with pytest.raises(Stop):
        train_planned(planned, store, report=stop)
    assert get_training(store, planned.key) is None
    seen = []
    record = train_planned(planned, store, report=lambda done, total: seen.append(done))
    assert seen == [5, 6]
    assert record.comparable() == whole.comparable()


def test_searches_see_validation_images_at_any_length_each_a_training_of_its_own(oracle, store):
    short = Fidelity("digits", Split.VALID, 1)
    assert short in oracle.fidelities()
    assert oracle.lengths("digits", Split.VALID) == [1, 2, 3]
    (planned,) = oracle.planned(CELL, short, seed=0)
    assert oracle.query(CELL, dataset="digits", split=Split.VALID, epochs=1, seed=0).n_trials == 1
    record = get_training(store, planned.key)
    assert (record.spec.split, len(record.curve)) == ("valid", 1)
    assert record.key != oracle.planned(CELL, oracle.fidelities()[0], seed=0)[0].key


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"epochs": 2}, "no digits test after 2 epochs; it has: digits test after 3"),
        ({"split": Split.TRAIN}, "digits train"),
        ({"split": Split.VALID, "epochs": 4}, "valid after 1 to 3"),
        ({"dataset": "cifar10"}, "no cifar10 test"),
        ({"seed": 2}, "seeds 0 to 1, not 2"),
    ],
)
def test_what_is_not_trained_is_refused(oracle, no_training, asked, words):
    with pytest.raises(UserError, match=words):
        oracle.query(CELL, **{**TEST, **asked})


def test_the_whole_space_is_never_trained(oracle):
    assert oracle.trains
    assert not oracle.covers_space
    with pytest.raises(UserError, match="only single cells"):
        oracle.query_all(**TEST)


def test_a_diverged_training_is_a_missing_trial(store):
    broken = {"training": {**QUICK["training"], "lr": 1e38, "clip": None}}
    oracle = StandaloneOracle(recipe_for(DIGITS, "smoke", overrides=broken), store)
    answer = oracle.query(CELL, **TEST)
    assert math.isnan(answer.value)
    assert answer.n_trials == 0
    (planned,) = oracle.planned(CELL, oracle.fidelities()[0])
    record = get_training(store, planned.key)
    assert record.status == "diverged"
    assert "became nan" in record.problem


def test_a_damaged_record_is_named(oracle, store, no_training):
    planned, _ = oracle.planned(CELL, oracle.fidelities()[0])
    path = training_path(store, planned.key)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(UserError, match=f"{planned.key}.*remove it to run it again"):
        oracle.query(CELL, **TEST)


def test_untrained_is_what_the_store_lacks_each_once(oracle, store):
    asked = oracle.fidelities()[0]
    trainings = [planned for cell in (CELL, OTHER, CELL) for planned in oracle.planned(cell, asked)]
    found = untrained(trainings, store)
    assert [(own.spec.genotype, own.spec.seed) for own in found] == [
        (CELL.id, 0),
        (CELL.id, 1),
        (OTHER.id, 0),
        (OTHER.id, 1),
    ]
    train_planned(found[0], store, report=lambda *_: None)
    assert untrained(trainings, store) == found[1:]


def test_what_somebody_else_trains_is_not_waited_for_where_there_is_other_work(oracle, store):
    (planned, _), recipe = oracle.planned(CELL, oracle.fidelities()[0]), oracle.recipe
    impatient = StandaloneOracle(recipe, store, oracle.trials, wait=False)
    with claimed(store.root / "standalone", planned.key), pytest.raises(Busy):
        impatient.query(CELL, **TEST)
    assert impatient.query(CELL, **TEST).n_trials == 2


def test_a_training_inside_a_run_leaves_the_claim_of_the_run_alone(oracle, store):
    planned, _ = oracle.planned(CELL, oracle.fidelities()[0])
    with claimed(store.root, planned.key) as claim:
        train_planned(planned, store, report=lambda *_: None)
        with pytest.raises(Busy), claimed(store.root, planned.key, wait=False):
            pass
        claim.check()
    assert list((store.root / "standalone" / "claims").iterdir()) == []


def test_the_fingerprint_knows_recipe_and_trials(oracle, store):
    same = StandaloneOracle(recipe_for(DIGITS, "smoke", overrides=QUICK), store, trials=2)
    longer = recipe_for(DIGITS, "smoke", overrides={"training": {**QUICK["training"], "epochs": 4}})
    others = [
        StandaloneOracle(same.recipe, store, trials=1),
        StandaloneOracle(longer, store, trials=2),
        StandaloneOracle(replace(same.recipe, threads=2), store, trials=2),
        StandaloneOracle(recipe_for(DIGITS, "laptop"), store, trials=2),
    ]
    assert oracle.fingerprint() == same.fingerprint()
    assert len({other.fingerprint() for other in [oracle, *others]}) == 5


def test_the_truth_of_a_benchmark_is_its_table_or_its_trainings(store):
    assert isinstance(truth_of(benchmarks.get("nb201-digits"), store, "smoke"), TableOracle)
    trained = truth_of(DIGITS, store, "smoke")
    assert isinstance(trained, StandaloneOracle)
    held = trained.fidelities()
    at = DIGITS.at("smoke")
    assert all(scoring.fidelity in held for scoring in at.scorings)
    assert at.search in held
    assert "every cell trained once from scratch on 200 training images of digits at 8×8" in trained.source


@pytest.mark.parametrize("name", ["darts-digits", "darts-cifar10", "darts-cifar100", "darts-imagenet"])
@pytest.mark.parametrize("scale", benchmarks.SCALES)
def test_every_recipe_can_be_had_at_every_scale(name, scale):
    recipe = recipe_for(benchmarks.get(name), scale)
    assert recipe.settings.cutout <= recipe.skeleton.image_size
    assert recipe.settings.epochs == benchmarks.get(name).at(scale).primary.fidelity.epochs


@pytest.mark.parametrize(
    ("name", "scale", "overrides", "words"),
    [
        ("nb201-digits", "smoke", {}, "has a table and trains no cells; allowed: darts-digits"),
        ("darts-digits", "smok", {}, "unknown scale 'smok'; did you mean 'smoke'"),
        ("darts-digits", "smoke", {"sampler": {}}, "block of settings 'sampler'"),
        ("darts-digits", "smoke", {"training": {"epoch": 1}}, "did you mean 'epochs'"),
        ("darts-digits", "smoke", {"training": {"cutout": 3}}, "training.cutout"),
        ("darts-digits", "smoke", {"skeleton": {"chanels": 3}}, "did you mean 'channels'"),
        ("darts-digits", "smoke", {"skeleton": {"cells": "many"}}, "'cells' cannot be 'many'; a whole number"),
        ("darts-digits", "smoke", {"skeleton": {"auxiliary": True}}, "impossible skeleton: the auxiliary head"),
    ],
)
def test_impossible_recipes_are_refused(name, scale, overrides, words):
    with pytest.raises(UserError, match=words):
        recipe_for(benchmarks.get(name), scale, overrides=overrides)


def test_images_that_do_not_fit_are_refused_before_anything_is_trained(no_training, store):
    recipe = recipe_for(DIGITS, "smoke", overrides={"skeleton": {"classes": 12}})
    with pytest.raises(UserError, match="12"):
        StandaloneOracle(recipe, store).fingerprint()


def scored_by_hand(recipe, folder):
    """Accuracy and mean loss of the same training, on test images of one color each, which no cut changes."""
    data = fitting(
        load_to_train("imagenet", classes=2, allow_unverified=True), recipe.skeleton, recipe.settings, Split.TEST
    )
    training = darts_training(CELL, data, recipe.skeleton, recipe.settings, 0)
    training.run(None, lambda *_: None)
    network, side = training.network.eval(), recipe.skeleton.image_size
    hits, losses = [], []
    for label, name in enumerate(("apple", "boat")):
        for file in sorted((folder / "val" / name).iterdir()):
            color = torch.tensor(Image.open(file).getpixel((0, 0)), dtype=torch.float32)
            pixels = (color - torch.tensor(data.mean)) / torch.tensor(data.std)
            with torch.inference_mode():
                logits = network(pixels.view(1, 3, 1, 1).expand(1, 3, side, side))[0][0]
            hits.append(int(logits.argmax()) == label)
            losses.append(float(logits.logsumexp(0) - logits[label]))
    return 100 * sum(hits) / len(hits), pytest.approx(sum(losses) / len(losses), rel=1e-4)


def test_a_folder_of_photographs_is_trained_on(store, tmp_path, monkeypatch):
    for split, count in (("train", 6), ("val", 2)):
        for shade, name in enumerate(("apple", "boat")):
            folder = tmp_path / "data" / "imagenet" / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (40, 36), (90 * shade + 9 * number, 60, 120)).save(folder / f"{number}.jpeg")
    monkeypatch.setenv("NASREPRO_DATA", str(tmp_path / "data"))
    photographs = benchmarks.get("darts-imagenet")
    recipe = recipe_for(photographs, "smoke", overrides={"skeleton": {"classes": 2}}, allow_unverified=True)
    (planned,) = (recipe.planned(CELL, 0),)
    record = train_planned(planned, store, report=lambda *_: None)
    assert (record.status, record.images, record.verified) == ("done", 12, False)
    assert (record.final.accuracy, record.final.loss) == scored_by_hand(recipe, tmp_path / "data" / "imagenet")
    assert StandaloneOracle(recipe, store).source.endswith("(unverified)")
    with pytest.raises(UserError, match=r"2 classes.* 1,?000"):
        recipe_for(photographs, "smoke", allow_unverified=True).planned(CELL, 0)
    oracle = StandaloneOracle(recipe, store)
    assert oracle.fidelities() == [Fidelity("imagenet", Split.TEST, 1)]
    with pytest.raises(UserError, match=r"no imagenet valid after 1 epochs; it has: imagenet test after 1 epochs$"):
        oracle.query(CELL, dataset="imagenet", split=Split.VALID, epochs=1)
