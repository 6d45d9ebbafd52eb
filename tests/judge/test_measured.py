from typing import Any

import numpy as np
import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.judge.measured import COLUMNS, KINDS, all_measured, measured, read_scores

FIXED = {"gamma": 0.2, "alpha": 1.0}
BOTH = {"svm": FIXED, "finetune": FIXED}


def svm(method: str, value: float, epochs: tuple[float, ...] = (10.0, 20.0), **marks: Any) -> pd.DataFrame:
    """Accuracies that rise by a point an epoch of ten and a fold."""
    rows = [
        {"method": method, "dataset": "MUTAG", "gamma": np.nan, "alpha": np.nan, "seed": seed, "epoch": epoch}
        | {"fold": fold, "C": 1.0, "selected": True, "metric": metric, "rows": f"{method}.csv"}
        | {"value": value + (epoch - 20) / 1000 + fold / 100}
        for seed in (0, 1)
        for epoch in epochs
        for fold in (0, 1)
        for metric in ("inner_accuracy", "test_accuracy")
    ]
    return pd.DataFrame(rows).assign(**marks)


def probe(values: dict[tuple[int, int], float], method: str = "mp-mix", **marks: Any) -> pd.DataFrame:
    """Rows by seed and run."""
    rows = [
        {"method": method, "dataset": "Cora", "seed": seed, "epoch": 7, "branch": "average", "final": True, "run": run}
        | {"split": "test", "metric": "accuracy", "value": value, "rows": f"{method}.csv"}
        for (seed, run), value in values.items()
    ]
    return pd.DataFrame(rows).assign(**marks)


GRID = {(0, 0): 0.5, (0, 1): 0.7, (1, 0): 0.8, (1, 1): 0.9}


def test_a_probe_s_score_is_the_mean_of_a_seed_over_its_runs() -> None:
    stale = probe(dict.fromkeys(GRID, 0.1), final=False, epoch=0)
    other = probe(dict.fromkeys(GRID, 0.1), split="valid")
    branch = probe(dict.fromkeys(GRID, 0.4), branch="b")
    scores = measured("nodes", pd.concat([probe(GRID), stale, other, branch]), FIXED)
    assert scores.columns.tolist() == COLUMNS
    found = scores.set_index(["method", "seed"])["value"].to_dict()
    assert found == pytest.approx(
        {("mp-mix", 0): 0.6, ("mp-mix", 1): 0.85, ("mp-mix-branch-b", 0): 0.4, ("mp-mix-branch-b", 1): 0.4}
    )
    assert scores[
        ["evaluation", "metric", "part", "protocol", "kind", "candidates"]
    ].drop_duplicates().to_numpy().tolist() == [["probe", "accuracy", "", "fixed", "nodes", 1]]
    assert scores["fold"].isna().all()
    assert set(scores["rows"]) == {"mp-mix.csv"}


def test_clusters_are_of_the_whole_embedding_and_keep_both_metrics() -> None:
    rows = pd.concat([probe(GRID, metric="nmi"), probe(GRID, metric="ari"), probe(GRID, metric="nmi", branch="a")])
    scores = measured("clusters", rows.drop(columns="split"), FIXED)
    assert sorted(zip(scores["metric"], scores["seed"], scores["value"].round(6), strict=True)) == [
        *(("ari", 0, 0.6), ("ari", 1, 0.85), ("nmi", 0, 0.6), ("nmi", 1, 0.85))
    ]
    assert set(scores["evaluation"]) == {"kmeans"}


def test_edit_distances_have_a_part_for_each_size() -> None:
    rows = pd.DataFrame(
        [
            {"method": "wl", "dataset": "COIL-DEL", "n": n, "seed": seed, "metric": metric, "rows": "wl.csv"}
            | {"value": n / 100 + seed / 10}
            for n in (20, 10)
            for seed in (0, 1)
            for metric in ("accuracy", "roc_auc", "ties")
        ]
    )
    scores = measured("edits", rows, FIXED)
    assert len(scores) == 2 * 2 * 2
    mine = scores[(scores["metric"] == "accuracy") & (scores["part"] == "n=20")]
    assert mine["value"].tolist() == pytest.approx([0.2, 0.3])


def test_of_images_the_last_epoch_counts() -> None:
    rows = pd.concat([probe({(0, 0): 0.3}, epoch=0), probe({(0, 0): 0.6})]).drop(columns=["branch", "final"])
    scores = measured("images", rows, FIXED)
    assert scores[["evaluation", "value"]].to_numpy().tolist() == [["image-probe", 0.6]]


def test_both_svms_have_all_protocols_and_stay_apart() -> None:
    stored = {"svm": svm("mvgrl", 0.7), "graphs": svm("mvgrl", 0.9)}
    scores = all_measured(stored, BOTH)
    means = scores.groupby(["evaluation", "protocol"])["value"].mean().to_dict()
    # The inner accuracies rise with the epoch, so that the nested choice is the last one, too.
    assert means == pytest.approx(
        {(how, name): value for how, value in (("svm-rbf", 0.705), ("svm-linear", 0.905))
         for name in ("fixed", "nested", "oracle")}
    )  # fmt: skip
    assert set(scores["candidates"]) == {2}


def test_what_has_no_encoder_has_scores_of_both_svms() -> None:
    rows = pd.concat([svm("bag", 0.7, (np.nan,)), svm("wl", 0.8, (np.nan,))]).assign(value=0.8)
    for kind in ("graphs", "svm"):
        assert set(measured(kind, rows, FIXED)["method"]) == {"bag", "wl"}


def test_the_cross_table_s_rows_are_of_the_same_evaluation_but_marked() -> None:
    scores = all_measured({"svm": svm("graphcl", 0.7), "cross": svm("mp-mix", 0.8)}, BOTH)
    assert set(zip(scores["method"], scores["evaluation"], scores["kind"], strict=True)) == {
        ("graphcl", "svm-rbf", "svm"),
        ("mp-mix", "svm-rbf", "cross"),
    }
    with pytest.raises(RelampError, match=r"method mp-mix, dataset MUTAG, .*a score is there twice"):
        all_measured({"svm": svm("mp-mix", 0.7), "cross": svm("mp-mix", 0.8)}, BOTH)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (pd.concat([probe(GRID), probe(GRID)]), "mp-mix, dataset Cora, seed 0: .* is there twice"),
        (probe({(0, 0): 0.5, (0, 1): 0.7, (1, 0): 0.8}), "seed 1: has fewer runs"),
        (pd.concat([probe({(0, 0): 0.5}), probe({(1, 0): 0.5}, final=False)]), "seed 1: there is nothing of its last"),
        (probe({(0, 0): np.nan}), r"seed 0, .*: a score \(nodes\) is no number"),
        (probe({(0, 0): 0.5}, final="perhaps"), "`final` is True or False"),
    ],
)
def test_rows_that_are_not_whole_are_refused(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        measured("nodes", rows, FIXED)


def test_the_order_of_rows_does_not_matter() -> None:
    rows = probe({(seed, run): (seed + 1) / (run + 3) for seed in range(3) for run in range(5)})
    expected = measured("nodes", rows, FIXED)
    pd.testing.assert_frame_equal(measured("nodes", rows.sample(frac=1, random_state=0), FIXED), expected)


def test_stored_scores_are_read_as_they_were(tmp_path: Any) -> None:
    scores = measured("nodes", probe(GRID), FIXED)
    scores.to_csv(tmp_path / "scores.csv", index=False)
    assert set(read_scores(tmp_path / "scores.csv")["part"]) == {""}
    scores.drop(columns="evaluation").to_csv(tmp_path / "old.csv", index=False)
    with pytest.raises(RelampError, match=r"old.csv: the columns \['evaluation'\] are missing; delete the file"):
        read_scores(tmp_path / "old.csv")
    assert set(KINDS) == {"svm", "cross", "finetune", "graphs", "nodes", "clusters", "edits", "images"}
