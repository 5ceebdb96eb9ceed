"""What every search space has to get right."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np

from nasrepro.spaces.base import Space
from nasrepro.testing import CheckFailed, CheckResult, refused, require, run_checks

_PROBES = 40
_BINS = 16
_AROUND = 24  # neighbours whose own neighbours are looked at


def check_space(space: Space[Any]) -> list[CheckResult]:
    """All requirements on a space, each with what was seen. Takes seconds for any size of space."""
    battery = _SpaceBattery(space)
    return run_checks(
        [
            ("name and size", battery.name_and_size),
            ("index order", battery.index_order),
            ("notations round-trip", battery.notations),
            ("genotypes are values", battery.values),
            ("sampling is uniform and follows the generator", battery.sampling),
            ("neighbours", battery.neighbours),
            ("mutation reaches exactly the neighbours", battery.mutation),
            ("genes are the genotype", battery.genes),
            ("paths", battery.paths),
            ("paths are compared decision by decision", battery.differing),
            ("complements", battery.complements),
            ("derivation from scores", battery.derivation),
            ("distance is a metric", battery.distance),
            ("canonical form", battery.canonical),
            ("costs", battery.costs),
            ("rubbish is refused", battery.rubbish),
        ]
    )


class _SpaceBattery:
    def __init__(self, space: Space[Any]) -> None:
        self.space = space
        rng = np.random.default_rng(0)
        self.probes = [space.sample(rng) for _ in range(_PROBES)]

    def name_and_size(self) -> str:
        require(bool(self.space.name.strip()), "the name is empty")
        require(len(self.space) > 1, f"there are only {len(self.space)} genotypes")
        return f"{self.space.name}, {len(self.space)} genotypes"

    def index_order(self) -> str:
        first = list(itertools.islice(self.space, _PROBES))
        require(first == list(itertools.islice(self.space, _PROBES)), "walking the space twice gives another order")
        for index, genotype in enumerate(first):
            found = self.space.parse(str(index))
            require(found == genotype, f"index {index} is {found.id}, but walking the space meets {genotype.id} there")
        last = self.space.parse(str(len(self.space) - 1))
        return f"0 is {first[0].id}, {len(self.space) - 1} is {last.id}"

    def notations(self) -> str:
        for genotype in self.probes:
            for text in (genotype.id, str(genotype), f" {genotype.id} "):
                found = self.space.parse(text)
                require(found == genotype, f"'{text}' is read as {found.id} instead of {genotype.id}")
        return f"{self.probes[0].id} = {self.probes[0]}"

    def values(self) -> str:
        for genotype in self.probes:
            again = self.space.parse(genotype.id)
            require(hash(again) == hash(genotype), f"{genotype.id}: equal genotypes have different hashes")
        require(
            len({g.id for g in self.probes}) == len(set(self.probes)),
            "different genotypes share an id, or equal ones do not",
        )
        return f"{len(set(self.probes))} different ones among {_PROBES}"

    def sampling(self) -> str:
        one, two = ([self.space.sample(np.random.default_rng(seed)) for seed in range(8)] for _ in range(2))
        require(one == two, "equal generators give different genotypes")
        require(len(set(one)) > 1, "every seed gives the same genotype")
        if len(self.space) > 100_000:
            return "follows the generator; uniformity is not checked in so large a space"
        place = {genotype: index for index, genotype in enumerate(self.space)}
        rng, draws = np.random.default_rng(1), 100 * _BINS
        counts = Counter(place[self.space.sample(rng)] * _BINS // len(self.space) for _ in range(draws))
        sizes = Counter(index * _BINS // len(self.space) for index in range(len(self.space)))
        expected = {b: draws * size / len(self.space) for b, size in sizes.items()}
        excess = sum((counts[b] - wanted) ** 2 / wanted for b, wanted in expected.items())
        limit = _BINS - 1 + 6 * (2 * (_BINS - 1)) ** 0.5  # six standard deviations of chi-square
        require(excess < limit, f"not uniform over the index order: chi-square {excess:.0f} with {_BINS - 1} bins")
        return f"chi-square {excess:.1f} over {_BINS} bins of the index order"

    def neighbours(self) -> str:
        for genotype in self.probes[:8]:
            around = self.space.neighbours(genotype)
            require(bool(around), f"{genotype.id} has no neighbours")
            require(genotype not in around, f"{genotype.id} is a neighbour of itself")
            require(len(set(around)) == len(around), f"{genotype.id} has a neighbour twice")
            for other in around[:: -(-len(around) // _AROUND)]:
                require(self.space.parse(other.id) == other, f"neighbour {other.id} is not in the space")
                require(genotype in self.space.neighbours(other), f"{other.id} is near {genotype.id}, not the reverse")
        return f"{len(around)} around {genotype.id}"

    def mutation(self) -> str:
        genotype = self.probes[0]
        same = [self.space.mutate(genotype, np.random.default_rng(5)) for _ in range(2)]
        require(same[0] == same[1], "equal generators give different mutations")
        around, rng = set(self.space.neighbours(genotype)), np.random.default_rng(2)
        reached = {self.space.mutate(genotype, rng) for _ in range(40 * len(around))}
        require(genotype not in reached, "a mutation can change nothing")
        require(reached <= around, "a mutation can change more than one decision")
        require(reached == around, f"mutations reach {len(reached)} of {len(around)} neighbours")
        return f"all {len(around)}"

    def genes(self) -> str:
        sizes, rng = self.space.gene_sizes, np.random.default_rng(3)
        for genotype in self.probes:
            genes = self.space.genes(genotype)
            require(len(genes) == len(sizes), f"{genotype.id} has {len(genes)} genes, not {len(sizes)}")
            require(
                all(0 <= gene < size for gene, size in zip(genes, sizes, strict=True)),
                f"{genotype.id} has genes {genes}, which are not below {sizes}",
            )
            require(self.space.from_genes(genes) == genotype, f"the genes of {genotype.id} are another genotype's")
            drawn = self.space.from_genes([int(rng.integers(size)) for size in sizes])
            require(self.space.parse(drawn.id) == drawn, f"genes give {drawn.id}, which is not in the space")
        for wrong in (sizes, (0,) * (len(sizes) + 1)):
            try:
                found = self.space.from_genes(wrong)
            except ValueError:
                continue
            raise CheckFailed(f"genes {wrong} are impossible, but give {found.id}")
        return f"{len(sizes)} genes with {min(sizes)} to {max(sizes)} values"

    def paths(self) -> str:
        genes = np.array([self.space.genes(genotype) for genotype in self.probes])
        rows, last = self.space.decisions(genes).tolist(), self.space.edges * len(self.space.operations)
        for genotype, row in zip(self.probes, rows, strict=True):
            require(genotype.path == tuple(row), f"{genotype.id} has path {genotype.path}, its genes {tuple(row)}")
            text = self.space.path_id(genotype.path)
            require(text == genotype.id, f"the path of {genotype.id} is called {text}")
            require(self.space.path_of(text) == genotype.path, f"'{text}' is read as another path")
        for op in range(len(self.space.operations)):
            everywhere = self.space.path_on_edges([op] * self.space.edges)
            require(self.space.path_of(self.space.path_id(everywhere)) == everywhere, f"{everywhere} is not read back")
            weights = self.space.weights(everywhere)
            require(weights.size == last, f"weights have the shape {weights.shape}")
            require(bool((weights[:, op] == 1).all()) and weights.sum() == self.space.edges, f"{everywhere}: {weights}")
        return f"{len(rows[0])} decisions; {self.space.edges} edges with {len(self.space.operations)} operations"

    def differing(self) -> str:
        rows = np.array([genotype.path for genotype in self.probes])
        counts = self.space.differing(rows[:20], rows)
        require(counts.shape == (20, _PROBES), f"20 paths beside {_PROBES} are compared to {counts.shape} counts")
        for (a, b), count in np.ndenumerate(counts):
            one, other = self.probes[a], self.probes[b]
            share = self.space.distance(one, other)
            require(
                abs(count / rows.shape[1] - share) < 1e-9,
                f"{one.id} and {other.id} differ in {count} of {rows.shape[1]} decisions, and are {share} apart",
            )
        return f"{counts.min()} to {counts.max()} of {rows.shape[1]} decisions differ"

    def complements(self) -> str:
        rng = np.random.default_rng(6)
        ops = rng.integers(len(self.space.operations), size=(2, self.space.edges)).tolist()
        pairs = [(a.path, b.path) for a, b in itertools.pairwise(self.probes)]
        pairs += [(path, path) for path, _ in pairs[:8]]
        pairs += [(self.space.path_on_edges(ops[0]), self.space.path_on_edges(ops[1]))]
        for path, previous in pairs:
            found = self.space.complement(path, previous, rng)
            now, before, other = (self.space.weights(one) > 0 for one in (path, previous, found))
            require(len(found) == len(path), f"the complement {found} of {path} has another length")
            require(not (other & before).any(), f"{found} is to complement {path}, but shares with {previous}")
            require(not (now & ~before & ~other).any(), f"{found} and {previous} do not hold all of {path}")
        return f"{self.space.path_id(found)} after {self.space.path_id(previous)}"

    def derivation(self) -> str:
        rng = np.random.default_rng(7)
        for _ in range(8):
            scores = rng.random((self.space.edges, len(self.space.operations)))
            for pairs in (False, True):
                found = self.space.derive(scores, pairs=pairs)
                chosen = self.space.weights(found.path) > 0
                best = self.space.derive(np.where(chosen, scores + 1, scores), pairs=pairs)
                require(best == found, f"{found.id} is derived, but {best.id} once its operations score higher")
        return f"{found.id} from random scores"

    def distance(self) -> str:
        far = self.space.distance
        for a, b, c in zip(self.probes, self.probes[1:], self.probes[2:], strict=False):
            require(far(a, a) == 0, f"{a.id} is {far(a, a)} away from itself")
            require(a == b or far(a, b) > 0, f"{a.id} and {b.id} are no distance apart")
            require(far(a, b) == far(b, a), f"from {a.id} to {b.id} is not as far as back")
            require(far(a, c) <= far(a, b) + far(b, c) + 1e-9, f"a detour over {b.id} is shorter")
        return f"{far(self.probes[0], self.probes[1]):.3f} from {self.probes[0].id} to {self.probes[1].id}"

    def canonical(self) -> str:
        for genotype in self.probes:
            text = self.space.canonical(genotype)
            require(isinstance(text, str) and bool(text), f"{genotype.id} has no canonical form")
            again = self.space.canonical(self.space.parse(genotype.id))
            require(again == text, f"{genotype.id} has two canonical forms")
        return f"{len({self.space.canonical(g) for g in self.probes})} classes among {_PROBES} genotypes"

    def costs(self) -> str:
        narrow = self.space.tiny
        width = fields(narrow)[0].name
        wide = replace(narrow, **{width: 2 * getattr(narrow, width)})
        for genotype in self.probes:
            cost, more = self.space.cost(genotype, narrow), self.space.cost(genotype, wide)
            for count in (cost.params, cost.macs):
                require(type(count) is int and count > 0, f"{genotype.id}: {count!r} is not a positive whole number")
            require(more.params > cost.params and more.macs > cost.macs, f"{genotype.id}: twice as wide costs no more")
        return f"{cost.params} parameters, {cost.macs} MACs for {genotype.id}"

    def rubbish(self) -> str:
        texts = ("", "no such genotype", str(len(self.space)), "-1", f"{self.probes[0]}x", "another-space:0")
        messages = [refused(partial(self.space.parse, text), f"'{text}'") for text in texts]
        return messages[1]
