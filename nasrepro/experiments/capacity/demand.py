"""What a plan asks for: its runs and the trainings behind them, each once, as work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from nasrepro import benchmarks
from nasrepro.benchmarks import Benchmark
from nasrepro.experiments.capacity.kinds import Kind
from nasrepro.experiments.capacity.work import Work, probes_of, search_work, training_work
from nasrepro.experiments.retraining import recipe_for
from nasrepro.methods import catalog
from nasrepro.methods.method import Method
from nasrepro.records.identity import digest
from nasrepro.records.spec import RunSpec
from nasrepro.records.standalone import StandaloneSpec

SEVERAL_GPUS = 8
"""That a training on ImageNet is given where there are so many (`docs/multi-gpu.md`)."""
_WIDE = ("imagenet",)


@dataclass(frozen=True)
class Piece:
    """One stretch of work on one worker, or on several that can share it."""

    work: Work | None
    """None where it is not known."""
    wide: bool = False
    """Whether several GPUs can share it."""


@dataclass(frozen=True)
class Demand:
    """What one run, or one training of a probe cell, asks for."""

    key: str
    """Equal for equal work, whatever data are on this machine."""
    label: str
    benchmark: str
    pieces: tuple[Piece, ...]
    """One after the other."""
    probe: bool = False
    """Whether it is a training that every run on the benchmark is held against."""
    device: str = "cpu"
    """What it is to compute on."""

    @property
    def trainings(self) -> int:
        """Trainings from scratch in it."""
        return len(self.pieces) if self.probe else len(self.pieces) - 1

    @property
    def kinds(self) -> list[Kind]:
        """Of all its work that is known."""
        return [kind for piece in self.pieces for kind in piece.work or {}]

    @property
    def wide(self) -> bool:
        """Whether some of it can be shared by several GPUs."""
        return any(piece.wide for piece in self.pieces)


@dataclass
class Demands:
    """Finds the demands of runs; what runs of a variant share is worked out once."""

    _searches: dict[tuple[str, str, str, str], Work | None] = field(default_factory=dict)
    _places: dict[tuple[str, str], _Place] = field(default_factory=dict)

    def of_run(self, spec: RunSpec) -> Demand:
        """The search, and the training of its answer where there is no table."""
        asked = _variant(spec)
        place = self._place(spec.benchmark, spec.scale)
        if asked not in self._searches:
            method = catalog.get(spec.method).inside(place.benchmark)
            self._searches[asked] = _search_work(method, place.benchmark, spec)
        pieces = [Piece(self._searches[asked]), *place.answer]
        label = f"{spec.method} on {spec.benchmark}, seed {spec.seed}"
        return Demand(key_of(spec), label, spec.benchmark, tuple(pieces), device=spec.device)

    def of_probes(self, specs: Iterable[RunSpec]) -> list[Demand]:
        """The trainings of probe cells that these runs are held against, each once."""
        counts: dict[tuple[str, str, int, str], int] = {}
        for spec in specs:
            place = self._place(spec.benchmark, spec.scale)
            if place.trials:
                how = (spec.benchmark, spec.scale, spec.threads, spec.device)
                counts[how] = max(counts.get(how, 0), probes_of(spec.settings, place.benchmark))
        return [
            Demand(
                _training_key(name, scale, threads, device, cell.id, trial),
                f"training of {cell.id} of {name}",
                name,
                (piece,),
                probe=True,
                device=device,
            )
            for (name, scale, threads, device), count in counts.items()
            for cell in self._place(name, scale).benchmark.probes()[:count]
            for trial, piece in enumerate(self._place(name, scale).trials)
        ]

    def _place(self, name: str, scale: str) -> _Place:
        if (name, scale) not in self._places:
            self._places[name, scale] = _Place(name, scale)
        return self._places[name, scale]


def key_of(spec: RunSpec | StandaloneSpec) -> str:
    """Of the demand for a run or for one training."""
    if isinstance(spec, RunSpec):
        return ":".join([*_variant(spec), spec.protocol, str(spec.seed), str(spec.threads), spec.device])
    return _training_key(spec.benchmark, spec.scale, spec.threads, spec.device, spec.genotype, spec.seed)


def _training_key(benchmark: str, scale: str, threads: int, device: str, genotype: str, seed: int) -> str:
    return f"{benchmark}:{scale}:{threads}:{device}:{genotype}:{seed}"


def _variant(spec: RunSpec) -> tuple[str, str, str, str]:
    """What runs share whose searches are the same work."""
    return spec.benchmark, spec.method, spec.scale, digest(spec.settings)


@dataclass
class _Place:
    """A benchmark at a scale."""

    name: str
    scale: str

    @cached_property
    def benchmark(self) -> Benchmark:
        return benchmarks.get(self.name).at(self.scale)

    @property
    def probed(self) -> bool:
        """Whether all cells of the space are probe cells, so that an answer has been trained before it is found."""
        return self.benchmark.retraining is not None and len(self.benchmark.space) <= self.benchmark.probe_count

    @cached_property
    def trials(self) -> Sequence[Piece]:
        """The trainings that give one cell its worth; none where there is a table."""
        how = self.benchmark.retraining
        if how is None:
            return ()
        recipe = recipe_for(benchmarks.get(self.name), self.scale)
        settings = {"training": recipe.settings.model_dump(mode="json"), "skeleton": dict(vars(recipe.skeleton))}
        try:
            work: Work | None = training_work(self.benchmark, settings)
        except KeyError:  # data of which no size is known
            work = None
        return [Piece(work, wide=recipe.dataset in _WIDE)] * how.trials_at(self.scale)

    @property
    def answer(self) -> Sequence[Piece]:
        """Trainings that a run asks for itself."""
        return () if self.probed else self.trials


def _search_work(method: Method, benchmark: Benchmark, spec: RunSpec) -> Work | None:
    try:
        return search_work(method, benchmark, spec.settings)
    except KeyError:
        return None
