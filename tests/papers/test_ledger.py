"""The ledger is well-formed, refers to what exists, and can be asked by method and by item."""

from __future__ import annotations

import re

import pytest

from nasrepro.errors import UserError
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
