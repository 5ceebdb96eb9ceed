"""Questions about two rows: their answers, the words for them, and what a page keeps of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import factory
import pytest

from nasrepro.errors import UserError
from nasrepro.metrics.significance import paired
from nasrepro.metrics.summary import summarize
from nasrepro.records.contrast import Contrast, Side, read_contrasts
from nasrepro.records.record import RunRecord, Visited
from nasrepro.records.spec import Protocol
from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.comparison import comparison_tables, render_comparison
from nasrepro.reporting.contrast_figure import contrast_figure
from nasrepro.reporting.contrast_table import contrast_table
from nasrepro.reporting.contrasts import Answer, answers, verdict
from nasrepro.reporting.findings import findings
from nasrepro.reporting.style import styled

Choice = Callable[[RunRecord], bool]


def run(
    gamma: float, seed: int, test: float, *, paths: int = 8000, protocol: Protocol = "sound", method: str = "gdas"
) -> RunRecord:
    record = factory.record(method, seed, test=test, protocol=protocol, full=False)
    record = factory.with_settings(record, {"sampler": {"gamma": gamma}})
    return record.model_copy(update={"cost": record.cost.model_copy(update={"steps": 4000, "path_steps": paths})})


def ablation(seeds: int = 10) -> list[RunRecord]:
    """γ = 1 is one point better than γ = 0, and γ = 2 differs from it by noise alone, at twice the path steps."""
    noise = [0.3, -0.4, 0.1, -0.2, 0.5, -0.3, 0.2, -0.1, 0.4, -0.45, 0.15, -0.25, 0.35, -0.15]
    level: dict[float, Callable[[int], float]] = {
        0: lambda s: 93.0,
        1: lambda s: 94.0 + 0.5 * noise[s],
        2: lambda s: 93.0 + noise[-1 - s],
    }
    return [
        run(gamma, seed, at(seed) + seed, paths=16000 if gamma == 2 else 8000)
        for gamma, at in level.items()
        for seed in range(seeds)
    ]


def side(records: Sequence[RunRecord], chosen: Choice, name: str = "asked") -> Side:
    return Side(name=name, runs=tuple(record.key for record in records if chosen(record)))


def gamma(value: float, protocol: str = "sound") -> Choice:
    return lambda r: r.spec.protocol == protocol and r.spec.settings.get("sampler") == {"gamma": value}


def asked(records: Sequence[RunRecord], *pairs: tuple[float, float, str]) -> list[Contrast]:
    return [
        Contrast(label=label, first=side(records, gamma(a)), second=side(records, gamma(b))) for a, b, label in pairs
    ]


def answered(records: list[RunRecord], contrasts: Sequence[Contrast]) -> tuple[Answer, ...]:
    return answers(analyze(records, several_protocols=True), contrasts)


PAIRS = [(1.0, 0.0, "what γ adds"), (0.0, 1.0, ""), (2.0, 0.0, "twice the γ")]


def test_a_contrast_is_the_first_row_minus_the_second_seed_by_seed() -> None:
    records = ablation()
    gain, loss, none = answered(records, asked(records, *PAIRS))
    values = {r.spec.seed: r.scores[0].value for r in records if gamma(1.0)(r)}
    others = {r.spec.seed: r.scores[0].value for r in records if gamma(0.0)(r)}
    assert gain.differences == {seed: values[seed] - others[seed] for seed in range(10)}  # type: ignore[operator]
    seen = summarize(list(gain.differences.values()))
    c = gain.comparison
    assert (c.n, c.interval) == (10, "t")
    assert [c.difference, c.low, c.high] == pytest.approx([seen.mean, seen.low, seen.high])
    assert loss.comparison.difference == pytest.approx(-seen.mean)
    assert (gain.pair, gain.name, loss.name) == (
        "gdas · gamma=1 − gdas · gamma=0",
        "what γ adds",
        "gdas · gamma=0 − gdas · gamma=1",
    )
    size = f"{abs(seen.mean):.2f}"
    assert [verdict(answer) for answer in (gain, loss, none)] == [
        f"better by {size}",
        f"worse by {size}",
        "not distinguishable",
    ]


def test_holm_counts_the_contrasts_that_were_asked_and_no_others() -> None:
    records = ablation()
    (alone,) = answered(records, asked(records, PAIRS[0]))
    assert alone.tested.p == alone.comparison.p == 2 / 2**10
    three = answered(records, asked(records, *PAIRS))
    assert [answer.tested.p for answer in three[:2]] == [3 * 2 / 2**10] * 2
    assert three[2].tested.p == three[2].comparison.p
    pairs = analyze(records).pairs["gdas · gamma=0", "gdas · gamma=1"]
    assert pairs.p == 3 * 2 / 2**10


def test_twenty_pairs_have_a_bootstrap_interval() -> None:
    records = [run(g, s, 90.0 + g + 0.1 * (s % 7) * g) for g in (0, 1) for s in range(20)]
    assert answered(records, asked(records, (1.0, 0.0, "")))[0].comparison.interval == "BCa bootstrap"


def test_fewer_than_ten_pairs_are_underpowered_whatever_they_say() -> None:
    records = [*ablation(9), run(0, 9, 100.0)]
    (answer,) = answered(records, asked(records, PAIRS[0]))
    assert (answer.comparison.n, answer.tested.p, verdict(answer)) == (9, None, "underpowered (n = 9)")
    (sentence, *_) = findings(analyze(records), [answer])
    assert sentence.startswith("what γ adds (gdas · gamma=1 − gdas · gamma=0): underpowered, so no test (9 seeds in ")
    assert "mean difference +1.0" in sentence
    table = contrast_table([answer], analyze(records), "")
    assert {column.key for column in table.columns} == {"contrast", "n", "gain", "cost", "verdict"}


def test_cost_is_a_factor_of_path_steps() -> None:
    records = [*ablation(), *(factory.record("rea", seed) for seed in range(10))]
    contrasts = asked(records, (2.0, 0.0, ""), (0.0, 2.0, ""))
    free = Contrast(first=contrasts[0].first, second=side(records, lambda r: r.spec.method == "rea"))
    assert [answer.cost for answer in answered(records, [*contrasts, free])] == [2.0, 0.5, None]


def test_lower_is_better_turns_the_difference() -> None:
    turned = [
        r.model_copy(update={"scores": [r.scores[0].model_copy(update={"higher_is_better": False})]})
        for r in ablation()
    ]
    (answer,) = answered(turned, asked(turned, PAIRS[0]))
    assert verdict(answer).startswith("worse by")
    assert "percentage points" not in findings(analyze(turned), [answer])[0]


def test_a_row_without_a_result_leaves_its_question_unanswered() -> None:
    records = ablation()
    contrast = Contrast(first=side(records, gamma(1.0)), second=Side(name="gdas[sampler.gamma=9]", runs=("0" * 20,)))
    (answer,) = answered(records, [contrast])
    assert (answer.comparison.n, answer.second, answer.cost) == (0, "gdas[sampler.gamma=9]", None)
    assert verdict(answer) == "no answer: no seed has a result in both rows"
    assert findings(analyze(records), [answer])[0].endswith("− gdas[sampler.gamma=9]: " + verdict(answer) + ".")
    with styled():
        assert contrast_figure([answer], analyze(records), "") is None


@pytest.mark.parametrize("seeds", [3, 10])
def test_ties_on_every_seed_are_called_so(seeds: int) -> None:
    records = [run(g, s, 90.0 + s) for g in (0, 1) for s in range(seeds)]
    (answer,) = answered(records, asked(records, (1.0, 0.0, "")))
    assert verdict(answer) == f"equal on all {seeds} seeds"
    (sentence, *_) = findings(analyze(records), [answer])
    assert sentence.endswith(f"− gdas · gamma=0: equal on all {seeds} seeds; equal path steps.")


def test_rows_of_two_protocols_can_be_compared_where_that_is_asked() -> None:
    records = [*ablation(), *(run(0, seed, 91.0 + seed, protocol="as-written") for seed in range(10))]
    across = Contrast(first=side(records, gamma(0, "as-written")), second=side(records, gamma(0)))
    (answer,) = answered(records, [across])
    assert answer.pair == "gdas · as-written · gamma=0 − gdas · sound · gamma=0"
    assert verdict(answer) == "worse by 2.00"


def test_answers_lead_the_findings_and_all_pairs_take_one_sentence() -> None:
    records = ablation()
    analysis = analyze(records)
    plain = findings(analysis)
    told = findings(analysis, answers(analysis, asked(records, *PAIRS)))
    assert told[0].startswith("what γ adds (gdas · gamma=1 − gdas · gamma=0): better by ")
    for words in (" percentage points [", "p = 0.006, Holm over 3 contrasts, n = 10; equal path steps."):
        assert words in told[0]
    assert "not distinguishable, " in told[2]
    assert told[2].endswith("; 2.00 times the path steps.")
    assert [sentence for sentence in plain if sentence not in told[3:]] == []
    # γ = 0 and 2 cannot be told apart here, so that no row is the best
    fewer = ablation()
    analysis = analyze([r if gamma(1.0)(r) is False else run(1.0, r.spec.seed, 93.0) for r in fewer])
    (unasked,) = [s for s in findings(analysis, answers(analysis, asked(fewer, PAIRS[2]))) if "pairs" in s]
    assert "Of all 3 pairs, tested as one family, " in unasked


def test_too_many_contrasts_for_the_seeds_are_said_to_be_too_many() -> None:
    rows = {g: [run(g, s, 90.0 + g + s) for s in range(10)] for g in range(8)}
    records = [record for own in rows.values() for record in own]
    many = asked(records, *((float(a), float(b), "") for a in rows for b in rows if a > b))
    analysis = analyze(records)
    told = findings(analysis, answers(analysis, many))
    assert any(s.startswith("None of the 28 contrasts can be shown") and "below 0.055" in s for s in told)
    assert any("28 contrasts" in note for note in contrast_table(answers(analysis, many), analysis, "").notes)


def test_nothing_asked_changes_nothing() -> None:
    analysis = analyze(ablation())
    assert findings(analysis, answers(analysis, [])) == findings(analysis)
    assert comparison_tables(analysis, (), "")[0].title == "What the found cells are worth"
    with styled():
        assert contrast_figure((), analysis, "") is None


def test_a_page_has_the_answers_everywhere_and_keeps_the_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # drawing thirty cells takes most of the time and is tested where it lives
    monkeypatch.setattr("nasrepro.reporting.cell_figure.cell_figure", lambda *_: None)
    records = ablation()
    contrasts = asked(records, *PAIRS)
    page = render_comparison(records, tmp_path / "out", title="γ", command="x", contrasts=contrasts)
    with (page.parent / "contrasts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["what γ adds", "", "twice the γ"]
    assert (rows[0]["first"], rows[0]["second"], rows[0]["n"]) == ("gdas · gamma=1", "gdas · gamma=0", "10")
    assert float(rows[0]["gain.difference"]) == -float(rows[1]["gain.difference"])
    assert float(rows[0]["p.holm"]) == pytest.approx(3 * float(rows[0]["p"]))
    assert float(rows[2]["cost"]) == 2
    for name in ("index.html", "table.md", "table.tex"):
        text = (page.parent / name).read_text().replace("\\", "")
        assert "The questions asked" in text
        assert text.index("The questions asked") < text.index("What the found cells are worth")
        assert "not distinguishable" in text
    assert {"contrasts.svg", "contrasts.png"} <= {path.name for path in (page.parent / "figures").iterdir()}
    assert read_contrasts(page.parent) == contrasts

    again = render_comparison(
        list(reversed(records)), tmp_path / "again", title="γ", command="x", contrasts=read_contrasts(page.parent)
    )
    for path in (p for p in page.parent.rglob("*") if p.is_file()):
        assert (again.parent / path.relative_to(page.parent)).read_bytes() == path.read_bytes(), path.name
    render_comparison(records, tmp_path / "again", title="γ", command="x")
    assert not (tmp_path / "again" / "contrasts.json").exists(), "a page without questions has none of the old ones"


def test_a_damaged_file_of_questions_is_named(tmp_path: Path) -> None:
    assert read_contrasts(tmp_path) == []
    for text in ("[", json.dumps([{"label": "a"}])):
        (tmp_path / "contrasts.json").write_text(text)
        with pytest.raises(UserError, match=r"contrasts\.json' cannot be read") as caught:
            read_contrasts(tmp_path)
        assert "\n" not in str(caught.value)


def test_long_questions_take_several_lines_in_the_figure() -> None:
    records = ablation()
    long = asked(records, (1.0, 0.0, "what the novelty of latent points adds to complementation"), (2.0, 0.0, ""))
    analysis = analyze(records)
    with styled():
        drawing = contrast_figure(answers(analysis, long), analysis, "made up")
    assert drawing is not None
    assert ">gdas · gamma=2 − gdas · gamma=0<" not in drawing.svg
    assert ">− gdas · gamma=0<" in drawing.svg
    assert "what the novelty of latent points adds" not in drawing.svg


def test_the_best_cell_on_the_way_and_the_ranking_are_asked_as_well() -> None:
    def seen(record: RunRecord, truths: Sequence[float]) -> RunRecord:
        visited = [Visited(at=k + 1, genotype="nb201:7", truth=truth) for k, truth in enumerate(truths)]
        return record.model_copy(update={"visited": visited})

    records = [
        seen(r, [50.0, 99.0 + r.spec.seed / 100 if gamma(1.0)(r) else 98.0 + r.spec.seed / 100]) for r in ablation()
    ]
    gain, back = answered(records, asked(records, PAIRS[0], PAIRS[1]))
    assert gain.best.comparison.difference == pytest.approx(1.0)
    assert (back.best.comparison.difference, gain.best.significant) == (pytest.approx(-1.0), True)
    assert "best" in {column.key for column in contrast_table([gain, back], analyze(records), "").columns}


def test_the_supernets_rankings_are_asked_as_well() -> None:
    records = [
        factory.with_settings(factory.record("gdas", seed, test=93.0), {"sampler": {"gamma": g}})
        for g in (0.0, 1.0)
        for seed in range(10)
    ]
    swapped = [
        r if gamma(0.0)(r) else r.model_copy(update={"probes": records[9 - r.spec.seed].probes}) for r in records
    ]
    (answer,) = answered(swapped, asked(swapped, (1.0, 0.0, "")))
    first = next(method.ranking for method in analyze(swapped).methods)
    assert first is not None
    taus = [first.taus[seed] for seed in range(10)]
    expected = paired(taus[::-1], taus)
    assert (answer.tau.comparison.n, answer.tau.comparison.p) == (10, expected.p)
    assert answer.tau.comparison.low == pytest.approx(expected.low)
    assert "tau" in {column.key for column in contrast_table([answer], analyze(swapped), "").columns}


def test_searches_that_kept_no_visited_cells_are_not_held_against_those_that_did() -> None:
    (answer,) = answered(ablation(), asked(ablation(), PAIRS[0]))
    assert answer.best.comparison.n == 0
    assert "best" not in {column.key for column in contrast_table([answer], analyze(ablation()), "").columns}
