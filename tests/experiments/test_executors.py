"""What every executor promises, held against each of them: one battery, processes of this machine and a cluster."""

import fcntl
import io
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import executor_jobs as jobs
import pytest
from rich.console import Console

from nasrepro.errors import UserError
from nasrepro.experiments.execute import execute_jobs
from nasrepro.experiments.executors import hands
from nasrepro.experiments.executors.means import Means, checked_cluster, parse_duration
from nasrepro.experiments.executors.office import MOST_LOSSES
from nasrepro.experiments.jobs import Job, error_file, failed_jobs

MEANS = {"processes": Means(2), "cluster": Means(cluster="local:2")}


@pytest.fixture(params=MEANS)
def carried_out(request, tmp_path):
    """A function that runs jobs in one way: outcomes by key, and what was shown."""
    if MEANS[request.param].cluster:
        pytest.importorskip("distributed")

    def run(*todo, **means):
        shown = Console(file=io.StringIO(), width=300)
        how = Means(**{**vars(MEANS[request.param]), **means})
        outcomes = execute_jobs(todo, how, work_root=tmp_path / "work", title="runs", console=shown)
        return {outcome.job.key: outcome for outcome in outcomes}, shown.file.getvalue()

    return run


def test_every_value_comes_back_in_order(carried_out):
    found, shown = carried_out(*(Job(f"k{i}", f"job {i}", jobs.double, (i,)) for i in range(60)))
    assert [outcome.value for outcome in found.values()] == [2 * i for i in range(60)]
    assert shown == ""


def test_a_failing_job_leaves_the_others_alone_and_is_named(carried_out, tmp_path):
    found, shown = carried_out(
        Job("first", "first", jobs.double, (1,)),
        Job("raises", "bad seed 3", jobs.raises),
        Job("segfault", "segfault", jobs.segfault),
        Job("leaves", "leaves", jobs.leaves),
        Job("hungry", "hungry", jobs.hungry_until, (str(tmp_path / "never"),)),
        Job("last", "last", jobs.double, (2,)),
    )
    assert [found["first"].value, found["last"].value] == [2, 4]
    assert found["raises"].error == "ValueError: no good"
    assert "executor_jobs.py" in error_file(tmp_path / "work", "raises").read_text()
    assert "SIGSEGV" in found["segfault"].error
    assert "exit code 7" in found["leaves"].error
    assert found["hungry"].error.startswith("MemoryError")
    assert "bad seed 3 failed: ValueError: no good\n" in shown


def test_a_job_whose_process_is_killed_is_tried_again(carried_out, tmp_path):
    found, shown = carried_out(Job("k", "gdas seed 1", jobs.killed_at_first, (str(tmp_path / "trace"), 3)))
    assert found["k"].value == 4
    assert shown.count("gdas seed 1: its process was killed by SIGKILL") == 3
    assert not error_file(tmp_path / "work", "k").exists()


def test_a_job_that_always_dies_is_given_up_in_the_end(carried_out, tmp_path):
    trace = tmp_path / "trace"
    found, _ = carried_out(
        Job("k", "gdas seed 1", jobs.killed_at_first, (str(trace), 100)), Job("other", "o", jobs.double, (1,))
    )
    assert len(trace.read_text()) == MOST_LOSSES["lost"]
    assert found["k"].error == "its process was killed by SIGKILL; so ended 10 attempts in a row"
    assert found["other"].value == 2


@pytest.fixture(autouse=True)
def memory_peace(request):
    """The kernel counts processes killed for want of memory for the whole machine, so while a test has some killed no
    other one here runs, in whatever process of pytest."""
    alone = "little_memory" in request.fixturenames
    with (Path(tempfile.gettempdir()) / f"nasrepro-memory-{os.getuid()}").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@pytest.fixture
def little_memory():
    """A file that puts the process which is written into it into a group of 64 MiB; left out where there is none."""
    group = Path("/sys/fs/cgroup/memory") / f"nasrepro-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(64 * 2**20))
    except OSError:
        pytest.skip("needs memory groups, and the right to make one")
    yield group / "cgroup.procs"
    deadline = time.monotonic() + 10
    while True:
        try:
            return group.rmdir()
        except OSError:  # its processes are still going
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_job_that_eats_all_memory_is_known_by_that_and_given_up_early(carried_out, little_memory, tmp_path):
    trace = tmp_path / "trace"
    found, _ = carried_out(
        Job("k", "gdas seed 1", jobs.eats, (str(trace), str(little_memory))), Job("other", "o", jobs.double, (1,))
    )
    assert len(trace.read_text()) == MOST_LOSSES["starved"]
    assert found["k"].error == ("the system was out of memory and killed its process; so ended 3 attempts in a row")
    assert found["other"].value == 2


def test_processes_that_others_lost_to_memory_long_ago_explain_no_death(monkeypatch):
    killed, now = [7], [100.0]
    monkeypatch.setattr(hands, "_killed_for_memory", lambda: killed[0])
    monkeypatch.setattr(hands.time, "monotonic", lambda: now[0])
    watch = hands._Starvation()
    assert not watch.lately
    killed[0] = 8
    assert watch.lately
    for seconds, lately in ((1, True), (4, True), (5, False), (5, False)):
        now[0] += seconds
        watch.look()
        assert watch.lately == lately, now


def test_a_job_that_gets_further_each_time_is_never_given_up(carried_out, tmp_path):
    lives = MOST_LOSSES["lost"] + 1
    found, _ = carried_out(Job("k", "j", jobs.killed_further_and_further, (str(tmp_path / "trace"), lives)))
    assert found["k"].value == lives + 1


def test_a_job_that_hangs_is_stopped_and_named_and_tried_again_when_asked(carried_out, tmp_path):
    job = Job("k", "gdas seed 1", jobs.hangs_until, (str(tmp_path / "flag"),))
    other = Job("other", "o", jobs.double, (1,))
    began = time.monotonic()
    found, shown = carried_out(job, other, run_timeout=5.0)
    assert time.monotonic() - began < 60
    assert found["k"].error == "it took longer than the 5 s of --run-timeout and was stopped"
    assert found["other"].value == 2
    (tmp_path / "flag").touch()
    found, shown = carried_out(job)
    assert found["k"].earlier
    assert "not tried again: gdas seed 1 failed: it took longer" in shown
    found, shown = carried_out(job, retry_failed=True)
    assert found["k"].value == "done"
    assert carried_out(job)[0]["k"].value == "done"


def test_what_the_user_can_mend_is_tried_again_by_the_same_command(carried_out, tmp_path):
    job = Job("k", "gdas seed 1", jobs.refused_until, (str(tmp_path / "flag"),))
    found, shown = carried_out(job)
    assert "gdas seed 1 failed: cannot write into 'there': No space left on device\n" in shown
    assert str(failed_jobs(list(found.values()), 3, tmp_path / "work", "runs")) == (
        "1 of 3 runs failed; the same command tries them again: gdas seed 1: cannot write into 'there': "
        "No space left on device"
    )
    (tmp_path / "flag").touch()
    assert carried_out(job)[0]["k"].value == "done"


def test_what_somebody_else_is_at_is_awaited_while_the_rest_is_done(carried_out, tmp_path):
    flag = tmp_path / "flag"
    todo = [Job("held", "gdas seed 1", jobs.busy_until, (str(flag),))]
    todo += [Job(f"k{i}", "j", jobs.waits, (0.02,)) for i in range(20)]
    threading.Timer(8.0, flag.touch).start()
    found, shown = carried_out(*todo)
    assert found["held"].value == "done"
    assert all(outcome.error is None for outcome in found.values())
    assert shown.count("gdas seed 1: held by process 1 on elsewhere; its record is awaited") == 1


def test_a_job_tells_its_user_what_nothing_failed_of_and_knows_the_command(carried_out):
    found, shown = carried_out(Job("k", "gdas seed 1", jobs.tells))
    assert shown == "gdas seed 1: a file was odd\n"
    assert found["k"].value == sys.argv


def test_jobs_run_side_by_side(carried_out):
    carried_out(Job("warm", "j", jobs.double, (1,)))
    found, _ = carried_out(*(Job(f"k{i}", "j", jobs.waits, (1.0,)) for i in range(2)))
    assert len({outcome.value for outcome in found.values()}) == 2


def test_a_limit_of_weeks_is_a_limit(carried_out):
    found, _ = carried_out(Job("k", "j", jobs.double, (1,)), run_timeout=60 * 86400.0)
    assert found["k"].value == 2


def test_what_dies_and_is_held_by_its_remains_is_given_up_too(carried_out, tmp_path, monkeypatch):
    monkeypatch.setattr("nasrepro.experiments.executors.office._FIRST_PAUSE", 0.01)
    monkeypatch.setattr("nasrepro.experiments.executors.office._LONGEST_PAUSE", 0.01)
    trace = tmp_path / "trace"
    found, _ = carried_out(Job("k", "j", jobs.killed_and_then_busy, (str(trace),)))
    assert "so ended 10 attempts in a row" in found["k"].error
    assert len(trace.read_text()) == 2 * MOST_LOSSES["lost"] - 1


@pytest.mark.parametrize("text", ["local:0", "local:", "localhost", "tcp://host", "http://host:1", "local:1.5"])
def test_a_cluster_that_cannot_be_is_refused(text):
    with pytest.raises(UserError, match="allowed: tcp://HOST:PORT"):
        checked_cluster(text)


def test_a_cluster_has_its_own_workers():
    assert checked_cluster("tcp://10.0.0.1:8786") == "tcp://10.0.0.1:8786"
    assert checked_cluster(None, 3) is None
    with pytest.raises(UserError, match="--workers 3 cannot go with --cluster local:2"):
        checked_cluster("local:2", 3)


def test_a_scheduler_that_does_not_answer_is_refused_in_one_line(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("nasrepro.experiments.executors.cluster._PATIENCE", 1.0)
    with pytest.raises(UserError, match=r"no scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        Means(cluster="tcp://127.0.0.1:9").open(1)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("1.5h", 5400), ("2 d", 172800), ("10min", 600)]
)
def test_durations_are_read_as_people_write_them(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-3", "m", "3 weeks", "nan"])
def test_a_duration_that_is_none_is_refused(text):
    with pytest.raises(UserError, match="allowed: seconds above 0"):
        parse_duration(text)
