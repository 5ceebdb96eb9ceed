"""What the ledger says of sizes in the DARTS space is what the published cells have; its items know its entries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nasrepro.papers.catalog import item
from nasrepro.papers.ledger import difference, differences
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_costs import cost, with_auxiliary
from nasrepro.spaces.darts_skeleton import DartsSkeleton

CIFAR10 = DartsSkeleton(36, 20, 32, 10)
CIFAR100 = DartsSkeleton(36, 20, 32, 100)
IMAGENET = DartsSkeleton(48, 14, 224, 1000, family="imagenet")


def millions(count: int) -> str:
    return f"{count / 1e6:.2f}"


def test_the_best_random_cell_counts_its_auxiliary_head() -> None:
    cell = DartsSpace().parse("RANDOMWS")
    said = difference("darts-parameter-conventions")
    whole, evaluated = with_auxiliary(cell, CIFAR10), cost(cell, CIFAR10).params
    assert f"{millions(whole)} with, {millions(evaluated)} without" in said.release_does
    assert f"{millions(whole - evaluated)} million" in said.why_it_matters
    for name, row in (("nsas/table-1", "RandomNAS"), ("en2as/table-1", "Random Search WS")):
        (found,) = [own for own in item(name).rows if own.label == row]  # type: ignore[union-attr]
        assert f"{millions(whole)} with it, {millions(evaluated)} without" in found.note
        assert found.cells["params"].raw == f"{whole / 1e6:.1f}"


def test_related_cells_and_cells_of_other_sizes() -> None:
    space = DartsSpace()
    sizes = {cost(space.parse(name), CIFAR10).params for name in ("ENNAS", "Random_NSAS")}
    assert [f"{size:,}" in difference("nsas-and-en2as-cells-alike").release_does for size in sizes] == [True]
    first = millions(cost(space.parse("DARTS_V1"), CIFAR10).params)
    assert f"{first} million" in difference("darts-first-order-size").release_does
    snas = cost(space.parse("SNAS"), CIFAR100).params
    assert f"{snas:,}" in difference("snas-cifar100-size").release_does


def test_fifty_channels_are_too_many_for_the_mobile_setting() -> None:
    cell, said = DartsSpace().parse("Random_NSAS_C"), difference("nsas-imagenet-limit").release_does
    wide, published = (cost(cell, replace(IMAGENET, channels=c)).macs / 1e6 for c in (50, 48))
    assert wide > 600 > published
    assert f"{wide:.0f} million" in said
    assert f"with 48 it has {published:.0f}" in said


@pytest.mark.parametrize(
    ("name", "least"), [("nsas/table-1", 15), ("en2as/table-1", 15), ("en2as/table-4", 5), ("e2nas/figure-1b", 3)]
)
def test_items_of_the_space_have_their_entries(name: str, least: int) -> None:
    assert len(differences(item=name)) >= least


def test_what_of_a_pass_runs_is_a_setting_that_released_settings_have() -> None:
    for entry in ("en2as-soft-paths", "darts-all-operations-run"):
        assert "`training.execution`" in difference(entry).our_protocol
        assert "`as-released`" in difference(entry).our_protocol
