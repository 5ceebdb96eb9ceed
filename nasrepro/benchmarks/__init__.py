"""What do we compare on? A benchmark is a space, a skeleton per scale, one search data set and a list of scorings."""

from __future__ import annotations

from nasrepro import plugins
from nasrepro.benchmarks import darts, nb201, rnn
from nasrepro.benchmarks.base import BEST, PROBE_CELLS, SCALES, Benchmark, Scoring, probe_cells
from nasrepro.errors import unknown

__all__ = ["BEST", "PROBE_CELLS", "SCALES", "Benchmark", "Scoring", "get", "names", "probe_cells"]

_BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark for benchmark in (*nb201.BENCHMARKS, *darts.BENCHMARKS, *rnn.BENCHMARKS)
}


def names() -> list[str]:
    """All benchmark names, plug-ins last."""
    return [*_BENCHMARKS, *(name for name in plugins.announced("benchmarks") if name not in _BENCHMARKS)]


def get(name: str) -> Benchmark:
    """The benchmark called `name`, from here or from a plug-in; raises `UserError` suggesting the nearest one."""
    if name in _BENCHMARKS:
        return _BENCHMARKS[name]
    if name not in names():
        raise unknown("benchmark", name, names())
    found: Benchmark = plugins.load("benchmarks", name, Benchmark)
    return found
