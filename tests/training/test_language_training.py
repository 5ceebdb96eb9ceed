"""Language models from scratch: the switch to averaged weights, what is kept, the way back from NaN, resuming."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from nasrepro.datasets.text import TextData
from nasrepro.datasets.text_streams import Segment
from nasrepro.errors import UserError
from nasrepro.spaces.darts_rnn_genotype import from_index
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.splits import Split
from nasrepro.training import checkpoint
from nasrepro.training.evaluate import TextScore
from nasrepro.training.language import LanguageSettings
from nasrepro.training.language_loop import LanguageTraining, stops_falling
from nasrepro.training.language_standalone import fitting_text, language_training, train_language_model
from nasrepro.training.supernet import Diverged

SKELETON = RnnSkeleton(6, 12, 2)
RECIPE = LanguageSettings(
    epochs=8, batch_size=4, bptt=8, lr=30.0, nonmono=1, valid_batch=2, test_batch=2, train_tokens=200
)


def silent(done, total):
    pass


@pytest.fixture(scope="module")
def text():
    """Words that follow one another in a circle, now and then with a jump."""
    rng = np.random.default_rng(3)
    words = np.cumsum(np.where(rng.random(600) < 0.8, 1, rng.integers(12, size=600))) % 12
    tokens = torch.from_numpy(words.astype(np.int64))
    names = tuple(f"word {number}" for number in range(12))
    return TextData("circle", names, tokens[:400], tokens[400:500], tokens[500:], {}, True)


class Guess(nn.Module):
    """Guesses every word alike, with one learned logit per word."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.3, -0.2, 0.1]))

    def forward(self, x):
        return self.weight.expand(x.tokens.numel(), 3)


class Given:
    """One segment of one word per step, with given shares of the learning rate; epochs of two."""

    rates = (1.0, 0.5)

    def __init__(self, targets=(0, 1)):
        self.targets, self.step = targets, 0

    @property
    def rate(self):
        return self.rates[(self.step - 1) % 2]

    def steps_in(self, epoch):
        return 2

    def next(self):
        self.step += 1
        return Segment(torch.zeros(1, 1, dtype=torch.int64)), torch.tensor([self.targets[(self.step - 1) % 2]])

    def state_dict(self):
        return {"step": self.step}

    def load_state_dict(self, state):
        self.step = state["step"]


class Says:
    """A judge that notes the weights it is shown and gives out the losses it was made with."""

    def __init__(self, *losses):
        self.losses, self.shown = list(losses), []

    def score(self, network, forward):
        self.shown.append(network.weight.detach().clone())
        return TextScore(10.0, self.losses[len(self.shown) - 1])


def small(*losses, **changed):
    settings = LanguageSettings(**{"epochs": len(losses), "lr": 0.5, "nonmono": 1, "weight_decay": 0.1, **changed})
    network, judge = Guess(), Says(*losses)
    return LanguageTraining(network, Given(), judge, settings, network), judge


def gradient(weight, target, clip=0.25):
    """Of the cross-entropy with decay, the former clipped."""
    likely = np.exp(weight) / np.exp(weight).sum()
    likely[target] -= 1
    return likely * min(1.0, clip / (np.linalg.norm(likely) + 1e-6)) + 0.1 * weight


def test_averages_are_those_of_the_rule_taken_step_by_step():
    training, judge = small(3.0, 4.0, 3.9, 3.8, nonmono=1)
    training.run(None, silent)
    weight = np.array([0.3, -0.2, 0.1])
    scored = []
    for _ in range(2):  # a stored loss is above the least of all but the last one in epoch 3, so averaging begins then
        for target, rate in ((0, 1.0), (1, 0.5)):
            weight = weight - 0.5 * rate * gradient(weight, target)
        scored.append(weight)
    for target, rate in ((0, 1.0), (1, 0.5)):
        weight = weight - 0.5 * rate * gradient(weight, target)
    scored.append(weight)
    assert training.progress.averages == 3
    rate, average = 1.0, weight
    for step, (target, own) in enumerate(((0, 1.0), (1, 0.5)), start=1):
        weight = weight - 0.5 * rate * gradient(weight, target)
        rate = own  # a rate counts one step late
        average = weight if step <= 2 else average + (weight - average) / (step - 1)
    scored.append(average)
    assert np.allclose(np.array([shown.numpy() for shown in judge.shown]), scored, atol=1e-6)


def test_averages_are_the_mean_of_all_weights_from_the_second_step_on():
    training, judge = small(3.0, 2.0, 4.0, 3.9, 3.8, 3.7)
    training.run(None, silent)
    assert training.progress.averages == 3
    seen = []
    again, _ = small(3.0, 2.0, 4.0, 3.9, 3.8, 3.7)
    descend = again._descend

    def watched(x, y):
        loss = descend(x, y)
        seen.append(again.network.weight.detach().clone())
        return loss

    again._descend = watched
    again.run(None, silent)
    assert torch.allclose(judge.shown[-1], torch.stack(seen[7:]).mean(0), atol=1e-6)
    assert torch.equal(again.network.weight.detach(), seen[-1]), "averages are put back"


def test_averaging_begins_when_the_loss_is_no_longer_below_what_it_once_was():
    assert not stops_falling([5.0, 4.0, 3.0], 9.0, 3), "three losses are no more than three"
    assert stops_falling([5.0, 4.0, 3.0, 2.0], 5.1, 3)
    assert not stops_falling([5.0, 4.0, 3.0, 2.0], 5.0, 3), "the last three are no yardstick"
    training, _ = small(3.0, 4.0, 5.0, 6.0, asgd=False)
    training.run(None, silent)
    assert not training.averaging


def test_averaging_begins_when_it_is_told_to():
    training, _ = small(6.0, 5.0, 4.0, 3.0, average_from=2)
    training.run(None, silent)
    assert training.progress.averages == 2, "though the losses fall"
    training, _ = small(3.0, 4.0, 5.0, 6.0, average_from=3)
    training.run(None, silent)
    assert training.progress.averages == 3, "though the losses rise before"


def test_the_weights_of_the_best_epoch_are_kept_and_tested_once():
    training, judge = small(3.0, 2.0, 2.5, 2.4)
    training.run(None, silent)
    shown = Says(2.2)
    assert training.test(shown) == TextScore(10.0, 2.2)
    assert training.progress.kept == 2
    assert torch.equal(shown.shown[0], judge.shown[1])


def test_a_loss_that_is_no_number_goes_back_to_the_kept_weights_and_on_with_the_next_epoch():
    training, judge = small(3.0, 2.0, 2.5, 1.0, epochs=5, nonmono=9)
    descend, steps = training._descend, []

    def poisoned(x, y):
        steps.append(training.network.weight.detach().clone())
        if len(steps) == 7:  # in the fourth epoch
            with torch.no_grad():
                training.network.weight.fill_(math.nan)
        return descend(x, y)

    training._descend = poisoned
    training.run(None, silent)
    progress = training.progress
    assert (progress.epoch, progress.rollbacks, progress.kept) == (5, 1, 5)
    assert [point.epoch for point in progress.curve] == [1, 2, 3, 4, 5]
    assert [point.scores[Split.VALID].loss for point in progress.curve] == [3.0, 2.0, 2.5, 2.0, 1.0]
    assert [math.isnan(loss) for loss in progress.loss] == [False, False, False, True, False]
    assert torch.equal(steps[8], judge.shown[1])


def test_without_weights_to_go_back_to_a_training_diverges():
    training, _ = small(3.0)
    with torch.no_grad():
        training.network.weight.fill_(math.nan)
    with pytest.raises(Diverged, match="epoch 1 of 1"):
        training.run(None, silent)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_no_weights_are_kept_whose_validation_loss_is_no_number(loss):
    training, _ = small(loss, 3.0)
    with pytest.raises(Diverged, match=f"validation loss became {loss} in epoch 1"):
        training.run(None, silent)
    training, judge = small(3.0, 2.0, loss, 4.0, nonmono=1)
    training.run(None, silent)
    progress = training.progress
    assert [point.scores[Split.VALID].loss for point in progress.curve] == [3.0, 2.0, 2.0, 4.0]
    assert (progress.kept, progress.rollbacks, progress.stored) == (2, 1, [3.0, 2.0, 4.0])
    assert progress.averages == 4, "the losses that were stored tell when averaging begins"
    assert math.isnan(progress.loss[2])
    training.test(Says(2.0))
    assert torch.equal(training.network.weight, judge.shown[1])


def test_going_back_to_before_averaging_forgets_that_it_began():
    training, _ = small(3.0, 4.0, math.nan, 5.0, average_from=2, epochs=4)
    training.run(None, silent)
    assert training.averaging
    assert training.progress.averages == 4, "it began anew"
    training, _ = small(3.0, 4.0, 5.0, math.nan, average_from=3)
    training.run(None, silent)
    assert not training.averaging
    assert training.progress.averages == 0


def test_a_training_that_is_stopped_after_every_epoch_ends_the_same(text, tmp_path):
    cell, fitted = from_index(16, 2), fitting_text(text, SKELETON, RECIPE)
    whole = train_language_model(cell, fitted, SKELETON, RECIPE, 1)
    assert whole.progress.averages, "the test shall cross the switch"
    for _ in range(RECIPE.epochs):
        training = language_training(cell, fitted, SKELETON, RECIPE, 1)
        saved = checkpoint.load(tmp_path / "c.pt")
        if saved is not None:
            training.load_state_dict(saved)
        training._epoch(silent)
        training._judge()
        checkpoint.save(tmp_path / "c.pt", training.state_dict())
    resumed = train_language_model(cell, fitted, SKELETON, RECIPE, 1, file=tmp_path / "c.pt")
    assert resumed.test == whole.test
    assert resumed.progress.loss == whole.progress.loss
    assert [p.scores[Split.VALID].loss for p in resumed.progress.curve] == [
        p.scores[Split.VALID].loss for p in whole.progress.curve
    ]
    assert {type(p.scores[Split.VALID]) for p in resumed.progress.curve} == {TextScore}, "values are perplexities"


def test_a_cell_learns_to_go_round(text):
    recipe = RECIPE.model_copy(
        update={
            "epochs": 12,
            "lr": 20.0,
            **{f"dropout_{what}": 0.0 for what in ("words", "embedding", "input", "output")},
        }
    )
    found = train_language_model(from_index(2, 2), fitting_text(text, SKELETON, recipe), SKELETON, recipe, 0)
    assert TextScore(found.test.accuracy, found.test.loss).value < 9
    assert found.test.accuracy > 40


@pytest.mark.parametrize(
    ("skeleton", "changed", "words"),
    [
        (RnnSkeleton(6, 13, 2), {}, "vocabulary of 13 words; circle has 12"),
        (SKELETON, {"batch_size": 300}, "200 words of the training text of circle do not fill 300 columns"),
        (SKELETON, {"test_tokens": 3}, "3 words of the test text"),
    ],
)
def test_texts_that_do_not_fit_are_refused(text, skeleton, changed, words):
    with pytest.raises(UserError, match=words):
        fitting_text(text, skeleton, RECIPE.model_copy(update=changed))


def test_rare_words_become_one(text):
    fitted = fitting_text(text, RnnSkeleton(6, 5, 2), RECIPE)
    assert len(fitted.vocabulary) == 5
    assert len(fitted.train) == 200
