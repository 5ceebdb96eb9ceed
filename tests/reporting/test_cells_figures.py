"""Figures about all cells of a small space: drawn from records, read from their numbers, never from lists of ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import text_factory

from nasrepro.metrics.ranking import kendall_tau
from nasrepro.papers.catalog import item
from nasrepro.papers.cells_figure import CellsItem
from nasrepro.papers.table import TableItem
from nasrepro.records.record import RunRecord
from nasrepro.reporting.cells_figures import cells_figures, material_of
from nasrepro.reporting.cells_reading import cells_reading, ranking_reading
from nasrepro.reporting.cells_study import SharedCells, places_of, shared_cells, short_name, twin_distances
from nasrepro.reporting.cells_values import Trainings
from nasrepro.reporting.ours import OursGroup, grouped
from nasrepro.reporting.reproduction import render_reproduction
from nasrepro.reporting.reproduction_values import values_of
from nasrepro.reporting.style import Drawing, styled
from nasrepro.spaces.darts_rnn import RnnSpace

BEST = int(np.argmin(text_factory.truth_of(2)))


def figure(name: str) -> CellsItem:
    found = item(f"evaluating-search/{name}")
    assert isinstance(found, CellsItem)
    return found


def group_of(name: str, records: list[RunRecord]) -> OursGroup:
    return grouped(figure(name), records, [])[0]


def drawn(name: str, records: list[RunRecord], trainings: Trainings | None = None) -> dict[str, Drawing]:
    group = group_of(name, records)
    with styled():
        made = cells_figures(figure(name), group, material_of(figure(name), group, trainings), 1)
    return {drawing.name.removeprefix(f"{name}-"): drawing for drawing in made}


def reading(name: str, records: list[RunRecord], trainings: Trainings | None = None) -> str:
    group = group_of(name, records)
    return " ".join(cells_reading(figure(name), group.analysis, material_of(figure(name), group, trainings)))


def shared(records: list[RunRecord]) -> SharedCells:
    found = shared_cells(group_of("figure-4", records).analysis.method("randomnas"))
    assert found is not None
    return found


def trainings(noise: float = 6.0) -> Trainings:
    rng, epochs = np.random.default_rng(0), np.arange(1, 11)
    truth = text_factory.truth_of(2)
    fade = np.exp(-epochs / 3)[None, None]
    curves = truth[None, :, None] + 40 * fade + rng.normal(0, noise, (3, 32, 10)) * fade
    return Trainings(tuple(cell.id for cell in RnnSpace(2)), tuple(epochs.tolist()), curves)


def test_scores_of_a_cell_stay_with_it_whatever_order_the_probes_have() -> None:
    record = text_factory.record("randomnas", 0, agrees=2.0)
    probes = record.probes
    assert probes is not None
    turned = probes.model_copy(
        update={
            name: getattr(probes, name)[::-1]
            for name in ("cells", "truth", "truth_std", "truth_trials", "params", "macs")
        }
        | {
            "checkpoints": [
                p.model_copy(update={"loss": p.loss[::-1], "accuracy": p.accuracy[::-1]}) for p in probes.checkpoints
            ]
        }
    )
    one, other = shared([record]), shared([record.model_copy(update={"probes": turned})])
    assert one.by_cell.taus[0] == pytest.approx(other.by_cell.taus[0])
    assert one.by_function.taus[0] == pytest.approx(other.by_function.taus[0])
    assert [one.cells[k] for k in one.order] == [other.cells[k] for k in other.order]


def test_functions_take_the_means_of_their_cells() -> None:
    own = shared(text_factory.records(["randomnas"], 3, agrees=1.0))
    assert own.by_cell.truth.size == 32
    assert own.by_function.truth.size == 26
    assert [group.size for group in own.twins] == [2] * 6
    for run, tau in enumerate(own.by_cell.taus):
        assert tau == pytest.approx(kendall_tau(-own.final[run], -own.truth))
    first = np.flatnonzero(own.functions == own.functions[own.twins[0][0]])
    assert own.truth[first].mean() in own.by_function.truth
    assert own.by_function.ceiling >= own.by_cell.ceiling - 0.05


def test_the_three_runs_are_the_highest_the_middle_and_the_lowest() -> None:
    own = shared(text_factory.records(["randomnas"], 5))
    taus = own.by_cell.taus
    assert taus[own.picked["best"]] == taus.max()
    assert taus[own.picked["worst"]] == taus.min()
    assert taus[own.picked["middle"]] == np.median(taus)


def test_the_reading_follows_the_numbers() -> None:
    blind = " ".join(ranking_reading(shared(text_factory.records(["randomnas"], 10))))
    agreeing = " ".join(ranking_reading(shared(text_factory.records(["randomnas"], 10, agrees=2.0))))
    against = " ".join(ranking_reading(shared(text_factory.records(["randomnas"], 10, agrees=-2.0))))
    assert "better than chance? That is not shown on the 32 cells" in blind
    assert "better than chance? Yes on the 32 cells" in agreeing
    assert "Yes on the 26 functions" in agreeing
    assert "No, it is worse than chance on the 32 cells" in against


def test_the_truth_is_held_against_the_one_that_was_released() -> None:
    order, cells = figure("figure-8").released_order, [RnnSpace(2).parse(str(index)).id for index in range(32)]
    assert sorted(order) == sorted(cells)
    assert order[0] == RnnSpace(2).parse("2").id, "tanh from the input, then sigmoid from the input"
    worth = np.array([[[float(order.index(cell)), -float(order.index(cell))] for cell in cells]])
    known = Trainings(cells=tuple(cells), epochs=(1, 2), perplexity=worth)
    records = text_factory.records(["randomnas"], 2)
    assert "τ = 1.00 (1), −1.00 (2)" in reading("figure-8", records, known)
    assert "this truth agrees with it by τ = " in reading("figure-4", records)


def test_who_found_the_best_cell_is_told_and_what_chance_makes_of_it() -> None:
    records = text_factory.records(["random", "darts-v1"], 10)
    records += [text_factory.record("enas", seed, answer=BEST) for seed in range(10)]
    text = reading("figure-3", records)
    assert "Is search better than random?" in text
    assert "ENAS with 10 of 10 seeds" in text
    assert "10 uniform cells would all miss it with probability 0.73" in text
    strip = drawn("figure-3", records)["strip"]
    assert ">10<" in strip.svg
    assert "true place of the answer" in strip.svg


def test_every_view_of_shared_weights_is_drawn() -> None:
    made = drawn("figure-4", text_factory.records(["randomnas"], 4, agrees=0.5))
    assert list(made) == ["truth", "rank-changes", "taus", "twins"]
    assert "does not begin at zero" in made["truth"].caption
    assert "best run" in made["rank-changes"].svg
    assert "26 functions" in made["taus"].svg
    assert "perfect order" in made["taus"].svg
    assert "two cells at random, 11.0" in made["twins"].svg


def test_the_third_node_is_read_by_how_much_it_shares() -> None:
    records = text_factory.records(["randomnas"], 10, nodes=3, agrees=3.0)
    assert "2 shared" in drawn("figure-6", records)["sharing"].svg
    text = reading("figure-6", records)
    assert "Does a cell look worse the more matrices it shares?" in text
    assert "Trained alone, τ between number and perplexity is" in text


def test_places_during_training_need_the_trainings() -> None:
    records = text_factory.records(["randomnas"], 2)
    assert list(drawn("figure-8", records)) == ["shared-training"]
    assert reading("figure-8", records) == ""
    made = drawn("figure-8", records, trainings())
    assert set(made) == {"training", "shared-training"}
    text = reading("figure-8", records, trainings(noise=0.0))
    assert "After 3 of 10 epochs the order of the 32 cells agrees with the last one by τ = 1.00" in text


def test_runs_without_probes_have_nothing_to_show() -> None:
    assert shared_cells(None) is None
    bare = [r.model_copy(update={"probes": None}) for r in text_factory.records(["randomnas"], 2)]
    assert drawn("figure-4", bare) == {}
    assert reading("figure-4", bare) == ""


def test_places_and_distances() -> None:
    assert places_of(np.array([3.0, 1.0, 2.0, 2.0])).tolist() == [4.0, 1.0, 2.5, 2.5]
    assert twin_distances([np.array([0, 1]), np.array([2, 3])], np.array([3.0, 1.0, 2.0, 2.5])).tolist() == [3.0, 1.0]
    assert short_name("rnn2:0103") == "tanh 0, sigm 0"
    assert short_name("rnn3:21") == "tanh 2"
    assert short_name("unknown:1") == "unknown:1"


def test_pages_begin_with_the_answers(tmp_path: Path) -> None:
    records = text_factory.records(["random", "nao", "enas", "darts-v1"], 10)
    table = item("evaluating-search/table-3")
    page = render_reproduction(table, grouped(table, records, []), tmp_path / "3").read_text(encoding="utf-8")
    assert page[page.index("What this shows") :].index("Is search better than random?") < 200
    cells = [group_of("figure-8", text_factory.records(["randomnas"], 2))]
    shown = render_reproduction(figure("figure-8"), cells, tmp_path / "8", {"rnn2-grammar": trainings()})
    assert "agrees with the last one by" in shown.read_text(encoding="utf-8")
    drawings = sorted(path.name for path in (tmp_path / "8" / "figures").glob("*.svg"))
    assert drawings == ["figure-8-shared-training.svg", "figure-8-training.svg"]


def test_the_best_of_the_seeds_is_known_under_every_scoring() -> None:
    table = item("evaluating-search/table-3")
    assert isinstance(table, TableItem)
    group = grouped(table, text_factory.records(["random"], 5), [])[0]
    result = group.analysis.method("random")
    for key in ("valid", "test"):
        found = values_of(table, table.column(f"best_{key}"), group.analysis, result)
        assert list(found.values()) == [min(values_of(table, table.column(key), group.analysis, result).values())]
