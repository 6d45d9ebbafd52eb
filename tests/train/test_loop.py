import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.errors import RelampError
from relamp.runtime.signals import SIGNALS, Ended, heeded
from relamp.train.loop import Resume, load_state, run_epochs, save_state
from training import Killed, kill_at

EPOCHS = 6


class Walk:
    """A random walk of two steps an epoch: what it is at depends on every draw so far, in order."""

    def __init__(self, seed: int = 0, dies_in: int | None = None) -> None:
        self.epoch = self.done = 0
        self.at = torch.zeros(3, dtype=torch.float64)
        self.past: list[float] = []
        self.rng = np.random.default_rng(seed)
        self.torch = torch.Generator().manual_seed(seed)
        self.dies_in = dies_in
        self.worked = 0

    def run_epoch(self, between: Callable[[], None]) -> None:
        if not self.done:
            self.at = self.at * 1.5 + torch.from_numpy(self.rng.normal(size=3))
            if self.epoch + 1 == self.dies_in:
                raise Killed  # with the draws and the walk already changed
            self.done, self.worked = 1, self.worked + 1
            between()
        self.second()
        self.past.append(self.at.sum().item())
        self.epoch, self.done, self.worked = self.epoch + 1, 0, self.worked + 1

    def second(self) -> None:
        self.at += torch.rand(3, generator=self.torch, dtype=torch.float64)

    def state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "done": self.done,
            "at": self.at,
            "past": self.past,
            "numpy": self.rng.bit_generator.state,
            "torch": self.torch.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.epoch, self.done, self.at, self.past = (state[name] for name in ("epoch", "done", "at", "past"))
        self.rng.bit_generator.state = state["numpy"]
        self.torch.set_state(state["torch"])


def same(one: Walk, two: Walk) -> bool:
    a, b = one.state(), two.state()
    tensors = all(torch.equal(a.pop(name), b.pop(name)) for name in ("at", "torch"))
    return tensors and a == b


def run(walk: Walk | None = None, resume: Resume | None = None, epochs: int = EPOCHS) -> Walk:
    walk = walk or Walk()
    run_epochs(walk, epochs, resume, lambda _: None)
    return walk


@pytest.mark.parametrize("seconds", [0.0, 1e9])
@pytest.mark.parametrize("epoch", range(EPOCHS + 1))
def test_a_run_that_ends_after_any_epoch_goes_on_to_the_same_state(tmp_path: Path, epoch: int, seconds: float) -> None:
    resume = Resume(tmp_path / "state.pt", "key", seconds)
    walk = Walk()
    with pytest.raises(Killed):
        run_epochs(walk, EPOCHS, resume, kill_at(epoch))
    assert walk.worked == 2 * epoch
    again, seen = Walk(), []
    run_epochs(again, EPOCHS, resume, seen.append)
    assert same(again, run())
    # Saved after each epoch, or at the end alone.
    start = epoch if seconds == 0 or epoch == EPOCHS else 0
    assert seen == list(range(start, EPOCHS + 1))
    assert again.worked == 2 * (EPOCHS - start)


@pytest.mark.parametrize("epoch", range(1, EPOCHS + 1))
def test_a_run_that_ends_within_any_epoch_goes_on_to_the_same_state(tmp_path: Path, epoch: int) -> None:
    resume = Resume(tmp_path / "state.pt", "key", 0)
    with pytest.raises(Killed):
        run(Walk(dies_in=epoch), resume)
    again = run(resume=resume)
    assert same(again, run())
    assert again.worked == 2 * (EPOCHS - epoch + 1)


@pytest.mark.parametrize("epoch", range(1, EPOCHS + 1))
def test_a_run_that_ends_between_two_batches_goes_on_from_there(tmp_path: Path, epoch: int) -> None:
    class Dies(Walk):
        def second(self) -> None:
            super().second()
            if self.epoch + 1 == epoch:
                raise Killed

    resume = Resume(tmp_path / "state.pt", "key", 0)
    with pytest.raises(Killed):
        run(Dies(), resume)
    again = run(resume=resume)
    assert same(again, run())
    assert again.worked == 2 * (EPOCHS - epoch) + 1


@settings(max_examples=25)
@given(st.lists(st.integers(0, EPOCHS), max_size=6))
def test_any_series_of_ends_comes_to_the_same_state(tmp_path_factory: pytest.TempPathFactory, ends: list[int]) -> None:
    resume = Resume(tmp_path_factory.mktemp("walk") / "state.pt", "key", 0)
    for epoch in ends:
        # A run that is already beyond the epoch where it should end finishes instead.
        try:
            run_epochs(Walk(), EPOCHS, resume, kill_at(epoch))
        except Killed:
            continue
    again = run(resume=resume)
    assert same(again, run())


def test_another_fingerprint_starts_over_and_takes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    run(Walk(seed=5), Resume(path, "old", 0), 3)
    again = run(resume=Resume(path, "new", 0))
    assert again.worked == 2 * EPOCHS
    assert same(again, run())
    assert load_state(path, "old") is None
    assert load_state(path, "new") is not None


def test_a_state_that_cannot_be_read_stops_the_run_before_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    path.write_bytes(b"half a st")
    walk = Walk()
    with pytest.raises(RelampError, match="delete it to start over"):
        run(walk, Resume(path, "key"))
    assert walk.worked == 0
    assert path.read_bytes() == b"half a st"


def test_a_state_says_what_it_is_and_which_machines_worked_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {"code": "0", "settings": {"epochs": EPOCHS, "checkpoints": (0, 1)}, "torch": torch.__version__}
    resume = Resume(tmp_path / "state.pt", "key", 0, facts)

    def on(machine: str, epoch: int | None) -> Any:
        monkeypatch.setattr("relamp.runtime.made.machine", lambda: machine)
        try:
            return run_epochs(Walk(), EPOCHS, resume, kill_at(epoch) if epoch else lambda _: None)
        except Killed:
            return (load_state(resume.path, "key") or {})["made"]

    assert [entry["machine"] for entry in on("CPU A", 1)] == ["CPU A"]
    saved = load_state(resume.path, "key")
    assert saved
    assert saved["facts"] == json.loads(json.dumps(facts))
    assert saved["epochs"] == [1, 0, EPOCHS]
    moved = on("CPU B", 3)
    assert [entry["machine"] for entry in moved] == ["CPU A", "CPU B"]
    made = on("CPU A", None)
    assert [entry["machine"] for entry in made] == ["CPU A", "CPU B"]
    assert made[0]["seconds"] >= moved[0]["seconds"] >= 0
    # What is done already takes no more, wherever it is looked at.
    assert on("CPU C", None) == made


def test_no_epochs_and_no_state(tmp_path: Path) -> None:
    walk, seen = Walk(), []
    run_epochs(walk, 0, Resume(tmp_path / "state.pt", "key", 0), seen.append)
    assert (walk.worked, seen) == (0, [0])
    run_epochs(walk, 2, None, seen.append)
    assert seen == [0, 0, 1, 2]
    assert list(tmp_path.iterdir()) == []


def test_states_are_saved_by_the_clock_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, saved = [0.0], []
    monkeypatch.setattr("relamp.train.loop.time", SimpleNamespace(monotonic=lambda: now[0]))

    def save(path: Path, key: str, state: dict[str, Any], about: Any) -> None:
        saved.append(state["epoch"])
        save_state(path, key, state, about)

    monkeypatch.setattr("relamp.train.loop.save_state", save)

    class Slow(Walk):
        def second(self) -> None:
            super().second()
            now[0] += 20

    run(Slow(), Resume(tmp_path / "state.pt", "key"), 10)
    assert saved == [3, 6, 9, 10]  # once a minute has passed, and at the end

    class Slower(Walk):
        def run_epoch(self, between: Callable[[], None]) -> None:
            now[0] += 70
            super().run_epoch(between)

    saved.clear()
    run(Slower(), Resume(tmp_path / "other.pt", "key"), 3)
    assert saved == [0, 1, 2, 3]  # between two batches of each epoch, and at the end


class Told(Walk):
    """A walk that gets a signal before a batch of an epoch, or two."""

    def __init__(self, epoch: int, number: signal.Signals, times: int = 1, batch: int = 1) -> None:
        super().__init__()
        self.told_in, self.number, self.times, self.batch = epoch, number, times, batch

    def run_epoch(self, between: Callable[[], None]) -> None:
        self.tell(1)
        super().run_epoch(between)

    def second(self) -> None:
        self.tell(2)
        super().second()

    def tell(self, batch: int) -> None:
        if (self.epoch + 1, batch) == (self.told_in, self.batch):
            for _ in range(self.times):
                os.kill(os.getpid(), self.number)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("epoch", [1, 3, EPOCHS])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("batch", [1, 2])
def test_a_signal_saves_the_batch_it_came_in_and_the_run_goes_on_to_the_same_state(
    tmp_path: Path, epoch: int, number: signal.Signals, times: int, batch: int
) -> None:
    resume = Resume(tmp_path / "state.pt", "key", 1e9)  # by the clock nothing would be saved
    told = Told(epoch, number, times, batch)
    place = f"epoch {epoch} of {EPOCHS}," if batch == 2 else f"epoch {epoch - 1} of {EPOCHS} and 1 samples,"
    with heeded(), pytest.raises(RelampError, match=f"{number.name}: ended after {place} whose state is saved"):
        run(told, resume)
    assert told.worked == 2 * epoch + batch - 2
    again = run(resume=resume)
    assert again.worked == 2 * EPOCHS - told.worked
    assert same(again, run())


def test_a_signal_ends_a_run_that_saves_nothing_at_once() -> None:
    told = Told(2, signal.SIGTERM)
    with pytest.raises(Ended), heeded():
        run(told)
    assert told.worked == 2


def test_the_log_says_where_a_run_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    resume = Resume(tmp_path / "state.pt", "key", 0)
    with caplog.at_level("INFO", "relamp.train.loop"):
        run(Walk(), resume, 2)
        assert caplog.messages == []
        run(Walk(), resume)
    assert caplog.messages == [f"resumes after epoch 2 of {EPOCHS}, from {resume.path}"]


def test_the_environment_says_how_often_a_state_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAMP_SAVE_SECONDS", raising=False)
    assert Resume(tmp_path, "key").every == 60
    monkeypatch.setenv("RELAMP_SAVE_SECONDS", "0")
    assert Resume(tmp_path, "key").every == 0
    assert Resume(tmp_path, "key", 5).every == 5
