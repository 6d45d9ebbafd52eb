"""From stored rows of M-Mix's experiments to the cells of its tables and to the scores that are judged."""

from collections.abc import Callable, Mapping

import pandas as pd

from relamp.judge.rows import PER_CENT, by_seed, truth
from relamp.judge.summary import svm_cells

CELLS = ["method", "dataset", "metric", "mean", "std_seeds", "seeds", "spread_meaning"]
BRANCHES = ("a", "b")  # embeddings of one branch alone
FRACTIONS = ("nmi", "ari")  # what M-Mix prints as fractions


def probe_scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the test score of each seed of the final embeddings, a mean over the probe's runs (Tables 2, 6, 7, 8, 9).

    The branches of a method count as methods of their own: `mp-mix-branch-a`.
    """
    return _means(probe_rows(rows))


def cluster_scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Return NMI and ARI of each seed of the final embeddings, means over the runs of k-means (Table 5)."""
    return _means(cluster_rows(rows))


def probe_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the final embeddings on test nodes or images, the branches as methods of their own."""
    if "final" in rows:
        rows = rows[truth(rows["final"])]
        alone = rows["branch"].isin(BRANCHES)
        rows = rows.assign(method=rows["method"].where(~alone, rows["method"] + "-branch-" + rows["branch"]))
    else:  # images have no early stopping and no branches: the last epoch counts
        rows = rows[rows["epoch"] == rows.groupby(["method", "dataset"])["epoch"].transform("max")]
    return rows[rows["split"] == "test"]


def cluster_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the final embeddings, but for those of one branch alone."""
    return rows[truth(rows["final"]) & ~rows["branch"].isin(BRANCHES)]


def edit_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of what the paper prints, with the size of the graphs as `part`, such as "n=50"."""
    rows = rows[rows["metric"].isin(["accuracy", "roc_auc"])]
    return rows.assign(part="n=" + rows["n"].astype(int).astype(str))


def edit_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of Table 10, each size of graphs a metric of its own, as fractions."""
    rows = edit_rows(rows)
    named = rows.assign(metric=rows["metric"] + " " + rows["part"])
    return _cells(_means(named), "seeds", 1.0)


def run_cells(scores: pd.DataFrame) -> pd.DataFrame:
    """Return cells of scores by seed; NMI and ARI as fractions, all else in per cent."""
    parts = [
        _cells(part, "seeds", 1.0 if metric in FRACTIONS else PER_CENT) for metric, part in scores.groupby("metric")
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=CELLS)


def linear_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of the linear SVM (Tables 3, 4, 6 and 9), in per cent."""
    cells = svm_cells(rows)
    meanings = [f"standard deviation over {seeds} seeds of the {folds}-fold mean" for seeds, folds in _counts(cells)]
    return cells.assign(metric="accuracy", spread_meaning=meanings)[CELLS]


SCORES_OF: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "nodes": probe_scores,
    "images": probe_scores,
    "clusters": cluster_scores,
}


def cells_of(kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of stored rows of one kind: nodes, images, clusters, graphs or edits."""
    if kind == "graphs":
        return linear_cells(rows)
    return edit_cells(rows) if kind == "edits" else run_cells(SCORES_OF[kind](rows))


def _means(rows: pd.DataFrame) -> pd.DataFrame:
    return by_seed(rows, ["method", "dataset", "metric", "seed"])["value"].mean().reset_index()


def _cells(scores: pd.DataFrame, what: str, scale: float) -> pd.DataFrame:
    grouped = scores.groupby(["method", "dataset", "metric"])["value"]
    cells = grouped.agg(mean="mean", std_seeds="std", seeds="count").reset_index()
    cells[["mean", "std_seeds"]] *= scale
    meanings = [f"standard deviation over {seeds} {what}" if seeds > 1 else "" for seeds in cells["seeds"]]
    return cells.assign(spread_meaning=meanings)[CELLS]


def _counts(cells: pd.DataFrame) -> list[tuple[int, int]]:
    return list(zip(cells["seeds"], cells["folds"], strict=True))
