"""From what the user asked for to a list of runs. Everything is checked here, before anything runs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nasrepro import benchmarks
from nasrepro.benchmarks import Benchmark
from nasrepro.errors import UserError
from nasrepro.experiments.specifying import check_protocol, chosen_methods, specified
from nasrepro.experiments.standalone_oracle import truth_of
from nasrepro.experiments.variants import Overrides, canonical, parse_variant
from nasrepro.methods.method import Method
from nasrepro.oracles.base import Oracle
from nasrepro.records.spec import RunSpec, run_key
from nasrepro.records.store import RunStore
from nasrepro.records.variant import Variant

_MAX_SEED = 2**31
_MAX_SEEDS = 10_000


@dataclass(frozen=True)
class PlannedRun:
    """One run to do: its specification, the hashes of its data, and its key in the store."""

    spec: RunSpec
    data: dict[str, str]
    key: str
    variants: tuple[Variant, ...]
    """All that were asked for and resolve to these settings."""
    allow_unverified: bool = False

    @property
    def name(self) -> str:
        """For messages: runs of one method and seed may differ in settings alone."""
        return self.variants[0].text


def parse_seeds(text: str) -> list[int]:
    """`0-4`, `0,1,2` or a mixture → sorted distinct seeds; raises `UserError`."""
    seeds: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        if not match:
            raise UserError(f"seeds '{text}' cannot be read at '{part}'; allowed: a list such as 0,1,2 or a range 0-9")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last >= _MAX_SEED:
            raise UserError(
                f"seeds '{part.strip()}' are not a rising range below {_MAX_SEED}; allowed: for example 0-9"
            )
        if last - first >= _MAX_SEEDS:
            raise UserError(f"seeds '{part.strip()}' are {last - first + 1:,} runs a method; allowed: {_MAX_SEEDS:,}")
        seeds.update(range(first, last + 1))
    return sorted(seeds)


def parse_protocols(text: str) -> list[str]:
    """`sound,as-released` → distinct protocols in the order given; raises `UserError` for one that is none."""
    names = list(dict.fromkeys(part.strip() for part in text.split(",")))
    for name in names:
        check_protocol(name)
    return names


def plan(
    methods: Sequence[str | Variant],
    benchmark: str,
    seeds: Sequence[int],
    *,
    scale: str,
    protocol: str | Sequence[str],
    threads: int,
    device: str = "cpu",
    overrides: Overrides,
    store: RunStore,
    allow_unverified: bool = False,
) -> list[PlannedRun]:
    """All runs of methods × seeds on one benchmark. Raises `UserError` for whatever is wrong with the request.

    A method may be a variant, also as text: `gdas[sampler.tau_start=5]`. What it states goes before `overrides`; runs
    that two variants share are planned once. With several protocols a method is run under each of them that it has,
    and it must have one. `device` is `cpu` or `cuda`; runs that train no network are made on the CPU.
    """
    target = benchmarks.get(benchmark)
    variants = [parse_variant(entry) if isinstance(entry, str) else canonical(entry) for entry in methods]
    chosen = chosen_methods(variants, target)
    protocols = [protocol] if isinstance(protocol, str) else list(dict.fromkeys(protocol))
    if threads < 1:
        raise UserError(f"threads must be at least 1, not {threads}")
    asked = specified(variants, target, scale=scale, protocols=protocols, overrides=overrides, device=device)
    oracle = truth_of(target, store, scale, threads, allow_unverified, device=device)
    target = target.at(scale)
    _read_all(target, oracle)
    for method in chosen.values():
        method.check(target, oracle)
    truth = {"truth": oracle.fingerprint()}
    trained = [(chosen[own.variant.method], own.settings) for own in asked if chosen[own.variant.method].one_shot]
    searched = _data_hashes(target, trained, allow_unverified) if trained else {}
    runs: dict[str, PlannedRun] = {}
    for own, seed in itertools.product(asked, seeds):
        spec, method = own.spec(seed, threads), chosen[own.variant.method]
        data = {**truth, **(searched if method.one_shot else {}), **method.hashes(own.settings, seed)}
        key = run_key(spec, data)
        also = runs[key].variants if key in runs else ()
        runs[key] = PlannedRun(spec, data, key, (*also, own.variant), allow_unverified)
    return list(runs.values())


def _read_all(benchmark: Benchmark, oracle: Oracle) -> None:
    """Raise `UserError` now, not after hours of training, when the truth of found cells is damaged or not there."""
    if not oracle.covers_space:
        return  # it is measured when it is asked for
    held = oracle.fidelities()
    for asked in [*(scoring.fidelity for scoring in benchmark.scorings), benchmark.search]:
        if asked in held or asked != benchmark.search:
            oracle.query_all(dataset=asked.dataset, split=asked.split, epochs=asked.epochs)


def _data_hashes(
    benchmark: Benchmark, trained: Sequence[tuple[Method, Mapping[str, Any]]], allow_unverified: bool
) -> dict[str, str]:
    """Of what supernets are trained on; raises `UserError` where a text is too short for the settings of one."""
    data = benchmark.load_data(allow_unverified=allow_unverified)
    if benchmark.language:
        from nasrepro.methods.shared_text import limited_text

        for method, settings in trained:
            training: Any = method.training_settings().model_validate(settings["training"])
            limited_text(training, data)
    return dict(data.hashes)
