"""Recurrent networks against numbers that the released definitions gave, in double precision, and published sizes."""

import numpy as np
import pytest
import torch

from nasrepro.datasets.text_streams import Segment
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_genotype import RnnGenotype
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.supernets.darts_rnn import RnnNetwork
from nasrepro.supernets.darts_rnn_alone import RnnStandalone
from nasrepro.supernets.darts_rnn_frame import Dropouts

ALL = tuple(range(1, 9))
CELLS = {
    "DARTS_V1": RnnGenotype(((2, 0), (2, 1), (1, 2), (2, 3), (2, 4), (4, 1), (2, 5), (2, 1)), ALL),
    "DARTS_V2": RnnGenotype(((3, 0), (2, 1), (2, 1), (4, 1), (1, 2), (3, 5), (1, 3), (2, 5)), ALL),
    "ENAS": RnnGenotype(
        ((1, 0), (1, 1), (2, 1), (1, 3), (1, 3), (2, 3), (2, 4), (2, 7), (2, 8), (2, 8), (2, 8)), (2, 5, 6, 9, 10, 11)
    ),
}
LOG_PROBABILITIES = {
    "DARTS_V1": [
        *(-2.424845, -2.363212, -2.417137, -2.413569, -2.363958, -2.427511),
        *(-2.40028, -2.369653, -2.433915, -2.386842, -2.379496),
    ],
    "DARTS_V2": [
        *(-2.215202, -2.696762, -2.257442, -2.307065, -2.686385, -2.178125),
        *(-2.413345, -2.6372, -2.131316, -2.519128, -2.556107),
    ],
    "ENAS": [
        *(-2.411776, -2.383409, -2.402855, -2.40771, -2.382394, -2.408148),
        *(-2.402324, -2.383612, -2.412061, -2.396376, -2.386892),
    ],
}
LAST = {
    "DARTS_V1": [-0.012632, -0.017747, -0.01984, -0.017278, -0.011675, -0.004806],
    "DARTS_V2": [0.155833, 0.132935, 0.112741, 0.104694, 0.103767, 0.108083],
}
MIXED = [
    *(-6.441181, -0.932179, -6.460029, -5.285283, -1.177824, -7.318917),
    *(-4.001152, -1.871583, -7.76422, -2.768975, -2.916112),
]
HOW = {"dropouts": Dropouts(), "tar": 0.0, "ar": 0.0}


def generators():
    return {"rng": torch.Generator().manual_seed(0), "masks": torch.Generator().manual_seed(1)}


@torch.no_grad()
def filled(network):
    """Every matrix a cosine of its places, biases 0."""
    for parameter in network.double().parameters():
        wave = torch.cos(0.37 * torch.arange(parameter.numel(), dtype=torch.float64)) * 0.5
        parameter.copy_(wave.view(parameter.shape) if parameter.ndim > 1 else torch.zeros(parameter.shape))
    return network


def close(ours, golden):
    return torch.allclose(ours.detach(), torch.tensor(golden, dtype=torch.float64), rtol=0, atol=1e-5)


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("name", CELLS)
def test_a_stand_alone_network_computes_what_the_released_one_does(name):
    cell = CELLS[name]
    network = filled(RnnStandalone(RnnSkeleton(6, 11, len(cell.nodes)), cell, **HOW, **generators())).eval()
    assert parameters(network) == {8: 797, 11: 1013}[len(cell.nodes)]
    text = Segment(torch.tensor([[1, 4], [2, 5], [3, 6]]))
    logits = network(text).log_softmax(1)
    assert close(logits.view(3, 2, 11)[2, 0], LOG_PROBABILITIES[name])
    if name in LAST:
        assert close(text.after[0], LAST[name])


def alpha():
    return torch.cos(0.7 * torch.arange(180, dtype=torch.float64)).view(36, 5)


def test_the_search_network_computes_what_the_released_one_does():
    network = filled(RnnNetwork(RnnSkeleton(6, 11, 8), sharing="node", normalize=True, **HOW, **generators())).train()
    logits = network(Segment(torch.tensor([[1, 4, 7], [2, 5, 8], [3, 6, 9]])), alpha().softmax(1)).log_softmax(1)
    assert close(logits.view(3, 3, 11)[2, 0], MIXED)


def test_the_derived_genotype_is_the_released_one():
    derived = RnnSpace(8).derive(alpha().softmax(1).numpy())
    assert derived.nodes == ((1, 0), (4, 0), (3, 0), (4, 2), (4, 0), (4, 2), (4, 5), (4, 7))


@pytest.mark.parametrize(
    ("hidden", "words", "name", "expected"),
    [
        (850, 10_000, "DARTS_V1", 22_960_000),
        (300, 10_000, "DARTS_V2", 4_810_000),
        (700, 33_278, "DARTS_V1", 33_127_878),
        (850, 10_000, "ENAS", 27_295_000),
        (300, 33_278, "DARTS_V2", 11_816_678),
    ],
)
def test_networks_have_the_published_number_of_parameters(hidden, words, name, expected):
    cell = CELLS[name]
    skeleton = RnnSkeleton(hidden, words, len(cell.nodes))
    with torch.device("meta"):
        network = RnnStandalone(skeleton, cell, **HOW, rng=None, masks=None)
    assert parameters(network) == expected == RnnSpace(8).cost(cell, skeleton).params


@pytest.mark.parametrize(("sharing", "matrices"), [("node", 8), ("edge", 36), ("edge_act", 144)])
def test_the_supernet_has_a_matrix_for_everything_that_shares_none(sharing, matrices):
    network = RnnNetwork(RnnSkeleton(5, 7, 8), sharing=sharing, normalize=False, **HOW, **generators())
    assert parameters(network) == 7 * 5 + 7 + 100 + matrices * 50
    assert np.abs(network.matrices[-1].detach().numpy()).max() <= 0.04
