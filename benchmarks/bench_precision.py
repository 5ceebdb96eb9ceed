"""Does bfloat16 rank cells as float32 does? τ between the two, beside what another seed costs.

    python benchmarks/bench_precision.py [--benchmark nb201-digits] [--epochs 40] [--cells 200]

Trains a RandomNAS supernet of the benchmark's laptop scale three times: float32, bfloat16 with the same seed, and
float32 with another seed. Compared are the one-shot accuracies and losses of the probe cells: the same weights
evaluated in both precisions, training in both precisions, and the two float32 seeds as the measure of what is
small. Bfloat16 is fit for use when it changes the ranking less than a seed does.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from nasrepro import benchmarks
from nasrepro.datasets.images import ImageData
from nasrepro.datasets.streams import BatchStream
from nasrepro.methods import catalog
from nasrepro.methods.resolving import resolve
from nasrepro.methods.uniform import UniformSampler, UniformSettings
from nasrepro.metrics.ranking import kendall_tau
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Genotype, Skeleton
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.evaluate import Evaluator
from nasrepro.training.settings import SupernetSettings
from nasrepro.training.supernet import SupernetTraining

Scores = tuple[np.ndarray, np.ndarray]


def train(
    benchmark: benchmarks.Benchmark, settings: SupernetSettings, skeleton: Skeleton, data: ImageData, seed: int
) -> NB201Network:
    network = NB201Network(skeleton, channels_last=True, precision=settings.precision, rng=torch_rng(seed, "weights"))
    streams = [
        BatchStream(part, data, settings.batch_size, torch_rng(seed, name), augment=True, replacement=name == "valid")
        for name, part in (("train", data.train), ("valid", data.valid))
    ]
    training = SupernetTraining(
        network, UniformSampler(benchmark.space, UniformSettings(), seed), streams[0], streams[1], settings
    )
    with TemporaryDirectory() as folder:
        training.run(Path(folder) / "checkpoint", observe_at=(), observe=lambda _: {}, report=lambda done, total: None)
    return network


def scores(network: NB201Network, precision: str, judge: Evaluator, cells: list[Genotype]) -> Scores:
    trained_in, network.dtype = network.dtype, {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    found = [judge.score(network, lambda x, cell=cell: network(x, cell.ops)) for cell in cells]  # type: ignore[misc]
    network.dtype = trained_in
    return np.array([item.accuracy for item in found]), np.array([-item.loss for item in found])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--benchmark", default="nb201-digits")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--cells", type=int, default=200)
    options = parser.parse_args()
    torch.set_num_threads(1)
    benchmark = benchmarks.get(options.benchmark)
    resolved = resolve(catalog.get("randomnas"), benchmark, "laptop", {"training": {"epochs": options.epochs}})
    skeleton = Skeleton(**resolved["skeleton"])
    settings = SupernetSettings.model_validate(resolved["training"])
    data = benchmark.load_data().limited(settings.train_images, settings.valid_images).resized(skeleton.image_size)
    judge, cells = (
        Evaluator(data.valid.limited(settings.score_images), data, settings.eval_batch),
        benchmark.probes()[: options.cells],
    )

    def trained(precision: str, seed: int) -> NB201Network:
        return train(benchmark, settings.model_copy(update={"precision": precision}), skeleton, data, seed)

    full, half, other = trained("fp32", 0), trained("bf16", 0), trained("fp32", 1)
    reference = scores(full, "fp32", judge, cells)
    rows = {
        "same weights, evaluated in bf16": scores(full, "bf16", judge, cells),
        "trained and evaluated in bf16, same seed": scores(half, "bf16", judge, cells),
        "trained in fp32 with another seed": scores(other, "fp32", judge, cells),
    }
    table = Table(
        "against fp32",
        "τ by accuracy",
        "τ by loss",
        title=f"{options.benchmark}, {options.epochs} epochs, {len(cells)} cells",
    )
    for name, (accuracy, loss) in rows.items():
        table.add_row(name, f"{kendall_tau(accuracy, reference[0]):.3f}", f"{kendall_tau(loss, reference[1]):.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
