"""Schedules by hand, and what holds for all of them."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasrepro.experiments.capacity.simulation import Task, longest_chain, simulate


def of(*seconds):
    return [Task(float(value)) for value in seconds]


def longest_first(tasks):
    return sorted(tasks, key=lambda task: -task.seconds)


def test_one_worker_does_one_after_the_other():
    plan = simulate(of(3, 1, 2), 1)
    assert (plan.makespan, plan.starts, plan.idle) == (6, (0, 3, 4), 0)


def test_a_free_worker_takes_the_next_task():
    plan = simulate(of(3, 1, 2, 2), 2)
    assert plan.starts == (0, 0, 1, 3)
    assert plan.makespan == 5
    assert plan.idle == pytest.approx(0.2)


def test_the_example_of_graham_is_as_bad_as_list_scheduling_gets():
    """Six tasks of 1 and one of 3 on three workers: 5 in this order, 3 at best, and 5 = (2 − 1/3) · 3."""
    tasks = of(1, 1, 1, 1, 1, 1, 3)
    assert simulate(tasks, 3).makespan == 5
    assert simulate(longest_first(tasks), 3).makespan == 3


def test_a_training_waits_for_its_search():
    tasks = [Task(2), Task(5, after=(0,)), Task(1), Task(1)]
    plan = simulate(tasks, 2)
    assert plan.starts == (0, 2, 0, 1)
    assert plan.makespan == 7
    assert longest_chain(tasks) == (7, 1)


def test_the_longest_chain_ends_with_its_last_task():
    tasks = [Task(3), Task(1), Task(9, after=(1,)), Task(4, after=(0,))]
    assert longest_chain(tasks) == (10, 2)


def test_several_workers_share_a_wide_task_and_smaller_ones_go_before_it():
    plan = simulate([Task(4), Task(2, workers=2), Task(1)], 2)
    assert plan.starts == (0, 4, 0)
    assert (plan.makespan, plan.busy) == (6, 9)


def test_a_wide_task_takes_longer_on_fewer_workers():
    assert simulate([Task(3, workers=8)], 2).makespan == 12
    assert simulate([Task(3, workers=8)], 100).makespan == 3


def test_workers_start_once_and_pause_between_tasks():
    plan = simulate(of(10, 10, 10), 2, start=3, overhead=0.5)
    assert plan.starts == (3, 3, 13.5)
    assert plan.makespan == 23.5


def test_nothing_to_do_takes_no_time():
    assert (simulate([], 3).makespan, simulate([], 3).idle) == (0, 0)


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="needs a worker"):
        simulate(of(1), 0)
    with pytest.raises(ValueError, match="wait for each other"):
        simulate([Task(1, after=(1,)), Task(1, after=(0,))], 2)


def best(seconds, workers):
    """The shortest possible makespan of independent tasks, by trying everything."""
    loads = (
        max(sum(s for s, w in zip(seconds, chosen, strict=True) if w == worker) for worker in range(workers))
        for chosen in itertools.product(range(workers), repeat=len(seconds))
    )
    return min(loads)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=7), st.integers(1, 3))
def test_no_order_is_worse_than_graham_says(seconds, workers):
    optimum = best(seconds, workers)
    for tasks in (of(*seconds), longest_first(of(*seconds))):
        makespan = simulate(tasks, workers).makespan
        assert makespan >= max(max(seconds), sum(seconds) / workers) - 1e-9
        assert makespan <= (2 - 1 / workers) * optimum + 1e-9
    longest = simulate(longest_first(of(*seconds)), workers).makespan
    assert longest <= (4 / 3 - 1 / (3 * workers)) * optimum + 1e-9, "Graham's bound for the longest first"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_worker_does_two_things_at_once_and_nobody_starts_too_early(data):
    count, workers = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 4))
    tasks = [
        Task(
            float(data.draw(st.integers(1, 9))),
            data.draw(st.integers(1, workers)),
            tuple(data.draw(st.sets(st.integers(0, place - 1), max_size=2))) if place else (),
        )
        for place in range(count)
    ]
    plan = simulate(tasks, workers)
    ends = [start + task.seconds for start, task in zip(plan.starts, tasks, strict=True)]
    for place, task in enumerate(tasks):
        assert all(plan.starts[place] >= ends[before] for before in task.after)
        together = sum(
            other.workers
            for other, start, end in zip(tasks, plan.starts, ends, strict=True)
            if start <= plan.starts[place] < end
        )
        assert together <= workers
    assert plan.makespan == max(ends)
    assert plan.makespan >= longest_chain(tasks)[0]
