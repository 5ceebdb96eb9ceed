"""Cells are watched while others are trained, and watching changes nothing."""

import dataclasses

import pytest
from toy import DIGITS, search

WATCHED = {"watched_cells": 3, "watch_points": 4}


def test_every_look_tells_update_and_trained_cell(tmp_path):
    result, given = search("randomnas", tmp_path, training=WATCHED)
    assert [look.step for look in result.looks] == [2, 4, 6, 8]
    assert result.watched_units == given.settings["training"]["valid_images"] == 100
    for look in result.looks:
        assert DIGITS.space.parse(look.path)
        for scored in (look.before, look.after):
            assert len(scored.right) == len(scored.loss) == 3
            assert all(0 <= right <= 100 for right in scored.right)
        assert look.before != look.after


def test_the_last_look_is_what_the_probes_end_with(tmp_path):
    """The watched cells are the first probe cells, and after the last update nothing moves any more."""
    result, _ = search("randomnas", tmp_path, training=WATCHED)
    last, probe = result.looks[-1].after, result.probes[-1]
    assert last.right == [round(value) for value in probe.accuracy[:3]]
    assert last.loss == pytest.approx(probe.loss[:3], rel=1e-5)


@pytest.mark.parametrize(
    ("method", "bn"),
    [
        ("gdas", "batch"),
        ("randomnas-ac", "batch"),
        ("enas", "running"),
        ("darts-v2", "batch"),
        ("en2as-pr", "recalibrated"),
    ],
)
def test_a_watched_training_is_the_same_training(method, bn, tmp_path):
    plain, _ = search(method, tmp_path / "plain", training={"bn": bn})
    watched, _ = search(method, tmp_path / "watched", training={**WATCHED, "bn": bn})
    mute = {"looks": [], "watched_units": 0, "seconds": {}}
    assert dataclasses.replace(watched, **mute) == dataclasses.replace(plain, **mute)
    assert watched.looks


def test_without_an_update_nothing_changes(tmp_path):
    """The control of every change that is reported: scoring twice on the fixed images gives the same numbers."""
    result, _ = search("randomnas", tmp_path, training={**WATCHED, "lr": 1e-30, "lr_min": 0})
    assert all(look.before == look.after for look in result.looks)


def test_a_mixture_has_no_trained_cell(tmp_path):
    result, _ = search("darts-v1", tmp_path, training=WATCHED)
    assert result.looks
    assert all(look.path is None for look in result.looks)


def test_an_interrupted_search_has_all_looks(tmp_path):
    class Killed(Exception):
        pass

    def stop(done, total):
        if done == 6:
            raise Killed

    whole, _ = search("gdas", tmp_path / "whole", training=WATCHED)
    with pytest.raises(Killed):
        search("gdas", tmp_path / "cut", training=WATCHED, report=stop)
    resumed, _ = search("gdas", tmp_path / "cut", training=WATCHED)
    assert resumed.looks == whole.looks
