import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from judged_by import JUDGED_BY
from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.published import MeasuredBy
from relamp.judge.scale import Sized
from relamp.judge.verdict import COLUMNS, as_run, judge_cells, refuse, standing_in, verdict
from relamp.settings.judging import Judging

NAN = math.nan
JUDGING = Judging(protocol="fixed")
Table = Sequence[Sequence[float]]


def printed(
    value: float = 80.0,
    method: str = "wl",
    dataset: str = "MUTAG",
    metric: str = "accuracy",
    artifact: str = "lamp_table1",
    protocol: str = "",
) -> pd.DataFrame:
    """One published cell."""
    names = ["paper", "artifact", "method", "label", "dataset", "metric", "value", "spread", "protocol"]
    cell = ("lamp", artifact, method, method.upper(), dataset, metric, float(value), 1.0, protocol)
    return pd.DataFrame([cell], columns=names).assign(decimals=2)


def runs(
    table: Table,
    method: str = "wl",
    dataset: str = "MUTAG",
    protocol: str = "fixed",
    metric: str = "accuracy",
    evaluation: str | None = None,
    part: str = "",
) -> pd.DataFrame:
    """Scores from per cent [seeds, folds]; one column: without folds."""
    how = evaluation or ("finetune" if metric == "roc_auc" else "svm-rbf")
    rows = [
        (method, dataset, protocol, seed, fold if len(line) > 1 else NAN, value / 100, metric, how, part)
        for seed, line in enumerate(table)
        for fold, value in enumerate(line)
    ]
    names = ["method", "dataset", "protocol", "seed", "fold", "value", "metric", "evaluation", "part"]
    return pd.DataFrame(rows, columns=names)


def both(*parts: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)


def can(*methods: str) -> dict[str, list[str]]:
    """Methods that can be run by every evaluation."""
    return {name: list(methods) for name in EVALUATIONS}


def judged(published: pd.DataFrame, scores: pd.DataFrame, methods: Sequence[str] = ("wl",)) -> dict[str, object]:
    (cell,) = judge_cells(published, scores, can(*methods), JUDGED_BY, JUDGING).to_dict("records")
    return {str(name): value for name, value in cell.items()}


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (79.0, 81.0, "reproduced"),
        (78.0, 82.0, "reproduced"),
        (78.0, 78.0, "reproduced"),
        (82.0, 82.0, "reproduced"),
        (82.01, 99.0, "better"),
        (82.0, 84.0, "inconclusive"),
        (1.0, 77.99, "worse"),
        (76.0, 78.0, "inconclusive"),
        (77.99, 81.0, "inconclusive"),
        (79.0, 82.01, "inconclusive"),
        (70.0, 90.0, "inconclusive"),
        (NAN, NAN, "inconclusive"),
        (79.0, NAN, "inconclusive"),
        (NAN, 79.0, "inconclusive"),
    ],
)
def test_verdict_at_every_border(low: float, high: float, word: str) -> None:
    assert verdict(low, high, published=80.0, margin=2.0) == word


def test_a_cell_by_hand() -> None:
    # Means 80, 82 and 81 over the seeds: std 1; t(0.975, 2) = 4.302653, over the root of 3.
    cell = judged(printed(80), runs([[78, 82], [80, 84], [79, 83]]))
    assert cell["mean"] == pytest.approx(81)
    assert (cell["seeds"], cell["folds"], cell["margin"], cell["protocol"]) == (3, 2, 2.0, "fixed")
    assert cell["std_seeds"] == pytest.approx(1)
    assert cell["low"] == pytest.approx(81 - 2.484138, abs=1e-5)
    assert cell["high"] == pytest.approx(81 + 2.484138, abs=1e-5)
    assert cell["verdict"] == "inconclusive"
    # On other data 1 / 3 for seeds, of 2, and 8 / (2 - 1) for folds, of 3: 8.333333, of 3.246753; t is 3.049898.
    assert cell["std_folds"] == pytest.approx(math.sqrt(8))
    assert cell["low_data"] == pytest.approx(81 - 8.804298, abs=1e-5)
    assert cell["high_data"] == pytest.approx(81 + 8.804298, abs=1e-5)
    assert (cell["fixed"], cell["quoted"]) == (pytest.approx(81), "")
    assert pd.isna([cell["nested"], cell["oracle"]]).all()
    assert list(cell) == list(COLUMNS)


# 78.5159 to 83.4841 over seeds, whatever the folds.
WIDE = [[78, 82], [80, 84], [79, 83]]


@pytest.mark.parametrize(
    ("table", "published", "word", "further", "note"),
    [
        (WIDE, 81, "inconclusive", 1, ""),  # wants 2 points: t(3) / 2 = 1.59
        (WIDE, 76.4, "better", None, ""),
        (WIDE, 85.6, "worse", None, ""),
        ([[76, 84], [76, 84], [76, 84]], 80, "reproduced", None, ""),  # seeds that agree
        ([[80.0, 80.0, 80.0]], 80, "too few seeds", None, "a verdict takes 3 seeds"),
        ([[80.0]], 80, "too few seeds", None, "a verdict takes 3 seeds"),
        ([[80.0], [80.0]], 77, "too few seeds", None, "a verdict takes 3 seeds"),  # two that agree
        ([[80.0]] * 3, 81.5, "reproduced", None, ""),
        ([[80.0]] * 3, 77, "better", None, ""),
        ([[80.0]] * 3, 83, "worse", None, ""),
        ([[80.0]] * 3, 78.5, "reproduced", None, ""),
        # Std 1.5 wants a half-width of 1.5 at most, so t / sqrt(n) <= 1: not at 6 (1.049), but at 7 (0.925).
        ([[69], [70.5], [72]], 70, "inconclusive", 4, ""),
        ([[69], [70.5], [72]], 68.5, "inconclusive", None, "not even 1,000 further seeds would decide it"),
    ],
)
def test_verdicts_by_hand(table: Table, published: float, word: str, further: Any, note: str) -> None:
    cell = judged(printed(published), runs(table))
    assert cell["verdict"] == word
    assert (None if pd.isna(cell["further_seeds"]) else cell["further_seeds"], cell["note"]) == (further, note)
    assert math.isnan(float(str(cell["low"]))) == (word == "too few seeds")


def test_a_printed_spread_by_n_is_that_by_n_less_1_of_the_same_runs() -> None:
    values = np.array([88.0, 90.0, 93.0, 91.0])
    by_n, by_less = (printed(90).assign(spread=values.std(ddof=ddof), n=4) for ddof in (0, 1))
    (one,), (two,) = (
        judge_cells(cell, runs(WIDE), can("wl"), JUDGED_BY, Judging(protocol="fixed", printed_divisor=by)).to_dict(
            "records"
        )
        for cell, by in ((by_n, "n"), (by_less, "n-1"))
    )
    for cell in (one, two):
        variance = 1 / 3 + values.var(ddof=1) / 4
        freedom = variance**2 / ((1 / 3) ** 2 / 2 + (values.var(ddof=1) / 4) ** 2 / 3)
        half = float(stats.t.ppf(0.975, freedom)) * math.sqrt(variance)
        assert (cell["low"], cell["high"]) == (pytest.approx(81 - half), pytest.approx(81 + half))
    alone = printed(90).assign(spread=2.0, n=1)
    assert judged(alone, runs(WIDE))["low"] == judged(alone.assign(spread=NAN), runs(WIDE))["low"]


# Half its width is t(3) / 2 = 1.591223 of a spread by n - 1, which is sqrt(4 / 3) of one by n: 2 points at 1.0885.
@pytest.mark.parametrize(("spread", "wide"), [(1.08, False), (1.09, True)])
@pytest.mark.parametrize(("value", "word"), [(81, "inconclusive"), (70, "better")])
def test_a_printed_spread_that_alone_is_wider_than_the_margin_is_said(
    spread: float, wide: bool, value: float, word: str
) -> None:
    cell = judged(printed(value).assign(spread=spread, n=4), runs([[81.0]] * 3))
    assert cell["verdict"] == (word if wide or word == "better" else "reproduced")
    said = "the interval of the printed ± alone is wider than the margin" in cell["note"]
    assert said == (wide and word == "inconclusive")


def test_the_printed_spread_takes_part_by_welch() -> None:
    # Variances of the means 1 / 3 and 4 / 4, of a spread sqrt(3) by n: half-width t sqrt(4 / 3), freedom
    # (4/3)² / ((1/3)² / 2 + 1 / 3).
    half = float(stats.t.ppf(0.975, (4 / 3) ** 2 / (1 / 18 + 1 / 3))) * math.sqrt(4 / 3)
    known = printed(90).assign(spread=3**0.5, n=4)
    cell = judged(known, runs(WIDE))
    assert (cell["low"], cell["high"]) == (pytest.approx(81 - half), pytest.approx(81 + half))
    assert (cell["verdict"], cell["note"]) == ("worse", "")
    # A number of runs that is not printed is taken from the paper's sizes, and said.
    scale = {"svm-rbf": {"MUTAG": {"wl": Sized(seeds=4)}}}
    (assumed,) = judge_cells(known.assign(n=NAN), runs(WIDE), can("wl"), JUDGED_BY, JUDGING, None, scale).to_dict(
        "records"
    )
    assert (assumed["low"], assumed["note"]) == (cell["low"], "printed ± taken to be over 4 runs")


def test_what_is_smaller_here_is_said_in_the_cell() -> None:
    sized = Sized({"epochs": (100, 2000), "patience": (None, 30)}, 5, (10, 95))
    scale = {"svm-rbf": {"MUTAG": {"wl": sized}}}

    def told(published: pd.DataFrame, scale: Any) -> tuple[str, str]:
        (cell,) = judge_cells(published, runs(WIDE), can("wl"), JUDGED_BY, JUDGING, None, scale).to_dict("records")
        return cell["scaled"], cell["settings"]

    assert told(printed(), scale) == ("epochs 100 / 2,000; patience none / 30; seeds 3 / 5", "10 of 95 settings")
    assert told(printed().assign(n=50), scale)[0].endswith("seeds 3 / 50")
    assert told(printed(), {"svm-rbf": {"MUTAG": {"wl": Sized(seeds=3, settings=(95, 95))}}}) == ("", "")
    assert told(printed(), {"svm-rbf": {}}) == ("the paper's sizes are not known", "")
    missing = {"svm-rbf": {"MUTAG": {"wl": Sized(missing="no such preset")}}}
    assert told(printed(), missing)[0] == "no such preset"


def test_other_splits_and_protocols() -> None:
    protocols = {
        "otherwise": MeasuredBy(about="x", comparable=False),
        "split": MeasuredBy(about="x", datasets={"MUTAG": "MUTAG-2"}),
        "either": MeasuredBy(about="x", either={"MUTAG": "MUTAG-2"}),
        "linear": MeasuredBy(about="x", evaluation="svm-linear"),
    }

    def cell(name: str, *scores: pd.DataFrame) -> dict[Any, Any]:
        published = printed(80).assign(measured_by=name)
        (found,) = judge_cells(published, both(*scores), can("wl"), JUDGED_BY, JUDGING, protocols).to_dict("records")
        return found

    here, there = runs([[80.0]] * 3), runs([[70.0]] * 3, dataset="MUTAG-2")
    assert (cell("otherwise", here)["verdict"], cell("otherwise", here)["mean"]) == (
        "not comparable",
        pytest.approx(80),
    )
    assert (cell("split", here)["verdict"], cell("split", here)["mean"]) == ("not comparable", pytest.approx(80))
    assert (cell("split", here, there)["verdict"], cell("split", here, there)["mean"]) == ("worse", pytest.approx(70))
    assert cell("split", here, there)["dataset"] == "MUTAG"
    # Where nobody says which of two splits it is, a run of either one is judged, and says if it is not the usual one.
    for scores, found in (((here,), (80, "")), ((there,), (70, "split of MUTAG-2 / MUTAG")), ((there, here), (80, ""))):
        read = cell("either", *scores)
        assert (read["mean"], read["scaled"]) == (pytest.approx(found[0]), found[1])
        assert (read["verdict"], read["dataset"]) == ("reproduced" if found[0] == 80 else "worse", "MUTAG")
    assert cell("either", runs([[80.0]] * 3, dataset="MUTAG-3"))["verdict"] == "not run"
    linear = runs([[60.0]] * 3, evaluation="svm-linear")
    assert (cell("linear", here, linear)["mean"], cell("linear", here)["verdict"]) == (pytest.approx(60), "not run")
    assert cell("", here)["verdict"] == "reproduced"
    with pytest.raises(RelampError, match=r"no protocol is called elsewhere; add it to protocols\.yaml"):
        cell("elsewhere", here)


def test_a_copy_goes_by_its_originals_name_where_that_was_not_run() -> None:
    published = printed(dataset="CIFAR-10")
    copy, original = (
        runs([[value]] * 3, dataset=name) for name, value in (("CIFAR-10-JPEG", 70.0), ("CIFAR-10", 80.0))
    )
    alone, beside = judged(published, standing_in(copy)), judged(published, standing_in(both(copy, original)))
    assert (alone["dataset"], alone["mean"], alone["verdict"]) == ("CIFAR-10", pytest.approx(70), "worse")
    assert (beside["mean"], beside["verdict"]) == (pytest.approx(80), "reproduced")
    # Another method's scores on the copy are not this one's.
    other = standing_in(runs([[70.0]] * 3, "sp", "CIFAR-10-JPEG"))
    assert judged(published, other, ("wl", "sp"))["verdict"] == "not run"


def test_no_other_data_set_is_renamed() -> None:
    copy, original, other = (runs([[70.0]] * 3, dataset=name) for name in ("CIFAR-10-JPEG", "CIFAR-10", "MUTAG"))
    assert set(standing_in(both(copy, other))["dataset"]) == {"CIFAR-10", "MUTAG"}
    assert as_run(standing_in(both(copy, other)), {"CIFAR-10-JPEG", "MUTAG"}).equals(both(copy, other))
    beside = both(copy, original)
    assert standing_in(beside).equals(beside)
    assert as_run(beside, {"CIFAR-10-JPEG", "CIFAR-10"}).equals(beside)


def test_methods_that_relamp_cannot_run_are_left_out() -> None:
    cells = judge_cells(
        both(printed(method="dgk"), printed()), runs([[80.0], [80.0]], "dgk"), can("wl"), JUDGED_BY, JUDGING
    )
    assert cells[["method", "verdict"]].to_numpy().tolist() == [["wl", "not run"]]


@pytest.mark.parametrize("scores", [runs([[80.0], [80.0]], dataset="DD"), runs([])], ids=["elsewhere", "none"])
def test_cells_without_scores_are_not_run(scores: pd.DataFrame) -> None:
    cell = judged(printed(), scores)
    assert (cell["verdict"], cell["note"], cell["scaled"], cell["settings"]) == ("not run", "", "", "")
    assert pd.isna([cell[name] for name in ("mean", "low", "high", "seeds", "folds", "further_seeds")]).all()


def test_averages_ranks_and_dashes_are_not_judged() -> None:
    published = both(*(printed(dataset=name) for name in ("A.A.", "Avg.", "A.R.")), printed(NAN, dataset="DD"))
    assert judge_cells(published, runs([[80.0], [80.0]]), can("wl"), JUDGED_BY, JUDGING).empty


@pytest.mark.parametrize("chosen", ["fixed", "nested"])
def test_scores_of_other_protocols_are_ignored(chosen: str) -> None:
    means = {"fixed": 70.0, "nested": 75.0, "oracle": 99.0}
    scores = both(*(runs([[mean]] * 3, protocol=name) for name, mean in means.items())).assign(candidates=4)
    judging = Judging.model_validate({"protocol": chosen})
    (cell,) = judge_cells(printed(means[chosen]), scores, can("wl"), JUDGED_BY, judging).to_dict("records")
    assert (cell["mean"], cell["verdict"], cell["protocol"]) == (pytest.approx(means[chosen]), "reproduced", chosen)
    assert {name: cell[name] for name in means} == pytest.approx(means)
    # With one candidate there is nothing to choose.
    alone = judge_cells(printed(), scores.assign(candidates=1), can("wl"), JUDGED_BY, judging)
    assert alone["protocol"].item() == "fixed"


def test_what_relamp_can_run_depends_on_the_evaluation() -> None:
    published = both(
        printed(80, "graphcl", artifact="mmix_table3"), printed(80, "graphcl", "Cora", artifact="mmix_table2")
    )
    cells = judge_cells(published, runs([]), {"svm-linear": ["graphcl"], "probe": ["grace"]}, JUDGED_BY, JUDGING)
    assert cells[["artifact", "verdict"]].to_numpy().tolist() == [["mmix_table3", "not run"]]


def test_where_nothing_is_chosen_there_is_one_protocol() -> None:
    """Judged is the nested protocol, which a probe does not have: its only score counts."""
    published = both(printed(80), printed(85, "mvgrl", "Cora", artifact="mmix_table2"))
    scores = both(runs([[70.0]] * 3), runs([[85.0]] * 3, "mvgrl", "Cora", evaluation="probe"))
    judging = Judging.model_validate({"protocol": "nested"})
    cells = judge_cells(published, scores, can("wl", "mvgrl"), JUDGED_BY, judging).set_index("method")
    assert cells["verdict"].to_dict() == {"wl": "not run", "mvgrl": "reproduced"}
    assert cells["protocol"].to_dict() == {"wl": "fixed", "mvgrl": "fixed"}


def test_counts_and_refusals_whatever_the_order() -> None:
    published = both(printed(80), printed(60, dataset="DD"), printed(70, dataset="NCI1"), printed(1, "graphlet"))
    published = both(published, printed(0.7, "wl", "COIL-DEL", artifact="mmix_table10", protocol="n=10"))
    three = [[80.0], [80.3], [80.6]]
    scores = both(*(runs(three, dataset=name) for name in ("MUTAG", "DD")), runs([[70.0]], dataset="NCI1"))
    cells = judge_cells(published, scores, can("wl", "graphlet-code"), JUDGED_BY, JUDGING)
    assert cells["verdict"].tolist() == ["reproduced", "better", "too few seeds", "not run", "not run"]
    refuse(cells, [])
    refuse(cells, ["worse"])
    with pytest.raises(RelampError) as caught:
        refuse(cells, ["better", "not run", "too few seeds"])
    assert str(caught.value).splitlines() == [
        "4 verdicts are better or not run or too few seeds",
        "lamp_table1: WL on DD: better (published 60.0, here 80.30, between 79.55 and 81.05)",
        "lamp_table1: WL on NCI1: too few seeds (published 70.0, here 70.00, 1 seed)",
        "lamp_table1: GRAPHLET on MUTAG: not run (published 1.0)",
        "mmix_table10: WL on COIL-DEL, n=10: not run (published 70.0)",
    ]
    turned = judge_cells(published.iloc[::-1], scores.iloc[::-1], can("wl", "graphlet-code"), JUDGED_BY, JUDGING)
    pd.testing.assert_frame_equal(turned.iloc[::-1].reset_index(drop=True), cells, check_exact=True)
