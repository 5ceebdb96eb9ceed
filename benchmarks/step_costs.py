"""What a step of everything costs that a reproduction at scale `paper` runs, on one core or one GPU of this machine.

    python benchmarks/step_costs.py nasrepro/experiments/capacity/step-costs.json

writes the table that comes with the package; what is in the file already is not measured again. Each kind of work is
measured in a process of its own, by the seconds that this process computed, so that neighbours hardly count.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import torch

from nasrepro.experiments.capacity.costs import Cost, StepCosts, write_costs
from nasrepro.experiments.capacity.demand import Demands
from nasrepro.experiments.capacity.kinds import Kind
from nasrepro.experiments.capacity.measuring import measure
from nasrepro.experiments.expected import expected
from nasrepro.experiments.provenance import hardware
from nasrepro.papers.catalog import papers

ORDER = ("predictor", "scoring", "step", "testing", "training")
"""Families of kinds, cheap ones first."""


def kinds() -> list[Kind]:
    """All that the plan of everything needs, cheap families first."""
    demands = Demands()
    items = [item for paper in papers().values() for item in paper.items]
    places = [(item, place) for item in items for place in item.places_at("paper")]
    specs = [own.spec(0, 1) for item, place in places for own in expected(item, place)]
    needed = [*(demands.of_run(spec) for spec in specs), *demands.of_probes(specs)]
    found = dict.fromkeys(kind for demand in needed for kind in demand.kinds)
    return sorted(found, key=lambda kind: ORDER.index(kind.family))


def measured(kind: Kind, options: argparse.Namespace) -> Cost:
    """In a fresh process."""
    command = [sys.executable, __file__, str(options.file), "--device", options.device]
    command += ["--seconds", str(options.seconds), "--kind", kind.key]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return Cost.model_validate_json(answer.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seconds", type=float, default=10.0, help="of every kind, where so many suffice")
    parser.add_argument("--families", nargs="+", default=ORDER, help="only these")
    parser.add_argument("--kind", help="measure this one alone and print it")
    options = parser.parse_args()
    if options.kind is not None:
        (kind,) = [kind for kind in kinds() if kind.key == options.kind]
        print(measure(kind, options.device, options.seconds, report=lambda done, total: None).model_dump_json())
        return
    known = StepCosts(hardware=hardware(), device=options.device, torch=torch.__version__, costs={})
    if options.file.exists():
        known = StepCosts.model_validate_json(options.file.read_bytes())
    for kind in [kind for kind in kinds() if kind.family in options.families]:
        if kind.key not in known.costs:
            known = known.model_copy(update={"costs": {**known.costs, kind.key: measured(kind, options)}})
            write_costs(options.file, known)
        cost = known.costs[kind.key]
        print(f"{kind.family:9} {cost.title:60} {cost.seconds:10.4g} ± {cost.error:.2g} s", flush=True)


if __name__ == "__main__":
    main()
