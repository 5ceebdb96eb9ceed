"""Training steps and scoring as compiled loops."""

from __future__ import annotations

import numpy as np

from nasrepro.kernels.compiler import kernel
from nasrepro.kernels.network import NetworkMaps, backward, cross_entropy, forward
from nasrepro.kernels.parameters import Statistics, Weights


@kernel
def adamw(
    vector: np.ndarray,
    gradient: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    step: int,
    lr: float,
    decay: float,
) -> None:
    """One step of AdamW (Loshchilov & Hutter 2019), β = 0.9, 0.999, ε = 1e-8; `step` counts from 1."""
    scale = np.float32(lr / (1 - 0.9**step))
    root = np.float32(1 / np.sqrt(1 - 0.999**step))
    keep = np.float32(1 - lr * decay)
    for i in range(vector.size):
        g = gradient[i]
        m = np.float32(0.9) * first[i] + np.float32(0.1) * g
        v = np.float32(0.999) * second[i] + np.float32(0.001) * g * g
        first[i], second[i] = m, v
        vector[i] = vector[i] * keep - scale * m / (np.sqrt(v) * root + np.float32(1e-8))


@kernel
def train_epoch(
    batches: np.ndarray,
    labels: np.ndarray,
    path: np.ndarray,
    vector: np.ndarray,
    weights: Weights,
    gradient: np.ndarray,
    gradients: Weights,
    moments: np.ndarray,
    maps: NetworkMaps,
    running: Statistics,
    step: int,
    lr: float,
    decay: float,
) -> float:
    """One AdamW step per batch of `batches` (steps, C_in, H+2, (W+2)·B); returns the mean training loss.

    `weights` and `gradients` are the views of `vector` and `gradient`; `moments` (2, size) is the optimizer's state
    after `step` steps.
    """
    batch = labels.shape[1]
    losses = np.empty(batch, np.float32)
    total = 0.0
    for i in range(len(batches)):
        forward(batches[i], path, weights, maps, running, batch, True)
        cross_entropy(maps.logits, labels[i], losses, True)
        total += losses.mean()
        backward(batches[i], path, weights, gradients, maps, batch)
        adamw(vector, gradient, moments[0], moments[1], step + i + 1, lr, decay)
    return total / len(batches)


@kernel
def score(
    batches: np.ndarray,
    labels: np.ndarray,
    path: np.ndarray,
    weights: Weights,
    maps: NetworkMaps,
    running: Statistics,
) -> tuple[int, float]:
    """Right answers and summed loss under running statistics; images with a negative label are not counted."""
    batch = labels.shape[1]
    losses = np.empty(batch, np.float32)
    correct, total = 0, 0.0
    for i in range(len(batches)):
        forward(batches[i], path, weights, maps, running, batch, False)
        correct += cross_entropy(maps.logits, labels[i], losses, False)
        for j in range(batch):
            if labels[i, j] >= 0:
                total += losses[j]
    return correct, total
