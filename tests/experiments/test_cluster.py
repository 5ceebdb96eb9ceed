"""What only a cluster can do: lend GPUs, lose its scheduler, run other code, go on when its driver has stopped."""

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import executor_jobs as jobs
import pytest
from rich.console import Console

from nasrepro.errors import RunFailed, UserError
from nasrepro.experiments.execute import execute_jobs
from nasrepro.experiments.executors import remote
from nasrepro.experiments.executors.cluster import DaskExecutor, _local_cluster
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.executors.orders import Order
from nasrepro.experiments.jobs import Job
from nasrepro.notices import told_to

pytest.importorskip("distributed")


class Cluster:
    """A scheduler and its workers, each a process as people start them."""

    def __init__(self, *worker_options):
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name, "scheduler.json")
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
        self.scheduler = _quiet([*command, "--port", "0", "--no-dashboard", "--scheduler-file", str(file)])
        wait_until(lambda: file.exists() and file.read_text().strip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        command = [sys.executable, "-m", "distributed.cli.dask_worker", self.address, "--nthreads", "2"]
        self.worker = _quiet([*command, "--no-dashboard", "--memory-limit", "0", *worker_options])

    def close(self):
        for process in (self.worker, self.scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._folder.cleanup()


def _quiet(command):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    )


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def cluster(request):
    made = Cluster(*getattr(request, "param", ()))
    yield made
    made.close()


def run(todo, tmp_path, **means):
    shown = Console(file=io.StringIO(), width=300)
    return execute_jobs(todo, Means(**means), work_root=tmp_path, title="runs", console=shown), shown


@pytest.mark.parametrize("cluster", [("--resources", "GPU=2")], indirect=True)
def test_jobs_that_need_a_gpu_get_different_ones_from_workers_that_have_some(cluster, tmp_path):
    todo = [Job(f"k{number}", "j", jobs.my_gpu, gpu=True) for number in range(2)]
    todo += [Job(f"slow{number}", "j", jobs.gpu_for_a_while, gpu=True) for number in range(2)]
    outcomes, _ = run([*todo, Job("cpu", "j", jobs.my_gpu)], tmp_path, cluster=cluster.address, gpus=(3, 5))
    values = [outcome.value for outcome in outcomes]
    assert set(values[:2]) <= {"3", "5"}
    assert sorted(values[2:4]) == ["3", "5"]
    assert values[4] is None


@pytest.mark.parametrize("cluster", [("--resources", "GPU=2")], indirect=True)
def test_a_worker_hands_out_as_many_gpus_as_it_declares(cluster, tmp_path):
    todo = [Job(f"k{number}", "j", jobs.gpu_for_a_while, gpu=True) for number in range(2)]
    outcomes, _ = run(todo, tmp_path, cluster=cluster.address)
    assert sorted(outcome.value for outcome in outcomes) == ["0", "1"]


def test_who_waits_for_a_gpu_that_nobody_declares_is_told(cluster):
    told = []
    with told_to(told.append):
        executor = DaskExecutor(cluster.address)
        executor.begin(Order(1, "", [], gpu=True))
        executor.begin(Order(2, "", [], gpu=True))
        executor.close(patience=0)
    assert [text for text in told if "declares a GPU" in text] == [
        f"no worker of {cluster.address} declares a GPU (--resources GPU=1) yet; jobs that need one wait"
    ]


def test_gpus_are_counted_as_a_process_sees_them(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-8a,7")
    (outcome,), _ = run([Job("k", "j", jobs.my_gpu, gpu=True)], tmp_path, gpus=(1,))
    assert outcome.value == "GPU-8a"


def test_processes_of_this_machine_get_the_gpus_in_turn(tmp_path):
    todo = [Job(f"k{number}", "j", jobs.gpu_for_a_while, gpu=True) for number in range(2)]
    outcomes, _ = run(todo, tmp_path, gpus=(3, 5))
    assert sorted(outcome.value for outcome in outcomes) == ["3", "5"]
    (outcome,), _ = run([Job("cpu", "j", jobs.my_gpu)], tmp_path, gpus=(3, 5))
    assert outcome.value is None


def test_a_worker_with_other_code_is_refused_before_anything_runs(cluster, tmp_path, monkeypatch):
    trace = tmp_path / "trace"
    wait_until(lambda: has_workers(cluster.address))
    monkeypatch.setattr("nasrepro.__version__", "9.9.9")
    remote.code.cache_clear()
    with pytest.raises(UserError, match=r"with other code .* than this process \(9\.9\.9") as told:
        run([Job("k", "j", jobs.appends, (str(trace),))], tmp_path, cluster=cluster.address)
    remote.code.cache_clear()
    assert "\n" not in str(told.value)
    assert not trace.exists()


def has_workers(address):
    from distributed import Client

    with Client(address) as client:
        return bool(client.nthreads())


def test_a_scheduler_that_goes_down_ends_the_command_in_one_line(cluster, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("nasrepro.experiments.executors.cluster._PATIENCE", 3.0)
    threading.Timer(5.0, lambda: os.killpg(cluster.scheduler.pid, signal.SIGKILL)).start()
    shown = Console(file=io.StringIO(), width=300)
    todo = [Job(f"k{number}", "j", jobs.hangs_until, (str(tmp_path / "never"),)) for number in range(6)]
    with pytest.raises(RunFailed, match=r"the scheduler at tcp://.* is gone"):
        execute_jobs(todo, Means(cluster=cluster.address), work_root=tmp_path, title="runs", console=shown)
    assert "is gone" not in shown.file.getvalue()
    assert "reconnect" not in capfd.readouterr().err


def test_ctrl_c_of_a_terminal_leaves_the_workers_here_to_their_driver(tmp_path):
    nannies = _local_cluster(2).workers.values()
    before = [nanny.pid for nanny in nannies]
    for worker in before:
        os.kill(worker, signal.SIGINT)
    time.sleep(0.5)
    (outcome,), shown = run([Job("k", "j", jobs.waits, (1.0,))], tmp_path, cluster="local:2")
    assert outcome.error is None
    assert "is gone" not in shown.file.getvalue()
    assert [nanny.pid for nanny in nannies] == before


def test_a_process_that_waits_for_orders_is_one_process_with_one_clock_and_is_let_go_in_the_end(monkeypatch):
    crew, others, hands = remote.Crew(), set(threading.enumerate()), set()

    def clocks():
        return sum(isinstance(thread, threading.Timer) for thread in set(threading.enumerate()) - others)

    for ticket in range(20):
        monkeypatch.setattr(remote, "_IDLE", 60.0 if ticket < 19 else 3.0)
        order = Order(ticket, "", [])
        hands.add(hand := crew.begin(order, "driver", []))
        crew.end(order, "driver")
    assert hands == {hand}
    wait_until(lambda: clocks() <= 1, 30)
    wait_until(lambda: not hand.fits(order) and clocks() == 0, 30)


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

try:
    todo = [Job("k", "j", jobs.count_up, ({folder!r}, 2000))]
    means = Means(cluster={address!r})
    execute_jobs(todo, means, work_root=Path({folder!r}), title="runs", console=Console(stderr=True))
except NasreproError as error:
    sys.exit(error.exit_code)
"""


def test_an_interrupted_driver_stops_its_jobs_on_the_cluster(cluster, tmp_path):
    script = SCRIPT.format(jobs=str(Path(__file__).parent), folder=str(tmp_path), address=cluster.address)
    driver = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True)
    wait_until(lambda: (tmp_path / "checkpoint").exists())
    driver.send_signal(signal.SIGTERM)
    _, told = driver.communicate(timeout=60)
    assert driver.returncode == 130
    assert "Traceback" not in told
    before = (tmp_path / "checkpoint").read_text()
    time.sleep(0.5)
    assert (tmp_path / "checkpoint").read_text() == before
    assert int(before) > 0
