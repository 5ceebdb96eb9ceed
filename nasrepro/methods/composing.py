"""Names such as `gdas+nsas` or `randomnas+nsas+ea`: a one-shot method with another regularizer, selector or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nasrepro.errors import UserError, unknown
from nasrepro.methods import regularizing
from nasrepro.methods.method import SELECTORS, Blocks, Method

SEPARATOR = "+"
_FAMILY = ("sampler", "training", "share_of_epochs", "requires", "reads")
"""What relatives share, who differ in regularizer and selector alone."""


def base_of(name: str) -> str:
    """The name before the parts: `gdas` of `gdas+nsas+rs`, and of `gdas`."""
    return name.split(SEPARATOR)[0].strip()


def parts_of(name: str) -> list[str]:
    """The names of the parts: `nsas` and `rs` of `gdas+nsas+rs`, none of `gdas`."""
    return [part.strip() for part in name.split(SEPARATOR)[1:]]


def composed(base: Method, parts: Sequence[str], catalogue: Sequence[Method]) -> Method:
    """`base` with the named parts instead of its own.

    A combination has one name, however it was put together: that of the catalogue's method which is just that, or else
    of its relative with the same regularizer, the plain one where there is none. So `gdas+nsas+rs` is `gdas-nsas+rs`.
    Scales and protocols are those of the method it is called after, and have for a new part what the catalogue's first
    method with that part has for it; see `_protocols` for those that cannot be had.

    Raises `UserError` for parts that do not exist, for two of a kind, and for a method that trains no supernet. Parts
    that exist but do not go together are refused by `Method.parts`.
    """
    if not base.one_shot:
        raise UserError(
            f"method '{base.name}' trains no supernet, so it has neither regularizer nor selector to replace by "
            f"'{parts[0]}'"
        )
    regularizer, selector = _kinds(base, parts)
    wanted = (regularizer or base.regularizer, selector or base.selector)
    relatives = [method for method in (base, *catalogue) if _family(method) == _family(base)]
    nearest = max(relatives, key=lambda method: _likeness(method, *wanted))
    replaced = {
        block: part
        for block, part in zip(("regularizer", "selector"), wanted, strict=True)
        if part is not None and part != getattr(nearest, block)
    }
    if not replaced:
        return nearest
    words = " and ".join(f"{block} {part}" for block, part in replaced.items())
    return replace(
        nearest,
        name=SEPARATOR.join([nearest.name, *replaced.values()]),
        summary=f"{nearest.name} with {words}",
        regularizer=wanted[0],
        selector=wanted[1],
        base=nearest.name,
        protocols=_protocols(nearest, replaced, catalogue),
        scales=_scales(nearest, replaced, catalogue),
    )


def _kinds(base: Method, parts: Sequence[str]) -> tuple[str | None, str | None]:
    """Which of the parts is the regularizer and which the selector."""
    found: dict[str, str] = {}
    for part in parts:
        if part not in regularizing.names() and part not in SELECTORS:
            raise unknown("regularizer or selector", part, [*regularizing.names(), *SELECTORS])
        kind = "selector" if part in SELECTORS else "regularizer"
        if found.setdefault(kind, part) != part:
            raise UserError(f"method '{base.name}' cannot have two {kind}s, '{found[kind]}' and '{part}'; name one")
    return found.get("regularizer"), found.get("selector")


def _family(method: Method) -> tuple[object, ...]:
    return tuple(getattr(method, name) for name in _FAMILY)


def _likeness(method: Method, regularizer: str | None, selector: str | None) -> tuple[bool, bool, bool]:
    """How well a relative serves as the base: first by its regularizer, which may have settings in every protocol."""
    return method.regularizer == regularizer, method.regularizer is None, method.selector == selector


def _protocols(base: Method, replaced: Mapping[str, str], catalogue: Sequence[Method]) -> dict[str, Blocks]:
    """The base's, with what the lender of a new regularizer states in the same protocol. One that the lender does not
    have is dropped, because half of a row would follow other rules than its caption says; so is one that stated nothing
    but replaced parts. Selectors have no readings of their own."""
    lender = _lender("regularizer", replaced["regularizer"], catalogue) if "regularizer" in replaced else None
    found: dict[str, Blocks] = {}
    for name, stated in base.protocols.items():
        if "regularizer" in replaced and name != "sound" and (lender is None or name not in lender.protocols):
            continue
        left = {block: values for block, values in stated.items() if block not in replaced}
        lent = lender.protocols.get(name, {}).get("regularizer") if lender else None
        found[name] = {**left, **({"regularizer": lent} if lent else {})}
    return {name: stated for name, stated in found.items() if stated or not base.protocols[name]}


def _scales(base: Method, replaced: Mapping[str, str], catalogue: Sequence[Method]) -> dict[str, Blocks]:
    found: dict[str, dict[str, Mapping[str, object]]] = {
        scale: {block: values for block, values in blocks.items() if block not in replaced}
        for scale, blocks in base.scales.items()
    }
    for block, part in replaced.items():
        lender = _lender(block, part, catalogue)
        for scale, blocks in lender.scales.items() if lender else ():
            if block in blocks:
                found.setdefault(scale, {})[block] = blocks[block]
    return dict(found)


def _lender(block: str, part: str, catalogue: Sequence[Method]) -> Method | None:
    """The first method of the catalogue that has the part: whose settings for it a composed method takes."""
    return next((method for method in catalogue if getattr(method, block) == part), None)
