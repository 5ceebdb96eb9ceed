"""Pages and answers about benchmarks on texts."""

import pytest

from nasrepro.methods import catalog

ONE_SHOT = [name for name, method in catalog.METHODS.items() if method.one_shot]


@pytest.mark.parametrize("method", ONE_SHOT)
def test_a_method_is_shown_as_it_trains_on_texts(nasrepro, method):
    facts = nasrepro("show", method, "-b", "rnn2-grammar", "--json").json
    rows = {row["name"]: row for row in facts["settings"]}
    assert rows["training.bptt"]["default"] == 35
    assert "training.train_images" not in rows
    assert [name for name, row in rows.items() if row["published"] in ("", "not stated")] == []
    page = nasrepro("show", method, "-b", "rnn2-grammar")
    assert page.code == 0
    assert "training images" not in page.out
    assert "validation images" not in page.out.split("\nProtocols")[0]


def test_a_part_that_has_another_form_on_texts_answers_for_itself(nasrepro):
    on_text, on_images = (
        nasrepro("show", "enas", "-b", on, "--json").json["answers"] for on in ("rnn2-grammar", "nb201-digits")
    )
    assert on_text["path"] != on_images["path"]
    assert on_text["genotype"] == on_images["genotype"]


def test_what_a_table_of_perplexities_answers_is_called_so(nasrepro):
    asked = ("query", "rnn2:0103", "--benchmark", "rnn2-grammar", "--split", "test", "--epochs", "10")
    result = nasrepro(*asked)
    assert result.code == 0
    assert "perplexity" in result.out
    assert "accuracy" not in result.out
    (row,) = nasrepro(*asked, "--json").json
    assert 40 < row["value"] < 80
