"""DARTS cells on the command line: `cost`, `list cells`, `show CELL`."""

from __future__ import annotations

import pytest

from nasrepro.spaces import darts_rnn_named
from nasrepro.spaces.darts_named import CELLS


@pytest.mark.parametrize(
    ("target", "params", "trained", "macs"),
    [
        ("darts-cifar10", 3_349_342, 3_825_768, 528_359_040),
        ("darts-cifar100", 3_401_272, 3_946_908, 528_410_880),
        ("darts-imagenet", 4_718_752, 5_979_528, 529_911_552),
    ],
)
def test_cost_of_a_cell_in_all_its_notations(nasrepro, target, params, trained, macs):
    genotype = CELLS.cells["DARTS_V2"].genotype
    notations = ("DARTS_V2", "darts_v2", str(genotype), f"mine = {genotype}", genotype.id, str(genotype.index))
    result = nasrepro("cost", *notations, "--benchmark", target, "--json")
    assert (result.code, result.err) == (0, "")
    expected = {
        "genotype": str(genotype),
        "id": genotype.id,
        "index": genotype.index,
        "benchmark": target,
        "params": params,
        "params_with_auxiliary": trained,
        "macs": macs,
        "notes": [],
    }
    assert result.json == [expected] * len(notations)


def test_only_networks_with_an_auxiliary_head_have_its_parameters(nasrepro):
    for words in (("cost", "7", "--benchmark", "darts-digits"), ("cost", "7", "--benchmark", "nb201-cifar10")):
        (row,) = nasrepro(*words, "--json").json
        assert row["params_with_auxiliary"] is None
        assert "params_with_auxiliary" not in nasrepro(*words).out
    assert "3825768" in nasrepro("cost", "DARTS_V2", "--benchmark", "darts-cifar10").out


def test_a_network_beyond_the_mobile_setting_is_called_so(nasrepro):
    note = "706.9 million multiply-adds are beyond the mobile setting, which is below 600 million"
    small, large = nasrepro("cost", "DARTS_V2", "SETN", "-b", "darts-imagenet", "--json").json
    assert (small["notes"], large["notes"]) == ([], [note])
    page = nasrepro("cost", "DARTS_V2", "SETN", "-b", "darts-imagenet").out
    assert page.count("note: ") == 1
    assert f"note: {large['id']}: {note}" in page
    assert "note: " not in nasrepro("cost", "SETN", "-b", "darts-cifar10").out


def test_a_cell_with_none_and_one_state_twice_has_no_index_but_a_cost(nasrepro):
    (row,) = nasrepro("cost", "ENNAS", "--benchmark", "darts-cifar10", "--json").json
    assert (row["index"], row["params"]) == (None, 3_083_014)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ENAS", ["'ENAS'", "did you mean 'ENNAS'"]),
        ("Genotype(normal=[('sepconv', 0), ('none', 1)], reduce=[])", ["normal, pair 1", "'sepconv'"]),
        ("Genotype(normal=[('none', 0), ('none', 5)], reduce=[])", ["normal, pair 2", "0 to 1, not 5"]),
        ("Genotype(normal=[('none', 0)\n('none', 1)],\nreduce=[])", ["character 30", "',' or ']'"]),
        ("Genotype(normal=[('none', 0)", ["'[' of character 17 is not closed"]),
        ("nb201:5", ["'nb201:5' belongs to another space, 'nb201'", "'darts_cnn'"]),
        ("darts-path:1.12.16", ["'darts-path:1.12.16' is a path", "no cell"]),
        ("nosuch:3", ["unknown cell 'nosuch:3'"]),
        ("9119789245425254400", ["out of range", "0 to 9119789245425254399"]),
    ],
)
def test_what_is_no_cell_is_told_in_one_line(nasrepro, user_error, text, says):
    user_error(nasrepro("cost", text, "--benchmark", "darts-cifar10"), *says)


def test_cells_are_listed_with_printed_errors_and_counted_sizes(nasrepro):
    rows = {row["name"]: row for row in nasrepro("list", "cells", "--json").json}
    assert list(rows) == [*CELLS.cells, *darts_rnn_named.CELLS.cells]
    assert (rows["ENNAS"]["printed_error"], rows["ENNAS"]["params"]) == (2.64, 3_083_014)
    assert rows["XNAS"]["printed_error"] is None
    assert (rows["ENNAS_RNN"]["printed_perplexity"], rows["ENNAS_RNN"]["params"]) == (57.8, 22_960_000)
    assert rows["ENNAS"]["printed_perplexity"] is rows["ENNAS_RNN"]["printed_error"] is None
    shown = nasrepro("list", "cells").out
    assert all(name in shown for name in rows)


def test_the_page_of_a_cell(nasrepro):
    facts = nasrepro("show", "ennas_pr_ns1", "--json").json
    assert (facts["name"], facts["kind"], facts["in_space"]) == ("ENNAS_PR", "cell (published)", True)
    assert facts["sizes"]["darts-imagenet"]["params"] == 3_560_608
    table, log = facts["results"]
    assert (table["source"], table["error"], table["params_m"]) == ("EN²AS, Table 1", 2.83, 2.3)
    assert (log["error"], log["best_error"]) == (2.9, 2.82)
    shown = nasrepro("show", "ENNAS_PR").out
    assert "best epoch on the test images" in shown
    assert "2739504" in shown


def test_the_page_of_a_recurrent_cell(nasrepro):
    facts = nasrepro("show", "DARTS_V2_RNN", "--json").json
    assert (facts["id"], facts["in_space"]) == ("rnn8:0312121421533152", True)
    assert facts["sizes"]["wikitext2"] == {"hidden": 700, "params": 33_127_878, "macs": 33_094_600}
    readme = facts["results"][0]
    assert (readme["source"], readme["test"], readme["valid"]) == ("DARTS, README", 55.68, None)
    shown = nasrepro("show", "naonet_ws_rnn").out
    assert "27295000" in shown
    assert "56.66 and 56.80" in shown


def test_a_name_that_two_spaces_know_shows_the_convolutional_cell_and_tells_of_the_other(nasrepro):
    facts = nasrepro("show", "ENNAS", "--json").json
    assert facts["id"].startswith("darts:")
    assert facts["same_name"] == ["ENNAS_RNN"]
    assert nasrepro("show", "ENAS", "--json").json["name"] == "ENAS_RNN"


def test_a_method_goes_before_a_cell_of_its_name(nasrepro):
    assert nasrepro("show", "setn", "--json").json["kind"] == "one-shot method"
    assert nasrepro("show", "SETN", "--json").json["kind"] == "cell (baseline)"
