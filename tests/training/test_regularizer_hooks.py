"""When a regularizer is asked what, what its answers cost, and that a training without one knows nothing of it."""

import pytest
import torch
from tiny_training import ScriptedSampler, Stop, assert_identical, comparable, stop_at

from nasrepro.regularizers.complementation import Complementation, ComplementationSettings
from nasrepro.regularizers.nsas import NSAS, NSASSettings
from nasrepro.regularizers.wpl import WPL, WPLSettings
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.training.regularizer import Regularizer, WeightStep
from nasrepro.training.supernet import Diverged

PATH = (3, 0, 2, 1, 4, 3)
OTHER = (2, 3, 0, 3, 2, 0)
THIRD = (3, 1, 0, 2, 4, 1)


class Doubled(Regularizer):
    """Twice the plain loss, and whatever else a test wants; notes what it is asked."""

    def __init__(self, factor=2.0, then=()):
        self.factor, self.then, self.calls, self.seen = factor, then, [], []

    def begin_epoch(self, epoch, epochs):
        self.calls.append(f"epoch {epoch} of {epochs}")

    def loss(self, step):
        self.calls.append("loss")
        self.seen.append(float(step.cross_entropy(step.path).detach()))
        return self.factor * step.cross_entropy(step.path)

    def after_step(self, step):
        self.calls.append("after")
        for path in self.then:
            self.seen.append(float(step.cross_entropy(path).detach()))

    def state_dict(self):
        return {"n": len(self.calls)}

    def load_state_dict(self, state):
        self.calls = ["…"] * state["n"]


def run(training, file, report=lambda *_: None):
    return training.run(file, observe_at=(), observe=lambda p: {}, report=report)


def test_it_is_asked_before_every_epoch_and_around_every_step(make_training, tmp_path):
    regularizer = Doubled()
    progress = run(make_training(ScriptedSampler(PATH), regularizer=regularizer, epochs=2), tmp_path / "c")
    epoch = ["loss", "after"] * 5
    assert regularizer.calls == ["epoch 0 of 2", *epoch, "epoch 1 of 2", *epoch]
    assert progress.loss[0] == pytest.approx(sum(regularizer.seen[:5]) / 5, rel=1e-6)  # not twice that


def test_the_weights_descend_its_loss(make_training):
    lengths = []
    for regularizer in (None, Doubled()):
        training = make_training(
            ScriptedSampler(PATH), regularizer=regularizer, momentum=0.0, weight_decay=0.0, clip=None
        )
        before = torch.cat([w.detach().flatten().clone() for w in training.weights])
        training._weight_step(*training.train_stream.next())
        lengths.append(float((torch.cat([w.detach().flatten() for w in training.weights]) - before).norm()))
    assert lengths[1] == pytest.approx(2 * lengths[0], rel=1e-4)


def test_looking_back_sees_the_moved_weights_and_is_counted(make_training, tmp_path):
    regularizer = Doubled(then=(PATH, OTHER, OTHER))
    training = make_training(ScriptedSampler(PATH), regularizer=regularizer, epochs=1, lr=0.5, momentum=0.0)
    progress = run(training, tmp_path / "c")
    assert progress.path_steps == 3 * progress.steps
    before, after = regularizer.seen[:2]
    assert before != after
    assert regularizer.seen[2] == regularizer.seen[3]


def test_a_regularizer_that_changes_nothing_leaves_everything_as_it_was(make_training, tmp_path):
    plain, same = make_training(), make_training(regularizer=Doubled(factor=1.0))
    assert run(plain, tmp_path / "a").loss == run(same, tmp_path / "b").loss
    assert_identical(plain.network.state_dict(), same.network.state_dict())


@pytest.fixture
def counted(make_training):
    """A weight step on a training's next batch, and the paths that its network is run for."""
    training = make_training(ScriptedSampler(PATH))
    step, ran = WeightStep(training.network, PATH, training.train_stream.next()), []
    training.network.register_forward_pre_hook(lambda _, given: ran.append(given[1]))
    return step, ran


def test_many_cross_entropies_are_those_of_each_path_and_no_path_runs_twice(counted):
    step, ran = counted
    own = step.cross_entropy(PATH)
    many = step.cross_entropies([OTHER, PATH, OTHER])
    assert many[1] is own
    assert many[0] is many[2] is step.cross_entropy(OTHER)
    assert step.cross_entropies([]) == []
    assert step.paths_run == 2
    assert ran == [PATH, OTHER]


def test_new_paths_run_together(counted, monkeypatch):
    step, ran = counted
    together, many = [], step.network.many
    monkeypatch.setattr(step.network, "many", lambda x, paths: together.append(list(paths)) or many(x, paths))
    step.cross_entropy(PATH)
    losses = step.cross_entropies([OTHER, PATH, THIRD, OTHER])
    assert together == [[OTHER, THIRD]]
    assert step.paths_run == 3
    assert ran == [PATH]
    alone = WeightStep(step.network, PATH, step._batch)
    for path, loss in zip((OTHER, PATH, THIRD), losses, strict=False):
        assert loss.item() == pytest.approx(alone.cross_entropy(path).item(), rel=1e-5)
        assert step.losses(path).mean().item() == pytest.approx(loss.item(), rel=1e-6)


def test_a_network_that_cannot_runs_them_one_by_one():
    class Lone(torch.nn.Module):
        def forward(self, x, path):
            return x * sum(path)

    step = WeightStep(Lone(), PATH, (torch.eye(3), torch.arange(3)))
    losses = step.cross_entropies([PATH, OTHER])
    assert [loss.item() for loss in losses] == [step.cross_entropy(path).item() for path in (PATH, OTHER)]
    assert losses[0] < losses[1]  # the larger the codes, the surer
    assert step.paths_run == 2


def test_losses_image_by_image_come_from_the_same_pass(counted):
    step, ran = counted
    losses = step.losses(PATH)
    assert losses.ndim == 1
    assert float(losses.detach().mean()) == pytest.approx(float(step.cross_entropy(PATH).detach()), rel=1e-6)
    (of_one,) = torch.autograd.grad(losses[0], [step.network.head.weight])
    assert of_one.abs().sum() > 0
    assert step.paths_run == 1
    assert ran == [PATH]


def test_after_the_weights_moved_everything_is_run_anew(counted):
    step, ran = counted
    before, each = step.cross_entropy(PATH).item(), step.losses(PATH).detach()
    with torch.no_grad():
        for weight in step.network.parameters():
            weight.mul_(1.5)
    step.weights_moved()
    assert step.cross_entropy(PATH).item() != before
    assert not torch.equal(step.losses(PATH).detach(), each)
    assert ran == [PATH, PATH]


def test_replayed_paths_are_counted(make_training, tmp_path):
    regularizer = Complementation(NB201Space(), ComplementationSettings(), 0)
    half = (*PATH[:3], *OTHER[3:])
    training = make_training(ScriptedSampler(PATH, half), regularizer=regularizer, epochs=1)
    progress = run(training, tmp_path / "c")
    assert progress.path_steps == 3 * progress.steps - 1  # the first step has nothing to replay but itself


def test_a_path_without_anything_in_common_with_the_one_before_is_its_own_complement(make_training, tmp_path):
    regularizer = Complementation(NB201Space(), ComplementationSettings(), 0)
    training = make_training(ScriptedSampler(PATH, OTHER), regularizer=regularizer, epochs=1)
    progress = run(training, tmp_path / "c")
    assert progress.path_steps == 2 * progress.steps


class Replaying(Doubled):
    """Plain steps, each followed by updates on other paths."""

    def __init__(self, *replays):
        super().__init__(factor=1.0)
        self.replays = replays

    def replayed(self, step):
        self.calls.append("replayed")
        self.seen.append(float(step.cross_entropy(self.replays[0]).detach()))
        return self.replays


def test_a_replayed_path_is_trained_by_an_update_of_its_own(make_training):
    alone = "body.0.candidates.3_nor_conv_3x3.conv.weight"  # the fourth edge, where PATH has a skip connection
    settings = {"momentum": 0.0, "weight_decay": 0.0, "clip": None, "lr": 0.1}
    training = make_training(ScriptedSampler(PATH), regularizer=Replaying(OTHER), **settings)
    by_hand = make_training(ScriptedSampler(PATH, OTHER), **settings)
    before = dict(training.network.state_dict())[alone].clone()
    batch = training.train_stream.next()
    training._weight_step(*batch)
    assert not torch.equal(training.network.state_dict()[alone], before)
    for _ in range(2):
        by_hand._weight_step(*batch)
    assert_identical(training.network.state_dict(), by_hand.network.state_dict())
    assert training.regularizer.calls == ["loss", "replayed", "after"]
    assert training.progress.path_steps == 2


def test_replayed_updates_are_paths_and_no_steps_and_no_part_of_the_loss(make_training, tmp_path):
    regularizer = Replaying(OTHER, PATH)
    training = make_training(ScriptedSampler(PATH), regularizer=regularizer, epochs=1)
    progress = run(training, tmp_path / "c")
    assert progress.steps == 5
    assert progress.path_steps == 3 * 5  # the first replayed path was asked for before, and is not run again
    assert progress.loss[0] == pytest.approx(sum(regularizer.seen[::2]) / 5, rel=1e-6)


@pytest.mark.parametrize("form", ["soft", "replay"])
@pytest.mark.parametrize("sampler", ["uniform", "gumbel"])
def test_interrupted_training_with_constraints_ends_in_the_same_state(make_training, tmp_path, sampler, form):
    def fresh():
        settings = NSASSettings(archive=2, recent=5, form=form)
        return make_training(sampler, regularizer=NSAS(NB201Space(), settings, 0))

    whole = fresh()
    run(whole, tmp_path / "whole")
    for stop in (1, 7, 11):
        with pytest.raises(Stop):
            run(fresh(), tmp_path / "c", stop_at(stop))
    resumed = fresh()
    run(resumed, tmp_path / "c")
    assert_identical(comparable(resumed.state_dict()), comparable(whole.state_dict()))
    assert whole.progress.path_steps > 2 * whole.progress.steps - 3


@pytest.mark.parametrize("sampler", ["uniform", "gumbel"])
def test_weight_plasticity_to_the_letter_is_the_plain_training_at_twice_the_paths(make_training, tmp_path, sampler):
    letter = WPL(NB201Space(), WPLSettings(strength=1000, memory=0), 0)
    trainings = {"plain": make_training(sampler), "letter": make_training(sampler, regularizer=letter)}
    plain, other = (run(training, tmp_path / name) for name, training in trainings.items())
    assert other.loss == plain.loss
    assert_identical(trainings["letter"].network.state_dict(), trainings["plain"].network.state_dict())
    assert other.path_steps == plain.path_steps + plain.steps


@pytest.mark.parametrize("sampler", ["uniform", "gumbel"])
def test_interrupted_training_with_weight_plasticity_ends_in_the_same_state(make_training, tmp_path, sampler):
    def fresh():
        return make_training(sampler, regularizer=WPL(NB201Space(), WPLSettings(), 0))

    whole = fresh()
    run(whole, tmp_path / "whole")
    for stop in (1, 7, 11):
        with pytest.raises(Stop):
            run(fresh(), tmp_path / "c", stop_at(stop))
    resumed = fresh()
    run(resumed, tmp_path / "c")
    assert_identical(comparable(resumed.state_dict()), comparable(whole.state_dict()))


@pytest.mark.parametrize("stops", [(7,), (3, 5, 6, 11)], ids=str)
@pytest.mark.parametrize("sampler", ["uniform", "gumbel"])
def test_interrupted_training_ends_in_the_same_state(make_training, tmp_path, sampler, stops):
    def fresh():
        return make_training(sampler, regularizer=Complementation(NB201Space(), ComplementationSettings(), 0))

    whole = fresh()
    run(whole, tmp_path / "whole")
    for stop in stops:
        with pytest.raises(Stop):
            run(fresh(), tmp_path / "c", stop_at(stop))
    resumed = fresh()
    run(resumed, tmp_path / "c")
    assert_identical(comparable(resumed.state_dict()), comparable(whole.state_dict()))


def test_a_descended_loss_that_is_no_number_is_named(make_training, tmp_path):
    training = make_training(ScriptedSampler(PATH), regularizer=Doubled(factor=float("inf")), lr=1e-30, epochs=1)
    with pytest.raises(Diverged, match="training loss became"):
        run(training, tmp_path / "c")


def test_a_mixture_cannot_be_regularized(make_training, tmp_path):
    training = make_training(ScriptedSampler(torch.full((6, 5), 0.2)), regularizer=Doubled())
    with pytest.raises(TypeError, match="single paths"):
        run(training, tmp_path / "c")
