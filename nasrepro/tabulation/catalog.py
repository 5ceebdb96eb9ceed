"""The tables this project measures itself."""

from __future__ import annotations

from nasrepro.errors import unknown
from nasrepro.tabulation.build import Tabulation
from nasrepro.tabulation.recipe import Recipe

# Chosen on 200 pilot cells and judged on 200 others; data/README.md has the figures.
_DIGITS = Recipe(
    channels=4,
    cells=1,
    stages=2,
    train_images=1077,
    epochs=25,
    report_epochs=(6, 12, 25),
    batch_size=32,
    lr=0.02,
    weight_decay=0.01,
    noise=0.3,
    trials=6,
)

TABULATIONS = {"nb201-digits": Tabulation("nb201-digits", "digits", _DIGITS)}


def get(name: str) -> Tabulation:
    """The tabulation of a benchmark; raises `UserError` for one whose table comes from elsewhere."""
    if name not in TABULATIONS:
        raise unknown("table that can be measured", name, TABULATIONS)
    return TABULATIONS[name]
