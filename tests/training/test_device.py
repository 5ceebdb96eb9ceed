"""Searches on a pretended GPU: what is placed where, what the GPU is waited for, and checkpoints between devices."""

from collections import Counter
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from tiny_training import Stop, stop_at

from nasrepro import benchmarks
from nasrepro.experiments import runner
from nasrepro.experiments.plan import plan
from nasrepro.experiments.specifying import specified
from nasrepro.methods import catalog
from nasrepro.methods.weights import shared_weights
from nasrepro.placement import onto, places
from nasrepro.records.store import RunStore
from nasrepro.records.variant import Variant
from nasrepro.supernets.choice import paths_in
from nasrepro.testing.pretended_gpu import GPU, OnGpu, pretended_gpu
from nasrepro.training import checkpoint, repeatable, whole_space
from nasrepro.training.repeatable import full_precision, prepare_torch
from nasrepro.training.supernet import SupernetTraining

SPACES = ("nb201-digits", "darts-digits", "rnn2-grammar")
BRIEF = {
    "nb201-digits": {"train_images": 64},
    "darts-digits": {"train_images": 64},
    "rnn2-grammar": {"train_tokens": 400},
}


def search(method, benchmark="nb201-digits", device="cpu", **training):
    """A search's training as `OneShotSearch` makes it, its shared weights, and the number of its epochs."""
    target = benchmarks.get(benchmark)
    overrides = {"training": {**BRIEF[benchmark], **training}}
    (own,) = specified([Variant(method=method)], target, scale="smoke", protocols=["sound"], overrides=overrides)
    kind = catalog.get(method).inside(target)
    settings = kind.training_settings().model_validate(own.settings["training"])
    skeleton = target.space.supernet_skeleton(own.settings["skeleton"])
    shared = shared_weights(settings, target.space, skeleton, target.load_data(), 0, device)
    parts = {
        name: part(target.space, part.Settings.model_validate(own.settings[name]), 0)
        for name, part in kind.parts().items()
        if name != "selector"
    }
    train, valid = shared.streams(0)
    return SupernetTraining(
        shared.network,
        parts["sampler"],
        train,
        valid,
        settings,
        shared.score,
        regularizer=parts.get("regularizer"),
    ), shared


def run(training, file, report=lambda done, total: None):
    return training.run(file, observe_at=(), observe=lambda progress: {}, report=report)


@pytest.fixture
def gpu():
    with pretended_gpu() as waits:
        yield waits


# what the pretended GPU itself is worth


def test_devices_are_not_mixed(gpu):
    there = torch.ones(3, device="cuda")
    assert (there * 2 + torch.tensor(1.0)).tolist() == [3, 3, 3]  # a single number comes with the operation
    with pytest.raises(RuntimeError, match="same device"):
        there + torch.ones(3)


def test_nothing_is_drawn_there(gpu):
    with pytest.raises(RuntimeError, match="draws on the GPU"):
        torch.randn(3, device="cuda")
    with pytest.raises(RuntimeError, match="draws on the GPU"):
        torch.empty(3, device="cuda").bernoulli_(0.5, generator=torch.Generator())


@pytest.mark.parametrize(
    "asking",
    [
        lambda there: float(there[0]),
        lambda there: there.tolist(),
        lambda there: there.cpu(),
        lambda there: there.to("cpu", torch.float64),
        lambda there: there[[0, 2]],
        lambda there: there[torch.tensor([0, 2])],
        lambda there: there[there > 1],
        lambda there: there.copy_(torch.zeros(3)),
        lambda there: torch.tensor([1.0, 2.0], device=there.device),
        lambda there: torch.zeros(3).to(there),
        lambda there: torch.equal(there, there),
    ],
)
def test_what_the_cpu_stands_still_for_is_counted(gpu, asking):
    asking(torch.arange(3.0).pin_memory().to("cuda", non_blocking=True))
    assert sum(gpu.values()) == 1


def test_what_it_need_not_wait_for_is_not_counted(gpu):
    index = places((0, 2), GPU)
    there = onto(torch.arange(3.0), GPU)
    assert there[index].device == there.mean().device == torch.zeros_like(there).device == GPU
    assert there.to("cuda") is there
    assert not gpu


def test_a_gradient_comes_back_to_where_the_number_was_made(gpu):
    alpha = torch.ones(2, requires_grad=True)
    weight = torch.nn.Parameter(torch.ones(2).to("cuda"))
    (onto(alpha, GPU) * weight).square().sum().backward()
    assert alpha.grad.tolist() == weight.grad.tolist() == [2, 2]
    assert (type(alpha.grad), weight.grad.device) == (torch.Tensor, GPU)


# what is where


@pytest.mark.parametrize("where", SPACES)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("execution", ["path", "everything", "mixture", "gates", "many"])
def test_a_step_of_any_kind_stays_there(gpu, where, precision, execution):
    text = where.startswith("rnn")
    if text and (precision == "bf16" or execution == "everything"):
        pytest.skip("language models have no such setting")
    settings = {} if text else {"precision": precision}
    if execution == "everything":
        settings["execution"] = "one-hot"
    training, shared = search("gdas", where, "cuda", **settings)
    space, (x, y) = benchmarks.get(where).space, training.valid_stream.next()
    path, gates = training.sampler.draw()
    mixture = torch.full((space.edges, len(space.operations)), 0.2, requires_grad=True)
    if execution == "many":
        logits = shared.network.many(x, [path, training.sampler.sample(), path]).flatten(0, 1)
        y = y.repeat(3)
    else:
        logits = shared.network(x, *{"gates": (path, gates), "mixture": (mixture,)}.get(execution, (path,)))
    loss = F.cross_entropy(logits, y)
    assert {logits.device, loss.device, y.device} == {GPU}
    loss.backward()
    training.optimizer.step()
    moved = [weight for weight in shared.network.parameters() if weight.grad is not None]
    assert moved
    assert {weight.grad.device for weight in moved} | {weight.device for weight in moved} == {GPU}
    if execution in ("gates", "mixture"):
        assert type((mixture if execution == "mixture" else training.sampler.alpha).grad) is torch.Tensor
    assert paths_in(path) == 1


@pytest.mark.parametrize("where", SPACES)
def test_data_and_judge_are_there_and_decisions_are_not(gpu, where):
    training, shared = search("gdas", where, "cuda")
    x, y = training.train_stream.next()
    assert {y.device, getattr(x, "tokens", x).device} == {GPU}
    held = shared.judge.segments if where.startswith("rnn") else shared.judge.batches
    assert {part.device for batch in held for part in batch} == {GPU}
    assert not isinstance(training.sampler.alpha, OnGpu)


# what is waited for

OF_ALPHA = {"copy to the CPU in methods/alpha.py, learn": 1}
OF_REWARDS = {"numbers asked for in training/evaluate.py, told": 1}
WAITS = {
    "randomnas": {},
    "randomnas-nsas": {},
    "randomnas-wpl": {},
    "randomnas-ac": {},
    "gdas": OF_ALPHA,
    "gdas-nsas": OF_ALPHA,
    "darts-v1": OF_ALPHA,
    "setn": OF_ALPHA,
    "darts-v2": {
        "copy to the CPU in methods/darts_v2.py, learn": 1,
        "copy to the CPU in methods/darts_v2.py, hessian_product": 2,
        "_local_scalar_dense in methods/darts_v2.py, hessian_product": 1,
    },
    "enas": {},
    "nao": {},
    "e2nas": {
        "copy to the CPU in methods/e2nas.py, _of_loss": 1,
        "_local_scalar_dense in methods/e2nas.py, _of_loss": 1,
    },
    "en2as": {},
    "en2as-pr": OF_REWARDS,
}
"""For each training step: what the next path or the next image cannot be chosen without."""


@pytest.mark.parametrize("method", WAITS)
def test_a_step_waits_for_nothing_but_what_decides_the_next(gpu, method, tmp_path):
    training, _ = search(method, device="cuda", train_images=None, batch_size=16)
    assert training.train_stream.steps_in(0) > 12
    counted = []
    with pytest.raises(Stop):
        run(
            training,
            tmp_path / "checkpoint.pt",
            lambda done, total: (counted.append(Counter(gpu)), stop_at(12)(done, total)),
        )
    per_step = [dict(after - before) for before, after in pairwise(counted[8:])]
    assert per_step == [WAITS[method]] * 3


def test_a_step_on_text_waits_for_nothing(gpu, tmp_path):
    training, _ = search("randomnas", "rnn2-grammar", "cuda", train_tokens=None)
    counted = []
    with pytest.raises(Stop):
        run(
            training,
            tmp_path / "checkpoint.pt",
            lambda done, total: (counted.append(Counter(gpu)), stop_at(6)(done, total)),
        )
    assert counted[2] == counted[5]


# what goes from one device to another


@pytest.mark.parametrize("first", ["cpu", "cuda"])
@pytest.mark.parametrize("method", ["gdas-wpl", "randomnas-nsas", "darts-v1", "e2nas"])
def test_a_training_goes_on_on_another_device(tmp_path, method, first):
    whole, _ = search(method, epochs=2)
    expected = run(whole, tmp_path / "whole.pt")
    file = tmp_path / "checkpoint.pt"

    def part(device, report=lambda done, total: None):
        training, _ = search(method, device=device, epochs=2)
        return run(training, file, report), training

    def stopped(device):
        with pytest.raises(Stop):
            part(device, stop_at(expected.steps // 2 + 1))

    if first == "cpu":
        stopped("cpu")
        with pretended_gpu():
            found, training = part("cuda")
            assert {weight.device for weight in training.weights} == {GPU}
    else:
        with pretended_gpu():
            stopped("cuda")
        found, training = part("cpu")
    assert found.loss == expected.loss
    assert found.path_steps == expected.path_steps


def test_real_numbers_of_a_checkpoint_are_placed_and_states_of_generators_are_not(gpu):
    state = {"anchor": {"a": torch.ones(2)}, "rng": torch.Generator().get_state(), "paths": [(1, 2)], "none": None}
    placed = checkpoint.placed(state, GPU)
    assert placed["anchor"]["a"].device == GPU
    assert placed["rng"].device.type == "cpu"
    assert (placed["paths"], placed["none"]) == ([(1, 2)], None)


def test_the_whole_space_is_scored_there(monkeypatch):
    few = whole_space._classes()[::400]
    monkeypatch.setattr(whole_space, "_classes", lambda: few)
    monkeypatch.setattr(whole_space, "_spread", lambda accuracy, loss: (list(accuracy), list(loss)))

    def scored(device):
        _, shared = search("randomnas", device=device)
        return whole_space.score_space(shared.network, shared.judge, lambda done, total: None)

    here = scored("cpu")
    with pretended_gpu() as waits:
        assert scored("cuda") == here
        asked = [count for what, count in waits.items() if "told" in what]
        assert asked == [len(search("randomnas", device="cuda")[1].judge.batches)]


# runs


@pytest.fixture
def driver(monkeypatch):
    """The calls that ask a driver, answered without one."""
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda: None)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 3 * 2**20)
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def test_a_run_on_a_gpu_has_a_record_that_says_so(tmp_path, driver):
    def record(device):
        store = RunStore(tmp_path / device)
        (own,) = plan(
            ["randomnas"],
            "nb201-digits",
            [0],
            scale="smoke",
            protocol="sound",
            threads=1,
            device=device,
            overrides={},
            store=store,
        )
        return runner.run(own, store)

    here = record("cpu")
    with pretended_gpu():
        there = record("cuda")
    assert (here.spec.device, there.spec.device) == ("cpu", "cuda")
    assert here.key != there.key
    assert (here.cost.memory_bytes, there.cost.memory_bytes) == (None, 3 * 2**20)
    alike = there.model_copy(update={"spec": here.spec, "key": here.key, "data": here.data, "truth": here.truth})
    assert alike.comparable() == here.comparable()
    assert "memory_bytes" not in here.model_dump_json()
    assert type(there).model_validate_json(there.model_dump_json()) == there


def test_a_run_that_was_interrupted_tells_the_most_memory_of_all_attempts(tmp_path, driver, monkeypatch):
    store = RunStore(tmp_path)
    asked = {"scale": "smoke", "protocol": "sound", "threads": 1, "device": "cuda", "overrides": {}, "store": store}
    (own,) = plan(["randomnas"], "nb201-digits", [0], **asked)

    def interrupt():
        raise KeyboardInterrupt

    with pretended_gpu():
        with pytest.raises(KeyboardInterrupt):
            runner.run(own, store, before_storing=interrupt)
        monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 2**20)
        assert runner.run(own, store).cost.memory_bytes == 3 * 2**20


def test_gpus_round_factors_but_not_where_a_difference_is_taken(driver):
    prepare_torch(1, "cuda")
    flags = torch.backends.cuda.matmul, torch.backends.cudnn
    assert [flag.allow_tf32 for flag in flags] == [True, True]
    with full_precision():
        assert [flag.allow_tf32 for flag in flags] == [False, False]
    assert [flag.allow_tf32 for flag in flags] == [True, True]
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.backends.cudnn.benchmark


def test_on_a_cpu_no_memory_is_told():
    assert repeatable.peak_memory("cpu") is None


def test_weights_are_those_of_the_cpu(tmp_path):
    def weights(device):
        training, shared = search("gdas", device=device, epochs=1)
        run(training, tmp_path / f"{device}.pt")
        return [weight.detach().cpu() for weight in shared.network.parameters()]

    here = weights("cpu")
    with pretended_gpu():
        there = weights("cuda")
    assert all(torch.equal(a, b) for a, b in zip(here, there, strict=True))
