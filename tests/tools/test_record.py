"""What `make record` copies, and what it refuses."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from relamp.errors import RelampError
from relamp.render.sidecar import sidecar
from relamp.runtime.files import write_json
from relamp.runtime.provenance import TARGET, configured_by, name_configuration
from relamp.study.config import load_config
from relamp.tools import record as tool
from relamp.tools.record import record
from slurm_cluster import SNAKEMAKE, copy_project, needs_snakemake, run

PRESETS = Path(__file__).parents[2] / "workflow" / "presets"
PLANNED = "rule judge:\n    input: a.csv\n    output: results/quick/verdict.html\n\n"
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Snakemake says to a plan; commands it was asked with are appended."""
    text = ["Nothing to be done (all requested files are present and up to date)."]
    real = subprocess.run

    def answer(command: list[str], **options: Any) -> Any:
        if "snakemake" not in command:
            return real(command, **options)
        text.append(" ".join(command[3:]))
        return subprocess.CompletedProcess(command, 0, text[0], "")

    monkeypatch.setattr(subprocess, "run", answer)
    return text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]) -> Path:
    """A checkout with a finished run: rows, a figure and the verdicts of one configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").touch()
    (tmp_path / ".gitignore").write_text("results\nfigures\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    results, figures = tmp_path / "results/quick", tmp_path / "figures/quick"
    for place in (results / "tables", results / "rows", figures):
        place.mkdir(parents=True)
    for file in (*("rows/a.csv", "verdict.csv", "verdict.md", "claims.csv", "scores.csv"), "tables/efficiency.csv"):
        (results / file).write_text(f"{file}\n")
    for kind in ("csv", "png"):
        (figures / f"lamp_fig2.{kind}").write_text("drawn\n")
    config = {**load_config({}, PRESETS).recorded(), "command": ["snakemake", TARGET, "--config", "preset=quick"]}
    with configured_by(tmp_path):
        name_configuration(Path("results/quick/config"), config)
        for made in (results / "verdict.html", figures / "lamp_fig2.png"):
            facts = sidecar([Path("results/quick/rows/a.csv")], "snakemake x", tmp_path)
            write_json(made.with_suffix(".json"), facts)
    return tmp_path


def test_numbers_sidecars_and_the_configuration_are_copied(folder: Path, said: list[str]) -> None:
    old = folder / "reproduction" / "quick" / "lamp_fig9.csv"
    old.parent.mkdir(parents=True)
    old.touch()
    record("quick", folder / "reproduction" / "quick")
    copied = {path.name for path in (folder / "reproduction" / "quick").iterdir()}
    assert copied == {
        "cost.csv",
        "lamp_fig2.csv",
        "lamp_fig2.json",
        "verdict.csv",
        "verdict.md",
        "verdict.json",
        "claims.csv",
        "config",
    }
    (config,) = (folder / "reproduction/quick/config").iterdir()
    named = json.loads((folder / "reproduction/quick/verdict.json").read_text())["configuration"]
    assert Path(named["path"]).name == config.name
    planned = "all --config preset=quick --dry-run --nolock"
    assert said[1:] == [planned, f"{planned} --forceall"]
    # What was recorded does not make the checkout another.
    record("quick", folder / "reproduction" / "quick")


def test_an_altered_checkout_is_refused(folder: Path) -> None:
    (folder / "src" / "a.py").write_text("1")
    with pytest.raises(RelampError, match="is altered, so that nobody could make these numbers again"):
        record("quick", folder / "reproduction")
    git(folder, "commit", "-qam", "second")
    record("quick", folder / "reproduction")
    (folder / "src" / "more.py").write_text("1")
    with pytest.raises(RelampError, match="is altered"):
        record("quick", folder / "reproduction")
    shutil.rmtree(folder / ".git")
    with pytest.raises(RelampError, match="no git checkout"):
        record("quick", folder / "reproduction")


def test_what_an_altered_checkout_made_is_refused(folder: Path) -> None:
    file = folder / "figures/quick/lamp_fig2.json"
    facts = json.loads(file.read_text())
    write_json(file, {**facts, "git": {**facts["git"], "dirty": True}})
    with pytest.raises(RelampError, match=r"lamp_fig2\.json: was made from an altered checkout"):
        record("quick", folder / "reproduction")
    write_json(file, {key: value for key, value in facts.items() if key != "configuration"})
    with pytest.raises(RelampError, match=r"lamp_fig2\.json: does not name its configuration"):
        record("quick", folder / "reproduction")
    file.write_text("{")
    with pytest.raises(RelampError, match=r"lamp_fig2\.json: is no JSON that can be read"):
        record("quick", folder / "reproduction")


def test_other_rows_than_those_judged_are_refused(folder: Path) -> None:
    (folder / "results/quick/rows/a.csv").write_text("another\n")
    with pytest.raises(RelampError, match=r"rows/a\.csv is not what it was made of"):
        record("quick", folder / "reproduction")
    assert not (folder / "reproduction").exists()


def test_a_configuration_that_was_edited_afterwards_is_refused(folder: Path) -> None:
    (config,) = (folder / "results/quick/config").iterdir()
    config.write_text(config.read_text().replace('"margin": 2.0', '"margin": 9.0'))
    with pytest.raises(RelampError, match="is not the configuration that"):
        record("quick", folder / "reproduction")


def test_a_configuration_that_would_make_others_is_refused(folder: Path, said: list[str]) -> None:
    said[0] = PLANNED
    with pytest.raises(RelampError, match=r"1 jobs would run, the first for results/quick/verdict\.html") as told:
        record("quick", folder / "reproduction")
    # As where a configuration has grown by what is not judged: only the verdicts still have the earlier one.
    assert "delete results/quick/verdict.json, and make them again" in str(told.value)
    assert not (folder / "reproduction").exists()


@pytest.mark.parametrize("name", ["..", "../quick", "/tmp", "a/b"])
def test_only_a_run_can_be_recorded(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--config", f"run={name}"]) == 1
    assert "config: run: " in capsys.readouterr().err
    assert tool.main(["--preset", "paper", "--config", "run=mine"]) == 1
    assert "results/paper-mine/verdict.json: there are no verdicts to record" in capsys.readouterr().err


@needs_snakemake
def test_an_unfinished_run_is_refused_by_its_real_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copy_project(tmp_path / "project", "preset: quick\ndamage: {datasets: [MUTAG], draws: 1}\n")
    run(folder, *SNAKEMAKE, "--cores", "1", "lamp_fig2")
    shutil.copy(folder / "figures/quick/lamp_fig2.json", folder / "results/quick/verdict.json")
    monkeypatch.chdir(folder)
    with pytest.raises(
        RelampError, match=r"results/quick: is not what its configuration makes now: \d+ jobs would run"
    ):
        tool._check_plan(Path("results/quick"))


def test_an_earlier_record_stays_until_the_new_one_is_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder / "reproduction" / "quick"
    place.mkdir(parents=True)
    (place / "rows.zip").write_text("rows")

    def breaks(*_: object) -> None:
        raise RelampError("no plan")

    for step in ("took", "_copy"):
        with monkeypatch.context() as patch:
            patch.setattr(tool, step, breaks)
            with pytest.raises(RelampError, match="no plan"):
                record("quick", place)
        assert [path.name for path in place.parent.rglob("*")] == ["quick", "rows.zip"]
