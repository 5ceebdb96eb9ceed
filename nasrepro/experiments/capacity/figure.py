"""The figure of the capacity page: hours until everything is done, by the number of workers, both as logarithms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape

from nasrepro.experiments.capacity.bill import Forecasts

COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 205, 16, 44
Place = Callable[[float, float], tuple[float, float]]
"""From a number of workers and hours to a point of the drawing."""
_CURVES = (
    ("as reproduce does it", "hours", "#0072b2", ""),
    ("ImageNet on 8 GPUs each", "wide_hours", "#d55e00", "6 3"),
)


def svg(forecasts: Forecasts) -> str:
    """The curves of a forecast for `COUNTS`, and no idle time as a thin line."""
    ideal = [forecasts.total_hours / own.workers for own in forecasts.each]
    hours = [*ideal, *(getattr(own, name) for own in forecasts.each for _, name, _, _ in _CURVES)]
    low, high = math.floor(math.log10(min(hours))), math.ceil(math.log10(max(hours)))
    last = math.log10(COUNTS[-1])

    def place(workers: float, value: float) -> tuple[float, float]:
        across = _LEFT + (_WIDTH - _LEFT - _RIGHT) * math.log10(workers) / last
        share = (math.log10(value) - low) / (high - low)
        return across, _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share

    parts = [*_grid(place, range(low, high + 1))]
    for number, (label, name, color, dashes) in enumerate((*_CURVES, ("no idle time", "", "#999999", ""))):
        values = [getattr(own, name) for own in forecasts.each] if name else ideal
        left, top = _WIDTH - _RIGHT + 12, _TOP + 14 + 18 * number
        points = [place(own.workers, value) for own, value in zip(forecasts.each, values, strict=True)]
        parts += [_line(points, color, dashes), _line([(left, top - 4), (left + 20, top - 4)], color, dashes)]
        parts.append(_text(left + 25, top, label))
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, "GPUs", anchor="middle"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
    title = "<title>Time until all papers are reproduced, by the number of GPUs</title>"
    return "\n".join([head, title, '<rect width="100%" height="100%" fill="#ffffff"/>', *parts, "</svg>", ""])


def _grid(place: Place, powers: Sequence[int]) -> Iterator[str]:
    for power in powers:
        (left, y), (right, _) = place(1, 10**power), place(COUNTS[-1], 10**power)
        yield _line([(left, y), (right, y)], "#dddddd", "", 1)
        yield _text(left - 6, y + 4, f"{10**power:,} h", anchor="end")
    for workers in (1, 10, 100, 1000):
        x, y = place(workers, 10 ** min(powers))
        yield _text(x, y + 16, f"{workers:,}", anchor="middle")


def _line(points: Sequence[tuple[float, float]], color: str, dashes: str, width: float = 2) -> str:
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{where}" fill="none" stroke="{color}" stroke-width="{width:g}"{dashed}/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    style = f'font-family="sans-serif" font-size="12" fill="#222222" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
