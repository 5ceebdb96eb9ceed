"""The ledger is well-formed, refers to what exists, and can be asked by method and by item."""

from __future__ import annotations

import re

import pytest

from nasrepro.errors import UserError
from nasrepro.methods import catalog
from nasrepro.papers.catalog import items
from nasrepro.papers.ledger import difference, differences


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
