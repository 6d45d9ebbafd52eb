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
