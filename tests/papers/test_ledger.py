"""The ledger is well-formed, refers to what exists, and can be asked by method and by item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from nasrepro.errors import UserError
from nasrepro.methods import catalog
from nasrepro.papers.catalog import items
from nasrepro.papers.ledger import difference, differences

EN2AS_PAGE = Path(__file__).parents[2] / "docs" / "en2as.md"

SUBJECTS = {
    "E²NAS": {
        2: "latent",
        3: "latent|novelty",
        4: "novelty|density|decoder",
        5: "novelty|density|decoder",
        6: "novelty|density|decoder",
        7: "complementary|replayed",
    },
    "NSAS": {4: "Fisher", 7: "nearest", 8: "losses"},
    "EN²AS": {6: "nearest", 7: "gradient", 8: "[Ss]tep", 9: "accuracy", 10: "validation accuracy"},
}
"""Paper → equation → words of which one stands wherever somebody says what the equation states."""


def test_entries_are_complete_and_unique() -> None:
    entries = differences()
    assert len({entry.id for entry in entries}) == len(entries) >= 15
    for entry in entries:
        assert re.fullmatch(r"[a-z0-9_]+(-[a-z0-9_]+)*", entry.id)
        texts = entry.model_dump(exclude={"id", "methods", "items"})
        assert all(isinstance(text, str) and len(text) > 10 for text in texts.values()), entry.id
        assert entry.paper_says != entry.release_does


def test_items_exist() -> None:
    known = {summary.name for summary in items()}
    assert {name for entry in differences() for name in entry.items} <= known


def test_asked_by_method() -> None:
    ids = {entry.id for entry in differences(method="gdas")}
    assert {"gdas-scalar-terms", "clip-includes-alphas", "argmax-keeps-none"} <= ids
    assert "nb201-6466-classes" in ids  # concerns every method
    assert "randomnas-candidate-redrawn" not in ids


def test_asked_by_item() -> None:
    ids = {entry.id for entry in differences(item="e2nas/table-1")}
    assert {"e2nas-novelty-gradient", "e2nas-best-run-cifar100", "nb201-cifar10-splits"} <= ids
    assert "nsas-darts-replay-gradient" not in ids
    both = differences(method="gdas", item="e2nas/table-1")
    assert {entry.id for entry in both} == ids & {entry.id for entry in differences(method="gdas")}
    assert differences(item="e2nas/table-9") == []


def test_one_entry_by_name() -> None:
    assert "341" in difference("argmax-keeps-none").why_it_matters
    with pytest.raises(UserError, match="did you mean 'gdas-scalar-terms'"):
        difference("gdas-scalar-term")


def test_what_is_said_of_a_protocol_is_what_the_catalogue_does() -> None:
    """Settings that the entries on NSAS, WPL and EN²AS name belong to the methods they concern."""
    released = {
        name: catalog.get(name).protocols["as-released"] for name in ("randomnas-nsas", "gdas-nsas", "en2as-pr")
    }
    assert all(released[name]["regularizer"]["detached"] for name in ("randomnas-nsas", "gdas-nsas"))
    assert released["gdas-nsas"]["regularizer"]["weighting"] == "as-printed", "all of plain GDAS's gradient"
    sampler = released["en2as-pr"]["sampler"]
    assert (sampler["archive"], sampler["gamma"], sampler["kept"]) == (1000, 0.01, "rounded")
    assert (sampler["compared"], sampler["reward"]) == (3, "error")
    assert catalog.get("en2as").protocols["as-written"]["sampler"]["gamma"] == 0.1
    named = {
        (entry.id, *setting.split(".", 1))
        for entry in differences()
        for setting in re.findall(r"`((?:sampler|regularizer|training)\.\w+)", entry.our_protocol)
    }
    assert len(named) >= 6
    for entry, block, name in named:
        models = [
            catalog.get(method).blocks().get(block) for method in difference(entry).methods if catalog.knows(method)
        ]
        assert not models or any(name in model.model_fields for model in models if model is not None), entry


def test_forgetting_and_novelty_have_their_entries() -> None:
    nsas = {entry.id for entry in differences(item="nsas/figure-4")}
    assert {"nsas-darts-replay-gradient", "nsas-nb201-no-archive", "nsas-unstated-settings", "wpl-one-step"} <= nsas
    novelty = {entry.id for entry in differences(method="en2as", item="en2as/table-3")}
    assert {"en2as-frozen-archive", "en2as-step-size", "en2as-distance-of-two-nodes"} <= novelty
    assert "en2as-reward-sign" not in novelty
    assert "en2as-reward-sign" in {entry.id for entry in differences(method="en2as-pr")}


def test_an_equation_is_cited_for_what_it_states() -> None:
    checked = 0
    for entry in differences():
        for cited in re.finditer(r"Eq\. (\d+)(?: (to|and) (\d+))?", entry.paper):
            first, last = int(cited[1]), int(cited[3] or cited[1])
            *_, owner = re.findall("|".join(SUBJECTS), entry.paper[: cited.start()])
            for number in range(first, last + 1) if cited[2] != "and" else (first, last):
                assert re.search(SUBJECTS[owner][number], entry.paper_says), f"{entry.id}: Eq. {number} of {owner}"
                checked += 1
    assert checked >= 18
    assert "Hyperparameters setting for novelty calculation" in difference("en2as-distance-of-two-nodes").paper


@dataclass(frozen=True)
class Moved:
    """A row of the page's table on archives that move."""

    steps: int
    scores: str
    gamma: float
    changing: float
    """Steps that change the cell, in percent."""
    nearest: float


def moved_archives() -> tuple[float, list[Moved]]:
    """Distance to the nearest of uniform cells, and the rows below."""
    found = [
        [cell.strip(" *%") for cell in line.strip("|").split("|")]
        for line in EN2AS_PAGE.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| [\d,]+ (\(uniform cells\) )?\|", line)
    ]
    uniform, *rows = found
    assert uniform[0] == "0 (uniform cells)"
    return float(uniform[4]), [
        Moved(int(row[0].replace(",", "")), row[1], float(row[2]), float(row[3]), float(row[4])) for row in rows
    ]


def test_what_was_simulated_is_what_the_page_has_measured() -> None:
    """Rounded as in the ledger, every number comes from the one row it is about."""
    uniform, rows = moved_archives()
    laptop = {(row.scores, row.gamma): row for row in rows if row.steps == 1600}
    assert len(laptop) == 8
    entry = difference("en2as-step-size")
    plain = [row for (scores, _), row in laptop.items() if scores == "as they are"]
    assert f"({max(row.nearest for row in plain):.2f} against {uniform:.2f})" in entry.why_it_matters
    assert "γ = 0.1 changes no cell" in entry.why_it_matters
    assert laptop["as they are", 0.1].changing == 0
    chosen = laptop["less the mean", 10.0]
    assert "γ = 10" in entry.our_protocol
    assert f"({chosen.nearest:.2f})" in entry.our_protocol
    assert "more than a third of the steps" in entry.our_protocol
    assert 100 / 3 < chosen.changing < 50
    assert len(re.findall(r"0\.\d\d", entry.why_it_matters + entry.our_protocol)) == 3, "no number is left unchecked"
    (released,) = [row for row in rows if "rounded cell kept" in row.scores]
    assert "γ = 0.01" in difference("en2as-frozen-archive").release_does
    assert "normal cells never change" in difference("en2as-frozen-archive").why_it_matters
    assert (released.gamma, released.changing, released.nearest) == (0.01, 0, uniform)


def test_what_is_said_of_notebooks_names_those_it_is_true_of() -> None:
    """NSAS_R, NSAS_G, NSAS_LG and LoW replay something else than cells that differ on every edge."""
    entry = difference("nsas-nb201-no-archive")
    assert "differ on every edge" in entry.release_does
    assert set(re.findall(r"NSAS(?:_\w+)?\b", entry.where.partition(":")[2])) == {"NSAS", "NSAS_3", "NSAS_4", "NSAS_5"}
    assert "NSAS_3 of GDAS the second of these differs from the first alone" in entry.release_does


def test_a_fact_of_the_benchmark_is_not_put_into_a_papers_mouth() -> None:
    for entry in differences():
        if re.search("three (computed )?nodes", entry.paper_says):
            assert "fact of NAS-Bench-201" in entry.paper_says, entry.id
    assert "fact of NAS-Bench-201" in difference("nsas-nb201-malformed-replay").paper_says
