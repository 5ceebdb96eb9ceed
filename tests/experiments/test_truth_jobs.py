"""Which cells are measured before the runs of a benchmark without a table."""

import subprocess
import sys

from nasrepro import benchmarks
from nasrepro.experiments.plan import plan
from nasrepro.experiments.truth import truth_jobs
from nasrepro.records.store import RunStore


def planned(methods, store):
    return plan(methods, "nb201-digits", [0, 1], scale="smoke", protocol="sound", threads=1, overrides={}, store=store)


def test_every_probe_cell_is_measured_once_for_all_runs(tmp_path):
    store = RunStore(tmp_path)
    jobs = truth_jobs(planned(["gdas", "randomnas", "random"], store), store)
    assert [job.label for job in jobs] == [f"cell {cell.index}" for cell in benchmarks.get("nb201-digits").probes()[:4]]
    assert len({job.key for job in jobs}) == 4


def test_cells_measured_before_are_left_out(tmp_path):
    store = RunStore(tmp_path)
    oracle = benchmarks.get("nb201-digits").open_oracle(store.root)
    cell = benchmarks.get("nb201-digits").probes()[0]
    for trial in range(oracle.trials):
        oracle.path(cell, trial).parent.mkdir(parents=True, exist_ok=True)
        oracle.path(cell, trial).write_text("{}")
    assert len(truth_jobs(planned(["gdas"], store), store)) == 3


def test_methods_without_a_supernet_need_none(tmp_path):
    store = RunStore(tmp_path)
    assert truth_jobs(planned(["random", "rea"], store), store) == []


def test_multi_trial_runs_need_not_load_torch():
    code = "import sys, nasrepro.experiments.runner; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n"
