"""The tables this project measures itself."""

from __future__ import annotations

from nasrepro.errors import unknown
from nasrepro.tabulation.build import Tabulation
from nasrepro.tabulation.language import TextRecipe
from nasrepro.tabulation.recipe import Recipe
from nasrepro.training.language import LanguageSettings
from nasrepro.training.language_sizes import HIDDEN, TRAINING, VOCABULARY

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


def _language(text: str) -> TextRecipe:
    """Every epoch is reported: how ranks change while cells are trained is one of the questions."""
    training = LanguageSettings(**TRAINING)
    return TextRecipe(
        hidden=HIDDEN,
        vocabulary=VOCABULARY[text],
        training=training,
        report_epochs=tuple(range(1, training.epochs + 1)),
        trials=5,
    )


TABULATIONS = {
    "nb201-digits": Tabulation("nb201-digits", "digits", _DIGITS),
    "rnn2-grammar": Tabulation("rnn2-grammar", "grammar", _language("grammar")),
    "rnn2-ptb": Tabulation("rnn2-ptb", "ptb", _language("ptb")),
}


def get(name: str) -> Tabulation:
    """The tabulation of a benchmark; raises `UserError` for one whose table comes from elsewhere."""
    if name not in TABULATIONS:
        raise unknown("table that can be measured", name, TABULATIONS)
    return TABULATIONS[name]
