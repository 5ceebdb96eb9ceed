"""The networks around a pair of DARTS cells: the one for small images and the one for ImageNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_AUXILIARY_MAPS = {"cifar": (8, 10), "imagenet": (7, 8)}
"""Sides of the map after both reductions that the auxiliary head pools to 2×2, which is what its convolution takes."""
_SHRINKS = {"cifar": 4, "imagenet": 32}
"""By how much the whole network divides the image side."""


@dataclass(frozen=True)
class DartsSkeleton:
    """The network around a pair of cells; with a genotype it makes an architecture (Liu et al., ICLR 2019).

    `channels` is the width C of the first cell, `cells` the number of cells altogether: two are reductions, in which
    channels double and the side halves. The `cifar` family has a stem of `stem` × C channels, the `imagenet` family
    three strided convolutions, which divide the side by 8. `auxiliary` says whether stand-alone networks have an
    auxiliary head behind the second reduction; supernets never do.

    Raises `ValueError` for sizes of which no network can be built.
    """

    channels: int
    cells: int
    image_size: int
    classes: int
    in_channels: int = 3
    stem: int = 3
    family: Literal["cifar", "imagenet"] = "cifar"
    auxiliary: bool = True

    def __post_init__(self) -> None:
        if min(self.sizes().values()) < 1:
            raise ValueError(f"every size of a skeleton is at least 1: {self}")
        if self.family not in _SHRINKS:
            raise ValueError(f"there is no family '{self.family}' of skeletons; allowed: {', '.join(_SHRINKS)}")
        if self.cells < 3:
            raise ValueError(f"{self.cells} cells are too few for two reductions behind a normal cell; at least 3")
        if self.image_size % _SHRINKS[self.family]:
            raise ValueError(
                f"image side {self.image_size} is not divisible by {_SHRINKS[self.family]}, by which the "
                f"{self.family} skeleton shrinks it"
            )
        if self.family == "imagenet" and self.channels % 2:
            raise ValueError(f"the stem of the imagenet skeleton halves the channels, and {self.channels} is odd")
        least, most = _AUXILIARY_MAPS[self.family]
        if self.auxiliary and not least <= self.last_side <= most:
            raise ValueError(
                f"the auxiliary head takes maps of side {least} to {most}, and images of side {self.image_size} leave "
                f"{self.last_side}; build the network without it"
            )

    @property
    def reductions(self) -> frozenset[int]:
        """Positions of the two reduction cells."""
        return frozenset({self.cells // 3, 2 * self.cells // 3})

    @property
    def last_side(self) -> int:
        """Side of the maps behind the second reduction."""
        return self.image_size // _SHRINKS[self.family]

    def sizes(self) -> dict[str, int]:
        """Everything a supernet's skeleton is made of."""
        return {name: value for name, value in vars(self).items() if name not in ("family", "auxiliary")}
