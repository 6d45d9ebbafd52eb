import numpy as np
import pandas as pd
import pytest
from scipy import stats

from relamp.judge.multiverse import CELL, conclusions, effects, loosest, specifications

ANSWERS = {
    "m": {
        "default": {"loops": "none", "views": "both"},
        "loops~all": {"loops": "all", "views": "both"},
        "views~one": {"loops": "none", "views": "one"},
        "loops~all_views~one": {"loops": "all", "views": "one"},
    }
}


def _seeds(noise: float = 0.0, seeds: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    lines = [
        (
            "svm-rbf",
            "m",
            "MUTAG",
            "accuracy",
            "",
            setting,
            seed,
            80 + 2 * (of["loops"] == "all") - 3 * (of["views"] == "one") + 5 * seed,
        )
        for setting, of in ANSWERS["m"].items()
        for seed in range(seeds)
    ]
    found = pd.DataFrame(lines, columns=[*CELL, "setting", "seed", "value"])
    return found.assign(value=found["value"] + noise * rng.standard_normal(len(found)), loosest=np.nan)


def test_effects_are_what_the_answers_add_whatever_the_seeds_differ() -> None:
    found = effects(_seeds(), ANSWERS, 0.95).set_index("answer")
    assert found["effect"].to_dict() == pytest.approx({"all": 2.0, "one": -3.0})
    assert found["against"].to_dict() == {"all": "none", "one": "both"}
    assert (found["runs"] == 12).all()
    assert found["low"].to_numpy() == pytest.approx(found["effect"].to_numpy(), abs=1e-9)


def test_the_interval_of_a_balanced_design_is_that_of_the_difference_of_means() -> None:
    seeds = _seeds(noise=1.0)
    row = effects(seeds, ANSWERS, 0.95).set_index("answer").loc["all"]
    # Balanced: the effect is the difference of two means of six runs, on 12 runs less 2 answers and 3 seeds.
    values = seeds.assign(**pd.DataFrame([ANSWERS["m"][setting] for setting in seeds["setting"]]))
    by = {name: values[name].map(values.groupby(name)["value"].mean()) for name in ("loops", "views", "seed")}
    rest = values["value"] - by["loops"] - by["views"] - by["seed"] + 2 * values["value"].mean()
    error = np.sqrt((rest**2).sum() / 7 * (1 / 6 + 1 / 6))
    half = stats.t.ppf(0.975, 7) * error
    assert (row["low"], row["high"]) == pytest.approx((row["effect"] - half, row["effect"] + half))


def test_an_unanswered_effect_has_no_interval_and_no_row() -> None:
    one = _seeds(seeds=1).iloc[:3]
    assert effects(one, ANSWERS, 0.95).empty


def test_specifications_are_sorted_with_the_interval_over_seeds_and_a_verdict() -> None:
    found = specifications(_seeds(), {("svm-rbf", "m", "MUTAG", "accuracy", ""): 85.0}, margin=2.0, confidence=0.95)
    assert found["mean"].tolist() == pytest.approx([82.0, 84.0, 85.0, 87.0])
    # Values m - 5, m, m + 5: s = 5, half = 4.302653 * 5 / sqrt(3).
    assert (found["high"] - found["mean"]).to_numpy() == pytest.approx(4.302653 * 5 / 3**0.5, abs=1e-5)
    assert found["verdict"].tolist() == ["inconclusive"] * 4
    assert specifications(_seeds(), {}, 2.0, 0.95)["verdict"].tolist() == [""] * 4


@pytest.mark.parametrize(
    ("bounds", "top", "said"),
    [
        ([(79, 81), (83, 84)], 90, "reproduced under 1 of 2 readings"),
        ([(70, 81), (70, 79)], 75, "decided by none of 2 readings"),
        ([(70, 81), (70, 71)], 75, "worse under 1 of 2 readings"),
        ([(70, 81), (70, 71), (92, 93)], 95, "better under 1, worse under 1 of 3 readings"),
        ([(70, 71), (72, 73)], 79, "reached only when chosen on the test"),
        ([(70, 71), (72, 73)], np.nan, "reached by no reading"),
        ([(90, 91), (92, 93)], 95, "exceeded by all readings"),
        ([(70, 71), (92, 93)], 95, "passed over by 2 readings"),
    ],
)
def test_conclusions(bounds: list[tuple[float, float]], top: float, said: str) -> None:
    from relamp.judge.verdict import verdict

    found = pd.DataFrame(
        [
            {**dict.fromkeys(CELL, "x"), "mean": sum(pair) / 2, "low": pair[0], "high": pair[1], "loosest": top}
            for pair in bounds
        ]
    ).assign(published=80.0)
    found["verdict"] = [verdict(low, high, 80.0, 2.0) for low, high in bounds]
    assert conclusions(found, 2.0)["conclusion"].tolist() == [said]
    nothing = conclusions(found.assign(published=np.nan, verdict=""), 2.0)
    assert nothing[["conclusion", "readings"]].to_numpy().tolist() == [["no number is printed", len(bounds)]]


def test_the_loosest_choice_takes_epoch_and_c_of_each_fold_by_its_test() -> None:
    run = {"method": "m", "dataset": "d", "setting": "default", "seed": 0, "metric": "test_accuracy"}
    lines = [
        {**run, "epoch": epoch, "fold": fold, "candidate": c, "value": value}
        for (epoch, fold, c), value in {
            (0, 0, 1.0): 1.0,  # before training: no candidate
            (10, 0, 1.0): 0.5,
            (20, 0, 10.0): 0.7,
            (10, 1, 1.0): 0.9,
            (20, 1, 10.0): 0.4,
        }.items()
    ]
    inner = {**run, "metric": "inner_accuracy", "epoch": 20, "fold": 0, "candidate": 1.0, "value": 1.0}
    assert loosest(pd.DataFrame([*lines, inner]))["loosest"].tolist() == pytest.approx([80.0])


def test_two_seeds_give_neither_bounds_nor_a_verdict() -> None:
    published = {("svm-rbf", "m", "MUTAG", "accuracy", ""): 60.0}
    found = specifications(_seeds(seeds=2), published, 2.0, 0.95)
    assert found[["low", "high"]].isna().all(axis=None)
    assert set(found["verdict"]) == {""}
    (row,) = conclusions(found, 2.0).to_dict("records")
    assert row["conclusion"] == "too few seeds: a verdict takes 3"
    assert set(specifications(_seeds(seeds=3), published, 2.0, 0.95)["verdict"]) != {""}
