"""`reproduce` of many items, its list and its plan, and `site`."""

import json
from dataclasses import replace

import pytest

from nasrepro.experiments.plan import plan
from nasrepro.experiments.runner import run
from nasrepro.methods import catalog
from nasrepro.papers.programme import planned_places
from nasrepro.records.identity import RunIdentity
from nasrepro.records.store import RunStore

TABLES = {"e2nas": 2, "en2as": 5, "evaluating-search": 3, "nao": 5, "nsas": 2}


@pytest.fixture
def quick_studies(monkeypatch):
    """NAO's two studies as something that takes no time, so that a paper can be run."""
    quick = {name: replace(catalog.METHODS["random"], name=name) for name in ("nao-study", "nao-tabular")}
    monkeypatch.setattr(catalog, "METHODS", {**catalog.METHODS, **quick})


@pytest.fixture
def without_pages(monkeypatch):
    """The site as its first page alone: how it looks is tested elsewhere."""

    def build(material, out, *, workers=None):
        out.mkdir(parents=True, exist_ok=True)
        shown = {item: [place.done for place in own.places] for item, own in material.items.items()}
        (out / "index.html").write_text(json.dumps(shown))
        return out / "index.html"

    monkeypatch.setattr("nasrepro.reporting.site.build.build_site", build)


def test_the_list_has_every_table_and_figure(nasrepro):
    rows = nasrepro("reproduce", "--list", "--json").json
    tables = {row["name"] for row in rows if row["kind"] == "table" and row["item"].startswith("table")}
    assert {paper: sum(name.startswith(f"{paper}/") for name in tables) for paper in TABLES} == TABLES
    assert {row["state"] for row in rows} == {"missing", "reported", "schematic", "drawn"}
    first = [row for row in rows if row["name"] == "e2nas/table-1"]
    assert [row["benchmark"] for row in first] == ["nb201-digits", "nb201-cifar10"]
    assert first[0] | {"wanted": 80, "done": 0, "scale": "laptop", "seeds": "0-9"} == first[0]
    shown = nasrepro("reproduce", "nao", "--list").out
    assert "nao/figure-2a" in shown
    assert "e2nas" not in shown


def made(methods, root):
    """Smoke-scale runs where the items' first places are."""
    store = RunStore(root)
    wanted = plan(methods, "nb201-digits", [0], scale="smoke", protocol="sound", threads=1, overrides={}, store=store)
    return [run(planned, store) for planned in wanted]


def test_the_list_counts_what_is_done(nasrepro, quick_studies, tmp_path):
    command = ("reproduce", "nao/figure-2a", "--list", "--scale", "smoke", "--json")
    before = nasrepro(*command).json
    assert [(own["state"], own["done"], own["wanted"]) for own in before] == [("missing", 0, 1)]
    made(["nao-study"], tmp_path / "runs")
    digests = {"nao-study": RunIdentity.of(next(iter(RunStore(tmp_path / "runs"))).spec).settings}
    assert digests["nao-study"] != planned_places("nao/figure-2a", "smoke")[0].runs[0].settings, "it is another method"


def test_a_plan_says_what_is_to_be_done_and_runs_nothing(with_table, tmp_path):
    result = with_table("reproduce", "nsas", "--scale", "smoke", "--plan", "--json").json
    rows = {row["item"]: row for row in result["items"]}
    assert rows["nsas/figure-4"]["new"] < rows["nsas/figure-4"]["runs"], "shared with earlier items"
    assert result["total"]["todo"] == result["total"]["runs"] == sum(row["new"] for row in rows.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == []
    shown = with_table("reproduce", "nsas", "--scale", "smoke", "--plan")
    assert "nsas/figure-4" in shown.out
    assert "runs, 0 of them done before" in shown.out


def test_a_paper_is_run_once_and_ends_in_the_site(nasrepro, quick_studies, without_pages, tmp_path):
    made(["nao-study", "nao-tabular"], tmp_path / "runs")
    command = ("reproduce", "nao", "--benchmark", "nb201-digits", "--scale", "smoke")
    result = nasrepro(*command, "--json")
    assert result.code == 0
    assert "2 runs, 2 of them done before" in result.err
    assert "runs: 0 new, 2 found" in result.err
    assert result.json["records"] == 1, "the study stands in its figure only, and this one is none of its runs"
    assert (tmp_path / "reports" / "site" / "index.html").exists()


def test_items_of_which_nothing_can_be_run_are_refused(nasrepro, user_error):
    user_error(nasrepro("reproduce", "nao", "--benchmark", "darts-digits"), "nothing of these items", "--no-run")


def test_some_things_go_with_one_item_only(nasrepro, user_error):
    user_error(nasrepro("reproduce", "--protocol", "as-released"), "as-released", "e2nas/table-1")
    user_error(nasrepro("reproduce", "nsas", "--set", "training.epochs=3"), "--set", "one item")
    user_error(nasrepro("reproduce", "nsass"), "nsass", "did you mean 'nsas'?")
    user_error(nasrepro("reproduce", "--published", "nowhere"), "nowhere")


def test_what_is_drawn_or_sketched_needs_no_runs(nasrepro, tmp_path):
    drawn = nasrepro("reproduce", "nsas/figure-5", "--json")
    assert drawn.code == 0
    page = tmp_path / "reports" / "reproduce" / "nsas-figure-5"
    assert list((page / "figures").glob("*.svg"))
    assert not (tmp_path / "runs").exists()
    sketch = nasrepro("reproduce", "nsas/figure-2")
    assert (sketch.code, sketch.err) == (0, "")
    assert "by hand" in sketch.out


def test_the_site_of_nothing_has_the_printed_numbers(nasrepro, tmp_path):
    result = nasrepro("site", "--workers", "1", "--json")
    assert result.code == 0
    assert result.json["records"] == 0
    assert result.json["items"]["missing"] > 10
    assert "94.22" in (tmp_path / "reports" / "site" / "papers" / "e2nas.html").read_text(encoding="utf-8")


def test_the_published_scale_is_planned_without_data(nasrepro, tmp_path):
    result = nasrepro("reproduce", "--scale", "paper", "--plan", "--json")
    assert result.code == 0
    plan = result.json
    rows = {row["item"]: row for row in plan["items"]}
    assert all(row["problem"] for row in rows.values())
    wanted = {row["name"]: row["wanted"] for row in nasrepro("reproduce", "--list", "--scale", "paper", "--json").json}
    assert {item: row["runs"] for item, row in rows.items()} == {item: wanted[item] for item in rows}
    assert plan["total"]["runs"] == plan["total"]["todo"] == sum(row["new"] for row in rows.values()) > 600
    assert plan["total"]["not_measured"] == 0, "python benchmarks/step_costs.py measures what is new"
    for name in ("core_hours", "gpu_hours", "bytes", "trainings"):
        assert plan["total"][name] == pytest.approx(sum(row[name] for row in rows.values()), rel=1e-3)
        assert plan["total"][name] < sum(paper[name] for paper in plan["papers"]), "papers share runs"
    assert rows["en2as/table-4"]["multi_gpu_trainings"] == rows["en2as/table-4"]["trainings"] > 15
    assert [own["workers"] for own in plan["schedule"]["each"]] == [1, 10, 100, 1000]
    assert not (tmp_path / "runs").exists()


def test_hours_follow_the_stated_speedup(nasrepro):
    command = ("reproduce", "nsas/figure-1", "--scale", "paper", "--plan")
    total = nasrepro(*command, "--speedup", "4", "--json").json["total"]
    assert total["gpu_hours"] == pytest.approx(total["core_hours"] / 4, rel=1e-3)
    shown = nasrepro(*command, "--speedup", "4")
    assert "data missing" in shown.out
    assert "4 cores to a GPU, as --speedup says" in shown.err
    assert "not sooner than" in shown.out
    assert "assumed after the papers' times" in nasrepro(*command).err


def test_a_plan_knows_what_was_done_and_trained(nasrepro, tmp_path):
    command = ("reproduce", "nsas/figure-1", "--benchmark", "darts-digits", "--scale", "smoke", "--seeds", "0")
    (before,) = nasrepro(*command, "--plan", "--json").json["items"]
    assert (before["done"], before["todo"], before["trainings"]) == (0, 2, 14), "two answers and twelve watched cells"
    store = RunStore(tmp_path / "runs")
    (item,) = [row for row in planned_places("nsas/figure-1", "smoke") if row.runs][:1]
    variant = item.runs[0].variant
    how = {"scale": "smoke", "protocol": "sound", "threads": 1, "store": store}
    made_run = run(plan([variant], "darts-digits", [0], overrides=smallest(item), **how)[0], store)
    assert made_run.status == "done"
    (after,) = nasrepro(*command, "--plan", "--json").json["items"]
    assert (after["done"], after["todo"], after["trainings"]) == (1, 1, 1), "the watched cells are there"


def smallest(place):
    """What the item's place sets for all methods."""
    return {block: dict(values) for block, values in place.place.settings.get("", {}).items()}


def test_steps_are_measured_where_they_will_run(nasrepro, monkeypatch, tmp_path):
    monkeypatch.setattr("nasrepro.experiments.capacity.measurements.SECONDS", 0.05)
    command = ("reproduce", "nsas/figure-1", "--benchmark", "nb201-digits", "--scale", "smoke", "--plan", "--json")
    before = nasrepro(*command).json["total"]
    assert before["not_measured"] == before["todo"] > 0
    result = nasrepro(*command, "--measure")
    assert result.code == 0, result.err
    assert result.json["total"]["not_measured"] == 0
    assert result.json["total"]["core_hours"] >= 0
    kept = list((tmp_path / "runs" / "step-costs" / "cpu").glob("*.json"))
    assert len(kept) >= 3, "steps of two searches, and scores"
    times = {path: path.stat().st_mtime_ns for path in kept}
    assert nasrepro(*command, "--measure").code == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == times, "what is known is not measured again"


def test_prices_go_with_a_plan(nasrepro, user_error):
    user_error(nasrepro("reproduce", "nsas", "--measure"), "--measure", "--plan")
    user_error(nasrepro("reproduce", "nsas", "--speedup", "9"), "--speedup", "--plan")
    user_error(nasrepro("reproduce", "nsas", "--plan", "--speedup", "-1"), "-1", "above 0")
