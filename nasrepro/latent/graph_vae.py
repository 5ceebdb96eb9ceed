"""The variational graph autoencoder of E²NAS: asynchronous message passing over the graph of a cell.

After Zhang et al. (D-VAE, NeurIPS 2019), as E²NAS (Zhang et al., NeurIPS 2020, Section 3.1) describes it: a vertex is
visited when all its predecessors have been, its state is a GRU update of their gated sum, and the decoder adds one
vertex after the other. Messages carry the number of the vertex that sends them, as released. Cells would have latent
points of their own without it: no vertex of their graph can take another's place, so its shape tells all apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.latent.nb201_graph import FIXED, OPERATIONS, PREDECESSORS, SUCCESSORS, TYPES, VERTICES
from nasrepro.spaces.nb201 import EDGES, OPS

Feed = Literal["chosen", "soft"]
"""What a growing graph is told of a vertex just added: the type that was chosen, or the probabilities themselves."""


class VertexUpdate(nn.Module):
    """A GRU cell whose input is the type of a vertex: h = U(x, h_in)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        bound = hidden**-0.5
        self.of_type = nn.Parameter(torch.empty(TYPES, 3 * hidden).uniform_(-bound, bound))
        self.of_state = nn.Linear(hidden, 3 * hidden)
        self.bias = nn.Parameter(torch.empty(3 * hidden).uniform_(-bound, bound))
        nn.init.uniform_(self.of_state.weight, -bound, bound)
        nn.init.uniform_(self.of_state.bias, -bound, bound)

    def types(self) -> Tensor:
        """What each of the eight types puts into the update, (8, 3d)."""
        return self.of_type + self.bias

    def forward(self, kind: Tensor, incoming: Tensor) -> Tensor:
        """What the vertex's type puts in (B, 3d) or (3d,), and the incoming state (B, d) → the vertex's (B, d)."""
        reset, update, new = kind.chunk(3, dim=-1)
        reset_in, update_in, new_in = self.of_state(incoming).chunk(3, dim=-1)
        gate = torch.sigmoid(update + update_in)
        candidate = torch.tanh(new + torch.sigmoid(reset + reset_in) * new_in)
        return candidate + gate * (incoming - candidate)


class Messages(nn.Module):
    """What a vertex sends to the vertices it points to: gate(h, number) ⊙ map(h, number).

    The sum over senders does not depend on their order, as injectivity asks of the aggregation (Section 3.1).
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.of_state = nn.Linear(hidden, 2 * hidden, bias=False)
        self.of_number = nn.Parameter(torch.empty(VERTICES, 2 * hidden).uniform_(-(hidden**-0.5), hidden**-0.5))

    def forward(self, state: Tensor, vertex: int) -> Tensor:
        """The state (B, d) of a vertex → its message (B, d)."""
        gate, value = (self.of_state(state) + self.of_number[vertex]).chunk(2, dim=-1)
        sent: Tensor = torch.sigmoid(gate) * value
        return sent


class Choice(nn.Module):
    """Logits of the operation of the next vertex, from the state of the latest one, the start and the vertex's number.

    The released decoder sees the state of the latest vertex alone. That state is the same for the vertices 2←0 and 3←0
    where these carry one operation, so it must then choose alike for 2←1 and 3←1: 16 % of all cells cannot be spelled.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.of_states = nn.Linear(2 * hidden, 2 * hidden)
        self.of_number = nn.Parameter(torch.empty(VERTICES, 2 * hidden).uniform_(-(hidden**-0.5), hidden**-0.5))
        self.logits = nn.Linear(2 * hidden, len(OPS))

    def forward(self, latest: Tensor, start: Tensor, vertex: int) -> Tensor:
        """States (B, d) and (B, d) → logits (B, 5)."""
        joined = self.of_states(torch.cat([latest, start], dim=1)) + self.of_number[vertex]
        found: Tensor = self.logits(F.relu(joined))
        return found


class GraphVAE(nn.Module):
    """Encoder and decoder; parameters are drawn from PyTorch's global generator.

    `hidden` is the width d of a vertex's state, `latent` the size n of a latent point. With `bidirectional` the encoder
    also walks from the end to the start.
    """

    def __init__(self, *, hidden: int, latent: int, bidirectional: bool) -> None:
        super().__init__()
        self.hidden, self.latent, self.bidirectional = hidden, latent, bidirectional
        self.forth, self.messages = VertexUpdate(hidden), Messages(hidden)
        if bidirectional:
            self.back, self.messages_back = VertexUpdate(hidden), Messages(hidden)
            self.join = nn.Linear(2 * hidden, hidden)
        self.mean, self.log_variance = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.begin = nn.Linear(latent, hidden)
        self.grow = VertexUpdate(hidden)
        self.choose = Choice(hidden)

    def encode(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Operation codes (B, 6) → mean and log-variance of the latent point, (B, n) each."""
        state = _walk(self.forth, self.messages, codes, range(VERTICES), PREDECESSORS)[VERTICES - 1]
        if self.bidirectional:
            backwards = range(VERTICES)[::-1]
            first = _walk(self.back, self.messages_back, codes, backwards, SUCCESSORS)[0]
            state = self.join(torch.cat([state, first], dim=1))
        return self.mean(state), self.log_variance(state)

    def decode(
        self,
        z: Tensor,
        codes: Tensor | None = None,
        *,
        feed: Feed = "chosen",
        temperature: float = 1.0,
        rng: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Latent points (B, n) → logits (B, 6, 5) of the operations, and the operations chosen on the way (B, 6).

        The choice is the likeliest operation, a draw from the probabilities where `rng` is given, or `codes` (B, 6),
        which is teacher forcing. Later logits depend on earlier choices. A choice has no derivative: the logits are
        smooth in z as long as none changes; with `feed="soft"`, where probabilities at `temperature` are fed instead,
        they always are.
        """
        states: dict[int, Tensor] = {}
        incoming = initial = torch.tanh(self.begin(z))
        sent: list[Tensor] = []
        types = self.grow.types()
        logits: list[Tensor] = [z.new_empty(0)] * len(EDGES)
        chosen: list[Tensor] = [z.new_empty(0)] * len(EDGES)
        for vertex in range(VERTICES - 1):  # the end comes after all choices
            if vertex:
                incoming = _sum([sent[u] for u in PREDECESSORS[vertex]])
            if vertex in OPERATIONS:
                edge = OPERATIONS[vertex]
                logits[edge] = self.choose(states[vertex - 1], initial, vertex)
                chosen[edge] = _choice(logits[edge], None if codes is None else codes[:, edge], rng)
                if vertex == max(OPERATIONS):
                    break
                soft = feed == "soft"
                kind = (
                    (logits[edge] / temperature).softmax(1) @ types[: len(OPS)]
                    if soft
                    else F.embedding(chosen[edge], types)
                )
            else:
                kind = types[FIXED[vertex]]
            states[vertex] = self.grow(kind, incoming)
            sent.append(self.messages(states[vertex], vertex))
        return torch.stack(logits, dim=1), torch.stack(chosen, dim=1)

    def losses(self, codes: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Codes (B, 6) and noise (B, n) → reconstruction loss and KL divergence from N(0, I), nats per cell.

        The latent point is mean + noise · standard deviation; the decoder is taught the right choices.
        """
        mean, log_variance = self.encode(codes)
        z = mean + noise * (0.5 * log_variance).exp()
        logits, _ = self.decode(z, codes)
        spelling = F.cross_entropy(logits.flatten(0, 1), codes.flatten(), reduction="sum") / len(codes)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        return spelling, divergence


def _walk(
    update: VertexUpdate, messages: Messages, codes: Tensor, order: Sequence[int], senders: Sequence[Sequence[int]]
) -> dict[int, Tensor]:
    """States (B, d) of all vertices of the cells (B, 6), visited in an order in which senders come first."""
    types = update.types()
    states: dict[int, Tensor] = {}
    sent: dict[int, Tensor] = {}
    for vertex in order:
        fixed = vertex in FIXED
        kind = types[FIXED[vertex]] if fixed else F.embedding(codes[:, OPERATIONS[vertex]], types)
        if senders[vertex]:
            incoming = _sum([sent[u] for u in senders[vertex]])
        else:
            incoming = types.new_zeros(len(codes), update.of_state.in_features)
        states[vertex] = update(kind, incoming)
        sent[vertex] = messages(states[vertex], vertex)
    return states


def _sum(messages: Sequence[Tensor]) -> Tensor:
    total = messages[0]
    for message in messages[1:]:
        total = total + message
    return total


def _choice(logits: Tensor, told: Tensor | None, rng: torch.Generator | None) -> Tensor:
    """The operation of one vertex (B,): told, drawn, or the likeliest."""
    if told is not None:
        return told
    if rng is not None:
        return torch.multinomial(logits.detach().softmax(1), 1, generator=rng)[:, 0]
    return logits.detach().argmax(1)
