"""Reads the official benchmark files, one architecture at a time, without torch and without their own package.

NAS-Bench-201 (`NAS-Bench-201-v1_x-*.pth`): a `torch.save` of a dict with `meta_archs` (cell strings in index order)
and `arch2infos` (index → `full` and `less`, the runs of 200 and of 12 epochs). NATS-Bench's simple archive: a folder
or tar of `meta.pickle.pbz2` and one `NNNNNN.pickle.pbz2` per architecture (`200` and `12`). In both, a run holds
`all_results`: (training set, seed) → a record with its learning curves.
"""

from __future__ import annotations

import bz2
import io
import os
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from nasrepro.errors import UserError
from nasrepro.oracles.safe_unpickle import BASIC, AllowList, Inert, SafeUnpickler, ShrinkingUnpickler, refusing

Progress = Callable[[int, int], None]
"""Called with (done, total); the unit is the caller's business."""

_PTH = "NAS-Bench-201 file"
_NATS = "NATS-Bench archive"
_ENTRY = re.compile(r"(?:.*/)?(\d{6})\.pickle\.pbz2")
_META = "meta.pickle.pbz2"
_TAR_END = 1024  # bytes of zeros that close a tar
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C  # what torch.save wrote first before it wrote zip files
_PACKAGES = ("nas_201_api.api_utils", "nas_201_api.api_201", "nas_201_api.api", "nas_102_api.api")
_STORAGES = ("FloatStorage", "HalfStorage", "DoubleStorage", "LongStorage", "IntStorage", "ByteStorage", "BoolStorage")

PTH_ALLOWED: AllowList = {
    **BASIC,
    **{(package, name): Inert for package in _PACKAGES for name in ("ArchResults", "ResultsCount")},
    # Weights of the trained networks: not wanted, so their parts are as inert as they are.
    **{("torch._utils", name): Inert for name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter")},
    **{("torch", name): Inert for name in (*_STORAGES, "Size")},
}


@dataclass(frozen=True)
class Trial:
    """One training: its last epoch's accuracies (percent) and losses (nats) per evaluation set, and its seconds."""

    training_set: str
    seed: int
    epochs: int
    accuracy: dict[str, float]
    loss: dict[str, float]
    seconds: float | None


@dataclass(frozen=True)
class Architecture:
    """Everything measured of one architecture; `text` is its cell in the official notation."""

    index: int
    text: str
    trials: list[Trial]


def read_pth(path: Path, progress: Progress | None) -> tuple[list[str], Iterator[Architecture]]:
    """Cell strings in index order, and the architectures; raises `UserError` for a file that is not the official one.

    `progress` counts bytes. The file is read once, in about ten minutes for the 4.7 GB of version 1.1.
    """
    with refusing(path, _PTH):
        content = _load_torch(path, progress)
        if not isinstance(content, dict) or not {"meta_archs", "arch2infos"} <= content.keys():
            raise UserError(f"'{path}' is not a {_PTH}: it has no 'meta_archs' and 'arch2infos'")
        order = [str(text) for text in content["meta_archs"]]
        found = sorted(content["arch2infos"].items())

    def architectures() -> Iterator[Architecture]:
        with refusing(path, _PTH):
            for index, runs in found:
                yield _architecture(int(index), order, [runs[key] for key in ("less", "full") if key in runs])

    return order, architectures()


def is_nats(path: Path) -> bool:
    """Whether `path` is a folder or tar that holds NATS-Bench's `meta.pickle.pbz2`."""
    if path.is_dir():
        return (path / _META).is_file()
    return path.suffix == ".tar"


def read_nats(path: Path, progress: Progress | None) -> tuple[list[str], Iterator[Architecture]]:
    """Cell strings in index order, and the architectures one file at a time; `progress` counts files.

    Raises `UserError` for anything but the simple archive of the topology search space.
    """
    with refusing(path, _NATS):
        files = _nats_files(path)
        meta = next((name for name in files if name.split("/")[-1] == _META), None)
        if meta is None:
            raise UserError(f"'{path}' is not a {_NATS}: it has no {_META}")
        content = SafeUnpickler(io.BytesIO(bz2.decompress(_nats_bytes(path, meta)))).load()
        order = [str(text) for text in content["meta_archs"]]
    entries = sorted((int(match[1]), name) for name in files if (match := _ENTRY.fullmatch(name)))

    def architectures() -> Iterator[Architecture]:
        tar = tarfile.open(path, "r:") if path.is_file() else None  # noqa: SIM115 (closed below)
        try:
            for done, (index, name) in enumerate(entries, start=1):
                place = path / name
                with refusing(place, f"entry of a {_NATS}"):
                    stream = place.open("rb") if tar is None else _member(tar, name)
                    with stream:
                        runs = SafeUnpickler(io.BytesIO(bz2.decompress(stream.read()))).load()
                    yield _architecture(index, order, [runs[key] for key in ("12", "200") if key in runs])
                if progress:
                    progress(done, len(entries))
        finally:
            if tar is not None:
                tar.close()

    return order, architectures()


def _architecture(index: int, order: list[str], runs: list[Any]) -> Architecture:
    trials = []
    text = order[index]
    for run in map(_state, runs):
        if run["arch_index"] != index or run["arch_str"] != text:
            raise ValueError(f"entry {index} is of cell {run['arch_str']}, index {run['arch_index']}, not {text}")
        for (training_set, seed), record in run["all_results"].items():
            trials.append(_trial(str(training_set), int(seed), _state(record)))
    return Architecture(index, text, trials)


def _trial(training_set: str, seed: int, record: dict[str, Any]) -> Trial:
    """Only the last epoch: before it, 200-epoch trials hold the union of validation and test images alone."""
    epochs = int(record["epochs"])
    ending = f"@{epochs - 1}"

    def last(values: dict[str, float]) -> dict[str, float]:
        return {key.removesuffix(ending): float(value) for key, value in values.items() if key.endswith(ending)}

    times = record["train_times"]
    seconds = float(sum(times.values())) if times else None
    return Trial(training_set, seed, epochs, last(record["eval_acc1es"]), last(record["eval_losses"]), seconds)


def _state(entry: Any) -> dict[str, Any]:
    """Saved states come as plain dicts or inside objects, depending on how the file was written."""
    state = entry.state if isinstance(entry, Inert) else entry
    if not isinstance(state, dict):
        raise ValueError(f"a result is of type {type(entry).__name__} instead of a dict")
    return state


def _shrink(record: dict[Any, Any]) -> None:
    """Drops the curves of a finished record in place; doing it twice changes nothing."""
    if "eval_acc1es" not in record or "epochs" not in record:
        return
    ending = f"@{record['epochs'] - 1}"
    for curve in (record["eval_acc1es"], record["eval_losses"]):
        last = {key: value for key, value in curve.items() if key.endswith(ending)}
        curve.clear()  # deleting key by key would keep the memory
        curve.update(last)
    for name in ("eval_times", "train_acc1es", "train_acc5es", "train_losses"):
        if isinstance(record.get(name), dict):
            record[name].clear()
    times = record["train_times"]
    if times:
        total = sum(times.values())
        times.clear()
        times[0] = total


def _load_torch(path: Path, progress: Progress | None) -> Any:
    """What `torch.load` would return, weights aside, from a file of the zip or of the older kind."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            name = next((n for n in archive.namelist() if n.endswith("/data.pkl")), None)
            if name is None:
                raise UserError(f"'{path}' is not a {_PTH}: the archive has no data.pkl")
            with archive.open(name) as member:
                stream = _watched(member, archive.getinfo(name).file_size, progress)
                content = ShrinkingUnpickler(stream, PTH_ALLOWED, _shrink).load()
                while stream.read(1 << 20):  # the checksum is compared at the end of the member
                    pass
                return content
    with path.open("rb") as file:
        stream = _watched(file, path.stat().st_size, progress)

        def load() -> Any:
            return ShrinkingUnpickler(stream, PTH_ALLOWED, _shrink).load()

        if load() != _TORCH_MAGIC:
            raise UserError(f"'{path}' is not a {_PTH}: it was not written by torch.save")
        load()  # protocol version
        load()  # byte order and number sizes of the machine that wrote it
        content = load()
        load()  # keys of the storages, which follow and are not wanted
        return content


class _Watched(io.RawIOBase):
    """A stream that reports how far it has been read."""

    def __init__(self, stream: IO[bytes], total: int, progress: Progress) -> None:
        self._stream, self._total, self._progress = stream, total, progress
        self._done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        self._done += len(content)
        self._progress(self._done, self._total)
        return len(content)


def _watched(stream: IO[bytes], total: int, progress: Progress | None) -> IO[bytes]:
    return stream if progress is None else io.BufferedReader(_Watched(stream, total, progress), 1 << 22)


def _nats_files(path: Path) -> list[str]:
    if path.is_dir():
        return sorted(entry.name for entry in path.iterdir())
    with path.open("rb") as file:
        file.seek(-min(_TAR_END, path.stat().st_size), os.SEEK_END)
        if file.read().strip(b"\0"):  # without its end, a tar looks as if it held fewer members
            raise ValueError("the end of the tar is missing")
    with tarfile.open(path, "r:") as tar:
        return [member.name for member in tar if member.isfile()]


def _nats_bytes(path: Path, name: str) -> bytes:
    if path.is_dir():
        return (path / name).read_bytes()
    with tarfile.open(path, "r:") as tar, _member(tar, name) as stream:
        return stream.read()


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    stream = tar.extractfile(name)
    if stream is None:
        raise ValueError(f"'{name}' is no file in the archive")
    return stream
