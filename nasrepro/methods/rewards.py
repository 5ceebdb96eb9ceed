"""What a path is worth to a sampler while the shared weights learn: its accuracy on validation images."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from nasrepro.spaces.base import Path
from nasrepro.training.evaluate import evaluation_mode, judged
from nasrepro.training.sampler import Lessons


def accuracy(lessons: Lessons, path: Path) -> float:
    """Share of right answers in [0, 1] of one path on one fresh validation batch, in evaluation mode."""
    return accuracies(lessons, [path])[0]


@torch.inference_mode()
def accuracies(lessons: Lessons, paths: Sequence[Path]) -> list[float]:
    """The same of many paths (P,), all on the same fresh batch, so that they can be compared; P forward passes, which
    run together where the network can."""
    x, y = lessons.valid_batch()
    with evaluation_mode(lessons.network):
        many = getattr(lessons.network, "many", None) if len(paths) > 1 else None
        logits = many(x, paths) if many else (lessons.network(x, path) for path in paths)
        return [judged(own, y)[0] / len(y) for own in logits]
