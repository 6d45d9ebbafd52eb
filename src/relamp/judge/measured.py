"""The scores of all evaluations, as they are judged: one row a run, marked with what was measured and how."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from relamp.errors import RelampError
from relamp.judge.evaluations import EDITS, EVALUATIONS, FINETUNE, IMAGES, KMEANS, LINEAR, MEASURE, PROBE, RBF
from relamp.judge.mmix_cells import BRANCHES, cluster_rows, edit_rows, probe_rows
from relamp.judge.protocols import SCORES, all_scores, count_candidates
from relamp.judge.rows import by_seed, name_of, no_gap, once

COLUMNS = [*SCORES, *MEASURE, "kind", "rows", "candidates"]
# The evaluation of each kind of experiment; `cross` is what the table of all methods on all data sets adds to `svm`.
KINDS: Mapping[str, str] = {
    "svm": RBF,
    "cross": RBF,
    "finetune": FINETUNE,
    "graphs": LINEAR,
    "nodes": PROBE,
    "clusters": KMEANS,
    "edits": EDITS,
    "images": IMAGES,
}
_SETTING = ["method", "dataset", "gamma", "alpha"]
_RUN = ["method", "dataset", "metric", "part", "seed"]
_READ: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "nodes": probe_rows,
    "clusters": cluster_rows,
    "edits": edit_rows,
    "images": probe_rows,
}


def all_measured(stored: Mapping[str, pd.DataFrame], fixed: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return the scores of stored rows by kind, `measured`; `fixed` is by "svm" and "finetune".

    Raises RelampError where one score is there in two kinds.
    """
    parts = [measured(kind, rows, fixed["finetune" if kind == "finetune" else "svm"]) for kind, rows in stored.items()]
    scores = pd.concat(parts, ignore_index=True)
    once(scores, ["method", "dataset", *MEASURE, "protocol", "seed", "fold"], "a score")
    return scores


def measured(kind: str, rows: pd.DataFrame, fixed: Mapping[str, float]) -> pd.DataFrame:
    """Return the scores of stored rows of one kind (`KINDS`) with the columns `COLUMNS`, values as fractions.

    SVM and fine-tuning have all protocols (`relamp.judge.protocols`), `fixed` being the gamma and alpha of the tables;
    everywhere else nothing is chosen, and a score is the mean of a seed over its runs, of the protocol `fixed`. `rows`
    has, besides its own columns, the file `rows` that each is from; `candidates` are what the oracle chose from. Raises
    RelampError where rows are missing or there twice.
    """
    evaluation = KINDS[kind]
    scores = _chosen(evaluation, rows, fixed) if EVALUATIONS[evaluation].chooses else _means(kind, rows)
    return scores.assign(evaluation=evaluation, kind=kind)[COLUMNS]


def read_scores(path: Path | str) -> pd.DataFrame:
    """Return stored scores with the columns `COLUMNS`; raises RelampError if the file has others."""
    scores = pd.read_csv(path, dtype={"part": str})
    missing = [name for name in COLUMNS if name not in scores]
    if missing:
        raise RelampError(f"{path}: the columns {missing} are missing; delete the file, so that it is made again")
    # An empty text is missing in a file.
    return scores.assign(part=scores["part"].fillna(""))


def _chosen(evaluation: str, rows: pd.DataFrame, fixed: Mapping[str, float]) -> pd.DataFrame:
    svm, finetune = (None, rows) if evaluation == FINETUNE else (rows, None)
    scores = all_scores(svm, finetune, fixed).merge(count_candidates(svm, finetune), on=["method", "dataset"])
    files = rows[[*_SETTING, "rows"]].drop_duplicates().astype({"gamma": float, "alpha": float})
    metric = "roc_auc" if evaluation == FINETUNE else "accuracy"
    return scores.assign(metric=metric, part="").merge(files, on=_SETTING, how="left")


def _means(kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of each seed over its runs, of what the tables show."""
    shown = _READ[kind](rows)
    shown = shown.assign(part=shown.get("part", ""))
    # Branches alone are methods of their own by now.
    whole = rows[~rows["branch"].isin(BRANCHES)] if "branch" in rows else rows
    no_gap(whole, shown, ["method", "dataset", "seed"], "there is nothing of its last embeddings on the test part")
    runs = ["run"] if "run" in shown else []
    once(shown, [*_RUN, *runs], f"a score ({kind})")
    lost = shown[~np.isfinite(shown["value"])]
    if len(lost):
        raise RelampError(f"{name_of(lost)}: a score ({kind}) is no number; run it again")
    scores = (
        by_seed(shown, _RUN)
        .agg(value=("value", "mean"), count=("value", "count"), rows=("rows", "first"))
        .reset_index()
    )
    uneven = scores[scores["count"] != scores.groupby(_RUN[:-1])["count"].transform("max")]
    if len(uneven):
        raise RelampError(f"{name_of(uneven)}: has fewer runs ({kind}) than the other seeds; finish it or leave it out")
    empty = dict.fromkeys(("fold", "gamma", "alpha", "epoch", "C"), np.nan)
    return scores.assign(protocol="fixed", candidates=1, **empty)
