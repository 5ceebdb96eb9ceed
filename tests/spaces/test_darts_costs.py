"""Sizes of the networks of every published cell, as counted on the original code, and as their logs print them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nasrepro.spaces import darts_named
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_costs import cost, with_auxiliary
from nasrepro.spaces.darts_skeleton import DartsSkeleton

SPACE = DartsSpace()
SKELETONS = {
    "cifar10": DartsSkeleton(36, 20, 32, 10),
    "cifar100": DartsSkeleton(36, 20, 32, 100),
    "imagenet": DartsSkeleton(48, 14, 224, 1000, family="imagenet"),
}
SIZES = json.loads(Path(__file__).with_name("darts_sizes.json").read_text(encoding="utf-8"))
"""Per cell and data set: parameters without and with the auxiliary head, and millions of MACs to three decimals."""


def test_there_are_cells_of_every_kind():
    assert len(SIZES) == 77
    assert {"NASNet", "AmoebaNet", "PNASNet", "SETN"} <= {size["name"] for size in SIZES}


@pytest.mark.parametrize("size", SIZES, ids=[size["name"] for size in SIZES])
def test_counts_equal_those_of_the_original_networks(size):
    genotype = SPACE.parse(size["genotype"])
    for dataset, skeleton in SKELETONS.items():
        params, trained, *millions = size[dataset]
        found = SPACE.cost(genotype, skeleton)
        assert (found.params, with_auxiliary(genotype, skeleton)) == (params, trained)
        assert all(abs(found.macs / 1e6 - macs) < 6e-4 for macs in millions)
        assert type(found.params) is type(found.macs) is int


def test_sizes_in_tables_are_of_the_named_cells():
    for size in SIZES:
        cell = darts_named.CELLS.find(size["name"])
        assert cell is None or cell.genotype.id == size["genotype"], size["name"]


def test_every_log_prints_the_size_that_is_counted():
    logs = [
        (cell, result)
        for cell in darts_named.CELLS.cells.values()
        for result in cell.results
        if "log of the released training" in result.source
    ]
    assert len(logs) == 21
    for cell, log in logs:
        fields = {**vars(SKELETONS[log.dataset]), "channels": log.channels or 36}
        assert round(log.params_m * 1e6) == cost(cell.genotype, DartsSkeleton(**fields)).params, (cell.name, log)


@pytest.mark.parametrize(
    ("name", "dataset", "channels", "params", "trained", "millions"),
    [
        ("Random_NSAS_C", "imagenet", 50, 5_426_375, 6_691_247, 603.44),
        ("Random_NSAS", "cifar100", 50, 5_875_150, 6_449_458, None),
    ],
)
def test_wider_networks(name, dataset, channels, params, trained, millions):
    genotype = SPACE.parse(name)
    skeleton = DartsSkeleton(**{**vars(SKELETONS[dataset]), "channels": channels})
    found = SPACE.cost(genotype, skeleton)
    assert (found.params, with_auxiliary(genotype, skeleton)) == (params, trained)
    assert millions is None or found.macs / 1e6 == pytest.approx(millions, abs=5e-3)


def test_the_mobile_setting_is_kept_by_what_was_searched_for_it():
    macs = {name: SPACE.cost(SPACE.parse(name), SKELETONS["imagenet"]).macs for name in ("ENNAS", "EENAS", "RANDOMWS")}
    assert macs["ENNAS"] < macs["EENAS"] < 600_000_000 < macs["RANDOMWS"]


def test_the_small_networks_of_the_fixtures():
    """Two more sizes that were counted on the original code: C = 8, 8 cells."""
    small = DartsSkeleton(8, 8, 32, 10)
    for name, params, trained in (("DARTS_V2", 69_618, 488_700), ("ENNAS", 77_410, 496_492)):
        genotype = SPACE.parse(name)
        assert (SPACE.cost(genotype, small).params, with_auxiliary(genotype, small)) == (params, trained)


def test_without_an_auxiliary_head_there_is_nothing_to_add():
    genotype = SPACE.sample(np.random.default_rng(0))
    bare = DartsSkeleton(4, 5, 8, 10, in_channels=1, auxiliary=False)
    assert with_auxiliary(genotype, bare) == cost(genotype, bare).params
