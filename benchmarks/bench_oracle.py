"""How fast is looking an architecture up? Run: python benchmarks/bench_oracle.py

Uses the converted NAS-Bench-201 table of $NASREPRO_DATA, or a synthetic one of the same size. The reference, timed in
the same run, keeps a dict of results per architecture string and asks in a Python loop, as benchmark APIs do.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from nasrepro.home import data_root
from nasrepro.oracles.table import TableOracle, write_table
from nasrepro.spaces import nb201
from nasrepro.splits import Split

MAX_OPEN_MS, MAX_MB, MIN_VECTORISED = 50.0, 50.0, 5e6
_QUERIES = 2_000_000
_QUESTION: dict[str, Any] = {"dataset": "cifar10", "split": Split.TEST, "epochs": 200}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = data_root() / "nb201" / "nasbench201.npz"
        kind = "converted NAS-Bench-201"
        if not path.exists():
            path, kind = synthetic(Path(folder)), "synthetic table of full size"
        opened = in_fresh_process(path)
        vectorised, single, reference = speeds(TableOracle.load(path, name="table"))
    table = Table(title=f"Oracle look-ups, {kind}, {nb201.SIZE:,} architectures")
    for header in ("measured", "value", "wanted", ""):
        table.add_column(header, justify="left" if header == "measured" else "right")
    for label, value, unit, bound, good in (
        ("open the table", opened["open_ms"], "ms", f"≤ {MAX_OPEN_MS:.0f}", opened["open_ms"] <= MAX_OPEN_MS),
        ("open and decode every accuracy", opened["all_ms"], "ms", "", True),
        ("memory for all of it", opened["mb"], "MB", f"≤ {MAX_MB:.0f}", opened["mb"] <= MAX_MB),
        ("vectorised", vectorised / 1e6, "M queries/s", f"≥ {MIN_VECTORISED / 1e6:.0f}", vectorised >= MIN_VECTORISED),
        ("one genotype at a time", single / 1e6, "M queries/s", "", True),
        ("reference: dict per architecture", reference / 1e6, "M queries/s", "", True),
        ("vectorised over reference", vectorised / reference, "×", "", True),
    ):
        table.add_row(label, f"{value:,.2f} {unit}", bound, ("yes" if good else "NO") if bound else "")
    Console().print(table)


def speeds(oracle: TableOracle) -> tuple[float, float, float]:
    """Queries per second: a whole array of indices, single genotypes, and the reference."""
    indices = np.random.default_rng(0).integers(nb201.SIZE, size=_QUERIES)
    accuracy = oracle.values(indices, **_QUESTION)
    vectorised = _QUERIES / best_of(lambda: oracle.values(indices, **_QUESTION))

    some = [nb201.from_index(int(i)) for i in indices[:20_000]]
    single = len(some) / best_of(lambda: [oracle.query(genotype, **_QUESTION).value for genotype in some])

    results = {
        str(genotype): {"cifar10": {"test": {200: float(value)}}}
        for genotype, value in zip(nb201.NB201Space(), oracle.query_all(**_QUESTION), strict=True)
    }
    names = list(results)
    asked = [names[i] for i in indices[:200_000].tolist()]
    reference = len(asked) / best_of(lambda: [results[name]["cifar10"]["test"][200] for name in asked])
    if not np.array_equal(accuracy[: len(some)], [results[str(g)]["cifar10"]["test"][200] for g in some]):
        raise SystemExit("the reference and the oracle disagree")
    return vectorised, single, reference


def best_of(action: Callable[[], object], repeats: int = 5) -> float:
    """The shortest of some repetitions, in seconds: the others measure what else the machine did."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def in_fresh_process(path: Path) -> dict[str, float]:
    """Opening times and peak memory where nothing was loaded before."""
    output = subprocess.run([sys.executable, __file__, "--open", str(path)], check=True, capture_output=True, text=True)
    return dict(json.loads(output.stdout))


def measure_opening(path: Path) -> None:
    before = peak_memory()
    start = time.perf_counter()
    oracle = TableOracle.load(path, name="table")
    opened = time.perf_counter()
    for fidelity in oracle.fidelities():
        oracle.query_all(dataset=fidelity.dataset, split=fidelity.split, epochs=fidelity.epochs)
    decoded = time.perf_counter()
    result = {"open_ms": (opened - start) * 1e3, "all_ms": (decoded - start) * 1e3, "mb": peak_memory() - before}
    print(json.dumps(result))


def peak_memory() -> float:
    """The largest resident memory of this process so far, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the parent's memory, which Linux passes on
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def synthetic(folder: Path) -> Path:
    """A table with the data sets, splits and lengths of the real one and random values."""
    rng = np.random.default_rng(0)
    arrays = {
        f"acc/{dataset}/{split}/{epochs}": rng.uniform(10, 95, size=(nb201.SIZE, trials)).astype(np.float32)
        for dataset in ("cifar10", "cifar100", "imagenet16-120")
        for split in ("valid", "test")
        for epochs, trials in ((12, 1), (200, 3))
    }
    return write_table(folder / "table.npz", arrays, {"space": "nb201", "source": "random numbers"})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--open"]:
        measure_opening(Path(sys.argv[2]))
    else:
        main()
