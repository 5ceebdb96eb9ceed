"""The official order, the notations, and what is said about a malformed genotype."""

import itertools

import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.spaces.nb201 import EDGES, NODES, OPS, NB201Genotype, NB201Space, from_index, indices_of, op_table

SPACE = NB201Space()

# Printed by the benchmark's authors. 6111 is CIFAR-10's best cell; 1462 is all 3×3, 1835 all skip, 11472 like ResNet's.
ANCHORS = {
    0: "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
    1: "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
    9: "|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    123: "|avg_pool_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|",
    1462: "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    1835: "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|",
    6111: "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|",
    11472: "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|",
}


@pytest.mark.parametrize("index", ANCHORS)
def test_anchors_of_the_official_order(index):
    genotype = from_index(index)
    assert str(genotype) == ANCHORS[index]
    assert genotype.index == index
    assert genotype.id == f"nb201:{index}"


def test_every_genotype_round_trips_between_string_codes_and_index():
    cells = list(SPACE)
    assert len(cells) == len(SPACE) == len(set(cells)) == 15625
    assert np.array_equal(indices_of(op_table()), np.arange(15625))
    texts = [str(cell) for cell in cells]
    assert len(set(texts)) == 15625
    assert [SPACE.parse(text) for text in texts] == cells
    assert {cell.ops for cell in cells} == set(itertools.product(range(5), repeat=6))


def test_indices_of_keeps_the_leading_shape():
    codes = op_table()[:12].reshape(3, 4, 6)
    assert np.array_equal(indices_of(codes), np.arange(12).reshape(3, 4))


def test_the_shared_table_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        op_table()[0, 0] = 1


def test_constants_describe_the_cell_of_the_paper():
    assert len(OPS) == 5
    assert list(EDGES) == [(target, source) for target in range(1, NODES) for source in range(target)]


@pytest.mark.parametrize("text", ["6111", "nb201:6111", f" {ANCHORS[6111]} "])
def test_three_notations_of_one_genotype(text):
    assert SPACE.parse(text) == from_index(6111)


def test_genotypes_are_immutable_values():
    a, b = from_index(42), NB201Genotype(from_index(42).ops)
    assert a == b
    assert len({a, b}) == 1
    with pytest.raises(AttributeError):
        a.ops = (0,) * 6


@pytest.mark.parametrize("ops", [(0,) * 5, (0,) * 7, (0, 0, 0, 0, 0, 5), (-1, 0, 0, 0, 0, 0)])
def test_impossible_codes_are_a_programming_error(ops):
    with pytest.raises(ValueError, match="six codes from 0 to 4"):
        NB201Genotype(ops)


GOOD = ANCHORS[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("15625", "index 15625 is out of range; allowed: 0 to 15624"),
        ("nb201:-1", "index -1 is out of range"),
        ("", "1 node groups instead of 3"),
        ("resnet", "1 node groups instead of 3"),
        (GOOD + "+|none~0|", "4 node groups instead of 3"),
        (GOOD.replace("+", "", 1), "2 node groups instead of 3"),
        (GOOD[1:], "group 'avg_pool_3x3~0|' is not enclosed"),
        (GOOD[:-1], "is not enclosed"),
        ("||+|none~0|none~1|+|none~0|none~1|none~2|", "group '||' is not enclosed"),
        ("|none~0|none~1|+|none~0|none~1|+|none~0|none~1|none~2|", "node 1 has 2 edges instead of 1"),
        (GOOD.replace("skip_connect~2", "skip_connect~1"), "edge 'skip_connect~1' should read 'op~2'"),
        (GOOD.replace("avg_pool_3x3~0", "avg_pool_3x3"), "edge 'avg_pool_3x3' should read 'op~0'"),
        (GOOD.replace("avg_pool_3x3~0", "~0"), "edge '~0' should read 'op~0'"),
        (
            GOOD.replace("avg_pool_3x3~0", "avg_pol_3x3~0"),
            "unknown operation 'avg_pol_3x3'; did you mean 'avg_pool_3x3'",
        ),
    ],
)
def test_a_malformed_genotype_is_refused_with_the_reason(text, reason):
    with pytest.raises(UserError) as caught:
        SPACE.parse(text)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
