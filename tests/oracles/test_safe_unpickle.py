from __future__ import annotations

import contextlib
import io
import pickle
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from official_like import Bomb, order, record

from nasrepro.errors import UserError
from nasrepro.oracles.official_files import PTH_ALLOWED, _shrink
from nasrepro.oracles.safe_unpickle import BASIC, AllowList, Inert, RefusedName, SafeUnpickler, ShrinkingUnpickler
from nasrepro.oracles.safe_unpickle import refusing as refusing_damage

PROTOCOLS = (2, 4, 5)


def safe(content: bytes, allowed: AllowList = BASIC) -> Any:
    return SafeUnpickler(io.BytesIO(content), allowed).load()


def shrinking(content: bytes, allowed: AllowList = BASIC) -> Any:
    return ShrinkingUnpickler(io.BytesIO(content), allowed, lambda _: None).load()


READERS = (safe, shrinking)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("protocol", [0, 1, *PROTOCOLS])
def test_runs_nothing(tmp_path: Path, read: Any, protocol: int) -> None:
    witness = tmp_path / "ran"
    content = pickle.dumps({"harmless": 1, "not": Bomb(f"touch {witness}")}, protocol)
    with pytest.raises(RefusedName, match=r"posix\.system|nt\.system"):
        read(content)
    assert not witness.exists()
    pickle.loads(content)
    assert witness.exists(), "the test's own pickle is harmless, so it proves nothing"


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "content",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"(S'true'\nios\nsystem\n.",  # the old way of making an instance
        b"cbuiltins\ngetattr\n.",
        b"cnumpy\nload\n.",
        b"\x80\x02cnas_201_api.api_utils\nArchResults\n.",  # allowed in a .pth, not in general
    ],
)
def test_refuses_every_other_name(read: Any, content: bytes) -> None:
    with pytest.raises(RefusedName):
        read(content)


def test_lists_only_containers_and_own_functions() -> None:
    """Whatever is allowed comes from the audited module itself or is a plain container."""
    for target in {*BASIC.values(), *PTH_ALLOWED.values()}:
        assert target in (OrderedDict, set) or target.__module__ == "nasrepro.oracles.safe_unpickle", target


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_reads_plain_data(read: Any, protocol: int) -> None:
    data = {
        "list": [1, 2.5, None, True, "text", b"bytes\xff"],
        ("tuple", 3): {1, 2},
        "ordered": OrderedDict(a=1, b=[OrderedDict()]),
        "long": 2**70,
        "same": (shared := [1]),
        "again": shared,
    }
    found = read(pickle.dumps(data, protocol))
    assert found == data
    assert type(found["ordered"]) is OrderedDict
    assert found["same"] is found["again"]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["<f8", ">f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "?"])
def test_numpy_scalars_become_numbers(read: Any, protocol: int, kind: str) -> None:
    number = np.array([1.0], dtype=kind)[0]
    found = read(pickle.dumps(number, protocol))
    assert found == number.item()
    assert type(found) is type(number.item())


def test_refuses_object_scalars() -> None:
    with pytest.raises(pickle.UnpicklingError, match="'O8'"):
        safe(b"cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR.")


class Foreign:
    def __init__(self) -> None:
        self.value = 3


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_foreign_objects_are_inert(read: Any, protocol: int) -> None:
    allowed = {**BASIC, (Foreign.__module__, "Foreign"): Inert}
    found = read(pickle.dumps(Foreign(), protocol), allowed)
    assert type(found) is Inert
    assert found.state == {"value": 3}
    assert not hasattr(found, "value")


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=60))
def test_noise_is_a_user_error(content: bytes) -> None:
    for read in READERS:
        with contextlib.suppress(UserError), refusing_damage(Path("noise.pth"), "benchmark file"):
            read(content)


@settings(max_examples=100, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_truncation_is_a_user_error(share: float) -> None:
    content = pickle.dumps(record(3, "cifar100", 777, 12), 2)
    for read in READERS:
        with pytest.raises(UserError, match=r"r\.pth' is "), refusing_damage(Path("r.pth"), "x"):
            read(content[: int(share * len(content))])


@pytest.mark.parametrize("epochs", [12, 200])
@pytest.mark.parametrize("times", [1, 2])
def test_shrinking_keeps_the_last_epoch_and_the_total_time(epochs: int, times: int) -> None:
    whole = record(5, "ImageNet16-120", 777, epochs)
    stream = io.BytesIO(pickle.dumps([whole, "after"], 2))
    small, after = ShrinkingUnpickler(stream, BASIC, lambda d: [_shrink(d) for _ in range(times)] and None).load()
    last = f"@{epochs - 1}"
    assert small["eval_acc1es"] == {k: v for k, v in whole["eval_acc1es"].items() if k.endswith(last)}
    assert small["eval_losses"].keys() == {"x-valid" + last, "x-test" + last, "ori-test" + last}
    assert sum(small["train_times"].values()) == pytest.approx(epochs * 0.5)
    assert small["train_acc1es"] == {}
    assert after == "after"
    assert sys.getsizeof(small["eval_acc1es"]) <= sys.getsizeof(dict.fromkeys(range(5)))


def test_shrinking_leaves_other_dicts_alone() -> None:
    data = {"eval_acc1es": {"a@0": 1.0}, "order": order()[:3]}
    assert ShrinkingUnpickler(io.BytesIO(pickle.dumps(data, 2)), BASIC, _shrink).load() == data
