"""What readings of a paper come to: a number for each way to read it, what each choice moves, and a verdict on all.

A specification is one way to read a method: an answer to each open question (`relamp.study.readings`). Simonsohn,
Simmons and Nelson 2020, "Specification curve analysis".
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from relamp.data.rows import RUN
from relamp.judge.intervals import PER_CENT, interval_of_table
from relamp.judge.runs import last_epochs
from relamp.judge.verdict import verdict
from relamp.settings.judging import LEAST_SEEDS

# By method and setting, the answer to each question.
Answers = Mapping[str, Mapping[str, Mapping[str, str]]]

CELL = ["evaluation", "method", "dataset", "metric", "part"]
SPECIFICATIONS = [*CELL, "setting", "mean", "low", "high", "loosest", "seeds", "published", "verdict"]
EFFECTS = [*CELL, "question", "answer", "against", "effect", "low", "high", "runs"]
_COUNTS = ["reproduced", "better", "worse"]
CONCLUSIONS = [*CELL, "published", "readings", *_COUNTS, "lowest", "highest", "loosest", "conclusion"]


def by_seed(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over the folds of each run of `relamp.judge.runs.all_runs` at its last epoch, in per cent."""
    key = [*CELL, "setting", "seed"]
    return last_epochs(runs).groupby(key)["value"].mean().mul(PER_CENT).reset_index()


def loosest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return for each run and seed the test accuracy if epoch and C were chosen on each test fold, in per cent.

    `rows` are stored rows of a support vector machine; epoch 0 counts only where nothing else was scored.
    """
    tested = rows[rows["metric"] == "test_accuracy"]
    trained = tested.groupby(RUN)["epoch"].transform("max") > 0
    tested = tested[~(trained & (tested["epoch"] == 0))]
    folds = tested.groupby([*RUN, "seed", "fold"])["value"].max()
    return folds.groupby(level=[*RUN, "seed"]).mean().mul(PER_CENT).rename("loosest").reset_index()


def specifications(
    seeds: pd.DataFrame, published: Mapping[tuple[str, ...], float], margin: float, confidence: float
) -> pd.DataFrame:
    """Return one row per specification, sorted by its mean: columns `SPECIFICATIONS`.

    `seeds` are those of `by_seed`, with a column `loosest` that may be empty; `published` is the printed number by
    `CELL`. The interval is over the seeds: what other draws of weights and batches on the same folds would give, which
    is what a printed mean over seeds says.
    """
    found = []
    for key, of in seeds.groupby([*CELL, "setting"], sort=False):
        interval = interval_of_table(of.sort_values("seed")["value"].to_numpy(float)[:, None], confidence)
        # Two seeds may happen to agree.
        low, high = (interval.low, interval.high) if interval.seeds >= LEAST_SEEDS else (np.nan, np.nan)
        printed = published.get(tuple(map(str, key[:-1])), np.nan)
        word = verdict(low, high, printed, margin) if np.isfinite(printed) and np.isfinite(low) else ""
        numbers = (interval.mean, low, high, of["loosest"].mean(), interval.seeds, printed, word)
        found.append((*key, *numbers))
    table = pd.DataFrame(found, columns=SPECIFICATIONS)
    return table.sort_values([*CELL, "mean", "setting"], ignore_index=True)


def effects(seeds: pd.DataFrame, answers: Answers, confidence: float) -> pd.DataFrame:
    """Return how much each answer moves the value against the configured one: columns `EFFECTS`, in points.

    Ordinary least squares over all runs of a method on a data set, with a term for each answer and for each seed, since
    runs of a seed share folds and first weights. The first setting of `answers` is the configured one.
    """
    found = []
    for key, of in seeds.groupby(CELL, sort=False):
        named = answers[str(key[1])]
        base = next(iter(named.values()))
        given = pd.DataFrame([named[setting] for setting in of["setting"]], index=of.index)
        terms = [
            (question, answer) for question, first in base.items() for answer in sorted(set(given[question]) - {first})
        ]
        columns = [given[question] == answer for question, answer in terms]
        columns += [of["seed"] == seed for seed in sorted(of["seed"].unique())]
        design = np.column_stack(columns).astype(float)
        freedom = len(of) - np.linalg.matrix_rank(design)
        if freedom < 1:
            continue
        inverse = np.linalg.pinv(design.T @ design)
        weights = inverse @ design.T @ of["value"].to_numpy(float)
        variance = ((of["value"].to_numpy(float) - design @ weights) ** 2).sum() / freedom
        half = stdtrit(freedom, (1 + confidence) / 2) * np.sqrt(variance * inverse.diagonal())
        for (question, answer), effect, width in zip(terms, weights, half, strict=False):
            found.append((*key, question, answer, base[question], effect, effect - width, effect + width, len(of)))
    return pd.DataFrame(found, columns=EFFECTS)


def conclusions(found: pd.DataFrame, margin: float) -> pd.DataFrame:
    """Return what all specifications of a method on a data set say of its printed number: columns `CONCLUSIONS`."""
    lines = []
    for key, of in found.groupby(CELL, sort=False):
        printed, count = of["published"].iloc[0], of["verdict"].value_counts()
        holds, top = int(count.get("reproduced", 0)), of["loosest"].max()
        below, above = of["high"].max() < printed - margin, of["low"].min() > printed + margin
        if np.isnan(printed):
            said = "no number is printed"
        elif not count[[word for word in count.index if word]].any():
            said = f"too few seeds: a verdict takes {LEAST_SEEDS}"
        elif holds:
            said = f"reproduced under {holds} of {len(of)} readings"
        elif (of["verdict"] == "inconclusive").any():
            sides = [f"{word} under {count[word]}" for word in ("better", "worse") if word in count]
            said = f"{', '.join(sides) or 'decided by none'} of {len(of)} readings"
        elif below:
            said = "reached only when chosen on the test" if top >= printed - margin else "reached by no reading"
        else:
            said = "exceeded by all readings" if above else f"passed over by {len(of)} readings"
        numbers = (printed, len(of), *(int(count.get(word, 0)) for word in _COUNTS))
        lines.append((*key, *numbers, of["mean"].min(), of["mean"].max(), top, said))
    return pd.DataFrame(lines, columns=CONCLUSIONS)
