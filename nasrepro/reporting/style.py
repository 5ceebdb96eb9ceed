"""One look for every figure: quiet, readable in print and for colour-blind people, deterministic bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

INK, MUTED, GRID, PAPER = "#1f2328", "#6a7078", "#dfe2e6", "#ffffff"
HALF, WIDE = 5.2, 10.4
"""Widths in inches: one and two columns of the page."""
PNG_DPI, _PNG_COLORS = 150, 128
_LETTER, _HANDLE = 4.4, 38.0
"""Points that a letter of a legend takes on average, and that its drawing and the gap to the next column take."""

# Okabe and Ito's colours without black and yellow, which are too close to ink and paper.
_HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
BLUE, VERMILION = _HUES[:2]
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.2, 1.2, 1.2)))
OP_COLORS = {
    "nor_conv_3x3": "#d55e00",
    "nor_conv_1x1": "#0072b2",
    "avg_pool_3x3": "#009e73",
    "skip_connect": "#6a7078",
    "none": MUTED,
    "max_pool_3x3": "#7a3fa0",
    "sep_conv_3x3": "#d55e00",
    "sep_conv_5x5": "#a8740a",
    "dil_conv_3x3": "#0072b2",
    "dil_conv_5x5": "#2b8cbe",
    "sep_conv_7x7": "#7a3b00",
    "conv_7x1_1x7": "#c0467f",
    "conv_3x1_1x3": "#8a2d57",
    "tanh": "#0072b2",
    "relu": "#d55e00",
    "sigmoid": "#009e73",
    "identity": "#6a7078",
}

_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "svg.hashsalt": "nasrepro",
}


@dataclass(frozen=True)
class Look:
    """How one method is drawn everywhere: never told apart by colour alone."""

    color: str
    marker: str
    dash: Any


def looks(methods: Sequence[str]) -> dict[str, Look]:
    """A look per method by its place in the order; the random reference is grey."""
    named = [name for name in methods if name != "random"]
    styles = {
        name: Look(_HUES[i % len(_HUES)], _MARKERS[i % len(_MARKERS)], DASHES[i // len(_HUES) % len(DASHES)])
        for i, name in enumerate(named)
    }
    if "random" in methods:
        styles["random"] = Look(MUTED, "x", (0, (1, 1)))
    return styles


@contextmanager
def styled() -> Iterator[None]:
    """The settings under which every figure is drawn and saved; the caller's own stay untouched."""
    with mpl.rc_context(_RC):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in inches, without global state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


@dataclass(frozen=True)
class Drawing:
    """A finished figure as files and for the page."""

    name: str
    title: str
    caption: str
    """What is drawn and how to read it."""
    provenance: str
    """What was measured, where and with what."""
    svg: str
    png: bytes
    pdf: bytes
    wide: bool

    @property
    def inline_svg(self) -> str:
        """The SVG for embedding: it takes the width it is given and the page's colours of ink, grid and paper."""
        body = self.svg[self.svg.index("<svg") :]
        body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
        # namespaces are implied in HTML, and the page then names no other address at all
        body = re.sub(r' xmlns(:xlink)?="[^"]*"', "", body)
        body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
        body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
        # several figures share a page, so every id takes the figure's name
        body = body.replace("xlink:href=", "href=")
        body = re.sub(r'(\bid="|\bhref="#|url\(#)', rf"\g<1>{self.name}-", body)
        for color, name in ((INK, "ink"), (MUTED, "muted"), (GRID, "line"), (PAPER, "paper")):
            body = body.replace(color, f"var(--{name})")
        return body.replace("<svg ", f'<svg role="img" aria-label="{_attribute(self.title)}" ', 1)


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def finish(figure: Figure, *, name: str, title: str, caption: str, provenance: str, wide: bool) -> Drawing:
    """Render a figure; equal figures give equal bytes."""
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
    # things stay where they were laid out, instead of being so for every format; "none" would still draw all twice
    figure.set_layout_engine(None)
    svg, pdf, about = io.StringIO(), io.BytesIO(), f"{caption} {provenance}"
    figure.savefig(svg, format="svg", metadata={"Date": None, "Title": title, "Description": about})
    figure.savefig(pdf, format="pdf", metadata={"CreationDate": None, "Title": title, "Subject": about})
    return Drawing(name, title, caption, provenance, svg.getvalue(), _png(figure, about), pdf.getvalue(), wide)


def _png(figure: Figure, about: str) -> bytes:
    """The figure in as many colors as eyes need, which takes a fifth of the bytes."""
    figure.set_dpi(PNG_DPI)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    png, chunks = io.BytesIO(), PngInfo()
    chunks.add_itxt("Description", about)
    drawn = image.quantize(_PNG_COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    drawn.save(png, "png", dpi=(PNG_DPI, PNG_DPI), pnginfo=chunks)
    return png.getvalue()


def write_figures(folder: Path, drawings: Sequence[Drawing]) -> None:
    """Every figure as SVG, PNG and PDF into a new folder."""
    folder.mkdir()
    for drawing in drawings:
        (folder / f"{drawing.name}.svg").write_text(drawing.svg, encoding="utf-8")
        (folder / f"{drawing.name}.png").write_bytes(drawing.png)
        (folder / f"{drawing.name}.pdf").write_bytes(drawing.pdf)


def legends_below(figure: Figure, panels: Sequence[Axes]) -> None:
    """A legend below each panel of half width, in as many columns as its names leave room for; the figure grows by the
    lines of the longest."""
    lines = 1
    for axes in panels:
        names = axes.get_legend_handles_labels()[1]
        column = _LETTER * max(len(name) for name in names) + _HANDLE
        columns = max(1, min(len(names), int(72 * HALF / column)))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=columns)
        lines = max(lines, -(-len(names) // columns))
    figure.set_figheight(figure.get_figheight() + 0.2 * (lines - 1))


def label_line(
    axes: Axes,
    y: float,
    text: str,
    *,
    dash: Any = (0, (4, 2)),
    color: str = MUTED,
    below: bool = False,
    left: bool = False,
) -> None:
    """A horizontal line across the panel with its name at the right end, or at the left one."""
    axes.axhline(y, color=color, linewidth=1.0, linestyle=dash, zorder=1.5)
    axes.annotate(
        text,
        xy=(0.0 if left else 1.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(4 if left else 0, -3 if below else 3),
        textcoords="offset points",
        ha="left" if left else "right",
        va="top" if below else "bottom",
        fontsize=7.5,
        color=color,
    )
