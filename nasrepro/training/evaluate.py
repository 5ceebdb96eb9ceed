"""One-shot and stand-alone scores of a network on a fixed set of images."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.datasets.augment import noise, normalize
from nasrepro.datasets.folder_images import FolderData
from nasrepro.datasets.folder_streams import FolderBatches
from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.datasets.streams import Batch
from nasrepro.splits import Split
from nasrepro.training.team import ALONE, Team

_NOISE_SEED = 1797
_OVERFLOW = 700.0  # nats


@dataclass(frozen=True)
class CellScore:
    """Accuracy in percent and mean cross-entropy in nats, over images or over the words of a text."""

    accuracy: float
    loss: float

    @property
    def value(self) -> float:
        """The number that people quote: accuracy in percent."""
        return self.accuracy

    @property
    def merit(self) -> float:
        """What cells are ordered by; higher is better."""
        return self.accuracy


class TextScore(CellScore):
    """The same of a language model, which is judged by its perplexity; accuracy is that of guessing the next word."""

    @property
    def value(self) -> float:
        """Perplexity: exp of the mean cross-entropy, infinite where that is too large."""
        return math.exp(self.loss) if self.loss < _OVERFLOW else math.inf

    @property
    def merit(self) -> float:
        return -self.loss


class Evaluator:
    """Scores networks on one image set, in fixed order and fixed batches.

    With batch statistics the score depends on which images are normalised together, so the batches are part of
    the protocol: they are cut once, in the order of the images, into parts as equal as possible. Where the data are
    noisy, each image gets its noise once, the same for every network. The processes of a team share the batches.
    """

    def __init__(self, images: ImageSet, data: ImageData, batch_size: int, team: Team = ALONE) -> None:
        self._team = team
        clean = normalize(images.images, data.mean, data.std)
        pixels = noise(clean, data.noise, torch.Generator().manual_seed(_NOISE_SEED))
        parts = max(1, round(len(images.labels) / batch_size))
        self.batches: list[tuple[Tensor, Tensor]] = list(
            zip(pixels.tensor_split(parts), images.labels.tensor_split(parts), strict=True)
        )[self._team.number :: self._team.size]
        self.images = len(images.labels)

    def score(self, network: nn.Module, forward: Callable[[Tensor], Tensor]) -> CellScore:
        """Evaluate `forward` with the network in evaluation mode, and put it back into its mode."""
        return _scored(network, forward, self.batches, self.images, self._team)


class FolderEvaluator:
    """The same for images that are decoded anew for every score. Meant for running statistics: images come class by
    class."""

    def __init__(self, batches: FolderBatches, team: Team = ALONE) -> None:
        """`batches` are those of this process of the team."""
        self.batches, self._team = batches, team

    def score(self, network: nn.Module, forward: Callable[[Tensor], Tensor]) -> CellScore:
        """As `Evaluator.score`; raises `UserError` naming an image that cannot be read."""
        return _scored(network, forward, self.batches, self.batches.images, self._team)


def evaluator(
    data: ImageData | FolderData, split: Split, batch_size: int, team: Team = ALONE
) -> Evaluator | FolderEvaluator:
    """What scores networks on one split of `data`."""
    if isinstance(data, FolderData):
        return FolderEvaluator(
            FolderBatches(data.split(split), data, batch_size, cut=team.cut, device=team.device), team
        )
    return Evaluator(data.split(split), data, batch_size, team)


@torch.inference_mode()
def _scored(
    network: nn.Module, forward: Callable[[Tensor], Tensor], batches: Iterable[Batch], images: int, team: Team
) -> CellScore:
    correct, loss = 0.0, 0.0
    with evaluation_mode(network):
        for hits, error in told([judged(forward(x), y) for x, y in batches]):
            correct += hits
            loss += error
    correct, loss = team.summed(torch.tensor([correct, loss], dtype=torch.float64)).tolist()
    return CellScore(100 * correct / images, loss / images)


def judged(logits: Tensor, labels: Tensor) -> Tensor:
    """How many of the (B, classes) logits are right, and the sum of their cross-entropies in nats; float64 (2,), where
    the logits are."""
    right, loss = (logits.argmax(1) == labels).sum(), F.cross_entropy(logits, labels, reduction="sum")
    return torch.stack([right.double(), loss.double()])


def told(found: Sequence[Tensor]) -> list[list[float]]:
    """What `judged` found, as numbers, all at once: each question to a GPU waits for all that it has to do."""
    return torch.stack(list(found)).tolist() if found else []


@contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[None]:
    """Puts the network back into its mode afterwards."""
    was_training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(was_training)
