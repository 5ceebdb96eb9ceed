"""The measures of autoencoders rendered whole: numbers, tables, a figure and a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro.records.autoencoder import AutoencoderStudy
from nasrepro.reporting.autoencoder_figure import smoothness_figure
from nasrepro.reporting.autoencoder_findings import autoencoder_findings
from nasrepro.reporting.autoencoder_tables import comparison_table, labels, trainings_table
from nasrepro.reporting.describe import SHOWN_PACKAGES, Fact
from nasrepro.reporting.sections import Section, SectionedPage
from nasrepro.reporting.style import styled

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class AutoencoderReport:
    """A study with everything that is said about it."""

    study: AutoencoderStudy

    def write(self, out: Path, *, command: str) -> Path:
        """Write the page with its tables, figure and numbers into the folder `out`, replaced as a whole; return it.

        `command` is what the reader types to get it again. Raises `UserError` when the folder cannot be written.
        """
        page, tables = self._page(), dict(self._page().tables)
        space = self.study.reference
        with styled():
            figure = smoothness_figure(self.study, f"Truth: {space.truth}; fingerprint {space.fingerprint[:12]}.")
        sections = [
            Section("What a latent space is worth", [figure], [("measures", tables["measures"])]),
            Section("Every training", [], [("trainings", tables["trainings"])]),
        ]
        return page.write(sections, out, command=command)

    def numbers(self) -> dict[str, Any]:
        """Every number of the report, ready for JSON."""
        return {**self.study.model_dump(mode="json"), "findings": autoencoder_findings(self.study)}

    def terminal(self) -> RenderableType:
        """The tables and what they show for a terminal."""
        return self._page().terminal()

    def _page(self) -> SectionedPage:
        return SectionedPage(
            kind="autoencoder",
            title="Autoencoders of cells",
            kicker=f"NAS-Bench-201 · {len(self.study.measures)} latent spaces",
            findings=autoencoder_findings(self.study),
            tables=[("measures", comparison_table(self.study)), ("trainings", trainings_table(self.study))],
            facts=_facts(self.study),
            numbers=self.numbers(),
        )


def _facts(study: AutoencoderStudy) -> list[Fact]:
    space, kinds = study.reference, labels(study)
    made = [training.provenance for training in study.trainings]
    software = {f"{name} {part.packages[name]}" for part in made for name in SHOWN_PACKAGES if name in part.packages}
    recipes = {
        label: next(t for t in study.trainings if t.label == label and t.reconstructed_held_out is None)
        for label in kinds
        if any(t.label == label and t.reconstructed_held_out is None for t in study.trainings)
    }
    return [
        Fact("Autoencoders", "; ".join(f"{label}: {_numbers(study, label)}" for label in kinds)),
        *(Fact(f"Recipe, {label}", _recipe(training.recipe)) for label, training in recipes.items()),
        Fact("Ground truth", f"{space.truth}; {space.source.rstrip('.')}; fingerprint {space.fingerprint}"),
        Fact("Software", ", ".join(sorted(software))),
        Fact("Hardware", "; ".join(sorted({part.hardware for part in made}))),
    ]


def _numbers(study: AutoencoderStudy, label: str) -> str:
    return f"{next(m.numbers for m in study.measures if m.label == label):,} numbers per latent point"


def _recipe(recipe: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in recipe.items())
