import io
import logging
import re
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relamp.runtime.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("relamp.runtime.progress.time", SimpleNamespace(monotonic=made))
    return made


def test_without_a_terminal_there_are_lines_and_no_bar(
    clock: Clock, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    with Progress("MUTAG, epochs", 10, every=15) as progress:
        for done in range(11):
            progress.to(done)
            clock.now += 6
    # After 3 units of 6 s each, 18 s have passed: the first line; the second comes 18 s later, the last at the end.
    assert caplog.messages == [
        "MUTAG, epochs: 3 of 10, about 42 s left",
        "MUTAG, epochs: 6 of 10, about 24 s left",
        "MUTAG, epochs: 9 of 10, about 6 s left",
        "MUTAG, epochs: 10 of 10",
    ]
    captured = capsys.readouterr()
    assert captured.err == captured.out == ""


def test_on_a_terminal_there_is_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("epochs", 3) as progress:
        assert terminal.getvalue() == ""
        for done in range(4):
            progress.to(done)
    text = terminal.getvalue()
    assert "epochs:" in text
    assert "0/3" in text
    assert "\n" not in text
    assert text.rsplit("\r", 2)[-2].strip() == ""


def test_the_bar_of_a_job_that_goes_on_starts_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("epochs", 100) as progress:
        progress.to(90)
        assert progress.bar is not None
        assert (progress.bar.n, progress.bar.initial) == (90, 90)
        progress.to(92)
        assert progress.bar.n == 92
    assert "90/100" in terminal.getvalue()


@pytest.mark.parametrize(("first", "total"), [(0, 0), (7, 7)])
def test_nothing_left_to_do_is_one_line(first: int, total: int, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Progress("epochs", total) as progress:
        progress.to(first)
    assert caplog.messages == [f"epochs: {total} of {total}"]


def test_a_failure_before_the_first_unit_passes_through() -> None:
    with pytest.raises(KeyError), Progress("epochs", 3):
        raise KeyError("x")


@given(st.integers(0, 50), st.integers(1, 50), st.sampled_from([0.25, 1.0, 8.0]), st.integers(0, 500))
def test_even_work_is_estimated_exactly(first: int, more: int, each: float, before: int) -> None:
    clock, text = Clock(), io.StringIO()
    handler = logging.StreamHandler(text)
    log = logging.getLogger("relamp.runtime.progress")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("relamp.runtime.progress.time", SimpleNamespace(monotonic=clock))
        with Progress("units", first + more, every=0) as progress:
            clock.now += before
            progress.to(first)
            for done in range(first + 1, first + more):
                clock.now += each
                progress.to(done)
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)
    told = re.findall(r"units: (\d+) of \d+, about (\d+) s left", text.getvalue())
    assert told == [(str(d), f"{(first + more - d) * each:.0f}") for d in range(first + 1, first + more)]
