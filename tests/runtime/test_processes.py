import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pool_jobs import die, double, exhaust, last, refuse
from relamp.errors import RelampError
from relamp.runtime.processes import run_all
from relamp.runtime.signals import Ended, heeded


def test_a_killed_process_is_an_error_and_no_endless_wait() -> None:
    with pytest.raises(RelampError, match="most likely because memory ran out; give more memory or fewer processes"):
        list(run_all(die, ((number,) for number in range(6)), processes=2))


def test_jobs_are_drawn_as_processes_come_free() -> None:
    drawn: list[int] = []

    def jobs() -> Iterator[tuple[int]]:
        for number in range(12):
            drawn.append(number)
            yield (number,)

    results = run_all(double, jobs(), processes=2)
    got = [next(results)]
    assert len(drawn) <= 4
    got += list(results)
    assert sorted(got) == [2 * number for number in range(12)]
    assert list(run_all(double, jobs(), processes=1)) == [2 * number for number in range(12)]


def test_errors_of_the_work_come_through() -> None:
    with pytest.raises(RelampError, match="1: no"):
        list(run_all(refuse, iter([(1,)]), processes=2))
    with pytest.raises(RelampError, match="memory ran out"):
        list(run_all(exhaust, iter([(1,)]), processes=1))
    with pytest.raises(RelampError, match="0 processes cannot work"):
        list(run_all(double, iter([(1,)]), processes=0))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cuts_off_the_calls_at_work(number: signal.Signals, tmp_path: Path) -> None:
    def send() -> None:
        while len(list(tmp_path.glob("*.begun"))) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), number)

    threading.Thread(target=send, daemon=True).start()
    with heeded(), pytest.raises(Ended, match=number.name):
        list(run_all(last, ((tmp_path, call) for call in range(6)), processes=2))
    assert len(list(tmp_path.glob("*.begun"))) == 2
    assert not list(tmp_path.glob("*.ended"))
