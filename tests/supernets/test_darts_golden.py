"""DARTS networks against numbers that the released definitions gave, in double precision, and their published sizes."""

import pytest
import torch
import torch.nn.functional as F

from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_costs import with_auxiliary
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.supernets import depthwise
from nasrepro.supernets.darts import DartsNetwork
from nasrepro.supernets.darts_alone import DartsStandalone

SPACE = DartsSpace()
CELLS = {
    "DARTS_V2": "darts:0414041403140326-0111112301231123",
    "ENNAS": "darts:1516141602150330-0006061227372034",
    "Random_NSAS_C": "darts:0614042603340447-0611062206340247",
    "NASNet": "darts:04150405031202021314-08150811051222331124+456",
    "AmoebaNet": "darts:02110425043213140312+456-02140128081201110954+346",
    "PNASNet": "darts:01051118141511440413-01051118141511440413",
}
SMALL = DartsSkeleton(8, 8, 32, 10)
LOGITS = {
    "DARTS_V2": [0.184704, -0.191614, 0.187891, -0.173742, 0.149953, -0.117843, 0.079193, -0.036149, -0.0089, 0.053456],
    "ENNAS": [0.043809, -0.054687, 0.06253, -0.066904, 0.067565, -0.064477, 0.057811, -0.047938, 0.035404, -0.020906],
    "Random_NSAS_C": [
        *(0.067889, -0.055622, 0.040268, -0.022679, 0.003832),
        *(0.015227, -0.033442, 0.049801, -0.063396, 0.073474),
    ],
}
AUXILIARY = {
    "DARTS_V2": [0.107475, -0.386424, -0.226127, 0.316992, 0.32346, -0.217673, -0.390296, 0.097832, 0.420336, 0.031232],
    "ENNAS": [-0.309168, 0.09288, 0.337687, 0.010807, -0.334368, -0.113475, 0.299526, 0.205445, -0.236444, -0.278045],
}
EVALUATED = {
    "DARTS_V2": [-0.150038, -0.151617],
    "ENNAS": [0.00742429, 0.00974123],
    "Random_NSAS_C": [0.116275, 0.0155182],
}
PARAMS = {"DARTS_V2": (69618, 488700), "ENNAS": (77410, 496492), "Random_NSAS_C": (83026, 502108)}
MIXED = [
    *(-0.248759, 0.256443, -0.249897, 0.229484, -0.196337),
    *(0.152296, -0.099803, 0.041773, 0.018575, -0.077893),
]


def generator():
    return torch.Generator().manual_seed(0)


@torch.no_grad()
def filled(network):
    """Every kernel a cosine of its places, scales 1, shifts 0."""
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1:
            wave = torch.cos(0.37 * torch.arange(parameter.numel(), dtype=torch.float64))
            parameter.copy_((wave * (2 / parameter[0].numel()) ** 0.5).view(parameter.shape))
        else:
            parameter.fill_(0.0 if name.endswith("bias") else 1.0)
    return network


def doubled(network):
    network.dtype = torch.float64
    return filled(network.double())


def images():
    return torch.sin(0.01 * torch.arange(2 * 3 * 32 * 32, dtype=torch.float64)).view(2, 3, 32, 32)


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def close(ours, golden):
    return torch.allclose(torch.as_tensor(ours), torch.tensor(golden, dtype=torch.float64), rtol=0, atol=1e-5)


@pytest.fixture(params=["as it is", "by detours"])
def detours(request, monkeypatch):
    """Small maps take the library's own way; here all detours of large ones are taken, too."""
    if request.param == "by detours":
        monkeypatch.setattr(depthwise, "_SMALL", 0)
    return request.param == "by detours"


@pytest.mark.parametrize("name", LOGITS)
def test_a_stand_alone_network_computes_what_the_released_one_does(name, detours):
    network = doubled(DartsStandalone(SMALL, SPACE.parse(CELLS[name]), channels_last=detours, rng=generator()))
    assert close(network.eval()(images())[0].sum(1).detach(), EVALUATED[name])  # before training moves the averages
    logits, auxiliary = network.train()(images())
    assert close(logits[0].detach(), LOGITS[name])
    if name in AUXILIARY:
        assert close(auxiliary[0].detach(), AUXILIARY[name])


@pytest.mark.parametrize("name", PARAMS)
def test_small_networks_have_the_released_number_of_parameters(name):
    found = [
        parameters(
            DartsStandalone(DartsSkeleton(8, 8, 32, 10, auxiliary=head), SPACE.parse(CELLS[name]), rng=generator())
        )
        for head in (False, True)
    ]
    assert tuple(found) == PARAMS[name]


def test_the_supernet_and_its_gradient_in_alpha_are_the_released_ones(monkeypatch):
    monkeypatch.setattr(depthwise, "_SMALL", 0)
    network = doubled(DartsNetwork(DartsSkeleton(8, 5, 32, 10), channels_last=True, rng=generator()))
    assert parameters(network) == 394_210
    place = torch.arange(112, dtype=torch.float64)
    normal, reduction = (
        (wave).view(14, 8).requires_grad_() for wave in (torch.cos(0.7 * place), torch.sin(0.9 * place))
    )
    logits = network(images(), torch.cat([normal, reduction]).softmax(1))
    assert close(logits[0].detach(), MIXED)
    assert close(logits[1].detach(), [-number for number in MIXED])
    loss = F.cross_entropy(logits, torch.tensor([3, 7]))
    assert close(loss.detach(), 2.224652679672)
    loss.backward()
    assert close(torch.stack([normal.grad.norm(), reduction.grad.norm()]), [1.10776358, 0.48385509])
    assert close(torch.stack([normal.grad[0, 4], reduction.grad[0, 4]]), [-0.02062032, -0.00832518])


def test_the_derived_genotype_is_the_released_one():
    place = torch.arange(112, dtype=torch.float64)
    alpha = torch.cat([torch.cos(0.7 * place), torch.sin(0.9 * place)]).view(28, 8)
    derived = SPACE.derive(alpha.softmax(1).numpy())
    assert derived == SPACE.parse(
        "Genotype(normal=[('max_pool_3x3', 1), ('max_pool_3x3', 0), ('avg_pool_3x3', 0), ('skip_connect', 1), "
        "('dil_conv_5x5', 2), ('dil_conv_5x5', 3), ('max_pool_3x3', 1), ('avg_pool_3x3', 2)], "
        "reduce=[('avg_pool_3x3', 0), ('max_pool_3x3', 1), ('sep_conv_5x5', 2), ('dil_conv_3x3', 1), "
        "('sep_conv_3x3', 0), ('skip_connect', 1), ('skip_connect', 3), ('avg_pool_3x3', 4)])"
    )


@pytest.mark.parametrize(
    ("channels", "cells", "classes", "expected"),
    [(16, 8, 10, 1_930_618), (16, 8, 100, 1_953_748), (24, 8, 10, 3_998_194), (16, 5, 10, 1_275_834)],
)
def test_supernets_have_the_published_number_of_parameters(channels, cells, classes, expected):
    with torch.device("meta"):
        network = DartsNetwork(DartsSkeleton(channels, cells, 32, classes), rng=None)
    assert parameters(network) == expected


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("family", ["cifar", "imagenet"])
def test_built_networks_have_the_parameters_of_the_closed_form(name, family):
    for head in (True, False):
        sizes = (48, 14, 224, 1000) if family == "imagenet" else (36, 20, 32, 100)
        skeleton = DartsSkeleton(*sizes, family=family, auxiliary=head)
        with torch.device("meta"):
            network = DartsStandalone(skeleton, SPACE.parse(CELLS[name]), rng=None)
        assert parameters(network) == with_auxiliary(SPACE.parse(CELLS[name]), skeleton)
        without = parameters(network) - (parameters(network.auxiliary) if head else 0)
        assert without == SPACE.cost(SPACE.parse(CELLS[name]), skeleton).params
