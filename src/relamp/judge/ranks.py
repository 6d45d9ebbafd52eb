"""Average ranks of methods over data sets, and how far two must lie apart to differ."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relamp.errors import RelampError
from relamp.judge.checks import DECIMALS, once

LEAST_METHODS = 3
LEAST_DATASETS = 2


@dataclass(frozen=True)
class Ranking:
    """Methods in the order of their average ranks; 1 is best.

    Attributes:
        ranks: average rank of each method, best first, equals by name.
        datasets: data sets ranked on, sorted: those that every method has.
        left_out: data sets that some method lacks.
        alpha: significance level of the critical difference.
        friedman: chi-squared of Friedman's test, corrected for ties; None below 3 methods or 2 data sets.
        p_value: of that test; None likewise.
        critical_difference: from which two average ranks differ by Nemenyi's test; None likewise.
        groups: largest groups of two or more methods without such a difference, by best rank; empty likewise.
    """

    ranks: Mapping[str, float]
    datasets: tuple[str, ...]
    left_out: tuple[str, ...]
    alpha: float
    friedman: float | None = None
    p_value: float | None = None
    critical_difference: float | None = None
    groups: tuple[tuple[str, ...], ...] = ()


def rank_methods(cells: pd.DataFrame, alpha: float = 0.05) -> Ranking:
    """Rank methods on each data set and average, with Friedman's and Nemenyi's tests.

    Demsar 2006, "Statistical comparisons of classifiers over multiple data sets", Section 3.2. `cells` has the columns
    method, dataset and mean, of which more is better; equal values share their mean rank. With fewer than 3 methods or
    2 data sets there are ranks, but no tests (see `Ranking`). Raises RelampError where a cell has a duplicate, fewer
    than two methods are ranked, or no data set has all of them.
    """
    once(cells, ["method", "dataset"], "a cell to rank", "choose one protocol and one setting")
    if not 0 < alpha < 1:
        raise RelampError(f"ranks: a significance level of {alpha} is not between 0 and 1; 0.05 is usual")
    rounded = cells.assign(mean=cells["mean"].round(DECIMALS))
    table = rounded.pivot_table("mean", "dataset", "method", aggfunc="first", dropna=False)
    complete = table.dropna()
    if complete.shape[1] < 2 or complete.empty:
        lacking = table.columns[table.isna().any()].tolist()
        raise RelampError(
            f"ranks: {table.shape[1]} methods have {len(complete)} data sets in common (missing somewhere: "
            f"{', '.join(lacking) or 'none'}); give two methods and a data set of all of them at least"
        )
    values = complete.to_numpy(dtype=float)
    average = average_ranks(complete.T).sort_index().sort_values(kind="stable")
    ranks = {str(name): rank for name, rank in average.items()}
    used, left_out = tuple(complete.index), tuple(table.index.difference(complete.index))
    if values.shape[1] < LEAST_METHODS or len(values) < LEAST_DATASETS:
        return Ranking(ranks, used, left_out, alpha)
    # Where all ranks are equal, the correction for ties would divide by zero.
    alike = (values == values[:, :1]).all()
    from scipy import stats  # takes a second, of which most jobs have no use

    statistic, p_value = (0.0, 1.0) if alike else map(float, stats.friedmanchisquare(*values.T))
    difference = critical_difference(values.shape[1], len(values), alpha)
    groups = undecided_groups(ranks, difference)
    return Ranking(ranks, used, left_out, alpha, statistic, p_value, difference, groups)


def average_ranks(cells: pd.DataFrame) -> "pd.Series[float]":
    """Return the average rank (1 is best) of each method (row) over the data sets (columns), as LAMP counts it.

    A method is ranked among those that have a value for the data set, equal values share their mean rank, and the mean
    is over the data sets that the method has.
    """
    return cells.rank(ascending=False, method="average").mean(axis=1)


def critical_difference(methods: int, datasets: int, alpha: float = 0.05) -> float:
    """Return q sqrt(k (k + 1) / (6 N)) of k methods and N data sets (Nemenyi's test; Demsar 2006, Section 3.2.2).

    q is the quantile of the studentized range of k values and infinite degrees of freedom, divided by sqrt(2).
    """
    from scipy import stats

    q = stats.studentized_range.ppf(1 - alpha, methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(methods * (methods + 1) / (6 * datasets)))


def undecided_groups(ranks: Mapping[str, float], difference: float) -> tuple[tuple[str, ...], ...]:
    """Return the largest groups of methods whose average ranks all lie less than the difference apart."""
    names = sorted(ranks, key=lambda name: (ranks[name], name))
    groups: list[tuple[str, ...]] = []
    for first, name in enumerate(names):
        group = tuple(other for other in names[first:] if ranks[other] - ranks[name] < difference)
        # One that ends where an earlier one does is a part of it.
        if len(group) > 1 and not (groups and groups[-1][-1] == group[-1]):
            groups.append(group)
    return tuple(groups)
