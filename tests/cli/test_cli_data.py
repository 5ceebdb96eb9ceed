"""`data list|fetch|convert|verify`."""

import shutil

import pytest


def test_list_is_the_registry(nasrepro):
    assert nasrepro("data", "list", "--json").json == nasrepro("list", "data", "--json").json


def test_fetching_what_is_embedded(nasrepro):
    result = nasrepro("data", "fetch", "digits")
    assert (result.code, result.err) == (0, "")
    assert "digits" in result.out


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("cifar1", ["cifar1", "cifar10"]),
        ("nasbench201-v1_1", ["NAS-Bench-201-v1_1-096897.pth", "096897", "nasrepro data convert"]),
    ],
)
def test_fetching_what_a_program_cannot_fetch(nasrepro, user_error, name, named):
    user_error(nasrepro("data", "fetch", name), *named)


def test_converting_a_wrong_file(nasrepro, user_error, tmp_path):
    user_error(nasrepro("data", "convert", "nowhere.pth"), "nowhere.pth", "NAS-Bench-201-v1_1-096897.pth")
    (tmp_path / "NAS-Bench-201-v1_1-096897.pth").write_bytes(b"PK\x03\x04 truncated")
    user_error(nasrepro("data", "convert", "NAS-Bench-201-v1_1-096897.pth"), "NAS-Bench-201-v1_1-096897.pth")
    assert not list(tmp_path.glob("**/*.npz"))


def test_a_table_is_not_replaced_unasked(with_table, user_error, table_root):
    before = (table_root / "nb201" / "nasbench201.npz").read_bytes()
    user_error(with_table("data", "convert", "nowhere.pth"), "nasbench201.npz", "--force")
    assert (table_root / "nb201" / "nasbench201.npz").read_bytes() == before


def test_converting_writes_where_told_and_reports_it(nasrepro, monkeypatch, tmp_path):
    seen = []

    def convert(source, target, *, progress):
        progress(1, 2)
        seen.append((source.name, target.name))

    monkeypatch.setattr("nasrepro.oracles.convert.convert", convert)
    result = nasrepro("data", "convert", "official.pth", "--out", tmp_path / "mine.npz")
    assert (result.code, seen) == (0, [("official.pth", "mine.npz")])
    assert "mine.npz" in result.out


def test_verify_names_damaged_files(nasrepro, table_root, tmp_path):
    shutil.copytree(table_root, tmp_path / "no-data")
    sound = nasrepro("data", "verify", "--json")
    assert sound.code == 0
    assert {row["name"]: row["state"] for row in sound.json}["nb201"] == "present"
    table = tmp_path / "no-data" / "nb201" / "nasbench201.npz"
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.write_bytes(content)
    damaged = nasrepro("data", "verify")
    assert damaged.code == 2
    assert "damaged" in damaged.out
    assert "nasbench201.npz" in damaged.err.splitlines()[-1]
