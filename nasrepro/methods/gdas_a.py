"""GDAS without Gumbel noise, the control of E²NAS (Zhang et al. 2020, Table 2): the path is the argmax of alpha."""

from __future__ import annotations

from torch import Tensor

from nasrepro.methods.alpha import GatedSampler


class ArgmaxSampler(GatedSampler):
    """Every step trains the most probable path and learns from the same one; softmax of alpha gives the gradient."""

    def soft(self) -> Tensor:
        return self.alpha.softmax(1)
