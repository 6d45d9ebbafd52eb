"""Verdicts on LAMP's Theorem 4.1, from the rows of `relamp.evaluate.pruned_views`.

- collisions (Eq. 11): confirmed if, in every seed, the pruned encoder tells apart the same graphs as the dense one at
  every ratio up to that of the tables; contradicted if in every seed it tells apart fewer at the tables' ratio.
- statement 1 and statement 2: what the pruned encoder keeps at the tables' ratio, less what an augmentation keeps;
  confirmed if the interval of this difference is above -0.01 nats for every augmentation, contradicted if it is wholly
  below 0 for one of them.
- accuracy: the rank correlation, over pruning ratios, of what the pruned encoder keeps with the accuracy of the encoder
  that was trained with that ratio; confirmed if its interval is above 0, contradicted if it is wholly below. Over
  several data sets: confirmed if it is positive on most, contradicted if it is on none.

All else is undecided.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.data.rows import setting_values
from relamp.data.streams import stream
from relamp.judge.intervals import mean_interval
from relamp.settings.judging import LEAST_SEEDS

Outcome = Literal["confirmed", "contradicted", "undecided"]
COLLISIONS, FIRST, SECOND, ACCURACY = "collisions", "statement 1", "statement 2", "accuracy"
# Of classes, and between views.
STATEMENTS = {FIRST: ("logistic", "svm", "neighbours"), SECOND: ("info_nce",)}
COLUMNS = [
    *("test", "dataset", "method", "estimator", "view", "level", "reading", "outcome", "left", "right"),
    *("difference", "low", "high", "seeds", "folds"),
]
ALL = "all"  # in place of a view, or of a data set
# What a correlation is over: encoders trained with each ratio and pruned by it, or the tables' pruned by each.
TRAINED, TABLES = "trained with each ratio", "of the tables"
SLACK = -0.01  # nats
_NOT_AUGMENTED = ("encoder", "pruned", "noise", "wl")
_RESAMPLES = 2000
_LEAST = 3  # ratios, of which ranks say anything
_RUN = ["seed", "fold"]


def verdicts(
    rows: pd.DataFrame, swept: pd.DataFrame, accuracies: pd.DataFrame, gamma: float, confidence: float
) -> pd.DataFrame:
    """Return rows of COLUMNS: the verdicts, with ALL for a view, and the differences by view that they rest on.

    Args:
        rows: of `relamp.evaluate.pruned_views.measure_views`, of the runs of the tables.
        swept: of further runs of the sweep over gamma, at their own ratio; may be empty.
        accuracies: runs of `relamp.judge.runs.last_epochs` of all that were swept; may be empty.
        gamma: the tables' pruning ratio.
        confidence: of the intervals.
    """
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    found = [*_collisions(rows, gamma), *_statements(rows, gamma, confidence)]
    found += _correlations(rows, swept, accuracies, confidence)
    made = pd.DataFrame(found).reindex(columns=COLUMNS)
    return made.astype({"seeds": "Int64", "folds": "Int64"})


def _collisions(rows: pd.DataFrame, gamma: float) -> Iterator[dict[str, Any]]:
    for (dataset, method), of_run in rows.groupby(["dataset", "method"], sort=True):
        pruned = of_run[(of_run["view"] == "pruned") & (of_run["level"] <= gamma)]
        same = bool((pruned.loc[pruned["estimator"] == "same", "value"] == 1).all())
        classes = of_run[of_run["estimator"] == "classes"]
        at = pruned[(pruned["level"] == gamma) & (pruned["estimator"] == "classes")].set_index("seed")["value"]
        dense = classes[classes["view"] == "encoder"].set_index("seed")["value"]
        difference = (at - dense).sort_index()
        yield {
            **{"test": COLLISIONS, "dataset": dataset, "method": method, "estimator": "classes", "view": ALL},
            **{"level": gamma, "reading": "-", "outcome": _outcome(same, bool((difference < 0).all()))},
            **{"left": at.mean(), "right": dense.mean(), "difference": difference.mean()},
            **{"low": difference.min(), "high": difference.max(), "seeds": len(difference)},
        }


def _statements(rows: pd.DataFrame, gamma: float, confidence: float) -> Iterator[dict[str, Any]]:
    for test, estimators in STATEMENTS.items():
        of_test = rows[rows["estimator"].isin(estimators)]
        for key, of_run in of_test.groupby(["dataset", "method", "estimator"], sort=True):
            named = {"test": test, **dict(zip(("dataset", "method", "estimator"), key, strict=True))}
            left = _by_run(of_run[(of_run["view"] == "pruned") & (of_run["level"] == gamma)])
            others = of_run[~of_run["view"].isin(_NOT_AUGMENTED[:2])]
            compared: list[dict[str, Any]] = []
            for view, of_view in others.groupby(["view", "level", "reading"], sort=True, dropna=False):
                right = _by_run(of_view)
                interval = mean_interval((left - right).rename("value").reset_index(), confidence)
                numbers = {"difference": interval.mean, "low": interval.low, "high": interval.high}
                counts = {"seeds": interval.seeds, "folds": interval.folds}
                place = dict(zip(("view", "level", "reading"), view, strict=True))
                compared.append({**named, **place, "left": left.mean(), "right": right.mean(), **numbers, **counts})
            counted = [each for each in compared if each["view"] not in _NOT_AUGMENTED]
            if counted:
                least = min(counted, key=lambda each: each["difference"])
                holds = all(each["low"] > SLACK for each in counted)
                outcome = _outcome(holds, any(each["high"] < 0 for each in counted))
                # Its numbers are those of the augmentation that keeps most.
                yield {**least, "view": ALL, "level": gamma, "reading": "-", "outcome": outcome}
            yield from compared


def _by_run(rows: pd.DataFrame) -> "pd.Series[float]":
    """Return the value of each seed and fold, the mean over draws."""
    return rows.sort_values([*_RUN, "draw"]).groupby(_RUN, dropna=False)["value"].mean()


def _correlations(
    rows: pd.DataFrame, swept: pd.DataFrame, accuracies: pd.DataFrame, confidence: float
) -> list[dict[str, Any]]:
    if accuracies.empty:
        return []
    found = []
    accuracy = _with_ratio(accuracies).groupby(["dataset", "method", "ratio", "seed"])["value"].mean()
    pruned = [frame[frame["view"] == "pruned"] for frame in (rows, swept) if len(frame)]
    own = _with_ratio(pd.concat(pruned, ignore_index=True))
    kinds = {TRAINED: own[own["ratio"] == own["level"]], TABLES: pruned[0].assign(ratio=pruned[0]["level"])}
    estimators = [name for names in STATEMENTS.values() for name in names]
    for kind, estimator in product(kinds, estimators):
        of_kind = kinds[kind][kinds[kind]["estimator"] == estimator]
        kept = of_kind.groupby(["dataset", "method", "ratio", "seed"])["value"].mean()
        both = pd.concat([kept.rename("kept"), accuracy.rename("accuracy")], axis=1, join="inner")
        of_runs = []
        for (dataset, method), of_run in both.groupby(level=["dataset", "method"], sort=True):
            tables = [of_run.pivot_table(name, "seed", "ratio").to_numpy() for name in ("kept", "accuracy")]
            if tables[0].shape[1] < _LEAST or np.isnan(tables).any():
                continue
            rho, low, high = rank_correlation(tables[0], tables[1], confidence)
            of_runs.append(
                {
                    **{"test": ACCURACY, "dataset": dataset, "method": method, "estimator": estimator, "view": ALL},
                    **{"reading": kind, "outcome": _outcome(low > 0, high < 0), "difference": rho},
                    **{"low": low, "high": high, "seeds": len(tables[0])},
                }
            )
        found += [*of_runs, *_over_datasets(of_runs)]
    return found


def _over_datasets(found: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield for each method with several data sets a row over all: on how many of them the correlation is positive."""
    for method in dict.fromkeys(each["method"] for each in found):
        values = [each["difference"] for each in found if each["method"] == method]
        if len(values) > 1:
            positive = sum(value > 0 for value in values)
            outcome = _outcome(positive > len(values) / 2, positive == 0)
            (first,) = [each for each in found if each["method"] == method][:1]
            kept = {name: first[name] for name in ("test", "method", "estimator", "view", "reading")}
            yield {**kept, "dataset": ALL, "outcome": outcome, "left": positive, "right": len(values)}


def rank_correlation(
    kept: NDArray[np.float64], accuracy: NDArray[np.float64], confidence: float
) -> tuple[float, float, float]:
    """Return Spearman's rank correlation of the means of two tables `[seeds, ratios]` over the seeds, and its interval.

    The interval is that of a bootstrap over the seeds, NaN for fewer than `LEAST_SEEDS`. A table without any difference
    has a correlation of 0.
    """
    seeds = len(kept)
    rho = _spearman(kept.mean(axis=0), accuracy.mean(axis=0))
    if seeds < LEAST_SEEDS:
        return rho, np.nan, np.nan
    drawn = stream(0, "seeds").integers(seeds, size=(_RESAMPLES, seeds))
    found = [_spearman(kept[some].mean(axis=0), accuracy[some].mean(axis=0)) for some in drawn]
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return rho, float(low), float(high)


def _spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    # Means that are equal but for their last bits share a rank.
    ranks = [pd.Series(np.round(values, 12)).rank().to_numpy() for values in (one, other)]
    a, b = (rank - rank.mean() for rank in ranks)
    length = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / length) if length > 0 else 0.0


def _with_ratio(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of settings that name gamma, with its value as `ratio`."""
    ratios = {name: setting_values(name).get("gamma") for name in rows["setting"].unique()}
    return rows.assign(ratio=rows["setting"].map(ratios).astype(float)).dropna(subset="ratio")


def _outcome(holds: bool, fails: bool) -> Outcome:
    return "contradicted" if fails else "confirmed" if holds else "undecided"
