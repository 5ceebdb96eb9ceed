"""Recurrent cells as values, as text, by name and in order."""

from __future__ import annotations

import pytest

from nasrepro.errors import UserError
from nasrepro.spaces import darts_rnn_named
from nasrepro.spaces.catalog import cell_of, find
from nasrepro.spaces.darts_rnn import RnnGenotype, RnnSpace, from_index
from nasrepro.spaces.darts_rnn_genotype import whole_cell

EIGHT, TWO, THIRD = RnnSpace(8), RnnSpace(2), RnnSpace(3)
TANH, RELU, SIGMOID, IDENTITY = 1, 2, 3, 4
V2 = """
DARTS_V2 = Genotype(recurrent=[("sigmoid", 0), ('relu', 1), ('relu',1), ('identity', 1), ('tanh', 2),
    ('sigmoid', 5), ('tanh', 3), ('relu', 5),], concat = range( 1,9 ), )
"""
PUBLISHED_ORDER = (
    "2 16 12 15 6 20 26 30 23 19 8 25 1 13 11 5 21 29 14 22 0 17 10 18 3 24 28 9 4 7 27 31"  # Yu et al., released code
)


def test_there_are_as_many_cells_as_the_papers_count():
    assert [len(space) for space in (EIGHT, TWO, THIRD)] == [2_642_411_520, 32, 12]
    with pytest.raises(ValueError, match="8, 2, 3 nodes, not of 4"):
        RnnSpace(4)


def test_what_is_pasted_from_released_code_is_read():
    found = EIGHT.parse(V2)
    assert found == EIGHT.parse("darts_v2") == EIGHT.parse("DARTS_V2_RNN") == EIGHT.parse(str(found.index))
    assert found.id == "rnn8:0312121421533152"
    bare = V2.replace("DARTS_V2 =", "").replace(", concat = range( 1,9 ), )", ")")
    assert EIGHT.parse(bare) == EIGHT.parse(V2.replace("range( 1,9 )", "[1, 2, 3, 4, 5, 6, 7, 8]")) == found


def test_numbers_of_the_two_node_cells_are_those_of_the_paper():
    ends = {
        2: ("tanh", 0, "sigmoid", 0),
        16: ("sigmoid", 0, "tanh", 0),
        12: ("relu", 0, "tanh", 1),
        15: ("relu", 0, "identity", 1),
        6: ("tanh", 0, "sigmoid", 1),
        9: ("relu", 0, "relu", 0),
        31: ("identity", 0, "identity", 1),
    }
    for index, (one, first, other, second) in ends.items():
        text = f"Genotype(recurrent=[('{one}', {first}), ('{other}', {second})])"
        assert TWO.parse(text).index == index
        assert TWO.parse(str(index)) == TWO.parse(text)
    assert sorted(map(int, PUBLISHED_ORDER.split())) == [cell.index for cell in TWO]


def test_the_third_node_counts_states_then_activations():
    assert [cell.id for cell in THIRD] == [f"rnn3:{state}{op}" for state in range(3) for op in range(1, 5)]
    assert all(cell.nodes[:2] == ((TANH, 0), (TANH, 1)) for cell in THIRD)
    assert str(from_index(9, 3)) == "Genotype(recurrent=[('tanh', 0), ('tanh', 1), ('relu', 2)], concat=range(1, 4))"


def test_pairs_of_numbers_are_state_and_activation():
    text = "0 2 1 0 2 1 2 2 4 0 5 0 3 2 6 2"
    cell = EIGHT.parse(text)
    nodes = ((SIGMOID, 0), (TANH, 1), (RELU, 2), (SIGMOID, 2), (TANH, 4), (TANH, 5), (SIGMOID, 3), (SIGMOID, 6))
    assert cell == whole_cell(nodes) == EIGHT.parse(" 0 2  1 0 2 1\n2 2 4 0 5 0 3 2 6 2 ") == EIGHT.parse("ENAS_LM")
    assert TWO.parse("0 3 1 0") == whole_cell(((IDENTITY, 0), (TANH, 1)))


@pytest.mark.parametrize("name", darts_rnn_named.CELLS.cells)
def test_every_known_cell_is_read_from_each_of_its_notations(name):
    cell = darts_rnn_named.CELLS.get(name)
    for text in (str(cell.genotype), cell.genotype.id, name.swapcase(), *cell.aliases, f"x={cell.genotype}"):
        assert EIGHT.parse(text) == cell.genotype, text
        if ":" in text:
            assert cell_of(find(text), text) == cell.genotype
    assert cell.kind in ("published", "baseline")
    assert cell.source
    for printed in cell.results:
        assert printed.dataset in ("ptb", "wikitext2")
        assert 50 < printed.test < (printed.valid or 80) < 81
        assert printed.source


def test_cells_of_no_space_are_genotypes_that_no_supernet_holds():
    enas = EIGHT.parse("ENAS")
    assert enas.id == "rnn11:0111123131324272828282+2569ab"
    assert str(enas).endswith("concat=[2, 5, 6, 9, 10, 11])")
    assert (enas.in_space, enas.index, EIGHT.parse(enas.id)) == (False, None, enas)
    assert EIGHT.parse("NAONet").id.startswith("rnn11:0202")
    for refused in (lambda: enas.path, lambda: EIGHT.genes(enas)):
        with pytest.raises(ValueError, match="rnn11:"):
            refused()
    with pytest.raises(UserError, match="no supernet holds rnn11"):
        EIGHT.path_of(enas.id)
    another_start = "Genotype(recurrent=[('tanh', 0), ('tanh', 0), ('relu', 2)])"
    assert EIGHT.parse(another_start).id == "rnn3:010122"
    assert EIGHT.parse("rnn3:010122").in_space is False


@pytest.mark.parametrize(
    ("nodes", "concat", "says"),
    [
        ((), (1,), "1 to 15 nodes, not 0"),
        (((TANH, 0),) * 16, (1,), "not 16"),
        (((0, 0),), (1,), "codes go from 1 to 4: 0"),
        (((5, 0),), (1,), "1 to 4: 5"),
        (((TANH, 0), (TANH, 2)), (1, 2), "node 2 reads states 0 to 1: 2"),
        (((TANH, 0),), (0,), "nodes from 1 to 1"),
        (((TANH, 0), (TANH, 0)), (1, 1), "different nodes"),
        (((TANH, 0), (TANH, 0)), (), "different nodes"),
    ],
)
def test_impossible_cells_say_why(nodes, concat, says):
    with pytest.raises(ValueError, match=says):
        RnnGenotype(nodes, concat)


@pytest.mark.parametrize(
    ("space", "text", "says"),
    [
        (TWO, "32", "index 32 .* 2 nodes is out of range; allowed: 0 to 31"),
        (TWO, "DARTS_V2", "'DARTS_V2' belongs to another space, 'darts_rnn8'; allowed: cells of 'darts_rnn2'"),
        (EIGHT, "rnn2:0103", "another space, 'darts_rnn2'"),
        (THIRD, "ENAS", "'ENAS' is in no space; allowed"),
        (TWO, "rnn2:01", "'01' is not two digits per node of 2"),
        (TWO, "rnn2:010", "'010' is not two digits"),
        (TWO, "rnn2:0100", "codes go from 1 to 4: 0"),
        (TWO, "rnn2:01031", "not two digits per node of 2"),
        (THIRD, "rnn3:011112", "that cell is called rnn3:12"),
        (THIRD, "rnn3:0111", "not two digits per node of 3"),
        (EIGHT, "rnn8-path:1.2", "is a path .* no cell"),
        (EIGHT, "Genotype(recurrent=[('tan', 0)])", "pair 1: unknown operation 'tan'; did you mean 'tanh'"),
        (EIGHT, "Genotype(recurrent=[('none', 0)])", "unknown operation 'none'"),
        (EIGHT, "Genotype(recurrent=[('tanh', 0), ('tanh', 2)])", "node 2 reads states 0 to 1, not 2"),
        (EIGHT, "Genotype(recurrent=[('tanh', 0)], concat=[2])", "nodes from 1 to 1"),
        (EIGHT, "Genotype(recurrent=[('tanh', 0)], concat='all')", "a list of states or a range"),
        (EIGHT, "Genotype(concat=[1])", "recurrent=.* is missing"),
        (EIGHT, "Genotype(normal=[('tanh', 0)])", "unknown field 'normal'"),
        (EIGHT, "Genotype(recurrent=[('tanh', 0)", "'\\[' of character 20 is not closed"),
        (EIGHT, "0 1 1", "odd count of numbers, 3"),
        (EIGHT, "1 1", "node 1 reads states 0 to 0, not 1"),
        (EIGHT, "0 4", "no activation 4; allowed: 0 tanh, 1 relu, 2 sigmoid, 3 identity"),
        (EIGHT, " ".join(["0 1"] * 16), "1 to 15 nodes"),
        (EIGHT, "DARTS_V3", "unknown cell 'DARTS_V3'; did you mean 'DARTS_V1_RNN'|'DARTS_V2_RNN'"),
    ],
)
def test_what_is_no_cell_of_the_space_is_told(space, text, says):
    with pytest.raises(UserError, match=says):
        space.parse(text)
