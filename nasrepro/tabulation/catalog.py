"""The tables this project measures itself."""

from __future__ import annotations

from nasrepro.errors import unknown
from nasrepro.tabulation.build import Tabulation
from nasrepro.tabulation.language import TextRecipe
from nasrepro.tabulation.recipe import Recipe
from nasrepro.training.language import LanguageSettings

# Chosen on 200 pilot cells and judged on 200 others; data/README.md has the figures.
_DIGITS = Recipe(
    channels=4,
    cells=1,
    stages=2,
    train_images=1077,
    epochs=25,
    report_epochs=(6, 12, 25),
    batch_size=32,
    lr=0.02,
    weight_decay=0.01,
    noise=0.3,
    trials=6,
)


def _language(*, hidden: int, vocabulary: int, trials: int, epochs: int, train_tokens: int, lr: float) -> TextRecipe:
    """Small networks on little text have no use for dropout; held-out text is read in 50 columns."""
    return TextRecipe(
        hidden=hidden,
        vocabulary=vocabulary,
        training=LanguageSettings(
            epochs=epochs,
            batch_size=20,
            lr=lr,
            train_tokens=train_tokens,
            valid_tokens=20_000,
            test_tokens=20_000,
            valid_batch=50,
            test_batch=50,
            dropout_words=0.0,
            dropout_embedding=0.0,
            dropout_input=0.0,
            dropout_hidden=0.0,
            dropout_output=0.0,
        ),
        report_epochs=tuple(range(1, epochs + 1)),
        trials=trials,
    )


_GRAMMAR = _language(hidden=64, vocabulary=1000, trials=5, epochs=12, train_tokens=60_000, lr=20.0)
_PTB = _language(hidden=64, vocabulary=2000, trials=5, epochs=12, train_tokens=100_000, lr=20.0)

TABULATIONS = {
    "nb201-digits": Tabulation("nb201-digits", "digits", _DIGITS),
    "rnn2-grammar": Tabulation("rnn2-grammar", "grammar", _GRAMMAR),
    "rnn2-ptb": Tabulation("rnn2-ptb", "ptb", _PTB),
}


def get(name: str) -> Tabulation:
    """The tabulation of a benchmark; raises `UserError` for one whose table comes from elsewhere."""
    if name not in TABULATIONS:
        raise unknown("table that can be measured", name, TABULATIONS)
    return TABULATIONS[name]
