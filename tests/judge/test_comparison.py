import math
from dataclasses import astuple

import baycomp
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from relamp.errors import RelampError
from relamp.judge.comparison import compare_on_dataset, compare_over_datasets, parts_of_difference
from relamp.judge.intervals import half_width_of

DRAWS = 4000


def scored(method: str, values: np.ndarray, dataset: str = "MUTAG", folds: bool = True) -> pd.DataFrame:
    """Scores of a table [seeds, folds]; without folds, of its first column."""
    seeds, columns = values.shape
    frame = pd.DataFrame({"seed": np.repeat(np.arange(seeds), columns), "value": values.ravel()})
    fold = np.tile(np.arange(columns), seeds) if folds else math.nan
    return frame.assign(method=method, dataset=dataset, protocol="fixed", fold=fold)


def pair(one: np.ndarray, other: np.ndarray, folds: bool = True) -> pd.DataFrame:
    return pd.concat([scored("ours", one, folds=folds), scored("theirs", other, folds=folds)], ignore_index=True)


def over_datasets(gains: list[float]) -> pd.DataFrame:
    """`ours` above `theirs` by so many points on each of several data sets, with two seeds and two folds."""
    base, noise = np.full((2, 2), 0.5), np.array([[0.01, -0.01], [0.02, -0.02]])
    names = [f"D{number}" for number in range(len(gains))]
    parts = [scored("ours", base + noise + gain / 100, name) for name, gain in zip(names, gains, strict=True)]
    return pd.concat([*parts, *(scored("theirs", base, name) for name in names)], ignore_index=True)


def probabilities(found: object) -> tuple[float, float, float, float]:
    names = ("p_better", "p_equivalent", "p_worse", "p_beats")
    return tuple(getattr(found, name) for name in names)  # type: ignore[return-value]


def test_a_published_worked_example() -> None:
    # scikit-learn, "Statistical comparison of models using grid search", after Benavoli et al. 2017: ROC-AUC of an RBF
    # and a linear SVM over 10 times 10-fold. RBF is higher with probability 77.3 %; with a rope of 0.01, it is better
    # with 0.500, equivalent with 0.432 and worse with 0.068; 95 % interval -0.016445 ... 0.036445.
    x, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    rbf, linear = (
        cross_val_score(SVC(kernel=kernel), x, y, scoring="roc_auc", cv=cv).reshape(10, 10)
        for kernel in ("rbf", "linear")
    )
    # Repetitions differ by their folds alone there, so that the variance by seeds and folds comes to nearly the same.
    found = compare_on_dataset(pair(rbf, linear), "ours", "theirs", "MUTAG", rope=1.0)
    assert probabilities(found) == pytest.approx((0.500, 0.432, 0.068, 0.773), abs=5e-3)
    assert (found.mean, found.low, found.high) == pytest.approx((1.0, -1.6445, 3.6445), abs=0.05)
    assert (found.runs, found.datasets, found.rope, found.confidence) == (100, ("MUTAG",), 1.0, 0.95)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 4), st.integers(1, 5), st.floats(-3, 3), st.sampled_from([0, 0.5, 2.0]), st.integers(0, 2**16))
def test_one_data_set_against_students_distribution(
    seeds: int, folds: int, shift: float, rope: float, seed: int
) -> None:
    one, other = np.random.default_rng(seed).uniform(0.6, 0.8, (2, seeds, folds))
    one = one + shift / 100
    found = compare_on_dataset(pair(one, other, folds > 1), "ours", "theirs", "MUTAG", rope)
    gain = 100 * (one - other)
    by_seed = [gain.mean(axis=1).var(ddof=1) / seeds, seeds - 1]
    student = stats.t(by_seed[1], gain.mean(), math.sqrt(by_seed[0]))  # without folds, it is the ordinary paired test
    if folds > 1:
        within = [gain.var(axis=1, ddof=1).mean() / (folds - 1), seeds * (folds - 1)]
        total = by_seed[0] + within[0]
        freedom = total**2 / (by_seed[0] ** 2 / by_seed[1] + within[0] ** 2 / within[1])
        both = stats.t(freedom, gain.mean(), math.sqrt(total))
        student = max(student, both, key=lambda each: each.ppf(0.975))
    wanted = student.sf(rope), student.cdf(rope) - student.cdf(-rope), student.cdf(-rope), student.sf(0)
    assert probabilities(found) == pytest.approx(wanted, abs=1e-9)
    assert (found.mean, found.low, found.high) == pytest.approx((gain.mean(), *student.interval(0.95)))


def test_runs_are_paired_by_seed_and_fold() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.uniform(size=(2, 3, 4))
    scores = pair(one, other)
    # A seed that only one of them has makes no pair.
    lonely = scored("ours", np.full((1, 4), 0.1)).assign(seed=9)
    scores = pd.concat([scores, lonely]).sample(frac=1, random_state=3)
    found = compare_on_dataset(scores, "ours", "theirs", "MUTAG", rope=1)
    assert found == compare_on_dataset(pair(one, other), "ours", "theirs", "MUTAG", rope=1)
    assert found.mean == pytest.approx(100 * (one - other).mean())
    assert found.runs == 12


@pytest.mark.parametrize("folds", [True, False])
def test_the_parts_of_a_difference_of_paired_runs_give_the_interval_of_the_comparison(folds: bool) -> None:
    rng = np.random.default_rng(3)
    one, other = rng.uniform(size=(2, 3, 4 if folds else 1))
    parts = parts_of_difference(scored("ours", one, folds=folds), scored("theirs", other, folds=folds))
    found = compare_on_dataset(pair(one, other, folds), "ours", "theirs", "MUTAG", 1)
    assert half_width_of(parts) == pytest.approx(found.high - found.mean)
    # With another seed nothing is paired: both have their parts, and the difference of what they share is not taken.
    apart = scored("theirs", other, folds=folds).assign(seed=lambda rows: rows["seed"] + 1)
    own = [part for of in (scored("ours", one, folds=folds), apart) for part in parts_of_difference(of)]
    assert parts_of_difference(scored("ours", one, folds=folds), apart) == own


def test_a_single_pair_of_runs_decides_nothing() -> None:
    one, other = np.array([[0.9]]), np.array([[0.5]])
    found = compare_on_dataset(pair(one, other, folds=False), "ours", "theirs", "MUTAG", rope=1)
    assert found.mean == pytest.approx(40)
    assert all(map(math.isnan, (found.low, found.high, *probabilities(found))))
    # Nor does it where both score the same.
    same = compare_on_dataset(pair(one, one, folds=False), "ours", "theirs", "MUTAG", rope=1)
    assert all(map(math.isnan, probabilities(same)))


@pytest.mark.parametrize("rope", [0.0, 1.0])
def test_a_method_compared_with_itself_is_equivalent(rope: float) -> None:
    rng = np.random.default_rng(1)
    values = rng.uniform(size=(3, 4))
    alone = scored("ours", values[:1, :1], folds=False)
    twin, more = pair(values, values), scored("ours", values, "NCI1")
    more = pd.concat([twin, more, more.assign(method="theirs")], ignore_index=True)
    for found in (
        compare_on_dataset(twin, "ours", "ours", "MUTAG", rope),
        compare_on_dataset(twin, "ours", "theirs", "MUTAG", rope),
        compare_on_dataset(alone, "ours", "ours", "MUTAG", rope),
        compare_over_datasets(more, "ours", "ours", rope, seed=0, samples=DRAWS),
        compare_over_datasets(more, "ours", "theirs", rope, seed=0, samples=DRAWS),
    ):
        assert probabilities(found) == (0.0, 1.0, 0.0, 0.5)
        assert found.mean == 0.0


def test_a_constant_difference_has_no_spread() -> None:
    values = np.array([[0.5, 0.25], [0.75, 0.5]])
    above = compare_on_dataset(pair(values + 0.125, values), "ours", "theirs", "MUTAG", rope=1)
    assert probabilities(above) == (1.0, 0.0, 0.0, 1.0)
    within = compare_on_dataset(pair(values + 0.125, values), "ours", "theirs", "MUTAG", rope=20)
    assert probabilities(within) == (0.0, 1.0, 0.0, 1.0)


@settings(max_examples=6, deadline=None)
@given(
    st.lists(st.integers(-40, 40).map(lambda tenth: tenth / 10 + 0.013), min_size=2, max_size=6),
    st.sampled_from([0.0, 1.0]),
)
def test_over_data_sets_swapping_and_order(gains: list[float], rope: float) -> None:
    assume(any(gains))
    scores = over_datasets(gains)
    there = compare_over_datasets(scores, "ours", "theirs", rope, seed=5, samples=DRAWS)
    back = compare_over_datasets(scores, "theirs", "ours", rope, seed=5, samples=DRAWS)
    # The same draws: what is counted on the one side is counted on the other.
    assert (back.p_worse, back.p_equivalent, back.p_better) == pytest.approx(probabilities(there)[:3], abs=1e-9)
    assert back.p_beats == pytest.approx(1 - there.p_beats, abs=1e-9)
    shuffled = scores.sample(frac=1, random_state=7)
    again = compare_over_datasets(shuffled, "ours", "theirs", rope, seed=5, samples=DRAWS)
    assert astuple(again) == astuple(there)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=2, max_size=6), st.sampled_from([0.0, 1.0]))
def test_over_data_sets_the_draws_are_those_of_the_library(gains: list[float], rope: float) -> None:
    # Whole points, so that sums fall on the bound of the rope; each gain is a mean over runs, and a hair off.
    assume(any(gains))
    scores = over_datasets(gains)
    found = compare_over_datasets(scores, "ours", "theirs", rope, seed=5, samples=DRAWS)
    means = [compare_on_dataset(scores, "ours", "theirs", f"D{number}", rope).mean for number in range(len(gains))]
    draw = {"nsamples": DRAWS, "random_state": 5}
    worse, equivalent, better = baycomp.SignedRankTest(np.zeros(len(means)), np.array(means), rope, **draw).probs()
    assert probabilities(found)[:3] == (better, equivalent, worse)


@pytest.mark.parametrize("datasets", [2, 5])
def test_over_data_sets_where_all_gain_alike_there_is_a_closed_form(datasets: int) -> None:
    # All gains exceed twice the rope, so only the prior's own pair is within it: of weight w², w ~ Beta(1/2, n).
    # "Better" is the likeliest where 1 - w² > w², so where w < 1 / sqrt 2.
    scores = over_datasets([3.0 + number for number in range(datasets)])
    found = compare_over_datasets(scores, "ours", "theirs", rope=1.0, seed=2, samples=DRAWS)
    expected = stats.beta.cdf(1 / math.sqrt(2), 0.5, datasets)
    error = 4 * math.sqrt(expected * (1 - expected) / DRAWS)
    assert found.p_better == pytest.approx(expected, abs=error)
    assert (found.p_worse, found.p_better + found.p_equivalent) == pytest.approx((0.0, 1.0))
    # Without a rope, half of that pair counts for each: 1 - w² / 2 > 1 / 2 always.
    assert found.p_beats == 1.0
    assert found.datasets == tuple(f"D{number}" for number in range(datasets))
    assert found.runs == 4 * datasets


def test_over_data_sets_the_interval_is_students() -> None:
    gains = [2.5, -0.7, 1.6]
    found = compare_over_datasets(over_datasets(gains), "ours", "theirs", 1.0, seed=0, confidence=0.9, samples=DRAWS)
    low, high = stats.t.interval(0.9, 2, loc=np.mean(gains), scale=stats.sem(gains))
    assert (found.mean, found.low, found.high) == pytest.approx((np.mean(gains), low, high))


def test_data_sets_of_one_method_alone_are_left_out() -> None:
    scores = over_datasets([1.0, 2.0, 3.0])
    scores = scores[~((scores["method"] == "theirs") & (scores["dataset"] == "D1"))]
    assert compare_over_datasets(scores, "ours", "theirs", 1, seed=0, samples=100).datasets == ("D0", "D2")
    with pytest.raises(RelampError, match="1 data sets in common"):
        compare_over_datasets(scores[scores["dataset"] != "D2"], "ours", "theirs", 1, seed=0)


VALUES = np.array([[0.5, 0.6], [0.7, 0.8]])
SCORES = pair(VALUES, VALUES + 0.1)


@pytest.mark.parametrize(
    ("scores", "dataset", "rope", "message"),
    [
        (SCORES, "NCI1", 1, "no seed and fold in common on NCI1"),
        (pd.concat([SCORES, SCORES.assign(protocol="nested")]), "MUTAG", 1, "'fixed', 'nested'"),
        (SCORES.iloc[1:], "MUTAG", 1, "ours against theirs, MUTAG: 3 runs are not"),
        (pd.concat([SCORES, SCORES[SCORES["method"] == "ours"]]), "MUTAG", 1, "8 runs are not"),
        (SCORES, "MUTAG", -1, "rope of -1"),
        (SCORES, "MUTAG", math.nan, "rope of nan"),
    ],
)
def test_nonsense_is_refused(scores: pd.DataFrame, dataset: str, rope: float, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        compare_on_dataset(scores, "ours", "theirs", dataset, rope)
    with pytest.raises(RelampError, match="rope of nan"):
        compare_over_datasets(SCORES, "ours", "theirs", math.nan, seed=0)
