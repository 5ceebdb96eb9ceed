"""Around the recurrent cell: what is dropped, what is carried, what is added to the loss, many cells at once."""

import numpy as np
import pytest
import torch
from rnn_reference import HIDDEN, WORDS, network
from torch import nn

from nasrepro.datasets.text_streams import Segment
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.supernets.darts_rnn_alone import RnnStandalone
from nasrepro.supernets.darts_rnn_frame import Dropouts

PATH = (1, 2 * 5 + 3)
ALL = Dropouts(0.1, 0.2, 0.3, 0.4, 0.5)


def tokens(length=6, texts=5):
    return torch.randint(WORDS, (length, texts), generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("name", ["words", "embedding", "input", "hidden", "output"])
def test_what_is_kept_makes_up_for_what_is_dropped(name):
    """Each is drawn once per pass, for every text alone, except words, which are dropped whatever text they are in."""
    made = network(2, dropouts=Dropouts(**{name: 0.25})).train()
    kept = made.draw(400)
    masks = {"words": kept.words, "input": kept.input, "hidden": kept.hidden, "output": kept.output}
    mask = masks.pop("input" if name == "embedding" else name)
    assert all(other is None for other in masks.values())
    assert mask.shape == ((WORDS, 1) if name == "words" else (400, HIDDEN))
    assert set(mask.unique().tolist()) <= {0.0, 1 / 0.75}
    if name != "words":
        assert abs(float(mask.mean()) - 1) < 0.05
    assert all(value is None for value in vars(made.eval().draw(400)).values())


def test_embedding_and_input_are_dropped_each_on_its_own():
    mask = network(2, dropouts=Dropouts(embedding=0.5, input=0.5)).train().draw(2000).input
    assert set(mask.unique().tolist()) == {0.0, 4.0}
    assert abs(float((mask > 0).double().mean()) - 0.25) < 0.02


def test_a_dropped_word_is_dropped_wherever_it_stands():
    made = network(2, dropouts=Dropouts(words=0.5)).train()
    kept = made.draw(5)
    entered = made.entered(tokens(), kept)
    dropped = kept.words[tokens(), 0] == 0
    assert dropped.any()
    assert not entered[dropped].any()
    assert entered[~dropped].abs().sum(1).min() > 0
    kept_twice = made.embedding[tokens()] * 2 @ made.entry[:HIDDEN]
    assert torch.allclose(entered[~dropped], kept_twice[~dropped])


def test_outputs_are_dropped_before_the_decoder_and_the_carried_state_is_not():
    made = network(2, dropouts=Dropouts(output=0.5)).train()
    bare = network(2).train()
    text, plain = Segment(tokens()), Segment(tokens())
    state = made.masks.get_state()
    logits = made(text, PATH)
    bare(plain, PATH)
    assert torch.equal(text.after, plain.after)
    made.masks.set_state(state)
    mask = made.draw(5).output
    assert torch.allclose(logits.view(6, 5, -1)[-1], (plain.after * mask) @ made.embedding.T + made.bias)


def test_embedding_and_decoder_are_one_parameter():
    made = network(2)
    assert sum(WORDS in weight.shape for weight in made.parameters()) == 2  # the other one is the bias
    made(Segment(tokens()), PATH).sum().backward()
    assert made.embedding.grad.abs().sum(1).min() > 0
    assert made.bias.grad.eq(30).all()


def test_penalties_are_on_changes_and_on_dropped_outputs():
    made = network(2, dropouts=Dropouts(output=0.5), tar=3.0, ar=2.0).train()
    bare = network(2).train()
    outputs, state = [], None
    for row in tokens():
        step = Segment(row[None], state)
        bare(step, PATH)
        outputs.append(state := step.after)
    outputs = torch.stack(outputs)
    before = made.masks.get_state()
    text = Segment(tokens())
    made(text, PATH)
    made.masks.set_state(before)
    dropped = outputs * made.draw(5).output
    wanted = 3 * (outputs[1:] - outputs[:-1]).square().mean() + 2 * dropped.square().mean()
    assert torch.allclose(text.penalty, wanted)
    assert torch.autograd.grad(text.penalty, made.entry)[0].any()
    one = Segment(tokens()[:1])
    made.masks.set_state(before)
    made(one, PATH)
    made.masks.set_state(before)
    assert torch.allclose(one.penalty, 2 * (outputs[:1] * made.draw(5).output).square().mean())


def test_only_the_first_pass_leaves_something():
    made = network(2, tar=1.0).train()
    text = Segment(tokens())
    made(text, PATH)
    after, penalty = text.after, text.penalty
    assert not after.requires_grad
    made(text, (2, 11))
    assert text.after is after
    assert text.penalty is penalty
    text.begin()
    made.eval()(text, (2, 11))
    assert text.penalty is None
    assert not torch.equal(text.after, after)
    assert network(2).train()(other := Segment(tokens()), PATH) is not None
    assert other.penalty is None


def test_a_text_in_pieces_is_the_text():
    made = network(8).eval()
    path = RnnSpace(8).parse("DARTS_V1").path
    whole = made(Segment(tokens()), path)
    first = Segment(tokens()[:2])
    parts = [made(first, path), made(Segment(tokens()[2:], first.after), path)]
    assert torch.allclose(torch.cat(parts), whole, rtol=0, atol=1e-12)


def trained(made, steps, sgd):
    for _ in range(steps):
        sgd.zero_grad()
        text = Segment(tokens())
        (nn.functional.cross_entropy(made(text, PATH), tokens().flatten()) + text.penalty).backward()
        sgd.step()
    return torch.cat([weight.detach().flatten() for weight in made.parameters()])


def test_masks_of_a_resumed_training_are_those_of_an_uninterrupted_one():
    made = network(2, dropouts=ALL, tar=1.0, ar=1.0)
    sgd = torch.optim.SGD(made.parameters(), 0.5, foreach=False)
    trained(made, 2, sgd)
    state = {name: value.clone() for name, value in made.state_dict().items()}
    wanted = trained(made, 3, sgd)
    other = network(2, dropouts=ALL, tar=1.0, ar=1.0, seed=9)
    other.load_state_dict(state)
    assert torch.equal(trained(other, 3, torch.optim.SGD(other.parameters(), 0.5, foreach=False)), wanted)


@pytest.mark.parametrize("sharing", ["node", "edge", "edge_act"])
@pytest.mark.parametrize("nodes", [2, 3, 8])
def test_many_cells_are_scored_as_one_by_one(nodes, sharing):
    """Every cell of the spaces that are small enough, each carrying its own state."""
    space = RnnSpace(nodes)
    rng = np.random.default_rng(0)
    cells = [space.sample(rng) for _ in range(9)] if nodes == 8 else list(space)
    paths = [cell.path for cell in [*cells, cells[0]]]
    made = network(nodes, sharing=sharing).eval()
    with torch.inference_mode():
        one, other = Segment(tokens()), Segment(tokens().flip(0))
        first = made.many(one, paths)
        assert first.shape == (len(paths), 30, WORDS)
        assert one.after.shape == (len(paths), 5, HIDDEN)
        other.state = one.after
        second = made.many(other, paths)
        for number, path in enumerate(paths):
            alone = Segment(tokens())
            assert torch.allclose(made(alone, path), first[number], rtol=0, atol=1e-12)
            follows = Segment(tokens().flip(0), alone.after)
            assert torch.allclose(made(follows, path), second[number], rtol=0, atol=1e-12)


def test_many_paths_in_training_are_passes_of_which_the_first_is_carried():
    one, other = network(2, dropouts=ALL, tar=1.0).train(), network(2, dropouts=ALL, tar=1.0).train()
    paths = [PATH, (2, 6), (4, 12)]
    together, alone = Segment(tokens()), Segment(tokens())
    logits = one.many(together, paths)
    assert torch.equal(logits, torch.stack([other(alone, path) for path in paths]))
    assert torch.equal(together.after, alone.after)
    assert torch.equal(together.penalty, alone.penalty)
    logits.sum().backward()
    assert one.matrices[0].grad is not None


def test_normalized_cells_are_scored_one_by_one():
    made = network(2, normalize=True).eval()
    text = Segment(tokens())
    with torch.inference_mode():
        logits = made.many(text, [PATH, (2, 6)])
        assert torch.equal(logits[1], made(Segment(tokens()), (2, 6)))
    assert text.after.shape == (2, 5, HIDDEN)


def test_a_stand_alone_network_is_the_supernet_s_path():
    space = RnnSpace(8)
    cell = space.sample(np.random.default_rng(1))
    made = network(8, sharing="node")
    alone = RnnStandalone(
        RnnSkeleton(HIDDEN, WORDS, 8),
        cell,
        dropouts=Dropouts(),
        tar=0.0,
        ar=0.0,
        rng=torch.Generator(),
        masks=torch.Generator(),
    ).double()
    alone.load_state_dict(made.state_dict())
    assert torch.equal(alone(Segment(tokens())), made(Segment(tokens()), cell.path))


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_dropout_is_a_probability(rate):
    with pytest.raises(ValueError, match="the dropout of hidden is a probability below 1"):
        Dropouts(hidden=rate)
