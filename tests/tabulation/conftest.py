"""A recipe small enough to measure in a moment."""

from __future__ import annotations

import pytest

from nasrepro.tabulation.build import Tabulation
from nasrepro.tabulation.recipe import Recipe


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return Recipe(
        channels=2,
        cells=1,
        stages=2,
        train_images=64,
        epochs=2,
        report_epochs=(1, 2),
        batch_size=32,
        lr=0.02,
        weight_decay=0.01,
        noise=0.3,
        trials=2,
    )


@pytest.fixture(scope="session")
def tabulation(recipe) -> Tabulation:
    return Tabulation("toy-digits", "digits", recipe)
