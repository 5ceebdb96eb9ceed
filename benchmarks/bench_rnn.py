"""Recurrent supernets: milliseconds per step against a plain loop, and many cells scored together.

    python benchmarks/bench_rnn.py [steps] [cells] [--hidden 64] [--rounds 3]

`steps` compares steps (forward and backward) of segments of 35 words, paths of cells of eight and two nodes and
mixtures as DARTS trains them, with a network that goes word after word, node after node; once the recurrent part alone,
once with embedding, decoder and cross-entropy. The plain network runs sampled operations only, and, as released code of
one-hot searches does, all of them. `cells` compares scoring the 32 cells of two nodes one by one and together. One
thread; implementations take turns; medians of CPU time, the ratio is of the same turns.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from plain_rnn import PlainRnn
from rich.console import Console
from rich.table import Table
from torch import Tensor

from nasrepro.datasets.text_streams import Segment
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.supernets.choice import Choice
from nasrepro.supernets.darts_rnn import RnnNetwork
from nasrepro.supernets.darts_rnn_frame import Dropouts

LENGTH = 35
SIZES = ((300, 10_000, 64), (64, 2_000, 64), (64, 1_000, 32))
"""Hidden state, words and batch: published searches (with a quarter of DARTS's batch), and what a laptop trains."""
Run = Callable[[], Any]


def network(hidden: int, words: int, nodes: int, *, mixes: bool = False) -> RnnNetwork:
    """As DARTS mixes, with one matrix per node and normalization, or as single paths share, without either."""
    return RnnNetwork(
        RnnSkeleton(hidden, words, nodes),
        sharing="node" if mixes else "edge_act",
        normalize=mixes,
        dropouts=Dropouts(),
        tar=0.0,
        ar=0.0,
        rng=torch.Generator().manual_seed(0),
        masks=torch.Generator().manual_seed(0),
    )


def both_milliseconds(first: Run, second: Run, rounds: int) -> tuple[float, float, float]:
    """Medians of each, and of the ratio second / first."""
    first(), second()
    taken = [(milliseconds(first), milliseconds(second)) for _ in range(rounds)]
    mine, theirs = zip(*taken, strict=True)
    return statistics.median(mine), statistics.median(theirs), statistics.median(b / a for a, b in taken)


def milliseconds(run: Run) -> float:
    began = time.process_time()
    run()
    return 1e3 * (time.process_time() - began)


def stepper(forward: Callable[[], Tensor], parameters: Sequence[Tensor], loss: Callable[[Tensor], Tensor]) -> Run:
    """Forward and backward."""

    def step() -> None:
        for parameter in parameters:
            parameter.grad = None
        loss(forward()).backward()  # type: ignore[no-untyped-call]

    return step


def pairs(size: tuple[int, int, int], nodes: int, choice: Choice, reference: Choice) -> dict[str, tuple[Run, Run]]:
    """Ours on `choice` and the plain network on `reference`: the recurrent part, and the whole step."""
    hidden, words, batch = size
    mixes = isinstance(choice, Tensor)
    ours = network(hidden, words, nodes, mixes=mixes)
    plain = PlainRnn(hidden, words, nodes, "node" if mixes else "edge_act", mixes)
    tokens, targets = torch.randint(words, (LENGTH, batch)), torch.randint(words, (LENGTH * batch,))
    zeros, factors = torch.zeros(batch, hidden), torch.randn(LENGTH, batch, hidden)

    def loss(outputs: Tensor) -> Tensor:
        return (outputs * factors).sum()

    def entropy(logits: Tensor) -> Tensor:
        return F.cross_entropy(logits, targets)

    mine, theirs = list(ours.parameters()), list(plain.parameters())
    return {
        "recurrent part": (
            stepper(lambda: ours.outputs(Segment(tokens), choice)[0], mine, loss),
            stepper(lambda: plain.recurrent(F.embedding(tokens, plain.embedding), zeros, reference), theirs, loss),
        ),
        "whole step": (
            stepper(lambda: ours(Segment(tokens), choice), mine, entropy),
            stepper(lambda: plain(tokens, reference), theirs, entropy),
        ),
    }


def steps(sizes: Sequence[tuple[int, int, int]], rounds: int) -> None:
    for size in sizes:
        title = "hidden {}, {} words, batch {}, 35 words per segment, CPU time".format(*size)
        table = Table("step", "against", "part", "ms", "plain ms", "plain / ours", title=title)
        eight, two = RnnSpace(8), RnnSpace(2)
        path, short = eight.parse("DARTS_V2").path, two.sample(np.random.default_rng(0)).path
        mixture = torch.full((36, 5), 0.2)
        for name, nodes, choice, reference, against in (
            ("path, 8 nodes", 8, path, path, "sampled operations"),
            ("path, 8 nodes", 8, path, torch.from_numpy(eight.weights(path)), "all operations"),
            ("path, 2 nodes", 2, short, short, "sampled operations"),
            ("mixture, 8 nodes", 8, mixture, mixture, "all operations"),
        ):
            once = against == "all operations" and not isinstance(choice, Tensor)
            for part, (ours, plain) in pairs(size, nodes, choice, reference).items():
                mine, theirs, ratio = both_milliseconds(ours, plain, 1 if once else rounds)
                table.add_row(name, against, part, f"{mine:.0f}", f"{theirs:.0f}", f"{ratio:.2f}")
        Console(width=120).print(table)


@torch.inference_mode()
def cells(sizes: Sequence[tuple[int, int, int]], rounds: int) -> None:
    table = Table(
        "sizes", "one by one, ms", "together, ms", "ratio", "largest difference", title="32 cells, one segment"
    )
    for hidden, words, batch in sizes:
        made = network(hidden, words, 2).eval()
        paths = [cell.path for cell in RnnSpace(2)]
        tokens = torch.randint(words, (LENGTH, min(batch, 10)))

        def alone(made: RnnNetwork = made, tokens: Tensor = tokens, paths: list[Any] = paths) -> list[Tensor]:
            return [made(Segment(tokens), path) for path in paths]

        def together(made: RnnNetwork = made, tokens: Tensor = tokens, paths: list[Any] = paths) -> Tensor:
            return made.many(Segment(tokens), paths)

        mine, theirs, ratio = both_milliseconds(together, alone, rounds)
        apart = float((together() - torch.stack(alone())).abs().max())
        label = f"hidden {hidden}, {words} words, batch {tokens.shape[1]}"
        table.add_row(label, f"{theirs:.0f}", f"{mine:.0f}", f"{ratio:.2f}", f"{apart:.1g}")
    Console(width=120).print(table)


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["steps", "cells"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--hidden", type=int, choices=sorted({size[0] for size in SIZES}), help="only sizes with this width"
    )
    chosen = parser.parse_args()
    sizes = [size for size in SIZES if chosen.hidden in (None, size[0])]
    for name, run in (("steps", steps), ("cells", cells)):
        if name in chosen.what:
            run(sizes, chosen.rounds)


if __name__ == "__main__":
    main()
