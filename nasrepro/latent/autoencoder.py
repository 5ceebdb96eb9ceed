"""The encoder, performance predictor and decoder of NAO (Luo et al. 2018, Section 3.2).

A cell is embedded as one unit vector per decision, H (S, B, d), and as their normalized mean: S is 6 for the edges of a
NAS-Bench-201 cell and the number of nodes of a recurrent one. Two details follow the released code
where the paper's text cannot be meant: normalization is division by the length, not by its square, and the decoder
starts from the mean, not from the last hidden state.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.latent.tokens import MERGED, START, Tokens


class TokenLSTM(nn.Module):
    """An LSTM with one layer over embedded tokens, `merged` neighbouring ones per step.

    The embedding and the input weights are multiplied before they meet the data: with a dozen tokens that is one small
    product per call instead of one row per token, and the LSTM reads one-hot tokens.
    """

    def __init__(self, vocabulary: int, embedding: int, hidden: int, merged: int) -> None:
        super().__init__()
        self.hidden, self.merged = hidden, merged
        bound = hidden**-0.5
        self.embedding = nn.Parameter(torch.randn(vocabulary, embedding))
        self.of_inputs = nn.Parameter(torch.empty(4 * hidden, merged, embedding).uniform_(-bound, bound))
        self.of_hidden = nn.Parameter(torch.empty(4 * hidden, hidden).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(4 * hidden).uniform_(-bound, bound))

    def forward(self, tokens: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Tokens (B, merged·T) and the state (B, d) before them → hidden states (T, B, d) and the state after them."""
        of_token = (self.of_inputs @ self.embedding.t()).flatten(1)
        vocabulary = len(self.embedding)
        spelled = torch.eye(vocabulary, device=of_token.device, dtype=of_token.dtype)[tokens.t()]
        spelled = spelled.view(-1, self.merged, len(tokens), vocabulary).transpose(1, 2).flatten(2)
        folded = (of_token, self.of_hidden, self.bias, torch.zeros_like(self.bias))
        before = (state[0].unsqueeze(0), state[1].unsqueeze(0))
        hiddens, hidden, cell = torch.lstm(spelled, before, folded, True, 1, 0.0, self.training, False, False)
        return hiddens, (hidden[0], cell[0])


class Attention(nn.Module):
    """Multiplicative attention over the embedding, then the next token's logits.

    A score is a state times a key, and the output tanh(context + state), each projected. All projections of the
    embedding are one product over its steps, whatever the number of states.
    """

    def __init__(self, vocabulary: int, hidden: int) -> None:
        super().__init__()
        self.of_memory = nn.Linear(hidden, 2 * hidden, bias=False)
        self.of_state = nn.Linear(hidden, hidden, bias=False)
        self.spell = nn.Linear(hidden, vocabulary)

    def forward(self, states: Tensor, embedding: Tensor) -> Tensor:
        """Decoder states (R, B, d) and H (S, B, d) → logits (B, R, vocabulary)."""
        keys, values = self.of_memory(embedding).transpose(0, 1).chunk(2, dim=2)
        attention = (states.transpose(0, 1) @ keys.transpose(1, 2)).softmax(2)
        mixed = torch.tanh(attention @ values + self.of_state(states).transpose(0, 1))
        logits: Tensor = self.spell(mixed)
        return logits


class Autoencoder(nn.Module):
    """Encoder, predictor and decoder together; its parameters are drawn from PyTorch's global generator.

    `hidden` is the width d of both LSTMs and twice that of a token; the predictor has `layers` ReLU layers of
    `width` before its output.
    """

    def __init__(self, tokens: Tokens, *, hidden: int, layers: int, width: int, dropout: float) -> None:
        super().__init__()
        self.tokens = tokens
        self.encoder = TokenLSTM(tokens.vocabulary, hidden // MERGED, hidden, MERGED)
        self.decoder = TokenLSTM(tokens.vocabulary, hidden // MERGED, hidden, 1)
        self.attention = Attention(tokens.vocabulary, hidden)
        widths = [hidden, *[width] * layers]
        self.predictor = nn.Sequential(
            *(
                part
                for size, following in pairwise(widths)
                for part in (nn.Linear(size, following), nn.ReLU(), nn.Dropout(dropout))
            ),
            nn.Linear(widths[-1], 1),
        )

    def encode(self, tokens: Tensor) -> Tensor:
        """Tokens (B, length) → H, unit vectors (S, B, d)."""
        nothing = self.encoder.embedding.new_zeros(len(tokens), self.encoder.hidden)
        return F.normalize(self.encoder(tokens, (nothing, nothing))[0], dim=2)

    def predict(self, embedding: Tensor) -> Tensor:
        """H (S, B, d) → predicted performance (B,), between 0 and 1."""
        found: Tensor = self.predictor(_mean(embedding)).squeeze(1).sigmoid()
        return found

    def losses(self, tokens: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Mean squared error of the prediction, and mean negative log-likelihood of the asked tokens, in nats.

        `targets` (B,) lie between 0 and 1. Likelihoods are over the whole vocabulary, legal or not.
        """
        embedding = self.encode(tokens)
        mean = _mean(embedding)
        told = F.pad(tokens[:, :-1], (1, 0), value=START)
        states, _ = self.decoder(told, (mean, mean))
        logits = self.attention(states[self.tokens.asked], embedding)
        spelling = F.cross_entropy(logits.flatten(0, 1), tokens[:, self.tokens.asked].flatten())
        return F.mse_loss(self.predictor(mean).squeeze(1).sigmoid(), targets), spelling

    def ascent(self, embedding: Tensor) -> Tensor:
        """The gradient of each cell's prediction in its own H, (S, B, d) → (S, B, d)."""
        with torch.enable_grad():
            start = embedding.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.predict(start).sum(), [start])
        return gradient

    @torch.no_grad()
    def decode(self, embedding: Tensor) -> Tensor:
        """H (S, B, d) → the likeliest legal tokens (B, length), one after the other."""
        hidden = cell = _mean(embedding)
        allowed = self.tokens.legal.to(embedding.device)
        tokens = [torch.full((embedding.shape[1],), START, device=embedding.device)]
        for position in range(self.tokens.length):
            states, (hidden, cell) = self.decoder(tokens[-1].unsqueeze(1), (hidden, cell))
            logits = self.attention(states, embedding)[:, 0]
            tokens.append(logits.masked_fill(~allowed[position], -torch.inf).argmax(1))
        return torch.stack(tokens[1:], dim=1)


def moved(embedding: Tensor, direction: Tensor, step: float) -> Tensor:
    """H + step · direction (Eq. 2), every vector brought back to unit length as in the released code."""
    return F.normalize(embedding + step * direction, dim=2)


def _mean(embedding: Tensor) -> Tensor:
    """The normalized mean over the steps of H, (S, B, d) → (B, d)."""
    return F.normalize(embedding.mean(0), dim=1)
