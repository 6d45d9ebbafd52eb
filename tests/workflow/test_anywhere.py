"""The workflow runs in any folder: by -d, by -s, and as a module of another one."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SMALL = {"preset": "quick", "damage": {"datasets": ["MUTAG"], "draws": 1}}
MODULE = """
module relamp:
    snakefile: "{snakefile}"
    config: {config}

use rule * from relamp as relamp_*
"""

pytestmark = pytest.mark.skipif(find_spec("snakemake") is None, reason="snakemake is not installed")


def snakemake(folder: Path, *words: str, library: bool = False) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a folder; `library`: relamp can be imported before the workflow finds its own."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if library:
        environment["PYTHONPATH"] = str(ROOT / "src")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *words]
    options = {"capture_output": True, "text": True, "timeout": 300}
    return subprocess.run(command, cwd=folder, env=environment, check=False, **options)


def planned(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(re.findall(r"^(?:relamp_)?(\w+) +(\d+)$", done.stdout, flags=re.MULTILINE))


def test_the_folder_of_results_is_named_by_d(tmp_path: Path) -> None:
    words = ["-s", str(ROOT / "Snakefile"), "-d", str(tmp_path), "-n", "lamp_table1"]
    counts = planned(snakemake(ROOT.parent, *words))
    assert (counts["train_graphs"], counts["total"]) == ("14", "35")


@pytest.mark.parametrize("name", ["Snakefile", "workflow/Snakefile"])
def test_the_configuration_is_that_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.yaml").write_text("preset: desk\n")
    done = snakemake(tmp_path, "-s", os.path.relpath(ROOT / name, tmp_path.resolve()), "-n", "lamp_fig2", "audit")
    assert planned(done)["total"] == "7"
    assert "results/desk/rows/damage/MUTAG.csv" in done.stdout
    assert "results/quick" not in done.stdout


def test_a_fault_is_a_line_anywhere(tmp_path: Path) -> None:
    done = snakemake(tmp_path, "-s", str(ROOT / "Snakefile"), "-n", "--config", "preset=quikc")
    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1]
        == "config: preset: there is no preset 'quikc'; known: desk, evening, paper, quick, rivals, weekend"
    )


def test_another_workflow_takes_it_as_a_module(tmp_path: Path) -> None:
    text = MODULE.format(snakefile=ROOT / "Snakefile", config=json.dumps(SMALL))
    (tmp_path / "Snakefile").write_text(f"{text}\nrule mine:\n    input: rules.relamp_lamp_fig2.output\n")
    done = snakemake(tmp_path, "mine")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "figures" / "quick").iterdir()} == {
        f"lamp_fig2.{kind}" for kind in ("png", "pdf", "svg", "csv", "json")
    }
    # It plans itself for the costs, by the same configuration.
    done = snakemake(tmp_path, "relamp_cost")
    assert done.returncode == 0, done.stderr
    row = next(line for line in done.stdout.splitlines() if line.startswith("lamp_fig2 "))
    assert row.split()[1] == "3"


def test_a_prefix_is_refused_in_a_line(tmp_path: Path) -> None:
    text = MODULE.format(snakefile=ROOT / "Snakefile", config='{}\n    prefix: "sub"')
    (tmp_path / "Snakefile").write_text(text)
    done = snakemake(tmp_path, "--list-rules")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("relamp: as a module it takes no `prefix`")


def test_out_of_a_repository_it_uses_the_installed_library(tmp_path: Path) -> None:
    repository = tmp_path / "clone"
    for name in ("Snakefile", "workflow", "envs"):
        subprocess.run(["cp", "-R", "--parents", name, str(make(repository))], cwd=ROOT, check=True)
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"]):
        subprocess.run(["git", "-C", str(repository), *words], check=True)
    folder = make(tmp_path / "work")
    text = MODULE.format(snakefile=f"git+file://{repository}/workflow/Snakefile@HEAD", config=json.dumps(SMALL))
    (folder / "Snakefile").write_text(text)
    done = snakemake(folder, "--list-rules", library=True)
    assert done.returncode == 0, done.stderr
    assert "relamp_lamp_fig2" in done.stdout.split()


def make(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def test_what_the_catalogue_asks_for_is_there() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert (ROOT / "workflow" / "Snakefile").is_file()
    assert (ROOT / "config" / "README.md").read_text().startswith("# ")
    assert yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["preset"] == "quick"
