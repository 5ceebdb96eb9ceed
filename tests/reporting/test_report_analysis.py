"""Aggregates and tests, recomputed by hand from the records."""

from __future__ import annotations

import math
import statistics

import factory
import pytest
from scipy import stats

from nasrepro.errors import UserError
from nasrepro.records.record import RunRecord
from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.comparison_table import params_verdict
from nasrepro.reporting.describe import describe, short_caption
from nasrepro.reporting.findings import findings, unfinished

METHODS = ["gdas", "random", "rea"]


def test_primary_scores_are_the_mean_and_sample_deviation_of_finished_runs() -> None:
    records = [factory.record("gdas", seed, test=value) for seed, value in enumerate([93.0, 94.0, 96.0])]
    records.append(factory.record("gdas", 3, status="diverged"))
    result = analyze(records).method("gdas")
    assert result.scores["test"].mean == pytest.approx(94.333333)
    assert result.scores["test"].std == pytest.approx(statistics.stdev([93.0, 94.0, 96.0]))
    half = stats.t.ppf(0.975, 2) * statistics.stdev([93.0, 94.0, 96.0]) / math.sqrt(3)
    assert result.scores["test"].high - result.scores["test"].mean == pytest.approx(half)
    assert result.regret is not None
    assert result.regret.mean == pytest.approx(factory.OPTIMUM - 94.333333)
    assert (result.seeds, len(result.diverged), len(result.failed)) == ([0, 1, 2], 1, 0)


def test_the_reference_is_the_exact_random_mean_where_the_truth_covers_the_space() -> None:
    analysis = analyze(factory.records(METHODS, 3))
    versus = analysis.method("gdas").versus_random
    assert analysis.exact_random
    assert versus is not None
    mean = statistics.mean(analysis.method("gdas").values["test"].values())
    assert versus.comparison.difference == pytest.approx(mean - factory.RANDOM_MEAN)


def test_the_reference_is_the_random_runs_of_the_same_seeds_otherwise() -> None:
    records = factory.records(["gdas"], 4, exact=False) + factory.records(["random"], 3, exact=False)
    analysis = analyze(records)
    versus = analysis.method("gdas").versus_random
    assert not analysis.exact_random
    assert versus is not None
    mine, reference = analysis.method("gdas").values["test"], analysis.method("random").values["test"]
    assert versus.comparison.n == 3
    assert versus.comparison.difference == pytest.approx(statistics.mean(mine[s] - reference[s] for s in range(3)))


@pytest.mark.parametrize(("seeds", "tested"), [(3, False), (9, False), (10, True), (12, True)])
def test_there_is_a_p_value_from_ten_seeds_on(seeds: int, tested: bool) -> None:
    analysis = analyze(factory.records(METHODS, seeds))
    versus = analysis.method("gdas").versus_random
    assert versus is not None
    assert (versus.p is not None) is tested
    text = " ".join(findings(analysis))
    assert ("nderpowered" in text) is not tested
    assert ("p < " in text or "p = " in text) is tested


def test_holm_raises_the_p_values_of_a_family() -> None:
    analysis = analyze(factory.records(["gdas", "rea"], 12))
    raw = [t.versus_random for t in analysis.methods]
    for tested in raw:
        assert tested is not None
        assert tested.p == pytest.approx(2 * tested.comparison.p)  # type: ignore[operator]


def test_a_winner_needs_a_test_against_every_other_method() -> None:
    clear = factory.records(["gdas", "random", "rea"], 12)
    assert analyze(clear).winner == "rea"
    assert analyze(factory.records(["gdas", "random", "rea"], 5)).winner is None
    close = [factory.record(m, s, test=95 + (s * 7 + len(m)) % 5 / 10) for m in ("gdas", "rea") for s in range(12)]
    assert analyze(close).winner is None


def test_lower_is_better_turns_regret_and_gain() -> None:
    records = []
    for name, level in (("gdas", 60.0), ("random", 70.0)):
        for seed in range(10):
            record = factory.record(name, seed, test=level + seed / 10)
            score = record.scores[0].model_copy(
                update={"higher_is_better": False, "optimum": 55.0, "random_mean": 75.0}
            )
            records.append(record.model_copy(update={"scores": [score]}))
    analysis = analyze(records)
    gdas = analysis.method("gdas")
    assert gdas.regret is not None
    assert gdas.versus_random is not None
    assert gdas.regret.mean == pytest.approx(5.45)
    assert gdas.versus_random.comparison.difference == pytest.approx(75 - 60.45)
    assert analysis.winner == "gdas"


def test_tau_is_kendalls_over_scores_per_cell() -> None:
    record = factory.record("gdas", 0)
    ranking = analyze([record]).method("gdas").ranking
    assert record.probes is not None
    assert ranking is not None
    last, truth = record.probes.checkpoints[-1], record.probes.truth
    assert ranking.tau.mean == pytest.approx(stats.kendalltau(last.accuracy, truth).statistic)
    assert ranking.tau_loss.mean == pytest.approx(stats.kendalltau([-x for x in last.loss], truth).statistic)
    assert ranking.by_params == pytest.approx(stats.kendalltau(record.probes.params, truth).statistic)
    assert ranking.by_live_params == pytest.approx(stats.kendalltau(record.probes.live_conv_params, truth).statistic)
    assert [point.step for point in ranking.curve] == [0, 500, 1000, 2000, 4000]
    assert ranking.dead == sum(value == 10.0 for value in truth)


@pytest.mark.parametrize(("noise", "word"), [(0.0, "better than"), (40.0, "worse than")])
def test_the_words_say_whether_the_parameter_count_is_beaten(noise: float, word: str) -> None:
    analysis = analyze(factory.records(["gdas"], 10, tau_noise=noise))
    assert any("parameter count" in sentence and word in sentence for sentence in findings(analysis))
    assert params_verdict(analysis.method("gdas")).startswith("yes" if word == "better than" else "no;")


def test_unfinished_runs_are_named_with_their_reason() -> None:
    records = [*factory.records(["gdas"], 2), factory.record("gdas", 2, status="failed")]
    assert unfinished(analyze(records)) == [("gdas", 2, "failed", "OSError: disk <full>")]


def test_nothing_but_failures_is_still_an_analysis() -> None:
    analysis = analyze([factory.record("gdas", 0, status="failed"), factory.record("rea", 0, status="diverged")])
    assert analysis.primary is None
    assert any("1 diverged and 1 failed" in sentence for sentence in findings(analysis))


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (factory.record("gdas", 1, scale="smoke"), "scale"),
        (factory.record("gdas", 1, benchmark="nb201-cifar10"), "benchmark"),
        (factory.other_truth(factory.record("gdas", 1)), "ground truth"),
        (factory.other_settings(factory.record("gdas", 1)), "channels"),
        (factory.record("gdas", 0).model_copy(update={"key": "f" * 20}), "seed 0"),
    ],
)
def test_what_must_not_be_mixed_is_refused_by_name(other: factory.RunRecord, word: str) -> None:
    with pytest.raises(UserError, match=word):
        analyze([factory.record("gdas", 0), other])


def test_no_records_are_refused() -> None:
    with pytest.raises(UserError, match="no records"):
        analyze([])


def test_the_same_record_twice_counts_once() -> None:
    record = factory.record("gdas", 0)
    assert len(analyze([record, record]).records) == 1


def test_the_description_says_which_runs_a_note_is_about_and_what_is_unverified() -> None:
    records = factory.records(["gdas", "rea"], 3)
    records[1] = records[1].model_copy(update={"notes": ["the cell is odd"]})
    unverified = records[0].truth.model_copy(update={"unverified": True, "note": "made on the spot"})
    facts = {fact.text for fact in describe([r.model_copy(update={"truth": unverified}) for r in records])}
    assert "gdas seed 1: the cell is odd" in facts
    assert "made on the spot" in facts
    assert any("could not be checked" in text for text in facts)
    assert "unverified data" in short_caption([r.model_copy(update={"truth": unverified}) for r in records])


def test_the_description_names_seeds_that_differ_and_unknown_trials() -> None:
    records = [*factory.records(["gdas", "rea", "random"], 3), factory.record("rea", 7)]
    score = records[0].scores[0].model_copy(update={"n_trials": None})
    facts = {fact.label: fact.text for fact in describe(records)}
    assert facts["Seeds"] == "0-2 (rea 0-2,7)"
    assert "2 training runs per found cell" in facts["Ground truth"]
    alone = {fact.label: fact.text for fact in describe([records[0].model_copy(update={"scores": [score]})])}
    assert "training run" not in alone["Ground truth"]
    assert facts["τ over"].endswith("truth: digits test after 60 epochs; Kendall τ-b")


def test_captions_say_how_big_the_supernets_are() -> None:
    skeleton = {"channels": 16, "cells": 1, "stages": 3, "image_size": 8, "classes": 10, "in_channels": 3}
    training = {"epochs": 50, "batch_size": 64, "lr": 0.1, "precision": "bf16", "bn": "batch", "score_images": 1000}

    def with_settings(method: str, epochs: int) -> RunRecord:
        made = factory.record(method, 0)
        settings = {"skeleton": skeleton, "training": {**training, "epochs": epochs}}
        return made.model_copy(update={"spec": made.spec.model_copy(update={"settings": settings})})

    same = [factory.record("rea", 0), with_settings("gdas", 50), with_settings("randomnas", 50)]
    (text,) = (fact.text for fact in describe(same) if fact.label == "Supernets")
    assert text.startswith("16 channels, 1 cell in each of 3 stages, images of 8×8 pixels, 50 epochs of batch 64")
    assert text.endswith("one-shot scores on 1,000 validation images")
    (text,) = (
        fact.text
        for fact in describe([with_settings("gdas", 50), with_settings("randomnas", 3)])
        if fact.label == "Supernets"
    )
    assert text.startswith("gdas: ")
    assert "; randomnas: " in text


def test_every_short_caption_warns_of_unverified_images() -> None:
    made = factory.record("gdas", 0)
    noted = made.truth.model_copy(update={"note": "images of cifar100 could not be verified as the official ones"})
    assert "could not be verified" in short_caption([made.model_copy(update={"truth": noted})])
