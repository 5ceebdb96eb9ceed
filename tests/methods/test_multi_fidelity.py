"""Hyperband on learning curves: what it asks, what it pays, what it answers, where it refuses."""

import sys

import pytest
from toy import DIGITS, VALID, ToyOracle, context

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.methods import catalog
from nasrepro.oracles.base import Answer, Fidelity
from nasrepro.splits import Split

METHOD = catalog.get("multi-fidelity")


class Curves(ToyOracle):
    """Longer trainings are worth more; test results of another length are there, and not to be asked."""

    lengths_held = (6, 12, 25)

    def __init__(self, *, continued=True, missing=()):
        super().__init__(missing)
        self.continued = continued

    def fidelities(self):
        held = [Fidelity("digits", VALID, epochs) for epochs in self.lengths_held]
        return [*held, Fidelity("digits", Split.TEST, 99), Fidelity("other", VALID, 3)]

    def one_training(self, dataset):
        return self.continued

    def query(self, genotype, *, dataset, split, epochs, seed=None):
        found = super().query(genotype, dataset=dataset, split=split, epochs=epochs)
        return Answer(found.value + epochs / 10, 1, found.fidelity, self.source)


def search(tmp_path, oracle=None, **options):
    oracle = oracle or Curves()
    given = context("multi-fidelity", tmp_path, oracle=oracle, **options)
    return METHOD.build()(given), given, oracle


def paid(asked, *, continued):
    """Epochs that the look-ups cost, and the longest so far per visit of a cell."""
    total, before = 0, None
    for genotype, _, _, epochs in asked:
        goes_on = before is not None and before[0] == genotype and before[1] < epochs
        total += epochs - (before[1] if goes_on and continued else 0)
        before = (genotype, epochs)
    return total


@pytest.mark.parametrize("continued", [True, False])
def test_the_budget_is_kept_in_epochs(tmp_path, continued):
    result, given, oracle = search(tmp_path, Curves(continued=continued), search={"queries": 40})
    spent = paid(oracle.asked, continued=continued)
    assert 40 * 12 - 25 < spent <= 40 * 12
    assert result.series["epochs trained"][-1] == (len(oracle.asked), spent)
    assert given.queries == {"train": 0, "valid": len(oracle.asked), "test": 0}


def test_short_trainings_decide_who_is_trained_longer(tmp_path):
    _, _, oracle = search(tmp_path, search={"queries": 100})
    counts = {length: sum(epochs == length for *_, epochs in oracle.asked) for length in (6, 12, 25)}
    assert {(dataset, split) for _, dataset, split, _ in oracle.asked} == {("digits", VALID)}
    assert counts[6] > counts[12] > counts[25] > 0
    worths = {
        length: [ToyOracle.worth(genotype) for genotype, _, _, epochs in oracle.asked if epochs == length]
        for length in (6, 25)
    }
    assert sum(worths[25]) / len(worths[25]) > sum(worths[6]) / len(worths[6])


def test_the_answer_is_the_best_after_the_longest_training(tmp_path):
    result, _, oracle = search(tmp_path, search={"queries": 60})
    longest = [genotype for genotype, _, _, epochs in oracle.asked if epochs == 25]
    best = max(map(ToyOracle.worth, longest))
    assert result.answer.value == best + 2.5
    assert result.answer.genotype == next(cell for cell in longest if ToyOracle.worth(cell) == best)


def test_the_longest_length_can_be_limited(tmp_path):
    _, _, oracle = search(tmp_path, search={"queries": 40, "longest": 12})
    assert {epochs for *_, epochs in oracle.asked} == {6, 12}
    with pytest.raises(UserError, match=r"search.longest '6' leaves the lengths \[6\]"):
        search(tmp_path, search={"longest": 6})


def test_the_same_seed_gives_the_same_look_ups(tmp_path):
    first, second, other = (search(tmp_path, seed=seed, search={"queries": 30})[2].asked for seed in (1, 1, 2))
    assert first == second != other


def test_unmeasured_cells_are_survived(tmp_path):
    everything = search(tmp_path, search={"queries": 30})[2].asked
    gone = {genotype for genotype, *_ in everything[:5]}
    result, _, _ = search(tmp_path, Curves(missing=gone), search={"queries": 30})
    assert result.answer.genotype not in gone


def test_a_budget_that_pays_for_nothing_is_refused(tmp_path):
    oracle = Curves()
    oracle.lengths_held = (20, 25)
    with pytest.raises(UserError, match="does not suffice"):
        search(tmp_path, oracle, search={"queries": 1})


def test_without_optuna_it_is_said_which_extra_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    for action in (lambda: METHOD.check(DIGITS, Curves()), lambda: search(tmp_path)):
        with pytest.raises(UserError, match=r"optuna is not installed.*nasrepro\[multifidelity\]"):
            action()


def test_truths_without_curves_are_refused_by_name():
    with pytest.raises(
        UserError, match=r"'multi-fidelity' cannot search on 'nb201-cifar10-analog'.*one number per cell"
    ):
        METHOD.check(benchmarks.get("nb201-cifar10-analog"), Curves())
    with pytest.raises(UserError, match=r"cannot search on 'nb201-digits'.*holds \[12\] epochs"):
        METHOD.check(DIGITS, ToyOracle())
    METHOD.check(DIGITS, Curves())


def test_the_digits_table_is_one_training_of_three_lengths(tmp_path):
    oracle = DIGITS.open_oracle(tmp_path)
    assert oracle.lengths("digits", VALID) == [6, 12, 25]
    assert oracle.one_training("digits")
    assert not ToyOracle().one_training("digits")
