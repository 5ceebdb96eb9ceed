"""Scores on images that are decoded anew give what the same images in memory give."""

import numpy as np
import pytest
import torch
from PIL import Image

from nasrepro.datasets.digits import load_digits_data
from nasrepro.datasets.folder_images import read_folder
from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.splits import Split
from nasrepro.training.evaluate import Evaluator, FolderEvaluator, evaluator


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
