"""How recurrent cells are trained from scratch as language models: the published recipes."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from nasrepro.training.settings import Settings


class LanguageSettings(Settings):
    """The final training of Liu et al. (2019) on the Penn Treebank: SGD, then averaged SGD.

    A segment of the text trains with `lr` in proportion to its length. The weights that are kept are those of the epoch
    with the lowest validation loss; they alone are scored on the test text, once.
    """

    task: ClassVar[str] = "text"
    published: ClassVar[str] = "Liu et al. (ICLR 2019), architecture evaluation on PTB"
    ours: ClassVar[tuple[str, ...]] = ("asgd", "average_from", "train_tokens", "valid_tokens", "test_tokens")

    epochs: int = Field(8000, ge=1, description="passes over the training text, at most")
    batch_size: int = Field(64, ge=1, description="places of the training text that are read side by side")
    bptt: int = Field(35, ge=5, description="words that gradients flow back over, before their number is drawn")
    lr: float = Field(20.0, gt=0, description="learning rate of a segment of `bptt` words, before and after the switch")
    clip: float | None = Field(0.25, gt=0, description="gradient norm of the weights; null switches clipping off")
    weight_decay: float = Field(8e-7, ge=0, description="of all weights")
    dropout_words: float = Field(0.1, ge=0, lt=1, description="chance that a word's embedding is zero in a segment")
    dropout_embedding: float = Field(0.2, ge=0, lt=1, description="of embedded words, one mask per segment")
    dropout_input: float = Field(0.75, ge=0, lt=1, description="of the cell's input, one mask per segment")
    dropout_hidden: float = Field(0.25, ge=0, lt=1, description="of states inside the cell, one mask per segment")
    dropout_output: float = Field(0.75, ge=0, lt=1, description="of the cell's output, one mask per segment")
    tar: float = Field(1e-3, ge=0, description="weight of the mean squared change of the state from word to word")
    ar: float = Field(0.0, ge=0, description="weight of the mean square of the dropped outputs")
    asgd: bool = Field(True, description="whether weights are averaged once the validation loss stops falling")
    nonmono: int = Field(
        5, ge=1, description="latest validation losses that are no yardstick of the switch to averaging"
    )
    average_from: int | None = Field(
        None, ge=1, description="epoch after which averaging begins whatever the losses; null leaves it to them"
    )
    valid_batch: int = Field(10, ge=1, description="places of the validation text that are read side by side")
    test_batch: int = Field(1, ge=1, description="places of the test text that are read side by side")
    train_tokens: int | None = Field(None, ge=2, description="words from the start of the training text; null is all")
    valid_tokens: int | None = Field(None, ge=2, description="words from the start of the validation text; null is all")
    test_tokens: int | None = Field(None, ge=2, description="words from the start of the test text; null is all")

    def learning_rate(self, epoch: int) -> float:
        """Of a segment of `bptt` words in epoch `epoch`, counted from 0: always the same."""
        return self.lr

    def scores_after(self, epoch: int) -> bool:
        """Every epoch is scored: weights are kept, and averaging begins, by the validation loss."""
        return True


class LanguageRetrainSettings(LanguageSettings):
    """The same, as long as the cells of Sciuto et al. were trained."""

    published: ClassVar[str] = "Sciuto et al. (2019), training of every found cell on PTB"

    epochs: int = Field(1000, ge=1, description="passes over the training text")


class WikiText2RetrainSettings(LanguageSettings):
    """The final training of Liu et al. (2019) on WikiText-2."""

    published: ClassVar[str] = "Liu et al. (ICLR 2019), transfer to WikiText-2"

    weight_decay: float = Field(5e-7, ge=0, description="of all weights")
    dropout_hidden: float = Field(0.15, ge=0, lt=1, description="of states inside the cell, one mask per segment")
