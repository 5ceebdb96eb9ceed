"""NAO's Figure 2a as a method: nested training sets, a clean split, three curves."""

import pytest
from toy import DIGITS, ToyOracle, context, search

from nasrepro.errors import UserError
from nasrepro.latent.nb201_tokens import NB201
from nasrepro.methods import catalog
from nasrepro.methods.nao_moves import codes
from nasrepro.methods.nao_study import NAOStudySettings, draw
from nasrepro.methods.resolving import resolve
from nasrepro.spaces.nb201 import NB201Genotype
from nasrepro.spaces.nb201_equivalence import functional_key

CHEAP = {"hidden": 32, "predictor_lr": 5e-3, "predictor_epochs": 60}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    oracle, seen = ToyOracle(), []
    settings = {**CHEAP, "held_out": 50, "sizes": [20, 200], "predictor_batch": 50}
    result, given = search(
        "nao-study",
        tmp_path_factory.mktemp("study"),
        oracle=oracle,
        search=settings,
        report=lambda *counts: seen.append(counts),
    )
    return oracle, result, given, seen


@pytest.mark.parametrize("seed", range(5))
def test_nothing_leaks_into_the_published_sizes(tmp_path, seed):
    held, training = draw(context("nao-study", tmp_path, seed=seed), NAOStudySettings())
    assert (len(held), len(training)) == (50, 550)
    assert len({*held, *training}) == 600
    mirrored = {tuple(ops) for ops in NB201.twins(codes(held)).tolist()}
    assert not mirrored & set(training)
    classes = {functional_key(cell) for cell in held}
    assert not classes & {functional_key(cell) for cell in training}


def test_parts_are_nested_and_seeds_differ(tmp_path):
    small, large = (NAOStudySettings(sizes=(100, size)) for size in (200, 300))
    given = context("nao-study", tmp_path)
    assert draw(given, small)[1] == draw(given, large)[1][:200]
    assert draw(given, small)[0] == draw(given, large)[0]
    assert draw(context("nao-study", tmp_path, seed=1), small) != draw(given, small)


def test_everything_is_looked_up_once_and_the_best_is_the_answer(study):
    oracle, result, given, _ = study
    cells = [cell for cell, *_ in oracle.asked]
    assert given.queries == {"train": 0, "valid": 250, "test": 0}
    assert len(set(cells)) == 250
    assert result.answer.value == max(map(ToyOracle.worth, cells))


def test_more_cells_teach_more(study):
    series = study[1].series
    assert set(series) == {"pairwise accuracy", "Hamming distance", "Hamming distance of operations"}
    assert all([x for x, _ in curve] == [20.0, 200.0] for curve in series.values())
    (_, few), (_, many) = series["pairwise accuracy"]
    assert 0.5 < few < many <= 1
    assert many > 0.8
    (_, few), (_, many) = series["Hamming distance"]
    assert few > many >= 0


def test_node_tokens_are_never_wrong(study):
    series = study[1].series
    assert series["Hamming distance"] == series["Hamming distance of operations"]


def test_progress_counts_queries_and_epochs(study):
    total = 250 + 2 * 60 + 1
    assert study[3] == [(n, total) for n in range(1, total + 1)]


def test_held_out_cells_are_not_trained_on(tmp_path):
    """What they are worth changes the judgement, not the predictions behind it."""
    given = context("nao-study", tmp_path)
    settings = NAOStudySettings.model_validate(given.settings["search"])
    held, _ = draw(given, settings)

    class Liar(ToyOracle):
        @staticmethod
        def worth(cell):
            return -ToyOracle.worth(cell) if cell.ops in held else ToyOracle.worth(cell)

    honest = search("nao-study", tmp_path)[0].series
    lied = search("nao-study", tmp_path, oracle=Liar())[0].series
    assert honest["Hamming distance"] == lied["Hamming distance"]
    for (_, a), (_, b) in zip(honest["pairwise accuracy"], lied["pairwise accuracy"], strict=True):
        assert a + b == pytest.approx(1, abs=0.3)  # but for ties
        assert a != b


def test_cells_without_a_measurement_are_left_out(tmp_path):
    given = context("nao-study", tmp_path)
    held, training = draw(given, NAOStudySettings.model_validate(given.settings["search"]))
    missing = [NB201Genotype(cell) for cell in (*held[1:], *training[:8])]
    result, _ = search("nao-study", tmp_path, oracle=ToyOracle(missing=missing))
    assert result.series == {}
    assert [note for note in result.notes if "nothing to learn" in note]


@pytest.mark.parametrize("sizes", [[], [0, 10], [20, 10], [10, 10]])
def test_impossible_sizes_are_refused(sizes):
    with pytest.raises(UserError, match=r"search\.?"):
        resolve(catalog.get("nao-study"), DIGITS, "smoke", {"search": {"sizes": sizes}})


def test_more_cells_than_half_the_space_are_refused(tmp_path):
    with pytest.raises(UserError, match="half of the space"):
        search("nao-study", tmp_path, search={"sizes": [9000]})
