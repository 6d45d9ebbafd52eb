from pathlib import Path

import pandas as pd

from model_graphs import random_graphs
from relamp.graph.jobs import damage


def test_damage_rows_do_not_depend_on_which_others_are_measured(tmp_path: Path) -> None:
    data = tmp_path / "a.safetensors"
    random_graphs(0, count=48).save(data)
    damage(data, {"augmentations": ["node_drop"], "draws": 2}, tmp_path / "one.csv")
    damage(data, {"augmentations": ["subgraph", "node_drop"], "draws": 2}, tmp_path / "both.csv")
    alone, both = pd.read_csv(tmp_path / "one.csv"), pd.read_csv(tmp_path / "both.csv")
    assert len(alone) == 48 * 2 * 2
    pd.testing.assert_frame_equal(alone, both[both.augmentation == "node_drop"].reset_index(drop=True))
