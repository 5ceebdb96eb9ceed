"""What every page of the site has: the frame with its navigation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

from jinja2 import Environment

from nasrepro.reporting.output import GENERATOR
from nasrepro.reporting.page import environment
from nasrepro.reporting.site.material import Files, Results, SiteMaterial
from nasrepro.reporting.site.words import STATES, counted, file_label, item_name, verdict_words
from nasrepro.reporting.table_model import decimal

Active = Literal["overview", "papers", "benchmarks", "methods", "claims", "ledger", "sources", ""]
"""The entry of the navigation that a page belongs to."""

PageFunction = Callable[[SiteMaterial, Results], Files]
"""Makes pages of what the parts found; their paths are relative to the site's root."""

NAVIGATION = (
    ("overview", "Overview", "index.html"),
    ("papers", "Papers", "papers/index.html"),
    ("benchmarks", "Benchmarks", "benchmarks/index.html"),
    ("methods", "Methods", "methods/index.html"),
    ("claims", "Claims", "claims.html"),
    ("ledger", "Paper versus code", "ledger.html"),
    ("sources", "Sources", "sources.html"),
)


@cache
def _environment() -> Environment:
    own = environment().overlay()
    own.filters = {
        **own.filters,
        "verdict_words": verdict_words,
        "state_words": STATES.__getitem__,
        "counted": counted,
        "decimal": decimal,
        "file_label": file_label,
        "item_name": item_name,
    }
    return own


def render(template: str, *, root: str, active: Active, **content: object) -> str:
    """A page of the site from a template in `templates/site/` that extends `site/base.html.j2`.

    `root` leads from the page to the site's root: empty, or `../`. The template needs at least `title` and `kicker`.
    Raises jinja2's error when it asks for anything missing.
    """
    frame = {"generator": GENERATOR, "navigation": NAVIGATION, "root": root, "active": active}
    return _environment().get_template(f"site/{template}").render(frame | content)


def fragment(template: str, **content: object) -> str:
    """A piece of a page; its links are relative to a page one folder below the site's root."""
    return _environment().get_template(f"site/{template}").render({"root": "../"} | content)
