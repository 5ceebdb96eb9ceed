"""Parent and worker talk in JSON: everything a job is made of comes back equal, and nothing else can be said."""

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import executor_jobs as jobs
import pytest
from quick_runs import planned

from nasrepro.experiments.execute import run_planned
from nasrepro.experiments.executors.messages import pack, pack_call, pack_value, unpack, unpack_call, unpack_value
from nasrepro.records.store import RunStore
from nasrepro.tabulation.build import measure_shard
from nasrepro.tabulation.catalog import get
from nasrepro.tabulation.shards import ShardId
from nasrepro.tabulation.verification import remeasure


def numbers(values: list[float]) -> tuple[float, ...]:
    return tuple(values)


def test_every_argument_comes_back_equal_and_of_its_type(tmp_path):
    run = replace(planned("gdas", tmp_path), allow_unverified=True)
    for call, args in (
        (run_planned, (run, RunStore(tmp_path))),
        (measure_shard, (get("nb201-digits"), ShardId(3, 48), tmp_path, {"commit": None, "packages": {"numpy": "2"}})),
        (remeasure, (get("nb201-digits"), 6111, True)),
        (jobs.double, (3,)),
    ):
        found, told = unpack_call(pack_call(call, args))
        assert found is call
        assert tuple(told) == args
        assert [type(value) for value in told[:2]] == [type(value) for value in args[:2]]


def test_values_come_back_to_the_last_bit():
    values = (0.1 + 0.2, 1e-45, -0.0, float("inf"), 3.0)
    _, (content,) = unpack(pack_value(numbers, values))
    assert unpack_value(numbers, content) == values
    assert unpack_value(measure_shard, unpack(pack_value(measure_shard, Path("a/b")))[1][0]) == Path("a/b")


@pytest.mark.parametrize("call", [lambda report: None, Any, RunStore.get])
def test_only_a_function_of_a_module_can_be_named(call):
    with pytest.raises((TypeError, ValueError, AttributeError)):
        pack_call(call, ())


def test_a_call_with_too_many_arguments_or_wrong_ones_is_not_told():
    with pytest.raises(ValueError, match="longer"):
        pack_call(jobs.double, (1, 2))
    with pytest.raises(ValueError, match="valid"):
        unpack_call(json.dumps([remeasure.__module__, "remeasure", [{}, "x", 1]]).encode())


def test_a_pickle_is_no_message():
    for read in (unpack, unpack_call):
        with pytest.raises(ValueError, match=r"Expecting|decode"):
            read(pickle.dumps(("value", 1)))


def test_what_a_module_does_not_hold_cannot_be_called():
    with pytest.raises(TypeError, match="no function 'nothing'"):
        unpack_call(json.dumps(["executor_jobs", "nothing", []]).encode())


def test_plain_messages():
    assert unpack(pack("progress", 3, 10)) == ("progress", [3, 10])
