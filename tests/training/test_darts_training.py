"""Training a DARTS cell from scratch on tiny networks."""

from dataclasses import replace

import pytest
import torch
from tiny_training import Stop, assert_identical, comparable, stop_at

from nasrepro.datasets.images import ImageSet
from nasrepro.errors import UserError
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.splits import Split
from nasrepro.supernets.darts_alone import DartsStandalone
from nasrepro.training.darts_standalone import darts_training, fitting
from nasrepro.training.retraining import RetrainSettings
from nasrepro.training.supernet import Diverged

CELL = DartsSpace().parse("ENNAS")
SMALL = DartsSkeleton(4, 3, 8, 10, in_channels=1, auxiliary=False)
RECIPE = RetrainSettings(epochs=3, batch_size=50, lr=0.1, cutout=4, drop_path=0.3, train_images=150, eval_every=2)

HEADED = replace(SMALL, image_size=32, auxiliary=True)
ONE_LEFT = RECIPE.model_copy(update={"train_images": 151})


def make(digits, recipe=RECIPE, *, skeleton=SMALL, seed=0, split=Split.TEST):
    return darts_training(CELL, fitting(digits, skeleton, recipe, split), skeleton, recipe, seed, split=split)


def trained(training, file=None, report=lambda *_: None):
    training.run(file, report)
    return comparable({**training.state_dict(), "progress": training.progress.state_dict()})


def test_a_published_cell_learns_the_digits(digits):
    plain = {"cutout": 0, "drop_path": 0.0, "auxiliary_weight": 0.0}
    training = make(
        digits, RetrainSettings(epochs=4, batch_size=64, lr=0.1, **plain), skeleton=replace(SMALL, channels=8)
    )
    progress = training.run(None, lambda *_: None)
    assert [point.epoch for point in progress.curve] == [1, 2, 3, 4]
    assert set(progress.curve[-1].scores) == {Split.TEST}
    assert progress.curve[-1].scores[Split.TEST].accuracy > 60
    assert progress.loss[-1] < progress.loss[0] - 0.4


@pytest.mark.parametrize("stops", [(1,), (4, 8)], ids=str)
def test_an_interrupted_training_ends_in_the_same_state(digits, tmp_path, stops):
    whole = trained(make(digits))
    for step in stops:
        with pytest.raises(Stop):
            trained(make(digits), tmp_path / "c.pt", stop_at(step))
    assert_identical(trained(make(digits), tmp_path / "c.pt"), whole)


def test_other_seeds_give_other_networks_batches_and_drops(digits):
    one, other = (make(digits, seed=seed).state_dict() for seed in (0, 1))
    assert not torch.equal(one["network"]["head.weight"], other["network"]["head.weight"])
    assert not torch.equal(one["batches"]["generator"], other["batches"]["generator"])
    assert not torch.equal(one["generators"]["drop path"], other["generators"]["drop path"])


def test_learning_rate_and_drop_path_belong_to_their_epochs_and_the_end_is_scored(digits):
    training, seen = make(digits), []
    training.run(
        None,
        lambda done, total: seen.append(
            (done, total, training.optimizer.param_groups[0]["lr"], training.network.drop_path)
        ),
    )
    assert [(done, total) for done, total, *_ in seen] == [(step, 9) for step in range(1, 10)]
    assert [rate for *_, rate, _ in seen[::3]] == pytest.approx([0.1, 0.075, 0.025])
    assert [drop for *_, drop in seen[::3]] == pytest.approx([0, 0.1, 0.2])
    assert [point.epoch for point in training.progress.curve] == [2, 3]


def test_dropped_maps_are_made_up_for(digits):
    network = make(digits).network
    network.drop_path = 0.25
    maps = network._dropped(torch.ones(8000, 2, 1, 1))
    assert (maps == 0).float().mean() == pytest.approx(0.25, abs=0.02)
    assert maps.unique().tolist() == pytest.approx([0, 4 / 3])
    assert torch.equal(maps[:, 0], maps[:, 1])


def test_cutout_is_used(digits):
    bare = replace(digits, noise=0.0, crop_padding=0)
    x, _ = make(bare).batches.next()
    whole, _ = make(bare, RECIPE.model_copy(update={"cutout": 0})).batches.next()
    holes = (x != whole).sum(dim=(1, 2, 3))
    assert holes.max() <= 16
    assert holes.float().mean() > 6
    assert (x[x != whole] == 0).all()


def test_the_auxiliary_loss_is_weighed_in_while_training(digits):
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(256, (24, 1, 32, 32), generator=rng, dtype=torch.uint8)
    part = ImageSet(images, torch.arange(24) % 10)
    data = replace(digits, train=part, valid=part.take([0]), test=part)
    skeleton = DartsSkeleton(2, 3, 32, 10, in_channels=1)
    with_head, without = (
        make(data, RECIPE.model_copy(update={"auxiliary_weight": weight, "epochs": 1}), skeleton=skeleton)
        for weight in (0.4, 0.0)
    )
    assert len(with_head.network.auxiliary.state_dict()) > 4
    x, y = with_head.batches.next()
    logits, auxiliary = with_head.network(x)
    loss = torch.nn.functional.cross_entropy
    assert with_head._loss(x, y).item() == pytest.approx((loss(logits, y) + 0.4 * loss(auxiliary, y)).item(), rel=1e-5)
    assert without._loss(x, y).item() == pytest.approx(loss(logits, y).item(), rel=1e-5)


def test_the_test_split_is_trained_for_on_all_other_images_and_the_valid_split_on_the_training_images(digits):
    everything = RECIPE.model_copy(update={"train_images": None})
    assert len(fitting(digits, SMALL, everything, Split.TEST).train) == len(digits.train) + len(digits.valid)
    for_valid = fitting(digits, SMALL, everything, Split.VALID)
    assert (len(for_valid.train), len(for_valid.valid)) == (len(digits.train), len(digits.valid))
    limited = fitting(digits, SMALL, RECIPE.model_copy(update={"train_images": 1200}), Split.TEST)
    assert len(limited.train) == 1200  # of the joined images: the training part alone has fewer


@pytest.mark.parametrize(
    ("skeleton", "recipe", "split", "words"),
    [
        (replace(SMALL, classes=100), RECIPE, Split.TEST, "100 classes, and those of digits have 10"),
        (replace(SMALL, in_channels=3), RECIPE, Split.TEST, "3 channels"),
        (SMALL, RetrainSettings(), Split.TEST, "cutout of 16 pixels"),
        (SMALL, RECIPE, Split.TRAIN, "'train'"),
        (HEADED, ONE_LEFT, Split.TEST, r"last batch of 151 images.* another 'training.batch_size' than 50"),
        (replace(SMALL, image_size=4), ONE_LEFT, Split.TEST, "last batch of 151 images"),
    ],
)
def test_images_that_do_not_fit_are_refused(digits, skeleton, recipe, split, words):
    with pytest.raises(UserError, match=words):
        fitting(digits, skeleton, recipe, split)


def test_a_single_image_is_refused_only_where_it_cannot_be_normalized(digits):
    assert len(fitting(digits, SMALL, ONE_LEFT, Split.TEST).train) == 151
    network = DartsStandalone(HEADED, CELL, rng=torch.Generator())
    network(torch.zeros(2, 1, 32, 32))
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        network(torch.zeros(1, 1, 32, 32))
    other = DartsSkeleton(4, 3, 224, 10, in_channels=1, family="imagenet")
    DartsStandalone(other, CELL, rng=torch.Generator())(torch.zeros(1, 1, 224, 224))


def test_a_loss_that_is_no_number_ends_the_training(digits):
    recipe = RECIPE.model_copy(update={"lr": 1e38, "clip": None})
    with pytest.raises(Diverged, match=r"training loss became nan in epoch \d of 3"):
        make(digits, recipe).run(None, lambda *_: None)
