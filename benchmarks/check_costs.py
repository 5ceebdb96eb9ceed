"""Predicts what the published runs at scale `laptop` took, from steps that are measured now, and writes the ratios.

    python benchmarks/check_costs.py nasrepro/experiments/capacity/predictions.json

Measured steps are kept in the folder `--costs`, so that a second call goes on. What is compared is the search with its
observations: trainings from scratch are not in it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pydantic import TypeAdapter
from rich.console import Console

from nasrepro import benchmarks
from nasrepro.experiments.capacity.checked import Check, Prediction
from nasrepro.experiments.capacity.costs import stored_costs
from nasrepro.experiments.capacity.measurements import measure_lacking
from nasrepro.experiments.capacity.work import Work, search_work
from nasrepro.experiments.executors.means import Means
from nasrepro.files import write_atomically
from nasrepro.methods import catalog
from nasrepro.records.identity import brought_up, digest
from nasrepro.records.record import RunRecord
from nasrepro.records.store import read_folder_leniently

_SEARCHED = ("search", "watching")


def grouped(folder: Path) -> dict[tuple[str, str, str], list[RunRecord]]:
    """Finished runs of methods that train supernets on data, by benchmark, method and settings."""
    found: dict[tuple[str, str, str], list[RunRecord]] = {}
    for _, record in read_folder_leniently(folder)[0]:
        spec = brought_up(record).spec
        ran = record.status == "done" and spec.scale == "laptop" and "search" in record.cost.seconds
        if ran and spec.protocol == "sound" and "training" in spec.settings:
            key = (spec.benchmark, spec.method, digest(spec.settings))
            found.setdefault(key, []).append(brought_up(record))
    return found


def work_of(record: RunRecord) -> Work | None:
    spec = record.spec
    benchmark = benchmarks.get(spec.benchmark).at(spec.scale)
    return search_work(catalog.get(spec.method).inside(benchmark), benchmark, spec.settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--records", type=Path, default=Path("reports/published/site/records"))
    parser.add_argument("--costs", type=Path, default=Path("runs/check-costs"))
    parser.add_argument("--seconds", type=float, default=1.5)
    options = parser.parse_args()
    groups = grouped(options.records)
    works = {key: work for key, records in groups.items() if (work := work_of(records[0])) is not None}
    kinds = [kind for work in works.values() for kind in work]
    measure_lacking(kinds, options.costs, "cpu", Means(), Console(stderr=True), seconds=options.seconds)
    costs = stored_costs(options.costs, "cpu")
    assert costs is not None
    found = []
    for (benchmark, method, _), work in sorted(works.items(), key=lambda item: item[0]):
        records = groups[benchmark, method, _]
        recorded = [sum(own.cost.seconds.get(name, 0.0) for name in _SEARCHED) for own in records]
        predicted = costs.seconds(work)
        assert predicted is not None
        found.append(
            Prediction(
                benchmark=benchmark,
                method=method,
                runs=len(records),
                predicted=round(predicted, 1),
                recorded=round(sum(recorded) / len(recorded), 1),
            )
        )
        print(f"{benchmark:16} {method:22} {len(records):3} {found[-1].ratio:6.2f}")
    check = Check("all", found)
    print(f"geometric mean {check.ratio:.2f}, spread {check.spread:.2f}, {check.lowest:.2f} to {check.highest:.2f}")
    write_atomically(options.file, TypeAdapter(list[Prediction]).dump_json(found, indent=1) + b"\n")


if __name__ == "__main__":
    main()
