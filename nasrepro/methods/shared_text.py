"""A recurrent supernet with the text that trains it and the text that judges its cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor, nn

from nasrepro.datasets.text import TextData
from nasrepro.datasets.text_streams import TextStream, check_columns
from nasrepro.seeds import derive, torch_rng
from nasrepro.spaces.base import Genotype, Space
from nasrepro.supernets.catalog import supernet
from nasrepro.supernets.darts_rnn_frame import Dropouts
from nasrepro.supernets.norm import BatchNormMode
from nasrepro.training.evaluate import CellScore
from nasrepro.training.language_search import LanguageSupernetSettings
from nasrepro.training.supernet import Diverged
from nasrepro.training.text_evaluate import TextEvaluator


@dataclass(frozen=True)
class SharedText:
    """A supernet and how its cells are scored; with fresh weights until it is trained or a state is loaded."""

    network: nn.Module
    data: TextData
    """With the vocabulary and in the numbers of words that the settings ask for."""
    judge: TextEvaluator
    settings: LanguageSupernetSettings

    @classmethod
    def build(
        cls,
        settings: LanguageSupernetSettings,
        space: Space[Any],
        skeleton: Any,
        text: TextData,
        seed: int,
        device: str = "cpu",
    ) -> SharedText:
        """The same network and segments for the same arguments, on any device; `text` at its full length and
        vocabulary.

        Raises `UserError` as `limited_text` does.
        """
        data = limited_text(settings, text.with_vocabulary(skeleton.vocabulary)).to(device)
        network = supernet(
            space,
            skeleton,
            sharing=settings.sharing,
            normalize=settings.normalize,
            mode=BatchNormMode(settings.bn),
            dropouts=Dropouts(
                words=settings.dropout_words,
                embedding=settings.dropout_embedding,
                input=settings.dropout_input,
                hidden=settings.dropout_hidden,
                output=settings.dropout_output,
            ),
            tar=settings.tar,
            ar=settings.ar,
            rng=torch_rng(seed, "weights"),
            masks=torch_rng(seed, "masks"),
        ).to(device)
        return cls(network, data, TextEvaluator(_judged(settings, data), settings.eval_batch, settings.bptt), settings)

    @property
    def units(self) -> int:
        """Words behind a score."""
        return self.judge.units

    @property
    def batches_per_score(self) -> int:
        """Segments of the scored text."""
        return len(self.judge.segments)

    def streams(self, seed: int) -> tuple[TextStream, TextStream]:
        """The training text for weights, the validation text for samplers, each read on from where it was left."""

        def stream(name: str, tokens: Any) -> TextStream:
            settings = self.settings
            return TextStream(
                tokens,
                settings.batch_size,
                bptt=settings.bptt,
                lengths=settings.lengths,
                seed=derive(seed, name),
            )

        return stream("train", self.data.train), stream("valid", self.data.valid)

    def scores(self, genotypes: Sequence[Genotype]) -> list[CellScore]:
        """Of many cells in one pass; raises `Diverged` when a loss is no number."""
        found = self.judge.score_many(self.network, [genotype.path for genotype in genotypes]) if genotypes else []
        return [_finite(genotype, score) for genotype, score in zip(genotypes, found, strict=True)]

    def score(self, genotype: Genotype) -> CellScore:
        """One-shot score of one cell on the validation text; raises `Diverged` when its loss is no number."""
        return _finite(genotype, self.judge.score(self.network, partial(self.network, choice=genotype.path)))


def limited_text(settings: LanguageSupernetSettings, text: TextData) -> TextData:
    """The text that a search reads. Raises `UserError` where a part of it does not fill the columns it is read in."""
    data = text.limited(settings.train_tokens, settings.valid_tokens)
    for what, tokens, columns in (
        ("training", data.train, settings.batch_size),
        ("validation", data.valid, settings.batch_size),
        ("scored", _judged(settings, data), settings.eval_batch),
    ):
        check_columns(f"the {what} text of {text.name}", tokens, columns)
    return data


def _judged(settings: LanguageSupernetSettings, data: TextData) -> Tensor:
    """The words that score cells."""
    return data.limited(None, settings.score_tokens).valid


def _finite(genotype: Genotype, score: CellScore) -> CellScore:
    if not math.isfinite(score.loss):
        raise Diverged(f"the loss of {genotype.id} under inherited weights became {score.loss}")
    return score
