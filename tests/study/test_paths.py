from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from relamp.study import runs
from relamp.study.config import Config, load_config
from relamp.study.paths import Layout, all_datasets

PRESETS = Path(__file__).parents[2] / "workflow" / "presets"


def config(**given: Any) -> Config:
    return load_config(given, PRESETS)


def test_paths_by_hand() -> None:
    stored = Layout(config(), "results/quick")
    assert stored.svm([runs.Run("MUTAG", "lamp-mag", "gamma~0.2_alpha~1")]) == [
        "results/quick/svm/MUTAG/lamp-mag/gamma~0.2_alpha~1/rows.csv"
    ]
    assert stored.kernels(["MUTAG"]) == [
        "results/quick/kernel/MUTAG/wl/rows.csv",
        "results/quick/kernel/MUTAG/graphlet/rows.csv",
    ]
    assert stored.bags(["MUTAG"]) == ["results/quick/bag/MUTAG/rows.csv"]
    assert stored.damage()[0] == "results/quick/damage/MUTAG.csv"
    assert stored.finetune()[-1] == "results/quick/transfer/finetune/Solubility/none/rows.csv"
    assert stored.mmix("nodes")[0] == "results/quick/mmix/probe/KarateClub/mvgrl/default/rows.csv"
    assert stored.mmix("clusters")[0] == "results/quick/mmix/cluster/KarateClub/mvgrl/default/rows.csv"
    assert stored.mmix("graphs")[0] == "results/quick/mmix/svm/MUTAG/mvgrl/default/rows.csv"
    assert stored.mmix("edits")[-1] == "results/quick/mmix/edit_kernel/wl/rows.csv"
    assert stored.mmix("images")[0] == "results/quick/mmix/image_probe/Digits/image-untrained/rows.csv"
    assert stored.sweep()[0] == "results/quick/mmix/probe/KarateClub/mp-mix-nodiv/samples~8_dim~8/rows.csv"


@pytest.mark.parametrize("preset", ["quick", "desk", "paper"])
def test_no_kind_has_a_path_twice_and_everything_has_all(preset: str) -> None:
    stored = Layout(config(preset=preset), "results")
    everything = stored.everything()
    assert len(everything) == len(set(everything))
    for paths in stored.by_kind().values():
        assert len(paths) == len(set(paths))
        assert set(paths) <= set(everything)
    assert {*stored.damage(), *stored.sweep(), *stored.table1(), *stored.table3()} <= set(everything)


def test_the_cross_table_asks_only_for_what_no_other_table_has() -> None:
    cross = {"datasets": ["MUTAG", "PTC_MR"], "methods": ["mp-mix", "graphcl"]}
    chosen = config(unsupervised={"datasets": ["MUTAG"], "methods": ["lamp-mag"], "kernels": ["wl"]}, cross=cross)
    assert Layout(chosen, "r").cross() == [
        # A data set that is in no table of LAMP's takes its methods, and its controls.
        "r/svm/PTC_MR/lamp-mag/gamma~0.2_alpha~1/rows.csv",
        "r/svm/PTC_MR/untrained/default/rows.csv",
        "r/svm/MUTAG/mp-mix/default/rows.csv",
        "r/svm/MUTAG/graphcl/default/rows.csv",
        "r/svm/PTC_MR/mp-mix/default/rows.csv",
        "r/svm/PTC_MR/graphcl/default/rows.csv",
        "r/kernel/PTC_MR/wl/rows.csv",
        "r/bag/PTC_MR/rows.csv",
    ]
    assert not Layout(config(cross={"datasets": [], "methods": []}), "r").cross()


def test_all_data_sets_are_each_once_and_everywhere_named() -> None:
    names = all_datasets(config(preset="paper"))
    assert len(names) == len(set(names))
    # Of M-Mix's: graphs, the set of edit distances, nodes and images.
    assert {"PTC_MR", "IMDB-MULTI", "COIL-DEL", "Cora", "Citeseer", "DBLP", "Digits", "ZINC15", "BBBP"} <= set(names)
    quick = all_datasets(config())
    assert quick == ["MUTAG", "Cuneiform", "Solubility-3", "NCI", "Solubility", "KarateClub", "Digits"]


def test_a_sweep_and_the_cross_table_leave_out_what_tables_show() -> None:
    chosen = config()
    for dataset in ("MUTAG", "{dataset}"):
        swept = [runs.swept_runs(chosen, dataset, name) for name in ("gamma", "alpha")]
        parts = [runs.table_runs(chosen, dataset), *swept, runs.cross_runs(chosen, dataset)]
        together = list(chain.from_iterable(parts))
        assert len(together) == len(set(together))
        assert [len(part) for part in parts] == [6, 5, 4, 8]
