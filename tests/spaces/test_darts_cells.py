"""DARTS cells as values, as text, by name and in order."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.spaces import darts_named
from nasrepro.spaces.darts_cnn import SIZE, Cell, DartsGenotype, DartsSpace, from_index

SPACE = DartsSpace()
NODE = "('none', 0), ('none', 1)"
V2 = """
DARTS_V2 = Genotype(normal=[("sep_conv_3x3", 1), ('sep_conv_3x3',0), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1),
    ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2),],
  normal_concat = [2, 3, 4, 5],
  reduce=(('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0),
    ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)), reduce_concat=range( 2,6 ) , )
"""


def test_what_is_pasted_from_released_code_is_read():
    found = SPACE.parse(V2)
    assert found == SPACE.parse("DARTS_V2") == SPACE.parse("darts_v2")
    assert found.id == "darts:0414041403140326-0111112301231123"
    bare = V2.replace("DARTS_V2 =", "").replace("normal_concat = [2, 3, 4, 5],", "").replace(", reduce_concat=", "#")
    assert SPACE.parse(bare.split("#")[0] + ")") == found


@pytest.mark.parametrize("name", darts_named.CELLS.cells)
def test_every_known_cell_is_read_from_each_of_its_notations(name):
    cell = darts_named.CELLS.get(name)
    for text in (str(cell.genotype), cell.genotype.id, name.swapcase(), *cell.aliases, f"x={cell.genotype}"):
        assert SPACE.parse(text) == cell.genotype, text
    assert cell.kind in ("published", "baseline", "superseded", "probe")
    assert cell.source
    for printed in cell.results:
        assert printed.dataset in ("cifar10", "cifar100", "imagenet")
        assert 0 < (printed.best_error or printed.error) <= printed.error < 30
        assert printed.source


def test_names_and_aliases_are_unique():
    names = [name.lower() for cell in darts_named.CELLS.cells.values() for name in (cell.name, *cell.aliases)]
    assert len(set(names)) == len(names) > 31
    with pytest.raises(UserError, match="unknown cell 'ENAS'; did you mean 'ENNAS'"):
        darts_named.CELLS.get("ENAS")


def test_cells_from_elsewhere_are_genotypes_that_no_supernet_holds():
    nasnet = SPACE.parse("NASNet")
    assert (len(nasnet.normal.nodes), nasnet.reduce.concat, nasnet.in_space) == (5, (4, 5, 6), False)
    assert nasnet.index is None
    for refuses in (lambda: nasnet.path, lambda: SPACE.genes(nasnet)):
        with pytest.raises(ValueError, match="darts:"):
            refuses()
    assert SPACE.parse("ENNAS").in_space


def test_the_order_of_a_nodes_choices_does_not_matter():
    one = Cell((((4, 1), (3, 0)),), (2,))
    assert one == Cell((((3, 0), (4, 1)),), (2,))
    assert one.nodes == (((3, 0), (4, 1)),)
    assert {one: 1}[Cell((((3, 0), (4, 1)),), (2,))] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.concat = (3,)


@pytest.mark.parametrize(
    ("nodes", "concat", "says"),
    [
        ((), (2,), "1 to 8 nodes, not 0"),
        ((((0, 0),),), (2,), "node 0 has 1 choices"),
        ((((11, 0), (0, 0)),), (2,), "from 0 to 10: 11"),
        ((((0, 2), (0, 0)),), (2,), "states 0 to 1: 2"),
        ((((0, 1), (0, 0)),), (1,), "states from 2 to 2"),
        ((((0, 1), (0, 0)),), (2, 2), "different states"),
        ((((0, 1), (0, 0)),), (), "different states"),
    ],
)
def test_impossible_cells_are_refused(nodes, concat, says):
    with pytest.raises(ValueError, match=says):
        Cell(nodes, concat)


def test_a_path_counts_edges_node_after_node():
    genotype = SPACE.parse("darts:0415041526370011-" + "0000000000000000")
    assert genotype.path[:8] == (0 * 8 + 4, 1 * 8 + 5, 2 * 8 + 4, 3 * 8 + 5, 7 * 8 + 6, 8 * 8 + 7, 9 * 8, 10 * 8 + 1)
    assert genotype.path[8:] == tuple(8 * edge for edge in (14, 14, 16, 16, 19, 19, 23, 23))


def test_the_order_has_one_place_for_every_pair_of_cells():
    assert SIZE == (180 * 8**8) ** 2 == len(SPACE)
    rng = np.random.default_rng(0)
    places = [0, 1, 8, 64, SIZE - 1, *(int(rng.integers(SIZE)) for _ in range(200))]
    assert [from_index(place).index for place in places] == places
    assert len({from_index(place) for place in places}) == len(places)
    twice = SPACE.parse("darts:0405" + "00" * 6 + "-" + "00" * 8)
    assert twice.in_space
    assert twice.index is None


def test_samples_are_drawn_as_randomnas_draws_them():
    rng = np.random.default_rng(1)
    cells = [SPACE.sample(rng) for _ in range(3000)]
    last = [cell.reduce.nodes[3] for cell in cells]
    states = [(one[1], two[1]) for one, two in last]
    assert all(one < two for one, two in states)
    for counts in (
        np.unique(states, axis=0, return_counts=True)[1] / 3000 * 10,
        np.bincount([op for one, two in last for op in (one[0], two[0])], minlength=8) / 6000 * 8,
    ):
        assert len(counts) in (8, 10)
        assert np.abs(counts - 1).max() < 0.25


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"Genotype(normal=[('sep_conv3x3', 0), ('none', 1)], reduce=[{NODE}])", "pair 1.*did you mean 'sep_conv_3x3'"),
        (f"Genotype(normal=[{NODE}, ('none', 3), ('none', 0)], reduce=[{NODE}])", "pair 3: node 1 .* 0 to 2, not 3"),
        (f"Genotype(normal=[{NODE}], reduce=[{NODE}, ('none', 0)])", "reduce has an odd number of pairs, 3"),
        (f"Genotype(normal=[{NODE}], reduce=[{NODE})", r"'\[' of character 52 is not closed"),
        (f"Genotype(normal=[{NODE}], reduce=[{NODE}]", r"its end: '\(' of character 9 is not closed"),
        (f"Genotype(normal=[{NODE}, reduce=[{NODE}])", r"'reduce' \(character 44\).*bracket left open"),
        (f"Genotype(normal=[{NODE}], reduce=[{NODE}]))", r"'\)' \(character 79\)"),
        (f"Genotype(normal=[{NODE}])", r"reduce=\[…\] is missing"),
        (f"Genotype(normal=[{NODE}], normal=[{NODE}])", "'normal' is given twice"),
        (f"Genotype(normal=[{NODE}], reduced=[{NODE}])", "unknown field 'reduced'; did you mean 'reduce'"),
        (f"Genotype(normal=[{NODE}], reduce=[('none', 0) ('none', 1)])", r"'\(' \(character 65\): ',' or '\]'"),
        (f"Genotype(normal=[{NODE}], reduce=[('none', 0, 1), ('none', 1)])", "reduce, pair 1 is not of the form"),
        (f"Genotype(normal=[{NODE}], reduce=[(0, 'none'), ('none', 1)])", "reduce, pair 1 is not of the form"),
        (f"Genotype(normal=[{NODE}], reduce=7)", "reduce is not a list"),
        (f"Genotype(normal=[{NODE}], normal_concat=[2, 3], reduce=[{NODE}])", "normal: .*states from 2 to 2"),
        (f"Genotype(normal=[{NODE}], normal_concat=range(9), reduce=[{NODE}])", "range takes two numbers"),
        (f"Genotype(normal=[{NODE}], normal_concat=range(2, 2), reduce=[{NODE}])", "two rising numbers"),
        (f"Genotype(normal=[{NODE}], normal_concat=['2'], reduce=[{NODE}])", "list of states or a range"),
        ("Genotype(normal=[__import__('os').system('false')])", r"at '\.' \(character 34\)"),
        ("Genotype(" + "normal=" + "[" * 10_000, "nothing deeper"),
        ("Genotype(normal=[('none', 0.5)])", r"'\.' \(character 28\)"),
        ("Network(3)", "at 'Network' .*'Genotype"),
        ("darts:04", "form is darts:NORMAL-REDUCE"),
        ("darts:0414-041", "two choices of two digits"),
        ("darts:0414-041f", "codes go from 0 to 10: 15"),
        ("darts:0414-0424", "node 0 reads states 0 to 1: 2"),
        (str(SIZE), "out of range; allowed: 0 to"),
        ("", "unknown cell ''"),
        ("DARTSV2", "did you mean 'DARTS_V2'"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(text, says):
    with pytest.raises(UserError, match=says) as caught:
        SPACE.parse(text)
    assert "\n" not in str(caught.value)


def test_damaged_text_is_never_an_accident():
    """Whatever is cut out of a genotype's text, it is read or refused, and what is read is written and read again."""
    text, rng = str(SPACE.parse("ENNAS")), np.random.default_rng(2)
    for _ in range(400):
        first, last = sorted(rng.integers(len(text) + 1, size=2).tolist())
        try:
            found = SPACE.parse(text[:first] + text[min(last, first + 30) :])
        except UserError:
            continue
        assert isinstance(found, DartsGenotype)
        assert SPACE.parse(str(found)) == found
