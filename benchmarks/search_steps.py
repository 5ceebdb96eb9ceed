"""What each search does for one weight update, on a plain supernet as public releases do it, and here.

The plain steps compute every gradient in every pass, as a `backward()` of the whole loss does; ours ask for the
gradients that are used.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from plain_nb201 import Choice, hard_gates
from torch import Tensor, nn

from nasrepro.methods.alpha import AlphaSettings
from nasrepro.methods.controller import Controller
from nasrepro.methods.darts import DartsSampler
from nasrepro.methods.darts_v2 import DartsV2Sampler, DartsV2Settings
from nasrepro.methods.enas import ControllerSampler, EnasSettings
from nasrepro.methods.rewards import reward
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.training.sampler import Lessons

Paths = tuple[tuple[int, ...], ...]
"""Seven paths: one to train, one to learn from, five to reward."""
Step = Callable[[Paths], None]
Make = Callable[[nn.Module, Tensor, Tensor], Step]
_SPACE = NB201Space()
_REWARDS = 5  # paths that ENAS rewards per weight update: 1,000 after every 196


class Trainee:
    """A network with its optimizer; one weight step is forward, backward, clipping and SGD."""

    def __init__(self, network: nn.Module, x: Tensor, y: Tensor, *, foreach: bool) -> None:
        self.network, self.x, self.y = network, x, y
        self.optimizer = torch.optim.SGD(
            network.parameters(), lr=0.025, momentum=0.9, weight_decay=5e-4, nesterov=True, foreach=foreach
        )

    def loss(self, choice: Choice, gates: Tensor | None = None) -> Tensor:
        return F.cross_entropy(self.network(self.x, choice, gates), self.y)

    def step(self, choice: Choice, gates: Tensor | None = None) -> None:
        self.optimizer.zero_grad()
        self.loss(choice, gates).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()

    @property
    def lessons(self) -> Lessons:
        def no_score(_: object) -> object:
            raise NotImplementedError

        return Lessons(self.network, self.optimizer, lambda: (self.x, self.y), no_score)  # type: ignore[arg-type]


def weights_only(*, foreach: bool) -> Make:
    """RandomNAS."""

    def make(network: nn.Module, x: Tensor, y: Tensor) -> Step:
        trainee = Trainee(network, x, y, foreach=foreach)
        return lambda paths: trainee.step(paths[0])

    return make


def plain_gdas(network: nn.Module, x: Tensor, y: Tensor) -> Step:
    """Gates in both passes."""
    trainee = Trainee(network, x, y, foreach=False)
    alpha, adam = _alpha()

    def step(paths: Paths) -> None:
        trainee.step(paths[0], hard_gates(alpha, paths[0]))
        adam.zero_grad()
        trainee.loss(paths[1], hard_gates(alpha, paths[1])).backward()
        adam.step()

    return step


def our_gdas(network: nn.Module, x: Tensor, y: Tensor) -> Step:
    """The sampler's own step with its draw replaced by the given path, so that both networks see the same."""
    trainee = Trainee(network, x, y, foreach=True)
    alpha, adam = _alpha()

    def step(paths: Paths) -> None:
        trainee.step(paths[0])
        (alpha.grad,) = torch.autograd.grad(trainee.loss(paths[1], hard_gates(alpha, paths[1])), [alpha])
        adam.step()

    return step


def plain_mixture(trained: Callable[[Paths, Tensor], Choice]) -> Make:
    """Weights learn from `trained(paths, softmax of alpha)`, alpha from the mixture: first-order DARTS, SETN."""

    def make(network: nn.Module, x: Tensor, y: Tensor) -> Step:
        trainee = Trainee(network, x, y, foreach=False)
        alpha, adam = _alpha()

        def step(paths: Paths) -> None:
            trainee.step(trained(paths, alpha.softmax(1)))
            adam.zero_grad()
            trainee.loss(alpha.softmax(1)).backward()
            adam.step()

        return step

    return make


def our_mixture(trained: Callable[[Paths, Tensor], Choice]) -> Make:
    """The same by our sampler, which asks for alpha's gradient alone."""

    def make(network: nn.Module, x: Tensor, y: Tensor) -> Step:
        trainee, sampler = Trainee(network, x, y, foreach=True), DartsSampler(_SPACE, AlphaSettings(), 0)

        def step(paths: Paths) -> None:
            trainee.step(trained(paths, sampler.sample()))
            sampler.learn(trainee.lessons, (x, y))

        return step

    return make


def plain_unrolled(network: nn.Module, x: Tensor, y: Tensor) -> Step:
    """Second-order DARTS: five passes, each with all its gradients, and copies of all weights."""
    trainee = Trainee(network, x, y, foreach=False)
    alpha, adam = _alpha()
    weights = list(network.parameters())

    def shift(direction: list[Tensor], length: float) -> None:
        with torch.no_grad():
            for weight, change in zip(weights, direction, strict=True):
                weight.add_(change, alpha=length)

    def gradients() -> tuple[Tensor, list[Tensor]]:
        adam.zero_grad()
        trainee.optimizer.zero_grad()
        trainee.loss(alpha.softmax(1)).backward()
        assert alpha.grad is not None
        return alpha.grad.clone(), [torch.zeros_like(w) if w.grad is None else w.grad.clone() for w in weights]

    def step(paths: Paths) -> None:
        _, ahead = gradients()
        shift(ahead, -0.025)
        direct, direction = gradients()
        shift(ahead, 0.025)
        reach = 0.01 / float(torch.cat([d.flatten() for d in direction]).norm())
        shift(direction, reach)
        plus, _ = gradients()
        shift(direction, -2 * reach)
        minus, _ = gradients()
        shift(direction, reach)
        alpha.grad = direct - 0.025 * (plus - minus) / (2 * reach)
        adam.step()
        trainee.step(alpha.softmax(1))

    return step


def our_unrolled(network: nn.Module, x: Tensor, y: Tensor) -> Step:
    trainee, sampler = Trainee(network, x, y, foreach=True), DartsV2Sampler(_SPACE, DartsV2Settings(), 0)

    def step(paths: Paths) -> None:
        sampler.learn(trainee.lessons, (x, y))
        trainee.step(sampler.sample())

    return step


def plain_enas(network: nn.Module, x: Tensor, y: Tensor) -> Step:
    """One path after the other is drawn from the controller."""
    trainee = Trainee(network, x, y, foreach=False)
    rng = torch.Generator().manual_seed(0)
    controller = Controller(32, 2, 5.0, 2.5, rng)
    adam = torch.optim.Adam(controller.parameters(), lr=1e-3)

    def step(paths: Paths) -> None:
        controller.draw(1, rng)
        trainee.step(paths[0])
        network.eval()
        for path in paths[2 : 2 + _REWARDS]:
            drawn = controller.draw(1, rng)
            with torch.no_grad():
                worth = float((network(x, path).argmax(1) == y).float().mean())
            (-drawn.log_prob[0] * worth / 20).backward()  # type: ignore[no-untyped-call]
        network.train()
        adam.step()

    return step


def our_enas(network: nn.Module, x: Tensor, y: Tensor) -> Step:
    trainee = Trainee(network, x, y, foreach=True)
    sampler = ControllerSampler(_SPACE, EnasSettings(), 0)
    rng = torch.Generator().manual_seed(0)

    def step(paths: Paths) -> None:
        sampler.sample()
        trainee.step(paths[0])
        drawn = sampler.controller.draw(_REWARDS, rng)
        rewards = torch.tensor([reward(trainee.lessons, path) for path in paths[2 : 2 + _REWARDS]])
        sampler._ascend(drawn.log_prob, rewards)

    return step


def _alpha() -> tuple[Tensor, torch.optim.Optimizer]:
    alpha = torch.zeros(6, 5, requires_grad=True)
    return alpha, torch.optim.Adam([alpha], lr=3e-4)


def _path(paths: Paths, _: Tensor) -> Choice:
    return paths[0]


def _mixture(_: Paths, weights: Tensor) -> Choice:
    return weights


STEPS: dict[str, tuple[Make, Make]] = {
    "randomnas": (weights_only(foreach=False), weights_only(foreach=True)),
    "gdas": (plain_gdas, our_gdas),
    "darts-v1": (plain_mixture(_mixture), our_mixture(_mixture)),
    "darts-v2": (plain_unrolled, our_unrolled),
    "setn": (plain_mixture(_path), our_mixture(_path)),
    "enas": (plain_enas, our_enas),
}
"""By method: the step as released, and ours."""
