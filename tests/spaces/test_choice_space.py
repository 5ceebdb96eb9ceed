"""The ready-made space of free choices, as others subclass it, and spaces that are announced."""

from importlib.metadata import EntryPoint

import pytest

from nasrepro.errors import UserError
from nasrepro.spaces import catalog
from nasrepro.spaces.base import Cost
from nasrepro.spaces.choices import ChoiceSpace
from nasrepro.testing.spaces import check_space


class Toy(ChoiceSpace):
    name, edges, operations = "toy", 3, ("a", "b", "c", "d")

    def cost(self, genotype, skeleton):
        size = (1 + sum(genotype.path)) * skeleton.channels
        return Cost(size, size * skeleton.image_size**2)


TOY = Toy()


def test_it_keeps_the_promises_of_a_space():
    results = check_space(TOY)
    assert {result.name: result.detail for result in results if not result.ok} == {}


def test_indices_count_the_last_edge_first():
    assert [str(cell) for cell in TOY][:5] == ["a|a|a", "a|a|b", "a|a|c", "a|a|d", "a|b|a"]
    assert [TOY.parse(str(index)).index for index in (0, 7, 63)] == [0, 7, 63]
    assert TOY.parse("toy:27") == TOY.parse("b|c|d")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a|b", "has 2 operations; one of space 'toy' has 3"),
        ("a|b|e", "'e'.* allowed: a, b, c, d"),
        ("64", "index 64 is not in space 'toy'; allowed: 0 to 63"),
    ],
)
def test_what_is_no_cell_is_said_so(text, words):
    with pytest.raises(UserError, match=words):
        TOY.parse(text)


def test_an_announced_space_is_found_by_its_name_and_by_ids(monkeypatch):
    entry = EntryPoint("toy", "test_choice_space:TOY", "nasrepro.spaces")
    monkeypatch.setattr("nasrepro.plugins.announced", lambda group: {"toy": entry} if group == "spaces" else {})
    assert catalog.names()[-1] == "toy"
    assert catalog.get("toy") is catalog.find("toy") is catalog.find("toy:5") is TOY
    assert catalog.get("nb201") is catalog.find("nb201:5")
    assert catalog.find("other:5") is None
    with pytest.raises(UserError, match="unknown space 'tou'; did you mean 'toy'"):
        catalog.get("tou")
    with pytest.raises(UserError, match="belongs to another space, 'toy'"):
        catalog.cell_of(catalog.get("nb201"), "toy:5")
