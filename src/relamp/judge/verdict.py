"""Does a published number hold? One verdict per cell, by a rule that is stated before the numbers are seen."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.intervals import cell_intervals, further_seeds
from relamp.judge.published import AGGREGATES, JudgedBy, measures, run_as
from relamp.judge.runs import MEASURE, judged_scores
from relamp.settings.judging import Judging, Verdict

COLUMNS = (
    *("paper", "artifact", "method", "label", "dataset", "evaluation", "metric", "part"),
    *("published", "spread", "decimals", "margin", "protocol"),
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
    """Judge the published cells of the methods that relamp can run (`methods`, by evaluation).

    Published values and spreads are in per cent, also where the paper prints fractions, so that the margin is in
    points everywhere. Rows that the paper prints under several names of one method (`run_as`) have the same scores.

    Returns one row (`COLUMNS`) per cell of `relamp.judge.published`, without averages and ranks, judged by the `scores`
    of `relamp.judge.runs` of its artifact's evaluation alone; "not run" without any.
    """
    cells = measures(published[~published["dataset"].isin(AGGREGATES)], judged_by)
    run = pd.Series(map(run_as, cells["artifact"], cells["method"]), index=cells.index, dtype=object)
    ours = [name in methods.get(how, ()) for name, how in zip(run, cells["evaluation"], strict=True)]
    cells = cells.assign(run_as=run)[np.array(ours, dtype=bool)].dropna(subset=["value"])
    cells = cells.rename(columns={"value": "published"})
    found = cell_intervals(judged_scores(scores, judging.protocol), judging.confidence, _CELL)
    found = found.drop(columns="confidence").rename(columns={"method": "run_as"})
    rows = cells.merge(found, on=["run_as", *_CELL[1:]], how="left", validate="many_to_one")
    words = [_judge(row, judging) for row in rows.to_dict("records")]
    rows[["verdict", "further_seeds", "note"]] = pd.DataFrame(words, index=rows.index, columns=range(3), dtype=object)
    # Where nothing is chosen and in cells without scores, the protocol is the one that there would be.
    protocol = [judging.protocol if EVALUATIONS[name].chooses else "fixed" for name in rows["evaluation"]]
    rows = rows.assign(margin=judging.margin, protocol=protocol)
    # Beside it, what further seeds on the same data would find: without the part that only other data could tell.
    # Where nothing was run at all, the column of seeds has no numbers, and so no type of theirs.
    freedom = rows["seeds"].astype(float) - 1
    quantile = stdtrit(freedom.where(freedom > 0), (1 + judging.confidence) / 2)
    half = rows["std_seeds"] * quantile / rows["seeds"] ** 0.5
    rows = rows.assign(low_seeds=rows["mean"] - half, high_seeds=rows["mean"] + half)
    rows["verdict_seeds"] = [
        "not run" if math.isnan(mean) else verdict(low, high, published, judging.margin)
        for mean, low, high, published in rows[["mean", "low_seeds", "high_seeds", "published"]].to_numpy()
    ]
    return rows.reindex(columns=COLUMNS).astype(dict.fromkeys(("decimals", "seeds", "folds", "further_seeds"), "Int64"))


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
    return word, more, "only more data could decide it" if more is None else ""


def refuse(cells: pd.DataFrame, words: Sequence[str]) -> None:
    """Raise RelampError, with a line for each, if cells have one of these verdicts."""
    wrong = cells[cells["verdict"].isin(list(words))]
    if len(wrong):
        lines = [_line(row) for row in wrong.to_dict("records")]
        raise RelampError("\n".join([f"{len(wrong)} verdicts are {' or '.join(words)}", *lines]))


def _line(row: Mapping[Any, Any]) -> str:
    # The empty part of a data set is missing in a file.
    part = f", {row['part']}" if isinstance(row["part"], str) and row["part"] else ""
    here = "" if math.isnan(row["mean"]) else f", here {row['mean']:.2f}"
    bounds = ", a single run" if math.isnan(row["low"]) else f", between {row['low']:.2f} and {row['high']:.2f}"
    where = f"{row['artifact']}: {row['label']} on {row['dataset']}{part}"
    return f"{where}: {row['verdict']} (published {row['published']}{here}{bounds if here else ''})"
