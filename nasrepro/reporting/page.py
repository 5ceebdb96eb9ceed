"""HTML pages from the templates of this folder: one file each, no script, nothing loaded from anywhere."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from nasrepro.reporting.output import GENERATOR
from nasrepro.reporting.writers import to_html


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nasrepro.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["html_table"] = to_html
    return environment


def render_page(template: str, **content: object) -> str:
    """The page of `template` with `content`; raises jinja2's error when the template asks for anything missing."""
    return _environment().get_template(template).render(generator=GENERATOR, **content)
