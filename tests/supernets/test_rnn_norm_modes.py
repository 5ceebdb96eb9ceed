"""What normalizes a recurrent cell at evaluation: the texts that are read, or running averages."""

import numpy as np
import pytest
import torch

from nasrepro.datasets.text_streams import Segment
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.supernets.darts_rnn import RnnNetwork
from nasrepro.supernets.darts_rnn_frame import Dropouts
from nasrepro.supernets.norm import BatchNormMode

SPACE = RnnSpace(2)


def made(mode, spread=20.0):
    network = RnnNetwork(
        RnnSkeleton(6, 9, 2),
        normalize=True,
        dropouts=Dropouts(),
        tar=0.0,
        ar=0.0,
        rng=torch.Generator().manual_seed(0),
        masks=torch.Generator().manual_seed(1),
        mode=mode,
    )
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(spread)
    return network


def text(words=7, texts=4):
    return Segment(torch.randint(9, (words, texts), generator=torch.Generator().manual_seed(2)))


def test_by_the_texts_that_are_read_evaluation_is_training_without_dropout():
    path = SPACE.parse("27").path
    network, tracking = made(BatchNormMode.BATCH), made(BatchNormMode.RUNNING)
    logits = network.train()(text(), path)
    assert torch.equal(network.eval()(text(), path), logits)
    assert (network.norm.mean, network.norm.var) == (None, None)
    assert torch.equal(tracking.train()(text(), path), logits)
    assert not torch.equal(tracking.eval()(text(), path), logits)


def test_one_text_is_refused_where_it_would_be_its_own_measure():
    path = SPACE.parse("27").path
    with pytest.raises(ValueError, match="one text"):
        made(BatchNormMode.BATCH).eval()(text(texts=1), path)
    assert made(BatchNormMode.RUNNING).eval()(text(texts=1), path).isfinite().all()


def test_averages_of_sums_carry_single_paths_away():
    """What GDAS trains adds up all edges of a node; under its averages a long text blows other cells up."""
    worst = {}
    for mode in BatchNormMode:
        network, rng = made(mode), np.random.default_rng(0)
        network.train()
        for _ in range(50):
            network(text(), SPACE.path_on_edges(rng.integers(0, 5, 3)))
        with torch.no_grad():
            logits = network.eval()(text(words=60), SPACE.parse("15").path)
        worst[mode] = float(logits.abs().nan_to_num(torch.inf).max())
    assert worst[BatchNormMode.BATCH] < 10
    assert worst[BatchNormMode.RUNNING] > 1e6
