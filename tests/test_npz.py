"""Plain arrays on disk."""

import io
import zipfile

import numpy as np
import pytest

from nasrepro import npz

ARRAYS = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.array([1, 2], np.int8)}


def test_what_is_packed_comes_out_again_and_equal_arrays_give_equal_bytes():
    content = npz.pack(ARRAYS)
    assert npz.names(content) == ("a", "b")
    for name, values in ARRAYS.items():
        found = npz.unpack(content, name)
        assert found.dtype == values.dtype
        assert np.array_equal(found, values)
        assert not found.flags.writeable
    assert npz.pack(dict(reversed(ARRAYS.items()))) == content
    with np.load(io.BytesIO(content)) as numpys:
        assert np.array_equal(numpys["b"], ARRAYS["b"])


def test_json_comes_out_again():
    value = {"π": [1, None, "x"]}
    assert npz.to_json(npz.from_json(value)) == value
    with pytest.raises(ValueError, match="JSON"):
        npz.from_json(float("nan"))


def test_every_changed_bit_and_every_cut_is_noticed_or_harmless():
    content = npz.pack({"a": np.arange(40, dtype=np.int16)})
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        for damaged in (bytes(changed), content[:place]):
            try:
                assert np.array_equal(npz.unpack(damaged, "a"), np.arange(40))
            except npz.Damaged:
                continue


def test_what_is_missing_or_no_archive_is_said():
    with pytest.raises(npz.Damaged, match="array 'c' is truncated"):
        npz.unpack(npz.pack(ARRAYS), "c")
    with pytest.raises(npz.Damaged, match=r"not a complete \.npz"):
        npz.names(b"nothing of the kind")


def test_objects_are_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("a.npy", "w") as member:
        np.lib.format.write_array(member, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(npz.Damaged, match="never loaded"):
        npz.unpack(buffer.getvalue(), "a")
    with pytest.raises(ValueError, match="pickle"):
        npz.pack({"a": np.array([{}], dtype=object)})
