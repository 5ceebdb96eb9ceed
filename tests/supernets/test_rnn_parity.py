"""The recurrent supernet against the obvious loop: same logits, gradients and averages, on paths and mixtures."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from rnn_reference import HIDDEN, WORDS, network, pair

from nasrepro.datasets.text_streams import Segment
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.supernets import darts_rnn_backward
from nasrepro.supernets.catalog import supernet
from nasrepro.supernets.darts_rnn_cell import Surroundings, unroll
from nasrepro.supernets.darts_rnn_frame import Dropouts
from nasrepro.supernets.darts_rnn_plan import Plan, Term

SHARINGS = ("node", "edge", "edge_act")
SPACE = RnnSpace(8)
DRAWN = np.random.default_rng(3)
CHOICES = {
    "DARTS V2": SPACE.parse("DARTS_V2").path,
    "drawn": SPACE.sample(DRAWN).path,
    "an operation on every edge": SPACE.path_on_edges(DRAWN.integers(0, 5, 36)),
    "another one": SPACE.path_on_edges(DRAWN.integers(1, 5, 36)),
    "several operations on an edge": tuple(int(n) for n in DRAWN.choice(180, 50, replace=False)),
    "nothing": (0, 5, 10),
    "a node that gets nothing is read": (1, 5 + 5 + 2, 3 * 5 + 4, 20 + 11),
    "a mixture": torch.randn(36, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(4)).softmax(1),
}


def segment(length=7, texts=4, seed=2):
    """Tokens, and a hidden state to start from."""
    rng = torch.Generator().manual_seed(seed)
    tokens = torch.randint(WORDS, (length, texts), generator=rng)
    return Segment(tokens, torch.randn(texts, HIDDEN, generator=rng, dtype=torch.float64).tanh())


def upstream(logits):
    """A loss that tells every logit from every other."""
    factors = torch.randn(logits.shape, generator=torch.Generator().manual_seed(5), dtype=logits.dtype)
    return (logits.tanh() * factors).sum()


def gradients(loss, wanted):
    return torch.autograd.grad(loss, list(wanted), allow_unused=True)


def equal(ours, plain):
    assert (ours is None) == (plain is None)
    return ours is None or bool((ours - plain).abs().max() <= 1e-10 * (1e-12 + plain.abs().max()))


@pytest.mark.parametrize("rows", [1, 2**17], ids=["step by step", "at once"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("normalize", [False, True], ids=["bare", "normalized"])
@pytest.mark.parametrize("sharing", SHARINGS)
@pytest.mark.parametrize("name", CHOICES)
def test_logits_and_gradients_are_the_plain_network_s(monkeypatch, name, sharing, normalize, training, rows):
    monkeypatch.setattr(darts_rnn_backward, "_NUMBERS", rows)
    ours, plain = (made.train(training) for made in pair(8, sharing, normalize))
    choice, weights = CHOICES[name], []
    if isinstance(choice, torch.Tensor):
        choice = choice.clone().requires_grad_()
        weights = [choice]
    # without normalization nodes that add up many states grow from step to step
    text = segment(7 if normalize and training else 3)
    mine, theirs = ours(text, choice), plain(text.tokens, choice, text.state)
    assert equal(mine.detach(), theirs.detach())
    found = gradients(upstream(mine), [*ours.parameters(), *weights])
    for got, wanted in zip(found, gradients(upstream(theirs), [*plain.parameters(), *weights]), strict=True):
        if (
            name == "nothing" and wanted is None
        ):  # where no node has anything, the plain loop does not know of the input
            assert got is None or not got.any()
        else:
            assert equal(got, wanted)
    if normalize:
        assert equal(ours.norm.mean, plain.norm.running_mean)
        assert equal(ours.norm.var, plain.norm.running_var)


@pytest.mark.parametrize("sharing", SHARINGS)
def test_the_cell_s_own_gradients_agree_with_finite_differences(sharing):
    """With dropout inside products, with and without weights, and an output that is not the mean of all nodes."""
    place = {
        "node": lambda i, j, op: i,
        "edge": lambda i, j, op: 2 * i + j,
        "edge_act": lambda i, j, op: 8 * i + j * 4 + op,
    }
    number = place[sharing]
    chain = Plan(
        ((Term(0, 1, number(0, 0, 0)),), (Term(1, 3, number(1, 1, 2)),), (Term(1, 4, number(1, 1, 3)),)), (1, 3)
    )
    sums = tuple(Term(j, op, number(1, j, op - 1)) for j in (0, 1) for op in (1, 3, 4))
    mixture = Plan(((Term(0, 1, number(0, 0, 0)), Term(0, 4, number(0, 0, 3))), sums), (1, 2))
    rng = torch.Generator().manual_seed(6)

    def drawn(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    around = Surroundings(drawn(2, 3), (torch.rand(2, 3, generator=rng) < 0.7).double() / 0.7, None)
    for plan, count in ((chain, 0), (mixture, 8)):
        tensors = [drawn(3, 2, 6), drawn(3, 6), *(drawn(count) for _ in range(count > 0))]
        tensors += [drawn(3, 6) for _ in plan.matrices]

        def run(entered, entry, *rest, plan=plan, count=count):
            weights, used = (rest[0], rest[1:]) if count else (None, rest)
            matrices = dict(zip(plan.matrices, used, strict=True))
            table = [matrices.get(k, used[0]) for k in range(20)]
            return unroll(plan, entered, entry, table, around, weights)

        assert torch.autograd.gradcheck(run, [tensor.requires_grad_() for tensor in tensors])


@pytest.mark.parametrize("sharing", SHARINGS)
def test_masks_go_over_inputs_and_inside_products(sharing):
    """Released cells multiply input and states with the masks, the same at all steps, inside products alone."""
    ours = network(8, sharing=sharing, dropouts=Dropouts(input=0.4, hidden=0.3)).train()
    _, plain = pair(8, sharing, normalize=False)
    text, state = segment(), ours.masks.get_state()
    for choice in (CHOICES["drawn"], CHOICES["a mixture"] / 4):
        ours.masks.set_state(state)
        mine = ours(text, choice)
        ours.masks.set_state(state)
        kept = ours.draw(4)
        theirs = plain(text.tokens, choice, text.state, (kept.input, kept.hidden))
        assert equal(mine.detach(), theirs.detach())
        found = gradients(upstream(mine), ours.parameters())
        for got, wanted in zip(found, gradients(upstream(theirs), plain.parameters()), strict=True):
            assert equal(got, wanted)


def hard(path):
    return torch.from_numpy(SPACE.weights(path)).double()


@pytest.mark.parametrize("name", ["drawn", "an operation on every edge"])
@pytest.mark.parametrize("sharing", SHARINGS)
def test_a_path_is_the_mixture_of_ones_and_zeros(name, sharing):
    ours = network(8, sharing=sharing)
    assert equal(ours(segment(3), CHOICES[name]), ours(segment(3), hard(CHOICES[name])))
    for execution in ("one-hot", "softmax"):
        how = {"sharing": sharing, "normalize": False, "dropouts": Dropouts(), "tar": 0.0, "ar": 0.0}
        seeds = {"rng": torch.Generator().manual_seed(0), "masks": torch.Generator().manual_seed(1)}
        every = supernet(SPACE, SPACE.tiny, execution=execution, **how, **seeds)
        tokens = Segment(torch.tensor([[1, 2], [3, 4]]))
        wanted = hard(CHOICES[name]).float()
        wanted = wanted.softmax(1) if execution == "softmax" else wanted
        assert torch.equal(every(tokens, CHOICES[name]), every.network(Segment(tokens.tokens), wanted))
        assert tokens.after is not None


def test_a_gate_gets_the_gradient_of_its_own_operation():
    """Of a path: those of the mixture where an operation runs, nothing elsewhere, and the value stays the path's."""
    ours, path = network(8), CHOICES["an operation on every edge"]
    gates, mixture = hard(path).requires_grad_(), hard(path).requires_grad_()
    logits = ours(segment(3), path, gates)
    assert equal(logits, ours(segment(3), path))
    (gated,) = gradients(upstream(logits), [gates])
    (mixed,) = gradients(upstream(ours(segment(3), mixture)), [mixture])
    runs = hard(path).bool()
    runs[:, 0] = False
    assert equal(gated[runs], mixed[runs])
    assert not gated[~runs].any()
    nothing = (0, 5, 10)
    (silent,) = gradients(upstream(ours(segment(3), nothing, gates)), [gates])
    assert not silent.any()


@pytest.mark.parametrize("sharing", SHARINGS)
def test_sharing_is_by_node_edge_or_operation(sharing):
    """Which other nodes' choices reach the matrix that `1 tanh` of the second node learns."""
    ours = network(2, sharing=sharing)
    entry = {"another operation": (1, 3 * 0 + 2 * 5 + 2), "another state": (1, 1 * 5 + 1), "itself": (1, 2 * 5 + 1)}
    used = {}
    for name, path in entry.items():
        grads = gradients(upstream(ours(segment(3), path)), ours.matrices)
        used[name] = {number for number, grad in enumerate(grads) if grad is not None}
    shares = {"node": ("another operation", "another state"), "edge": ("another operation",), "edge_act": ()}[sharing]
    for name in ("another operation", "another state"):
        assert (used[name] == used["itself"]) == (name in shares)
    assert all(len(numbers) == 2 for numbers in used.values())


def test_a_change_between_the_passes_is_noticed():
    ours = network(2)
    loss = F.cross_entropy(ours(segment(), (1, 6)), torch.zeros(28, dtype=torch.int64))
    with torch.no_grad():
        ours.matrices[0].add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_one_text_cannot_be_normalized():
    with pytest.raises(ValueError, match="one text"):
        network(2, normalize=True).train()(segment(texts=1), (1, 6))
