"""Three notions of sameness, two of them checked against what cells really compute."""

import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch

from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import CONV1, CONV3, EDGES, NONE, NB201Space, from_index
from nasrepro.spaces.nb201_equivalence import inherited_key, live_edges
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.nb201_cell import NB201Cell
from nasrepro.supernets.norm import BatchNormMode, Norm

SPACE = NB201Space()


@pytest.fixture(scope="module")
def classes():
    """Functional key → the genotypes that have it."""
    found = defaultdict(list)
    for cell in SPACE:
        found[SPACE.functional_key(cell)].append(cell)
    return found


def test_the_official_string_has_6466_values():
    assert len({SPACE.canonical(cell) for cell in SPACE}) == 6466


def test_the_official_string_follows_the_benchmark_s_rules():
    """Skips folded, zero terms kept as '#', terms sorted, sums not flattened."""
    assert SPACE.canonical(from_index(11472)) == "#+#+((0)@nor_conv_3x3)@nor_conv_3x3+0"
    assert SPACE.canonical(from_index(1835)) == "0+0+0+0"
    assert SPACE.canonical(from_index(9)) == "#+(#+#)@nor_conv_3x3+0"


def test_there_are_5044_functional_classes(classes):
    assert len(classes) == 5044


def test_official_and_functional_classes_are_different_partitions(classes):
    """Neither refines the other: the official string does not see whether two equal terms share their weights."""
    one = SPACE.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|skip_connect~1|skip_connect~2|")
    two = SPACE.parse("|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|none~0|skip_connect~1|skip_connect~2|")
    assert SPACE.canonical(one) == SPACE.canonical(two)
    assert SPACE.functional_key(one) != SPACE.functional_key(two)
    assert any(len({SPACE.canonical(cell) for cell in cells}) > 1 for cells in classes.values())


def test_341_cells_do_not_depend_on_their_input(classes):
    dead = [cell for cell in SPACE if not cell.reaches_output]
    assert len(dead) == 341
    assert len({SPACE.functional_key(cell) for cell in dead}) == 1
    assert all(live_edges(cell.ops) == () for cell in dead)


def test_live_edges_lie_on_a_path_from_input_to_output():
    """Against a search over all paths."""
    paths = [p for n in range(3) for middle in itertools.combinations((1, 2), n) for p in [(0, *middle, 3)]]
    for cell in itertools.islice(SPACE, 0, None, 7):
        used = set()
        for path in paths:
            edges = [EDGES.index((target, source)) for source, target in itertools.pairwise(path)]
            if all(cell.ops[edge] != NONE for edge in edges):
                used.update(edges)
        assert live_edges(cell.ops) == tuple(sorted(used)), str(cell)


def convolutions(ops):
    """Live convolutions as {operation: edges}."""
    return {op: [e for e in live_edges(ops) if ops[e] == op] for op in (CONV1, CONV3)}


def shapes(ops):
    return {op: len(edges) for op, edges in convolutions(ops).items()}


@pytest.fixture(scope="module")
def two_cells():
    """A cell with random weights, and another that borrows them in any arrangement; double precision."""
    cells = [
        NB201Cell(3, None, affine=False, mode=BatchNormMode.BATCH, rng=torch.Generator().manual_seed(seed)).double()
        for seed in (0, 1)
    ]
    x = torch.randn(4, 3, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    return cells[0], cells[1], x


@torch.no_grad()
def same_function(a, b, two_cells):
    """True if some assignment of a's convolution weights to b's convolutions makes both compute the same."""
    first, second, x = two_cells
    wanted = first(x, a)
    ours, theirs = convolutions(a), convolutions(b)
    orders = [itertools.permutations(theirs[op], len(theirs[op])) for op in (CONV1, CONV3)]
    for arrangement in itertools.product(*orders):
        for op, edges in zip((CONV1, CONV3), arrangement, strict=True):
            for mine, other in zip(ours[op], edges, strict=True):
                second.candidate(other, op).conv.weight.copy_(first.candidate(mine, op).conv.weight)
        if torch.allclose(second(x, b), wanted, rtol=0, atol=1e-9):
            return True
    return False


def test_cells_of_one_class_compute_the_same_with_matched_weights(classes, two_cells):
    rng = np.random.default_rng(3)
    several = [cells for cells in classes.values() if len(cells) > 1 and cells[0].reaches_output]
    assert len(several) > 1000
    for i in rng.choice(len(several), size=40, replace=False):
        a, b = (several[i][int(j)] for j in rng.choice(len(several[i]), size=2, replace=False))
        assert same_function(a.ops, b.ops, two_cells), f"{a} and {b}"


def test_cells_of_different_classes_with_the_same_convolutions_compute_different_things(classes, two_cells):
    """The harder direction: as alike as can be, yet no arrangement of the weights makes them equal."""
    rng = np.random.default_rng(4)
    alike = defaultdict(list)
    for cells in classes.values():
        kinds = Counter(shapes(cells[0].ops))
        if 1 <= kinds.total() <= 4:
            alike[tuple(sorted(kinds.items()))].append(cells[0])
    groups = [group for group in alike.values() if len(group) > 1]
    for group in groups:
        for _ in range(20):
            a, b = (group[int(j)] for j in rng.choice(len(group), size=2, replace=False))
            assert not same_function(a.ops, b.ops, two_cells), f"{a} and {b}"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        # a dead edge: node 1 leads nowhere, so what feeds it does not matter
        ("|nor_conv_3x3~0|+|skip_connect~0|none~1|+|none~0|none~1|nor_conv_3x3~2|", (0, 1, 0, 0, 0, 3)),
        # contracted skips: the same convolution with nodes 1 and 2 as mere copies
        ("|skip_connect~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_3x3~2|", (0, 0, 0, 3, 0, 0)),
        # pooling is linear: pool(x) + pool(y) = pool(x + y)
        ("|nor_conv_3x3~0|+|skip_connect~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|", (3, 4, 4, 0, 0, 1)),
    ],
)
def test_named_equivalences(a, b, two_cells):
    first, second = SPACE.parse(a), next(cell for cell in SPACE if cell.ops == b)
    assert SPACE.functional_key(first) == SPACE.functional_key(second)
    assert same_function(first.ops, second.ops, two_cells)


@pytest.fixture(scope="module")
def inherited():
    """Inherited key → the genotypes that have it."""
    found = defaultdict(list)
    for cell in SPACE:
        found[inherited_key(cell.ops)].append(cell)
    return found


def test_there_are_7548_classes_under_inherited_weights(inherited):
    assert len(inherited) == 7548
    assert len({tuple((edge, cell.ops[edge]) for edge in live_edges(cell.ops)) for cell in SPACE}) == 9445


def test_inherited_classes_refine_the_functional_ones(inherited):
    assert all(len({SPACE.functional_key(cell) for cell in cells}) == 1 for cells in inherited.values())


def test_official_strings_join_cells_that_inherit_different_weights(inherited):
    """1,023 of the 6,466 strings; in 430 of them the cells do not even have equally many convolutions."""
    of_string, with_convolutions = defaultdict(set), defaultdict(set)
    for key, cells in inherited.items():
        for cell in cells:
            of_string[SPACE.canonical(cell)].add(key)
            with_convolutions[SPACE.canonical(cell)].add(tuple(sorted(shapes(cell.ops).items())))
    assert sum(len(keys) > 1 for keys in of_string.values()) == 1023
    assert sum(len(kinds) > 1 for kinds in with_convolutions.values()) == 430


@pytest.fixture(scope="module", params=BatchNormMode)
def logits_of(request):
    """Logits of a path in a supernet of two stages and two cells, with both kinds of statistics."""
    network = NB201Network(
        Skeleton(4, 2, 2, 8, 10, in_channels=1), mode=request.param, rng=torch.Generator().manual_seed(0)
    ).eval()
    for number, norm in enumerate(m for m in network.modules() if isinstance(m, Norm) and m.tracks):
        rng = torch.Generator().manual_seed(number)
        norm.mean.copy_(torch.randn(norm.mean.shape, generator=rng))
        norm.var.copy_(torch.rand(norm.var.shape, generator=rng) + 0.5)
    x = torch.randn(12, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    return torch.no_grad()(lambda cell: network(x, cell.ops))


def test_one_inherited_class_gives_one_output(inherited, logits_of):
    rng = np.random.default_rng(5)
    several = [cells for cells in inherited.values() if len(cells) > 1]
    for i in rng.choice(len(several), size=60, replace=False):
        a, b = (several[i][int(j)] for j in rng.choice(len(several[i]), size=2, replace=False))
        assert torch.allclose(logits_of(a), logits_of(b), rtol=0, atol=2e-5), f"{a} and {b}"


def test_one_official_string_with_two_inherited_classes_gives_two_outputs(inherited, logits_of):
    rng = np.random.default_rng(6)
    first_of = defaultdict(list)
    for cells in inherited.values():
        for string in {SPACE.canonical(cell) for cell in cells}:
            first_of[string].append(cells[0])
    several = [cells for cells in first_of.values() if len(cells) > 1]
    for i in rng.choice(len(several), size=60, replace=False):
        a, b = (several[i][int(j)] for j in rng.choice(len(several[i]), size=2, replace=False))
        assert (logits_of(a) - logits_of(b)).abs().max() > 1e-2, f"{a} and {b}"
