"""What a user types to ask about two rows of a comparison, read and tied to the planned runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nasrepro.errors import UserError, unknown
from nasrepro.experiments.plan import PlannedRun
from nasrepro.experiments.variants import parse_variant, split_outside_brackets
from nasrepro.records.contrast import Contrast, Side
from nasrepro.records.variant import Variant

_FORM = "[LABEL: ]A - B with two rows as --methods names them, as in 'gdas[sampler.tau_start=5] - gdas'"


@dataclass(frozen=True)
class NamedRow:
    """A variant, under one protocol or under each that the comparison has."""

    variant: Variant
    protocol: str | None


@dataclass(frozen=True)
class Question:
    """`A - B` as it was typed."""

    text: str
    label: str
    first: NamedRow
    second: NamedRow


def parse_contrast(text: str) -> Question:
    """`what γ adds: e2nas - e2nas[sampler.gamma=0]` → its parts; raises `UserError` for what has another form.

    A row may name its protocol: `gdas@as-released - gdas@sound`. The minus sign of the pages is read like a hyphen.
    """
    *words, body = split_outside_brackets(text, ":")
    sides = [side.strip() for side in split_outside_brackets(body.replace(" − ", " - "), " - ")]
    if len(sides) != 2 or not all(sides):
        raise UserError(f"contrast '{text}' cannot be read; the form is {_FORM}")
    first, second = (_named_row(side) for side in sides)
    return Question(text, ":".join(words).strip(), first, second)


def _named_row(text: str) -> NamedRow:
    match = re.fullmatch(r"(.+?)(?:@([\w-]+))?", text, flags=re.DOTALL)
    assert match is not None, "any text of one letter or more matches"
    return NamedRow(parse_variant(match[1].strip()), match[2])


def planned_contrasts(questions: Sequence[str | Question], planned: Sequence[PlannedRun]) -> list[Contrast]:
    """The questions by the runs that answer them, one for each protocol under which both rows are planned.

    Raises `UserError` for a row that is not planned, for one that is compared with itself and for a question that is
    asked twice: each counts in the correction of the others' p-values.
    """
    known = [variant for run in planned for variant in run.variants]
    contrasts: list[Contrast] = []
    for asked in questions:
        question = parse_contrast(asked) if isinstance(asked, str) else asked
        for row in (question.first, question.second):
            if row.variant not in known:
                raise unknown("row of a contrast", row.variant.text, dict.fromkeys(variant.text for variant in known))
        found = _answering(question, planned)
        for contrast in found:
            runs = {contrast.first.runs, contrast.second.runs}
            if len(runs) == 1:
                raise UserError(
                    f"contrast '{question.text}' names one row twice; two rows differ in method or settings"
                )
            if any(runs == {other.first.runs, other.second.runs} for other in contrasts):
                raise UserError(f"contrast '{question.text}' is asked twice; ask every question once")
            contrasts.append(contrast)
    return contrasts


def _answering(question: Question, planned: Sequence[PlannedRun]) -> list[Contrast]:
    """A contrast for each pair of protocols that the question means and that has both rows."""
    present = list(dict.fromkeys(run.spec.protocol for run in planned))
    found: list[tuple[str, Side, Side]] = []
    for rules in _protocols(question, present):
        first, second = (
            Side(
                name=row.variant.text + (f"@{protocol}" if len(present) > 1 else ""),
                runs=tuple(run.key for run in planned if run.spec.protocol == protocol and row.variant in run.variants),
            )
            for row, protocol in zip((question.first, question.second), rules, strict=True)
        )
        if first.runs and second.runs:
            found.append((rules[0], first, second))
    if not found:
        raise UserError(f"contrast '{question.text}' has no answer: no protocol of this comparison has both rows")
    several = question.label and len(found) > 1
    return [
        Contrast(label=f"{question.label} · {protocol}" if several else question.label, first=first, second=second)
        for protocol, first, second in found
    ]


def _protocols(question: Question, present: Sequence[str]) -> list[tuple[str, str]]:
    stated = (question.first.protocol, question.second.protocol)
    for name in stated:
        if name is not None and name not in present:
            raise unknown("protocol of a contrast", name, present)
    if len(present) == 1 or stated == (None, None):
        return [(name, name) for name in present]
    first, second = stated
    if first is None or second is None:
        raise UserError(
            f"contrast '{question.text}' states one row's protocol; state both, as in A@sound - B@as-written"
        )
    return [(first, second)]
