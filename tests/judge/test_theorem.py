"""Verdicts on LAMP's Theorem 4.1 from rows whose answers are known."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from information_rows import information_rows
from relamp.judge.intervals import mean_interval
from relamp.judge.theorem import ACCURACY, ALL, COLLISIONS, FIRST, SECOND, TABLES, TRAINED, rank_correlation, verdicts

NONE = pd.DataFrame()


def judged(rows: pd.DataFrame, swept: pd.DataFrame = NONE, accuracies: pd.DataFrame = NONE) -> pd.DataFrame:
    return verdicts(rows, swept, accuracies, 0.2, 0.95)


def verdict(found: pd.DataFrame, test: str, estimator: str = "", reading: str = "") -> dict[str, Any]:
    rows = found[(found["test"] == test) & (found["view"] == ALL)]
    rows = rows[rows["estimator"] == estimator] if estimator else rows
    (row,) = (rows[rows["reading"] == reading] if reading else rows).to_dict("records")
    return row


@pytest.mark.parametrize(
    ("lead", "noise", "outcome"), [(0.1, 0.01, "confirmed"), (-0.1, 0.01, "contradicted"), (0.2, 0.15, "undecided")]
)
def test_statements_by_the_side_of_the_interval(lead: float, noise: float, outcome: str) -> None:
    rows = information_rows(lead=lead, noise=noise)
    found = judged(rows)
    for estimator in ("logistic", "neighbours"):
        assert verdict(found, FIRST, estimator)["outcome"] == outcome
    assert verdict(found, SECOND)["outcome"] == outcome


def test_a_difference_below_zero_contradicts_however_small_it_is() -> None:
    """It is within the slack that a confirmation has."""
    assert verdict(judged(information_rows(lead=-0.006, noise=1e-5)), FIRST, "logistic")["outcome"] == "contradicted"


def test_one_augmentation_contradicts_and_noise_on_weights_does_not() -> None:
    rows = information_rows(lead=0.1)
    up = rows["estimator"].isin(["logistic"])
    noise, masked = rows["view"] == "noise", rows["view"] == "subgraph"
    assert verdict(judged(rows.assign(value=rows["value"] + 5.0 * (up & noise))), FIRST, "logistic")["outcome"] == (
        "confirmed"
    )
    found = judged(rows.assign(value=rows["value"] + 5.0 * (up & masked & (rows["reading"] == "code"))))
    row = verdict(found, FIRST, "logistic")
    assert row["outcome"] == "contradicted"
    # The numbers are those of the view that keeps most.
    assert row["difference"] < -4.5


def test_the_difference_is_taken_in_each_seed_and_fold_over_the_mean_of_draws() -> None:
    rows = information_rows(noise=0.3)
    found = judged(rows)
    row = found[(found["estimator"] == "logistic") & (found["view"] == "subgraph") & (found["reading"] == "code")]
    own = rows[rows["estimator"] == "logistic"].set_index(["view", "level", "reading", "draw", "seed", "fold"])["value"]
    values = []
    for seed, fold in product((0, 1, 2), (0.0, 1.0)):
        right = np.mean([own["subgraph", 0.2, "code", draw, seed, fold] for draw in (0, 1)])
        values.append({"seed": seed, "fold": fold, "value": own["pruned", 0.2, "-", 0, seed, fold] - right})
    interval = mean_interval(pd.DataFrame(values))
    assert row[["difference", "low", "high"]].to_numpy()[0].tolist() == pytest.approx(
        [interval.mean, interval.low, interval.high]
    )


@pytest.mark.parametrize(
    ("same", "classes", "outcome"),
    [((1, 1, 1), 50, "confirmed"), ((1, 0, 1), 50, "undecided"), ((0, 0, 0), 49, "contradicted")],
)
def test_collisions_need_all_seeds(same: tuple[int, ...], classes: int, outcome: str) -> None:
    rows = information_rows()
    pruned = (rows["view"] == "pruned") & (rows["level"] <= 0.2)
    value = rows["value"].mask(pruned & (rows["estimator"] == "same"), rows["seed"].map(dict(enumerate(same))))
    value = value.mask(pruned & (rows["estimator"] == "classes"), classes)
    row = verdict(judged(rows.assign(value=value)), COLLISIONS)
    assert row["outcome"] == outcome
    assert (row["left"], row["right"]) == (classes, 50)


def swept_and_accuracies(direction: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    gammas, swept, accuracies = (0.05, 0.2, 0.5, 0.95), [], []
    for number, gamma in enumerate(gammas):
        setting = f"gamma~{gamma:g}_alpha~1"
        own = information_rows(gammas=(gamma,), augmentations=(), setting=setting)
        swept.append(own.assign(value=own["value"] + 0.1 * number))
        runs = pd.DataFrame({"seed": [0, 1, 2], "value": 0.8 + direction * 0.01 * number})
        accuracies.append(runs.assign(method="lamp-mag", dataset="MUTAG", setting=setting))
    return pd.concat(swept), pd.concat(accuracies)


@pytest.mark.parametrize(("direction", "outcome"), [(1, "confirmed"), (-1, "contradicted"), (0, "undecided")])
def test_what_is_kept_against_accuracy(direction: float, outcome: str) -> None:
    swept, accuracies = swept_and_accuracies(direction)
    tables, swept = swept[swept["setting"] == "gamma~0.2_alpha~1"], swept[swept["setting"] != "gamma~0.2_alpha~1"]
    found = judged(tables, swept, accuracies)
    row = verdict(found, ACCURACY, "logistic", TRAINED)
    assert (row["outcome"], row["difference"]) == (outcome, direction)
    # The tables' encoder was pruned by one ratio alone.
    assert TABLES not in set(found["reading"])
    both = [frame.assign(dataset="DD") for frame in (tables, swept, accuracies)]
    over = judged(*(pd.concat(pair) for pair in zip((tables, swept, accuracies), both, strict=True)))
    (total,) = over[(over["dataset"] == ALL) & (over["estimator"] == "logistic")].to_dict("records")
    assert total["outcome"] == {"undecided": "contradicted"}.get(outcome, outcome)
    assert (total["left"], total["right"]) == (2 * (direction > 0), 2)


def test_rank_correlations_are_spearmans_and_the_same_each_time() -> None:
    kept, accuracy = np.random.default_rng(0).normal(size=(2, 4, 7))
    rho, low, high = rank_correlation(kept, accuracy, 0.95)
    assert rho == pytest.approx(spearmanr(kept.mean(axis=0), accuracy.mean(axis=0)).statistic)
    assert low <= rho <= high
    assert rank_correlation(kept, accuracy, 0.95) == (rho, low, high)
    for few in (1, 2):
        assert np.isnan(rank_correlation(kept[:few], accuracy[:few], 0.95)[1:]).all()
