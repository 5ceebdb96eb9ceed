"""A plain recurrent supernet to measure against: word after word, node after node, operation after operation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Choice = tuple[int, ...] | Tensor
ACTIVATIONS = (torch.zeros_like, torch.tanh, torch.relu, torch.sigmoid, lambda x: x)
"""By code of the operation; that of `none` is never asked for."""


class PlainRnn(nn.Module):
    """A language model with hidden states of H, V words and a cell of so many nodes.

    `choice` is numbers edge · 5 + operation, or weights (edges, 5) of all operations. The matrices are named as in the
    network that is measured, so that either can load the other's weights; `masks` are those of input and hidden state.
    """

    def __init__(self, hidden: int, words: int, nodes: int, sharing: str = "edge_act", normalize: bool = False) -> None:
        super().__init__()
        edges = nodes * (nodes + 1) // 2
        count = {"node": nodes, "edge": edges, "edge_act": edges * 4}[sharing]
        self.hidden, self.nodes, self.sharing = hidden, nodes, sharing
        self.embedding = nn.Parameter(torch.empty(words, hidden).uniform_(-0.04, 0.04))
        self.entry = nn.Parameter(torch.empty(2 * hidden, 2 * hidden).uniform_(-0.04, 0.04))
        self.bias = nn.Parameter(torch.zeros(words))
        self.matrices = nn.ParameterList(torch.empty(hidden, 2 * hidden).uniform_(-0.04, 0.04) for _ in range(count))
        self.norm = nn.BatchNorm1d(hidden, affine=False) if normalize else nn.Identity()

    def matrix(self, node: int, state: int, op: int) -> Tensor:
        edge = node * (node - 1) // 2 + state
        found: Tensor = self.matrices[{"node": node - 1, "edge": edge, "edge_act": edge * 4 + op - 1}[self.sharing]]
        return found

    def contribution(self, node: int, state: int, op: int, states: list[Tensor], mask: Tensor | float) -> Tensor:
        gate, value = ((states[state] * mask) @ self.matrix(node, state, op)).chunk(2, 1)
        result: Tensor = states[state] + gate.sigmoid() * (ACTIVATIONS[op](value) - states[state])
        return result

    def cell(self, x: Tensor, hidden: Tensor, choice: Choice, masks: tuple[Tensor | float, Tensor | float]) -> Tensor:
        gate, value = (torch.cat([x * masks[0], hidden * masks[1]], 1) @ self.entry).chunk(2, 1)
        states = [self.norm(hidden + gate.sigmoid() * (value.tanh() - hidden))]
        for node in range(1, self.nodes + 1):
            total = torch.zeros_like(hidden)
            for state in range(node):
                edge = node * (node - 1) // 2 + state
                for op in range(1, 5):
                    if isinstance(choice, Tensor):
                        total = total + choice[edge, op] * self.contribution(node, state, op, states, masks[1])
                    elif edge * 5 + op in choice:
                        total = total + self.contribution(node, state, op, states, masks[1])
            states.append(self.norm(total))
        out: Tensor = torch.stack(states[1:]).mean(0)
        return out

    def mixed_cell(
        self, x: Tensor, hidden: Tensor, choice: Tensor, masks: tuple[Tensor | float, Tensor | float]
    ) -> Tensor:
        """A mixture where nodes have one matrix: one product for all states, as released."""
        gate, value = (torch.cat([x * masks[0], hidden * masks[1]], 1) @ self.entry).chunk(2, 1)
        states = self.norm(hidden + gate.sigmoid() * (value.tanh() - hidden)).unsqueeze(0)
        for node in range(1, self.nodes + 1):
            first = node * (node - 1) // 2
            product = (states * masks[1]).view(-1, self.hidden).mm(self.matrices[node - 1])
            gate, value = product.view(node, -1, 2 * self.hidden).chunk(2, 2)
            gate, total = gate.sigmoid(), torch.zeros_like(hidden)
            for op in range(1, 5):
                each = states + gate * (ACTIVATIONS[op](value) - states)
                total = total + (choice[first : first + node, op].view(-1, 1, 1) * each).sum(0)
            states = torch.cat([states, self.norm(total).unsqueeze(0)])
        out: Tensor = states[1:].mean(0)
        return out

    def recurrent(
        self, x: Tensor, hidden: Tensor, choice: Choice, masks: tuple[Tensor | float, Tensor | float] = (1.0, 1.0)
    ) -> Tensor:
        """Embedded words (T, B, H) → outputs (T, B, H)."""
        outputs = []
        for word in x:
            if isinstance(choice, Tensor) and self.sharing == "node":
                hidden = self.mixed_cell(word, hidden, choice, masks)
            else:
                hidden = self.cell(word, hidden, choice, masks)
            outputs.append(hidden)
        return torch.stack(outputs)

    def forward(
        self,
        tokens: Tensor,
        choice: Choice,
        hidden: Tensor | None = None,
        masks: tuple[Tensor | float, Tensor | float] = (1.0, 1.0),
    ) -> Tensor:
        """Tokens (T, B) → logits (T·B, V)."""
        x = F.embedding(tokens, self.embedding)
        hidden = x.new_zeros(x.shape[1:]) if hidden is None else hidden
        outputs = self.recurrent(x, hidden, choice, masks)
        return F.linear(outputs.flatten(0, 1), self.embedding, self.bias)
