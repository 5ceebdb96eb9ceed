"""What the training of shared recurrent weights can be told. Defaults are those of RandomNAS on PTB."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from nasrepro.training.settings import ObservedSettings


class LanguageSupernetSettings(ObservedSettings):
    """The shared-weight training of Li & Talwalkar (2019) on PTB: single paths, plain SGD, the dropouts of Liu et al.

    The rate of a step is `lr` times the segment's share of `bptt`.
    """

    published: ClassVar[str] = "Li & Talwalkar (UAI 2019), released PTB search; after Liu et al. (ICLR 2019)"
    ours: ClassVar[tuple[str, ...]] = ("bn", "train_tokens", "valid_tokens", "score_tokens", "eval_batch")

    epochs: int = Field(50, ge=1, description="passes over the training text")
    batch_size: int = Field(256, ge=2, description="streams of text that are read side by side")
    bptt: int = Field(35, ge=2, description="words per stream between two weight steps")
    lengths: Literal["fixed", "halved", "random"] = Field(
        "halved",
        description="of segments: always `bptt`; half of it at times; or, as in final trainings, normal around that",
    )
    lr: float = Field(20.0, gt=0, description="learning rate of SGD")
    momentum: float = Field(0.0, ge=0, lt=1, description="of SGD")
    nesterov: bool = Field(False, description="Nesterov's momentum, where it is not 0")
    weight_decay: float = Field(5e-7, ge=0, description="of weights on the path")
    clip: float | None = Field(0.25, gt=0, description="gradient norm of the weights; null switches clipping off")
    dropout_words: float = Field(0.0, ge=0, lt=1, description="chance that all of a word's embedding is dropped")
    dropout_embedding: float = Field(0.2, ge=0, lt=1, description="of embeddings, one mask for a segment")
    dropout_input: float = Field(0.75, ge=0, lt=1, description="of the cell's input inside its product")
    dropout_hidden: float = Field(0.25, ge=0, lt=1, description="of states inside the products of the cell")
    dropout_output: float = Field(0.75, ge=0, lt=1, description="of outputs before the decoder, one mask for a segment")
    tar: float = Field(1e-3, ge=0, description="weight of the squared change of the output from word to word")
    ar: float = Field(0.0, ge=0, description="weight of the squared output")
    sharing: Literal["node", "edge", "edge_act"] = Field(
        "node", description="one matrix per node, per node and input, or per node, input and activation"
    )
    normalize: bool = Field(False, description="batch normalization, without scale and shift, of the cell's states")
    bn: Literal["batch", "running"] = Field(
        "batch",
        description="its statistics at evaluation: those of the streams that are read, or running averages over all "
        "that was trained, under which single cells may lose all measure",
    )
    train_tokens: int | None = Field(None, ge=2, description="first words of the training text; null is all")
    valid_tokens: int | None = Field(None, ge=2, description="first words of the validation text; null is all")
    score_tokens: int | None = Field(
        None, ge=2, description="first words of the validation text that give one-shot scores; null is all"
    )
    eval_batch: int = Field(10, ge=2, description="streams that scored text is read in")

    def learning_rate(self, epoch: int) -> float:
        """Of the weights, for segments of `bptt` words; constant."""
        return self.lr
