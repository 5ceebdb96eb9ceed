"""How an encoder-predictor-decoder is built and trained. Defaults are the paper's for CIFAR-10."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from nasrepro.training.settings import Settings


class PredictorSettings(Settings):
    """Luo et al. (2018), Section 4.1: state of 96, a linear predictor, λ = 0.9, Adam at 1e-3 for 1000 epochs.

    Batch and clipping are those of the released code. The paper names no weight decay; released scripts have 1e-4. A
    token's embedding is half as wide as the state, because two tokens make one step.
    """

    published: ClassVar[str] = "Luo et al. (NeurIPS 2018), Section 4.1; batch and clipping as released"
    ours: ClassVar[tuple[str, ...]] = ("width", "dropout", "predictor_weight_decay")

    hidden: int = Field(96, ge=2, multiple_of=2, description="width of both LSTMs, twice that of a token's embedding")
    layers: int = Field(0, ge=0, description="ReLU layers of the predictor before its output")
    width: int = Field(200, ge=1, description="units of such a layer")
    dropout: float = Field(0.1, ge=0, lt=1, description="after such a layer")
    trade_off: float = Field(0.9, ge=0, le=1, description="λ: weight of the prediction against the reconstruction")
    predictor_epochs: int = Field(1000, ge=1, description="of Adam over all cells known, in every round")
    predictor_batch: int = Field(100, ge=1, description="cells per step")
    predictor_lr: float = Field(1e-3, gt=0, description="of Adam")
    predictor_weight_decay: float = Field(0.0, ge=0, description="L2, added to the gradient")
    predictor_clip: float = Field(5.0, gt=0, description="norm of the whole gradient")
    symmetry: bool = Field(
        True, description="show a cell as its mirror image, at random, where that is the same network"
    )
