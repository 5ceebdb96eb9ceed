"""Does memory pay on a text? Perplexities of unigrams, of bigrams, and of small recurrent networks.

    python benchmarks/text_entropy.py [--text grammar] [--train 100000] [--vocabulary 1000] [--epochs 10]

A smaller dictionary is counted on the whole training text, as searches and trainings do. Bigrams are interpolated
(Kneser-Ney, one discount of 0.75) and counted on the same training tokens that the networks see. The networks are
PyTorch's plain ones with tied weights, trained with Adam; minutes on one core.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from nasrepro.datasets.loading import TEXTS, load_text
from nasrepro.datasets.text import TextData
from nasrepro.datasets.text_streams import Segment, TextStream
from nasrepro.training.text_evaluate import TextEvaluator

DISCOUNT = 0.75
RATE, DROPOUT, CLIP = 5e-3, 0.1, 0.25


def unigram(train: np.ndarray, tokens: np.ndarray, words: int) -> float:
    """Perplexity of the words' frequencies, half an occurrence added to each."""
    counts = np.bincount(train, minlength=words) + 0.5
    return math.exp(-float(np.log(counts[tokens[1:]] / counts.sum()).mean()))


def bigram(train: np.ndarray, tokens: np.ndarray, words: int) -> float:
    """Perplexity of the word before, interpolated with the number of different words that a word is known to follow."""
    pairs, counts = np.unique(train[:-1] * words + train[1:], return_counts=True)
    follows = np.bincount(pairs % words, minlength=words) + 0.001
    continued = np.bincount(pairs // words, minlength=words)
    seen = np.bincount(train[:-1], minlength=words)
    before, after = tokens[:-1], tokens[1:]
    codes = before * words + after
    place = np.minimum(np.searchsorted(pairs, codes), len(pairs) - 1)
    found = np.where(pairs[place] == codes, counts[place] - DISCOUNT, 0.0)
    total = np.maximum(seen[before], 1)
    left = np.where(seen[before] > 0, DISCOUNT * continued[before] / total, 1.0)
    return math.exp(-float(np.log(found / total + left * (follows / follows.sum())[after]).mean()))


class Plain(nn.Module):
    """Embedding, one recurrent layer, tied decoder. The state of an LSTM is carried as (B, 2H)."""

    def __init__(self, kind: str, words: int, hidden: int) -> None:
        super().__init__()
        self.lstm = kind == "LSTM"
        self.embedding = nn.Embedding(words, hidden)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        self.layer = nn.LSTM(hidden, hidden) if self.lstm else nn.RNN(hidden, hidden)
        self.bias = nn.Parameter(torch.zeros(words))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Segment) -> Tensor:
        state = None
        if x.state is not None:
            halves = [part.contiguous()[None] for part in x.state.chunk(2 if self.lstm else 1, dim=1)]
            state = (halves[0], halves[1]) if self.lstm else halves[0]
        outputs, after = self.layer(self.dropout(self.embedding(x.tokens)), state)
        x.after = (torch.cat(after, dim=2) if self.lstm else after)[0].detach()
        return F.linear(self.dropout(outputs), self.embedding.weight, self.bias).flatten(0, 1)


def trained(kind: str, data: TextData, hidden: int, epochs: int) -> Plain:
    torch.manual_seed(0)
    network = Plain(kind, len(data.vocabulary), hidden)
    stream = TextStream(data.train, 32, bptt=35, lengths="random", seed=0)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * epoch / epochs)) / 2
        for _ in range(stream.steps_in(epoch)):
            segment, targets = stream.next()
            loss = F.cross_entropy(network(segment), targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), CLIP)
            optimizer.step()
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", choices=TEXTS, default="grammar")
    parser.add_argument("--train", type=int, help="training tokens; all by default")
    parser.add_argument("--vocabulary", type=int, help="entries of the dictionary; all by default")
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=10, help="0 trains no networks")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = load_text(options.text)
    data = data.with_vocabulary(options.vocabulary or len(data.vocabulary)).limited(train=options.train)
    words = len(data.vocabulary)
    title = f"{data.name}: {len(data.train):,} training tokens, {words:,} words; perplexity"
    table = Table("model", "valid", "test", title=title)
    train, valid, test = (part.numpy() for part in (data.train, data.valid, data.test))
    for name, model in (("unigram", unigram), ("bigram", bigram)):
        table.add_row(name, *(f"{model(train, part, words):.1f}" for part in (valid, test)))
    for kind in ("RNN", "LSTM") if options.epochs else ():
        network = trained(kind, data, options.hidden, options.epochs)
        scores = [TextEvaluator(part, 10, 35).score(network, network).value for part in (data.valid, data.test)]
        label = f"{kind}, {options.hidden} channels, {options.epochs} epochs"
        table.add_row(label, *(f"{score:.1f}" for score in scores))
    Console().print(table)


if __name__ == "__main__":
    main()
