"""A tiny supernet in double precision with one batch, and the gradient of whatever is asked of it."""

import torch

from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Skeleton
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.regularizer import WeightStep


class TinySupernet:
    def __init__(self, images=6):
        self.network = NB201Network(Skeleton(3, 1, 2, 8, 3, in_channels=1), rng=torch_rng(0, "weights")).double()
        self.network.dtype = torch.float64
        self.network.train()
        rng = torch.Generator().manual_seed(2)
        x = torch.randn(images, 1, 8, 8, generator=rng, dtype=torch.float64)
        self.batch = x, torch.randint(3, (images,), generator=rng)
        self.weights = list(self.network.parameters())

    def step(self, path):
        return WeightStep(self.network, path, self.batch)

    def gradient(self, loss):
        """Of all weights, in one row; zero where a weight has no part in the loss."""
        found = torch.autograd.grad(loss, self.weights, allow_unused=True)
        pairs = zip(self.weights, found, strict=True)
        return torch.cat([(torch.zeros_like(w) if g is None else g).flatten() for w, g in pairs])

    def difference(self, at, loss, radius=1e-6):
        """Central difference of `loss()` along weight number `at`."""
        for weight in self.weights:
            if at < weight.numel():
                break
            at -= weight.numel()
        flat, sides = weight.detach().view(-1), []
        before = float(flat[at])
        for shift in (radius, -radius):
            flat[at] = before + shift
            sides.append(loss().item())
        flat[at] = before
        return (sides[0] - sides[1]) / (2 * radius)
