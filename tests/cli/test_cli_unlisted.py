"""What needs a table of a whole space refuses a space of which there can be none, in one line with the reason."""

import pytest

REQUESTS = (
    ("rank", "randomnas", "--benchmark", "darts-digits"),
    ("rank", "--scores", "scores.csv", "--benchmark", "darts-cifar10"),
    ("benchmark", "show", "darts-digits"),
    ("benchmark", "show", "nb201-digits", "--against", "darts-digits"),
    ("benchmark", "verify", "darts-digits"),
    ("benchmark", "build", "darts-digits"),
)


@pytest.mark.parametrize("words", REQUESTS, ids=" ".join)
def test_a_space_too_large_to_list_is_refused_before_anything_is_done(nasrepro, tmp_path, words):
    (tmp_path / "scores.csv").write_text("cell,score\n1,2\n", encoding="utf-8")
    result = nasrepro(*words)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    name = "darts-cifar10" if "darts-cifar10" in words else "darts-digits"
    assert f"'{name}' has no table: the 9.1e+18 cells of its space are too many to be listed" in result.err
    assert "nasrepro retrain" in result.err
    assert "nb201-digits" in result.err
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["scores.csv"]
