"""From stored rows alone: pack them, render everything, and import nothing heavy."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from relamp import lite
from relamp.errors import RelampError
from relamp.runtime.code import import_closure
from relamp.study import runs
from relamp.study.config import Config, load_config

ROOT = Path(__file__).parents[1]
GIVEN = {
    "preset": "quick",
    "damage": {"datasets": ["MUTAG"], "draws": 1},
    "unsupervised": {
        "datasets": ["MUTAG"],
        "methods": ["lamp-mag", "untrained", "simgrace"],
        "kernels": ["wl"],
        "seeds": [0, 1],
        "gammas": [0.1, 0.2, 0.9],
        "alphas": [0.1, 1],
    },
    "transfer": {"methods": ["none", "lamp-mag"], "seeds": [0, 1]},
    "mmix": {
        "nodes": {"methods": ["mp-mix", "untrained"], "seeds": [0, 1]},
        "graphs": {"methods": ["mp-mix"]},
        "edit_distance": {"methods": ["mp-mix"], "protocol": {"nodes": [50, 10]}},
        "images": {"methods": ["simclr"]},
    },
    "cross": {"datasets": ["MUTAG"], "methods": ["mp-mix"]},
}


def svm_rows(method: str, setting: dict[str, float], epoch: int | None, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for seed in (0, 1):
        for fold in range(3):
            for C in (0.1, 1.0):
                for metric in ("inner_accuracy", "test_accuracy"):
                    value = 0.9 if metric == "inner_accuracy" and C == 1 else rng.uniform(0.6, 0.8)
                    marks = {"method": method, "dataset": "MUTAG", "gamma": None, "alpha": None, **setting}
                    run = {"seed": seed, "epoch": epoch, "fold": fold, "C": C, "selected": C == 1}
                    rows.append({**marks, **run, "metric": metric, "value": value})
    return pd.DataFrame(rows)


def node_rows(method: str, metrics: tuple[str, ...], epochs: tuple[int, ...], rng: np.random.Generator) -> pd.DataFrame:
    marks = {"method": method, "dataset": "KarateClub", "run": 0, "split": "test", "branch": "average"}
    return pd.DataFrame(
        [
            {**marks, "seed": seed, "epoch": epoch, "final": epoch == epochs[-1], "metric": metric}
            | {"value": rng.uniform(0.5, 0.9)}
            for seed in (0, 1)
            for epoch in epochs
            for metric in metrics
        ]
    )


def write_mmix(results: Path, config: Config, rng: np.random.Generator) -> None:
    """Write made-up rows of M-Mix's experiments and of the cross table."""
    nodes, mmix = config.mmix.nodes, results / "mmix"
    for method in nodes.methods:
        write(mmix / "probe/KarateClub" / method / "default/rows.csv", node_rows(method, ("accuracy",), (0, 9), rng))
        write(mmix / "cluster/KarateClub" / method / "default/rows.csv", node_rows(method, ("nmi", "ari"), (9,), rng))
    for method in nodes.sweep.methods:
        for point in nodes.sweep.settings():
            folder = mmix / "probe/KarateClub" / method / runs.node_setting(*point)
            write(folder / "rows.csv", node_rows(method, ("accuracy",), nodes.sweep.checkpoints, rng))
    for method in ("mp-mix", "untrained"):
        epoch = 0 if method == "untrained" else 20
        write(mmix / "svm/MUTAG" / method / "default/rows.csv", svm_rows(method, {}, epoch, rng))
    write(results / "svm/MUTAG/mp-mix/default/rows.csv", svm_rows("mp-mix", {}, 20, rng))
    write(mmix / "bag/MUTAG/rows.csv", svm_rows("bag", {}, None, rng))
    edits = {"edit_distance": ("mp-mix/default", "untrained/default"), "edit_kernel": ("hist-kernel", "wl")}
    for kind, names in edits.items():
        for name in names:
            marks = {"method": name.partition("/")[0], "dataset": "MUTAG"}
            scores = [
                {**marks, "n": n, "seed": seed, "metric": metric, "value": rng.uniform(0.5, 0.9)}
                for n in (50, 10)
                for seed in (0, 1)
                for metric in ("accuracy", "ties", "roc_auc")
            ]
            write(mmix / kind / name / "rows.csv", pd.DataFrame(scores))
    image = {"method": "simclr", "dataset": "Digits", "seed": 0, "run": 0, "split": "test", "metric": "accuracy"}
    write(mmix / "image_probe/Digits/simclr/rows.csv", pd.DataFrame([{**image, "epoch": 20, "value": 0.9}]))


def write(path: Path, rows: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(path, index=False)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose small run has finished, with made-up rows."""
    rng = np.random.default_rng(0)
    config = load_config(GIVEN, ROOT / "workflow" / "presets")
    results = tmp_path / "results" / "quick"
    for run in runs.all_runs(config):
        epoch = 0 if run.method == "untrained" else 20
        setting = runs.setting_values(run.method, run.setting)
        write(
            results / "svm" / run.dataset / run.method / run.setting / "rows.csv",
            svm_rows(run.method, setting, epoch, rng),
        )
    write(results / "kernel" / "MUTAG" / "wl" / "rows.csv", svm_rows("wl", {}, None, rng))
    write(results / "bag" / "MUTAG" / "rows.csv", svm_rows("bag", {}, None, rng))
    for start in config.transfer.methods:
        labels = runs.transfer_labels(config, start, "Solubility")
        rows = [
            {"gamma": None, "alpha": None, **labels, "seed": seed, "epoch": epoch, "split": split, "task": 0}
            | {"metric": "roc_auc", "value": rng.uniform(0.7, 0.9)}
            for seed in (0, 1)
            for epoch in (1, 2)
            for split in ("valid", "test")
        ]
        write(results / "transfer" / "finetune" / "Solubility" / start / "rows.csv", pd.DataFrame(rows))
    write_mmix(results, config, rng)
    damage = [
        {"dataset": "MUTAG", "augmentation": a, "reading": r, "draw": 0, "graph": g, "status": "ok", "before": 2.0}
        | {"after": 1.0, "value": rng.uniform(0, 0.9)}
        for a in config.damage.augmentations
        for r in config.damage.readings
        for g in range(5)
    ]
    write(results / "damage" / "MUTAG.csv", pd.DataFrame(damage))
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
    assert "inconclusive" in capsys.readouterr().out
    # The page's links lead to what lies beside it.
    links = set(re.findall(r'href="([^"]+)"', (out / "verdict.html").read_text()))
    assert links
    assert not [link for link in links if not (out / link).exists()]


def test_a_run_that_is_not_finished_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "results/quick/kernel/MUTAG/wl/rows.csv").unlink()
    assert lite.main(["pack", str(project / "rows.zip")]) == 1
    assert "kernel/MUTAG/wl/rows.csv and 0 more: not there; finish the run" in capsys.readouterr().err
    assert not (project / "rows.zip").exists()


def test_another_preset_than_the_configured_one_is_packed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lite.main(["pack", str(project / "rows.zip"), "--preset", "desk"]) == 1
    assert f"{project}/results/desk/" in capsys.readouterr().err


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
    command = [sys.executable, "-c", "import relamp.lite, sys; print(*sys.modules)"]
    modules = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert not modules & {"torch", "torch_geometric", "rdkit", "grakel", "datamol", "snakemake", "sklearn"}


def test_the_rendering_environment_has_all_that_it_needs() -> None:
    env = yaml.safe_load((ROOT / "envs" / "render.yaml").read_text())
    pins = {line.partition("==")[0].lower() for line in env["dependencies"][2]["pip"]}
    named = {"yaml": "pyyaml"}
    found = set()
    for path in (ROOT / "src/relamp/lite.py", *import_closure(ROOT / "src/relamp/lite.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    outside = found - set(sys.stdlib_module_names) - {"relamp"}
    assert {named.get(name, name) for name in outside} <= pins
