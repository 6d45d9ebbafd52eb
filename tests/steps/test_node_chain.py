"""The jobs on nodes one after another, on small data: files in, files out."""

import json
from pathlib import Path

import pandas as pd
from relamp.steps.nodes import pretrain_nodes_seeds

from node_graphs import random_nodes
from relamp.data.nodes import PackedNodes
from relamp.data.packed import map_arrays
from relamp.runtime.code import import_closure

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
SETTINGS = {"mixer": "mp-mix", "epochs": 4, "checkpoints": [0, 2], "patience": None, "hidden": 6, "keep": "split"}
PROBE = {"runs": 3, "steps": 10}
LABELS = {"method": "mp-mix", "dataset": "random"}


def run(folder: Path, data: PackedNodes, settings: dict, seeds: tuple[int, ...] = (0, 1)) -> dict[int, Path]:
    data.save(folder / "data.safetensors")
    folders = {seed: folder / f"seed~{seed}" for seed in seeds}
    code = import_closure(SCRIPTS / "pretrain_nodes.py")
    pretrain_nodes_seeds(folder / "data.safetensors", folders, folder / "state", "mp-mix", settings, code)
    return {seed: path / "embeddings.safetensors" for seed, path in folders.items()}


def test_from_nodes_to_rows(tmp_path: Path) -> None:
    data = random_nodes(0, sizes=(20, 30))  # with nodes in no part of the split there would be fewer rows
    data = PackedNodes(**{**vars(data), "test": data.test[:-5]})
    embeddings = run(tmp_path, data, {**SETTINGS, "branches": ["a", "average"]})
    folder = embeddings[0].parent
    assert {path.name for path in folder.iterdir()} == {
        "embeddings.safetensors",
        "encoder.safetensors",
        "history.csv",
        "run.json",
    }
    assert list(pd.read_csv(folder / "history.csv")) == ["epoch", "loss", "node", "diversity"]
    facts = json.loads((folder / "run.json").read_text())
    assert (facts["final_epoch"], facts["epochs"], facts["seed"], facts["method"]) == (4, 4, 0, "mp-mix")
    arrays, header = map_arrays(embeddings[0])
    assert {name: len(array) for name, array in arrays.items()} == {
        **{f"epoch~{epoch}_branch~{branch}": 45 for epoch in (0, 2) for branch in ("a", "average")},
        **{f"epoch~4_branch~{branch}": 50 for branch in ("a", "average")},
        "nodes": 45,
    }
    assert header == {"final_epoch": "4"}


def test_the_same_bits_in_another_place_and_after_the_outputs_are_gone(tmp_path: Path) -> None:
    first = run(tmp_path / "one", random_nodes(), SETTINGS, (3,))[3]
    content = {path.name: path.read_bytes() for path in first.parent.iterdir()}
    for path in first.parent.iterdir():
        path.unlink()
    state = tmp_path / "one" / "state" / "seed~3.pt"
    before = state.stat().st_mtime_ns
    run(tmp_path / "one", random_nodes(), SETTINGS, (3,))
    assert state.stat().st_mtime_ns == before
    again = run(tmp_path / "two", random_nodes(), SETTINGS, (3,))[3]
    for folder in (first.parent, again.parent):
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == content
