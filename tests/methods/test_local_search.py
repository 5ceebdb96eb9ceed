"""Hill climbing, followed on a truth that can be worked out by hand."""

import numpy as np
import pytest
from toy import DIGITS, ToyOracle, search

from nasrepro.methods.local_search import climbing

SPACE, WORTH = DIGITS.space, ToyOracle.worth


def proposals(count, *, worth=WORTH, seed=0, **settings):
    """The first `count` cells of the climbs."""
    climbs = climbing(SPACE, np.random.default_rng(seed), **{"starts": 1, "all_neighbours": False, **settings})
    asked = [next(climbs)]
    while len(asked) < count:
        asked.append(climbs.send(worth(asked[-1])))
    return asked


def distance(a, b):
    return sum(x != y for x, y in zip(a.ops, b.ops, strict=True))


def test_no_cell_is_looked_up_twice():
    for steepest in (False, True):
        asked = proposals(600, all_neighbours=steepest, starts=3)
        assert len(set(asked)) == 600


def test_the_steepest_climb_looks_at_all_24_neighbours_before_it_moves():
    asked = proposals(1 + 24, all_neighbours=True)
    assert set(asked[1:]) == set(SPACE.neighbours(asked[0]))
    further = proposals(1 + 24 + 5, all_neighbours=True)
    best = max(asked[1:], key=WORTH)
    assert all(distance(cell, best) == 1 for cell in further[25:])


def test_the_other_climb_moves_at_the_first_better_neighbour():
    asked = proposals(60)
    present = asked[0]
    for cell in asked[1:]:
        assert distance(present, cell) == 1
        if WORTH(cell) > WORTH(present):
            present = cell


def test_a_climb_begins_at_the_best_of_its_starts():
    asked = proposals(11, starts=10)
    best = max(asked[:10], key=WORTH)
    assert distance(best, asked[10]) == 1


def test_it_begins_anew_at_a_local_optimum():
    """The all-3×3 cell is this truth's only optimum: after its neighbours the next cell is far away."""
    asked = proposals(400)
    top = next(k for k, cell in enumerate(asked) if cell.ops == (3,) * 6)
    known = set(asked[: top + 1])
    left = [cell for cell in SPACE.neighbours(asked[top]) if cell not in known]
    assert set(asked[top + 1 : top + 1 + len(left)]) == set(left)
    assert distance(asked[top + 1 + len(left)], asked[top]) > 1


def test_on_a_plain_every_climb_ends_at_once():
    asked = proposals(51, worth=lambda cell: 1.0)
    assert distance(asked[0], asked[1]) == distance(asked[0], asked[24]) == 1
    assert set(asked[1:25]) == set(SPACE.neighbours(asked[0]))


def test_it_ends_when_nothing_is_unknown():
    class Small(type(SPACE)):
        """The 64 cells of two operations."""

        def __init__(self):
            self.cells = [cell for cell in SPACE if set(cell.ops) <= {1, 3}]

        def __len__(self):
            return len(self.cells)

        def sample(self, rng):
            return self.cells[rng.integers(len(self.cells))]

        def neighbours(self, genotype):
            return [cell for cell in super().neighbours(genotype) if set(cell.ops) <= {1, 3}]

    climbs = climbing(Small(), np.random.default_rng(0), starts=10, all_neighbours=False)
    asked = [next(climbs)]

    def go_on():
        while True:
            asked.append(climbs.send(WORTH(asked[-1])))

    with pytest.raises(StopIteration):
        go_on()
    assert len(asked) == len(set(asked)) == 64


@pytest.mark.parametrize("move", ["first", "best"])
def test_it_finds_the_top_of_a_hill_and_answers_with_the_best_of_all(tmp_path, move):
    oracle = ToyOracle()
    result, given = search("local-search", tmp_path, oracle=oracle, search={"queries": 300, "move": move})
    assert result.answer.genotype.ops == (3,) * 6
    assert given.queries == {"train": 0, "valid": 300, "test": 0}
    assert [at for at, _ in result.trace] == sorted(at for at, _ in result.trace)


def test_unmeasured_cells_are_no_improvement(tmp_path):
    top = next(cell for cell in SPACE if cell.ops == (3,) * 6)
    result, _ = search("local-search", tmp_path, oracle=ToyOracle(missing=[top]), search={"queries": 300})
    assert result.answer.value == 51
