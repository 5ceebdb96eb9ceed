"""What a plan expects of runs and trainings, from which `reproduce` knows the longest."""

import pytest

from nasrepro import benchmarks
from nasrepro.commands.estimate import Experience
from nasrepro.commands.reproduce_plan import Plan, Row
from nasrepro.experiments.capacity.costs import Cost, StepCosts
from nasrepro.experiments.capacity.demand import Demands
from nasrepro.experiments.capacity.published import CoresPerGpu
from nasrepro.experiments.capacity.rates import Rates
from nasrepro.experiments.reproducing import PlannedPlace
from nasrepro.experiments.retraining import recipe_for
from nasrepro.experiments.specifying import specified
from nasrepro.experiments.variants import parse_variant
from nasrepro.papers.catalog import item
from nasrepro.papers.place import Place

DIGITS = benchmarks.get("darts-digits")


def spec_of(method, seed=0, device="cpu"):
    (own,) = specified([parse_variant(method)], DIGITS, scale="smoke", protocols=["sound"], overrides={}, device=device)
    return own.spec(seed, 1)


def planned(specs, experience=None, measured=True):
    """A plan of one row, of which every piece of work takes two seconds on a core."""
    demands = Demands()
    row = Row(PlannedPlace(item("nsas/table-1"), Place(benchmark="darts-digits")), todo=list(specs))
    row.demands = [*map(demands.of_run, specs), *demands.of_probes(specs)]
    kinds = [kind for own in row.demands for kind in own.kinds] if measured else []
    costs = {kind.key: Cost(title=kind.title, seconds=2.0, error=0, repeats=3) for kind in kinds}
    core = StepCosts(hardware="a machine", torch="2", costs=costs)
    return row, Plan([row], experience or Experience(), Rates(core, None, CoresPerGpu(4.0, 10.0)))


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_runs_and_trainings_take_what_their_steps_take(device):
    spec = spec_of("randomnas", device=device)
    row, plan = planned([spec])
    search, answer = (2.0 * sum(piece.work.values()) for piece in row.demands[0].pieces)
    share = {"cpu": (1.0, 1.0), "cuda": (4.0, 10.0)}[device]
    recipe = recipe_for(DIGITS, "smoke", device=device)
    training = recipe.planned(DIGITS.probes()[0], 0).spec
    assert plan.lengths()(spec) == pytest.approx(search / share[0] + answer / share[1])
    assert plan.lengths()(training) == pytest.approx(answer / share[1])
    estimate = plan.of(row)
    trainings = len(row.demands) - 1
    assert estimate.seconds == pytest.approx(search / share[0] + (1 + trainings) * answer / share[1])


def test_earlier_runs_on_the_same_device_know_better():
    here, there = spec_of("randomnas"), spec_of("randomnas", device="cuda")
    experience = Experience({("darts-digits", "smoke", "cpu", "randomnas"): [7.0, 9.0]})
    _, plan = planned([here, there], experience, measured=False)
    assert plan.lengths()(here) == 8.0
    assert plan.lengths()(there) is None


def test_what_is_not_planned_has_no_length():
    _, plan = planned([spec_of("randomnas")])
    assert plan.lengths()(spec_of("gdas")) is None
    assert plan.lengths()(spec_of("randomnas", seed=1)) is None
