"""Replicas in turn and replicas in processes are one training."""

import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from replica_process import RECIPE, SKELETON, Stopped, images, run, training
from tiny_training import assert_identical, comparable

from nasrepro.datasets.parts import parts
from nasrepro.errors import UserError
from nasrepro.splits import Split
from nasrepro.supernets.norm import Norm
from nasrepro.training.darts_standalone import fitting
from nasrepro.training.replicas import Together
from nasrepro.training.retraining import Replication
from nasrepro.training.team import process_group

SCRIPT = Path(__file__).with_name("replica_process.py")


def processes(folder, size, checkpoint="", stop=0):
    """Train in so many processes; the state at the end of each, None where they were stopped."""
    folder.mkdir()
    outs = [folder / f"{number}.pt" for number in range(size)]
    each = [[number, size, outs[number], checkpoint, stop] for number in range(size)]
    running = [
        subprocess.Popen(
            [sys.executable, SCRIPT, *map(str, [folder / "store", *own])], stderr=subprocess.PIPE, text=True
        )
        for own in each
    ]
    said = [process.communicate(timeout=120)[1] for process in running]
    assert said == [""] * size
    return [torch.load(out, weights_only=True) if out.exists() else None for out in outs]


@pytest.fixture(scope="module")
def in_turn():
    return run(training(2))


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    return processes(tmp_path_factory.mktemp("replicas") / "two", 2)


def close(state, other, tolerance):
    assert state["losses"] == pytest.approx(other["losses"], abs=tolerance)
    assert list(state["network"]) == list(other["network"])
    for name, value in state["network"].items():
        assert torch.allclose(value, other["network"][name], atol=tolerance, rtol=tolerance), name


def test_two_processes_train_as_one_that_takes_the_replicas_in_turn(together, in_turn):
    assert len(in_turn["losses"]) == 12
    assert in_turn["losses"][:6] == pytest.approx(together[0]["losses"][:6], abs=1e-5)
    close(in_turn, together[0], 2e-4)
    ours, theirs = in_turn["progress"], together[0]["progress"]
    assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-4)
    for (epoch, scores), (other, again) in zip(ours["curve"], theirs["curve"], strict=True):
        assert epoch == other
        assert scores["test"][0] == again["test"][0]  # accuracy, counted
        assert scores["test"][1] == pytest.approx(again["test"][1], abs=1e-4)
    for stream in ("batches", "generators"):
        assert_identical(in_turn[stream], together[0][stream])


def test_the_processes_end_with_one_network_to_the_last_bit(together):
    assert_identical(comparable(together[0]), comparable(together[1]))


def test_replicas_normalize_their_own_images():
    one, two = run(training(1)), run(training(2))
    assert abs(one["losses"][0] - two["losses"][0]) > 1e-3
    assert_identical(one["batches"], two["batches"])
    assert_identical(one["generators"], two["generators"])  # what is dropped does not depend on the replicas


@pytest.mark.parametrize("replicas", [2, 3])
def test_a_step_in_turn_is_the_mean_gradient_and_the_mean_statistics(replicas):
    made = training(replicas)
    made.network.train()
    for _ in range(4):  # the last is the smaller batch
        x, y = made.batches.next()
    plain = deepcopy(made.network)
    loss, statistics = 0, []
    before = deepcopy(dict(plain.named_buffers()))
    for part in parts(len(y), replicas):
        for name, buffer in plain.named_buffers():
            buffer.data = before[name].clone()
        logits, auxiliary = plain(part.of(x))
        each = F.cross_entropy(logits, part.of(y), reduction="sum")
        loss = loss + (each + 0.4 * F.cross_entropy(auxiliary, part.of(y), reduction="sum")) / len(y)
        statistics.append({name: buffer.clone() for name, buffer in plain.named_buffers()})
    loss.backward()
    assert len(y) == 7
    assert float(made._gradients(x, y)) == pytest.approx(loss.item(), abs=1e-6)
    for (name, weight), wanted in zip(made.network.named_parameters(), plain.parameters(), strict=True):
        assert torch.allclose(weight.grad, wanted.grad, atol=1e-6, rtol=1e-4), name
    for name, buffer in made.network.named_buffers():
        mean = torch.stack([each[name] for each in statistics]).mean(0)
        assert not torch.equal(buffer, before[name]), name
        assert torch.allclose(buffer, mean, atol=1e-6), name


def test_any_execution_continues_any_other(tmp_path, in_turn):
    """Two processes are stopped in the second epoch, one in the third, and two go on to the end."""
    kept = tmp_path / "checkpoint.pt"
    assert processes(tmp_path / "first", 2, checkpoint=kept, stop=6) == [None, None]
    with pytest.raises(Stopped):
        run(training(2), kept, stop=10)
    first, second = processes(tmp_path / "third", 2, checkpoint=kept)
    assert first["losses"] == pytest.approx(in_turn["losses"][8:], abs=1e-4)
    close({**first, "losses": []}, {**in_turn, "losses": []}, 2e-4)
    assert_identical(comparable(first), comparable(second))


@pytest.mark.parametrize("kind", ["in turn", "together"])
def test_weights_that_no_loss_reaches_stay_without_a_gradient(tmp_path, kind):
    """A head whose loss counts nothing decays in no execution."""
    made = training(2, recipe=RECIPE.model_copy(update={"auxiliary_weight": 0.0}))
    before = made.network.auxiliary.head.weight.detach().clone()
    made.network.train()
    meeting = torch.distributed.FileStore(str(tmp_path / "store"), 1)
    with process_group(meeting, torch.device("cpu"), 0, 1) as team:
        if kind == "together":
            made._gradients = Together(made.network, made._loss, team, lambda: made.batches.part)
        for _ in range(3):
            made._descend(*made.batches.next())
    assert made.network.head.weight.grad is not None
    assert made.network.auxiliary.head.weight.grad is None
    assert torch.equal(made.network.auxiliary.head.weight, before)


def test_linear_scaling_is_a_larger_batch_at_a_larger_rate_that_is_grown_into():
    seen, made = [], training(2, scaling="linear", recipe=RECIPE.model_copy(update={"batch_size": 5, "epochs": 7}))
    made.run(None, lambda done, total: seen.append(made.optimizer.param_groups[0]["lr"]))
    assert len(seen) == 7 * 4
    reference = [RECIPE.model_copy(update={"epochs": 7}).learning_rate(epoch) for epoch in range(7)]
    assert seen[0] == pytest.approx(0.05)  # of one replica
    assert seen[1] == pytest.approx(0.05 * (1 + 1 / 20))
    assert seen[10] == pytest.approx(2 * reference[2] * (0.5 + 0.5 * 10 / 20))
    assert seen[20:] == pytest.approx([2 * reference[5]] * 4 + [2 * reference[6]] * 4)


def test_fixed_scaling_changes_neither_batch_nor_rate():
    recipe = Replication(8).of_step(RECIPE)
    assert (recipe.batch_size, recipe.lr) == (RECIPE.batch_size, RECIPE.lr)
    assert Replication(8).warming(0.0) == 1


@pytest.mark.parametrize(("replicas", "words"), [(4, "a replica a single image"), (8, "too small for 8 replicas")])
def test_a_last_batch_that_is_too_small_is_refused(replicas, words):
    with pytest.raises(UserError, match=words):
        fitting(images(), SKELETON, RECIPE, Split.TEST, Replication(replicas))


def test_momenta_are_those_of_one_update_with_the_mean():
    made = training(3)
    statistics, momenta = torch.tensor([1.0, 5.0, 12.0]), []
    for turn in range(3):
        made._gradients._weigh(turn)
        momenta.append(next(module for module in made.network.modules() if isinstance(module, Norm)).momentum)
    value = torch.tensor(7.0)
    for momentum, statistic in zip(momenta, statistics, strict=True):
        value = (1 - momentum) * value + momentum * statistic
    assert float(value) == pytest.approx(0.9 * 7 + 0.1 * 6)
