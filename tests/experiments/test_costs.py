"""Counts of work against what runs do, and prices against sums by hand."""

import pytest

from nasrepro import benchmarks
from nasrepro.datasets.loading import load, load_text
from nasrepro.datasets.streams import BatchStream
from nasrepro.datasets.text_streams import TextStream
from nasrepro.errors import UserError
from nasrepro.experiments.capacity import measuring
from nasrepro.experiments.capacity.bill import billed, forecast
from nasrepro.experiments.capacity.costs import Cost, OwnCost, StepCosts, shipped_costs, store_cost, stored_costs
from nasrepro.experiments.capacity.demand import Demands
from nasrepro.experiments.capacity.measuring import measure
from nasrepro.experiments.capacity.published import PUBLISHED, CoresPerGpu, ImpliedFactor, Speedup
from nasrepro.experiments.capacity.rates import Rates, rates_for
from nasrepro.experiments.capacity.sizes import SIZES
from nasrepro.experiments.capacity.work import search_work, steps_per_epoch, training_work
from nasrepro.experiments.plan import plan
from nasrepro.experiments.retraining import recipe_for
from nasrepro.experiments.runner import run
from nasrepro.experiments.standalone_oracle import StandaloneOracle, job_of, truth_of
from nasrepro.methods import catalog
from nasrepro.records.store import RunStore
from nasrepro.seeds import torch_rng
from nasrepro.training.evaluate import Evaluator
from nasrepro.training.predictor import CellPredictor
from nasrepro.training.text_evaluate import TextEvaluator


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_those_of_the_data(name):
    if name == "imagenet":
        pytest.skip("its size stands in the registry, by which folders are checked")
    try:
        data = (load_text if name in ("grammar", "ptb", "wikitext2") else load)(name)
    except UserError:
        pytest.skip("not on this machine")
    assert (len(data.train), len(data.valid), len(data.test)) == (
        SIZES[name].train,
        SIZES[name].valid,
        SIZES[name].test,
    )


@pytest.mark.parametrize("lengths", ["fixed", "halved", "random"])
def test_segments_of_a_text_are_counted(lengths):
    text = load_text("grammar")
    training = {"train_tokens": None, "batch_size": 32, "bptt": 35, "lengths": lengths}
    stream = TextStream(text.train, 32, bptt=35, lengths=lengths, seed=1)
    actual = sum(stream.steps_in(epoch) for epoch in range(20)) / 20
    assert steps_per_epoch(training, SIZES["grammar"].train) == pytest.approx(actual, rel=0.01)


def test_batches_of_images_are_counted():
    digits = load("digits")
    stream = BatchStream(digits.train, digits, 64, torch_rng(0), augment=False, replacement=False)
    training = {"train_images": None, "batch_size": 64}
    assert steps_per_epoch(training, SIZES["digits"].train) == stream.steps_in(0)


def planned(method, benchmark, root):
    """One run at scale smoke."""
    how = {"scale": "smoke", "protocol": "sound", "threads": 1, "overrides": {}, "store": RunStore(root)}
    (made,) = plan([method], benchmark, [0], **how)
    return made


def counted(work, family):
    return sum(count for kind, count in work.items() if kind.family == family)


@pytest.fixture
def seen(monkeypatch):
    """Counts what is scored, and steps of predictors, while a run is made."""
    counts = {"scored": 0, "fitted": 0}

    def scoring(kind, units):
        score = kind.score

        def counting(self, *args, **more):
            counts["scored"] += units(self)
            return score(self, *args, **more)

        monkeypatch.setattr(kind, "score", counting)

    scoring(Evaluator, lambda own: own.images)
    scoring(TextEvaluator, lambda own: own.units)
    many, fit = TextEvaluator.score_many, CellPredictor.fit

    def several(self, network, paths):
        counts["scored"] += self.units * len(paths)
        return many(self, network, paths)

    def fitting(self, codes, *args, **more):
        counts["fitted"] += self.settings.predictor_epochs * -(-len(codes) // self.settings.predictor_batch)
        return fit(self, codes, *args, **more)

    monkeypatch.setattr(TextEvaluator, "score_many", several)
    monkeypatch.setattr(CellPredictor, "fit", fitting)
    return counts


@pytest.mark.parametrize(
    ("method", "where"),
    [
        ("gdas[training.watched_cells=2;training.watch_points=3]", "nb201-digits"),
        ("randomnas", "nb201-digits"),
        ("randomnas+ea", "nb201-digits"),
        ("enas", "nb201-digits"),
        ("nao", "nb201-digits"),
        ("darts-v1", "rnn2-grammar"),
        ("randomnas", "rnn2-grammar"),
        ("nao", "rnn2-grammar"),
        ("enas", "rnn2-grammar"),
    ],
)
def test_work_is_what_a_run_does(method, where, seen, tmp_path):
    own = planned(method, where, tmp_path)
    kind = benchmarks.get(where)
    work = search_work(catalog.get(own.spec.method).inside(kind), kind, own.spec.settings)
    record = run(own, RunStore(tmp_path))
    assert record.status == "done"
    assert counted(work, "step") == pytest.approx(record.cost.steps, rel=0.08), "expected numbers of segments"
    rewarded = 0
    if "controller_lr" in own.spec.settings["sampler"]:
        how = own.spec.settings["training"]
        rewarded = record.cost.forward_passes * how["batch_size"] * how.get("bptt", 1)
    actual = seen["scored"] + rewarded
    assert actual <= counted(work, "scoring"), "cells that are met twice are scored once"
    assert actual >= 0.6 * counted(work, "scoring")
    assert counted(work, "predictor") == seen["fitted"]


@pytest.mark.parametrize("method", ["nao-tabular", "nao-study"])
def test_predictors_of_searches_that_look_up_are_counted(method, seen, tmp_path):
    short = {"search": {"predictor_epochs": 2}}
    (own,) = plan(
        [method],
        "nb201-digits",
        [0],
        scale="smoke",
        protocol="sound",
        threads=1,
        overrides=short,
        store=RunStore(tmp_path),
    )
    work = search_work(catalog.get(method), benchmarks.get("nb201-digits"), own.spec.settings)
    run(own, RunStore(tmp_path))
    assert counted(work, "predictor") == seen["fitted"]


@pytest.mark.parametrize("name", ["darts-digits", "rnn-grammar"])
def test_work_of_a_training_is_what_it_does(name, seen, tmp_path):
    benchmark = benchmarks.get(name)
    recipe = recipe_for(benchmark, "smoke")
    settings = {"training": recipe.settings.model_dump(mode="json"), "skeleton": dict(vars(recipe.skeleton))}
    work = training_work(benchmark.at("smoke"), settings)
    oracle = truth_of(benchmark, RunStore(tmp_path), "smoke")
    assert isinstance(oracle, StandaloneOracle)
    job = job_of(oracle.planned(benchmark.probes()[0], oracle.fidelities()[0])[0], oracle.store)
    totals = []
    job.call(*job.args, report=lambda done, total: totals.append(total))
    assert counted(work, "training") == pytest.approx(totals[-1], rel=0.1)
    assert counted(work, "testing") == pytest.approx(seen["scored"], rel=0.02)


def test_searches_without_a_known_size_of_work_are_unknown():
    rea = catalog.get("rea")
    assert search_work(rea, benchmarks.get("nb201-digits"), {"search": {"queries": 5}}) == {}, "a table costs nothing"
    assert search_work(rea, benchmarks.get("darts-digits"), {"search": {"queries": 5}}) is None
    assert search_work(catalog.get("random"), benchmarks.get("darts-digits"), {}) == {}


def spec_of(method, benchmark="nb201-digits", seed=0, scale="smoke"):
    from nasrepro.experiments.specifying import specified
    from nasrepro.experiments.variants import parse_variant

    target = benchmarks.get(benchmark)
    (own,) = specified([parse_variant(method)], target, scale=scale, protocols=["sound"], overrides={})
    return own.spec(seed, 1)


def kinds_of(method):
    return {kind.key for kind in Demands().of_run(spec_of(method)).kinds if kind.family == "step"}


def test_what_costs_the_same_is_one_kind():
    assert kinds_of("gdas") == kinds_of("gdas[training.lr=0.5;training.epochs=9;sampler.tau_start=3]")
    assert kinds_of("gdas-ac[regularizer.epsilon=0.2]") == kinds_of("gdas-ac[regularizer.epsilon=0.8]")
    for other in ("randomnas", "gdas[training.batch_size=32]", "gdas-ac", "gdas-nsas"):
        assert kinds_of("gdas") != kinds_of(other)
    assert kinds_of("gdas-ac[regularizer.epsilon=0]") != kinds_of("gdas-ac")
    assert kinds_of("gdas-nsas[regularizer.archive=3]") != kinds_of("gdas-nsas")


def test_a_cell_that_is_trained_costs_a_training_and_probe_cells_cost_theirs_once():
    demands = Demands()
    specs = [spec_of(method, "darts-digits", seed) for method in ("random", "randomnas") for seed in (0, 1)]
    runs, probes = [demands.of_run(spec) for spec in specs], demands.of_probes(specs)
    assert [own.trainings for own in runs] == [1] * 4
    assert len({own.key for own in runs}) == 4
    assert [own.trainings for own in probes] == [1, 1], "two probe cells at scale smoke"
    assert demands.of_probes(specs[:2]) == [], "a random cell is held against nothing"
    whole = [spec_of("randomnas", "rnn3-grammar", scale="paper")]
    assert [own.trainings for own in map(demands.of_run, whole)] == [0], "its twelve cells are all probe cells"
    assert len(demands.of_probes(whole)) == 12


def costs(kinds, seconds, device="cpu"):
    each = {kind.key: Cost(title=kind.title, seconds=seconds, error=0, repeats=3, weights_bytes=500) for kind in kinds}
    return StepCosts(hardware="a machine", device=device, torch="2", costs=each)


def test_a_bill_is_a_sum():
    demand = Demands().of_run(spec_of("gdas"))
    (piece,) = demand.pieces
    units = sum(piece.work.values())
    rates = Rates(costs(piece.work, 3.6), None, CoresPerGpu(4.0, 9.0))
    bill = billed([demand, demand], rates)
    assert bill.core_hours == pytest.approx(2 * units * 3.6 / 3600)
    assert bill.gpu_hours == pytest.approx(bill.core_hours / 4)
    assert (bill.runs, bill.trainings, bill.unknown, bill.bytes) == (2, 0, 0, 2 * (86_000 + 500))
    some = Rates(costs(list(piece.work)[:1], 3.6), None, CoresPerGpu(4.0, 9.0))
    assert (billed([demand], some).unknown, billed([demand], some).core_hours) == (1, 0)


def test_a_measured_gpu_goes_before_an_assumed_one():
    demand = Demands().of_run(spec_of("gdas"))
    work = demand.pieces[0].work
    step, *others = work
    rates = Rates(costs(work, 1.0), costs([step], 0.25, "cuda"), CoresPerGpu(10.0, 99.0))
    assert rates.gpu_seconds(work) == pytest.approx(0.25 * work[step] + sum(work[kind] for kind in others) / 10)
    assert rates.core_seconds(work) == pytest.approx(sum(work.values()))
    assert rates.gpu_seconds(None) is None


def test_trainings_fill_a_gpu_better_than_searches():
    demand = Demands().of_run(spec_of("gdas", "darts-digits"))
    search, training = (sum(piece.work.values()) for piece in demand.pieces)
    rates = Rates(costs(demand.kinds, 2.0), None, CoresPerGpu(4.0, 10.0))
    assert billed([demand], rates).gpu_hours == pytest.approx((2 * search / 4 + 2 * training / 10) / 3600)


def test_a_forecast_begins_with_trainings_and_runs_do_not_wait_for_them():
    demands = Demands()
    specs = [spec_of("randomnas", "darts-digits", seed) for seed in range(3)]
    asked = [*demands.of_probes(specs), *map(demands.of_run, specs)]
    training = asked[0].pieces[0].work
    rates = Rates(costs([kind for own in asked for kind in own.kinds], 100.0), None, CoresPerGpu(1.0, 1.0))
    told = forecast(asked, rates, "cpu", (1, 2, 100))
    one, two, many = told.each
    alone = sum(training.values()) * 100 / 3600
    longest = told.longest_hours
    assert told.total_hours == pytest.approx(2 * alone + 3 * longest)
    assert one.hours == pytest.approx(told.total_hours, rel=1e-3)
    assert two.hours == pytest.approx(alone + 2 * longest, rel=1e-3), "both trainings, two runs, the third"
    assert many.hours == pytest.approx(longest, rel=1e-3), "all at once"
    assert "randomnas on darts-digits" in told.longest
    assert forecast(asked, Rates(costs([], 1.0), None, CoresPerGpu(1, 1)), "cpu") is None


def test_factors_are_averaged_as_logarithms():
    speedup = Speedup((ImpliedFactor(PUBLISHED[0], 8_007 * 2), ImpliedFactor(PUBLISHED[0], 8_007 * 8)))
    assert [own.factor for own in speedup.implied] == [2, 8]
    assert speedup.mean == pytest.approx(4)
    assert speedup.spread == pytest.approx(2**2**0.5)


def test_measured_costs_are_kept_for_a_run_store(tmp_path):
    kind = next(iter(Demands().of_run(spec_of("gdas")).kinds))
    assert stored_costs(tmp_path, "cpu") is None
    own = OwnCost(hardware="mine", torch="2", cost=Cost(title="t", seconds=0.5, error=0.1, repeats=4))
    store_cost(tmp_path, "cpu", kind.key, own)
    rates = rates_for(tmp_path)
    assert rates.core_seconds({kind: 4}) == 2
    assert set(rates.core.costs) > {kind.key}, "what was not measured here comes with the package"
    assert rates_for(tmp_path, speedup=3).speedup == CoresPerGpu(3, 3)
    (tmp_path / "step-costs" / "cpu" / f"{kind.key}.json").write_text("{")
    with pytest.raises(UserError, match=rf"{kind.key}.*--measure"):
        rates_for(tmp_path)


class Ticks:
    """A clock that moves on by one second whenever it is read."""

    def __init__(self, device):
        self.time = 0.0

    def now(self):
        self.time += 1
        return self.time


@pytest.mark.parametrize(
    ("method", "where"),
    [
        ("gdas-nsas", "nb201-digits"),
        ("e2nas", "nb201-digits"),
        ("en2as-pr", "darts-digits"),
        ("darts-v2", "rnn-grammar"),
        ("nao", "rnn-grammar"),
        ("randomnas-wpl", "rnn-grammar"),
    ],
)
def test_everything_can_be_measured(method, where, monkeypatch):
    monkeypatch.setattr(measuring, "Clock", Ticks)
    spec = spec_of(method, where)
    demands = Demands()
    kinds = {kind.family: kind for own in (demands.of_run(spec), *demands.of_probes([spec])) for kind in own.kinds}
    told = []
    for family, kind in kinds.items():
        cost = measure(kind, "cpu", 5.0, report=lambda done, total: told.append((done, total)))
        pieces = {"step": cost.share, "training": cost.share, "predictor": 20.0}.get(family)
        if pieces is not None:
            assert cost.seconds == pytest.approx(1 / pieces, rel=1e-3), "a second for each reading"
        assert cost.error == 0
        assert cost.repeats >= 5
        assert (cost.weights_bytes or 0) > 0 or family != "step"
        assert (cost.checkpoint_bytes or 0) > 0 or family not in ("step", "training")
        assert told[-1] == (100, 100)
    assert {"step", "scoring"} <= set(kinds)
    assert {"training", "testing"} <= set(kinds) or where == "nb201-digits"


def test_archives_are_full_before_steps_are_measured():
    spec = spec_of("en2as+rs", "darts-digits")
    kind = next(kind for kind in Demands().of_run(spec).kinds if kind.family == "step")
    training = measuring._search(kind, benchmarks.get("darts-digits"), "cpu")
    measuring._aged(training)
    assert training.sampler.archive.full
    kind = next(kind for kind in Demands().of_run(spec_of("gdas-nsas")).kinds if kind.family == "step")
    training = measuring._search(kind, benchmarks.get("nb201-digits"), "cpu")
    measuring._aged(training)
    assert len(training.regularizer.archive) == training.regularizer.settings.archive


def test_what_comes_with_the_package_was_measured_on_one_core():
    shipped = shipped_costs()
    assert (shipped.device, shipped.threads) == ("cpu", 1)
    assert all(cost.seconds > 0 and cost.repeats > 1 for cost in shipped.costs.values())
