"""The plain recurrent supernet of `benchmarks/`, with the weights of ours."""

import importlib.util
from pathlib import Path

import torch

from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.supernets.darts_rnn import RnnNetwork
from nasrepro.supernets.darts_rnn_frame import Dropouts

_FILE = Path(__file__).parents[2] / "benchmarks" / "plain_rnn.py"
_SPEC = importlib.util.spec_from_file_location("plain_rnn", _FILE)
plain_rnn = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plain_rnn)

HIDDEN, WORDS = 7, 11


def network(nodes, *, sharing="edge_act", normalize=False, dropouts=None, tar=0.0, ar=0.0, seed=0):
    """Our supernet in double precision, its weights large enough for every activation to bend."""
    made = RnnNetwork(
        RnnSkeleton(HIDDEN, WORDS, nodes),
        sharing=sharing,
        normalize=normalize,
        dropouts=dropouts or Dropouts(),
        tar=tar,
        ar=ar,
        rng=torch.Generator().manual_seed(seed),
        masks=torch.Generator().manual_seed(seed + 1),
    ).double()
    with torch.no_grad():
        for weight in made.parameters():
            weight.copy_(
                0.4 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(3), dtype=weight.dtype)
            )
    return made


def pair(nodes, sharing, normalize):
    """Our supernet and the plain one with equal weights and, where there are any, equal running averages."""
    ours = network(nodes, sharing=sharing, normalize=normalize)
    plain = plain_rnn.PlainRnn(HIDDEN, WORDS, nodes, sharing, normalize).double()
    with torch.no_grad():
        for (name, mine), (other, theirs) in zip(ours.named_parameters(), plain.named_parameters(), strict=True):
            assert name == other
            theirs.copy_(mine)
        if normalize:
            for average, start in ((ours.norm.mean, 0.2), (ours.norm.var, 0.3)):
                average.fill_(start)
            plain.norm.running_mean.fill_(0.2)
            plain.norm.running_var.fill_(0.3)
    return ours, plain
