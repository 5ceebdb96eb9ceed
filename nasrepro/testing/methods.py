"""What every search method has to get right."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from nasrepro import benchmarks
from nasrepro.benchmarks import Benchmark
from nasrepro.errors import TestSplitForbidden
from nasrepro.experiments.plan import plan
from nasrepro.methods import catalog
from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.method import Method
from nasrepro.methods.resolving import resolve
from nasrepro.records.spec import Protocol, Scale
from nasrepro.records.store import RunStore
from nasrepro.splits import Split
from nasrepro.testing import CheckFailed, CheckResult, refused, require, run_checks
from nasrepro.testing.invented_truth import InventedTruth

_LONGER: dict[str, dict[str, Any]] = {
    "training": {"epochs": 30, "batch_size": 32, "probe_cells": 0, "probe_points": 1},
    "skeleton": {"channels": 4},
}
_LONGER_TEXT: dict[str, dict[str, Any]] = {
    "training": {"epochs": 12, "probe_cells": 0, "probe_points": 1},
    "skeleton": {"hidden": 16},
}
_BRIEF: dict[str, dict[str, Any]] = {
    "training": {"epochs": 1, "batch_size": 32, "train_images": 64, "probe_cells": 2, "probe_points": 1},
}
_BRIEF_TEXT: dict[str, dict[str, Any]] = {
    "training": {"epochs": 1, "train_tokens": 400, "probe_cells": 2, "probe_points": 1},
}
_ROUNDING = 1e-4  # of a loss; a GPU has other ways to compute than a CPU
_LEARNED = 0.1  # nats; many paths share few weights, so little is learned at this size


def check_method(
    name: str, benchmark: str = "nb201-digits", *, only: Collection[str] | None = None
) -> list[CheckResult]:
    """All requirements on a method, or `only` those, each with what was seen, at smoke scale against an invented truth.

    Takes seconds, a minute where mixtures of many operations are trained. Raises `UserError` for a method or benchmark
    that does not exist.
    """
    battery = _MethodBattery(catalog.get(name), benchmarks.get(benchmark))
    checks: list[tuple[str, Callable[[], str]]] = [
        ("description", battery.description),
        ("settings resolve at every scale", battery.settings),
        ("unknown settings are refused", battery.unknown_settings),
        ("an impossible protocol is refused", battery.impossible_protocol),
        ("the genotype is in the space", battery.genotype),
        ("no test query", battery.no_test),
        ("same seed, same result", battery.same_seed),
        ("another seed, another result", battery.other_seed),
        ("interrupted and resumed, same result", battery.resume),
        ("progress", battery.progress),
        ("trace and counts", battery.trace),
    ]
    if battery.method.one_shot:
        checks += [
            ("loss goes down", battery.loss),
            ("a benchmark without images is refused", battery.no_images),
            ("computes on a GPU", battery.gpu),
        ]
    return run_checks([check for check in checks if only is None or check[0] in only])


class _Run:
    """One search: its result, and what was seen of it from outside."""

    def __init__(self, context: SearchContext, truth: InventedTruth, result: SearchResult) -> None:
        self.context, self.truth, self.result = context, truth, result

    def comparable(self) -> dict[str, Any]:
        """Everything equal searches share: all but wall-clock time."""
        content = {name: value for name, value in vars(self.result).items() if name != "seconds"}
        return {**content, "queries": self.context.queries}


class _MethodBattery:
    def __init__(self, method: Method, benchmark: Benchmark) -> None:
        self.method, self.benchmark = method.inside(benchmark), benchmark
        self.reports: list[tuple[int, int]] = []

    def description(self) -> str:
        require(bool(self.method.summary.strip()), "the summary is empty")
        require(bool(self.method.paper.strip()), "no paper is named")
        return f"{self.method.summary} ({self.method.paper})"

    def settings(self) -> str:
        for scale in get_args(Scale):
            blocks = resolve(self.method, self.benchmark, scale)
            again = resolve(self.method, self.benchmark, scale, blocks)
            require(again == blocks, f"settings of scale {scale} do not survive being given back as overrides")
        return "; ".join(f"{block}: {len(values)}" for block, values in blocks.items())

    def unknown_settings(self) -> str:
        def resolving(overrides: dict[str, dict[str, Any]]) -> Callable[[], object]:
            return lambda: resolve(self.method, self.benchmark, "smoke", overrides)

        refused(resolving({"no-such-block": {"x": 1}}), "a block 'no-such-block'")
        messages = [
            refused(resolving({block: {"no_such_setting": 1}}), f"a setting '{block}.no_such_setting'")
            for block in self.method.blocks()
        ]
        return messages[0]

    def impossible_protocol(self) -> str:
        others = [word for word in (*get_args(Protocol), "no-such-protocol") if word not in self.method.protocols]
        require("sound" in self.method.protocols, f"the default protocol 'sound' is not among {self.method.protocols}")

        def request(protocol: str) -> object:
            with tempfile.TemporaryDirectory() as folder:
                return plan(
                    [self.method.name],
                    self.benchmark.name,
                    [0],
                    scale="smoke",
                    protocol=protocol,
                    threads=1,
                    overrides={},
                    store=RunStore(Path(folder)),
                )

        messages = [refused(partial(request, word), f"protocol '{word}'") for word in others]
        return messages[0]

    def genotype(self) -> str:
        found = self._first.result.answer.genotype
        require(self.benchmark.space.parse(found.id) == found, f"'{found.id}' is not read back as the same genotype")
        return found.id

    def no_test(self) -> str:
        """Neither through the front door, which counts, nor around it, nor by looking at test images."""
        run = self._first
        require(run.context.queries[Split.TEST.value] == 0, f"{run.context.queries[Split.TEST.value]} were counted")
        require(Split.TEST not in run.truth.asked, "the oracle was asked for test, past the context")
        try:
            run.context.query(run.result.answer.genotype, split=Split.TEST)
        except TestSplitForbidden:
            return f"queries per split: {run.context.queries}"
        raise CheckFailed("the context answers a test query")

    def same_seed(self) -> str:
        return self._equal(self._run(seed=0), "a second search")

    def other_seed(self) -> str:
        others = [self._run(seed=seed).comparable() for seed in (1, 2)]
        same = all(other == self._first.comparable() for other in others)
        require(not same, "seeds 0, 1 and 2 give the same search, so the seed is not used")
        return "seeds 0, 1 and 2 differ"

    def resume(self) -> str:
        """Interrupts as Ctrl-C does, in the middle of things, and continues in the same folder."""
        self._run(seed=0)
        count = len(self.reports)
        if count < 2:
            return "over before it can be interrupted"
        stops = [1, count // 3 + 1, count - 1]
        with tempfile.TemporaryDirectory() as folder:
            for stop in stops:
                try:
                    self._run(seed=0, folder=Path(folder), stop_after=stop)
                except KeyboardInterrupt:
                    continue
            resumed = self._run(seed=0, folder=Path(folder))
        return self._equal(resumed, f"interrupted after {stops} of {count} steps, the search")

    def progress(self) -> str:
        self._run(seed=0)
        if not self.reports:
            spent = self._first.result.steps + sum(self._first.context.queries.values())
            require(spent == 0, f"after {spent} steps or queries nothing was reported")
            return "nothing to report"
        done, total = zip(*self.reports, strict=True)
        require(len(set(total)) == 1, f"the total changes: {sorted(set(total))}")
        require(list(done) == sorted(set(done)), "progress does not rise")
        require(done[-1] == total[0], f"the last report is {done[-1]} of {total[0]}")
        return f"{len(done)} reports up to {total[0]}"

    def trace(self) -> str:
        result, queries = self._first.result, self._first.context.queries
        at = [point for point, _ in result.trace]
        require(at == sorted(set(at)), f"the trace does not rise: {at}")
        if result.trace:
            require(result.trace[-1][1] == result.answer, "the trace does not end with the answer")
        steps = [step for step, _ in result.visited]
        visited = [cell for _, cell in result.visited]
        require(steps == sorted(set(steps)), f"visited cells do not rise: {steps}")
        require(all(a != b for a, b in pairwise(visited)), "a visited cell is told twice in a row")
        require(all(self.benchmark.space.parse(cell.id) == cell for cell in visited), "a visited cell is foreign")
        value = result.answer.value
        require(value is None or math.isfinite(value), f"the selection value is {value}")
        if self.method.one_shot:
            counts = (result.steps, result.path_steps, result.samples)
            require(min(counts) > 0, f"steps, path steps and samples are {counts}")
            require(result.path_steps >= result.steps, f"{result.path_steps} path steps in {result.steps} steps")
            cells = min(self._training("probe_cells"), len(self.benchmark.probes()))
            seen = {len(probe.accuracy) for probe in result.probes} | {len(probe.loss) for probe in result.probes}
            require(seen <= {cells}, f"probe scores of {sorted(seen)} cells instead of {cells}")
        return f"{len(at)} points; {result.steps} steps; queries {queries}"

    def loss(self) -> str:
        """Of images at the learning rate of small networks of this space, which is that of scale `laptop`.

        One of three seeds has to learn: who trains only the cell that looks best now can settle on one whose output is
        zero, and no gradient leads away from it. Who trains nothing learns with no seed."""
        longer = _LONGER_TEXT
        if not self.benchmark.language:
            rate = resolve(self.method, self.benchmark, "laptop")["training"]["lr"]
            longer = {**_LONGER, "training": {**_LONGER["training"], "lr": rate}}
        seen = []
        for seed in range(3):
            losses = self._run(seed=seed, overrides=longer).result.loss
            require(len(losses) == longer["training"]["epochs"], f"{len(losses)} losses were recorded")
            late = sum(losses[-5:]) / 5
            seen.append(f"from {losses[0]:.3f} in the first epoch to {late:.3f} in the last five (seed {seed})")
            if late < losses[0] - _LEARNED:
                return seen[-1]
        raise CheckFailed("; ".join(seen))

    def gpu(self) -> str:
        """On one that is pretended: devices are not mixed, nothing is drawn there, and the same is learned."""
        from nasrepro.testing.pretended_gpu import pretended_gpu

        brief = _BRIEF_TEXT if self.benchmark.language else _BRIEF
        here = self._run(seed=0, overrides=brief).result.loss
        with pretended_gpu():
            there = self._run(seed=0, overrides=brief, device="cuda").result.loss
        same = all(math.isclose(one, other, rel_tol=_ROUNDING) for one, other in zip(here, there, strict=True))
        require(same, f"the loss {here[-1]} becomes {there[-1]}")
        return f"loss {there[-1]:.3f}, as on the CPU"

    def no_images(self) -> str:
        pictureless = Benchmark(**{**vars(self.benchmark), "data": None})
        return refused(lambda: self._run(seed=0, benchmark=pictureless), "a search on a benchmark without images")

    @cached_property
    def _first(self) -> _Run:
        return self._run(seed=0)

    def _training(self, name: str) -> int:
        return int(self._first.context.settings["training"][name])

    def _equal(self, run: _Run, what: str) -> str:
        ours, theirs = self._first.comparable(), run.comparable()
        different = [name for name in ours if ours[name] != theirs[name]]
        require(not different, f"{what} differs in {', '.join(different)}")
        return f"{run.result.answer.genotype.id} again"

    def _run(
        self,
        seed: int,
        *,
        folder: Path | None = None,
        stop_after: int | None = None,
        overrides: dict[str, dict[str, Any]] | None = None,
        benchmark: Benchmark | None = None,
        device: str = "cpu",
    ) -> _Run:
        """Search in `folder`, or in one that is thrown away; raises KeyboardInterrupt after `stop_after` reports."""
        benchmark = benchmark or self.benchmark
        settings = resolve(self.method, benchmark, "smoke", overrides)
        truth = InventedTruth(benchmark.search)
        self.reports = []

        def report(done: int, total: int) -> None:
            self.reports.append((done, total))
            if len(self.reports) == stop_after:
                raise KeyboardInterrupt

        with tempfile.TemporaryDirectory() as thrown_away, self._threads():
            context = SearchContext(
                space=benchmark.space,
                seed=seed,
                settings=settings,
                search_fidelity=benchmark.search,
                probe_cells=benchmark.probes(),
                work=folder or Path(thrown_away),
                report=report,
                standalone=benchmark.standalone,
                skeleton=benchmark.space.supernet_skeleton(settings["skeleton"]) if "skeleton" in settings else None,
                device=device,
                _oracle=truth,
                _load_data=benchmark.load_data,
            )
            return _Run(context, truth, self.method.build()(context))

    def _threads(self) -> Any:
        """Networks are compared to the last bit, which takes a fixed number of threads."""
        return _one_thread() if self.method.computes else nullcontext()


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
