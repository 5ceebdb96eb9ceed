"""At which step size does novelty make EN²AS's archive more diverse than uniform cells are? Nothing is trained.

    python benchmarks/en2as_archive.py [--steps 1600 20000] [--seeds 5]

Archives of 100 uniform cells move by Eq. 8 of the paper with every combination of step size γ, baseline and of what is
kept. 1,600 steps are a run of scale laptop on digits, 20,000 about half of the published one. Columns: the share of
steps that change the rounded cell, distinct cells, and mean distances (shares of edges that differ) of all pairs, to
the nearest other cell and to the ten nearest.
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np
from rich.console import Console
from rich.table import Table

from nasrepro.methods.en2as_archive import Archive, ArchiveSettings
from nasrepro.seeds import numpy_rng
from nasrepro.spaces.nb201 import NB201Space

_SPACE = NB201Space()
_GAMMAS = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


def uniform(settings: ArchiveSettings, seed: int) -> Archive:
    """A full archive that has not moved yet."""
    archive, rng = Archive(_SPACE, settings), numpy_rng(seed, "path")
    while not archive.full:
        archive.join(_SPACE.sample(rng).ops)
    return archive


def moved(archive: Archive, steps: int, seed: int) -> float:
    """Share of so many steps that change the cell they move."""
    rng, changes = numpy_rng(seed, "novelty"), 0
    for _ in range(steps):
        member = int(rng.integers(len(archive.codes)))
        noise, codes = archive.perturbed(member, rng)
        changes += archive.move(member, noise, archive.novelty(codes))
    return changes / max(1, steps)


def row(settings: ArchiveSettings, steps: int, seeds: int) -> list[str]:
    """What such archives measure after so many steps, as means over seeds."""
    measured = []
    for seed in range(seeds):
        archive = uniform(settings, seed)
        share = moved(archive, steps, seed)
        measured.append([100 * share, archive.distinct(), *archive.spread().values()])
    share, distinct, *apart = np.mean(measured, axis=0)
    return [f"{share:.1f} %", f"{distinct:.1f}", *(f"{value:.3f}" for value in apart)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, nargs="+", default=[1600, 20_000], help="after the archive is full")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    measures = ("changed", "distinct", "all", "nearest", "ten")
    table = Table("steps", "kept", "γ", *measures, title="EN²AS, archives of 100 cells")
    table.add_row("0", "", "", *row(ArchiveSettings(), 0, options.seeds), end_section=True)
    for steps in options.steps:
        for kept, centered in itertools.product(("continuous", "rounded"), (False, True)):
            for gamma in _GAMMAS:
                settings = ArchiveSettings(gamma=gamma, centered=centered, kept=kept)
                way = kept + ", centered" * centered
                table.add_row(f"{steps:,}", way, f"{gamma:g}", *row(settings, steps, options.seeds))
            table.add_section()
    Console().print(table)


if __name__ == "__main__":
    main()
