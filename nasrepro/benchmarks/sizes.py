"""Sizes of selectors below the published ones, the same in every space."""

from __future__ import annotations

EVOLVED_100 = {
    "population": 20,
    "generations": 4,
    "crossovers": 12,
    "mutations": 8,
    "crossover_parents": 12,
    "mutation_parents": 8,
}  # at most 100 cells scored, as many as random search draws; the published proportions
EVOLVED_8 = {"population": 4, "generations": 1, "crossovers": 2, "mutations": 2}
