"""Anybody's scores from a CSV file: what is read, and what is refused with the line it stands in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.reporting.score_file import ScoreFile, read_score_file
from nasrepro.spaces.nb201 import NB201Space, from_index

TEXT = f"""cell,mine,theirs
5,0.5,1
nb201:7, -2e1 ,

{from_index(9)},3,4
"""


def read(path: Path, text: str | bytes) -> ScoreFile:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_score_file(path, NB201Space())


def test_every_notation_of_a_cell_is_read_and_what_is_missing_is_nan(tmp_path: Path) -> None:
    file = read(tmp_path / "s.csv", TEXT)
    assert list(file.columns) == ["mine", "theirs"]
    mine, theirs = file.columns.values()
    assert mine[[5, 7, 9]].tolist() == [0.5, -20, 3]
    assert theirs[[5, 9]].tolist() == [1, 4]
    assert (np.isnan(mine).sum(), np.isnan(theirs).sum()) == (15622, 15623)
    assert (file.name, file.sha256) == ("s.csv", hashlib.sha256(TEXT.encode()).hexdigest())


def test_the_order_of_the_columns_and_the_ends_of_lines_do_not_matter(tmp_path: Path) -> None:
    file = read(tmp_path / "s.csv", '\ufeffscore,cell\r\n1,"5"\r\n2,nb201:0'.encode())
    assert file.columns["score"][[5, 0]].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cell,score\n5,1\n99999,1\n", ("line 3", "index 99999", "0 to 15624")),
        ("cell,score\n\n5,1\n|a~0|+x,1\n", ("line 4", "malformed genotype '|a~0|+x'")),
        ("cell,score\nnb201:5,1\n6,1\n5,2\n", ("line 4", "nb201:5", "line 2 already")),
        ("cell,score\n5,good\n", ("line 2", "'good' in column 'score'")),
        ("cell,score\n5,1\n6,nan\n", ("line 3", "'nan'", "empty field")),
        ("cell,score\n5,inf\n", ("line 2", "'inf'")),
        ("cell,score\n5,1\n6,1,2\n", ("line 3", "3 fields instead of 2")),
        ('cell,score\n5,"1\n', ("line 2", "no CSV")),
        ("index,score\n5,1\n", ("no column 'cell'", "index,score")),
        ("cell\n5\n", ("no column but 'cell'",)),
        ("cell,a,a\n5,1,2\n", ("column 3 is called 'a'",)),
        ("cell,a,\n5,1,2\n", ("column 3 is called ''",)),
        ("cell,score\n", ("no lines below the header",)),
        ("", ("no column 'cell'",)),
        (b"cell,score\n5,\xff\n", ("not UTF-8", "byte 13")),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: Path, text: str | bytes, said: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path / "s.csv", text)
    assert str(tmp_path / "s.csv") in str(caught.value)
    assert "\n" not in str(caught.value)
    for words in said:
        assert words in str(caught.value)


@pytest.mark.parametrize("name", ["none.csv", "."])
def test_a_file_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_score_file(tmp_path / name, NB201Space())
