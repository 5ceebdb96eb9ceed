"""scikit-learn's handwritten digits: 1,797 grey 8 x 8 images that need no download."""

from __future__ import annotations

import gzip
import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.datasets.splits import balanced_parts

SPLIT_SEED = 1797
PER_CLASS = 36
"""Images of each class in the valid and in the test part: 360 of ten classes each, 1,077 are left for training."""

PIXELS_SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
"""Of the 1,797 x 64 grey values 0..16, row by row, followed by the labels, one byte each."""

MEAN = (77.72,)
STD = (95.72,)
"""Of the training part, on the 0..255 scale."""


NOISE = 0.3
"""In units of STD. Bare digits are so easy that good cells hardly differ; under noise their ranking repeats better and
is closer to that of the same cells on CIFAR-10 (data/README.md has the figures)."""


def load_digits_data() -> ImageData:
    """The digits with grey values 0..16 stretched to 0..255 and the fixed class-balanced split 1,077 / 360 / 360.

    They are trained on and scored under noise of standard deviation `NOISE`.
    """
    grey, labels = _stored()
    found = hashlib.sha256(grey.tobytes() + labels.astype(np.uint8).tobytes()).hexdigest()
    valid, test, train = balanced_parts(labels, (PER_CLASS, PER_CLASS), SPLIT_SEED)
    stretched = (grey.astype(np.int32) * 255 + 8) // 16  # rounded half up
    whole = ImageSet(torch.from_numpy(stretched.astype(np.uint8)[:, None]), torch.from_numpy(labels))
    return ImageData(
        name="digits",
        classes=10,
        train=whole.take(train),
        valid=whole.take(valid),
        test=whole.take(test),
        mean=MEAN,
        std=STD,
        flip=False,
        crop_padding=1,
        hashes={"digits": found},
        verified=found == PIXELS_SHA256,
        noise=NOISE,
    )


def _stored() -> tuple[np.ndarray, np.ndarray]:
    """Grey values (1797, 8, 8) and labels (1797,), from the file that scikit-learn comes with: loading the library for
    it would take as long as loading torch, in every process that trains."""
    library = find_spec("sklearn")
    folders = library.submodule_search_locations if library is not None else None
    file = Path(folders[0] if folders else "", "datasets", "data", "digits.csv.gz")
    if not file.is_file():  # a version that keeps them elsewhere
        from sklearn.datasets import load_digits

        bunch = load_digits()
        return np.asarray(bunch.images).astype(np.uint8), np.asarray(bunch.target).astype(np.int64)
    values = np.array(gzip.decompress(file.read_bytes()).decode().replace("\n", ",").strip(",").split(","), np.float64)
    rows = values.reshape(-1, 65)
    return rows[:, :64].reshape(-1, 8, 8).astype(np.uint8), rows[:, 64].astype(np.int64)
