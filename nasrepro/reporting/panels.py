"""Many rows in one figure: a panel for each plain method with those that extend it."""

from __future__ import annotations

from collections.abc import Mapping

_CROWD = 5
"""Rows from which several panels are easier to read."""
_MOST = 3


def panels(rows: Mapping[str, str]) -> dict[str, list[str]]:
    """Rows (name → method) by the title of their panel; one panel without a title unless rows are many and related.

    A method belongs to the shortest one among the rows that its name begins with, as gdas-nsas and gdas+nsas to gdas.
    Related are at least two such groups of two or more; rows that are alone share a last panel.
    """
    grouped: dict[str, list[str]] = {}
    for row, method in rows.items():
        heads = [other for other in rows.values() if method == other or method.startswith((f"{other}-", f"{other}+"))]
        grouped.setdefault(min(heads, key=len), []).append(row)
    related = {head: own for head, own in grouped.items() if len(own) > 1}
    alone = [own[0] for own in grouped.values() if len(own) == 1]
    found = {**related, **({"others": alone} if alone else {})}
    return found if len(rows) >= _CROWD and len(related) > 1 and len(found) <= _MOST else {"": list(rows)}
