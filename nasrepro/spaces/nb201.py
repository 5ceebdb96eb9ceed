"""The NAS-Bench-201 cell: four nodes, six edges, five operations, 15,625 genotypes in the official order.

Node 0 is the cell's input and node 3 its output; node i is the sum of op(node j) over all j < i
(Dong & Yang, ICLR 2020).
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from nasrepro.errors import UserError, unknown
from nasrepro.spaces import nb201_costs, nb201_equivalence
from nasrepro.spaces.base import Cost, Path, Skeleton, Space

NONE, SKIP, CONV1, CONV3, POOL = range(5)
OPS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))  # (target, source)
NODES = 4
SIZE: int = len(OPS) ** len(EDGES)
_OFFICIAL_SHUFFLE_SEED = 88
_PLACE = len(OPS) ** np.arange(len(EDGES) - 1, -1, -1)  # place values of the base-5 number of an operation tuple
_TERM = re.compile(r"^([^~|]+)~(\d)$")


@cache
def op_table() -> np.ndarray:
    """Operation codes of every genotype in the official index order, shape (15625, 6), int8, read-only.

    The order is the nested product over the edges shuffled once by CPython's generator with seed 88.
    """
    cells = list(itertools.product(range(len(OPS)), repeat=len(EDGES)))
    random.Random(_OFFICIAL_SHUFFLE_SEED).shuffle(cells)
    table = np.array(cells, dtype=np.int8)
    table.setflags(write=False)
    return table


@cache
def _rank_to_index() -> np.ndarray:
    """Maps the base-5 number of an operation tuple to its official index."""
    inverse = np.empty(SIZE, dtype=np.int32)
    inverse[op_table() @ _PLACE] = np.arange(SIZE)
    return inverse


def indices_of(ops: np.ndarray) -> np.ndarray:
    """Official indices of operation codes, shape (…, 6) → (…,)."""
    found: np.ndarray = _rank_to_index()[np.asarray(ops, dtype=np.int64) @ _PLACE]
    return found


@dataclass(frozen=True, order=True)
class NB201Genotype:
    """Six operation codes in the edge order 1←0, 2←0, 2←1, 3←0, 3←1, 3←2."""

    ops: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.ops) != len(EDGES) or any(not 0 <= op < len(OPS) for op in self.ops):
            raise ValueError(f"a NAS-Bench-201 genotype has six codes from 0 to 4, not {self.ops}")

    @cached_property
    def index(self) -> int:
        """Position in the official order."""
        return int(indices_of(np.array(self.ops)))

    @property
    def id(self) -> str:
        return f"nb201:{self.index}"

    @property
    def path(self) -> Path:
        """The operation of every edge."""
        return self.ops

    def __str__(self) -> str:
        nodes = [
            "|".join(
                f"{OPS[op]}~{source}" for op, (node, source) in zip(self.ops, EDGES, strict=True) if node == target
            )
            for target in range(1, NODES)
        ]
        return "+".join(f"|{node}|" for node in nodes)

    @property
    def reaches_output(self) -> bool:
        """False for the 341 cells whose output does not depend on their input."""
        return nb201_equivalence.live_edges(self.ops) != ()


def from_index(index: int) -> NB201Genotype:
    """The genotype at an official index; raises `UserError` outside 0…15624."""
    if not 0 <= index < SIZE:
        raise UserError(f"NAS-Bench-201 index {index} is out of range; allowed: 0 to {SIZE - 1}")
    return NB201Genotype(tuple(int(op) for op in op_table()[index]))


def from_string(text: str) -> NB201Genotype:
    """The genotype written as `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`; raises `UserError` saying where it is wrong."""
    form = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
    nodes = text.strip().split("+")
    if len(nodes) != NODES - 1:
        raise UserError(f"malformed genotype '{text}': {len(nodes)} node groups instead of 3; the form is {form}")
    ops: list[int] = []
    for target, node in enumerate(nodes, start=1):
        if not (node.startswith("|") and node.endswith("|") and len(node) > 2):
            raise UserError(f"malformed genotype '{text}': group '{node}' is not enclosed in '|'; the form is {form}")
        terms = node[1:-1].split("|")
        if len(terms) != target:
            raise UserError(f"malformed genotype '{text}': node {target} has {len(terms)} edges instead of {target}")
        for source, term in enumerate(terms):
            match = _TERM.match(term)
            if not match or int(match[2]) != source:
                raise UserError(f"malformed genotype '{text}': edge '{term}' should read 'op~{source}'")
            if match[1] not in OPS:
                raise unknown("operation", match[1], OPS)
            ops.append(OPS.index(match[1]))
    return NB201Genotype(tuple(ops))


class NB201Space(Space[NB201Genotype]):
    """All NAS-Bench-201 cells."""

    name = "nb201"
    skeleton_type = Skeleton
    tiny = Skeleton(4, 1, 2, 8, 10)
    edges = len(EDGES)
    operations = OPS

    def __len__(self) -> int:
        return SIZE

    def __iter__(self) -> Iterator[NB201Genotype]:
        return (from_index(i) for i in range(SIZE))

    def parse(self, text: str) -> NB201Genotype:
        """Reads `6111`, `nb201:6111` or the official string."""
        text = str(text).strip()
        number = text.removeprefix(f"{self.name}:")
        if re.fullmatch(r"-?\d+", number):
            return from_index(int(number))
        return from_string(text)

    def sample(self, rng: np.random.Generator) -> NB201Genotype:
        return NB201Genotype(tuple(int(op) for op in rng.integers(len(OPS), size=len(EDGES))))

    def mutate(self, genotype: NB201Genotype, rng: np.random.Generator) -> NB201Genotype:
        """One edge gets another operation: a uniform node, then a uniform edge into it.

        So edges are not equally likely (1/3 for 1←0, 1/9 for each edge of node 3): the rule of the
        NAS-Bench-201 baselines (REA).
        """
        node = int(rng.integers(1, NODES))
        edge = int(rng.choice([e for e, (target, _) in enumerate(EDGES) if target == node]))
        others = [op for op in range(len(OPS)) if op != genotype.ops[edge]]
        return self._replace(genotype, edge, int(rng.choice(others)))

    def neighbours(self, genotype: NB201Genotype) -> list[NB201Genotype]:
        """The 24 cells at distance one edge."""
        return [
            self._replace(genotype, edge, op)
            for edge in range(len(EDGES))
            for op in range(len(OPS))
            if op != genotype.ops[edge]
        ]

    @property
    def gene_sizes(self) -> tuple[int, ...]:
        return (len(OPS),) * len(EDGES)

    def genes(self, genotype: NB201Genotype) -> tuple[int, ...]:
        """The operation of every edge."""
        return genotype.ops

    def from_genes(self, genes: Sequence[int]) -> NB201Genotype:
        return NB201Genotype(tuple(int(gene) for gene in genes))

    def decisions(self, genes: np.ndarray) -> np.ndarray:
        return genes

    def differing(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Columns that differ; the long axes innermost, which is quickest."""
        ours, theirs = np.ascontiguousarray(a.T), np.ascontiguousarray(b.T)
        differs = (ours[:, :, None] != theirs[:, None, :]).view(np.uint8)
        found: np.ndarray = differs.sum(axis=0, dtype=np.uint8)
        return found

    def complement(self, path: Path, previous: Path, rng: np.random.Generator) -> Path:
        """The operation of `path` where it differs from the previous one, else a random other. The generator gives one
        number per edge, needed or not."""
        shifts = rng.integers(1, len(OPS), size=len(path)).tolist()
        return tuple(
            (old + shift) % len(OPS) if now == old else now
            for now, old, shift in zip(path, previous, shifts, strict=True)
        )

    def derive(self, scores: np.ndarray, *, pairs: bool = False) -> NB201Genotype:
        """The best operation of every edge, `none` included; ties go to the first."""
        return NB201Genotype(tuple(int(op) for op in scores.argmax(axis=1)))

    def path_on_edges(self, operations: Sequence[int]) -> Path:
        return tuple(operations)

    def weights(self, path: Path) -> np.ndarray:
        return np.eye(len(OPS), dtype=np.float32)[list(path)]

    def path_id(self, path: Path) -> str:
        return NB201Genotype(tuple(path)).id

    def path_of(self, text: str) -> Path:
        return self.parse(text).ops

    def distance(self, a: NB201Genotype, b: NB201Genotype) -> float:
        """Share of edges whose operation differs, in [0, 1]."""
        return sum(x != y for x, y in zip(a.ops, b.ops, strict=True)) / len(EDGES)

    def canonical(self, genotype: NB201Genotype) -> str:
        """The official canonical string (6,466 classes); a convention of the benchmark, not exact equivalence."""
        return nb201_equivalence.official_string(genotype.ops)

    def functional_key(self, genotype: NB201Genotype) -> str:
        """Equal exactly for cells that compute the same family of functions (5,044 classes)."""
        return nb201_equivalence.functional_key(genotype.ops)

    def live_size(self, genotype: NB201Genotype) -> int:
        """1 for a 1×1 and 9 for a 3×3 convolution on a path from input to output."""
        return nb201_costs.live_conv_size(genotype.ops)

    def cost(self, genotype: NB201Genotype, skeleton: Skeleton) -> Cost:
        return nb201_costs.cost(genotype.ops.count(CONV1), genotype.ops.count(CONV3), skeleton)

    @staticmethod
    def _replace(genotype: NB201Genotype, edge: int, op: int) -> NB201Genotype:
        ops: Sequence[int] = genotype.ops
        return NB201Genotype((*ops[:edge], op, *ops[edge + 1 :]))
