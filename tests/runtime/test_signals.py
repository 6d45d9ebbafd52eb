import os
import signal

import pytest

from relamp.runtime.signals import SIGNALS, Ended, deferred, heeded


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_whoever_defers_it_is_told_and_goes_on(number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
    with heeded(), deferred() as asked:
        assert asked() is None
        send(number)
        assert asked() == number.name
    assert number.name in capfd.readouterr().err


def test_after_the_deferral_a_signal_ends_the_block_again() -> None:
    with heeded():
        with deferred() as asked:
            assert asked() is None
        with pytest.raises(Ended) as end:
            send(signal.SIGTERM)
    assert (str(end.value), end.value.code) == ("SIGTERM", 1)


def test_former_handlers_come_back_and_what_was_heard_is_forgotten() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with heeded(), deferred():
        assert [signal.getsignal(number) for number in SIGNALS] != before
        send(signal.SIGTERM)
    assert [signal.getsignal(number) for number in SIGNALS] == before
    with heeded(), deferred() as asked:
        assert asked() is None


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` leaves it
    try:
        with heeded():
            send(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_terminal_that_is_gone_does_not_end_what_defers(capfd: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    before = os.dup(2)
    os.close(reader)
    os.dup2(writer, 2)
    try:
        with heeded(), deferred() as asked:
            send(signal.SIGHUP)
            assert asked() == "SIGHUP"
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(writer)


def test_a_second_signal_is_not_told_again(capfd: pytest.CaptureFixture[str]) -> None:
    with heeded(), deferred():
        send(signal.SIGINT)
        send(signal.SIGTERM)
    assert capfd.readouterr().err.count("relamp:") == 1


def test_what_is_ending_is_not_ended_once_more() -> None:
    def told() -> None:
        with deferred() as asked:
            send(signal.SIGHUP)
            raise RuntimeError(asked())

    with heeded():
        with pytest.raises(RuntimeError, match="SIGHUP"):
            told()
        send(signal.SIGTERM)  # as from what dispatched it, a moment later
    with heeded():
        with pytest.raises(Ended):
            send(signal.SIGINT)
        send(signal.SIGTERM)
    with heeded(), pytest.raises(Ended, match="SIGTERM"):
        send(signal.SIGTERM)


def test_what_was_deferred_without_an_end_is_ended_by_the_next() -> None:
    with heeded():
        with deferred():
            send(signal.SIGHUP)
        with pytest.raises(Ended):
            send(signal.SIGTERM)
