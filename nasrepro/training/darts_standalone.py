"""Training one cell of the DARTS space from scratch, as its papers do it for their final numbers.

The released scripts call the images that they score after every epoch "valid". They are the test images: all training
images are trained on, nothing is chosen by the scores, and the number of an honest table is that of the last epoch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from nasrepro.datasets.feeding import training_stream
from nasrepro.datasets.folder_images import FolderData
from nasrepro.datasets.images import ImageData
from nasrepro.datasets.parts import Part
from nasrepro.errors import UserError
from nasrepro.seeds import torch_rng
from nasrepro.spaces.darts_genotype import DartsGenotype
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.splits import Split
from nasrepro.supernets.darts_alone import DartsStandalone
from nasrepro.training.evaluate import evaluator
from nasrepro.training.replicas import InTurn, Loss, Together
from nasrepro.training.retraining import UNCUT, Replication, RetrainSettings
from nasrepro.training.standalone_loop import AtOnce, Gradients, StandaloneTraining
from nasrepro.training.team import ALONE, Team

Data = ImageData | FolderData


def darts_training(
    genotype: DartsGenotype,
    images: Data,
    skeleton: DartsSkeleton,
    settings: RetrainSettings,
    seed: int,
    *,
    split: Split = Split.TEST,
    replication: Replication = UNCUT,
    team: Team = ALONE,
) -> StandaloneTraining[Tensor]:
    """The training of a genotype on images as `fitting` gives them, ready to run by this process of `team`.

    The replicas are the processes of the team, or all of them are this process's where it is alone.
    """
    settings = replication.of_step(settings)
    images = images if isinstance(images, FolderData) else images.to(team.device)
    network = DartsStandalone(
        skeleton,
        genotype,
        channels_last=settings.channels_last,
        precision=settings.precision,
        rng=torch_rng(seed, "standalone", "weights"),
        drops=torch_rng(seed, "standalone", "drop path"),
    ).to(team.device)
    batches = training_stream(
        images,
        settings.batch_size,
        torch_rng(seed, "standalone", "train"),
        cutout=settings.cutout,
        channels_last=settings.channels_last,
        cut=team.cut,
        device=team.device,
    )

    def begin_epoch(epoch: int) -> None:
        network.drop_path = settings.drop_path_at(epoch)

    loss = _loss(network, settings)
    return StandaloneTraining(
        network,
        torch.optim.SGD(
            network.parameters(),
            lr=settings.lr,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
            foreach=True,  # weights are many and small: one call over all of them instead of one each
        ),
        batches,
        {split: evaluator(images, split, settings.eval_batch, team)},
        settings,
        loss=loss,
        logits=lambda x: network(x)[0],
        clip=settings.clip,
        begin_epoch=begin_epoch,
        generators={"drop path": network.drops},
        warming=replication.warming,
        gradients=_gradients(network, loss, replication.replicas, team, lambda: batches.part),
        team=team,
    )


def _loss(network: DartsStandalone, settings: RetrainSettings) -> Loss:
    """What the weights descend: the mean over images, with the auxiliary head's."""

    def loss(x: Tensor, y: Tensor) -> Tensor:
        logits, auxiliary = network(x)
        found = F.cross_entropy(logits, y, label_smoothing=settings.label_smoothing)
        if auxiliary is not None and settings.auxiliary_weight:
            aside = F.cross_entropy(auxiliary, y, label_smoothing=settings.label_smoothing)
            found = found + settings.auxiliary_weight * aside
        return found

    return loss


def _gradients(
    network: DartsStandalone, loss: Loss, replicas: int, team: Team, part: Callable[[], Part]
) -> Gradients[Tensor]:
    if team.size > 1:
        return Together(network, loss, team, part)
    return InTurn(network, loss, replicas) if replicas > 1 else AtOnce(loss)


def fitting(
    data: Data,
    skeleton: DartsSkeleton,
    settings: RetrainSettings,
    split: Split,
    replication: Replication = UNCUT,
) -> Data:
    """The images of a training: of the network's side, and limited as the settings say. For the test split training
    and validation images are joined; for the validation split the training images are trained on alone.

    Raises `UserError` where the network has other classes or channels, where there are no images to score, and where an
    epoch would end with a replica that has no image, or a single one that leaves a normalization one value per channel.
    """
    for what, ours, theirs in (
        ("classes", skeleton.classes, data.classes),
        ("channels", skeleton.in_channels, data.channels),
    ):
        if ours != theirs:
            raise UserError(f"the network takes images of {ours} {what}, and those of {data.name} have {theirs}")
    if settings.cutout > skeleton.image_size:
        raise UserError(
            f"cutout of {settings.cutout} pixels leaves nothing of images of side {skeleton.image_size}; allowed: 0 to "
            f"{skeleton.image_size}"
        )
    if split is Split.TRAIN or not len(data.split(split)):
        raise UserError(f"{data.name} has no images to score a training on in the split '{split.value}'")
    if split is Split.TEST and len(data.valid):
        data = data.whole()
    data = data.limited(settings.train_images)
    _check_last_batch(len(data.train), skeleton, settings, replication)
    return data.resized(skeleton.image_size)


def _check_last_batch(
    images: int, skeleton: DartsSkeleton, settings: RetrainSettings, replication: Replication
) -> None:
    batch_size = replication.of_step(settings).batch_size
    smallest = (images % batch_size or batch_size) // replication.replicas
    small_head = skeleton.auxiliary and skeleton.family == "cifar"  # the other one normalizes no map of side 1
    if smallest > 1 or (smallest == 1 and not small_head and skeleton.last_side > 1):
        return
    where = f"the last batch of {images:,} images would "
    if smallest == 0:
        problem = f"be too small for {replication.replicas} replicas"
    elif replication.replicas > 1:
        problem = "leave a replica a single image, which cannot be normalized where maps are of side 1"
    else:
        problem = "hold a single one, which cannot be normalized where maps are of side 1"
    raise UserError(f"{where}{problem}; choose another 'training.batch_size' than {settings.batch_size}")
