import hashlib
import json
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest

from relamp.errors import RelampError
from relamp.render.sidecar import direct_dependencies, gpu_names, sidecar, write_sidecar
from relamp.runtime.provenance import configured_by, cpu_model


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository above the test's folder counts, and no settings of the user."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def program(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program before all others of its name."""
    script = folder / name
    script.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_inputs_packages_and_host_outside_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_bytes(b"a,b\n")
    before = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.chdir(tmp_path)
    write_sidecar(tmp_path / "out" / "fig.png", [rows], "snakemake lamp_fig4")
    facts = json.loads((tmp_path / "out" / "fig.json").read_text(encoding="utf-8"))
    assert facts["command"] == "snakemake lamp_fig4"
    assert facts["configuration"] is None
    assert (facts["cpu"], facts["threads"]) == (cpu_model(), int(os.environ["OMP_NUM_THREADS"]))
    assert facts["inputs"] == [{"path": "rows.csv", "sha256": hashlib.sha256(b"a,b\n").hexdigest()}]
    assert facts["packages"]["numpy"] == metadata.version("numpy")
    assert "pytest" not in facts["packages"]
    assert facts["python"] == platform.python_version()
    assert (facts["host"], facts["platform"]) == (platform.node(), platform.platform())
    created = datetime.fromisoformat(facts["created"])
    assert created.utcoffset() is not None
    assert before <= created <= datetime.now(UTC)


def test_a_missing_input_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(RelampError, match="no such file"):
            sidecar([path], "x", tmp_path)


def test_the_configuration_is_named_with_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.json").write_bytes(b"{}")
    with configured_by(Path("c.json")):
        named = sidecar([], "x", tmp_path)["configuration"]
    assert named == {"path": "c.json", "sha256": hashlib.sha256(b"{}").hexdigest()}
    assert sidecar([], "x", tmp_path)["configuration"] is None


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def committed(folder: Path) -> str:
    """Make a repository with one file, and return its commit."""
    git(folder, "init", "-q")
    (folder / "a").write_text("1", encoding="utf-8")
    git(folder, "add", "a")
    git(folder, "commit", "-qm", "first")
    return git(folder, "rev-parse", "HEAD")


@needs_git
def test_commit_and_altered_tree(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert sidecar([], "x", tmp_path)["git"] == {"commit": None, "dirty": None}
    commit = committed(tmp_path)
    # Outputs that git does not know do not make the code another.
    for name in ("results", "reproduction"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "untracked").write_text("1", encoding="utf-8")
    assert sidecar([], "x", tmp_path)["git"] == {"commit": commit, "dirty": False}
    (tmp_path / "a").write_text("2", encoding="utf-8")
    assert sidecar([], "x", tmp_path)["git"] == {"commit": commit, "dirty": True}


@needs_git
@pytest.mark.parametrize("name", ["src/relamp/more.py", "workflow/presets/mine.yaml", "published/mine_table1.csv"])
def test_a_file_that_git_does_not_know_makes_the_code_another(tmp_path: Path, name: str) -> None:
    commit = committed(tmp_path)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("1", encoding="utf-8")
    assert sidecar([], "x", tmp_path)["git"] == {"commit": commit, "dirty": True}
    (tmp_path / ".git" / "info" / "exclude").write_text("src\nworkflow\npublished\n", encoding="utf-8")
    assert sidecar([], "x", tmp_path)["git"] == {"commit": commit, "dirty": False}


@needs_git
def test_another_repository_is_not_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, own = tmp_path / "thesis", tmp_path / "own"
    (other / "relamp").mkdir(parents=True)
    own.mkdir()
    committed(other)
    nothing = {"commit": None, "dirty": None}
    # A source archive unpacked inside it, also where it was committed there.
    assert sidecar([], "x", other / "relamp")["git"] == nothing
    (other / "relamp" / "b").write_text("1", encoding="utf-8")
    git(other, "add", "relamp")
    git(other, "commit", "-qm", "second")
    assert sidecar([], "x", other / "relamp")["git"] == nothing
    commit = committed(own)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert sidecar([], "x", own)["git"] == {"commit": commit, "dirty": False}
    # Reached through a link, or from another folder, it is itself.
    (tmp_path / "link").symlink_to(own)
    monkeypatch.chdir(other)
    assert sidecar([], "x", tmp_path / "link")["git"]["commit"] == commit


def test_a_failing_git_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = 'case "$1" in status) echo "index is broken" >&2; exit 128;; esac; pwd'
    program(tmp_path, "git", broken, monkeypatch)
    with pytest.raises(RelampError, match="index is broken"):
        sidecar([], "x", tmp_path)


def test_gpu_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "nvidia-smi", "echo NVIDIA A; echo NVIDIA B", monkeypatch)
    assert gpu_names() == ["NVIDIA A", "NVIDIA B"]
    program(tmp_path, "nvidia-smi", "echo no driver >&2; exit 9", monkeypatch)
    assert gpu_names() is None
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert gpu_names() is None


def test_dependencies_without_an_installed_relamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    installed = direct_dependencies(tmp_path)
    assert "matplotlib" in installed
    assert "pytest" not in installed
    monkeypatch.setattr(metadata, "requires", absent)
    assert direct_dependencies(tmp_path) == []
    text = '[project.optional-dependencies]\ndev = ["pytest"]\nrun = ["torch>1", "relamp[x]"]\n'
    text += '[project]\ndependencies = ["numpy>=2", "Not-Installed.x[all]>1; python_version>\'3\'"]\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert direct_dependencies(tmp_path) == ["Not-Installed.x", "numpy", "torch"]
    assert sidecar([], "x", tmp_path)["packages"]["Not-Installed.x"] is None
