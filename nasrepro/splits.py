"""The three parts of a data set. A number without its split is not a result."""

from __future__ import annotations

from enum import StrEnum

from nasrepro.errors import unknown


class Split(StrEnum):
    """TRAIN fits weights, VALID chooses architectures, TEST is reported and never searched on."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"

    @classmethod
    def parse(cls, text: str) -> Split:
        """The split called `text`; raises `UserError` naming the allowed ones."""
        try:
            return cls(text.lower())
        except ValueError:
            raise unknown("split", text, [s.value for s in cls]) from None
