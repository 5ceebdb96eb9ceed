"""A density shows how many points lie where, and says what it leaves out."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from nasrepro.reporting.density import density
from nasrepro.reporting.style import new_figure, styled

LIMITS = ((0.0, 1.0), (0.0, 1.0))


def hexagons(axes) -> PolyCollection:
    (found,) = [c for c in axes.collections if isinstance(c, PolyCollection)]
    return found


def key(axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_more_points_are_more_opaque_and_of_one_hue() -> None:
    x = np.concatenate([np.full(1, 0.2), np.full(10, 0.5), np.full(100, 0.8)])
    axes = new_figure(3, 3).subplots()
    assert density(axes, x, np.full(111, 0.5), LIMITS) == 111
    found = hexagons(axes)
    found.update_scalarmappable()
    counts, colors = np.asarray(found.get_array()), found.get_facecolor()
    assert sorted(counts) == [1, 10, 100]
    assert len({tuple(color[:3]) for color in colors}) == 1
    opacity = colors[np.argsort(counts), 3]
    assert opacity[0] > 0.1
    assert opacity == pytest.approx([opacity[0], (opacity[0] + 1) / 2, 1], abs=0.01)
    assert key(axes) == ["1", "10", "100"]


def test_points_outside_and_missing_ones_are_not_drawn_and_not_counted() -> None:
    axes = new_figure(3, 3).subplots()
    x, y = np.array([0.5, 0.5, 1.5, np.nan, 0.5]), np.array([0.5, 0.5, 0.5, 0.5, -0.1])
    assert density(axes, x, y, LIMITS) == 2
    assert np.asarray(hexagons(axes).get_array()).sum() == 2
    assert (axes.get_xlim(), axes.get_ylim()) == LIMITS


@pytest.mark.parametrize("points", [0, 1])
def test_hardly_any_points(points: int) -> None:
    figure = new_figure(3, 3)
    axes = figure.subplots()
    with styled():
        assert density(axes, np.full(points, 0.5), np.full(points, 0.5), LIMITS) == points
        figure.draw_without_rendering()
