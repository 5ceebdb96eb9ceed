"""The page about autoencoders: what stands in its tables, what its sentences dare to say, and its files."""

from __future__ import annotations

import json

import autoencoder_factory as made
import pytest

from nasrepro.reporting.autoencoder_findings import autoencoder_findings
from nasrepro.reporting.autoencoder_page import AutoencoderReport
from nasrepro.reporting.autoencoder_tables import comparison_table, trainings_table


def cells(table, start):
    row = next(row for row in table.rows if (row[table.columns[0].key].text or "").startswith(start))
    return {column.key: row[column.key] for column in table.columns}


def test_means_over_seeds_with_their_range():
    found = cells(comparison_table(made.study()), "difference to it, points")
    assert (found[made.GRAPH].text, found[made.GRAPH].note) == ("4.55", "4.50 to 4.60")
    assert (found[made.LSTM].text, found[made.LSTM].note) == ("3.60", "")
    assert (found["one_edge"].text, found["random"].text) == ("2.97", "6.36")


def test_held_out_cells_come_from_the_trainings_that_held_some_out():
    found = cells(comparison_table(made.study()), "held-out cells")
    assert found[made.GRAPH].text == "99.90"
    assert found[made.LSTM].value is None


def test_what_an_lstm_does_not_have_stays_empty():
    found = cells(comparison_table(made.study()), "different cells among 10,000")
    assert (found[made.GRAPH].text, found[made.GRAPH].note) == ("5,450", "5,449 to 5,450")
    assert found[made.LSTM].value is None
    assert found["random"].text == "7,386"


def test_chance_of_being_nobodys_neighbour():
    table = comparison_table(made.study())
    shares = [float(cells(table, start)["random"].text) for start in ("nobody's", "one other's", "several")]
    assert shares == pytest.approx([36.8, 36.8, 26.4], abs=0.05)
    assert cells(table, "nobody's")[made.GRAPH].text == "32.0"


def test_every_training_with_the_cell_at_its_origin():
    rows = trainings_table(made.study()).rows
    assert len(rows) == 4
    assert [row["label"].text for row in rows] == [made.GRAPH] * 3 + [made.LSTM]
    assert [row["worth"].value for row in rows] == [88.2, pytest.approx(38.2), None, None]
    assert rows[0]["origin"].text == "nb201:0"
    assert rows[2]["held_out"].value == pytest.approx(99.9)
    assert rows[2]["origin"].text is None
    assert rows[3]["divergence"].value is None


def test_sentences_when_all_are_injective():
    injective, smooth, isomorphic, prior, origin = autoencoder_findings(made.study())
    assert "gives all 15,625 cells back" in injective
    assert "does not set it apart from NAO's LSTM" in injective
    assert "99.90 % of the cells that they have not seen (1 training)" in injective
    assert "by 26.1 % (graph, 20 dimensions) and 24.0 % (LSTM with predictor); two random cells by 33.3 %" in smooth
    assert "every LSTM is smoother than every graph autoencoder (2 and 1 trainings)" in smooth
    assert "The neighbours of 0 of 2 graph autoencoders and 0 of 1 LSTMs are more alike" in smooth
    assert isomorphic.startswith(
        "Isomorphic cells (one official canonical string) are kept apart: the closest two lie 0.84"
    )
    assert "by construction" in prior
    assert "78.5 % of the space, uniform cells 99.8 %" in prior
    assert "2 different cells under 2 trainings, worth 38.2 to 88.2 %" in origin


def test_sentences_follow_the_numbers():
    injective, smooth, isomorphic, *_ = autoencoder_findings(
        made.study(image=13_000, isomorphic_closest=0.0, nearest_gap=made.gap(2.0, 19.0))
    )
    assert "1 of 3 autoencoders give all 15,625 cells back" in injective
    assert "13,000 different cells" in injective
    assert "set it apart" not in injective
    assert "every graph autoencoder is smoother than every LSTM" in smooth
    assert "The neighbours of 2 of 2 graph autoencoders" in smooth
    assert "are not all kept apart" in isomorphic


def test_one_that_was_taught_accuracies_is_not_held_against_those_that_were_not():
    study = made.study(trade_off=0.9)
    smooth = autoencoder_findings(study)[1]
    assert "(LSTM with predictor, which was taught accuracies)" in smooth
    assert "every LSTM" not in smooth
    assert any("validation accuracy" in note for note in comparison_table(study).notes)
    assert not any("validation accuracy" in note for note in comparison_table(made.study()).notes)


def test_without_the_lstm_nothing_is_said_of_it():
    text = " ".join(autoencoder_findings(made.study(lstm=False)))
    assert "LSTM" not in text
    assert "graph, 20 dimensions" in text


def test_the_folder_of_a_page(tmp_path):
    report = AutoencoderReport(made.study())
    page = report.write(tmp_path / "page", command="nasrepro autoencoder show")
    text = page.read_text(encoding="utf-8")
    for words in ("nasrepro autoencoder show", "invented for tests", "torch 2.13.0", "latent 20", "two cores"):
        assert words in text
    names = {path.name for path in page.parent.iterdir()}
    files = {"index.html", "numbers.json", "tables.md", "tables.tex", "measures.csv", "trainings.csv", "figures"}
    assert names == files
    files = {path.name for path in (page.parent / "figures").iterdir()}
    assert files == {"smoothness.svg", "smoothness.png", "smoothness.pdf"}
    numbers = json.loads((page.parent / "numbers.json").read_text(encoding="utf-8"))
    assert numbers == report.numbers()
    assert numbers["measures"][0]["image"] == 15_625
    again = report.write(tmp_path / "again", command="nasrepro autoencoder show")
    assert again.read_bytes() == page.read_bytes()
