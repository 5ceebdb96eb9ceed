"""How large the official data sets are, so that work can be counted where they are not."""

from __future__ import annotations

from dataclasses import dataclass

from nasrepro.splits import Split


@dataclass(frozen=True)
class Size:
    """Images, or words of a text, of each split as searches see them."""

    train: int
    valid: int
    test: int

    def trained(self, split: Split) -> int:
        """Images of a training from scratch that is scored on `split`: for the test split without any held out."""
        return self.train + self.valid if split is Split.TEST else self.train

    def of(self, split: Split) -> int:
        return {Split.TRAIN: self.train, Split.VALID: self.valid, Split.TEST: self.test}[split]


_CIFAR = Size(25_000, 25_000, 10_000)
SIZES = {
    "digits": Size(1_077, 360, 360),
    "cifar10": _CIFAR,
    "cifar100": _CIFAR,
    "cifar10-darts": _CIFAR,
    "cifar100-darts": _CIFAR,
    "imagenet": Size(1_281_167, 0, 50_000),
    "grammar": Size(300_030, 30_035, 30_255),
    "ptb": Size(929_589, 73_760, 82_430),
    "wikitext2": Size(2_088_628, 217_646, 245_569),
}
"""By data set."""
