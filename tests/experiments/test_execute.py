"""The local executor: isolation, order, progress, interruption."""

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import executor_jobs as jobs
import pytest
from rich.console import Console

from nasrepro.experiments.execute import claimed, execute_jobs
from nasrepro.experiments.executors.local import default_workers
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.executors.office import MOST_LOSSES
from nasrepro.experiments.jobs import Job, JobOutcome, error_file
from nasrepro.experiments.progress import Board, Progress, duration


def console(**options):
    return Console(file=io.StringIO(), width=200, **options)


def run(todo, tmp_path, *, workers=2, to=None, **means):
    return execute_jobs(todo, Means(workers, **means), work_root=tmp_path, title="runs", console=to or console())


@pytest.mark.parametrize("workers", [1, 3])
def test_values_come_back_in_order_whatever_the_number_of_workers(tmp_path, workers):
    outcomes = run([Job(f"k{i}", f"job {i}", jobs.double, (i,)) for i in range(40)], tmp_path, workers=workers)
    assert [outcome.value for outcome in outcomes] == [2 * i for i in range(40)]
    assert all(outcome.error is None for outcome in outcomes)


def test_nothing_to_do_starts_nothing(tmp_path):
    assert run([], tmp_path) == []


def test_short_jobs_share_processes(tmp_path):
    started = time.monotonic()
    outcomes = run([Job(f"k{i}", "j", jobs.about_me) for i in range(300)], tmp_path)
    assert len({outcome.value[0] for outcome in outcomes}) <= 2
    assert time.monotonic() - started < 20


def test_workers_are_fresh_and_get_the_threads(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    (outcome,) = run([Job("k", "j", jobs.about_me, threads=3)], tmp_path)
    pid, threads, torch_loaded, numpy_loaded = outcome.value
    assert pid != os.getpid()
    assert threads == "3"
    assert not torch_loaded
    assert not numpy_loaded
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_equal_keys_are_done_once(tmp_path):
    trace = tmp_path / "trace"
    outcomes = run([Job("same", "j", jobs.appends, (str(trace),)) for _ in range(3)], tmp_path)
    assert len(outcomes) == 1
    assert trace.read_text() == "x"


def test_jobs_begin_in_their_order(tmp_path):
    trace = str(tmp_path / "trace")
    run([Job(name, name, jobs.appends_text, (trace, name)) for name in "becda"], tmp_path, workers=1)
    assert Path(trace).read_text() == "becda"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_job_leaves_the_others_alone(tmp_path, workers):
    shown = console()
    todo = [
        Job("first", "first", jobs.double, (1,)),
        Job("raises", "bad seed 3", jobs.raises),
        Job("killed", "killed", jobs.killed),
        Job("segfault", "segfault", jobs.segfault),
        Job("leaves", "leaves", jobs.leaves),
        Job("lambda", "lambda", lambda report: None),
        Job("unspeakable", "unspeakable", jobs.unspeakable),
        Job("last", "last", jobs.double, (2,)),
    ]
    by_key = {outcome.job.key: outcome for outcome in run(todo, tmp_path, workers=workers, to=shown)}
    assert list(by_key) == [job.key for job in todo]
    assert by_key["first"].value == 2
    assert by_key["last"].value == 4
    assert by_key["raises"].error == "ValueError: no good"
    assert "executor_jobs.py" in by_key["raises"].traceback
    assert by_key["killed"].error == (
        f"its process was killed by SIGKILL; so ended {MOST_LOSSES['lost']} attempts in a row"
    )
    assert "last words" in by_key["killed"].traceback
    assert "SIGSEGV" in by_key["segfault"].error
    assert "string_at" in error_file(tmp_path, "segfault").read_text()
    assert "exit code 7" in by_key["leaves"].error
    assert "sent to a worker" in by_key["lambda"].error
    assert "serialize" in by_key["unspeakable"].error
    assert "bad seed 3 failed: ValueError: no good\n" in shown.file.getvalue()
    for key in ("raises", "killed", "segfault", "leaves", "lambda", "unspeakable"):
        assert by_key[key].value is None
        assert error_file(tmp_path, key).exists()
    assert not error_file(tmp_path, "first").exists()


def test_the_kept_traceback_goes_when_the_job_succeeds(tmp_path):
    flag = tmp_path / "flag"
    job = Job("k", "j", jobs.succeeds_once_allowed, (str(flag),))
    assert run([job], tmp_path)[0].error == "RuntimeError: not yet"
    assert error_file(tmp_path, "k").exists()
    flag.touch()
    assert run([job], tmp_path)[0].error == "RuntimeError: not yet"
    assert run([job], tmp_path)[0].earlier
    assert run([job], tmp_path, retry_failed=True)[0].value == "done"
    assert not error_file(tmp_path, "k").exists()


def test_what_jobs_print_stays_away_from_the_terminal(tmp_path, capfd):
    run([Job("k", "j", jobs.noisy)], tmp_path)
    assert capfd.readouterr() == ("", "")


def test_terminals_get_bars_and_files_get_no_control_characters(tmp_path):
    todo = [Job("k", "gdas seed 1", jobs.count_up, (str(tmp_path), 30))]
    live, plain = console(force_terminal=True), console()
    run(todo, tmp_path, to=live)
    run(todo, tmp_path, to=plain)
    assert "gdas seed 1" in live.file.getvalue()
    assert "/30" in live.file.getvalue()
    assert "\x1b" in live.file.getvalue()
    assert plain.file.getvalue() == ""


SCRIPT = """
    import sys
    sys.path.insert(0, {jobs!r})
    import executor_jobs as jobs
    from pathlib import Path
    from rich.console import Console
    from nasrepro.errors import NasreproError
    from nasrepro.experiments.execute import execute_jobs
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.jobs import Job

    if __name__ == "__main__":
        todo = [Job(f"k{{i}}", f"j{{i}}", jobs.count_up, ({folder!r}, 2000)) for i in range(4)]
        try:
            execute_jobs(todo, Means(2), work_root=Path({folder!r}), title="runs", console=Console(stderr=True))
        except NasreproError as error:
            print(error)
            sys.exit(error.exit_code)
"""


def started_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT).format(jobs=str(Path(__file__).parent), folder=str(tmp_path)))
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a test run that was put into the background ignores Ctrl-C, and so would everything it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: len(list(tmp_path.glob("pid-*"))) == 2 and (tmp_path / "checkpoint").exists())
    return process, [int(path.name[4:]) for path in tmp_path.glob("pid-*")]


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_the_workers_and_leaves_their_checkpoints(tmp_path, number):
    process, workers = started_script(tmp_path)
    began = time.monotonic()
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does: parent and workers
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert process.returncode == 130
    assert out == "interrupted, 0 of 4 runs are done; the same command continues where this one stopped\n"
    assert "Traceback" not in err
    assert int((tmp_path / "checkpoint").read_text()) > 0
    assert all(gone(pid) for pid in workers)


def test_workers_do_not_survive_a_killed_parent(tmp_path):
    process, workers = started_script(tmp_path)
    process.kill()
    process.communicate(timeout=20)
    wait_until(lambda: all(gone(pid) for pid in workers))


def test_a_run_is_claimed_by_one_process_at_a_time(tmp_path):
    code = (
        "import sys; from pathlib import Path; from nasrepro.experiments.execute import claimed\n"
        "with claimed(Path(sys.argv[1]), sys.argv[2]): print('mine', flush=True)"
    )

    def claim(key):
        return subprocess.Popen([sys.executable, "-c", code, str(tmp_path), key], stdout=subprocess.PIPE, text=True)

    with claimed(tmp_path, "00aa" * 5):
        other, same = claim("00ab" * 5), claim("00aa" * 5)
        assert other.communicate(timeout=30)[0] == "mine\n"
        with pytest.raises(subprocess.TimeoutExpired):
            same.communicate(timeout=0.5)
    assert same.communicate(timeout=30)[0] == "mine\n"


def progress(seconds_ago, first, done, total=100):
    made = Progress(started=time.monotonic() - seconds_ago)
    made.report(first, total)
    made.first = (made.started, first / total)
    made.report(done, total)
    return made


def test_a_resumed_job_is_timed_from_where_it_resumed():
    resumed = progress(10, first=80, done=90)
    assert resumed.remaining() == pytest.approx(10, rel=0.01)
    assert resumed.length() == pytest.approx(100, rel=0.01)
    assert Progress().remaining() is None


def test_the_remaining_time_knows_short_from_long_groups():
    todo = [Job(f"{group}{i}", "j", jobs.double, group=group) for group in ("short", "long") for i in range(4)]
    board = Board(todo, workers=2)
    assert board.remaining([]) is None
    for job in todo[:4]:
        board.begun(job)
        board.end(JobOutcome(job, value=1, seconds=1.0))
    board.begun(todo[4])
    running = [(todo[4], progress(50, first=0, done=50))]
    assert board.remaining(running) == pytest.approx((3 * 100 + 50) / 2, rel=0.01)
    assert board.share(running) == pytest.approx(4.5)


def test_groups_of_which_nothing_is_known_keep_the_pace_of_the_others():
    expected = {"one": 10.0, "two": 30.0, "three": None}
    todo = [Job(group, "j", jobs.double, group=group, expected=expected[group]) for group in expected]
    board = Board(todo, workers=1)
    board.begun(todo[0])
    board.end(JobOutcome(todo[0], value=1, seconds=20.0))
    assert board.remaining([]) == pytest.approx(2 * 30 + 20), "nothing was expected of the third"


def test_durations_read_as_people_say_them():
    assert [duration(s) for s in (3.2, 99, 120, 5400, 7800)] == ["3 s", "99 s", "2 min", "90 min", "2 h 10 min"]


def test_there_is_always_a_worker():
    assert default_workers(1) >= 1
    assert default_workers(10_000) == 1
