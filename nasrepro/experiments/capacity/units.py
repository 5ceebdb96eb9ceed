"""Numbers as people read them."""

from __future__ import annotations


def number(value: float) -> str:
    """A count in full, anything else with three digits that count."""
    return f"{value:,}" if isinstance(value, int) else f"{float(f'{value:.3g}'):,.10g}"


def hours(seconds: float) -> str:
    """Of an hour, one decimal."""
    return f"{seconds / 3600:,.1f}"


def span(count: float) -> str:
    """So many hours in hours, days or years."""
    if count < 100:
        return f"{count:.3g} hours"
    days = count / 24
    return f"{days:,.0f} days" if days < 1000 else f"{days / 365.25:,.0f} years"


def size(count: float) -> str:
    """Bytes in powers of ten: `12 MB`."""
    unit = "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if count < 999.5:
            break
        count, unit = count / 1000, larger
    return f"{count:,.1f} {unit}" if count < 9.95 and unit != "B" else f"{count:,.0f} {unit}"
