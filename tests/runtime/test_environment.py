"""Variables of the environment."""

import re

import pytest

from relamp.errors import RelampError
from relamp.runtime.environment import check_variables, device_name, process_count, save_seconds


@pytest.mark.parametrize(
    ("given", "name"), [("", ""), ("cpu", "cpu"), ("CPU", "cpu"), ("cuda", "cuda"), ("cuda:1", "cuda:1")]
)
def test_devices(monkeypatch: pytest.MonkeyPatch, given: str, name: str) -> None:
    monkeypatch.setenv("RELAMP_DEVICE", given)
    assert device_name() == name
    monkeypatch.delenv("RELAMP_DEVICE")
    assert device_name() == ""


@pytest.mark.parametrize(
    "given", ["gpu", "tpu9", "cuda:", "cuda:-1", "cpu0", "meta", "cuda:99999999999999", "x" * 9999]
)
def test_other_devices_are_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("RELAMP_DEVICE", given)
    with pytest.raises(RelampError, match=re.escape(f"RELAMP_DEVICE: '{given[:99]}")) as caught:
        check_variables()
    assert str(caught.value).endswith(" is no device; use cpu, cuda or cuda:<number>")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(("given", "seconds"), [("", 60), ("0", 0), ("1.5", 1.5), ("1e3", 1000)])
def test_seconds(monkeypatch: pytest.MonkeyPatch, given: str, seconds: float) -> None:
    monkeypatch.setenv("RELAMP_SAVE_SECONDS", given)
    assert save_seconds() == seconds


@pytest.mark.parametrize("given", ["1m", "abc", "-1", "nan", "inf", "1e400"])
def test_other_seconds_are_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("RELAMP_SAVE_SECONDS", given)
    with pytest.raises(RelampError, match=f"RELAMP_SAVE_SECONDS: '{given}' is no number of seconds; use 60"):
        check_variables()


def test_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    for given, count in (("", 1), ("1", 1), ("8", 8)):
        monkeypatch.setenv("RELAMP_PROCESSES", given)
        assert process_count() == count
    for given in ("0", "-1", "two", "2.0", "1000"):
        monkeypatch.setenv("RELAMP_PROCESSES", given)
        with pytest.raises(RelampError, match=f"RELAMP_PROCESSES: '{given}' is no number of processes; use 1, or one"):
            check_variables()
