"""Training one recurrent cell from scratch as a language model, as its papers do it for their final numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nasrepro.datasets.text import TextData
from nasrepro.datasets.text_streams import TextStream, check_columns
from nasrepro.errors import UserError
from nasrepro.seeds import derive, torch_rng
from nasrepro.spaces.darts_rnn_genotype import RnnGenotype
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.supernets.darts_rnn_alone import RnnStandalone
from nasrepro.supernets.darts_rnn_frame import Dropouts
from nasrepro.training.evaluate import CellScore
from nasrepro.training.language import LanguageSettings
from nasrepro.training.language_loop import LanguageProgress, LanguageTraining
from nasrepro.training.team import ALONE, Team
from nasrepro.training.text_evaluate import TextEvaluator


@dataclass(frozen=True)
class TrainedText:
    """One training of a language model."""

    progress: LanguageProgress
    test: CellScore
    """Of the weights that were kept."""


def train_language_model(
    genotype: RnnGenotype,
    text: TextData,
    skeleton: RnnSkeleton,
    settings: LanguageSettings,
    seed: int,
    *,
    file: Path | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> TrainedText:
    """Train a genotype on a text as `fitting_text` gives it; the test text is scored once, at the end.

    Continues from the checkpoint in `file`, where there is one. Raises `Diverged` when the loss stops being a number
    before there are weights to go back to.
    """
    training = language_training(genotype, text, skeleton, settings, seed)
    training.run(file, report)
    return TrainedText(training.progress, tested(training, text, settings))


def tested(training: LanguageTraining, text: TextData, settings: LanguageSettings) -> CellScore:
    """The weights that a training kept, on the test text."""
    return training.test(TextEvaluator(text.test.to(training.team.device), settings.test_batch, settings.bptt))


def language_training(
    genotype: RnnGenotype,
    text: TextData,
    skeleton: RnnSkeleton,
    settings: LanguageSettings,
    seed: int,
    *,
    team: Team = ALONE,
) -> LanguageTraining:
    """The training, ready to run on the device of a team of one; weights, masks and lengths of segments are drawn from
    the seed alone."""
    network = RnnStandalone(
        skeleton,
        genotype,
        dropouts=Dropouts(
            words=settings.dropout_words,
            embedding=settings.dropout_embedding,
            input=settings.dropout_input,
            hidden=settings.dropout_hidden,
            output=settings.dropout_output,
        ),
        tar=settings.tar,
        ar=settings.ar,
        rng=torch_rng(seed, "standalone", "weights"),
        masks=torch_rng(seed, "standalone", "masks"),
    ).to(team.device)
    stream = TextStream(
        text.train.to(team.device),
        settings.batch_size,
        bptt=settings.bptt,
        lengths="random",
        seed=derive(seed, "standalone", "train"),
    )
    judge = TextEvaluator(text.valid.to(team.device), settings.valid_batch, settings.bptt)
    return LanguageTraining(network, stream, judge, settings, network, team)


def fitting_text(data: TextData, skeleton: RnnSkeleton, settings: LanguageSettings) -> TextData:
    """The text of a training: with the network's vocabulary, and limited as the settings say. The most frequent words
    of the whole training text are kept.

    Raises `UserError` where the network has more words than the text, and where a split does not fill its columns.
    """
    if skeleton.vocabulary > len(data.vocabulary):
        raise UserError(
            f"the network has a vocabulary of {skeleton.vocabulary:,} words; {data.name} has {len(data.vocabulary):,}"
        )
    text = data.with_vocabulary(skeleton.vocabulary)
    text = text.limited(settings.train_tokens, settings.valid_tokens, settings.test_tokens)
    for what, tokens, columns in (
        ("training", text.train, settings.batch_size),
        ("validation", text.valid, settings.valid_batch),
        ("test", text.test, settings.test_batch),
    ):
        check_columns(f"the {what} text of {data.name}", tokens, columns)
    return text
