"""NAO's encoder, predictor and decoder written step by step: the reference for the speed of the package's training.

The same loss of the same modules: every token is embedded, every time step is a call of `nn.LSTMCell`, attention is
asked for state by state.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.latent.nb201_tokens import NB201
from nasrepro.latent.tokens import START


class PlainAutoencoder(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.encoder_tokens = nn.Embedding(NB201.vocabulary, hidden // 2)
        self.decoder_tokens = nn.Embedding(NB201.vocabulary, hidden // 2)
        self.encoder = nn.LSTMCell(hidden, hidden)
        self.decoder = nn.LSTMCell(hidden // 2, hidden)
        self.query = nn.Linear(hidden, hidden, bias=False)
        self.combine = nn.Linear(2 * hidden, hidden, bias=False)
        self.spell = nn.Linear(hidden, NB201.vocabulary)
        self.predictor = nn.Linear(hidden, 1)

    def losses(self, tokens: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Squared error and negative log-likelihood, as `nasrepro.latent.autoencoder.Autoencoder.losses`."""
        state = (torch.zeros(len(tokens), self.encoder.hidden_size),) * 2
        steps = []
        for pair in self.encoder_tokens(tokens).view(len(tokens), NB201.length // 2, -1).unbind(1):
            state = self.encoder(pair, state)
            steps.append(F.normalize(state[0], dim=1))
        memory = torch.stack(steps, dim=1)
        mean = F.normalize(memory.mean(1), dim=1)

        state, spelling = (mean, mean), torch.zeros(())
        told = torch.full((len(tokens),), START)
        for position in range(NB201.length):
            state = self.decoder(self.decoder_tokens(told), state)
            told = tokens[:, position]
            if position % 2:
                scores = (memory @ self.query(state[0]).unsqueeze(2)).softmax(1)
                context = (scores * memory).sum(1)
                logits = self.spell(torch.tanh(self.combine(torch.cat([context, state[0]], dim=1))))
                spelling = spelling + F.cross_entropy(logits, told)
        error = F.mse_loss(self.predictor(mean).squeeze(1).sigmoid(), targets)
        return error, spelling / (NB201.length // 2)


def plain_epoch(model: PlainAutoencoder, adam: torch.optim.Optimizer, tokens: Tensor, targets: Tensor) -> None:
    """One pass over all cells in batches of 100, with the paper's trade-off and the released clipping."""
    for rows in torch.randperm(len(targets)).split(100):
        adam.zero_grad()
        error, spelling = model.losses(tokens[rows], targets[rows])
        (0.9 * error + 0.1 * spelling).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        adam.step()
