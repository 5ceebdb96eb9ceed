"""What a path is worth to a sampler while the shared weights learn: on images its accuracy, on text what ENAS takes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nasrepro.datasets.text_streams import Segment
from nasrepro.spaces.base import Path
from nasrepro.training.evaluate import evaluation_mode, judged, told
from nasrepro.training.sampler import Lessons

_OF_PERPLEXITY = 80.0  # c of c / PPL (Pham et al. 2018)


def reward(lessons: Lessons, path: Path) -> float:
    """Of one path on one fresh validation batch, in evaluation mode: the share of right answers in [0, 1], or of text,
    read from a state of zeros, 80 divided by the perplexity."""
    return rewards(lessons, [path])[0]


@torch.inference_mode()
def rewards(lessons: Lessons, paths: Sequence[Path]) -> list[float]:
    """The same of many paths (P,), all on the same fresh batch, so that they can be compared; P forward passes, which
    run together where the network can."""
    x, y = lessons.valid_batch()
    text = isinstance(x, Segment)

    def begun() -> Tensor | Segment:
        return Segment(x.tokens) if isinstance(x, Segment) else x

    with evaluation_mode(lessons.network):
        many = getattr(lessons.network, "many", None) if len(paths) > 1 else None
        logits = many(begun(), paths) if many else (lessons.network(begun(), path) for path in paths)
        found = told([judged(own, y) for own in logits])
    # exp(-loss) cannot overflow where the loss is a number
    return [_OF_PERPLEXITY * math.exp(-loss / len(y)) if text else right / len(y) for right, loss in found]
