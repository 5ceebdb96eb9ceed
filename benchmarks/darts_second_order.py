"""How far the finite difference of second-order DARTS is from the Hessian product that it stands for.

    python benchmarks/darts_second_order.py [--seeds 3] [--threads 2]

Between two settings of the weights lie kinks of ReLUs, where alpha's gradient jumps; a difference over them is no
derivative. The exact product differentiates twice. Both are computed in double precision, so rounding has no part in
it; only the shortest steps meet no kink. `radius` is the norm of the shift; published is 0.01.
"""

from __future__ import annotations

import argparse
import statistics

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from rich.table import Table

from nasrepro.methods.darts_v2 import hessian_product
from nasrepro.spaces.base import Skeleton
from nasrepro.supernets.nb201 import NB201Network

RADII = (1.0, 0.1, 0.01, 0.001, 1e-7)
SKELETONS = {"C=8, N=1, 2 stages": Skeleton(8, 1, 2, 8, 10), "C=16, N=1, 3 stages": Skeleton(16, 1, 3, 8, 10)}


def errors(skeleton: Skeleton, seed: int) -> list[float]:
    """‖finite difference − exact‖ / ‖exact‖ at every radius, after 20 steps of gradient descent on one batch."""
    rng = torch.Generator().manual_seed(seed)
    network = NB201Network(skeleton, rng=rng).double()
    network.dtype = torch.float64
    x = torch.randn(64, 3, skeleton.image_size, skeleton.image_size, generator=rng, dtype=torch.float64)
    y = torch.randint(skeleton.classes, (64,), generator=rng)
    alpha = (1e-3 * torch.randn(6, 5, generator=rng, dtype=torch.float64)).requires_grad_()
    weights = list(network.parameters())

    def loss(images: torch.Tensor = x) -> torch.Tensor:
        return F.cross_entropy(network(images, alpha.softmax(1)), y)

    for _ in range(20):
        for weight, gradient in zip(weights, torch.autograd.grad(loss(), weights), strict=True):
            weight.data.sub_(gradient, alpha=0.05)
    direction = list(torch.autograd.grad(loss(x.flip(3)), weights))
    gradients = torch.autograd.grad(loss(), weights, create_graph=True)
    along = torch.stack([(g * d).sum() for g, d in zip(gradients, direction, strict=True)]).sum()
    (exact,) = torch.autograd.grad(along, [alpha])
    found = [hessian_product(loss, alpha, list(weights), direction, radius) for radius in RADII]
    return [float((product - exact).norm() / exact.norm()) for product in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    table = Table("supernet", *(f"radius {radius:g}" for radius in RADII), title="relative error, mean over seeds")
    for name, skeleton in SKELETONS.items():
        found = [errors(skeleton, seed) for seed in track(range(options.seeds), name)]
        table.add_row(name, *(f"{statistics.mean(column):.1e}" for column in zip(*found, strict=True)))
    Console().print(table)


if __name__ == "__main__":
    main()
