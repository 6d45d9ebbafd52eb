import random
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from relamp.errors import RelampError
from relamp.runtime.kept import fingerprint
from relamp.train.loop import load_state, save_state

FACTS = {
    "data": "1f",
    "code": "9c",
    "method": {"name": "lamp-mag", "options": {"gamma": 0.2, "alpha": 1.0}},
    "settings": {"epochs": 20, "checkpoints": [0, 10, 20], "lamp": {"own_statistics": False}},
    "threads": 1,
    "seed": 0,
}


def state() -> dict[str, Any]:
    model = torch.nn.Linear(3, 2)
    optimiser = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    return {
        "epoch": 3,
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "numpy": np.random.default_rng(0).bit_generator.state,
        "torch": torch.Generator().manual_seed(1).get_state(),
        "history": [{"epoch": 1, "loss": 0.1}],
    }


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, content: object) -> Path:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    return path


class Intruder:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"PK\x03\x04",
        b"\x80\x02}q\x00.",
        b"}.",
        b"K\x01.",
        [1, 2],
        5,
        {"a": 1},
        {"key": "key"},
        "x",
        None,
    ],
    ids=repr,
)
def test_what_is_no_state_is_told_in_one_line(tmp_path: Path, content: object) -> None:
    path = write(tmp_path / "state.pt", content)
    with pytest.raises(RelampError) as caught:
        load_state(path, "key")
    message = str(caught.value)
    assert message.startswith(f"{path}: saved training state cannot be read (")
    assert message.endswith("; delete it to start over")
    assert "\n" not in message
    assert "weights_only" not in message


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    return bool(one == other)


def test_a_damaged_state_is_told_or_read_as_it_was_and_never_anything_else(tmp_path: Path) -> None:
    path, saved = tmp_path / "state.pt", state()
    save_state(path, "key", saved)
    whole = path.read_bytes()
    rng = random.Random(0)
    for length in range(0, len(whole), max(1, len(whole) // 50)):
        path.write_bytes(whole[:length])
        with pytest.raises(RelampError, match="delete it to start over"):
            load_state(path, "key")
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            assert alike((load_state(path, "key") or {})["state"], saved)
        except RelampError:
            refused += 1
    assert refused > 200


def test_a_state_runs_no_code(tmp_path: Path) -> None:
    path, target = tmp_path / "state.pt", tmp_path / "touched"
    torch.save({"key": "key", "state": Intruder(target)}, path)
    with pytest.raises(RelampError, match="delete it to start over"):
        load_state(path, "key")
    assert not target.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files")
def test_a_file_system_that_takes_no_more_is_told(tmp_path: Path) -> None:
    script = f"""
        import os, resource, signal
        from pathlib import Path
        import torch
        from relamp.train.loop import save_state
        from relamp.errors import RelampError
        path = Path({str(tmp_path)!r}) / "state.pt"
        save_state(path, "key", {{"epoch": 1}})
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            save_state(path, "key", {{"epoch": 2, "weights": torch.zeros(100_000)}})
        except RelampError as error:
            print(error, flush=True)
        os._exit(0)  # what torch's CUDA build does at Python's end is another matter
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert f"{tmp_path / 'state.pt'}: could not be written (File too large)" in done.stdout
    assert (found := load_state(tmp_path / "state.pt", "key"))
    assert found["state"] == {"epoch": 1}
    assert listed(tmp_path) == ["state.pt"]


def changed(facts: Any) -> list[Any]:
    """Every way to change one leaf of the facts, or to leave out one entry."""
    if isinstance(facts, dict):
        within = [{**facts, key: other} for key, value in facts.items() for other in changed(value)]
        return within + [{k: v for k, v in facts.items() if k != key} for key in facts]
    if isinstance(facts, list):
        return [[*facts[:i], other, *facts[i + 1 :]] for i, value in enumerate(facts) for other in changed(value)]
    return [f"{facts}x" if isinstance(facts, str) else (not facts if isinstance(facts, bool) else facts + 1)]


def reordered(facts: Any) -> Any:
    return {key: reordered(facts[key]) for key in reversed(facts)} if isinstance(facts, dict) else facts


def test_the_fingerprint_depends_on_every_fact_and_not_on_their_order() -> None:
    key = fingerprint(FACTS)
    assert len(key) == 64
    assert fingerprint(reordered(FACTS)) == key
    others = [fingerprint(facts) for facts in changed(FACTS)]
    assert key not in others
    assert len(set(others)) == len(others) == 12 + 14  # leaves changed, entries left out


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(), trees, max_size=4))
def test_the_fingerprint_never_depends_on_order(facts: dict[str, Any]) -> None:
    assert fingerprint(reordered(facts)) == fingerprint(facts)


@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_the_fingerprint_sees_every_bit_of_a_number(one: float, two: float) -> None:
    assert (fingerprint({"gamma": one}) == fingerprint({"gamma": two})) == (repr(one) == repr(two))
