"""Perplexities of texts against token-by-token computation."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from nasrepro.datasets.text_streams import Segment
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.supernets.darts_rnn import RnnNetwork
from nasrepro.supernets.darts_rnn_frame import Dropouts
from nasrepro.training.text_evaluate import TextEvaluator

WORDS, HIDDEN = 7, 5


class Recurrent(nn.Module):
    """A plain recurrent network whose paths scale the state; noisy in training mode, so that the mode can be seen."""

    def __init__(self):
        super().__init__()
        rng = torch.Generator().manual_seed(1)
        self.embedding = nn.Parameter(torch.randn(WORDS, HIDDEN, generator=rng))
        self.hidden = nn.Parameter(torch.randn(HIDDEN, HIDDEN, generator=rng))

    def step(self, word, state, path):
        return torch.tanh(self.embedding[word] + path[0] * 0.3 * state @ self.hidden + float(self.training))

    def forward(self, x, path=(2,)):
        state = x.state if x.state is not None else torch.zeros(x.tokens.shape[1], HIDDEN)
        states = []
        for row in x.tokens:
            state = self.step(row, state, path)
            states.append(state)
        x.after = state
        return (torch.stack(states) @ self.embedding.t()).flatten(0, 1)

    def many(self, x, paths):
        logits, after = [], []
        for number, path in enumerate(paths):
            state = x.state if x.state is None or x.state.ndim == 2 else x.state[number]
            alone = Segment(x.tokens, state)
            logits.append(self(alone, path))
            after.append(alone.after)
        x.after = torch.stack(after)
        return torch.stack(logits)


@pytest.fixture
def tokens():
    return torch.randint(WORDS, (107,), generator=torch.Generator().manual_seed(5))


@torch.no_grad()
def by_hand(network, tokens, batch_size, path=(2,)):
    """Each column read word by word: mean cross-entropy in nats and percent of right guesses."""
    rows = len(tokens) // batch_size
    loss, right = 0.0, 0
    for column in range(batch_size):
        piece = tokens[column * rows : (column + 1) * rows].tolist()
        state = torch.zeros(1, HIDDEN)
        for word, following in pairwise(piece):
            state = network.step(torch.tensor([word]), state, path)
            probabilities = (state @ network.embedding.t()).double().softmax(1)[0]
            loss -= math.log(probabilities[following])
            right += int(probabilities.argmax()) == following
    count = (rows - 1) * batch_size
    return loss / count, 100 * right / count, count


@pytest.mark.parametrize("batch_size", [1, 3, 10])
@pytest.mark.parametrize("bptt", [1, 4, 35, 500])
def test_equals_word_by_word(tokens, batch_size, bptt):
    network = Recurrent().eval()
    loss, accuracy, count = by_hand(network, tokens, batch_size)
    evaluator = TextEvaluator(tokens, batch_size, bptt)
    score = evaluator.score(network, network)
    assert evaluator.units == count
    assert score.loss == pytest.approx(loss, rel=1e-5)
    assert score.accuracy == pytest.approx(accuracy)
    assert score.value == pytest.approx(math.exp(loss), rel=1e-5)  # exact: no factor (rows - 1) / rows


def test_many_paths_equal_one_by_one_each_with_its_own_state(tokens):
    network, evaluator = Recurrent(), TextEvaluator(tokens, 4, 6)
    paths = [(0,), (1,), (3,)]
    together = evaluator.score_many(network, paths)
    for path, score in zip(paths, together, strict=True):
        alone = evaluator.score(network, lambda x, path=path: network(x, path))
        assert score == alone
        assert score.loss == pytest.approx(by_hand(network.eval(), tokens, 4, path)[0], rel=1e-5)
    assert len({score.loss for score in together}) == 3


@pytest.mark.parametrize("normalize", [False, True])
def test_all_cells_of_two_nodes_in_one_pass(tokens, normalize):
    streams = {name: torch.Generator().manual_seed(3) for name in ("rng", "masks")}
    network = RnnNetwork(
        RnnSkeleton(6, WORDS, 2), normalize=normalize, dropouts=Dropouts(output=0.5), tar=1e-3, ar=0.0, **streams
    )
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(30)  # so that cells differ
    evaluator = TextEvaluator(tokens, 4, 6)
    paths = [genotype.path for genotype in RnnSpace(2)]
    together = evaluator.score_many(network, paths)
    assert len({round(score.loss, 6) for score in together}) >= 20
    for path, score in zip(paths, together, strict=True):
        alone = evaluator.score(network, lambda x, path=path: network(x, path))
        assert score.loss == pytest.approx(alone.loss, rel=1e-5)
        assert score.accuracy == pytest.approx(alone.accuracy)


def test_the_network_is_judged_in_evaluation_mode_and_put_back(tokens):
    network, evaluator = Recurrent(), TextEvaluator(tokens, 2, 9)
    assert evaluator.score(network.train(), network) == evaluator.score(network.eval(), network)
    network.train()
    evaluator.score_many(network, [(1,)])
    assert network.training


def test_a_uniform_guess_has_the_size_of_the_dictionary_as_perplexity(tokens):
    network = Recurrent()
    score = TextEvaluator(tokens, 3, 8).score(network, lambda x: torch.zeros(x.tokens.numel(), WORDS))
    assert score.value == pytest.approx(WORDS, rel=1e-6)


@pytest.mark.parametrize(("batch_size", "bptt"), [(60, 5), (0, 5), (2, 0)])
def test_impossible_layouts(tokens, batch_size, bptt):
    with pytest.raises(ValueError, match=r"columns|length"):
        TextEvaluator(tokens, batch_size, bptt)
