"""Two runs side by side: does a number differ, and by more than seeds do?

The rule: a number is *equal* if every seed's value is (to 12 decimals). Otherwise both runs are samples of seeds: the
difference of their means is *within the spread of seeds* if it is at most `t s sqrt(1/n + 1/m)`, with the pooled
standard deviation s of the seeds' means and Student's t for n + m - 2 degrees of freedom, and *beyond it* if it is
more. With a single seed in each run *no spread is known*. Of numbers that differ by their seeds alone, about one in
twenty is beyond it at a confidence of 0.95.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from relamp.data.rows import DEFAULT, RUN
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.checks import DECIMALS
from relamp.judge.intervals import PER_CENT
from relamp.judge.runs import MEASURE, all_runs, last_epochs

EQUAL, WITHIN, BEYOND = "equal", "within the spread of seeds", "beyond it"
UNKNOWN, ONE, OTHER = "no spread is known", "only in the first", "only in the second"
OUTCOMES = (EQUAL, WITHIN, BEYOND, UNKNOWN, ONE, OTHER)
NUMBER = [*RUN, *MEASURE]
COMPARED = [*NUMBER, "one", "other", "difference", "spread", "seeds_one", "seeds_other", "outcome"]


def seeds_means(rows: Mapping[str, pd.DataFrame], damage: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
    """Return a value for each number and seed: columns `NUMBER`, seed, value, as the papers print it.

    `rows` are those of all evaluations by their names, of which the last epoch counts; a value is the mean over the
    folds. Of structural damage it is the mean over the graphs, the draw of the augmentation in the place of the seed.
    """
    parts = [pd.DataFrame(columns=[*NUMBER, "seed", "value"])]
    if rows:
        found = last_epochs(all_runs(rows)).groupby([*NUMBER, "seed"], dropna=False)["value"].mean().reset_index()
        scale = [1.0 if EVALUATIONS[name].fractions else PER_CENT for name in found["evaluation"]]
        parts.append(found.assign(value=found["value"] * scale))
    for frame in damage:
        named = frame.rename(columns={"augmentation": "method", "reading": "part", "draw": "seed"})
        means = named.groupby(["method", "dataset", "part", "seed"])["value"].mean().reset_index()
        words = {"setting": DEFAULT, "evaluation": "damage", "metric": "entropy lost"}
        parts.append(means.assign(value=means["value"] * PER_CENT, **words))
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def compare_numbers(one: pd.DataFrame, other: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return both means of each number of two runs (`seeds_means`) and how they stand: columns `COMPARED`.

    `spread` is what the difference may be by the rule; NaN where no spread is known.
    """
    first, second = (
        {key: group.set_index("seed")["value"] for key, group in run.groupby(NUMBER, dropna=False, sort=True)}
        for run in (one, other)
    )
    rows = []
    for key in dict.fromkeys([*first, *second]):
        mine, theirs = first.get(key), second.get(key)
        row = dict(zip(NUMBER, key, strict=True))
        if mine is None and theirs is not None:
            row |= {"outcome": OTHER, "other": theirs.mean()}
        elif theirs is None and mine is not None:
            row |= {"outcome": ONE, "one": mine.mean()}
        elif mine is not None and theirs is not None:
            difference, spread = theirs.mean() - mine.mean(), _spread(mine, theirs, confidence)
            row |= {"one": mine.mean(), "other": theirs.mean(), "difference": difference, "spread": spread}
            row |= {"seeds_one": len(mine), "seeds_other": len(theirs)}
            row["outcome"] = _outcome(mine, theirs, difference, spread)
        rows.append(row)
    return pd.DataFrame(rows, columns=COMPARED).astype({"seeds_one": "Int64", "seeds_other": "Int64"})


def changes(one: pd.DataFrame, other: pd.DataFrame, key: Sequence[str], word: str) -> pd.DataFrame:
    """Return the rows of two tables whose `word` differs: columns `key`, one, other; the word is empty where absent."""
    both = [run[[*key, word]].astype(object).fillna("").drop_duplicates(list(key)) for run in (one, other)]
    merged = both[0].merge(both[1], on=list(key), how="outer", suffixes=("_one", "_other")).fillna("")
    named = merged.rename(columns={f"{word}_one": "one", f"{word}_other": "other"})
    return named[named["one"] != named["other"]].reset_index(drop=True)


def _spread(one: "pd.Series[float]", other: "pd.Series[float]", confidence: float) -> float:
    freedom = len(one) + len(other) - 2
    if freedom < 1:
        return math.nan
    squares = sum(((run - run.mean()) ** 2).sum() for run in (one, other))
    quantile = stdtrit(freedom, (1 + confidence) / 2)
    return float(quantile * np.sqrt(squares / freedom * (1 / len(one) + 1 / len(other))))


def _outcome(one: "pd.Series[float]", other: "pd.Series[float]", difference: float, spread: float) -> str:
    if set(one.index) == set(other.index) and (one - other).abs().round(DECIMALS).eq(0).all():
        return EQUAL
    if math.isnan(spread):
        return UNKNOWN
    return WITHIN if abs(difference) <= spread else BEYOND
