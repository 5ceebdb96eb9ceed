"""One-shot and stand-alone scores of a network on a fixed set of images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.datasets.augment import normalize
from nasrepro.datasets.images import ImageData, ImageSet


@dataclass(frozen=True)
class ImageScore:
    """Accuracy in percent and mean cross-entropy in nats."""

    accuracy: float
    loss: float


class Evaluator:
    """Scores networks on one image set, in fixed order and fixed batches.

    With batch statistics the score depends on which images are normalised together, so the batches are part of
    the protocol: they are cut once, in the order of the images, into parts as equal as possible.
    """

    def __init__(self, images: ImageSet, data: ImageData, batch_size: int) -> None:
        pixels = normalize(images.images, data.mean, data.std)
        parts = max(1, round(len(images.labels) / batch_size))
        self.batches: list[tuple[Tensor, Tensor]] = list(
            zip(pixels.tensor_split(parts), images.labels.tensor_split(parts), strict=True)
        )
        self.images = len(images.labels)

    @torch.inference_mode()
    def score(self, network: nn.Module, forward: Callable[[Tensor], Tensor]) -> ImageScore:
        """Evaluate `forward` with the network in evaluation mode, and put it back into its mode."""
        was_training = network.training
        network.eval()
        correct, loss = 0, 0.0
        for x, y in self.batches:
            logits = forward(x)
            correct += int((logits.argmax(1) == y).sum())
            loss += float(F.cross_entropy(logits, y, reduction="sum"))
        network.train(was_training)
        return ImageScore(100 * correct / self.images, loss / self.images)
