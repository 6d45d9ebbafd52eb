import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.data.packed import MISSING
from relamp.errors import RelampError
from relamp.evaluate.roc_auc import roc_auc_per_task


def pairs(y, score):
    """Mann-Whitney: the share of (positive, negative) pairs in the right order, ties half."""
    positive, negative = (
        [s for label, s in zip(y, score, strict=True) if label == 1],
        [s for label, s in zip(y, score, strict=True) if label == 0],
    )
    if not positive or not negative:
        return math.nan
    return sum((p > n) + (p == n) / 2 for p in positive for n in negative) / len(positive) / len(negative)


def test_by_hand():
    y = np.array([[1, 1, 0], [0, 0, 0], [1, MISSING, 0], [0, 1, MISSING]])
    score = np.array([[0.9, 0.5, 0.1], [0.4, 0.5, 0.2], [0.3, 0.0, 0.3], [0.1, 0.4, 0.4]])
    # Task 0: pairs 0.9 > 0.4, 0.9 > 0.1, 0.3 < 0.4, 0.3 > 0.1: 3 of 4. Task 1: a tie and 0.4 < 0.5: 0.5 of 2.
    rows = roc_auc_per_task(y, score)
    assert list(rows.columns) == ["task", "positive", "negative", "roc_auc"]
    np.testing.assert_allclose(rows["roc_auc"], [0.75, 0.25, np.nan])
    assert rows["positive"].tolist() == [2, 2, 0]
    assert rows["negative"].tolist() == [2, 1, 3]


tables = st.integers(1, 25).flatmap(
    lambda n: st.tuples(
        st.lists(st.lists(st.sampled_from([0, 1, MISSING]), min_size=3, max_size=3), min_size=n, max_size=n),
        # Few values, so that ties are common.
        st.lists(st.lists(st.integers(-4, 4), min_size=3, max_size=3), min_size=n, max_size=n),
    )
)


@given(tables)
@settings(max_examples=60, deadline=None)
def test_equals_counting_pairs(table):
    y, score = np.array(table[0]), np.array(table[1], dtype=float)
    expected = [pairs(y[:, task], score[:, task]) for task in range(3)]
    np.testing.assert_allclose(roc_auc_per_task(y, score)["roc_auc"], expected, atol=1e-12)


def test_scores_of_missing_labels_do_not_matter():
    y = np.array([[1], [0], [MISSING]])
    for last in (-9.0, 9.0, np.nan):
        assert roc_auc_per_task(y, [[0.6], [0.4], [last]])["roc_auc"].tolist() == [1.0]


def test_refusals():
    y = np.array([[1, 0], [0, 1]])
    with pytest.raises(RelampError, match=r"labels \(2, 2\) and scores \(2, 1\)"):
        roc_auc_per_task(y, np.ones((2, 1)))
    with pytest.raises(RelampError, match=r"labels \(2,\)"):
        roc_auc_per_task(y[0], np.ones(2))
    with pytest.raises(RelampError, match=r"labels hold \[2\]"):
        roc_auc_per_task(y * 2, np.ones((2, 2)))
    with pytest.raises(RelampError, match=r"1 scores are NaN or infinite.*molecule 1, task 0"):
        roc_auc_per_task(y, [[0.0, 0.0], [np.nan, 0.0]])
