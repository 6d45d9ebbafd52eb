import numpy as np
import pandas as pd
import pytest

from relamp.judge.mmix_cells import cells_of, cluster_scores, probe_scores, run_cells


def probe_row(method: str, seed: int, run: int, value: float, **marks: object) -> dict[str, object]:
    row = {"method": method, "dataset": "Cora", "seed": seed, "epoch": 5, "branch": "average", "final": True}
    return {**row, "run": run, "split": "test", "metric": "accuracy", "value": value, **marks}


def test_probe_scores_are_of_the_final_epoch_on_test_nodes_by_branch() -> None:
    rows = pd.DataFrame(
        [
            probe_row("mp-mix", 0, 0, 0.6),
            probe_row("mp-mix", 0, 1, 0.8),
            probe_row("mp-mix", 0, 0, 0.1, final=False, epoch=0),
            probe_row("mp-mix", 0, 0, 0.1, split="valid"),
            probe_row("mp-mix", 0, 0, 0.5, branch="a"),
            probe_row("mp-mix", 1, 0, 0.9),
        ]
    )
    scores = probe_scores(rows).set_index(["method", "seed"])["value"]
    assert scores.to_dict() == {
        ("mp-mix", 0): pytest.approx(0.7),
        ("mp-mix", 1): 0.9,
        ("mp-mix-branch-a", 0): 0.5,
    }


def test_of_images_the_last_epoch_counts() -> None:
    rows = pd.DataFrame(
        [
            {"method": "simclr", "dataset": "Digits", "seed": 0, "epoch": epoch, "run": 0, "split": "test"}
            | {"metric": "accuracy", "value": value}
            for epoch, value in ((0, 0.2), (3, 0.4))
        ]
    )
    assert probe_scores(rows)["value"].tolist() == [0.4]


def test_cells_are_means_over_seeds_and_clusters_stay_fractions() -> None:
    rows = pd.DataFrame([probe_row("mp-mix", seed, 0, value) for seed, value in enumerate((0.5, 0.7))])
    (cell,) = cells_of("nodes", rows).to_dict("records")
    assert (cell["mean"], cell["seeds"]) == (pytest.approx(60.0), 2)
    assert cell["std_seeds"] == pytest.approx(100 * np.std([0.5, 0.7], ddof=1))
    assert cell["spread_meaning"] == "standard deviation over 2 seeds"
    clusters = rows.assign(metric="nmi", split=None)
    (cell,) = run_cells(cluster_scores(clusters)).to_dict("records")
    assert (cell["metric"], cell["mean"]) == ("nmi", pytest.approx(0.6))


def test_one_seed_has_no_spread_to_speak_of() -> None:
    (cell,) = cells_of("nodes", pd.DataFrame([probe_row("mp-mix", 0, 0, 0.5)])).to_dict("records")
    assert np.isnan(cell["std_seeds"])
    assert cell["spread_meaning"] == ""


def test_edit_distances_have_a_cell_for_each_size_and_metric() -> None:
    rows = pd.DataFrame(
        [
            {"method": "wl", "dataset": "COIL-DEL", "n": n, "seed": seed, "metric": metric, "value": n / 100}
            for n in (20, 10)
            for seed in (0, 1)
            for metric in ("accuracy", "roc_auc", "ties")
        ]
    )
    cells = cells_of("edits", rows)
    assert sorted(cells["metric"]) == ["accuracy n=10", "accuracy n=20", "roc_auc n=10", "roc_auc n=20"]
    assert cells.set_index("metric").loc["accuracy n=20", "mean"] == pytest.approx(0.2)


def test_the_linear_svm_s_cells_are_those_of_the_summary() -> None:
    rows = pd.DataFrame(
        [
            {"method": "mvgrl", "dataset": "MUTAG", "gamma": None, "alpha": None, "seed": seed, "epoch": 20}
            | {"fold": fold, "C": 1.0, "selected": True, "metric": "test_accuracy", "value": 0.8 + fold / 10}
            for seed in (0, 1)
            for fold in (0, 1)
        ]
    )
    (cell,) = cells_of("graphs", rows).to_dict("records")
    assert (cell["metric"], cell["mean"]) == ("accuracy", pytest.approx(85.0))
    assert cell["spread_meaning"] == "standard deviation over 2 seeds of the 2-fold mean"
