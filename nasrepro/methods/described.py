"""What the parts of a method say of themselves, read from their source, so that nothing heavy is loaded for a page."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from nasrepro.methods import regularizing
from nasrepro.methods.method import SAMPLERS, SELECTORS, Method


def parts_in_words(method: Method) -> dict[str, str]:
    """`sampler`, `regularizer` and `selector`, or `search`: the first paragraph of each, on one line."""
    if not method.one_shot:
        return {"search": _first_paragraph(method.search or "")}
    named = {
        "sampler": method.sampler_class or SAMPLERS.get(method.sampler or "", method.sampler),
        "regularizer": regularizing.where(method.regularizer) if method.regularizer else None,
        "selector": SELECTORS.get(method.selector or "", method.selector),
    }
    return {part: _first_paragraph(path) for part, path in named.items() if path}


def in_words(part: object) -> str:
    """The first paragraph of a loaded part's docstring, on one line."""
    return _on_one_line(inspect.getdoc(part))


@cache
def _first_paragraph(path: str) -> str:
    module, _, name = path.partition(":")
    full = module if "." in module else f"nasrepro.methods.{module}"
    return _on_one_line(_docstring(full, name) or inspect.getdoc(getattr(import_module(full), name)))


def _docstring(module: str, name: str) -> str | None:
    """Of a class or function at the top of a module; None where there is no source or nothing stands there itself."""
    spec = find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node)
    return None


def _on_one_line(text: str | None) -> str:
    return " ".join((text or "not described").split("\n\n")[0].split())
