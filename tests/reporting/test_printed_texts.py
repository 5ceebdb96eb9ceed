"""What papers print of searches on texts stands beside ours: whole tables, and columns of a table on images."""

from __future__ import annotations

from text_factory import records

from nasrepro.papers.catalog import item
from nasrepro.papers.table import TableItem
from nasrepro.records.record import RunRecord
from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.ours import grouped
from nasrepro.reporting.printed import printed_views
from nasrepro.reporting.reproduction_table import reproduction_table

TABLES = [("en2as", 2), ("en2as", 3), ("nsas", 2), ("nao", 4), ("evaluating-search", 1), ("evaluating-search", 2)]


def on_ptb(*methods: str, where: str = "rnn-ptb") -> list[RunRecord]:
    return [
        made.model_copy(
            update={
                "spec": made.spec.model_copy(update={"benchmark": where}),
                "scores": [score.model_copy(update={"dataset": "ptb"}) for score in made.scores],
            }
        )
        for made in records(list(methods), 3, nodes=8)
    ]


def test_perplexities_of_every_paper_stand_below_ours() -> None:
    (view,) = printed_views(analyze(on_ptb("randomnas", "en2as", "enas")), "")
    shown = [(row["who"].text, row["who"].note.partition("\n")[0]) for row in view.rows]
    papers = {note.removeprefix("paper, ") for _, note in shown if note.startswith("paper, ")}
    assert papers == {f"{name}/table-{n}" for name, n in TABLES}
    en2as = [row for row in view.rows if row["who"].text == "Novelty search + EA"]
    assert [cell.text for row in en2as for cell in row.cells.values() if cell.value is not None] == ["60.27", "57.82"]
    assert not any("100 minus" in note for note in view.notes), "nothing here is an error"


def test_other_spaces_are_not_told_what_is_printed_of_eight_nodes() -> None:
    assert printed_views(analyze(on_ptb("randomnas", where="rnn2-ptb")), "") == []


def test_a_column_of_another_benchmark_is_filled_there_alone() -> None:
    table = item("en2as/table-3")
    assert isinstance(table, TableItem)
    filled = {}
    for where in ("rnn-ptb", "rnn2-ptb", "darts-cifar10"):
        groups = grouped(table, on_ptb("en2as", where=where), [])
        made = reproduction_table(table, groups)
        (own,) = [row for row in made.rows if row["method"].text == "en2as" and not row.reference]
        filled[where] = [key for key in ("error", "ptb_valid", "ptb_test") if own[key].value is not None]
    assert filled == {"rnn-ptb": ["ptb_valid", "ptb_test"], "rnn2-ptb": [], "darts-cifar10": []}
