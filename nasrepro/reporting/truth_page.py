"""One truth rendered whole: numbers, tables, figures and a page."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nasrepro.reporting.describe import Fact
from nasrepro.reporting.sections import Section, SectionedPage
from nasrepro.reporting.style import styled
from nasrepro.reporting.table_model import Table, join_words
from nasrepro.reporting.truth_agreement import Agreement, agreement, agreement_figure
from nasrepro.reporting.truth_analysis import TruthAnalysis, analyze_truth
from nasrepro.reporting.truth_cells import best_figure, edge_figure
from nasrepro.reporting.truth_data import Measured, TruthTable, separately_measured
from nasrepro.reporting.truth_figures import distribution_figure, epochs_figure, noise_figure
from nasrepro.reporting.truth_findings import truth_findings
from nasrepro.reporting.truth_tables import all_tables
from nasrepro.spaces import nb201, nb201_columns

if TYPE_CHECKING:
    from rich.console import RenderableType

_TABLES = ("distribution", "best", "noise", "agreement", "edges")


@dataclasses.dataclass(frozen=True, eq=False)
class TruthReport:
    """A truth with everything that is said about it."""

    analysis: TruthAnalysis
    found: Agreement | None
    """Agreement with another truth, where one was named."""

    @classmethod
    def of(cls, table: TruthTable, against: TruthTable | None = None) -> TruthReport:
        """Compute all numbers; takes some seconds. Equal tables give equal reports."""
        return cls(analyze_truth(table), None if against is None else agreement(table, against))

    @property
    def title(self) -> str:
        return f"The truth of {self.analysis.table.benchmark}"

    @property
    def findings(self) -> list[str]:
        return truth_findings(self.analysis, self.found)

    @property
    def tables(self) -> Sequence[tuple[str, Table]]:
        return all_tables(self.analysis, self.found)

    def write(self, out: Path, *, command: str) -> Path:
        """Write the page, tables, figures and numbers into the folder `out`, replaced as a whole; return the page.

        `command` is what the reader types to get it again. Raises `UserError` when the folder cannot be written.
        """
        return self._page().write(self._sections(), out, command=command, names=_TABLES)

    def numbers(self) -> dict[str, Any]:
        """Every number of the report, ready for JSON; a missing value is None."""
        analysis = self.analysis
        return {
            "benchmark": analysis.table.benchmark,
            "source": analysis.table.source,
            "fingerprint": analysis.table.fingerprint,
            "primary": analysis.table.primary_key,
            "distribution": _plain(analysis.samples),
            "best": [{**_plain(best), "genotype": str(nb201.from_index(best.index))} for best in analysis.best],
            "near_best": analysis.near_best,
            "noise": _plain(analysis.noise),
            "edges": {
                "order": [f"{source}→{target}" for target, source in nb201.EDGES],
                "operations": list(nb201.OPS),
                **_plain(analysis.edges),
            },
            "agreement": _plain(self.found),
            "findings": self.findings,
        }

    def terminal(self) -> RenderableType:
        """The tables and what they show for a terminal."""
        return self._page().terminal()

    def _page(self) -> SectionedPage:
        return SectionedPage(
            kind="truth",
            title=self.title,
            kicker=f"{self.analysis.table.benchmark} · {self.analysis.table.primary}",
            findings=self.findings,
            tables=self.tables,
            facts=_facts(self.analysis.table),
            numbers=self.numbers(),
        )

    def _sections(self) -> list[Section]:
        analysis, tables = self.analysis, dict(self.tables)
        provenance = _provenance(analysis.table)
        with styled():
            noise = [noise_figure(analysis, provenance), epochs_figure(analysis, provenance)]
            sections = [
                Section("Accuracies", [distribution_figure(analysis, provenance)], _some(tables, "distribution")),
                Section("The best cells", [best_figure(analysis, provenance)], _some(tables, "best")),
                Section("Noise", [drawing for drawing in noise if drawing is not None], _some(tables, "noise")),
            ]
            if self.found is not None:
                drawing = agreement_figure(self.found, provenance)
                sections.append(
                    Section(f"Agreement with {self.found.other.benchmark}", [drawing], _some(tables, "agreement"))
                )
            sections.append(
                Section("Edges and operations", [edge_figure(analysis.edges, provenance)], _some(tables, "edges"))
            )
        return sections


def _some(tables: dict[str, Table], *names: str) -> list[tuple[str, Table]]:
    return [(name, tables[name]) for name in names]


def _provenance(table: TruthTable) -> str:
    return f"Benchmark {table.benchmark}; truth: {table.source.rstrip('.')}; fingerprint {table.fingerprint[:12]}."


def _facts(table: TruthTable) -> list[Fact]:
    held: dict[str, list[int]] = {}
    for measured in table.measured:
        held.setdefault(f"{measured.dataset} {measured.split}", []).append(measured.epochs)
    classes = nb201_columns.functional_classes()
    ignoring = int(np.count_nonzero(~nb201_columns.reaches_output()))
    lengths = [f"{what} after {join_words(list(map(str, epochs)))} epochs" for what, epochs in held.items()]
    return [
        Fact("Benchmark", table.benchmark),
        Fact("Ground truth", f"{table.source.rstrip('.')}; fingerprint {table.fingerprint}"),
        Fact("It holds", "; ".join(lengths)),
        Fact(
            "Cells and classes",
            f"{classes.size:,} cells in {int(classes.max()) + 1:,} functional classes; the output of {ignoring} cells "
            f"ignores their input; {separately_measured(table).size:,} of the others have a measurement of their own",
        ),
        Fact("Unit", "accuracies in percent, means over trials; sd with ddof = 1; intervals cover 95 %"),
    ]


def _plain(value: Any) -> Any:
    """Dataclasses, arrays and NaN as what JSON knows; a measurement is its key and a truth its benchmark."""
    if isinstance(value, Measured):
        return value.key
    if isinstance(value, TruthTable):
        return value.benchmark
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
