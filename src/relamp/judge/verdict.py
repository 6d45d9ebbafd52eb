"""Does a published number hold? One verdict per cell, by a rule that is stated before the numbers are seen."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.intervals import cell_intervals, further_seeds
from relamp.judge.published import AGGREGATES, JudgedBy, measures, run_as
from relamp.judge.runs import MEASURE, judged_scores
from relamp.settings.judging import Judging, Verdict

COLUMNS = (
    *("paper", "artifact", "method", "label", "dataset", "evaluation", "metric", "part"),
    *("published", "spread", "margin", "protocol"),
    *("mean", "low", "high", "std_seeds", "std_folds", "seeds", "folds", "verdict", "further_seeds", "note"),
    *("low_seeds", "high_seeds", "verdict_seeds"),
)
_CELL = ["method", "dataset", *MEASURE]


def verdict(low: float, high: float, published: float, margin: float) -> Verdict:
    """Return where an interval stands to a published value; NaN bounds, of a single run, decide nothing."""
    if math.isnan(low) or math.isnan(high):
        return "inconclusive"
    if published - margin <= low and high <= published + margin:
        return "reproduced"
    if low > published + margin:
        return "better"
    return "worse" if high < published - margin else "inconclusive"


def judge_cells(
    published: pd.DataFrame,
    scores: pd.DataFrame,
    methods: Mapping[str, Sequence[str]],
    judged_by: JudgedBy,
    judging: Judging,
) -> pd.DataFrame:
    """Judge the published cells of the methods that relamp can run; return one row (`COLUMNS`) per cell.

    Published values and spreads are in per cent, also where the paper prints fractions, so that the margin is in
    points everywhere. Rows that the paper prints under several names of one method (`run_as`) have the same scores.

    Args:
        published: cells of one or several artifacts, see `relamp.judge.published`; averages and ranks are left out.
        scores: see `relamp.judge.runs.scores`; a cell is judged by those of its artifact's evaluation alone.
        methods: by evaluation, what relamp can run; a cell of theirs without scores is "not run".
        judged_by: by artifact and domain of the data set, the evaluation.
        judging: protocol, confidence and margin.
    """
    cells = measures(published[~published["dataset"].isin(AGGREGATES)], judged_by)
    run = pd.Series(map(run_as, cells["artifact"], cells["method"]), index=cells.index, dtype=object)
    ours = [name in methods.get(how, ()) for name, how in zip(run, cells["evaluation"], strict=True)]
    cells = (
        cells.assign(run_as=run)
        .loc[np.array(ours, dtype=bool)]
        .dropna(subset=["value"])
        .rename(columns={"value": "published"})
    )
    found = cell_intervals(judged_scores(scores, judging.protocol), judging.confidence, _CELL)
    found = found.drop(columns="confidence").rename(columns={"method": "run_as"})
    rows = cells.merge(found, on=["run_as", *_CELL[1:]], how="left", validate="many_to_one")
    words = [_judge(row, judging) for row in rows.to_dict("records")]
    rows["verdict"] = [word for word, _, _ in words]
    rows["further_seeds"] = pd.array([seeds for _, seeds, _ in words], dtype="Int64")
    rows["note"] = [note for _, _, note in words]
    # Where nothing is chosen and in cells without scores, the protocol is the one that there would be.
    protocol = [judging.protocol if EVALUATIONS[name].chooses else "fixed" for name in rows["evaluation"]]
    rows = rows.assign(margin=judging.margin, protocol=protocol)
    # Beside it, what further seeds on the same data would find: without the part that only other data could tell.
    half = _over_seeds(rows["std_seeds"], rows["seeds"], judging.confidence)
    rows = rows.assign(low_seeds=rows["mean"] - half, high_seeds=rows["mean"] + half)
    rows["verdict_seeds"] = [
        "not run" if math.isnan(mean) else verdict(low, high, published, judging.margin)
        for mean, low, high, published in rows[["mean", "low_seeds", "high_seeds", "published"]].to_numpy()
    ]
    return rows.reindex(columns=COLUMNS).astype({"seeds": "Int64", "folds": "Int64"}).reset_index(drop=True)


def count_verdicts(cells: pd.DataFrame) -> dict[str, int]:
    """Return how many cells have each verdict."""
    return {str(word): int(count) for word, count in cells["verdict"].value_counts().items()}


def _over_seeds(std: "pd.Series[float]", seeds: "pd.Series[float]", confidence: float) -> "pd.Series[float]":
    """Return half the width of Student's interval of the mean over seeds, NaN for one seed."""
    # Where nothing was run at all, the column has no numbers, and so no type of theirs.
    freedom = seeds.astype(float) - 1
    quantile = stats.t.ppf((1 + confidence) / 2, freedom.where(freedom > 0))
    return std * quantile / seeds**0.5


def _judge(row: Mapping[Any, Any], judging: Judging) -> tuple[Verdict, int | None, str]:
    """Return the verdict, how many further seeds would decide it, and a note."""
    if math.isnan(row["mean"]):
        return "not run", None, ""
    word = verdict(row["low"], row["high"], row["published"], judging.margin)
    if word != "inconclusive":
        return word, None, ""
    if math.isnan(row["low"]):
        return word, None, "a single run has no interval"
    target = row["published"] - judging.margin, row["published"] + judging.margin
    more = further_seeds(row, *target, judging.confidence)
    if more is None:
        return word, None, "not even 1,000 further seeds would decide it: only more data could"
    return word, more, ""


def refuse(cells: pd.DataFrame, words: Sequence[str]) -> None:
    """Raise RelampError, with a line for each, if cells have one of these verdicts."""
    wrong = cells[cells["verdict"].isin(list(words))]
    if len(wrong):
        lines = [
            f"{row.artifact}: {row.label} on {row.dataset}{_part(row.part)}: {row.verdict} ({_shown(row)})"
            for row in wrong.itertuples()
        ]
        raise RelampError("\n".join([f"{len(wrong)} verdicts are {' or '.join(words)}", *lines]))


def _part(part: object) -> str:
    """Name a part of a data set; an empty one is missing in a file."""
    return f", {part}" if isinstance(part, str) and part else ""


def _shown(row: object) -> str:
    mean, low, high, published = (getattr(row, name) for name in ("mean", "low", "high", "published"))
    if math.isnan(mean):
        return f"published {published}"
    if math.isnan(low):
        return f"published {published}, here {mean:.2f}, a single run"
    return f"published {published}, here {mean:.2f}, between {low:.2f} and {high:.2f}"
