"""From packed graphs and trained encoders to the rows of Table 10."""

from pathlib import Path

import pytest

from model_graphs import random_graphs
from relamp.data.packed import map_arrays
from relamp.runtime.code import import_closure
from relamp.steps.embed_edits import embed_edits
from relamp.steps.pretrain import pretrain_seeds
from relamp.study.runs import method_params

PROTOCOL = {"nodes": [6, 5], "graphs": 15}
TRAINING = {"epochs": 2, "checkpoints": [0, 2], "batch_size": 16, "hidden": 8}
SETTINGS = {**TRAINING, "layers": 2, "mmix": {"training": TRAINING, "features": "labels-and-degrees"}}
SCRIPT = Path(__file__).parents[2] / "workflow" / "scripts" / "pretrain.py"


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    random_graphs(0, count=120).save(tmp_path / "data.safetensors")
    return tmp_path / "data.safetensors"


@pytest.mark.parametrize(("method", "setting"), [("mp-mix", "default"), ("graphcl", "default")])
def test_from_trained_encoders_to_rows(packed: Path, tmp_path: Path, method: str, setting: str) -> None:
    seeds, row = [0, 1], method_params(method, setting)
    code = import_closure(SCRIPT, row["maker"].partition(":")[0])
    folders = {seed: tmp_path / f"seed~{seed}" for seed in seeds}
    pretrain_seeds(packed, folders, tmp_path / "state", row, SETTINGS, code)
    outputs = {seed: folder / "edits.safetensors" for seed, folder in folders.items()}
    encoders = {seed: folder / "encoder.safetensors" for seed, folder in folders.items()}
    embed_edits(packed, encoders, row, SETTINGS, PROTOCOL, outputs)
    arrays = map_arrays(outputs[1])[0]
    assert arrays["n~5"].shape[:2] == (3, 15)
    # Anchors of the two sizes differ, and so do seeds.
    assert (map_arrays(outputs[0])[0]["n~5"] != arrays["n~5"]).any()
