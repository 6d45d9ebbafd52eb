"""From stored rows alone: pack them, render everything, and import nothing heavy."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

from relamp import lite
from relamp.artifacts import ARTIFACTS
from relamp.errors import RelampError
from relamp.study.config import load_config
from relamp.study.plan import Plan
from stored_rows import write_made_up

ROOT = Path(__file__).parents[1]
# What it loads by name.
NAMED = sorted({module for made in ARTIFACTS.values() if made.lite for module in made.modules})
GIVEN = {
    "preset": "quick",
    "damage": {"datasets": ["MUTAG"], "draws": 1},
    "unsupervised": {
        "datasets": ["MUTAG"],
        "methods": ["lamp-mag", "untrained", "simgrace"],
        "kernels": ["wl"],
        "seeds": [0, 1],
        "sweeps": {"gamma": [0.1, 0.2, 0.9], "alpha": [0.1, 1]},
    },
    "transfer": {"methods": ["none", "lamp-mag"], "seeds": [0, 1]},
    "mmix": {
        "nodes": {"methods": ["mp-mix", "untrained"], "seeds": [0, 1]},
        "graphs": {"methods": ["mp-mix"]},
        "edit_distance": {"methods": ["mp-mix"]},
        "images": {"methods": ["simclr"]},
    },
    "cross": {"datasets": ["MUTAG"], "methods": ["mp-mix"]},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose small run has finished, with made-up rows."""
    config = load_config(GIVEN, ROOT / "workflow" / "presets")
    plan = Plan(config, str(tmp_path / "results" / "quick"), "")
    asked = {path: facts for made in plan.artifacts.values() for path, facts in plan.asked(made).items()}
    for path in plan.all_rows():
        write_made_up(Path(path), asked[path])
    for name in ("published", "workflow"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(GIVEN))
    monkeypatch.setattr(lite, "_ROOT", tmp_path)
    return tmp_path


def test_everything_is_rendered_from_packed_rows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, out = project / "rows.zip", project / "out"
    assert lite.main(["pack", str(rows)]) == 0
    first = rows.read_bytes()
    assert lite.main(["pack", str(rows)]) == 0
    assert rows.read_bytes() == first
    assert lite.main(["render", str(rows), str(out)]) == 0
    figures = ("lamp_fig2", "lamp_fig4", "lamp_fig5", "mmix_fig2", "mmix_fig3", "leakage", "ranks")
    assert {path.stem for path in (out / "figures").glob("*.png")} == set(figures)
    tables = {path.stem for path in (out / "tables").glob("*.html")}
    mixes = {f"mmix_table{number}" for number in range(2, 11)}
    assert tables == {"lamp_table1", "lamp_table2", "lamp_table3", *mixes, "cross_table", "leakage", "comparisons"}
    cells = pd.read_csv(out / "verdict.csv")
    assert set(cells.loc[cells["verdict"] != "not run", "dataset"]) == {"MUTAG"}
    assert "worse" in capsys.readouterr().out
    # The page's links lead to what lies beside it.
    links = set(re.findall(r'href="([^"]+)"', (out / "verdict.html").read_text()))
    assert links
    assert not [link for link in links if not (out / link).exists()]


def test_a_run_that_is_not_finished_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "results/quick/rows/svm-rbf/MUTAG/wl/default/rows.csv").unlink()
    assert lite.main(["pack", str(project / "rows.zip")]) == 1
    missing = "results/quick/rows/svm-rbf/MUTAG/wl/default/rows.csv"
    assert (
        f"{missing} and 0 more: not there; make it with `snakemake --cores 2 -- {missing}`" in capsys.readouterr().err
    )
    assert not (project / "rows.zip").exists()


def test_another_preset_than_the_configured_one_is_packed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lite.main(["pack", str(project / "rows.zip"), "--preset", "desk"]) == 1
    assert "relamp: results/desk/" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"<html>", None, {}])
def test_what_holds_no_rows_is_told(
    tmp_path: Path, content: bytes | dict[str, str] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.zip"
    if isinstance(content, bytes):
        rows.write_bytes(content)
    elif content is not None:
        with zipfile.ZipFile(rows, "w") as archive:
            archive.writestr("other.txt", json.dumps(content))
    assert lite.main(["render", str(rows), str(tmp_path / "out")]) == 1
    assert str(rows) in capsys.readouterr().err


def test_own_data_sets_need_no_folder_any_more(project: Path) -> None:
    with pytest.raises(RelampError, match="there is no data set 'MINE'"):
        load_config({**GIVEN, "damage": {"datasets": ["MINE"]}}, ROOT / "workflow" / "presets")
    assert lite.main(["pack", str(project / "rows.zip")]) == 0
    with zipfile.ZipFile(project / "rows.zip") as archive:
        words = json.loads(archive.read("config.json"))
    words["config"]["damage"]["datasets"] = ["MINE"]
    config = lite.Config.model_validate(words["config"], context={"own": ["MINE"]})
    assert config.damage.datasets == ("MINE",)


def test_nothing_heavy_is_imported() -> None:
    command = [sys.executable, "-c", f"import relamp.lite, {', '.join(NAMED)}, sys; print(*sys.modules)"]
    modules = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert not modules & {"torch", "torch_geometric", "rdkit", "grakel", "datamol", "snakemake", "sklearn"}
