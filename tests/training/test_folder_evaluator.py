"""Scores on images that are decoded anew give what the same images in memory give."""

import numpy as np
import pytest
import torch
from PIL import Image

from nasrepro.datasets.digits import load_digits_data
from nasrepro.datasets.feeding import training_stream
from nasrepro.datasets.folder_images import read_folder
from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.splits import Split
from nasrepro.training.evaluate import Evaluator, FolderEvaluator, evaluator
from nasrepro.training.standalone_loop import StandaloneTraining


@pytest.fixture
def photographs(tmp_path):
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for name in ("a", "b"):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(3):
                pixels = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / split / name / f"{number}.png")
    return read_folder("tiny", tmp_path, {}, False).resized(32)


def test_a_folder_is_scored_as_its_images_in_memory(photographs):
    centers = torch.stack([photographs.test.scoring_view(index, 32) for index in range(6)])
    part = ImageSet(centers, photographs.test.labels)
    whole = ImageData("tiny", 2, part, part, part, photographs.mean, photographs.std, True, 4, {}, True)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 2))
    judge = evaluator(photographs, Split.TEST, 2)
    assert isinstance(judge, FolderEvaluator)
    assert judge.score(network, network) == evaluator(whole, Split.TEST, 2).score(network, network)
    assert judge.score(network, network) == judge.score(network, network)
    assert network.training


def test_data_in_memory_keep_their_evaluator():
    digits = load_digits_data()
    ours, theirs = evaluator(digits, Split.TEST, 100), Evaluator(digits.test, digits, 100)
    assert isinstance(ours, Evaluator)
    assert torch.equal(ours.batches[1][0], theirs.batches[1][0])


class Recipe:
    def __init__(self, epochs):
        self.epochs = epochs

    def learning_rate(self, epoch):
        return 0.01

    def scores_after(self, epoch):
        return True


def trained(data, file, epochs):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 2))
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    training = StandaloneTraining(
        network,
        torch.optim.SGD(network.parameters(), lr=0.1),
        training_stream(data, 4, torch.Generator().manual_seed(0)),
        {Split.TEST: evaluator(data, Split.TEST, 2)},
        Recipe(epochs),
        loss=lambda x, y: torch.nn.functional.cross_entropy(network(x), y),
        logits=network,
    )
    return training.run(file, lambda done, total: None)


def test_a_training_on_a_folder_resumes_to_the_identical_end(photographs, tmp_path):
    straight = trained(photographs, None, 3)
    trained(photographs, tmp_path / "cut.pt", 2)
    resumed = trained(photographs, tmp_path / "cut.pt", 3)
    assert (resumed.loss, resumed.curve) == (straight.loss, straight.curve)
    assert len(set(straight.loss)) == 3
