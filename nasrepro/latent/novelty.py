"""How novel is a latent point beside those visited before? N = −log p_A, E²NAS (Zhang et al. 2020, Eq. 4 to 6).

The density of an architecture α ∈ R^m, seen from a decoder D whose image is a manifold of dimension n, is that of its
component along the tangent space of D at z times that of its distance from it. Readings that the text leaves open:

* α is the one-hot matrix of the six operations, m = 30, and D(z) the probabilities that the decoder gives them on its
  way to α; earlier choices are held fixed, because a choice has no derivative. Their rows sum to one, so n must stay
  below 6 · 4 = 24 for a tangent space and a rest to exist. The exponent keeps m − n as printed; noise is in all m.
* p over latent points is a normal distribution per coordinate, fitted to the archive, whose points are known as
  precisely as the encoder knows any: its noise widens the fit. Without it consecutive points of a search, which almost
  coincide, would make every coordinate infinitely narrow, first of all those that tell nothing of the architecture.
* p over distances is a log-normal distribution, fitted to the archive's distances likewise.
* The noise ξ of the text is as wide in every direction: none is flatter than that, however sure the decoder.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nasrepro.spaces.nb201 import EDGES, OPS

FREE: int = len(EDGES) * (len(OPS) - 1)
"""Degrees of freedom of the six distributions over operations."""
_FLOOR = 1e-2  # standard deviation of ξ, in probabilities
_LOG_SPREAD = 0.1  # smallest spread of log ‖w⊥‖ over the archive


@dataclass(frozen=True)
class Measured:
    """What is known of a point: `value` = N in nats, differentiable in z, and its parts."""

    value: Tensor
    tangent: float
    """Σ log s, the change of volume from latent points to probabilities."""
    latent: float
    """log p of the latent point; 0 where the archive is too small."""
    distance: float
    """log ‖w⊥‖."""


class Tangent(torch.autograd.Function):
    """A Jacobian J (m, n) and a residual r (m,) → ½ Σ log(s² + floor²) and ‖w⊥‖², the part of r outside span(J).

    Derivatives are written out, as those of singular vectors are unstable where singular values almost agree.
    """

    @staticmethod
    def forward(ctx: Any, jacobian: Tensor, residual: Tensor, floor: float) -> tuple[Tensor, Tensor]:
        left, values, right = torch.linalg.svd(jacobian, full_matrices=False)
        damped = values.square() + floor**2
        along = left.t() @ residual
        outside = residual - left @ (values.square() / damped * along)
        ctx.save_for_backward(left, values, right, damped, along, outside)
        return 0.5 * damped.log().sum(), residual @ outside

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        of_volume, of_outside = grads
        left, values, right, damped, along, outside = ctx.saved_tensors
        inverse = (left * (values / damped)) @ right
        solution = right.t() @ (values / damped * along)
        to_jacobian = of_volume * inverse - 2 * of_outside * torch.outer(outside, solution)
        return to_jacobian, 2 * of_outside * outside, None


class LatentNovelty:
    """N = −log p_A of latent points, and the archive A of those visited last.

    `decode` maps z (n,) to probabilities (m,), with the choices on the way held fixed by its second argument, the
    chosen architecture as one-hot (m,); `noise` (n,) is the encoder's standard deviation.
    """

    def __init__(self, decode: Callable[[Tensor, Tensor], Tensor], noise: Tensor, archive: int = 50) -> None:
        self._decode, self._noise = decode, noise
        self._points: deque[Tensor] = deque(maxlen=archive)
        self._distances: deque[float] = deque(maxlen=archive)

    @property
    def ready(self) -> bool:
        """True once there are two points to fit a density to."""
        return len(self._points) > 1

    def measure(self, z: Tensor, chosen: Tensor) -> Measured:
        """N of a latent point (n,), whose architecture is `chosen`, one-hot (m,). The archive's fit is a constant.

        Until the archive is `ready`, the value has only the parts that need none.
        """
        jacobian, probabilities = torch.func.jacrev(self._twice, has_aux=True)(z, chosen)
        if len(z) >= FREE:
            raise ValueError(f"a latent space of {len(z)} dimensions leaves none of {FREE} free")
        free = len(chosen) - len(z)
        volume, outside = Tangent.apply(jacobian, chosen - probabilities, _FLOOR)  # type: ignore[no-untyped-call]
        distance = 0.5 * (outside + free * _FLOOR**2).log()
        sphere = math.lgamma(free / 2) - math.log(2) - (free - 1) / 2 * math.log(math.pi)
        log_p = -volume + sphere - (free - 1) * distance
        latent = z.new_zeros(())
        if self.ready:
            latent = _fitted_log_density(z, torch.stack(list(self._points)), self._noise)
            distances = z.new_tensor(list(self._distances)).unsqueeze(1)
            # the density of ‖w⊥‖, from that of its logarithm
            beside = _fitted_log_density(distance.unsqueeze(0), distances, z.new_tensor([_LOG_SPREAD])) - distance
            log_p = log_p + latent + beside
        return Measured(-log_p, *(float(part.detach()) for part in (volume, latent, distance)))

    def _twice(self, z: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """D(z) to be differentiated, and as it is."""
        found = self._decode(z, chosen)
        return found, found

    def visit(self, z: Tensor, measured: Measured) -> None:
        """Add a point to the archive; the oldest one makes room."""
        self._points.append(z.detach().clone())
        self._distances.append(measured.distance)

    def state_dict(self) -> dict[str, Any]:
        return {"points": list(self._points), "distances": list(self._distances)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._points = deque(state["points"], maxlen=self._points.maxlen)
        self._distances = deque(state["distances"], maxlen=self._points.maxlen)


def _fitted_log_density(x: Tensor, seen: Tensor, noise: Tensor) -> Tensor:
    """log density at x (k,) of independent normal distributions fitted to `seen` (N, k) and widened by `noise` (k,)."""
    variance = seen.var(0, unbiased=False) + noise.square()
    return -0.5 * ((x - seen.mean(0)).square() / variance + variance.log() + math.log(2 * math.pi)).sum()
