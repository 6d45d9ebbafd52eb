"""The record beside a number is what made it: its command, typed as printed, gives the same bytes in another folder."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slurm_cluster import ENV, SNAKEMAKE, copy_project, needs_snakemake, run
from timeless import timeless

pytestmark = needs_snakemake

CONFIG = """
preset: quick
own: {MINE: "my data"}
damage: {datasets: [MUTAG, MINE], draws: 1}
"""
OVERRIDE = 'damage={"strength": 0.5, "datasets": ["MINE"]}'
KINDS = ("png", "pdf", "svg", "csv")


def figure(folder: Path) -> dict[str, bytes]:
    return {kind: (folder / f"figures/quick/lamp_fig2.{kind}").read_bytes() for kind in KINDS}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which one small figure was drawn with an override, from a further file too."""
    folder = copy_project(tmp_path_factory.mktemp("one") / "project", CONFIG)
    (folder / "my data").mkdir()
    for name, text in {"A": "1, 2\n2, 1\n3, 4\n4, 3\n4, 5\n5, 4\n", "graph_indicator": "1\n1\n2\n2\n2\n"}.items():
        (folder / "my data" / f"MINE_{name}.txt").write_text(text)
    (folder / "my data" / "MINE_graph_labels.txt").write_text("0\n1\n")
    (folder / "more.yaml").write_text("judging: {margin: 1.5}\n")
    run(folder, *SNAKEMAKE, "--cores", "1", "lamp_fig2", "--configfile", "more.yaml", "--config", OVERRIDE)
    return folder


def sidecar(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / "figures/quick/lamp_fig2.json").read_text()))


def test_the_command_of_a_sidecar_makes_the_same_bytes(made: Path, tmp_path: Path) -> None:
    # With another config.yaml and without the further file: the command has it all.
    other = copy_project(tmp_path / "other", "preset: quick\nown: {}\n")
    shutil.copytree(made / "my data", other / "my data")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "snakemake").write_text(f'#!/bin/sh\nexec {shlex.join(SNAKEMAKE)} "$@"\n')
    (bin_folder / "snakemake").chmod(0o755)
    env = {**ENV, "PATH": f"{bin_folder}{os.pathsep}{ENV['PATH']}"}
    command = str(sidecar(made)["command"])
    done = subprocess.run(command, shell=True, cwd=other, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert figure(other) == figure(made)
    assert sidecar(other)["configuration"] == sidecar(made)["configuration"]
    # Rows say how long they took to make, which no command makes again.
    for path in (entry["path"] for entry in sidecar(made)["inputs"]):
        assert timeless(other / path) == timeless(made / path)


def test_the_effective_configuration_lies_beside_the_results(made: Path) -> None:
    named = sidecar(made)["configuration"]
    assert isinstance(named, dict)
    words = json.loads((made / named["path"]).read_text())
    assert words["config"]["damage"]["strength"] == 0.5
    assert words["config"]["damage"]["datasets"] == ["MINE"]
    assert words["config"]["judging"]["margin"] == 1.5
    assert words["own"] == ["MINE"]


def test_pictures_name_their_command_and_commit(made: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    told = f"{sidecar(made)['command']} (commit unknown)"
    files = figure(made)
    with image.open(made / "figures/quick/lamp_fig2.png") as png:
        assert png.text["Description"] == told
    pdf = re.search(rb"/Keywords \((.*)\)$", files["pdf"], flags=re.MULTILINE)
    assert pdf is not None
    assert re.sub(rb"\\(.)", rb"\1", pdf[1]).decode() == told
    assert re.search(r"<dc:description>(.*)</dc:description>", files["svg"].decode()) is not None
    assert "lamp_fig2 --config preset=quick" in files["svg"].decode()


def test_a_finished_folder_that_is_moved_runs_nothing_again(made: Path, tmp_path: Path) -> None:
    # Times are kept, as by `mv` and `cp -a`.
    moved = tmp_path / "elsewhere"
    shutil.copytree(made, moved, symlinks=True, copy_function=shutil.copy2)
    words = ["--cores", "1", "--dry-run", "lamp_fig2", "--configfile", "more.yaml", "--config", OVERRIDE]
    assert "Nothing to be done" in run(moved, *SNAKEMAKE, *words)


def test_no_rule_has_the_place_of_the_checkout_among_its_params(made: Path) -> None:
    program = (
        "from snakemake.api import SnakemakeApi\nfrom snakemake.settings.types import *\nfrom pathlib import Path\n"
        "with SnakemakeApi(OutputSettings(quiet={'all'})) as api:\n"
        "    made = api.workflow(resource_settings=ResourceSettings(cores=1), config_settings=ConfigSettings(),\n"
        "        snakefile=Path('Snakefile').absolute())\n"
        "    for rule in made._workflow.rules:\n"
        "        print(rule.name, dict(rule.params.items()), list(map(str, rule.input)))\n"
    )
    said = run(made, sys.executable, "-c", program)
    assert "efficiency" in said
    assert str(made) not in said
