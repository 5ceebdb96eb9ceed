"""Where and how runs are carried out, as the command line says it."""

import pytest

COMPARE = ("compare", "-m", "random", "-b", "nb201-digits", "--scale", "smoke", "--seeds", "0")


@pytest.mark.parametrize("command", [COMPARE, ("search", "random"), ("rank", "randomnas"), ("reproduce", "--plan")])
def test_a_cluster_that_cannot_be_is_refused_before_anything_runs(nasrepro, user_error, tmp_path, command):
    user_error(nasrepro(*command, "--cluster", "myhost"), "'myhost'", "tcp://HOST:PORT", "local:N")
    assert not (tmp_path / "runs").exists()


def test_a_cluster_goes_with_no_number_of_workers(nasrepro, user_error):
    user_error(nasrepro(*COMPARE, "--cluster", "local:2", "--workers", "3"), "--workers 3", "--cluster local:2")


def test_a_time_limit_that_is_none_is_refused(nasrepro, user_error):
    user_error(nasrepro(*COMPARE, "--run-timeout", "3 weeks"), "'3 weeks'", "15m")


def test_a_run_that_takes_too_long_is_stopped_and_named_and_finished_when_asked(nasrepro):
    command = ("search", "randomnas", "-b", "nb201-digits", "--scale", "smoke")
    late = nasrepro(*command, "--run-timeout", "0.3s")
    assert late.code == 1
    told = "randomnas seed 0: it took longer than the 0.3 s of --run-timeout and was stopped"
    assert told in late.err.splitlines()[-1]
    again = nasrepro(*command)
    assert again.code == 1
    assert "1 of 1 runs failed, 1 of them before; --retry-failed tries them again" in again.err.splitlines()[-1]
    assert nasrepro(*command, "--retry-failed").code == 0
    assert nasrepro(*command).code == 0
