"""Stopping anywhere and starting again ends in the same state, to the last bit."""

import pytest
from tiny_training import Stop, assert_identical, comparable, stop_at

from nasrepro.training.evaluate import Evaluator

STEPS = 15


def finish(training, file, few_digits, report=lambda done, total: None):
    """Run to the end; observations depend on the weights of that moment."""
    evaluator = Evaluator(few_digits.valid, few_digits, 60)
    path = (3, 1, 2, 4, 0, 3)

    def observe(progress):
        score = evaluator.score(training.network, lambda x: training.network(x, path))
        return {"step": progress.steps, "accuracy": score.accuracy, "loss": score.loss}

    training.run(file, observe_at=(1, 2, 3), observe=observe, report=report)
    return training.state_dict()


@pytest.fixture(params=["uniform", "gumbel"])
def sampler(request):
    return request.param


@pytest.fixture
def uninterrupted(make_training, few_digits, tmp_path, sampler):
    return comparable(finish(make_training(sampler), tmp_path / "whole.pt", few_digits))


@pytest.mark.parametrize("stops", [(1,), (7,), (STEPS,), (3, 5, 6, 10, 11, 14)], ids=str)
def test_interrupted_training_ends_in_the_same_state(
    make_training, few_digits, tmp_path, sampler, uninterrupted, stops
):
    file = tmp_path / "c.pt"
    for step in stops:
        with pytest.raises(Stop):
            finish(make_training(sampler), file, few_digits, stop_at(step))
    assert_identical(comparable(finish(make_training(sampler), file, few_digits)), uninterrupted)


def test_the_cells_it_would_answer_with_are_kept_where_they_change_and_survive_an_interruption(make_training, tmp_path):
    def train(file, report=lambda *_: None):
        training = make_training()
        present = lambda: "ab"[training.progress.steps > 5]  # noqa: E731
        return training.run(file, observe_at=(), observe=lambda p: {}, report=report, present=present)

    assert train(tmp_path / "whole").visited == [(5, "a"), (10, "b")]
    with pytest.raises(Stop):
        train(tmp_path / "c", stop_at(12))
    assert train(tmp_path / "c").visited == [(5, "a"), (10, "b")]


def test_a_finished_training_is_not_trained_again(make_training, few_digits, tmp_path):
    file = tmp_path / "c.pt"
    first = finish(make_training(), file, few_digits)
    again = finish(make_training(), file, few_digits, report=stop_at(1))
    assert_identical(first, again)
