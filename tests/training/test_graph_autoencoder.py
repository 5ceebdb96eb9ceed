"""The loop that trains a graph autoencoder: it learns, repeats to the last bit, goes on where it was, and holds out."""

from __future__ import annotations

import pytest
import torch
from tiny_training import Stop, assert_identical, stop_at

from nasrepro.latent.nb201_latents import CellLatents
from nasrepro.spaces.nb201 import indices_of
from nasrepro.training import graph_autoencoder
from nasrepro.training.graph_autoencoder import GraphAutoencoderTraining, GraphVAESettings

TINY = GraphVAESettings(hidden=12, latent=6, epochs=4, batch_size=50, lr=0.02, share=0.04)


@pytest.fixture(scope="module", autouse=True)
def quickly_warm():
    """Trainings of a few dozen steps would otherwise end before the learning rate is reached."""
    before, graph_autoencoder._WARM = graph_autoencoder._WARM, 10
    yield
    graph_autoencoder._WARM = before


def training(seed=0, **settings):
    return GraphAutoencoderTraining(TINY.model_copy(update=settings), seed)


def weights(run):
    return run.model.state_dict()


def different(a, b):
    return any(not torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, quickly_warm):
    run, file = training(), tmp_path_factory.mktemp("whole") / "checkpoint.pt"
    return run, run.run(file), file


def test_the_loss_goes_down(finished):
    spelling = [loss for loss, _ in finished[0].losses]
    assert len(spelling) == 4
    assert spelling == sorted(spelling, reverse=True)
    assert spelling[-1] < spelling[0] - 0.3


def test_few_cells_are_learned(tmp_path):
    run = training(hidden=32, latent=12, epochs=60, share=0.002, batch_size=16)
    run.run(tmp_path / "checkpoint.pt")
    spelling, divergence = run.losses[-1]
    assert spelling < 4  # knowing nothing is 6 log 5 = 9.7 nats
    assert divergence > 10
    assert spelling < run.losses[29][0] - 1


def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before(finished, tmp_path):
    torch.rand(7)
    before = torch.get_rng_state()
    again = training()
    again.run(tmp_path / "checkpoint.pt")
    assert torch.equal(torch.get_rng_state(), before)
    assert_identical(weights(again), weights(finished[0]))
    assert again.losses == finished[0].losses


def test_another_seed_gives_others(finished, tmp_path):
    other = training(1)
    other.run(tmp_path / "checkpoint.pt")
    assert different(weights(other), weights(finished[0]))


@pytest.mark.parametrize("cut", [1, 3])
def test_a_training_that_was_cut_ends_with_the_same_bytes(finished, tmp_path, cut):
    file = tmp_path / "checkpoint.pt"
    with pytest.raises(Stop):
        training().run(file, stop_at(cut))
    reported = []
    run = training()
    latents = run.run(file, lambda done, total: reported.append((done, total)))
    assert reported == [(epoch, 4) for epoch in range(cut + 1, 5)]
    assert_identical(weights(run), weights(finished[0]))
    assert run.losses == finished[0].losses
    assert latents.content(run.about()) == finished[1].content(finished[0].about())


def test_a_finished_training_is_not_done_again(finished):
    first, _, file = finished
    again = training()
    again.run(file, stop_at(4))
    assert again.seconds == first.seconds > 0
    assert_identical(weights(again), weights(first))


def test_held_out_cells_are_the_others(finished):
    run = finished[0]
    shown, held = (set(indices_of(part).tolist()) for part in (run.shown, run.held_out))
    assert len(shown) == len(run.shown) == 625
    assert not shown & held
    assert shown | held == set(range(15_625))
    assert len(training(share=1.0).held_out) == 0


def test_what_is_held_out_is_drawn_by_the_seed():
    assert_identical(*(torch.as_tensor(training().shown) for _ in range(2)))
    assert not (training(1).shown == training().shown).all()


@pytest.mark.parametrize("settings", [{"noise": 0.0}, {"kl_weight": 5.0, "kl_rise": 0.0}])
def test_noise_and_the_weight_of_the_divergence_are_heard(finished, tmp_path, settings):
    other = training(**settings)
    with pytest.raises(Stop):
        other.run(tmp_path / "checkpoint.pt", stop_at(2))
    assert other.losses != finished[0].losses[:2]
    if "kl_weight" in settings:
        assert other.losses[1][1] < finished[0].losses[1][1] / 10


def test_the_map_that_comes_out_is_the_model_and_says_how_it_was_trained(finished):
    run, latents, _ = finished
    torch.testing.assert_close(latents.encode(run.shown).float(), run.model.encode(run._codes)[0])
    assert isinstance(latents, CellLatents)
    about = run.about()
    assert (about["seed"], about["cells"]) == ("0", "625")
    assert GraphVAESettings.model_validate_json(about["recipe"]) == TINY
    assert next(run.model.parameters()).dtype == torch.float32
