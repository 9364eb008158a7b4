import logging
import signal
import threading

import pytest

from impasto.training.interrupts import delayed_interrupt, ended_by_sigterm


def press():
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_waits_for_the_end_of_the_block():
    done = []
    with pytest.raises(KeyboardInterrupt), delayed_interrupt():
        press()
        done.append("the rest")
    assert done == ["the rest"]


def test_a_second_ctrl_c_does_not_wait():
    done = []
    with pytest.raises(KeyboardInterrupt), delayed_interrupt():
        press()
        press()
        done.append("the rest")
    assert done == []


def test_without_ctrl_c_nothing_happens_and_the_handler_is_put_back():
    usual = signal.getsignal(signal.SIGINT)
    with delayed_interrupt():
        assert signal.getsignal(signal.SIGINT) is not usual
    assert signal.getsignal(signal.SIGINT) is usual


def test_the_handler_is_put_back_after_an_error_which_goes_first():
    usual = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), delayed_interrupt():
        press()
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is usual


def test_an_ignored_ctrl_c_stays_ignored():
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with delayed_interrupt():
            press()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, usual)


@pytest.fixture(autouse=True)
def _left_to_the_system():
    before, deaths = signal.signal(signal.SIGTERM, signal.SIG_DFL), signal.getsignal(signal.SIGCHLD)
    yield
    signal.signal(signal.SIGCHLD, deaths)
    assert signal.signal(signal.SIGTERM, before) is signal.SIG_DFL


def terminate():
    signal.raise_signal(signal.SIGTERM)


def test_sigterm_waits_for_the_end_of_the_block_however_often_it_comes(caplog):
    done = []
    with pytest.raises(SystemExit) as ended, caplog.at_level(logging.WARNING, "impasto.training"), ended_by_sigterm():
        try:
            with delayed_interrupt():
                terminate()
                terminate()
                done.append("the step")
            done.append("another step")
        finally:
            with delayed_interrupt():
                terminate()
                done.append("what is written then")
    assert ended.value.code == 143
    assert done == ["the step", "what is written then"]
    assert [record.getMessage() for record in caplog.records] == [
        "ended by SIGTERM; what was reached is kept, and --resume goes on from it"
    ]


def test_between_two_blocks_sigterm_takes_effect_at_once():
    done = []
    with pytest.raises(SystemExit), ended_by_sigterm():
        with delayed_interrupt():
            done.append("the step")
        terminate()
        done.append("another step")
    assert done == ["the step"]


def test_an_error_that_is_on_its_way_is_told_though_sigterm_came():
    with pytest.raises(ZeroDivisionError), ended_by_sigterm(), delayed_interrupt():
        terminate()
        raise ZeroDivisionError


def test_a_process_that_dies_breaks_no_step_off():
    done, told = [], []
    before = signal.signal(signal.SIGCHLD, lambda *_: told.append(list(done)))
    try:
        with delayed_interrupt():
            signal.raise_signal(signal.SIGCHLD)
            done.append("the step")
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert told == [["the step"]]


def test_a_sigterm_that_somebody_else_handles_is_left_to_them():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("the server"))
    try:
        with ended_by_sigterm():
            terminate()
            heard.append("the block")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == ["the server", "the block"]


def test_another_thread_just_runs_the_block():
    done = []

    def work():
        with ended_by_sigterm(), delayed_interrupt():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
