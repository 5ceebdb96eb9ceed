"""What language models of recurrent cells have at scale `laptop` and behind the tables of the space of two nodes.

A whole text with all its words keeps one core busy for minutes per epoch, nearly all of them in the product with the
vocabulary. Here the most frequent words of the first part of a text are modelled, and all others are one; docs/rnn.md
has the measurements behind these sizes.
"""

from __future__ import annotations

from typing import Any

HIDDEN = 64
VOCABULARY = {"ptb": 2_000, "wikitext2": 2_000, "grammar": 1_000}
LIGHT_DROPOUTS: dict[str, float] = {
    "dropout_words": 0.0,
    "dropout_embedding": 0.0,
    "dropout_input": 0.1,
    "dropout_hidden": 0.1,
    "dropout_output": 0.2,
}
"""Small networks that read their text a few times have little use for what keeps large ones from learning by heart."""
TOKENS: dict[str, int] = {"train_tokens": 50_000, "valid_tokens": 10_000}
TRAINING: dict[str, Any] = {
    **LIGHT_DROPOUTS,
    **TOKENS,
    "test_tokens": 10_000,
    "batch_size": 32,
    "epochs": 10,
    "average_from": 4,
    "valid_batch": 50,
    "test_batch": 50,
}
"""Of a training from scratch. At its end seeds of a cell scatter by one to two percent, and cells by six to ten."""
