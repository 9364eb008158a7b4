import signal
import threading

import pytest

from impasto.training.interrupts import delayed_interrupt


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


def test_another_thread_just_runs_the_block():
    done = []

    def work():
        with delayed_interrupt():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
