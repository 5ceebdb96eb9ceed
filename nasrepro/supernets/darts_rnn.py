"""The supernet of DARTS's recurrent space (Liu et al., ICLR 2019), with the weight sharing of other searches too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor, nn

from nasrepro.placement import onto, places
from nasrepro.spaces.base import Path
from nasrepro.spaces.darts_rnn_genotype import ACTIVATIONS, OPS, first_edge
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.supernets.choice import Choice
from nasrepro.supernets.darts_rnn_cell import Surroundings, unroll
from nasrepro.supernets.darts_rnn_frame import Dropouts, Kept, LanguageModel, Reading, weight
from nasrepro.supernets.darts_rnn_many import unroll_many
from nasrepro.supernets.darts_rnn_plan import Plan, Term
from nasrepro.supernets.norm import BatchNormMode, Norm

Sharing = Literal["node", "edge", "edge_act"]
"""What has a matrix of its own: a node (DARTS), a node with the state it reads, or these with the activation (NAO)."""
_WIDTH = len(OPS)


@lru_cache(maxsize=4096)
def plan(entries: Path, nodes: int, sharing: Sharing) -> Plan:
    """What runs for a set of numbers edge · 5 + operation; the nodes' mean is the output."""
    wanted, terms = sorted(set(entries)), []
    for node in range(1, nodes + 1):
        first = first_edge(node)
        mine = [(entry // _WIDTH - first, entry % _WIDTH) for entry in wanted]
        terms.append(
            tuple(Term(state, op, _matrix(sharing, node, state, op)) for state, op in mine if 0 <= state < node and op)
        )
    return Plan(tuple(terms), tuple(range(1, nodes + 1)))


def _matrix(sharing: Sharing, node: int, state: int, op: int) -> int:
    if sharing == "node":
        return node - 1
    edge = first_edge(node) + state
    return edge if sharing == "edge" else edge * len(ACTIVATIONS) + op - 1


class RnnNetwork(LanguageModel):
    """A language model of one recurrent layer whose cell holds all candidate operations.

    With `normalize` one batch normalization without affine parameters, the same for all, goes over the first state and
    every node, as in searches of DARTS; `mode` says by what at evaluation. DARTS has running averages, those of
    mixtures: single paths may be carried away by them from word to word.
    """

    def __init__(
        self,
        skeleton: RnnSkeleton,
        *,
        sharing: Sharing = "edge_act",
        normalize: bool,
        dropouts: Dropouts,
        tar: float,
        ar: float,
        rng: torch.Generator,
        masks: torch.Generator,
        mode: BatchNormMode = BatchNormMode.RUNNING,
    ) -> None:
        super().__init__(skeleton, dropouts=dropouts, tar=tar, ar=ar, rng=rng, masks=masks)
        self.nodes, self.sharing = skeleton.nodes, sharing
        edges = first_edge(skeleton.nodes + 1)
        count = {"node": skeleton.nodes, "edge": edges, "edge_act": edges * len(ACTIVATIONS)}[sharing]
        self.matrices = nn.ParameterList(weight(rng, self.hidden, 2 * self.hidden) for _ in range(count))
        self.norm = Norm(self.hidden, affine=False, mode=mode) if normalize else None
        self._everything = tuple(number for number in range(edges * _WIDTH) if number % _WIDTH)

    def forward(self, x: Reading, choice: Choice, gates: Tensor | None = None) -> Tensor:
        """A segment → logits (T·B, V).

        `choice` is a path, numbers edge · 5 + operation, or a mixture, weights (edges, 5). `gates` (edges, 5), hard in
        value, soft in gradient, makes the result of a path differentiable in those of its operations; the result of a
        mixture is differentiable in its weights.
        """
        kept = self.draw(x.tokens.shape[1])
        outputs, weights = self.outputs(x, choice, gates, kept)
        logits = self.finish(x, outputs, kept)
        if gates is not None and weights is not None and not len(weights):
            logits = logits + 0 * gates.sum()  # a path of nothing but `none` has derivatives, too: zeros
        return logits

    def outputs(
        self, x: Reading, choice: Choice, gates: Tensor | None = None, kept: Kept | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """What the cell puts out (T, B, H), and the weights of its terms, where there are any."""
        mixture = choice if isinstance(choice, Tensor) else gates
        mixture = None if mixture is None else onto(mixture, self.embedding.device)
        chosen = plan(self._everything if isinstance(choice, Tensor) else choice, self.nodes, self.sharing)
        weights = None if mixture is None else _of_terms(mixture, chosen).to(self.embedding.dtype)
        kept = kept or self.draw(x.tokens.shape[1])
        around = Surroundings(self.state(x), kept.hidden, self.norm)
        entered, entry = self.entered(x.tokens, kept), self.entry[self.hidden :]
        return unroll(chosen, entered, entry, list(self.matrices), around, weights), weights

    def many(self, x: Reading, paths: Sequence[Path]) -> Tensor:
        """A segment → logits of every path (paths, T·B, V).

        The state may be one for all (B, H) or one for each path (paths, B, H), and one for each is left. In training
        the first path leaves its own, and its penalty.
        """
        if not self.training and not torch.is_grad_enabled() and self.norm is None:
            chosen = [plan(path, self.nodes, self.sharing) for path in paths]
            if all(len(terms) == 1 for one in chosen for terms in one.nodes):
                return self._together(x, chosen)
        return self._in_turns(x, paths)

    def _together(self, x: Reading, chosen: Sequence[Plan]) -> Tensor:
        """All at once, where each node has one operation and nothing is learned, dropped or normalized."""
        hidden = self.state(x).expand(len(chosen), x.tokens.shape[1], self.hidden)
        entered = self.entered(x.tokens, self.draw(x.tokens.shape[1]))
        outputs = unroll_many(chosen, entered, self.entry[self.hidden :], list(self.matrices), hidden)
        if x.after is None:
            x.after = outputs[-1].clone()
        return self.decoded(outputs.transpose(0, 1)).view(len(chosen), -1, len(self.embedding))

    def _in_turns(self, x: Reading, paths: Sequence[Path]) -> Tensor:
        """One path after the other, each from its own state."""
        state, after, penalty = x.state, x.after, x.penalty
        logits, states = [], []
        for number, path in enumerate(paths):
            x.state = state[number] if state is not None and state.ndim == 3 else state
            x.begin()
            logits.append(self.forward(x, path))
            assert x.after is not None
            states.append(x.after)
            if number == 0 and after is None:
                penalty = x.penalty
        x.state, x.penalty = state, penalty
        x.after = after if after is not None else states[0] if self.training else torch.stack(states)
        return torch.stack(logits)


def _of_terms(mixture: Tensor, chosen: Plan) -> Tensor:
    """The entry of a mixture (edges, 5) for every term."""
    rows, columns = _rows(chosen)
    return mixture[places(rows, mixture.device), places(columns, mixture.device)]


@lru_cache(maxsize=4096)
def _rows(chosen: Plan) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Edge and operation of every term."""
    terms = [(first_edge(node), term) for node, terms in enumerate(chosen.nodes, 1) for term in terms]
    return tuple(first + term.state for first, term in terms), tuple(term.op for _, term in terms)
