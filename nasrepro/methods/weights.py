"""The shared weights of a search, of images or of text."""

from __future__ import annotations

from typing import Any

from nasrepro.datasets.images import ImageData
from nasrepro.datasets.text import TextData
from nasrepro.methods.shared_text import SharedText
from nasrepro.methods.shared_weights import SharedWeights
from nasrepro.spaces.base import Space


def shared_weights(
    settings: Any, space: Space[Any], skeleton: Any, data: ImageData | TextData, seed: int, device: str = "cpu"
) -> SharedWeights | SharedText:
    """A fresh supernet with the streams and the judge that belong to its data, all on the device."""
    if isinstance(data, TextData):
        return SharedText.build(settings, space, skeleton, data, seed, device)
    return SharedWeights.build(settings, space, skeleton, data, seed, device)
