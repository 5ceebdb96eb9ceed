"""One way to ask for training batches, wherever the images are."""

from __future__ import annotations

import torch

from nasrepro.datasets.folder_images import FolderData
from nasrepro.datasets.folder_streams import CPU, FolderStream
from nasrepro.datasets.images import ImageData
from nasrepro.datasets.parts import WHOLE, Cut
from nasrepro.datasets.streams import BatchStream


def training_stream(
    data: ImageData | FolderData,
    batch_size: int,
    generator: torch.Generator,
    *,
    cutout: int = 0,
    channels_last: bool = False,
    cut: Cut = WHOLE,
    device: torch.device = CPU,
) -> BatchStream | FolderStream:
    """Augmented batches of the training images, or one piece of each, in epochs of fresh random order; `generator` is
    the stream's own. What a folder holds goes to `device`; what is in memory is there already."""
    if isinstance(data, FolderData):
        return FolderStream(
            data.train,
            data,
            batch_size,
            generator,
            cutout=cutout,
            channels_last=channels_last,
            cut=cut,
            device=device,
        )
    return BatchStream(
        data.train,
        data,
        batch_size,
        generator,
        augment=True,
        replacement=False,
        cutout=cutout,
        channels_last=channels_last,
        cut=cut,
    )
