"""HTML pages from the templates of this folder: nothing in them is loaded from the network."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from nasrepro.reporting.output import GENERATOR
from nasrepro.reporting.writers import to_html


@cache
def environment() -> Environment:
    """Where templates are found, and what they may use."""
    environment = Environment(
        loader=PackageLoader("nasrepro.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["html_table"] = to_html
    environment.filters["nobreak"] = nobreak
    environment.filters["codes"] = codes
    return environment


def nobreak(text: str) -> str:
    """The text with no line break inside `p = 0.01`, `[1.2, 3.4]`, `95 %` and `0-4`."""
    text = re.sub(r"\b([npτ]) ([=<]) ", "\\1\u00a0\\2\u00a0", text)
    text = re.sub(r"(?<=\d) %", "\u00a0%", text)
    text = re.sub(r"\[[^\]]{1,40}\]", lambda found: found[0].replace(" ", "\u00a0"), text)
    return re.sub(r"(?<=\bseeds )(\d+)-(\d+)", "\\1\u2011\\2", text)


def codes(text: str) -> Markup:
    """The text as HTML with what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner is a character like others
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def render_page(template: str, **content: object) -> str:
    """The page of `template` with `content`; raises jinja2's error when the template asks for anything missing."""
    return environment().get_template(template).render(generator=GENERATOR, **content)
