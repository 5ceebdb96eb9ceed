"""A page per benchmark: what it is, what our runs on it show, and which items of the papers were measured there."""

from __future__ import annotations

from nasrepro.reporting.site.material import (
    BenchmarkMaterial,
    BenchmarkResult,
    Files,
    ItemMaterial,
    Results,
    SiteMaterial,
)
from nasrepro.reporting.site.page import render


def benchmark_pages(material: SiteMaterial, results: Results) -> Files:
    """`benchmarks/<name>.html` for every benchmark, and `benchmarks/index.html`."""
    shown = [(own, results.benchmarks[own.name]) for own in material.benchmarks if own.name in results.benchmarks]
    files: Files = {
        f"benchmarks/{own.name}.html": _page(own, result, items_on(own.name, material)) for own, result in shown
    }
    files["benchmarks/index.html"] = render(
        "benchmarks.html.j2", root="../", active="benchmarks", title="The benchmarks", kicker="Benchmarks", shown=shown
    )
    return files


def items_on(benchmark: str, material: SiteMaterial) -> list[ItemMaterial]:
    """The papers' items that are measured on the benchmark here, or that the papers measured there."""
    return [
        own
        for own in material.items.values()
        if own.item.benchmark == benchmark or any(runs.place.benchmark == benchmark for runs in own.places)
    ]


def _page(own: BenchmarkMaterial, result: BenchmarkResult, items: list[ItemMaterial]) -> str:
    spec = own.held[0].record.spec if own.held else None
    return render(
        "benchmark.html.j2",
        root="../",
        active="benchmarks",
        title=own.name,
        kicker=f"Benchmark · scale {spec.scale} · protocol {spec.protocol}" if spec else "Benchmark",
        own=own,
        result=result,
        runs=len(own.held),
        methods=len(result.rows),
        items=items,
        commands=_commands(own),
    )


def _commands(own: BenchmarkMaterial) -> list[str]:
    """What shows the benchmark, and what makes a comparison on it: this one where there is one."""
    methods = list(dict.fromkeys(held.record.spec.method for held in own.held)) or ["gdas", "random"]
    return [
        f"nasrepro benchmark show {own.name}",
        f"nasrepro compare --benchmark {own.name} --methods {','.join(methods)} --seeds 0-9",
    ]
