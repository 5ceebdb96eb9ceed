"""Words to numbers, once: texts are read or written, and their tokens kept as arrays for the next time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nasrepro import npz
from nasrepro.datasets.text import END, TextData
from nasrepro.errors import UserError
from nasrepro.files import write_atomically

_SPLITS = ("train", "valid", "test")
_FOLDER = "tokens"
_FORMAT = 1  # of the kept arrays


@dataclass(frozen=True)
class Numbered:
    """A dictionary, and the tokens of train, valid and test, int32 (N,)."""

    words: tuple[str, ...]
    tokens: tuple[np.ndarray, ...]

    @property
    def sha256(self) -> str:
        """Of the words, a line each, followed by the tokens of the three splits, four bytes each, the lowest first."""
        content = hashlib.sha256("".join(f"{word}\n" for word in self.words).encode())
        for tokens in self.tokens:
            content.update(tokens.astype("<i4").tobytes())
        return content.hexdigest()

    def as_data(self, name: str, hashes: Mapping[str, str], verified: bool) -> TextData:
        """The same as tensors."""
        train, valid, test = (torch.from_numpy(tokens.astype(np.int64)) for tokens in self.tokens)
        return TextData(name, self.words, train, valid, test, hashes, verified)


def numbered(splits: Sequence[Iterable[str]]) -> Numbered:
    """Words get numbers in the order of their first appearance in train, valid, test."""
    numbers: dict[str, int] = {}
    tokens = [[numbers.setdefault(word, len(numbers)) for word in words] for words in splits]
    return Numbered(tuple(numbers), tuple(np.array(part, np.int32) for part in tokens))


def words_in(path: Path) -> Iterator[str]:
    """The words of a file, split at white space, each line ended by `<eos>`; an empty line is an `<eos>` alone.

    Raises `UserError` where it cannot be read as UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield from line.split()
                yield END
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"'{path}' is no UTF-8 text: byte {error.start:,}") from error


def kept(root: Path, name: str, sources: Iterable[str], make: Callable[[], Numbered]) -> Numbered:
    """What `make` gives, from an array file below `root` where it was kept for the same `sources` (their hashes).

    A damaged file is made again. A folder that cannot be written only costs time.
    """
    key = hashlib.sha256(repr((_FORMAT, *sources)).encode()).hexdigest()
    path = root / _FOLDER / f"{name}-{key[:16]}.npz"
    with suppress(OSError, npz.Damaged, UnicodeDecodeError):
        return _unpacked(path.read_bytes())
    made = make()
    with suppress(UserError):
        write_atomically(path, _packed(made))
    return made


def _packed(content: Numbered) -> bytes:
    words = np.frombuffer("\n".join(content.words).encode(), np.uint8)
    return npz.pack({"words": words, **dict(zip(_SPLITS, content.tokens, strict=True))})


def _unpacked(content: bytes) -> Numbered:
    words = npz.unpack(content, "words").tobytes().decode().split("\n")
    return Numbered(tuple(words), tuple(npz.unpack(content, split) for split in _SPLITS))
