"""One rising count of a run whose cells are trained."""

from nasrepro.experiments.stages import Stages


def told(trials):
    seen = []
    return Stages(lambda done, total: seen.append((done, total)), trials=trials), seen


def shares(seen):
    return [done / total for done, total in seen]


def test_where_nothing_is_trained_the_search_is_everything():
    stages, seen = told(0)
    for done in (1, 2, 3):
        stages.searching(done, 3)
    stages.judging()
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_every_training_of_the_answer_fills_its_share_and_no_other_makes_it_fall():
    stages, seen = told(2)
    stages.searching(2, 4)
    stages.searching(4, 4)
    stages.judging()
    for _ in range(3):
        stages.training(1, 2)
        stages.training(2, 2)
    assert {total for _, total in seen} == {800}
    assert shares(seen) == [0.25, 0.5, 0.625, 0.75, 0.875, 1, 1, 1]


def test_a_training_that_a_search_asks_for_is_a_part_of_its_next_step():
    stages, seen = told(2)
    stages.training(1, 2)  # nobody knows of how many steps this is the first
    assert seen == []
    stages.searching(1, 2)
    for done in (1, 2, 1, 2):
        stages.training(done, 2)
    stages.searching(2, 2)
    stages.judging()
    stages.training(1, 2)
    assert shares(seen) == [0.25, 0.3125, 0.375, 0.4375, 0.5, 0.5, 0.625]


def test_a_search_that_tells_no_steps_leaves_the_training_of_its_answer():
    stages, seen = told(1)
    stages.judging()
    stages.training(1, 4)
    stages.training(4, 4)
    assert shares(seen) == [0.625, 1]
