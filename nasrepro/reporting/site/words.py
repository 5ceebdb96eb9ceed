"""The words of states and verdicts, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable

from nasrepro.reporting.site.material import ClaimRow

STATES = {
    "done": "All of the runs that make it are there.",
    "partial": "Some of the runs that make it are there.",
    "missing": "It can be run here, and was not.",
    "reported": "The paper's numbers are quoted; nothing of it is run here.",
    "drawn": "Cells, drawn again from their genotypes.",
    "schematic": "Drawn by hand in the paper; there is nothing to measure.",
}
VERDICTS = ("holds", "inconclusive", "contradicted", "no bound stated", "not measured")
"""In the order in which they are counted."""

_FORMATS = {"csv": "CSV", "md": "Markdown", "tex": "LaTeX"}
_PAPER_SCALE = {"holds": "reproduced", "contradicted": "not reproduced"}


def verdict_words(verdict: str, scale: str) -> str:
    """The verdict as it is said of runs at this scale: only at the paper's own is anything `reproduced` or not."""
    if scale != "paper":
        return verdict
    return _PAPER_SCALE.get(verdict, verdict)


def counted(claims: Iterable[ClaimRow]) -> list[tuple[str, int]]:
    """How often each verdict was given, in their order, those at the paper's scale by their own words."""
    said = [verdict_words(claim.verdict, claim.scale) for claim in claims]
    return [(word, said.count(word)) for word in (*_PAPER_SCALE.values(), *VERDICTS) if word in said]


def file_label(path: str) -> str:
    """What a link to a table's file says: `CSV`, or `claims, CSV`."""
    stem, _, ending = path.rpartition(".")
    more = next((name for name in ("claims", "data") if stem.endswith(f"-{name}")), "")
    return f"{more}, {_FORMATS[ending]}" if more else _FORMATS[ending]


def item_name(item: str) -> str:
    """`Table 1`, `Figure 4c` of `table-1`, `figure-4c`, with a space at which no line breaks."""
    return item.replace("-", "\u00a0").capitalize()
