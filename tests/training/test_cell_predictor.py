"""The loop that trains the autoencoder: it learns, reconstructs, repeats to the last bit, and goes on where it was."""

import numpy as np
import pytest
import torch

from nasrepro.latent.judging import hamming, pairwise_accuracy
from nasrepro.latent.nb201_tokens import NB201
from nasrepro.spaces.nb201 import op_table
from nasrepro.training.predictor import CellPredictor
from nasrepro.training.predictor_settings import PredictorSettings

OPS = op_table()[:300]
WORTH = 10.0 * (OPS == 3).sum(1) + (OPS == 1).sum(1)  # accuracy by counting, as 3×3 convolutions help most
SETTINGS = PredictorSettings(hidden=32, predictor_epochs=60, predictor_batch=50, predictor_lr=5e-3)


def fitted(settings=SETTINGS, cells=200, seed=1):
    predictor = CellPredictor(settings, 0)
    return predictor, predictor.fit(OPS[:cells], WORTH[:cells], seed)


@pytest.fixture(scope="module")
def trained():
    return fitted()


def test_the_loss_goes_down(trained):
    losses = trained[1]
    assert len(losses) == 60
    assert losses[-1] < losses[0] / 5


def test_cells_it_has_not_seen_are_ordered_and_spelt(trained):
    predictor, unseen = trained[0], OPS[200:]
    assert pairwise_accuracy(WORTH[200:], predictor.predict(unseen)) > 0.8
    assert hamming(predictor.reconstruct(unseen), unseen) < 0.5


def test_predictions_are_in_the_unit_of_the_scores(trained):
    predicted = trained[0].predict(OPS[:200])
    assert WORTH[:200].min() < predicted.min() < predicted.max() < WORTH[:200].max()
    assert np.abs(predicted - WORTH[:200]).mean() < WORTH[:200].std() / 2


def test_what_a_step_decodes_is_predicted_to_be_better(trained):
    predictor = trained[0]
    found = predictor.ascent(OPS[:200]).cells(10.0)
    assert (found != OPS[:200]).any()
    assert predictor.predict(found).mean() > predictor.predict(OPS[:200]).mean()


def test_the_same_seeds_give_the_same_weights_whatever_was_drawn_before():
    short = SETTINGS.model_copy(update={"predictor_epochs": 3, "layers": 1})
    first, losses = fitted(short)
    torch.rand(7)
    before = torch.get_rng_state()
    second, again = fitted(short)
    assert torch.equal(torch.get_rng_state(), before)
    assert losses == again
    other, different = fitted(short, seed=2)
    assert different != losses
    for name, value in first.state_dict()["model"].items():
        assert torch.equal(value, second.state_dict()["model"][name])
    assert not np.array_equal(other.predict(OPS), first.predict(OPS))


def test_weights_are_kept_from_fit_to_fit():
    short = SETTINGS.model_copy(update={"predictor_epochs": 5})
    predictor, first = fitted(short)
    second = predictor.fit(OPS, WORTH, 3)
    assert second[0] < (first[0] + first[-1]) / 2


def test_a_loaded_state_trains_on_to_the_same_end():
    short = SETTINGS.model_copy(update={"predictor_epochs": 3, "layers": 1})
    predictor, _ = fitted(short)
    state = predictor.state_dict()
    onward = predictor.fit(OPS, WORTH, 5)
    loaded = CellPredictor(short, 99)
    loaded.load_state_dict(state)
    assert np.array_equal(loaded.predict(OPS), fitted(short)[0].predict(OPS))
    assert loaded.fit(OPS, WORTH, 5) == onward
    assert np.array_equal(loaded.predict(OPS), predictor.predict(OPS))


def test_mirror_images_are_shown():
    """With symmetry a cell that is only ever shown to have one twin is predicted to be as good as the other."""
    apart = np.flatnonzero((NB201.twins(OPS) != OPS).any(1))
    seen = OPS[apart]
    worth = (seen[:, 0] > seen[:, 1]).astype(float)  # depends on the order of the nodes, so twins contradict
    gaps = []
    for symmetry in (True, False):
        predictor = CellPredictor(SETTINGS.model_copy(update={"symmetry": symmetry}), 0)
        predictor.fit(seen, worth, 1)
        gaps.append(np.abs(predictor.predict(seen) - predictor.predict(NB201.twins(seen))).mean())
    assert gaps[0] < gaps[1] / 2


def test_equal_scores_cannot_be_learned():
    with pytest.raises(ValueError, match="equally good"):
        CellPredictor(SETTINGS, 0).fit(OPS, np.ones(len(OPS)), 0)


def test_every_epoch_is_reported():
    seen = []
    CellPredictor(SETTINGS, 0).fit(OPS[:20], WORTH[:20], 0, lambda: seen.append(1))
    assert len(seen) == 60
