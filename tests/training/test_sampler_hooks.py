"""When a sampler is asked what, and what its answers cost."""

import pytest
import torch
from tiny_training import ScriptedSampler

PATH = (3, 0, 2, 1, 4, 3)


class Listener(ScriptedSampler):
    """Notes the order of calls, and whether the weights had moved by then."""

    def __init__(self, learns_first):
        super().__init__(PATH)
        self.learns_first, self.calls = learns_first, []

    def sample(self):
        self.calls.append("weights")
        return super().sample()

    def learn(self, lessons, train_batch):
        self.calls.append("learn")
        self.batch, self.lessons = train_batch, lessons
        return 2

    def end_epoch(self, lessons, epoch, epochs):
        self.calls.append(f"end {epoch} of {epochs}")
        return 7


@pytest.mark.parametrize("first", [True, False])
def test_learning_comes_before_or_after_the_weight_step_of_the_same_batch(make_training, tmp_path, first):
    sampler = Listener(first)
    progress = make_training(sampler, epochs=2).run(
        tmp_path / "c", observe_at=(), observe=lambda p: {}, report=lambda *_: None
    )
    step = ["learn", "weights"] if first else ["weights", "learn"]
    assert sampler.calls == step * 5 + ["end 0 of 2"] + step * 5 + ["end 1 of 2"]
    assert (progress.steps, progress.path_steps, progress.forward_passes) == (10, 30, 14)
    assert len(sampler.batch[1]) == 22  # the last batch of 150 images in batches of 32


def test_lessons_hold_the_training_itself(make_training, tmp_path):
    sampler = Listener(learns_first=False)
    training = make_training(sampler, epochs=1)
    training.run(tmp_path / "c", observe_at=(), observe=lambda p: {}, report=lambda *_: None)
    assert sampler.lessons.network is training.network
    assert sampler.lessons.optimizer is training.optimizer
    x, y = sampler.lessons.valid_batch()
    assert x.shape == (32, 1, 8, 8)
    assert y.shape == (32,)


def test_a_mixture_moves_every_weight_and_counts_five_paths(make_training, tmp_path):
    sampler = ScriptedSampler(torch.full((6, 5), 0.2))
    training = make_training(sampler, epochs=1)
    before = {name: value.detach().clone() for name, value in training.network.named_parameters()}
    progress = training.run(tmp_path / "c", observe_at=(), observe=lambda p: {}, report=lambda *_: None)
    assert progress.path_steps == 5 * progress.steps
    assert all(not torch.equal(before[name], value) for name, value in training.network.named_parameters())
