from pathlib import Path

import pandas as pd

from guarded import save_guarded
from model_graphs import random_graphs
from relamp.data.rows import read_table
from relamp.graph.jobs import damage
from relamp.runtime.files import sha256
from relamp.runtime.sealed import read_sealed


def test_damage_rows_do_not_depend_on_which_others_are_measured(tmp_path: Path) -> None:
    data = save_guarded(random_graphs(0, count=48), tmp_path / "a.safetensors")
    damage(data, {"augmentations": ["node_drop"], "draws": 2}, tmp_path / "one.csv")
    damage(data, {"augmentations": ["subgraph", "node_drop"], "draws": 2}, tmp_path / "both.csv")
    alone, both = read_table(tmp_path / "one.csv"), read_table(tmp_path / "both.csv")
    assert read_sealed(tmp_path / "one.csv")[0]["data"] == sha256(data)
    assert len(alone) == 48 * 2 * 2
    pd.testing.assert_frame_equal(alone, both[both.augmentation == "node_drop"].reset_index(drop=True))
