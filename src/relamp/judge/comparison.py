"""Does one method beat another? Bayesian tests on paired runs, on one data set and over several."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relamp.errors import RelampError
from relamp.judge.intervals import PER_CENT, Floats, Part, interval_of_table, parts_of_table, run_table, student

_PAIR = ["seed", "fold"]
# A probability near 0.5 is good to 0.01.
SAMPLES = 20_000
# The weight of the prior, which is a difference of 0, where a data set has 1.
_PRIOR = 0.5
_NO_DIFFERENCE = 0.0, 1.0, 0.0, 0.5


@dataclass(frozen=True)
class Comparison:
    """How a method stands to a rival; the method is better where differences are positive.

    Attributes:
        datasets: those compared on, sorted.
        rope: differences of so many points at most count as none.
        mean: method minus rival, in points.
        low, high: bounds of the interval of `mean` at `confidence`, NaN for a single pair of runs.
        p_better, p_equivalent, p_worse: posterior probability that the method is ahead by more than the rope, that the
            difference lies within it, and that the rival is ahead by more; NaN for a single pair of runs.
        p_beats: that the method is ahead at all, from the posterior without a rope; 0.5 where nothing differs.
        runs: number of pairs of runs.
    """

    method: str
    rival: str
    datasets: tuple[str, ...]
    rope: float
    mean: float
    low: float
    high: float
    confidence: float
    p_better: float
    p_equivalent: float
    p_worse: float
    p_beats: float
    runs: int


def compare_on_dataset(
    scores: pd.DataFrame, method: str, rival: str, dataset: str, rope: float, confidence: float = 0.95
) -> Comparison:
    """Compare two methods on one data set by the Bayesian correlated t-test.

    Corani and Benavoli 2015, "A Bayesian approach for comparing cross-validated algorithms on multiple data sets",
    Section 3: the mean difference has a Student posterior, from which nothing is drawn at random; here with the
    variance of `relamp.judge.intervals.student`, in which a seed, an encoder that all its folds share, counts once.

    `scores` are of one protocol, see `relamp.judge.runs`: method, dataset, seed, fold, value as a fraction. Pairs are
    made of equal seeds and folds, and runs without a partner left out. `rope` is half the width of the region of
    practical equivalence, in points; 0 for none. Raises RelampError for several protocols, no pairs, pairs that are
    incomplete or duplicates, and a negative rope.
    """
    _check(scores, rope)
    table = _differences(scores, method, rival, dataset)
    if _same(table, method, rival):
        chances = _NO_DIFFERENCE
    elif table.size == 1:
        chances = math.nan, math.nan, math.nan, math.nan
    else:
        # It takes half a second to import, for jobs that compare nothing too.
        from baycomp.single import Posterior

        posterior = table.mean(), *student(table, confidence)
        *_, beats = Posterior(*posterior).probs()
        worse, *_, better = Posterior(*posterior, rope).probs()
        chances = better, max(0.0, 1 - better - worse), worse, beats
    bounds = _bounds(table, confidence)
    return Comparison(method, rival, (dataset,), rope, *bounds, *chances, table.size)


def compare_over_datasets(
    scores: pd.DataFrame,
    method: str,
    rival: str,
    rope: float,
    seed: int,
    confidence: float = 0.95,
    samples: int = SAMPLES,
) -> Comparison:
    """Compare two methods over all data sets that both have by the Bayesian signed-rank test.

    Benavoli et al. 2014, "A Bayesian Wilcoxon signed-rank test based on the Dirichlet process", on the mean difference
    of each data set; a probability is that of the region (better, equivalent, worse) being the likeliest one on a
    further data set. It says little over few data sets: where all gains have one sign, `p_beats` is 0 or 1 even over
    two, so read it beside the interval, which is Student's over the data sets, since these are independent. `seed` and
    `samples` are of the draws from the posterior; the rest as in `compare_on_dataset`. Raises RelampError as there, and
    where the two have fewer than two data sets in common.
    """
    _check(scores, rope)
    own, others = (set(scores.loc[scores["method"] == name, "dataset"]) for name in (method, rival))
    names = sorted(own & others)
    if len(names) < 2:
        raise RelampError(
            f"comparison: {method} and {rival} have {len(names)} data sets in common; over several it takes two at "
            "least, and on a single one compare_on_dataset serves"
        )
    tables = [_differences(scores, method, rival, name) for name in names]
    # By data set in sorted order: the weights are drawn in that of the data sets.
    means = np.array([table.mean() for table in tables])
    chances = _NO_DIFFERENCE
    if not _same(means, method, rival):
        _, _, beats = _signed_rank(means, 0, seed, samples)
        worse, equivalent, better = _signed_rank(means, rope, seed, samples)
        chances = better, equivalent, worse, beats
    bounds, runs = _bounds(means[:, None], confidence), sum(table.size for table in tables)
    return Comparison(method, rival, tuple(names), rope, *bounds, *chances, runs)


def parts_of_difference(above: pd.DataFrame, below: pd.DataFrame | None = None) -> list[Part]:
    """Return what the variance of a difference of two means consists of, in points squared.

    Each has the columns seed, fold and value, as a fraction. Where both have the same seeds and folds, runs are paired
    and it is that of their differences; else those of both means add up (Welch). Without `below` it is that of one
    mean. Raises RelampError where runs are missing or duplicates.
    """
    tables = [PER_CENT * run_table(of) for of in (above, below) if of is not None]
    if below is not None and _runs_of(above) == _runs_of(below):
        tables = [tables[0] - tables[1]]
    return [part for of in tables for part in (parts_of_table(of) if of.size > 1 else [Part(math.nan, 0)])]


def _signed_rank(differences: Floats, rope: float, seed: int, samples: int) -> tuple[float, float, float]:
    """Return how often each region is the likeliest: below minus `rope`, within it, above it.

    The draws are those of `baycomp.SignedRankTest`, which weighs them one by one in 25 times the time.
    """
    with_prior = np.concatenate(([0.0], differences))
    weights = np.array([_PRIOR, *np.ones_like(differences)])
    drawn = np.random.RandomState(seed).dirichlet(weights, samples)
    sums = np.add.outer(with_prior, with_prior)
    # A sum on the bound counts half for either side.
    below, above = (((drawn @ np.heaviside(sign * sums - 2 * rope, 0.5)) * drawn).sum(axis=1) for sign in (-1, 1))
    within = 1 - below - above if rope else np.zeros_like(above)
    likeliest = np.argmax([below, within, above], axis=0)
    worse, equivalent, better = np.bincount(likeliest, minlength=3) / samples
    return worse, equivalent, better


def _runs_of(scores: pd.DataFrame) -> set[tuple[float, float]]:
    # No fold is numbered -1, and NaN is not equal to itself.
    return set(zip(scores["seed"], scores["fold"].fillna(-1), strict=True))


def _check(scores: pd.DataFrame, rope: float) -> None:
    if not rope >= 0:
        raise RelampError(f"comparison: a rope of {rope} points is none; give 0 or more")
    protocols = sorted(set(scores["protocol"])) if "protocol" in scores else []
    if len(protocols) > 1:
        raise RelampError(f"comparison: scores of the protocols {protocols}; choose one of them")


def _differences(scores: pd.DataFrame, method: str, rival: str, dataset: str) -> Floats:
    """Return method minus rival, in points, as a table `[seeds, folds]` of the runs that both have."""
    rows = scores[scores["dataset"] == dataset]
    one, other = (rows[rows["method"] == name] for name in (method, rival))
    if _runs_of(one) == _runs_of(other) and len(one):
        return PER_CENT * (run_table(one) - run_table(other))
    # A merge takes two empty folds for equal.
    pairs = one.merge(other, on=_PAIR, suffixes=("", "_rival"))
    if pairs.empty:
        raise RelampError(f"comparison: {method} and {rival} have no seed and fold in common on {dataset}; run both")
    gain = PER_CENT * (pairs["value"] - pairs["value_rival"])
    return run_table(pairs[_PAIR].assign(value=gain, method=f"{method} against {rival}", dataset=dataset))


def _same(differences: Floats, method: str, rival: str) -> bool:
    """Tell whether there is nothing to compare: the tests would divide by the missing spread, or break the tie."""
    return method == rival or (differences.size > 1 and not differences.any())


def _bounds(table: Floats, confidence: float) -> tuple[float, float, float, float]:
    interval = interval_of_table(table, confidence)
    return interval.mean, interval.low, interval.high, interval.confidence
