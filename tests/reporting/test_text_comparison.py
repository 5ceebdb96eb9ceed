"""Comparisons on texts: perplexities are lower where better, in every table, figure and sentence."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import text_factory

from nasrepro.metrics.ranking import kendall_tau
from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.comparison import render_comparison
from nasrepro.reporting.comparison_notes import worth_notes
from nasrepro.reporting.comparison_table import pair_table
from nasrepro.reporting.derived_series import TAU, series_of
from nasrepro.reporting.describe import describe
from nasrepro.reporting.figures import all_figures
from nasrepro.reporting.findings import findings
from nasrepro.reporting.forgetting_tables import watched_rows
from nasrepro.reporting.style import styled

METHODS = ["random", "randomnas", "enas"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("texts") / "report"
    records = text_factory.records(METHODS, 10, agrees=1.5)
    render_comparison(records, out, title="Two nodes on the grammar", command="nasrepro compare -b rnn2-grammar")
    return out


def test_cells_are_ordered_by_loss_and_not_by_words_guessed_right() -> None:
    records = text_factory.records(["randomnas"], 3, agrees=3.0)
    ranking = analyze(records).methods[0].ranking
    assert ranking is not None
    probes = records[0].probes
    assert probes is not None
    truth = -np.array(probes.truth, dtype=float)
    assert ranking.taus[0] == pytest.approx(kendall_tau(-np.array(probes.checkpoints[-1].loss), truth))
    assert ranking.tau.mean > 0.5
    assert ranking.scored_by == "perplexity"
    assert series_of(records[0].model_copy(update={"spec": records[0].spec}), TAU)[-1][1] == ranking.taus[0]


def test_chance_stands_for_the_parameter_count_that_says_nothing() -> None:
    agreeing, blind = (analyze(text_factory.records(["randomnas"], 10, agrees=a)) for a in (2.0, 0.0))
    for analysis, words in ((agreeing, "better than chance"), (blind, "not distinguishable from chance")):
        ranking = analysis.methods[0].ranking
        assert ranking is not None
        assert ranking.by_params is None
        assert any(words in sentence for sentence in findings(analysis))


def test_a_lower_perplexity_is_better() -> None:
    records = [text_factory.record("random", seed, nodes=8, value=120.0 + seed) for seed in range(10)]
    records += [text_factory.record("enas", seed, nodes=8, value=110.0 + seed) for seed in range(10)]
    analysis = analyze(records)
    tested = analysis.method("enas").versus_random
    assert tested is not None
    assert tested.comparison.difference == pytest.approx(10)
    assert analysis.winner == "enas"
    assert analysis.trained
    text = " ".join(findings(analysis))
    assert "perplexity of the found cells: enas 114.50 and random 124.50" in text
    assert "Better than the random runs: enas" in text


def test_no_number_of_a_text_is_a_percentage(page: Path) -> None:
    html = (page / "index.html").read_text(encoding="utf-8")
    assert "Test perplexity" in html
    assert "one-shot validation perplexity" in html
    for wrong in ("accuracy (%)", "(%)", "percentage points", "τ by accuracy", "accuracy in percent"):
        assert wrong not in html


def test_tables_hold_perplexities(page: Path) -> None:
    with (page / "table.csv").open(newline="") as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert float(rows["enas"]["regret.mean"]) >= 0
    assert rows["randomnas"]["tau_loss.mean"] == ""
    assert float(rows["randomnas"]["tau.chance_p"]) < 0.05


def test_figures_have_axes_of_perplexities() -> None:
    with styled():
        drawings = {own.name: own for own in all_figures(analyze(text_factory.records(METHODS, 3)), "here")}
    assert "Test perplexity" in drawings["accuracy"].svg
    assert "truth: grammar test after 10 epochs (perplexity)" in drawings["one-shot-vs-truth"].svg
    assert "one-shot perplexity" in drawings["tau"].caption


def test_language_models_are_described_and_forgetting_is_left_out_with_a_reason() -> None:
    import factory

    records = text_factory.records(["random", "randomnas"], 2)
    facts = {fact.label: fact.text for fact in describe(records)}
    assert "64 hidden units, 2,000 words, 2 nodes, 100,000 train tokens" in facts["Supernets"]
    assert facts["Supernets"].endswith("one-shot scores on 3,000 validation tokens")
    watched = [factory.watched(record) if record.probes else record for record in records]
    assert watched_rows(analyze(watched)) == []
    assert any("words that a cell guesses right" in fact.text for fact in describe(watched))


def test_tables_of_two_seeds_have_no_tau_beyond_one() -> None:
    records = [text_factory.record("randomnas", seed, agrees=agrees) for seed, agrees in enumerate((0.0, 3.0))]
    ranking = analyze(records).methods[0].ranking
    assert ranking is not None
    assert ranking.tau.std > 0.16, "else Student's interval of two values were no wider"
    for summary in (ranking.tau, *(point.tau for point in ranking.curve)):
        assert -1 <= summary.low <= summary.high <= 1


def test_pairs_on_a_text_share_no_split_of_the_data(page: Path) -> None:
    assert "split of the data" not in (page / "index.html").read_text(encoding="utf-8")
    analysis = analyze(text_factory.records(["random", "enas"], 10, nodes=8))
    notes = worth_notes(analysis) + list(pair_table(analysis).notes)
    assert any("paired by seed number;" in note for note in notes)
    assert "Positive: the first is better. Pairs share the seed number." in notes
