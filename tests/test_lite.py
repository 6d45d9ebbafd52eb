"""From stored rows alone: pack them, render everything, and import nothing heavy."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from relamp import lite
from relamp.artifacts import ARTIFACTS
from relamp.errors import RelampError
from relamp.study.config import load_config, restored
from stored_rows import SMALL, write_run

ROOT = Path(__file__).parents[1]
# What it loads by name.
NAMED = sorted({module for made in ARTIFACTS.values() if made.lite for module in made.modules})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose small run has finished, with made-up rows."""
    write_run(tmp_path)
    monkeypatch.chdir(tmp_path)
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
    assert "inconclusive" in capsys.readouterr().out
    # The page's links lead to what lies beside it.
    links = set(re.findall(r'href="([^"]+)"', (out / "verdict.html").read_text()))
    assert links
    assert not [link for link in links if not (out / link).exists()]


def test_a_run_that_is_not_finished_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "results/quick/rows/svm-rbf/MUTAG/wl/default/rows.csv").unlink()
    assert lite.main(["pack", str(project / "rows.zip")]) == 1
    assert "svm-rbf/MUTAG/wl/default/rows.csv and 0 more: not there; finish the run" in capsys.readouterr().err
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
        load_config({**SMALL, "damage": {"datasets": ["MINE"]}}, ROOT / "workflow" / "presets")
    assert lite.main(["pack", str(project / "rows.zip")]) == 0
    with zipfile.ZipFile(project / "rows.zip") as archive:
        words = json.loads(archive.read("config.json"))
    words["config"]["damage"]["datasets"] = ["MINE"]
    (project / "config.json").write_text(json.dumps({**words, "own": ["MINE"]}))
    config = restored(project / "config.json")
    assert config.damage.datasets == ("MINE",)


def test_nothing_heavy_is_imported() -> None:
    command = [sys.executable, "-c", f"import relamp.lite, {', '.join(NAMED)}, sys; print(*sys.modules)"]
    modules = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert not modules & {"torch", "torch_geometric", "rdkit", "grakel", "datamol", "snakemake", "sklearn"}
