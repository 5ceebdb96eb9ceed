"""Claims: one holder at a time, whoever dies, sleeps, or judges too late, on this machine or another."""

import json
import os
import platform
import re
import signal
import time
from contextlib import ExitStack

import claim_driver as processes
import pytest
from claim_driver import KEY, QUICK

from nasrepro.errors import UserError
from nasrepro.experiments import claiming, holders
from nasrepro.experiments.claiming import Busy, ClaimLost, Pace, claimed

LAZY = Pace(heartbeat=1000.0, expiry=0.4)
"""Renewed by nobody but `check`."""


@pytest.fixture
def start():
    """Starts processes that do not outlive the test."""
    running = []

    def start(*words):
        running.append(processes.started(*words))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def left_by(root, **changes):
    """A claim of a process on another machine, which is not renewed."""
    folder = root / "claims" / KEY
    folder.mkdir(parents=True)
    holder = {**vars(holders.Holder.me()), "host": "elsewhere", "machine": "another", "pid": 1, **changes}
    file = folder / "0123.4.json"
    file.write_text(json.dumps(holder))
    return file


def aged(file, seconds):
    os.utime(file, (time.time() - seconds,) * 2)


def taken(root, pace=QUICK):
    """Whether the claim can be had at this moment."""
    try:
        with claimed(root, KEY, wait=False, pace=pace):
            return True
    except Busy:
        return False


def seconds_until_taken(root, patience=10):
    began = time.monotonic()
    while not taken(root):
        assert time.monotonic() - began < patience
        time.sleep(0.01)
    return time.monotonic() - began


def everything_in(root):
    return sorted(path.name for path in root.rglob("*"))


def test_a_claim_excludes_others_and_leaves_nothing(tmp_path):
    with claimed(tmp_path, KEY) as claim:
        who = f"held by process {os.getpid()} on {platform.node()} since "
        with (
            pytest.raises(Busy, match=f"^{re.escape(who)}[-0-9]{{10}} [:0-9]{{8}} UTC$"),
            claimed(tmp_path, KEY, wait=False),
        ):
            pass
        with claimed(tmp_path, "00bb" * 5, wait=False):
            pass
        claim.check()
    assert taken(tmp_path)
    assert everything_in(tmp_path) == ["claims"]


def test_an_error_gives_the_claim_back(tmp_path):
    with pytest.raises(KeyboardInterrupt), claimed(tmp_path, KEY):
        raise KeyboardInterrupt
    assert everything_in(tmp_path) == ["claims"]


def test_a_claim_is_waited_for(tmp_path, start):
    with claimed(tmp_path, KEY):
        other = start("hold", tmp_path, "")
        time.sleep(0.5)
        assert not (tmp_path / "trace").exists()
    assert other.stdout.readline() == "mine\n"


def test_claims_are_renewed_while_the_holder_computes(tmp_path):
    with claimed(tmp_path, KEY, pace=QUICK) as claim:
        (before,) = (tmp_path / "claims" / KEY).iterdir()
        time.sleep(3 * QUICK.heartbeat)
        (after,) = (tmp_path / "claims" / KEY).iterdir()
        assert before.name.split(".")[0] == after.name.split(".")[0]
        assert before != after
        claim.check()


def test_what_a_killed_process_held_is_free_at_once_on_its_machine(tmp_path, start):
    for reaped in (True, False):
        holder = start("hold", tmp_path, "")
        assert holder.stdout.readline() == "mine\n"
        assert not taken(tmp_path, Pace())
        holder.kill()
        if reaped:
            holder.wait()
        else:  # dead, and in the list of processes until somebody asks how it ended
            os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
        assert taken(tmp_path, Pace())


def test_a_number_of_a_process_that_came_again_is_no_holder(tmp_path):
    me = holders.Holder.me()
    left_by(tmp_path, machine=me.machine, pid=me.pid, started=me.started)
    assert not taken(tmp_path)
    left_by(tmp_path / "other", machine=me.machine, pid=me.pid, started="1")
    assert taken(tmp_path / "other")


def test_a_process_elsewhere_is_given_the_time_to_renew(tmp_path):
    file = left_by(tmp_path)
    assert not taken(tmp_path)
    aged(file, 59)
    assert not taken(tmp_path, Pace())
    aged(file, 61)
    assert taken(tmp_path, Pace())


def test_a_living_process_elsewhere_keeps_its_claim_and_a_dead_one_loses_it(tmp_path, start):
    holder = start("hold", tmp_path, "another machine")
    assert holder.stdout.readline() == "mine\n"
    deadline = time.monotonic() + 4 * QUICK.expiry
    while time.monotonic() < deadline:
        assert not taken(tmp_path)
        time.sleep(0.01)
    holder.kill()
    holder.wait()
    assert QUICK.expiry - 2 * QUICK.heartbeat < seconds_until_taken(tmp_path) < 3 * QUICK.expiry


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"host": "x"', b"null"])
def test_a_claim_that_says_nothing_expires_too(tmp_path, content):
    file = left_by(tmp_path)
    file.write_bytes(content)
    with pytest.raises(Busy, match="held by an unknown process"), claimed(tmp_path, KEY, wait=False):
        pass
    aged(file, 61)
    assert taken(tmp_path, Pace())


@pytest.mark.parametrize("pid", ["1", -1, 0, 2**40, None, 1.5])
def test_impossible_processes_are_unknown_ones(tmp_path, pid):
    left_by(tmp_path, machine=holders.Holder.me().machine, pid=pid)
    with pytest.raises(Busy, match="held by an unknown process"), claimed(tmp_path, KEY, wait=False):
        pass


def test_a_claim_of_the_future_does_not_last_until_then(tmp_path):
    aged(left_by(tmp_path), -86400)
    assert taken(tmp_path, Pace())


def test_one_at_a_time_is_inside(tmp_path, start):
    (tmp_path / "number").write_text("0")
    adding = [start("add", tmp_path, 20) for _ in range(4)]
    assert [process.communicate(timeout=60) for process in adding] == [("", "")] * 4
    assert (tmp_path / "number").read_text() == "80"


@pytest.mark.parametrize("stale", [True, False], ids=["stale", "free"])
def test_every_claim_has_one_winner(tmp_path, start, stale):
    """Each round starts with the claim of a dead machine, which all contenders find at the same moment."""
    rounds = 60
    if stale:
        for number in range(rounds):
            folder = left_by(tmp_path).parent
            aged(folder / "0123.4.json", 3600)
            folder.rename(folder.with_name(f"{number:020x}"))
    contending = [start("contend", tmp_path, rounds, time.time() + 1.5) for _ in range(4)]
    won = [process.communicate(timeout=60) for process in contending]
    assert sorted(int(number) for out, _ in won for number in out.split()) == list(range(rounds))
    assert [err for _, err in won] == [""] * 4
    assert everything_in(tmp_path) == ["claims"]


def judged_stale_while(monkeypatch, happening):
    """Whoever looks next finds the claim stale, but `happening` comes before it does anything about that."""
    judge = claiming._Found.is_stale

    def slow(self, pace):
        monkeypatch.setattr(claiming._Found, "is_stale", judge)
        happening()
        return True

    monkeypatch.setattr(claiming._Found, "is_stale", slow)


def test_a_late_judgement_does_not_end_the_claim_of_who_took_over(tmp_path, monkeypatch):
    aged(left_by(tmp_path), 3600)
    with ExitStack() as quicker:
        judged_stale_while(monkeypatch, lambda: quicker.enter_context(claimed(tmp_path, KEY)))
        with pytest.raises(Busy, match=f"process {os.getpid()} "), claimed(tmp_path, KEY, wait=False):
            pass


def test_a_late_judgement_does_not_end_a_claim_that_was_renewed_meanwhile(tmp_path, monkeypatch):
    with claimed(tmp_path, KEY, pace=LAZY) as claim:
        time.sleep(LAZY.expiry)
        judged_stale_while(monkeypatch, claim.check)
        assert not taken(tmp_path)
        claim.check()


def test_a_holder_that_is_judged_stale_while_it_renews_knows_at_once(tmp_path, monkeypatch):
    with claimed(tmp_path, KEY, pace=LAZY) as claim:
        judged_stale_while(monkeypatch, lambda: None)
        assert taken(tmp_path)
        time.sleep(LAZY.expiry)
        with pytest.raises(ClaimLost):
            claim.check()


def test_a_suspended_holder_stops_when_it_wakes_after_its_claim_was_taken(tmp_path, start):
    holder = start("hold", tmp_path, "")
    assert holder.stdout.readline() == "mine\n"
    holder.send_signal(signal.SIGSTOP)
    assert not taken(tmp_path)
    waited = seconds_until_taken(tmp_path)
    assert QUICK.expiry - 2 * QUICK.heartbeat < waited < 3 * QUICK.expiry
    with claimed(tmp_path, KEY):
        before = (tmp_path / "trace").read_text()
        holder.send_signal(signal.SIGCONT)
        out, err = holder.communicate(timeout=20)
        assert re.match(f"ClaimLost: .* its claim is now held by process {os.getpid()} on .* UTC\n$", out), (out, err)
        assert (tmp_path / "trace").read_text() == before
        assert not taken(tmp_path)


def test_a_suspended_holder_that_nobody_missed_goes_on(tmp_path, start):
    holder = start("hold", tmp_path, "")
    assert holder.stdout.readline() == "mine\n"
    holder.send_signal(signal.SIGSTOP)
    time.sleep(2 * QUICK.expiry)
    before = (tmp_path / "trace").read_text()
    holder.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + 10
    while (tmp_path / "trace").read_text() == before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert holder.poll() is None
    assert not taken(tmp_path)


def test_a_late_holder_that_is_seen_running_here_keeps_its_claim(tmp_path):
    with claimed(tmp_path, KEY, pace=LAZY) as claim:
        time.sleep(2 * LAZY.expiry)
        assert not taken(tmp_path, LAZY)
        claim.check()


def test_a_loss_is_told_before_the_next_report(tmp_path):
    reports = []
    with claimed(tmp_path, KEY, pace=QUICK) as claim:
        report = claim.watched(lambda *numbers: reports.append(numbers))
        report(1, 9)
        for file in (tmp_path / "claims" / KEY).iterdir():
            file.unlink()
        time.sleep(3 * QUICK.heartbeat)
        with pytest.raises(ClaimLost, match="could not be kept"):
            report(2, 9)
    assert reports == [(1, 9)]
    assert issubclass(ClaimLost, Busy)  # so that the executor waits for the record of who took over


def test_who_cannot_renew_for_long_stops(tmp_path, monkeypatch):
    with claimed(tmp_path, KEY, pace=LAZY) as claim:
        for name in ("rename", "listdir"):
            monkeypatch.setattr(os, name, lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        claim.check()
        time.sleep(LAZY.expiry / 2 + 0.01)
        with pytest.raises(ClaimLost):
            claim.check()
        monkeypatch.undo()
    assert everything_in(tmp_path) == ["claims"]


def test_a_step_whose_answer_was_lost_counts(tmp_path, monkeypatch):
    """A network file system may do what it is asked, lose its answer, and say at the second asking that it cannot."""
    rename = os.rename

    def forgetful(source, target):
        rename(source, target)
        rename(source, target)

    monkeypatch.setattr(os, "rename", forgetful)
    with claimed(tmp_path, KEY, wait=False, pace=LAZY) as claim:
        for _ in range(2):
            time.sleep(LAZY.expiry / 2 + 0.01)
            claim.check()
    assert everything_in(tmp_path) == ["claims"]


def test_what_could_not_be_given_back_is_given_back_later(tmp_path, monkeypatch):
    """As long as the holder lives, nobody else could know that it wants the claim no more."""
    with claimed(tmp_path, KEY, pace=QUICK):
        monkeypatch.setattr(os, "unlink", lambda *_, **__: (_ for _ in ()).throw(OSError(30, "Read-only file system")))
    time.sleep(3 * QUICK.heartbeat)
    assert not taken(tmp_path)
    monkeypatch.undo()
    assert seconds_until_taken(tmp_path) < 10 * QUICK.heartbeat


def test_an_empty_folder_is_no_claim(tmp_path):
    (tmp_path / "claims" / KEY).mkdir(parents=True)
    assert taken(tmp_path)


def test_a_child_does_not_give_back_what_its_parent_holds(tmp_path, start):
    assert start("fork", tmp_path).communicate(timeout=20) == ("1\n", "")
    assert everything_in(tmp_path) == ["claims"]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(UserError, match=r"cannot write into '.*/file/claims': Not a directory$"),
        claimed(tmp_path / "file", KEY),
    ):
        pass
