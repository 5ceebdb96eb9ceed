"""Plain arrays in an `.npz` file: equal arrays give equal bytes, checksums are compared, nothing is ever unpickled."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib import format as npy

_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)  # a fixed time stamp: equal content gives equal bytes
# What the zip and npy readers raise on bytes they cannot make sense of.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    NotImplementedError,
    RuntimeError,
)


class Damaged(Exception):
    """The bytes are not what they should be; the text says in what way."""


def pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an `.npz` file with these arrays, compressed, in the order of their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(arrays):
            _add(archive, name, arrays[name])
    return buffer.getvalue()


def names(content: bytes) -> tuple[str, ...]:
    """The arrays' names, sorted; raises `Damaged` when the bytes are no whole `.npz` file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return tuple(sorted(member.removesuffix(".npy") for member in archive.namelist()))
    except _UNREADABLE as error:
        raise Damaged("it is not a complete .npz file") from error


def unpack(content: bytes, name: str) -> np.ndarray:
    """One array, read-only; raises `Damaged` when it is not there, not whole, or holds Python objects.

    The member is read to its end, so that its checksum is compared.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            member = archive.read(f"{name}.npy")
        stream = io.BytesIO(member)
        version = npy.read_magic(stream)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read_header(stream)
        if dtype.hasobject:
            raise Damaged(f"array '{name}' holds Python objects, which are never loaded")
        values = np.frombuffer(member, dtype, offset=stream.tell())
        return values.reshape(shape, order="F" if fortran else "C")
    except _UNREADABLE as error:
        raise Damaged(f"array '{name}' is truncated or fails its checksum") from error


def from_json(value: object) -> np.ndarray:
    """A value as JSON text in an array of bytes, so that it can lie among the others."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return np.frombuffer(text.encode(), np.uint8)


def to_json(values: np.ndarray) -> Any:
    """What `from_json` was given; raises ValueError when the bytes are not JSON."""
    return json.loads(values.tobytes().decode())


def _add(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    buffer = io.BytesIO()
    npy.write_array(buffer, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)
    entry = zipfile.ZipInfo(f"{name}.npy", date_time=_EPOCH_OF_ZIP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # the same bytes on every operating system
    archive.writestr(entry, buffer.getvalue(), compresslevel=6)
