"""The supernet loop: what moves, what does not, and what is counted."""

import pytest
import torch
from tiny_training import ScriptedSampler

from nasrepro.methods.gumbel import GumbelSampler, GumbelSettings
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.training.schedule import cosine
from nasrepro.training.supernet import Diverged

PATH = (3, 0, 2, 1, 4, 3)
DISJOINT = (2, 3, 0, 3, 2, 0)


def nothing(*_):
    return {}


def run(training, file, observe_at=(), observe=nothing, report=nothing):
    return training.run(file, observe_at=observe_at, observe=observe, report=report)


def candidates(network, names):
    """Weights of the candidate convolutions called `names` in all cells."""
    return {
        key: value.detach().clone()
        for key, value in network.named_parameters()
        if "candidates" in key and key.split(".")[3] in names
    }


ON_PATH = ("0_nor_conv_3x3", "2_nor_conv_1x1", "5_nor_conv_3x3")


def test_the_loss_of_one_path_goes_down_quickly(make_training, tmp_path):
    progress = run(make_training(ScriptedSampler(PATH), epochs=10, lr=0.1), tmp_path / "c")
    assert len(progress.loss) == 10
    assert progress.loss[-1] < progress.loss[0] - 0.5


@pytest.mark.parametrize("sampler", ["uniform", "gumbel"])
def test_the_loss_of_many_paths_goes_down(make_training, tmp_path, sampler):
    progress = run(make_training(sampler, epochs=25, lr=0.1), tmp_path / "c")
    assert sum(progress.loss[-5:]) / 5 < progress.loss[0] - 0.15


def test_what_is_counted(make_training, tmp_path):
    seen = []
    uniform = run(make_training(), tmp_path / "a", report=lambda *counts: seen.append(counts))
    assert seen == [(step, 15) for step in range(1, 16)]  # 150 images in batches of 32, three times
    assert (uniform.epoch, uniform.steps, uniform.path_steps, uniform.samples) == (3, 15, 15, 450)
    gumbel = run(make_training("gumbel"), tmp_path / "b")
    assert (gumbel.steps, gumbel.path_steps, gumbel.samples) == (15, 30, 450)
    assert gumbel.seconds["search"] >= gumbel.seconds["steps"] > 0


def test_observations_are_made_after_the_named_epochs(make_training, tmp_path):
    progress = run(make_training(), tmp_path / "c", observe_at=(1, 3), observe=lambda p: {"at": p.epoch, "n": p.steps})
    assert progress.observations == [{"at": 1, "n": 5}, {"at": 3, "n": 15}]


def test_only_weights_on_the_path_move(make_training):
    training = make_training(ScriptedSampler(PATH))
    before = candidates(training.network, ON_PATH), {k: v.clone() for k, v in training.network.state_dict().items()}
    training._weight_step(*training.train_stream.next())
    after = training.network.state_dict()
    for key, value in before[1].items():
        moved = not torch.equal(value, after[key])
        assert moved == ("candidates" not in key or key in before[0]), key
    assert len(before[0]) == 6


def test_momentum_and_decay_do_not_move_a_path_that_rests(make_training):
    training = make_training(ScriptedSampler(PATH, DISJOINT), weight_decay=0.1)
    training._weight_step(*training.train_stream.next())
    rested = candidates(training.network, ON_PATH)
    training._weight_step(*training.train_stream.next())
    now = candidates(training.network, ON_PATH)
    assert all(torch.equal(rested[key], now[key]) for key in rested)


def flat(network):
    return torch.cat([w.detach().flatten().clone() for w in network.parameters()])


def test_the_step_is_clipped_to_the_given_norm(make_training):
    plain = {"lr": 1.0, "momentum": 0.0, "weight_decay": 0.0}
    lengths = {}
    for clip in (None, 0.01, 1e6):
        training = make_training(ScriptedSampler(PATH), clip=clip, **plain)
        before = flat(training.network)
        training._weight_step(*training.train_stream.next())
        lengths[clip] = float((flat(training.network) - before).norm())
    assert lengths[0.01] == pytest.approx(0.01, rel=1e-3)
    assert lengths[None] == lengths[1e6] > 0.1


def test_the_clipped_norm_holds_weights_only(make_training):
    """A huge gradient left on alpha changes nothing, unlike in the 2020 release, which clips both together."""
    results = []
    for leftover in (0.0, 1e6):
        sampler = GumbelSampler(NB201Space(), GumbelSettings(), 0)
        sampler.alpha.grad = torch.full_like(sampler.alpha, leftover)
        training = make_training(sampler, clip=0.01)
        training._weight_step(*training.train_stream.next())
        results.append(flat(training.network))
    assert torch.equal(*results)


def test_the_learning_rate_is_set_once_per_epoch(make_training, tmp_path):
    rates = []

    class Spy(ScriptedSampler):
        def sample(self):
            rates.append(training.optimizer.param_groups[0]["lr"])
            return super().sample()

    sampler = Spy(PATH)
    training = make_training(sampler, lr=0.05, lr_min=0.01)
    run(training, tmp_path / "c")
    assert rates == [cosine(0.05, 0.01, epoch, 3) for epoch in range(3) for _ in range(5)]
    assert sampler.epochs == [(0, 3), (1, 3), (2, 3)]


def test_a_loss_that_is_no_number_is_named(make_training, tmp_path):
    training = make_training(lr=1e30, clip=None)
    with pytest.raises(Diverged, match=r"loss became nan in epoch \d of 3"):
        run(training, tmp_path / "c")
