"""A step on a batch that is cut into pieces, each normalised by its own statistics: the replicas of the network.

Several processes take a piece each; one process takes the pieces in turn. Both descend the gradient of the mean loss of
all images of the batch, and both track the mean over replicas of what these normalised with, so a training ends the
same, up to rounding, however it is carried out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from nasrepro.datasets.parts import Part, parts
from nasrepro.supernets.darts_alone import DartsStandalone
from nasrepro.supernets.norm import Norm
from nasrepro.training.team import Team

Loss = Callable[[Tensor, Tensor], Tensor]
"""Images and labels → their mean loss."""


class InTurn:
    """All replicas in this process, one after the other; gradients add up."""

    def __init__(self, network: DartsStandalone, loss: Loss, replicas: int) -> None:
        self._network, self._loss, self._replicas = network, loss, replicas
        self._norms = [module for module in network.modules() if isinstance(module, Norm)]

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Leaves the gradient on the weights, and gives the mean loss of the batch."""
        network, total = self._network, torch.zeros((), device=x.device)
        drops = network.drops.get_state()
        for turn, part in enumerate(parts(len(y), self._replicas)):
            network.drops.set_state(drops)  # every piece is a part of the one batch that is drawn for
            network.drawn = part
            self._weigh(turn)
            loss = self._loss(part.of(x), part.of(y)) * part.share
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def settle(self) -> None:
        """Nothing: the running statistics are the mean over replicas after every batch."""

    def _weigh(self, turn: int) -> None:
        """Momenta with which n updates in a row do what one update of momentum m with the mean of n statistics does.

        A statistic that is taken in with m' keeps m'(1 - m'')(1 - m''')… of it; for all to keep m/n, the one that r
        others follow needs m' = (m/n) / (1 - rm/n).
        """
        momentum = Norm.momentum / self._replicas
        followers = self._replicas - 1 - turn
        for norm in self._norms:
            norm.momentum = momentum / (1 - followers * momentum)


class Together:
    """One replica in each process of a team; gradients are averaged while they are still being computed."""

    def __init__(self, network: DartsStandalone, loss: Loss, team: Team, part: Callable[[], Part]) -> None:
        """`part` says which images of its batch the last ones were."""
        self._network, self._team, self._part = network, team, part
        self._tracked = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
        with warnings.catch_warnings():  # the name that replaces `broadcast_buffers` is unknown to earlier versions
            warnings.simplefilter("ignore", FutureWarning)
            self._shared = DistributedDataParallel(
                _Lost(network, loss),
                broadcast_buffers=False,
                gradient_as_bucket_view=True,
                static_graph=True,  # weights that no loss reaches, the same ones in every step, keep having no gradient
            )

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Leaves the gradient on the weights, and gives this piece's share of the mean loss of the batch."""
        part = self._part()
        self._network.drawn = part
        loss: Tensor = self._shared(x, y) * part.share
        scaled = loss * self._team.size  # what is averaged over processes is to be added up
        scaled.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    @torch.no_grad()
    def settle(self) -> None:
        """Running statistics become their mean over replicas. An exponential average is linear in what it averages,
        so this is needed only before they are used."""
        if self._tracked:
            means = self._team.summed(torch.cat([buffer.flatten() for buffer in self._tracked])) / self._team.size
            each = torch.split(means, [buffer.numel() for buffer in self._tracked])
            for buffer, mean in zip(self._tracked, each, strict=True):
                buffer.copy_(mean.view_as(buffer))


class _Lost(nn.Module):
    """A network and its loss as one module, because an output that no loss reads would be waited for."""

    def __init__(self, network: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.network, self._loss = network, loss

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self._loss(x, y)
