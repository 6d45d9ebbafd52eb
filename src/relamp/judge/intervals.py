"""Confidence intervals of a mean over seeds and folds, which allow for folds that share their training data."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from relamp.errors import RelampError
from relamp.judge.checks import has_columns

Floats = NDArray[np.float64]

PER_CENT = 100.0
RUN = ["seed", "fold", "value"]
TASK = ["method", "dataset", "protocol"]


@dataclass(frozen=True)
class Interval:
    """A mean and where it lies.

    Attributes:
        mean: over all seeds and folds.
        low, high: bounds, as far from the mean; NaN where a single run leaves the spread unknown.
        confidence: of the bounds, in 0 ... 1.
        std_seeds: sample standard deviation (ddof = 1) of the seeds' means; NaN for one seed.
        std_folds: mean over the seeds of the sample standard deviation over the folds; NaN without folds.
        seeds, folds: their numbers; 0 folds where there are none.
    """

    mean: float
    low: float
    high: float
    confidence: float
    std_seeds: float
    std_folds: float
    seeds: int
    folds: int


@dataclass(frozen=True)
class Sample:
    """What is known of a mean over seeds or runs: their number, and the sample standard deviation of their values.

    An `n` below two or a missing `std` leaves the spread of the mean unknown, and it counts as none.
    """

    std: float
    n: float

    @property
    def known(self) -> bool:
        """Whether the spread of the mean is known."""
        return self.n >= 2 and not math.isnan(self.std)


NO_SAMPLE = Sample(math.nan, 0)


class Part(NamedTuple):
    """A part of the variance of an estimate, and the degrees of freedom with which it is known."""

    variance: float
    freedom: float


def mean_interval(scores: pd.DataFrame, confidence: float = 0.95) -> Interval:
    """Return the interval of the mean of one cell, for other seeds and for other data of this size; see `student`.

    `scores` has the columns `RUN`, fold empty where there are none; the unit is that of `value`. Raises RelampError
    where values are missing or duplicates, or the seeds differ in their folds.
    """
    return interval_of_table(run_table(scores), confidence)


def cell_intervals(scores: pd.DataFrame, confidence: float = 0.95, by: Sequence[str] = TASK) -> pd.DataFrame:
    """Return `mean_interval` of each cell, in per cent: columns `by` and those of `Interval`.

    `scores` has the columns `by`, which tell cells apart, and `RUN`, `value` as a fraction. The order of the rows does
    not matter.
    """
    trouble = "intervals: the scores lack the columns {missing}; take them from relamp.judge.runs"
    has_columns(scores, (*by, *RUN), trouble)
    rows = [
        {**dict(zip(by, key, strict=True)), **asdict(mean_interval(cell, confidence))}
        for key, cell in scores.groupby(list(by), sort=True)
    ]
    cells = pd.DataFrame(rows, columns=[*by, *Interval.__dataclass_fields__])
    for name in ("mean", "low", "high", "std_seeds", "std_folds"):
        cells[name] = cells[name].astype(float) * PER_CENT
    return cells.astype({"seeds": int, "folds": int})


def half_width(
    std: float, seeds: NDArray[np.int64] | int, printed: Sample = NO_SAMPLE, confidence: float = 0.95
) -> Floats:
    """Return half the width of the interval of a difference of two means, by Welch's rule, for each number of seeds.

    Welch 1947, "The generalization of 'Student's' problem when several different population variances are involved":
    the variances of both means add up, and the degrees of freedom are those of Welch and Satterthwaite. Without a known
    spread of the printed mean it is Student's interval over the seeds; NaN for one seed.
    """
    count = np.atleast_1d(np.asarray(seeds, dtype=float))
    own = std**2 / count
    other, runs = (printed.std**2 / printed.n, printed.n) if printed.known else (0.0, 2.0)
    width: Floats = np.where(count < 2, np.nan, _welch([own, other], [count - 1, runs - 1], confidence))
    return width


def half_width_of(parts: Sequence[Part], confidence: float = 0.95) -> float:
    """Return half the width of the interval of an estimate whose variance is the sum of independent parts.

    Welch's rule, as in `half_width`; NaN where a part is not known.
    """
    return float(_welch([part.variance for part in parts], [part.freedom for part in parts], confidence))


def averaged(parts: Sequence[Sequence[Part]]) -> list[Part]:
    """Return what the variance of the mean of independent estimates consists of, from the parts of each."""
    return [Part(part.variance / len(parts) ** 2, part.freedom) for own in parts for part in own]


def _welch(variances: Sequence[Floats | float], freedoms: Sequence[Floats | float], confidence: float) -> Floats:
    total, freedom = _sum_of(variances, freedoms)
    with np.errstate(invalid="ignore"):
        half = np.float64(stdtrit(freedom, (1 + confidence) / 2)) * np.sqrt(total)
    # Runs that all agree leave no freedom to count, and nothing to add.
    width: Floats = np.where(total == 0, 0.0, half)
    return width


def _sum_of(variances: Sequence[Floats | float], freedoms: Sequence[Floats | float]) -> tuple[Floats, Floats]:
    """Return the sum of independent variances, and its degrees of freedom by Welch and Satterthwaite."""
    total: Floats = np.asarray(sum(variances))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [np.square(variance) / freedom for variance, freedom in zip(variances, freedoms, strict=True)]
        return total, np.square(total) / sum(shares)


def further_seeds(
    cell: Mapping[str, float],
    target_low: float,
    target_high: float,
    confidence: float,
    printed: Sample = NO_SAMPLE,
    most: int = 1000,
) -> int | None:
    """Return how many further seeds would put the interval of `half_width` wholly inside or outside a target.

    `cell` has mean, std_seeds and seeds. It is assumed that mean and spread stay as they are. The spread of a printed
    mean is a floor: where not even `most` seeds would decide, or a single seed leaves the spread unknown, the answer is
    None. Raises RelampError if the target is not a range.
    """
    if not target_low <= target_high:
        raise RelampError(f"further seeds: {target_low} to {target_high} is not a range; give its lower end first")
    half = half_width(cell["std_seeds"], int(cell["seeds"]) + np.arange(most + 1), printed, confidence)
    low, high = cell["mean"] - half, cell["mean"] + half
    inside = (target_low <= low) & (high <= target_high)
    decided = np.flatnonzero(inside | (low > target_high) | (high < target_low))
    return int(decided[0]) if len(decided) else None


def run_table(scores: pd.DataFrame) -> Floats:
    """Return the values of one cell as a table `[seeds, folds]`, `[seeds, 1]` where there are no folds.

    Rows and columns are sorted, so that not even the last bit of a mean depends on the order of the rows. Raises
    RelampError as `mean_interval` does.
    """
    missing = [name for name in RUN if name not in scores]
    if missing or scores.empty:
        raise RelampError(f"{_where(scores)}: no runs, or none of the columns {missing}; evaluate it first")
    seed, fold, value = (scores[name].to_numpy(dtype=float, na_value=np.nan) for name in RUN)
    if not np.isfinite(value).all() or np.isnan(seed).any():
        raise RelampError(f"{_where(scores)}: a run has no value or no seed; finish it or leave it out")
    folds, without = np.unique(fold[~np.isnan(fold)]), np.isnan(fold)
    if 0 < without.sum() < len(fold) or len(folds) == 1:
        raise RelampError(f"{_where(scores)}: give each run one of several folds, or leave all folds empty")
    order = np.lexsort((fold, seed))
    seeds, columns = np.unique(seed), max(len(folds), 1)
    full = np.column_stack([np.repeat(seeds, columns), np.tile(folds if len(folds) else [np.nan], len(seeds))])
    if not np.array_equal(np.column_stack([seed, fold])[order], full, equal_nan=True):
        raise RelampError(
            f"{_where(scores)}: {len(value)} runs are not {len(seeds)} seeds times {columns} folds, each once; "
            "finish what is missing, and pass every file of rows once"
        )
    table: Floats = value[order].reshape(len(seeds), columns)
    return table


def interval_of_table(table: Floats, confidence: float = 0.95) -> Interval:
    """Return the interval of a table `[seeds, folds]`, or `[seeds, 1]` without folds; see `mean_interval`."""
    if not 0 < confidence < 1:
        raise RelampError(f"interval: a confidence of {confidence} is not between 0 and 1; 0.95 is usual")
    seeds, columns = table.shape
    folds = columns if columns > 1 else 0
    by_seed = table.mean(axis=1)
    mean, half = float(by_seed.mean()), math.nan
    if table.size > 1:
        half = half_width_of([student(table, confidence)], confidence)
    std_seeds = float(by_seed.std(ddof=1)) if seeds > 1 else math.nan
    std_folds = float(table.std(axis=1, ddof=1).mean()) if folds else math.nan
    return Interval(mean, mean - half, mean + half, confidence, std_seeds, std_folds, seeds, folds)


def parts_of_table(table: Floats) -> list[Part]:
    """Return what the variance of the mean of a table `[seeds, folds]` of several runs consists of: seeds, then folds.

    A seed is one encoder (and one draw of folds), which its k folds share: the variance s² / r of the means of r seeds.
    Folds share training data: 1 / (k - 1) of the variance within a seed, the share of test to training data, is what
    other data would add (Nadeau and Bengio 2003, "Inference for the generalization error"). Where seeds differ by their
    folds alone, the sum is the corrected resampled variance s² (1 / (r k) + 1 / (k - 1)) of Bouckaert and Frank 2004,
    "Evaluating the replicability of significance tests for comparing learning algorithms"; that of a single seed is
    taken by their formula. Without folds there are seeds alone.
    """
    seeds, folds = table.shape
    if seeds == 1:
        return [Part(float(table.var(ddof=1)) * (1 / folds + 1 / (folds - 1)), folds - 1)]
    of_seeds = Part(float(table.mean(axis=1).var(ddof=1)) / seeds, seeds - 1)
    if folds == 1:
        return [of_seeds]
    return [of_seeds, Part(float(table.var(axis=1, ddof=1).mean()) / (folds - 1), seeds * (folds - 1))]


def student(table: Floats, confidence: float) -> Part:
    """Return the variance and the degrees of freedom of Student's distribution of the mean of a table of several runs.

    They are those of the sum of `parts_of_table` by Welch and Satterthwaite, or of the seeds alone where these, being
    few, have the wider interval.
    """
    parts = parts_of_table(table)
    total, freedom = _sum_of(*zip(*parts, strict=True))
    # Where nothing varies there is no freedom to count.
    whole = Part(float(total), float(freedom) if total else table.size - 1)
    return max(whole, parts[0], key=lambda part: half_width_of([part], confidence))


def _where(scores: pd.DataFrame) -> str:
    named = [str(scores[name].iloc[0]) for name in TASK if name in scores and len(scores)]
    return ", ".join(named) or "scores"
