"""GDAS: the Gumbel sampler."""

import pytest
import torch
from scipy.stats import chisquare

from nasrepro.methods.argmax import Argmax, ArgmaxSettings
from nasrepro.methods.gumbel import GumbelSampler, GumbelSettings
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space, from_index
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training import checkpoint
from nasrepro.training.evaluate import CellScore
from nasrepro.training.sampler import Lessons

SPACE = NB201Space()


def sampler(seed=0, **settings):
    return GumbelSampler(SPACE, GumbelSettings(**settings), seed)


@pytest.fixture
def network():
    return NB201Network(Skeleton(4, 1, 1, 8, 3, in_channels=1), rng=torch_rng(0, "weights"))


def valid_batch():
    rng = torch.Generator().manual_seed(0)
    return torch.randn(6, 1, 8, 8, generator=rng), torch.randint(3, (6,), generator=rng)


def lessons(network):
    return Lessons(network, None, valid_batch, None)


def test_alpha_starts_small_and_the_published_settings_are_the_defaults():
    start = sampler().alpha.detach()
    assert start.shape == (6, 5)
    assert 2e-4 < float(start.std()) < 3e-3
    assert float(sampler(alpha_init=0.0).alpha.detach().abs().max()) == 0
    chosen = sampler()._optimizer.param_groups[0]
    assert (chosen["lr"], chosen["betas"], chosen["weight_decay"]) == (3e-4, (0.5, 0.999), 1e-3)


@pytest.mark.parametrize("tau", [10.0, 0.1])
def test_paths_are_distributed_as_softmax_of_alpha_at_any_temperature(tau):
    made = sampler()
    made.tau = tau
    with torch.no_grad():
        made.alpha.copy_(torch.randn(6, 5, generator=torch.Generator().manual_seed(1)))
    draws = torch.tensor([made.sample() for _ in range(4000)])
    expected = made.alpha.detach().softmax(1)
    for edge in range(6):
        counts = torch.bincount(draws[:, edge], minlength=5)
        assert chisquare(counts.numpy(), 4000 * expected[edge].double().numpy(), sum_check=False).pvalue > 1e-4, edge


def test_gates_are_one_hot_in_value_and_soft_in_gradient():
    made = sampler()
    made.tau = 2.0
    path, gates = made.draw()
    assert torch.allclose(gates, torch.nn.functional.one_hot(torch.tensor(path), 5).float(), atol=1e-6)
    (gates * torch.arange(30.0).view(6, 5)).sum().backward()
    assert bool((made.alpha.grad != 0).all())
    assert torch.allclose(made.alpha.grad.sum(1), torch.zeros(6), atol=1e-4)  # a softmax moves mass, it makes none


def test_the_gradient_in_alpha_is_that_of_the_soft_sample():
    """Against the formula: dL/dalpha = J(softmax at tau)ᵀ G, J(log-softmax)ᵀ applied after it."""
    made = sampler()
    made.tau = 3.0
    state = made._rng.get_state()
    _, gates = made.draw()
    upstream = torch.randn(6, 5, generator=torch.Generator().manual_seed(2))
    (gates * upstream).sum().backward()
    made._rng.set_state(state)
    noise = -torch.empty(6, 5).exponential_(generator=made._rng).log()
    soft = ((made.alpha.detach().log_softmax(1) + noise) / 3.0).softmax(1)
    inner = soft * (upstream - (soft * upstream).sum(1, keepdim=True)) / 3.0
    wanted = inner - made.alpha.detach().softmax(1) * inner.sum(1, keepdim=True)
    assert torch.allclose(made.alpha.grad, wanted, atol=1e-6)


def test_learning_moves_alpha_and_leaves_nothing_on_the_weights(network):
    made = sampler()
    before = made.alpha.detach().clone()
    weights = {key: value.clone() for key, value in network.state_dict().items()}
    for weight in network.parameters():
        weight.grad = torch.full_like(weight, 7.0)  # of the weight step before
    assert made.learn(lessons(network), None) == 1
    assert not torch.equal(made.alpha, before)
    assert float((made.alpha.detach() - before).abs().max()) == pytest.approx(
        3e-4, rel=1e-2
    )  # Adam's first step is lr long
    assert all(bool((weight.grad == 7).all()) for weight in network.parameters())
    assert all(torch.equal(weights[key], value) for key, value in network.state_dict().items())


def test_sampling_leaves_no_graph_and_does_not_touch_alpha():
    made = sampler()
    path = made.sample()
    assert made.alpha.grad is None
    assert len(path) == 6
    assert all(type(op) is int for op in path)


def test_learning_prefers_the_operation_that_helps(network):
    """Rewarded by hand: a loss that falls with gate (0, 3) makes its alpha grow over all others."""
    made = sampler(alpha_lr=0.05)

    class Judge(torch.nn.Module):
        def forward(self, x, path, gates):
            return torch.stack([gates[0, 3] * 5, -gates[0, 3] * 5]).expand(6, 2)

    for _ in range(60):
        made.learn(Lessons(Judge(), None, lambda: (torch.zeros(6), torch.zeros(6, dtype=torch.int64)), None), None)
    assert made.preferred().ops[0] == 3
    assert float(made.alpha.detach().softmax(1)[0, 3]) > 0.5


def test_the_temperature_falls_linearly_to_its_end():
    made = sampler()
    taus = []
    for epoch in range(5):
        made.begin_epoch(epoch, 5)
        taus.append(made.tau)
    assert taus == pytest.approx([10, 7.525, 5.05, 2.575, 0.1])


def test_state_round_trip_through_a_checkpoint_continues_the_same_draws_and_steps(network, tmp_path):
    first = sampler()
    first.begin_epoch(1, 3)
    for _ in range(3):
        first.sample()
        first.learn(lessons(network), None)
    checkpoint.save(tmp_path / "c.pt", first.state_dict())
    second = sampler(seed=99)
    second.load_state_dict(checkpoint.load(tmp_path / "c.pt"))
    assert second.tau == first.tau
    for _ in range(3):
        assert first.sample() == second.sample()
        first.learn(lessons(network), None)
        second.learn(lessons(network), None)
        assert torch.equal(first.alpha, second.alpha)


def test_argmax_returns_the_largest_alpha_and_its_score_decides_nothing():
    made = sampler()
    with torch.no_grad():
        made.alpha.zero_()
        for edge, op in enumerate(from_index(6111).ops):
            made.alpha[edge, op] = 1
    asked = []

    def score(genotype):
        asked.append(genotype)
        return CellScore(12.5, 2.0)

    answer = Argmax(SPACE, ArgmaxSettings()).select(made, score, None)
    assert (answer.genotype, answer.value) == (from_index(6111), 12.5)
    assert asked == [from_index(6111)]


def test_argmax_keeps_none_and_decides_ties_by_the_first():
    made = sampler(alpha_init=0.0)
    assert made.preferred().ops == (0,) * 6
