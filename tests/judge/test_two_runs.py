import math
from typing import Any

import pandas as pd
import pytest

from relamp.judge.two_runs import (
    BEYOND,
    EQUAL,
    NUMBER,
    ONE,
    OTHER,
    UNKNOWN,
    WITHIN,
    changes,
    compare_numbers,
    seeds_means,
)

NAME = dict(zip(NUMBER, ("lamp-mag", "MUTAG", "default", "svm-rbf", "accuracy", ""), strict=True))


def run(*values: float, seeds: range | None = None, **name: str) -> pd.DataFrame:
    return pd.DataFrame(
        [{**NAME, **name, "seed": s, "value": v} for s, v in zip(seeds or range(9), values, strict=False)]
    )


def compared(one: pd.DataFrame, other: pd.DataFrame, confidence: float = 0.95) -> dict[str, Any]:
    (row,) = compare_numbers(one, other, confidence).to_dict("records")
    return dict(row)


def test_the_spread_by_hand() -> None:
    # Variances 1 and 4 of three seeds each: pooled s = sqrt(2.5); t of 4 degrees of freedom is 2.7764.
    found = compared(run(80, 81, 82), run(82, 84, 86))
    assert found["spread"] == pytest.approx(2.7764 * math.sqrt(2.5) * math.sqrt(2 / 3), rel=1e-4)
    assert (found["one"], found["other"], found["difference"]) == (81, 84, 3)
    assert (found["seeds_one"], found["seeds_other"], found["outcome"]) == (3, 3, WITHIN)
    assert compared(run(80, 81, 82), run(83, 85, 87))["outcome"] == BEYOND
    # At a confidence of 0.5 the quantile is 0.7407, and 3 points are beyond 0.956.
    assert compared(run(80, 81, 82), run(82, 84, 86), 0.5)["outcome"] == BEYOND


def test_equal_means_equal_for_every_seed() -> None:
    assert compared(run(80, 81), run(80, 81 + 1e-13))["outcome"] == EQUAL
    # The same mean of other seeds' values is not equal, and neither are other seeds.
    assert compared(run(80, 81), run(81, 80))["outcome"] == WITHIN
    assert compared(run(80, 80), run(80, 80, seeds=range(2, 4)))["outcome"] == WITHIN
    # Seeds that change nothing leave nothing to chance.
    assert compared(run(80, 80), run(80.1, 80.1))["outcome"] == BEYOND


def test_one_seed_has_no_spread() -> None:
    found = compared(run(80), run(90))
    assert math.isnan(found["spread"])
    assert found["outcome"] == UNKNOWN
    assert compared(run(80), run(80))["outcome"] == EQUAL
    # One seed beside several has theirs: t of 1 degree of freedom is 12.7, s = sqrt(2).
    found = compared(run(80), run(88, 90))
    assert found["spread"] == pytest.approx(12.7062 * math.sqrt(2) * math.sqrt(1.5), rel=1e-4)
    assert found["outcome"] == WITHIN


def test_what_only_one_run_has_is_told() -> None:
    found = compare_numbers(run(80, 81), run(70, 71, method="wl"))
    assert dict(zip(found["method"], found["outcome"], strict=True)) == {"lamp-mag": ONE, "wl": OTHER}
    assert found["one"].tolist()[0] == 80.5
    assert found["other"].tolist()[1] == 70.5


def test_rows_give_the_last_epoch_in_per_cent_and_damage_by_draws() -> None:
    key = {"method": "a", "dataset": "D", "setting": "default", "metric": "nmi"}
    rows = pd.DataFrame([{**key, "seed": s, "epoch": e, "value": 0.1 * s + e / 100} for s in (1, 2) for e in (0, 9)])
    lost = {"dataset": "D", "augmentation": "x", "reading": "paper"}
    damage = pd.DataFrame([{**lost, "draw": draw, "value": value} for draw, value in ((0, 0.1), (0, 0.3), (1, 0.5))])
    found = seeds_means({"kmeans": rows}, [damage]).set_index(["evaluation", "seed"])["value"]
    # The paper prints NMI as a fraction, damage is in per cent.
    assert found["kmeans", 1] == pytest.approx(0.19)
    assert found["kmeans", 2] == pytest.approx(0.29)
    assert found["damage", 0] == pytest.approx(20)
    assert found["damage", 1] == pytest.approx(50)
    assert len(found) == 4


def test_changed_words_and_those_of_one_run() -> None:
    one = pd.DataFrame({"id": ["a", "b", "c"], "outcome": ["holds", "fails", None]})
    other = pd.DataFrame({"id": ["b", "a", "d"], "outcome": ["holds", "holds", "holds"]})
    found = changes(one, other, ["id"], "outcome")
    assert [tuple(row) for row in found.to_numpy()] == [("b", "fails", "holds"), ("d", "", "holds")]
