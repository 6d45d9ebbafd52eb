import hashlib
import json
import os
import platform
import shlex
import subprocess
from pathlib import Path

import pytest

from relamp.runtime import provenance
from relamp.runtime.provenance import (
    TARGET,
    command_for,
    commit,
    configuration,
    configured_by,
    cpu_model,
    name_configuration,
)

WORDS = {"command": ["snakemake", TARGET, "--config", 'a={"b": "é\'"}'], "config": {"b": 1}}


@pytest.fixture(autouse=True)
def _unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(provenance.CONFIGURATION, raising=False)


def test_a_configuration_is_named_by_its_content_and_never_overwritten(tmp_path: Path) -> None:
    with configured_by(tmp_path / "before"):
        name_configuration(tmp_path / "config", WORDS)
        first = configuration()
        assert first is not None
        assert first.name == f"{hashlib.sha256(first.read_bytes()).hexdigest()[:16]}.json"
        assert json.loads(first.read_text(encoding="utf-8")) == WORDS
        time = first.stat().st_mtime_ns
        name_configuration(tmp_path / "config", {**WORDS, "config": {"b": 2}})
        assert configuration() != first
        name_configuration(tmp_path / "config", WORDS)
        assert (configuration(), first.stat().st_mtime_ns) == (first, time)
    assert configuration() is None


def test_the_command_can_be_typed(tmp_path: Path) -> None:
    assert command_for("lamp_fig4") == "snakemake --cores all lamp_fig4"
    with configured_by(tmp_path):
        name_configuration(tmp_path, WORDS)
        told = command_for("lamp_fig4")
    assert shlex.split(told) == ["snakemake", "lamp_fig4", "--config", 'a={"b": "é\'"}']


def test_the_name_before_comes_back(tmp_path: Path) -> None:
    with configured_by(tmp_path / "one"):
        with pytest.raises(ValueError, match="x"), configured_by(tmp_path / "two"):
            raise ValueError("x")
        assert configuration() == tmp_path / "one"
    assert provenance.CONFIGURATION not in os.environ


def test_the_cpu_is_the_one_that_the_system_names() -> None:
    cpu = cpu_model()
    assert cpu
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    if "model name" in text:
        assert cpu in text
        assert cpu != platform.machine()


def git(folder: Path, *words: str) -> str:
    known = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(["git", "-C", str(folder), *known, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_commit_is_that_of_the_checkout_and_says_if_sources_are_altered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "checkout"
    (package := checkout / "src").mkdir(parents=True)
    # None yet, and what lies above is another's.
    git(tmp_path, "init", "-q")
    assert commit.__wrapped__(checkout) is None
    git(checkout, "init", "-q")
    assert commit.__wrapped__(checkout) is None
    (package / "a.py").write_text("1")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-qm", "a")
    head = git(checkout, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    (checkout / "results").mkdir()
    (checkout / "results" / "x").write_text("made, not written")
    assert commit.__wrapped__(checkout) == head
    (package / "b.py").write_text("new")
    assert commit.__wrapped__(checkout) == f"{head}, altered"
