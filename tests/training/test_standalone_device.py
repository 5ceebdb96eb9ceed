"""Trainings from scratch on a second device: `meta`, which computes nothing and mixes with no other."""

import pytest
import torch
from PIL import Image
from replica_process import CELL, RECIPE, SKELETON, images

from nasrepro.datasets.folder_images import read_folder
from nasrepro.datasets.text import TextData
from nasrepro.spaces.darts_rnn_genotype import from_index
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.splits import Split
from nasrepro.training.darts_standalone import darts_training, fitting
from nasrepro.training.language import LanguageSettings
from nasrepro.training.language_standalone import language_training
from nasrepro.training.retraining import Replication
from nasrepro.training.team import Team

META = torch.device("meta")


def training(replicas=1, **changes):
    replication, recipe = Replication(replicas), RECIPE.model_copy(update=changes)
    data = fitting(images(), SKELETON, recipe, Split.TEST, replication)
    return darts_training(CELL, data, SKELETON, recipe, 0, replication=replication, team=Team(META))


@pytest.mark.parametrize("changes", [{}, {"precision": "bf16"}, {"replicas": 2}, {"channels_last": False}], ids=str)
def test_a_step_stays_on_the_device(changes):
    made = training(**changes)
    made.network.train()
    made._begin_epoch(2)
    assert made.network.drop_path > 0
    x, y = made.batches.next()
    assert {x.device, y.device} == {META}
    assert made._descend(x, y).device == META
    assert {weight.grad.device for weight in made.network.parameters()} == {META}
    assert {buffer.device for buffer in made.network.buffers()} == {META}
    state = made.optimizer.state_dict()["state"]
    assert {entry["momentum_buffer"].device for entry in state.values()} == {META}


def test_the_network_is_scored_on_the_device():
    made = training()
    made.network.eval()
    for x, y in made.judges[Split.TEST].batches:
        assert {x.device, y.device, made._logits(x).device} == {META}


def test_photographs_are_decoded_here_and_go_there(tmp_path):
    for split in ("train", "val"):
        for name in ("a", "b"):
            (tmp_path / split / name).mkdir(parents=True)
            Image.new("RGB", (40, 50)).save(tmp_path / split / name / "one.png")
    data = read_folder("tiny", tmp_path, {}, False).resized(32)
    skeleton = DartsSkeleton(2, 3, 32, 2, auxiliary=False)
    made = darts_training(CELL, data, skeleton, RECIPE, 0, team=Team(META))
    made.network.train()
    assert made._descend(*made.batches.next()).device == META
    for x, y in made.judges[Split.TEST].batches:
        assert {x.device, y.device} == {META}


def test_a_language_model_learns_on_the_device():
    tokens = torch.arange(200) % 12
    text = TextData("circle", tuple(map(str, range(12))), tokens, tokens, tokens, {}, True)
    recipe = LanguageSettings(epochs=1, batch_size=4, bptt=8, valid_batch=2, test_batch=2)
    made = language_training(from_index(2, 5), text, RnnSkeleton(6, 12, 2), recipe, 0, team=Team(META))
    made.network.train()
    for _ in range(2):  # the second segment begins with the state that the first one left
        segment, targets = made.batches.next()
        assert {segment.tokens.device, targets.device} == {META}
        assert made._descend(segment, targets).device == META


def test_devices_are_not_mixed_unnoticed():
    made = training()
    x, y = made.batches.next()
    with pytest.raises(RuntimeError, match="device"):
        made._descend(torch.zeros(x.shape), y)
