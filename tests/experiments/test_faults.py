"""What a reproduction survives, by really doing it: killed workers, killed drivers, two drivers at once.

Small counts; `-m slow` does the full ones, whose figures are in docs/cluster.md.
"""

import random
import time

import fault_driver as faults
import pytest

FEW, MANY = 8, 50
pytestmark = pytest.mark.timeout(1800)  # machines that are busy with other tests take long to start processes


@pytest.fixture(scope="module")
def sequential(tmp_path_factory):
    """The records of a plan carried out by one worker that nothing happens to."""
    made = {}

    def content(count):
        if count not in made:
            root = tmp_path_factory.mktemp("sequential")
            counts, _ = faults.finished(faults.started(root, count, workers=1))
            assert counts == {"made": count, "found": 0, "failed": []}
            made[count] = faults.content(root)
        return made[count]

    return content


def survives_killed_workers(root, count, seconds, most, **means):
    """Kills a worker every few seconds while the plan is carried out; returns how many there were."""
    driver = faults.started(root, count, **means)
    killer, watch = faults.Killer(driver, root, seconds, most), faults.Watch(root)
    counts, told = faults.finished(driver)
    assert counts == {"made": count, "found": 0, "failed": []}, told
    assert watch.ended() == set()
    assert list((root / "work").glob("*/*")) == []
    return killer.kills


@pytest.mark.parametrize("means", [{"workers": 2}, {"cluster": "local:2"}], ids=lambda means: next(iter(means)))
def test_killed_workers_change_no_record(tmp_path, sequential, means):
    if "cluster" in means:
        pytest.importorskip("distributed")
    assert survives_killed_workers(tmp_path, FEW, 2.0, 3, **means) >= 1
    assert faults.content(tmp_path) == sequential(FEW)


@pytest.mark.slow
def test_fifty_runs_on_a_cluster_whose_workers_are_killed_every_few_seconds(tmp_path, sequential):
    pytest.importorskip("distributed")
    kills = survives_killed_workers(tmp_path, MANY, 4.0, 1000, cluster="local:2")
    print(f"{MANY} runs, {kills} kills")
    assert kills >= 20
    assert faults.content(tmp_path) == sequential(MANY)


def survives_killed_drivers(root, count, most, **means):
    """Kills the driver a random moment after it has got something done, `most` times; then lets one live to the end."""
    watch, kills, draw = faults.Watch(root), 0, random.Random(count)
    while True:
        before, driver = faults.traces(root), faults.started(root, count, **means)
        while driver.poll() is None and (kills == most or faults.traces(root) == before):
            time.sleep(0.05)
        time.sleep(draw.uniform(0.0, 2.0))
        if driver.poll() is not None:
            break
        driver.kill()
        driver.communicate()
        kills += 1
    counts, told = faults.finished(driver)
    assert counts["made"] + counts["found"] == count, told
    assert counts["failed"] == [], told
    assert watch.ended() == set()
    return kills


def test_a_killed_driver_repeats_nothing(tmp_path, sequential):
    assert survives_killed_drivers(tmp_path, FEW, 2, workers=2) >= 1
    assert faults.content(tmp_path) == sequential(FEW)


@pytest.mark.slow
@pytest.mark.parametrize("means", [{"workers": 2}, {"cluster": "local:2"}], ids=lambda means: next(iter(means)))
def test_a_driver_killed_again_and_again_repeats_nothing(tmp_path, sequential, means):
    kills = survives_killed_drivers(tmp_path, MANY, 10, **means)
    print(f"{MANY} runs, {kills} kills")
    assert kills == 10
    assert faults.content(tmp_path) == sequential(MANY)


def two_at_once(root, count):
    """Two drivers started together on one folder; none loses or repeats a run."""
    watch = faults.Watch(root)
    drivers = [faults.started(root, count, workers=1) for _ in range(2)]
    told = [faults.finished(driver) for driver in drivers]
    assert watch.ended() == set()
    assert sum(counts["made"] for counts, _ in told) == count, told
    for counts, _ in told:
        assert counts["made"] + counts["found"] == count, told
        assert counts["failed"] == [], told
    assert list((root / "work").glob("*/*")) == []


def test_two_drivers_at_once_share_the_work(tmp_path, sequential):
    for attempt in range(2):
        two_at_once(tmp_path / str(attempt), FEW)
        assert faults.content(tmp_path / str(attempt)) == sequential(FEW)


@pytest.mark.slow
def test_two_drivers_at_once_share_the_work_twenty_times(tmp_path, sequential):
    for attempt in range(20):
        two_at_once(tmp_path / str(attempt), FEW)
        assert faults.content(tmp_path / str(attempt)) == sequential(FEW)
