"""A NAS-Bench-201 cell as a directed acyclic graph of operations, in the form that graph autoencoders read.

Every edge of the cell becomes a vertex that carries its operation, and every node a vertex that sums; a start and an
end are added: 12 vertices. All cells share the connections and differ in the types of six vertices (the released E²NAS,
after Zhang et al., NeurIPS 2019).
"""

from __future__ import annotations

from nasrepro.spaces.nb201 import EDGES, OPS

START, SUM, END = (len(OPS) + k for k in range(3))
TYPES: int = len(OPS) + 3
"""The five operations, then start, sum and end."""

PREDECESSORS: tuple[tuple[int, ...], ...] = (
    (),  # 0 start
    (0,),  # 1 node 0
    (1,),  # 2 the operation 1←0
    (2,),  # 3 node 1
    (1,),  # 4 2←0
    (3,),  # 5 2←1
    (4, 5),  # 6 node 2
    (1,),  # 7 3←0
    (3,),  # 8 3←1
    (6,),  # 9 3←2
    (7, 8, 9),  # 10 node 3
    (10,),  # 11 end
)
VERTICES: int = len(PREDECESSORS)
SUCCESSORS: tuple[tuple[int, ...], ...] = tuple(
    tuple(v for v in range(VERTICES) if u in PREDECESSORS[v]) for u in range(VERTICES)
)
OPERATIONS: dict[int, int] = {2: 0, 4: 1, 5: 2, 7: 3, 8: 4, 9: 5}
"""Vertices that carry an operation, and the edge of the cell that each stands for, in the order of `EDGES`."""
FIXED: dict[int, int] = {0: START, 1: SUM, 3: SUM, 6: SUM, 10: SUM, 11: END}
"""Types of the other vertices."""

assert sorted(OPERATIONS.values()) == list(range(len(EDGES)))
