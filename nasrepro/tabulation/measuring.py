"""One network from initial weights to scores, by the compiled kernels."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from nasrepro.kernels import parameters
from nasrepro.kernels.network import NetworkMaps
from nasrepro.kernels.training import score, train_epoch
from nasrepro.seeds import numpy_rng
from nasrepro.spaces.nb201 import CONV1, CONV3, NONE, POOL, SKIP, NB201Genotype
from nasrepro.spaces.nb201_equivalence import live_edges
from nasrepro.tabulation.images import TrainingImages, scored_images
from nasrepro.tabulation.recipe import SPLITS, Measurement, Recipe


class Bench:
    """Trains one network after another in the same memory; nothing carries over from one to the next."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        skeleton, length = recipe.skeleton, parameters.size(recipe.skeleton)
        self._vector, self._gradient = np.zeros((2, length), np.float32)
        self._weights = parameters.views(self._vector, skeleton)
        self._gradients = parameters.views(self._gradient, skeleton)
        self._maps = NetworkMaps.empty(skeleton, recipe.batch_size)
        self._train = TrainingImages(recipe)
        self._scored = [scored_images(recipe, split) for split in SPLITS]

    def measure(self, genotype: NB201Genotype, seed: int) -> Measurement:
        """Train the cell with this seed. Initial weights, order and augmentation are drawn for cell and seed alone."""
        recipe, vector = self.recipe, self._vector
        rng = numpy_rng(seed, "stand-alone", genotype.id)
        path = live_path(genotype)
        parameters.initialize(self._weights, rng)
        self._gradient[:] = 0
        running = parameters.statistics(recipe.skeleton)
        moments = np.zeros((2, vector.size), np.float32)
        scores, step, seconds = [], 0, 0.0
        for epoch in range(recipe.epochs):
            began = time.process_time()
            lr = recipe.lr * (1 + np.cos(np.pi * epoch / recipe.epochs)) / 2
            images, labels = self._train.epoch(rng)
            train_epoch(
                images,
                labels,
                path,
                vector,
                self._weights,
                self._gradient,
                self._gradients,
                moments,
                self._maps,
                running,
                step,
                lr,
                recipe.weight_decay,
            )
            step += len(labels)
            seconds += time.process_time() - began
            if epoch + 1 in recipe.report_epochs:
                scores.append([self._score(path, running, part) for part in self._scored])
        return Measurement(np.array(scores, np.float32), seconds)

    def _score(
        self, path: np.ndarray, running: parameters.Statistics, part: tuple[np.ndarray, np.ndarray]
    ) -> tuple[float, float]:
        """Accuracy in percent and mean loss in nats."""
        images, labels = part
        correct, loss = score(images, labels, path, self._weights, self._maps, running)
        counted = np.count_nonzero(labels >= 0)
        return 100 * correct / counted, loss / counted


def compile_kernels(recipe: Recipe, report: Callable[[int, int], None]) -> None:
    """Compile every kernel, or load what was compiled before; a job for a worker process."""
    once = recipe.model_copy(update={"epochs": 1, "report_epochs": (1,)})
    Bench(once).measure(NB201Genotype((CONV3, CONV1, POOL, SKIP, CONV3, CONV3)), 0)
    report(1, 1)


def live_path(genotype: NB201Genotype) -> np.ndarray:
    """Operation codes (6,) with `none` wherever an edge cannot carry input to the output."""
    live = live_edges(genotype.ops)
    return np.array([op if edge in live else NONE for edge, op in enumerate(genotype.ops)])
