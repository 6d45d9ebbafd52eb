import math
from collections.abc import Sequence
from itertools import product
from statistics import mean, stdev, variance

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from relamp.errors import RelampError
from relamp.judge.intervals import (
    Interval,
    Sample,
    cell_intervals,
    further_seeds,
    half_width,
    mean_interval,
)

INTERVALS = ["method", "dataset", "protocol", *Interval.__dataclass_fields__]
VALUES = st.floats(0, 1).map(lambda value: round(value, 4))


def runs(table: Sequence[Sequence[float]], folds: bool = True) -> pd.DataFrame:
    """One row for each value of a table [seeds, folds]; without folds, the second axis has one column."""
    rows = [
        (seed, fold if folds else math.nan, value) for seed, line in enumerate(table) for fold, value in enumerate(line)
    ]
    return pd.DataFrame(rows, columns=["seed", "fold", "value"])


@st.composite
def tables(draw: st.DrawFn, least_folds: int = 1) -> list[list[float]]:
    seeds, folds = draw(st.integers(1, 5)), draw(st.integers(least_folds, 6))
    assume(seeds * folds > 1)
    return [[draw(VALUES) for _ in range(folds)] for _ in range(seeds)]


def test_by_hand() -> None:
    # Both seeds have the mean 0.6, and the variances 0.02 and 0.08 over folds; k = 2: the variance is 0 / 2 + 0.05 / 1,
    # root 0.223607, of 0 + 2 (2 - 1) degrees of freedom; t of 2 at 97.5 % is 4.302653.
    found = mean_interval(runs([[0.5, 0.7], [0.4, 0.8]]))
    assert found.mean == pytest.approx(0.6)
    assert found.high == pytest.approx(0.6 + 4.302653 * 0.223607, abs=1e-6)
    assert found.low == pytest.approx(0.6 - 4.302653 * 0.223607, abs=1e-6)
    assert found.std_seeds == pytest.approx(0.0)
    # 0.1 sqrt 2 and 0.2 sqrt 2.
    assert found.std_folds == pytest.approx(0.15 * math.sqrt(2))
    assert (found.seeds, found.folds, found.confidence) == (2, 2, 0.95)


def test_without_folds_it_is_the_ordinary_t_interval() -> None:
    values = [0.71, 0.74, 0.69, 0.75]
    found = mean_interval(runs([[value] for value in values], folds=False), 0.9)
    low, high = stats.t.interval(0.9, 3, loc=mean(values), scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.std_seeds == pytest.approx(stdev(values))
    assert math.isnan(found.std_folds)
    assert (found.seeds, found.folds) == (4, 0)


def test_a_single_run_has_no_bounds_and_one_seed_with_folds_has() -> None:
    one = mean_interval(runs([[0.7]], folds=False))
    assert (one.mean, one.seeds, one.folds) == (0.7, 1, 0)
    assert all(map(math.isnan, (one.low, one.high, one.std_seeds, one.std_folds)))
    folds = mean_interval(runs([[0.6, 0.7, 0.8]]))
    # s = 0.1, J = 3, k = 3: variance (1/3 + 1/2) 0.01; t of 2 degrees of freedom at 97.5 % is 4.302653.
    assert folds.high - folds.mean == pytest.approx(4.302653 * math.sqrt(0.01 * 5 / 6), abs=1e-6)
    assert math.isnan(folds.std_seeds)


@settings(max_examples=50, deadline=None)
@given(tables(least_folds=2), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_against_a_slow_formula_in_any_order(table: list[list[float]], confidence: float) -> None:
    seeds, folds = len(table), len(table[0])
    values = [value for line in table for value in line]
    found = mean_interval(runs(table), confidence)
    halves = []
    if seeds == 1:
        halves = [(variance(values) * (1 / folds + 1 / (folds - 1)), folds - 1)]
    else:
        of_seeds, of_folds = variance(map(mean, table)) / seeds, mean(map(variance, table)) / (folds - 1)
        halves = [(of_seeds, seeds - 1)]
        if total := of_seeds + of_folds:
            lost = of_seeds**2 / (seeds - 1) + of_folds**2 / (seeds * (folds - 1))
            halves.append((total, total**2 / lost))
    half = max(stats.t.ppf((1 + confidence) / 2, freedom) * math.sqrt(of) for of, freedom in halves)
    assert (found.low, found.high) == pytest.approx((mean(values) - half, mean(values) + half), abs=1e-9)
    assert found.high - found.mean == pytest.approx(found.mean - found.low, abs=1e-12)
    assert found.std_folds == pytest.approx(mean(map(stdev, table)), abs=1e-12)
    shuffled = runs(table).sample(frac=1, random_state=seeds * folds)
    # To the last bit; by repr, which takes NaN for equal to NaN.
    assert repr(mean_interval(shuffled, confidence)) == repr(found)


@settings(max_examples=50, deadline=None)
@given(tables(least_folds=2), st.sampled_from([0.9, 0.95]))
def test_other_data_are_never_less_uncertain_than_other_seeds(table: list[list[float]], confidence: float) -> None:
    assume(len(table) > 1)
    found = mean_interval(runs(table), confidence)
    (half,) = half_width(found.std_seeds, found.seeds, confidence=confidence)
    assert found.high - found.mean >= half - 1e-12


def test_intervals_cover_what_they_should_whether_seeds_or_folds_differ_more() -> None:
    # What folds share, as data do, is a tenth of their variance in ten folds. The corrected resampled variance, which
    # takes a seed's folds for independent of it, covers 82 % and 71 % of the last two.
    rng = np.random.default_rng(0)
    for seeds, of_seeds in ((5, 0.0), (5, 1.0), (3, 1.0), (3, 4.0)):
        covered = 0
        for _ in range(1000):
            data, encoders = rng.normal(0, 0.1**0.5), rng.normal(0, of_seeds**0.5, (seeds, 1))
            found = mean_interval(runs((data + encoders + rng.normal(0, 0.9**0.5, (seeds, 10))).tolist()))
            covered += found.low <= 0 <= found.high
        assert 0.93 <= covered / 1000 <= 0.975, (seeds, of_seeds)


GOOD = runs([[0.5, 0.6], [0.7, 0.8]]).assign(method="wl", dataset="MUTAG")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (GOOD.iloc[:3], "wl, MUTAG: 3 runs are not 2 seeds times 2 folds"),
        (pd.concat([GOOD, GOOD.iloc[:1]]), "5 runs are not"),
        (pd.concat([GOOD.iloc[:3], GOOD.iloc[:1]]), "4 runs are not"),  # as many as there should be, but one twice
        (GOOD.assign(value=[0.5, math.nan, 0.5, 0.5]), "no value"),
        (GOOD.assign(fold=[0, 1, 0, math.nan]), "several folds"),
        (runs([[0.5], [0.6]]), "several folds"),
        (runs([[0.5], [0.6]], folds=False).assign(seed=0), "2 runs are not 1 seeds"),
        (GOOD.iloc[:0], "no runs"),
        (GOOD.drop(columns="fold"), "'fold'"),
    ],
)
def test_uneven_runs_are_refused(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        mean_interval(rows)
    with pytest.raises(RelampError, match="confidence of 95 is not between"):
        mean_interval(GOOD, 95)


def test_cells_are_intervals_in_per_cent() -> None:
    rng = np.random.default_rng(0)
    parts = [
        runs(rng.uniform(size=(5, 10)).tolist()).assign(method=method, dataset=dataset, protocol=protocol)
        for method, dataset, protocol in product(("lamp-mag", "wl"), ("DD", "MUTAG"), ("fixed", "nested"))
    ]
    tuned = runs([[0.7], [0.8]], folds=False).assign(method="lamp-mag", dataset="BBBP", protocol="fixed")
    scores = pd.concat([*parts, tuned], ignore_index=True)
    cells = cell_intervals(scores, 0.9)
    assert cells.columns.tolist() == INTERVALS
    assert len(cells) == 9
    for cell in cells.to_dict("records"):
        mine = scores[(scores[["method", "dataset", "protocol"]] == [cell[n] for n in INTERVALS[:3]]).all(axis=1)]
        alone = mean_interval(mine, 0.9)
        for name in ("mean", "low", "high", "std_seeds", "std_folds"):
            assert cell[name] == pytest.approx(100 * getattr(alone, name), nan_ok=True)
        assert (cell["confidence"], cell["seeds"], cell["folds"]) == (0.9, alone.seeds, alone.folds)
    pd.testing.assert_frame_equal(cell_intervals(scores.sample(frac=1, random_state=1), 0.9), cells)
    empty = cell_intervals(scores.iloc[:0])
    assert empty.empty
    assert empty.columns.tolist() == INTERVALS
    with pytest.raises(RelampError, match="'protocol'"):
        cell_intervals(scores.drop(columns="protocol"))


def cell(mean: float, std: float, seeds: int) -> dict[str, float]:
    return {"mean": mean, "std_seeds": std, "seeds": seeds}


@pytest.mark.parametrize(
    ("target", "number"),
    [
        ((67, 73), 0),
        ((69, 71), 1),
        ((69.5, 72), 2),
        ((69.6, 72), 3),
        ((60, 65), 0),
        ((80, 85), 0),
        ((70, 75), None),  # the mean lies on the edge of the target: never inside, never outside
    ],
)
def test_further_seeds_by_hand(target: tuple[float, float], number: int | None) -> None:
    # 70 ± 2.484 of 2 seeds without folds... s = 2.484 sqrt 2 / 12.706 = 0.2765. Of n seeds, 70 ± t(n - 1) s / sqrt n:
    # n = 3: 4.303 * 0.2765 / 1.732 = 0.687; n = 4: 3.182 * 0.2765 / 2 = 0.440; n = 5: 2.776 * 0.2765 / 2.236 = 0.343.
    assert further_seeds(cell(70, 0.2765, 2), *target, 0.95) == number


def test_welch_by_hand() -> None:
    # Variances of the means 4 / 4 = 1 and 9 / 3 = 3; freedom 16 / (1 / 3 + 9 / 2) = 3.310345; t(0.975) = 3.022131.
    (half,) = half_width(2.0, 4, Sample(3.0, 3))
    assert half == pytest.approx(float(stats.t.ppf(0.975, 16 / (1 / 3 + 9 / 2))) * 2)
    # As scipy has it, from samples of these sizes and spreads.
    one, other = np.array([68.0, 70, 72, 70]), np.array([71.0, 74, 77])
    found = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    (mine,) = half_width(float(one.std(ddof=1)), 4, Sample(float(other.std(ddof=1)), 3))
    assert mine == pytest.approx((found.high - found.low) / 2)


def test_without_a_known_printed_spread_it_is_students() -> None:
    student = float(stats.t.ppf(0.975, 3)) * 2.0 / 2
    for printed in (Sample(math.nan, 5), Sample(3.0, 1), Sample(3.0, 0)):
        assert half_width(2.0, 4, printed)[0] == pytest.approx(student)
    assert half_width(0.0, 4)[0] == 0
    assert math.isnan(half_width(math.nan, 1)[0])
    # Seeds that agree leave the printed spread alone.
    assert half_width(0.0, 4, Sample(3.0, 9))[0] == pytest.approx(float(stats.t.ppf(0.975, 8)))


def test_a_printed_spread_is_a_floor_that_no_number_of_seeds_breaks() -> None:
    # 3 / sqrt(9) = 1 with 8 degrees of freedom in the end: t(0.975, 8) = 2.306.
    found, printed = cell(70, 2.0, 5), Sample(3.0, 9)
    assert further_seeds(found, 67.71, 72.29, 0.95, printed) is None
    assert further_seeds(found, 67.65, 72.35, 0.95, printed) is not None
    assert further_seeds(found, 67.65, 72.35, 0.95, printed, most=1) is None
    # The spread of a single seed is unknown.
    assert further_seeds(cell(70, math.nan, 1), 60, 80, 0.95, most=0) is None
    for target in ((71, 70), (math.nan, 70)):
        with pytest.raises(RelampError, match="not a range"):
            further_seeds(found, *target, 0.95)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.1, 5), st.integers(3, 8), st.floats(-0.5, 0.5), st.floats(0.01, 4))
def test_further_seeds_is_the_first_number_that_decides(std: float, seeds: int, shift: float, width: float) -> None:
    target = 70 + shift - width / 2, 70 + shift + width / 2
    number = further_seeds(cell(70, std, seeds), *target, 0.95, most=200)

    def decided(more: int) -> bool:
        """By the formula, one number of seeds at a time."""
        half = float(stats.t.ppf(0.975, seeds + more - 1)) * std / math.sqrt(seeds + more)
        low, high = 70 - half, 70 + half
        return target[0] <= low <= high <= target[1] or high < target[0] or low > target[1]

    answers = [decided(more) for more in range(201)]
    # Once decided, it stays decided, so that the first one is the number sought.
    assert answers == sorted(answers)
    assert number == (answers.index(True) if True in answers else None)
