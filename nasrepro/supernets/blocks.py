"""The parts of networks around their cells: NAS-Bench-201's whole skeleton, and what other spaces share of it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.supernets.norm import BatchNormMode, Norm


class Conv(nn.Module):
    """A bias-free convolution without activation; padded to keep the side of odd kernels at stride 1, or by `padding`.

    In bfloat16 the master weight stays float32 and is cast on use.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int, rng: torch.Generator, *, padding: int | None = None
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, kernel // 2 if padding is None else padding
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5, generator=rng)  # PyTorch's default, as the benchmark used

    def forward(self, x: Tensor, maps: int = 1) -> Tensor:
        """(B, maps · inputs, H, W) → (B, maps · outputs, …): each of the maps that lie side by side on its own."""
        weight = self.weight.to(x.dtype)
        if maps > 1:
            weight = weight.repeat(maps, 1, 1, 1)
        return F.conv2d(x, weight, stride=self.stride, padding=self.padding, groups=maps)


class Stem(nn.Module):
    """3×3 convolution and normalisation, no activation."""

    def __init__(self, inputs: int, outputs: int, mode: BatchNormMode, rng: torch.Generator) -> None:
        super().__init__()
        self.conv = Conv(inputs, outputs, 3, 1, rng)
        self.norm = Norm(outputs, affine=True, mode=mode)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.conv(x))
        return out


class Reduction(nn.Module):
    """Residual block that halves the side and doubles the channels (pre-activation, nothing after the sum)."""

    def __init__(self, inputs: int, mode: BatchNormMode, rng: torch.Generator) -> None:
        super().__init__()
        outputs = 2 * inputs
        self.conv_a = Conv(inputs, outputs, 3, 2, rng)
        self.norm_a = Norm(outputs, affine=True, mode=mode)
        self.conv_b = Conv(outputs, outputs, 3, 1, rng)
        self.norm_b = Norm(outputs, affine=True, mode=mode)
        self.shortcut = Conv(inputs, outputs, 1, 1, rng)

    def forward(self, x: Tensor) -> Tensor:
        main = self.norm_a(self.conv_a(F.relu(x)))
        main = self.norm_b(self.conv_b(F.relu(main)))
        out: Tensor = self.shortcut(F.avg_pool2d(x, 2, 2)) + main
        return out


class Classifier(nn.Module):
    """A linear layer from features (B, channels) to logits (B, classes)."""

    def __init__(self, channels: int, classes: int, rng: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, channels))
        self.bias = nn.Parameter(torch.empty(classes))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5, generator=rng)
        nn.init.uniform_(self.bias, -(channels**-0.5), channels**-0.5, generator=rng)

    def forward(self, features: Tensor) -> Tensor:
        return F.linear(features, self.weight, self.bias)


class Head(Classifier):
    """Normalisation, ReLU, global average pooling and the linear classifier; logits of at least float32."""

    def __init__(self, channels: int, classes: int, mode: BatchNormMode, rng: torch.Generator) -> None:
        super().__init__(channels, classes, rng)
        self.norm = Norm(channels, affine=True, mode=mode)

    def forward(self, x: Tensor) -> Tensor:
        features = F.relu(self.norm(x)).mean(dim=(2, 3), dtype=torch.promote_types(x.dtype, torch.float32))
        return super().forward(features)
