"""One process of a team that trains a small network with everything that is drawn at random; its losses and end go
into a file. `python replica_process.py STORE NUMBER SIZE OUT [CHECKPOINT [STOP]]`"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.splits import Split
from nasrepro.training.darts_standalone import darts_training, fitting
from nasrepro.training.repeatable import prepare_torch
from nasrepro.training.retraining import Replication, RetrainSettings
from nasrepro.training.team import ALONE, process_group

CELL = DartsSpace().parse("ENNAS")
SKELETON = DartsSkeleton(2, 3, 32, 10, in_channels=1)
RECIPE = RetrainSettings(epochs=3, batch_size=10, lr=0.05, cutout=8, drop_path=0.3, eval_batch=4)
"""Four batches an epoch, the last of seven images: replicas of four and of three."""


class Stopped(Exception):
    pass


def images() -> ImageData:
    rng = torch.Generator().manual_seed(0)
    drawn = torch.randint(256, (37, 1, 32, 32), generator=rng, dtype=torch.uint8)
    part, none = ImageSet(drawn, torch.arange(37) % 10), ImageSet(drawn[:0], torch.arange(0))
    return ImageData("tiny", 10, part, none, part, (120.0,), (60.0,), True, 4, {}, True, noise=0.2)


def training(replicas, team=ALONE, scaling="fixed", recipe=RECIPE):
    replication = Replication(replicas, scaling)
    data = fitting(images(), SKELETON, recipe, Split.TEST, replication)
    return darts_training(CELL, data, SKELETON, recipe, 0, replication=replication, team=team)


def run(made, file=None, stop=None):
    """Losses of every step, as this process sees them, and the end."""
    losses, gradients = [], made._gradients

    class Watched:
        settle = staticmethod(gradients.settle)

        def __call__(self, x, y):
            loss = gradients(x, y)
            losses.append(float(made.team.summed(loss.double())))
            return loss

    def report(done, total):
        if done == stop:
            raise Stopped

    made._gradients = Watched()
    made.run(file, report)
    return {"losses": losses, **made.state_dict()}


def main(store, number, size, out, checkpoint="", stop="0"):
    prepare_torch(1)
    file = Path(checkpoint) if checkpoint else None
    meeting = torch.distributed.FileStore(store, int(size))
    with process_group(meeting, torch.device("cpu"), int(number), int(size)) as team:
        try:
            state = run(training(int(size), team), file, int(stop))
        except Stopped:
            return
        torch.save(state, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
