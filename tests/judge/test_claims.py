import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from judged_by import JUDGED_BY
from relamp.data.rows import setting_name
from relamp.errors import RelampError
from relamp.judge.claims import COLUMNS, Claim, check_claims, load_claims
from relamp.judge.evidence import Evidence
from relamp.judge.formula import OUTCOMES

ROOT = Path(__file__).parents[2]
NAN = math.nan
FRAME = {
    "scores": ["method", "dataset", "protocol", "seed", "fold", "value"],
    "settings": ["method", "dataset", "setting", "seed", "fold", "epoch", "value"],
    "damage": ["dataset", "augmentation", "reading", "median"],
}
Row = tuple[Any, ...]
# Differences of three independent runs by a point up and down: t(0.975, 2) / sqrt(3), so 4, 5, 6 is 5 -+ 2.484138.
HALF = 2.484138
CLAIM = {"id": "one", "paper": "lamp", "where": "here", "quote": "it is so", "about": "measured"}


def printed() -> pd.DataFrame:
    """A table of three methods on two data sets, and one of LAMP's that figures are measured by."""
    cells = [
        ("lamp_table3", method, dataset) for method in ("new", "old", "other") for dataset in ("A", "B", "A.A.", "A.R.")
    ]
    cells += [("lamp_table1", "new", dataset) for dataset in ("A", "B", "C", "A.A.")]
    return pd.DataFrame(cells, columns=["artifact", "method", "dataset"]).assign(value=50.0)


def evidence(
    scores: Sequence[Row] = (), settings: Sequence[Row] = (), damage: Sequence[Row] = (), margin: float = 2.0
) -> Evidence:
    given = {"scores": scores, "settings": settings, "damage": damage}
    frames = {name: pd.DataFrame(list(rows), columns=FRAME[name]) for name, rows in given.items()}
    # `table` below is LAMP's third, of which the RBF SVM is the evaluation.
    for name in ("scores", "settings"):
        frames[name] = frames[name].assign(evaluation="svm-rbf", metric="accuracy", part="")
    return Evidence(**frames, published=printed(), judged_by=JUDGED_BY, margin=margin, confidence=0.95)


def check(found: Evidence, **test: Any) -> dict[str, str]:
    # By default a claim is about what was run; one about more is not decided by that.
    run = {name for frame in (found.scores, found.settings, found.damage) for name in frame["dataset"]}
    run = sorted(run & set(found.published["dataset"]))
    formula = {"artifact": "lamp_table3", "datasets": run or None, **test}
    (row,) = check_claims([Claim.model_validate({**CLAIM, "measured": formula})], found).to_dict("records")
    assert list(row) == list(COLUMNS)
    assert row["outcome"] in OUTCOMES
    return {str(name): value for name, value in row.items()}


def outcome(found: Evidence, **test: Any) -> str:
    return check(found, **test)["outcome"]


def runs(method: str, dataset: str, values: Sequence[float]) -> list[Row]:
    """Fine-tuning's scores, in per cent: a seed each, no folds."""
    return [(method, dataset, "fixed", seed, NAN, value / 100) for seed, value in enumerate(values)]


def ahead(by: Sequence[float], dataset: str = "A", rival: str = "old") -> list[Row]:
    """`new` is ahead of a rival by so many points, run by run, on top of runs that differ much among themselves."""
    level = [50 + 10 * seed for seed in range(len(by))]
    return runs("new", dataset, [x + y for x, y in zip(level, by, strict=True)]) + runs(rival, dataset, level)


GAIN = {"kind": "gain", "method": "new", "over": "old"}
BEATS = {"kind": "beats", "method": "new", "over": "old"}


@pytest.mark.parametrize(
    ("by", "points", "at_least", "word"),
    [
        ([4, 5, 6], 4.5, False, "holds"),  # 2.52 at least reaches 4.5 less the margin of 2
        ([4, 5, 6], 4.6, False, "undecided"),  # but not 2.6
        ([4, 5, 6], 9, False, "undecided"),  # 7.48 at most reaches 9 less the margin of 2
        ([4, 5, 6], 9.5, False, "fails"),  # but not 7.5
        ([4, 5, 6], 0, False, "holds"),
        ([4, 5, 6], 2.5, True, "holds"),  # a gain over a size has no margin
        ([4, 5, 6], 2.6, True, "undecided"),
        ([4, 5, 6], 7.4, True, "undecided"),
        ([4, 5, 6], 7.5, True, "fails"),
        ([0, 0, 0], 0, False, "undecided"),  # nobody beats a copy
        ([0, 0, 0], 5, False, "fails"),
        ([1, 5, 9], 5, False, "undecided"),  # -4.94 to 14.94
        ([-6, -5, -4], 0, False, "fails"),
        ([-6, -5, -4], 1, False, "fails"),
        ([-1.5, -1.4, -1.3], 0, False, "fails"),  # -1.65 to -1.15: within the margin, but surely no gain
        ([-2, -1, 0], 1, False, "undecided"),  # -3.48 to 1.48
        ([5], 5, False, "undecided"),  # a single run has no interval
    ],
)
def test_gain_by_hand(by: Sequence[float], points: float, at_least: bool, word: str) -> None:
    row = check(evidence(ahead(by)), **GAIN, points=points, at_least=at_least)
    assert row["outcome"] == word
    assert row["evidence"].startswith(f"claimed {'over ' if at_least else ''}{points:+g}; ")


def test_gain_over_several_data_sets_adds_variances() -> None:
    found = evidence(ahead([4, 5, 6], "A") + ahead([1, 2, 3], "B"))
    # (1/3 + 1/3) / 4 with 2 + 2 degrees of freedom: t(0.975, 4) = 2.776445.
    half = 2.776445 * math.sqrt(1 / 6)
    row = check(found, **GAIN, points=3)
    assert row["evidence"] == f"claimed +3; over old: +3.50 ({3.5 - half:+.2f} to {3.5 + half:+.2f})"
    assert (row["outcome"], row["coverage"]) == ("holds", "2 of 2 data sets: A, B")
    # On B alone, -0.48 to 4.48 would not do.
    alone = check(found, **GAIN, points=3, datasets=["B"])
    assert (alone["outcome"], alone["coverage"]) == ("undecided", "1 of 1 data sets: B")


def test_order_and_runs_without_a_partner_do_not_count() -> None:
    scores = ahead([4, 5, 6])
    row = check(evidence(scores), **GAIN, points=5)
    assert (row["coverage"], row["evidence"]) == (
        "1 of 1 data sets: A",
        "claimed +5; over old: +5.00 (+2.52 to +7.48)",
    )
    assert {**row, **CLAIM} == row
    assert check(evidence([("new", "A", "fixed", 3, NAN, 0.01), *scores[::-1]]), **GAIN, points=5) == row


def test_folds_and_none_may_stand_side_by_side_on_different_data_sets() -> None:
    # Differences 4, 6 and 5, 5: means 5 and 5, variances within a seed 2 and 0; the variance is
    # 0 / 2 + 1 / (2 - 1), known with 0 + 2 degrees of freedom; t(0.975, 2) = 4.302653.
    by_fold = {"new": (54, 66, 75, 85), "old": (50, 60, 70, 80)}
    scores = [(name, "A", "fixed", i // 2, i % 2, v / 100) for name, of in by_fold.items() for i, v in enumerate(of)]
    row = check(evidence(scores + ahead([4, 5, 6], "B")), **BEATS)
    assert row["outcome"] == "holds"
    assert row["evidence"] == "A, over old: +5.00 (+0.70 to +9.30); B, over old: +5.00 (+2.52 to +7.48)"


@pytest.mark.parametrize(
    "test",
    [
        {**GAIN, "points": 1.0},
        BEATS,
        {**BEATS, "over": "all"},
        {"kind": "best_average", "method": "new"},
        {"kind": "falls_above", "parameter": "gamma", "threshold": 0.75},
        {"kind": "rises_with", "parameter": "alpha"},
        {"kind": "loses_over", "augmentation": "subgraph", "fraction": 0.5},
        {"kind": "adds_entropy", "augmentation": "subgraph"},
    ],
)
def test_nothing_is_said_of_what_was_not_run(test: dict[str, Any]) -> None:
    alone = evidence(runs("new", "A", [1, 2]), [], [("A", "node_drop", "paper", 0.9), ("Z", "subgraph", "paper", 0.9)])
    test = {"datasets": ["A", "B"], **test}
    for found in (evidence(), alone):
        row = check(found, **test)
        assert (row["outcome"], row["coverage"], row["evidence"]) == ("not run", "", "")


@pytest.mark.parametrize(
    ("old", "other", "word"),
    [
        ([4, 5, 6], [4, 5, 6], "holds"),
        ([4, 5, 6], [1, 5, 9], "undecided"),
        ([4, 5, 6], [-6, -5, -4], "fails"),
        ([1, 5, 9], [-6, -5, -4], "fails"),
        ([5], [5], "undecided"),
        ([0, 0, 0], [0, 0, 0], "undecided"),
    ],
)
@pytest.mark.parametrize("test", [{"kind": "best_average", "method": "new"}, {**BEATS, "over": "all"}])
def test_best_of_all_by_hand(test: dict[str, Any], old: list[float], other: list[float], word: str) -> None:
    behind = {"new": [0] * len(old), "old": old, "other": other}
    levels = {name: [50 + 10 * seed - lag for seed, lag in enumerate(lags)] for name, lags in behind.items()}
    scores = [row for name, values in levels.items() for row in runs(name, "A", values)]
    row = check(evidence(scores), **test)
    assert row["outcome"] == word
    assert row["coverage"] == "1 of 1 data sets: A"
    assert row["evidence"].count("over other") == 1
    assert row["evidence"].count("over old") == (word != "fails")  # a claim that fails names what refutes it


@pytest.mark.parametrize("test", [{"kind": "best_average", "method": "new"}, {**BEATS, "over": "all"}])
def test_who_is_above_some_rivals_may_be_below_those_that_were_not_run(test: dict[str, Any]) -> None:
    row = check(evidence(ahead([4, 5, 6])), **test)
    assert row["outcome"] == "undecided"
    assert row["evidence"].startswith("1 of 2 rivals run on A; ")
    assert outcome(evidence(ahead([-6, -5, -4])), **test) == "fails"  # who is below one is below all


@pytest.mark.parametrize(
    "test",
    [
        BEATS,
        {**GAIN, "points": 2},
        {"kind": "best_average", "method": "new"},
        {"kind": "place", "method": "new", "place": 1, "count": 2},
    ],
)
@pytest.mark.parametrize("by", [[4, 5, 6], [-6, -5, -4], [-1, 0, 1], [5]])
def test_pieces_of_two_runs_are_judged_as_those_of_one_that_did_both(test: dict[str, Any], by: list[float]) -> None:
    level = [50 + 10 * seed for seed in range(len(by))]
    on_a = ahead([4, 5, 6][: len(by)], "A") + runs("other", "A", level)
    on_b = ahead(by, "B") + runs("other", "B", level)
    both, one, other = (check(evidence(rows), **test, datasets=["A", "B"]) for rows in (on_a + on_b, on_b, on_a))
    claim = Claim.model_validate({**CLAIM, "measured": {"artifact": "lamp_table3", "datasets": ["A", "B"], **test}})
    assert claim.measured
    told = [*claim.measured.told(one["pieces"]), *claim.measured.told(other["pieces"])]
    judged = claim.measured.judged(told, evidence())
    assert judged == {name: both[name] for name in ("outcome", "coverage", "evidence")}
    assert judged["coverage"] == "2 of 2 data sets: A, B"
    assert check(evidence(), **test, datasets=["A", "B"])["pieces"] == "[]"


def test_a_rival_that_was_run_on_a_part_of_the_data_sets_decides_no_average() -> None:
    # Above `old` on both, below `other` on A alone: the average over `other` is not known.
    scores = ahead([4, 5, 6], "A") + ahead([4, 5, 6], "B") + runs("other", "A", [99, 99, 99])
    test = {"kind": "best_average", "method": "new", "datasets": ["A", "B"]}
    row = check(evidence(scores), **test)
    assert row["outcome"] == "undecided"
    assert "over other on 1 of 2: -34.00" in row["evidence"]
    assert outcome(evidence(scores + runs("other", "B", [99, 99, 99])), **test) == "fails"


def test_of_which_nothing_is_printed_on_a_data_set_is_no_rival_there() -> None:
    found = evidence(ahead([4, 5, 6], "A"))
    cells = found.published
    named = {**BEATS, "over": ["old", "other"]}
    assert outcome(found, **named) == "undecided"
    other_on_b = cells[(cells["method"] != "other") | (cells["dataset"] == "B")]
    assert outcome(replace(found, published=other_on_b), **named) == "holds"
    assert outcome(replace(found, published=other_on_b), **named, datasets=["A", "B"]) == "undecided"


def test_whom_a_method_stands_beside_is_no_rival() -> None:
    found = evidence(ahead([4, 5, 6]) + runs("other", "A", [99, 99, 99]))
    assert outcome(found, kind="best_average", method="new") == "fails"
    assert outcome(found, kind="best_average", method="new", beside=["other"]) == "holds"


def test_the_best_average_may_be_behind_on_one_data_set() -> None:
    found = evidence(ahead([9, 10, 11], "A") + ahead([-3, -2, -1], "B"))
    assert outcome(found, kind="best_average", method="new", beside=["other"]) == "holds"
    assert outcome(found, **BEATS) == "undecided"
    assert outcome(evidence(ahead([9, 10, 11], "A") + ahead([-4, -3.5, -3], "B")), **BEATS) == "fails"


def test_exceptions_neither_count_nor_cover() -> None:
    found = evidence(ahead([4, 5, 6], "A") + ahead([-6, -5, -4], "B"))
    assert outcome(found, **BEATS) == "fails"
    row = check(found, **BEATS, leave_out=["B"])
    assert (row["outcome"], row["coverage"]) == ("holds", "1 of 1 data sets: A")
    assert outcome(found, **BEATS, datasets=["B"], leave_out=["B"]) == "not run"


def test_several_rivals_by_name() -> None:
    scores = ahead([4, 5, 6]) + runs("other", "A", [99, 99, 99])
    assert outcome(evidence(scores), **{**BEATS, "over": ["old"]}) == "holds"
    assert outcome(evidence(scores), **{**BEATS, "over": ["old", "other"]}) == "fails"
    assert outcome(evidence(scores), **{**BEATS, "over": ["unknown"]}) == "not run"


def of_rivals(
    by: Sequence[float], dataset: str, evaluation: str, metric: str = "accuracy", part: str = "", own: str = "mp-mix"
) -> pd.DataFrame:
    """A method of M-Mix's above its rival, measured by one evaluation."""
    names = {"new": own, "old": "mvgrl" if own == "mp-mix" else "mo-mix-op"}
    rows = [(names[row[0]], *row[1:]) for row in ahead(by, dataset)]
    return pd.DataFrame(rows, columns=FRAME["scores"]).assign(evaluation=evaluation, metric=metric, part=part)


def of_mmix(artifact: str, datasets: Sequence[str], /, *parts: pd.DataFrame, **test: Any) -> tuple[str, str, str]:
    """Outcome, coverage and evidence of a claim about one of M-Mix's tables; by default, that it beats MVGRL."""
    names = ["mp-mix", "mvgrl", "mvgrl-reproduced", "mo-mix-wp", "mo-mix-op"]
    cells = pd.DataFrame(list(product([artifact], names, datasets)), columns=["artifact", "method", "dataset"])
    cells = cells.assign(value=0.5)
    found = replace(evidence(), scores=pd.concat(parts, ignore_index=True), published=cells)
    row = check(found, **{"kind": "beats", "artifact": artifact, "method": "mp-mix", "over": "mvgrl", **test})
    return row["outcome"], row["coverage"], row["evidence"]


def test_a_claim_rests_on_the_evaluation_of_its_table_alone() -> None:
    rbf, linear = of_rivals([-6, -5, -4], "MUTAG", "svm-rbf"), of_rivals([4, 5, 6], "MUTAG", "svm-linear")
    for parts in ((rbf, linear), (linear, rbf)):
        row = of_mmix("mmix_table3", ["MUTAG"], *parts, kind="gain", points=4)
        assert row == ("holds", "1 of 1 data sets: MUTAG", "claimed +4; over mvgrl: +5.00 (+2.52 to +7.48)")
        assert of_mmix("mmix_table3", ["MUTAG"], *parts, artifact="lamp_table1", datasets=["MUTAG"])[0] == "fails"
    assert of_mmix("mmix_table3", ["MUTAG"], rbf) == ("not run", "", "")


def test_a_claim_on_nodes_and_graphs_rests_on_both_evaluations() -> None:
    # 2 -+ 2.484 is across zero.
    nodes, graphs = of_rivals([4, 5, 6], "Cora", "probe"), of_rivals([1, 2, 3], "MUTAG", "svm-linear")
    row = of_mmix("mmix_table9", ["Cora", "MUTAG"], nodes, graphs)
    assert row[:2] == ("undecided", "2 of 2 data sets: Cora, MUTAG")
    assert of_mmix("mmix_table9", ["Cora", "MUTAG"], nodes)[:2] == ("holds", "1 of 1 data sets: Cora")


def test_each_metric_and_size_of_graphs_must_bear_a_claim_out() -> None:
    wanted = [("n=10", "accuracy"), ("n=50", "accuracy"), ("n=50", "roc_auc")]
    small, *others = (of_rivals([4, 5, 6], "COIL-DEL", "edit-distance", metric, n) for n, metric in wanted)
    shown = "; ".join(f"COIL-DEL, {n} {metric}, over mvgrl: +5.00 (+2.52 to +7.48)" for n, metric in wanted)
    found = of_mmix("mmix_table10", ["COIL-DEL"], *others, small)
    assert found == ("holds", "1 of 1 data sets: COIL-DEL", shown)
    behind = of_rivals([-6, -5, -4], "COIL-DEL", "edit-distance", "accuracy", "n=10")
    assert of_mmix("mmix_table10", ["COIL-DEL"], *others, behind)[0] == "fails"


def test_some_of_the_data_sets_refute_a_claim_on_each_and_decide_no_other() -> None:
    ahead_on_a, behind_on_a = evidence(ahead([4, 5, 6])), evidence(ahead([-6, -5, -4]))
    for name, found, word in (("each", ahead_on_a, "undecided"), ("each", behind_on_a, "fails")):
        assert outcome(found, **BEATS, datasets=["A", "B"]) == word, name
    for test in ({**GAIN, "points": 0}, {"kind": "best_average", "method": "new", "over": ["old"]}):
        for found in (ahead_on_a, behind_on_a):
            row = check(found, **test, datasets=["A", "B"])
            assert (row["outcome"], row["coverage"]) == ("undecided", "1 of 2 data sets: A")
        assert outcome(ahead_on_a, **test) == "holds"
        assert outcome(behind_on_a, **test) == "fails"


def test_a_rival_counts_where_the_table_prints_it() -> None:
    # `other` is ahead of `new` on A and behind it on B; the table leaves its cell of A open.
    scores = ahead([-6, -5, -4], "A", "other") + ahead([4, 5, 6], "B", "other")
    found, cells = evidence(scores), printed()
    everywhere = {**BEATS, "over": ["other"]}
    assert outcome(found, **everywhere) == "fails"
    open_cell = (cells["method"] == "other") & (cells["dataset"] == "A")
    found = replace(found, published=cells.assign(value=cells["value"].mask(open_cell)))
    row = check(found, **everywhere, datasets=["B"])
    assert (row["outcome"], row["evidence"]) == ("holds", "B, over other: +5.00 (+2.52 to +7.48)")
    assert outcome(found, **everywhere) == "undecided"  # nothing is said of A


def test_a_claim_that_fails_names_what_refutes_it() -> None:
    found = evidence(ahead([4, 5, 6], "A") + ahead([-6, -5, -4], "B"))
    row = check(found, **BEATS)
    assert row["evidence"] == "B, over old: -5.00 (-7.48 to -2.52); 1 other difference is not below 0"


def test_a_method_under_two_printed_names_is_one_rival() -> None:
    scores = of_rivals([4, 5, 6], "Cora", "probe")
    shown = of_mmix("mmix_table2", ["Cora"], scores, over="all")[2]
    assert shown.endswith(" rivals run on Cora; Cora, over mvgrl: +5.00 (+2.52 to +7.48)")
    assert of_mmix("mmix_table2", ["Cora"], scores, kind="gain", over="mvgrl-reproduced", points=4)[0] == "holds"
    scores = of_rivals([4, 5, 6], "Cora", "probe", own="mo-mix")
    assert of_mmix("mmix_table7", ["Cora"], scores, method="mo-mix-wp", over="mo-mix-op")[0] == "holds"


def swept(
    values: Mapping[float, Sequence[float]], parameter: str = "gamma", dataset: str = "A", method: str = "new"
) -> list[Row]:
    """Rows of a sweep, in per cent by value of the parameter and seed; the other parameter is at its fixed value."""
    fixed = {"gamma": 0.2, "alpha": 1.0}
    return [
        (method, dataset, setting_name({**fixed, parameter: value}), seed, NAN, 20, score / 100)
        for value, scores in values.items()
        for seed, score in enumerate(scores)
    ]


FIGURE = {"artifact": "lamp_fig4", "table": "lamp_table1"}
FALLS = {"kind": "falls_above", "parameter": "gamma", "threshold": 0.75, **FIGURE}
RISES = {"kind": "rises_with", "parameter": "alpha", **FIGURE}
# Up to 0.75 the mean is 80, above it (including both values) by 4, 5 and 6 points less.
FALLING = {0.2: [79, 79, 79], 0.75: [81, 81, 81], 0.8: [77, 76, 75], 0.9: [75, 74, 73]}
# Slopes over decades of 4, 5 and 6 points: half the difference of the ends.
RISING = {0.1: [50, 50, 50], 1.0: [51, 58, 53], 10.0: [58, 60, 62]}


def mirrored(values: Mapping[float, Sequence[float]]) -> dict[float, list[float]]:
    return {parameter: [100 - score for score in scores] for parameter, scores in values.items()}


UP, DOWN = swept(RISING, "alpha"), swept(FALLING)
FALL = "A, gamma up to 0.75 above the rest: +5.00 (+2.52 to +7.48)"
RISE = "A, points a tenfold alpha: +5.00 (+2.52 to +7.48)"


@pytest.mark.parametrize(
    ("test", "rows", "word", "shown"),
    [
        (FALLS, DOWN, "holds", FALL),
        (FALLS, swept(mirrored(FALLING)), "fails", ""),
        (FALLS, swept({**FALLING, 0.9: [79, 74, 69]}), "undecided", ""),
        (FALLS, [*DOWN, *swept(mirrored(FALLING), dataset="B")], "fails", "B, "),  # it must fall on every data set
        # A sweep on one side of the threshold says nothing.
        *((FALLS, swept({x: FALLING[x] for x in kept}), "not run", "") for kept in ([0.2, 0.75], [0.8, 0.9], [0.2])),
        (RISES, UP, "holds", RISE),
        (RISES, swept(mirrored(RISING), "alpha"), "fails", ""),
        (RISES, swept({**RISING, 10.0: [48, 60, 72]}, "alpha"), "undecided", ""),
        # Zero has no decade.
        (RISES, swept({0.0: [99, 99, 99], **RISING}, "alpha"), "holds", RISE),
        (RISES, swept({0.0: [9, 9], 1.0: [5, 5]}, "alpha"), "not run", ""),
    ],
)
def test_sweeps_by_hand(test: dict[str, Any], rows: list[Row], word: str, shown: str) -> None:
    row = check(evidence(settings=rows), **test)
    assert row["outcome"] == word
    assert row["evidence"].startswith(shown)
    # A figure has no table of its own, so that the claim names one.
    used = [name for name in "AB" if any(of[1] == name for of in rows)]
    assert row["coverage"] == ("" if word == "not run" else f"{len(used)} of {len(used)} data sets: {', '.join(used)}")


def test_slope_is_that_of_least_squares_over_uneven_decades() -> None:
    # At decades 0, 1 and 3: mean 4/3, x = -4/3, -1/3, 5/3; values 0, 3, 9 lie on a line of 3 a decade; the middle one
    # moved by +1 moves the slope by -1/3 over 42/9: -1/14.
    values = {1.0: [10, 10, 10], 10.0: [13, 14, 14], 1000.0: [19, 19, 19]}
    row = check(evidence(settings=swept(values, "alpha")), **RISES)
    assert row["evidence"].startswith(f"A, points a tenfold alpha: {3 - 1 / 21:+.2f} ")


@pytest.mark.parametrize(("test", "rows"), [(FALLS, DOWN), (RISES, UP)])
def test_a_sweep_is_of_one_method_at_one_value_of_the_other_parameter(test: dict[str, Any], rows: list[Row]) -> None:
    strangers = [
        # Other methods at the fixed setting alone, one of them first by its name, one last.
        *(row for name in ("aaa", "zzz") for row in swept({0.2: [1, 99, 50]}, method=name)),
        # The same method in the other sweep: at another value of the other parameter.
        *(
            swept({0.01: [1, 99, 50], 100.0: [99, 1, 50]}, "alpha")
            if test is FALLS
            else swept({0.8: [1, 99, 50], 0.01: [99, 1, 50]})
        ),
        # Methods that take one parameter only, or none.
        *[("one", "A", "gamma~0.9", seed, NAN, 20, seed / 9) for seed in range(3)],
        *[("none", "A", "default", seed, NAN, 20, seed / 9) for seed in range(3)],
        # Another data set, which the claim is not about.
        *(row for row in swept(mirrored(FALLING), dataset="Z")),
    ]
    expected = check(evidence(settings=rows), **test)
    assert expected["outcome"] == "holds"
    assert check(evidence(settings=[*strangers, *rows]), **test) == expected
    assert check(evidence(settings=[*rows, *strangers]), **test) == expected


@pytest.mark.parametrize(("test", "parameter", "values"), [(FALLS, "gamma", FALLING), (RISES, "alpha", RISING)])
def test_of_a_grid_it_is_the_slice_of_the_configured_setting(
    test: dict[str, Any], parameter: str, values: dict[float, list[float]]
) -> None:
    """All slices of a grid have as many values: what counts is neither the first by name nor the last."""
    other, fixed = {"gamma": ("alpha", 1.0), "alpha": ("gamma", 0.2)}[parameter]
    grid = [
        ("new", "A", setting_name({other: at, parameter: value}), seed, NAN, 20, score / 100)
        for at in (0.05, fixed, 50.0)
        for value, of in (values if at == fixed else mirrored(values)).items()
        for seed, score in enumerate(of)
    ]
    configured = setting_name({other: fixed, parameter: next(iter(values))})
    found = replace(evidence(settings=grid), fixed={"svm-rbf": {"new": configured}})
    assert check(found, **test)["outcome"] == "holds"
    # Another evaluation's setting is not this one's, and without one it is some slice.
    assert check(replace(found, fixed={"svm-linear": {"new": configured}}), **test)["outcome"] == "fails"


def test_a_sweep_with_folds() -> None:
    rows = [
        ("new", "A", f"gamma~{gamma}_alpha~1", seed, fold, 20, base - gain * (gamma > 0.75))
        for (seed, fold, gain) in [(0, 0, 0.04), (0, 1, 0.06), (1, 0, 0.05), (1, 1, 0.05)]
        for gamma, base in [(0.2, 0.7 + fold / 10), (0.9, 0.7 + fold / 10)]
    ]
    assert check(evidence(settings=rows), **FALLS)["evidence"].endswith("+5.00 (+0.70 to +9.30)")


LOSES = {"kind": "loses_over", "augmentation": "subgraph", "fraction": 0.5, "datasets": ["A"]}
ADDS = {"kind": "adds_entropy", "augmentation": "edges", "datasets": ["A", "B"]}


@pytest.mark.parametrize(
    ("test", "medians", "word"),
    [
        (LOSES, [0.6, 0.7], "holds"),
        (LOSES, [0.5, 0.7], "undecided"),
        (LOSES, [0.6, 0.4], "undecided"),
        (LOSES, [0.5, 0.4], "fails"),
        (LOSES, [0.6, NAN], "holds"),
        (LOSES, [0.4, NAN], "fails"),
        (LOSES, [NAN, NAN], "not run"),
        (ADDS, [-0.1, -0.2], "holds"),
        (ADDS, [-0.1, 0.0], "undecided"),
        (ADDS, [0.0, -0.1], "undecided"),
        (ADDS, [0.1, 0.0], "fails"),
    ],
)
def test_damage_by_hand(test: dict[str, Any], medians: list[float], word: str) -> None:
    what, other = test["augmentation"], "edges" if test is LOSES else "subgraph"
    damage = [("A", what, reading, median) for reading, median in zip(("paper", "code"), medians, strict=True)]
    strangers = [("A", other, "paper", 0.01), ("Z", what, "paper", 0.01)]
    assert outcome(evidence(damage=damage + strangers), **{**test, "datasets": ["A"]}) == word


def test_damage_must_hold_on_each_data_set() -> None:
    damage = [("A", "edges", "paper", -0.1), ("B", "edges", "paper", 0.25)]
    row = check(evidence(damage=damage), **ADDS)
    assert (row["outcome"], row["coverage"]) == ("fails", "2 of 2 data sets: A, B")
    assert row["evidence"] == "A: median loss -10.0 % (paper); B: median loss 25.0 % (paper)"


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        ([0.6, 0.6, 0.4], [0.6, 0.6, 0.6], "holds"),
        ([0.6, 0.4, 0.4], [0.6, 0.6, 0.4], "undecided"),
        ([0.6, 0.4, 0.4], [0.4, 0.4, 0.6], "fails"),
        # Half of them are not more than half.
        ([0.6, 0.4], [0.4, 0.6], "fails"),
    ],
)
def test_what_is_said_generally_is_said_of_more_than_half_of_the_data_sets(
    one: list[float], other: list[float], word: str
) -> None:
    damage = [
        (name, "subgraph", reading, median)
        for reading, medians in (("paper", one), ("code", other))
        for name, median in zip("ABC", medians, strict=False)
    ]
    named = list("ABC")[: len(one)]
    assert outcome(evidence(damage=damage), **{**LOSES, "datasets": named, "generally": True}) == word


def test_any_parameter_may_be_swept() -> None:
    rows = [
        ("simgrace", "A", f"eta~{eta:g}_mode~{mode}", seed, NAN, 20, 0.5 + 0.05 * math.log10(eta) + seed * eta / 1e3)
        for eta in (0.1, 1, 10)
        for mode in ("one", "both")
        for seed in range(3)
    ]
    row = check(evidence(settings=rows), **{**RISES, "parameter": "eta"})
    assert (row["outcome"], row["coverage"]) == ("holds", "1 of 1 data sets: A")
    # Words have no decades and no threshold.
    assert outcome(evidence(settings=rows), **{**RISES, "parameter": "mode"}) == "not run"


def test_a_claim_about_a_figure_names_its_data_sets() -> None:
    with pytest.raises(RelampError, match="lamp_fig4: is no published table; name the data sets of the claim"):
        check(evidence(settings=swept(FALLING)), **{**FALLS, "table": None}, datasets=None)
    assert outcome(evidence(settings=swept(FALLING)), **{**FALLS, "table": None}, datasets=["A"]) == "holds"


def test_the_shipped_claims_are_read_and_put_to_the_test() -> None:
    claims = [claim for claim in load_claims(ROOT / "published" / "claims.yaml") if claim.measured]
    empty = {"metric": "accuracy", "value": NAN, "spread": NAN, "decimals": NAN}
    published = pd.DataFrame({"artifact": list(JUDGED_BY), "method": "m", "dataset": "A", **empty})
    checked = check_claims(claims, replace(evidence(), published=published))
    assert checked["id"].tolist() == [claim.id for claim in claims]
    assert set(checked["outcome"]) == {"not run"}
    assert check_claims([], evidence()).columns.tolist() == list(COLUMNS)


def test_claims_of_one_sentence_say_which_part_each_is() -> None:
    named = [(claim.quote, claim.where) for claim in load_claims(ROOT / "published" / "claims.yaml") if claim.measured]
    assert sorted(set(named)) == sorted(named)


AROUND = {"kind": "best_around", "artifact": "lamp_fig5", "table": "lamp_table1", "parameter": "alpha", "value": 1}
SAME = {"kind": "not_sensitive", "artifact": "lamp_fig5", "table": "lamp_table1", "parameter": "alpha"}


@pytest.mark.parametrize(
    ("around", "word"),
    [([5, 5.1, 5.2], "holds"), ([-5, -5.1, -5.2], "fails"), ([-1, 0, 1.5], "undecided")],
)
def test_best_within_a_tenfold(around: list[float], word: str) -> None:
    # 0.1, 1 and 10 are within a tenfold of 1, and each is moved by as much; 0.01 and 100 are not.
    values = {x: ([50 + y for y in around] if 0.1 <= x <= 10 else [50, 50, 50]) for x in (0.01, 0.1, 1.0, 10.0, 100.0)}
    row = check(evidence(settings=swept(values, "alpha")), **AROUND)
    assert row["outcome"] == word
    assert row["evidence"].startswith(f"A, alpha within a tenfold of 1 above the rest: {sum(around) / 3:+.2f} ")
    assert outcome(evidence(settings=swept({0.1: [1, 1, 1], 10.0: [1, 1, 1]}, "alpha")), **AROUND) == "not run"


def test_best_within_a_twofold_over_all_values_of_another_parameter() -> None:
    # At 1 with gamma 0.2 and 0.4 the mean is 55, at 2 (a twofold) 52, at 4 51: 53.5 over 51, with 2.5 by each seed.
    values = {(0.2, 1.0): 60, (0.4, 1.0): 50, (0.2, 2.0): 52, (0.4, 2.0): 52, (0.2, 4.0): 52, (0.4, 4.0): 50}
    names = {setting_name({"gamma": gamma, "alpha": alpha}): score for (gamma, alpha), score in values.items()}
    rows = [
        ("new", "A", name, seed, NAN, 20, (score + seed) / 100) for name, score in names.items() for seed in range(3)
    ]
    claim = {**AROUND, "within": "twofold"}
    row = check(evidence(settings=rows), **claim, averaged=True)
    assert (row["outcome"], row["evidence"]) == (
        "holds",
        "A, alpha within a twofold of 1 above the rest: +2.50 (+2.50 to +2.50)",
    )
    # Otherwise one gamma alone counts: of equals the first, 56 over 52.
    assert check(evidence(settings=rows), **claim)["evidence"].startswith(
        "A, alpha within a twofold of 1 above the rest: +4.00"
    )


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ([51, 50.9, 51.1], "holds"),
        ([54, 53.9, 54.1], "fails"),
        ([50, 53, 52], "undecided"),
        ([48.5, 48.5, 48.5], "holds"),
    ],
)
def test_not_sensitive_within_the_margin(other: list[float], word: str) -> None:
    row = check(evidence(settings=swept({0.1: [50, 50, 50], 1.0: [50, 50, 50], 10.0: other}, "alpha")), **SAME)
    assert row["outcome"] == word
    assert row["evidence"].startswith(
        f"of 3 pairs the furthest apart, A, alpha 10 against 0.1: {sum(other) / 3 - 50:+.2f}"
    )


def test_less_pruning_is_preferred_up_to_a_value_or_more() -> None:
    values = {0.1: [52, 52.1, 52.2], 0.3: [52, 52.1, 52.2], 0.5: [50, 50, 50], 0.9: [90, 90, 90]}
    up_to = {**FALLS, "threshold": 0.4, "up_to": 0.75}
    found = evidence(settings=swept(values))
    assert outcome(found, **up_to) == "holds"
    assert outcome(found, **up_to, rises=True) == "fails"
    # Without the end, 0.9 is among the rest.
    assert outcome(found, **{**FALLS, "threshold": 0.4}) == "fails"


def test_the_largest_loss_is_above_all_others_in_every_reading() -> None:
    most = {"kind": "loses_most", "artifact": "lamp_fig2", "table": "lamp_table1", "augmentation": "subgraph"}

    def rows(paper: float, code: float) -> list[Row]:
        losses = (("subgraph", paper, code), ("node_drop", 0.3, 0.3), ("edge_perturbation", 0.1, 0.4))
        return [
            ("A", name, reading, loss)
            for name, *both in losses
            for reading, loss in zip(("paper", "code"), both, strict=True)
        ]

    row = check(evidence(damage=rows(0.5, 0.6)), **most)
    assert (row["outcome"], row["coverage"]) == ("holds", "1 of 1 data sets: A")
    assert row["evidence"] == "A: 50.0 % against 30.0 % (paper); A: 60.0 % against 40.0 % (code)"
    assert outcome(evidence(damage=rows(0.5, 0.35)), **most) == "undecided"
    assert outcome(evidence(damage=rows(0.3, 0.35)), **most) == "fails"
    assert outcome(evidence(damage=rows(0.5, 0.6)[:2]), **most) == "not run"


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ({"logistic": ["confirmed", "confirmed"], "svm": ["confirmed", "confirmed"]}, "holds"),
        ({"logistic": ["confirmed", "undecided"], "svm": ["confirmed", "confirmed"]}, "undecided"),
        ({"logistic": ["contradicted", "confirmed"], "svm": ["confirmed", "confirmed"]}, "undecided"),
        ({"logistic": ["contradicted", "confirmed"], "svm": ["undecided", "contradicted"]}, "fails"),
        ({}, "not run"),
    ],
)
def test_a_statement_of_the_theorem_holds_on_each_data_set_by_each_estimator(
    words: dict[str, list[str]], word: str
) -> None:
    numbers = {"difference": 0.12, "low": 0.1, "high": 0.14}
    rows = [
        {"test": "statement 1", "dataset": name, "method": "lamp-mag", "estimator": estimator, "outcome": outcome}
        for estimator, outcomes in words.items()
        for name, outcome in zip(("A", "B"), outcomes, strict=True)
    ]
    main = pd.DataFrame(rows).assign(view="all", **numbers)
    other = {"outcome": "contradicted"}
    strangers = [
        main.assign(method="graphcl", **other),
        main.assign(dataset="Z", **other),
        main.assign(test="statement 2", **other),
        main.assign(view="subgraph", **other),
    ]
    claim = {"kind": "theorem", "artifact": "lamp_theorem", "datasets": ["A", "B"], "method": "lamp-mag"}
    found = replace(evidence(), theorem=pd.concat([*strangers, main]))
    row = check(found, **claim, statement="statement 1")
    assert row["outcome"] == word
    if words:
        assert row["coverage"] == "2 of 2 data sets: A, B"
        assert row["evidence"].startswith("A, logistic: ")
        assert row["evidence"].count("+0.120 (+0.100 to +0.140) nats") == 4
        assert outcome(found, **claim, statement="statement 2") == "fails"


PLACE = {"kind": "place", "method": "new", "place": 2}


def test_a_place_is_as_certain_as_its_rivals() -> None:
    # Below `old` and above `other` on A and B, so second on both.
    def beaten(dataset: str) -> list[Row]:
        middle = runs("new", dataset, [50, 60, 70])
        return middle + runs("old", dataset, [55, 65.1, 75.2]) + runs("other", dataset, [45, 55.1, 65.2])

    both = evidence(beaten("A") + beaten("B"))
    assert outcome(both, **PLACE, count=2) == "holds"
    assert outcome(both, **PLACE, count=1) == "fails"
    row = check(evidence(beaten("A")), **PLACE, count=2, datasets=["A", "B"])
    assert (row["outcome"], row["evidence"]) == (
        "undecided",
        "place 2 on 1 to 2 data sets, claimed 2; A: place 2",
    )
    without = evidence([line for line in beaten("A") if line[0] != "other"])
    assert (
        check(without, **PLACE, count=0, datasets=["A", "B"])["evidence"]
        == "1 of 2 rivals run on A; place 2 on 0 to 2 data sets, claimed 0; A: place 2 to 3"
    )
    assert outcome(evidence(beaten("A")[:3]), **PLACE, count=1) == "not run"


def test_a_rival_that_the_table_prints_no_number_of_has_no_place_there() -> None:
    rows = [
        row for name in ("A", "B") for row in [*runs("new", name, [50, 60, 70]), *runs("old", name, [55, 65.1, 75.2])]
    ]
    found = evidence(rows)
    dashed = found.published[~((found.published["method"] == "other") & (found.published["artifact"] == "lamp_table3"))]
    assert outcome(found, **PLACE, count=2) == "undecided"  # `other` was not run
    assert outcome(replace(found, published=dashed), **PLACE, count=2) == "holds"


def test_rivals_that_another_table_prints_are_those_that_it_is_judged_by() -> None:
    """LAMP's Table 3 claims something of the rivals of its Table 1, which are run as in their public codes."""
    cells = [("lamp_table3", "new", "A"), *(("lamp_table1", name, "A") for name in ("joao", "old"))]
    published = pd.DataFrame(cells, columns=["artifact", "method", "dataset"]).assign(value=50.0)
    best = {"kind": "best_average", "method": "new", "table": "lamp_table1", "over": ["joao"]}
    for name, word in (("joao-code", "holds"), ("joao", "not run")):
        found = replace(evidence(ahead([4, 5, 6], rival=name)), published=published)
        assert outcome(found, **best, datasets=["A"]) == word
    # One that the other table has no number of is not asked for.
    elsewhere = {**best, "over": ["joao", "old"]}
    found = replace(evidence(ahead([4, 5, 6], rival="joao-code")), published=published[published["method"] != "old"])
    assert outcome(found, **{**elsewhere, "datasets": ["A"]}) == "undecided"


def test_the_folds_of_one_seed_decide_nothing() -> None:
    """They share its encoder."""
    folds = range(10)
    scores = [("new", "A", "fixed", 0, fold, 0.60 + 0.001 * fold) for fold in folds]
    scores += [("old", "A", "fixed", 0, fold, 0.50) for fold in folds]
    assert outcome(evidence(scores), **BEATS) == "undecided"
    again = [(*row[:3], 1, *row[4:]) for row in scores]
    assert outcome(evidence(scores + again), **BEATS) == "holds"


def test_best_average_over_some_rivals_alone() -> None:
    best = {"kind": "best_average", "method": "new"}
    found = evidence(ahead([4, 5, 6]))
    assert outcome(found, **best) == "undecided"  # `other` was not run
    assert outcome(found, **best, over=["old"]) == "holds"


def test_two_seeds_without_folds_decide_nothing() -> None:
    """They may happen to agree."""
    assert outcome(evidence(ahead([5.0, 5.0])), **BEATS) == "undecided"
    assert outcome(evidence(ahead([5.0, 5.0, 5.0])), **BEATS) == "holds"


GOOD: dict[str, Any] = {
    **{"id": "x", "paper": "lamp", "where": "Table 1", "quote": "it is so", "about": "measured"},
    "measured": {"kind": "beats", "artifact": "lamp_table3", "method": "new", "over": "old", "leave_out": ["B"]},
}
PRINTED = {"kind": "sum", "artifact": "t", "parts": ["1"], "total": "1"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quote": ""}, "the claim x: quote: "),
        ({"where": None}, "the claim x: where: "),
        ({"id": ""}, "the claim it is so: .*a claim about what is `measured` has such a formula and an `id`"),
        ({"measured": None}, "the claim x: .*a claim about what is `measured`"),
        ({"about": "printed"}, "the claim x: .*a claim about what is `measured`"),
        ({"about": "something"}, "the claim x: about: Input should be 'printed' or 'measured'"),
        ({"measured": {"kind": "wins"}}, "the claim x: measured: .*'wins'.*expected tags: 'best_average', 'gain'"),
        ({"measured": {**GOOD["measured"], "dataset": ["A"]}}, "the claim x: measured.beats.dataset: Extra"),
        ({"measured": {**GOOD["measured"], "kind": "gain"}}, "the claim x: measured.gain.points: Field required"),
        ({"printed": {**PRINTED, "colour": "red"}}, "the claim x: printed.sum.colour: Extra"),
    ],
)
def test_claims_that_cannot_be_tested_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump([GOOD, {**GOOD, **change}]), encoding="utf-8")
    with pytest.raises(RelampError, match=message) as caught:
        load_claims(path)
    assert re.match(re.escape(str(path)), str(caught.value))
    other = {**GOOD, "printed": PRINTED, "about": "printed", "measured": None, "id": ""}
    path.write_text(yaml.safe_dump([GOOD, other]), encoding="utf-8")
    assert [bool(claim.printed) for claim in load_claims(path)] == [False, True]
    path.write_text("a: 1", encoding="utf-8")
    with pytest.raises(RelampError, match=r"claims\.yaml: is not a list of claims"):
        load_claims(path)
    with pytest.raises(RelampError, match="is not there"):
        load_claims(tmp_path / "absent.yaml")


def test_a_rival_that_the_tables_evaluation_does_not_measure_is_compared_by_its_own() -> None:
    found = evidence(ahead([4, 5, 6]))
    of_rival = found.scores["method"] == "old"
    own = found.scores.assign(evaluation=found.scores["evaluation"].mask(of_rival, "supervised-edits"))
    assert outcome(replace(found, scores=own), **BEATS) == "not run"
    named = {("lamp_table3", "old"): "supervised-edits"}
    row = check(replace(found, scores=own, evaluations=named), **BEATS)
    assert (row["outcome"], row["evidence"]) == ("holds", f"A, over old: +5.00 ({5 - HALF:+.2f} to {5 + HALF:+.2f})")
    # The table's own goes first.
    both = pd.concat([found.scores, own[of_rival].assign(value=0.99)])
    assert check(replace(found, scores=both, evaluations=named), **BEATS)["evidence"] == row["evidence"]


def test_a_claim_holds_only_where_all_printed_parts_of_a_data_set_were_run() -> None:
    found = evidence(ahead([4, 5, 6]))
    printed_parts = [
        {
            "artifact": "lamp_table3",
            "method": method,
            "dataset": "A",
            "metric": "accuracy",
            "protocol": part,
            "value": 50.0,
        }
        for method in ("new", "old")
        for part in ("n=10", "n=20")
    ]
    one = replace(found, scores=found.scores.assign(part="n=10"), published=pd.DataFrame(printed_parts))
    assert outcome(one, **BEATS) == "undecided"
    assert check(one, **BEATS)["evidence"].startswith("0 of 1 rivals run on A; ")
    both = replace(one, scores=pd.concat([one.scores, one.scores.assign(part="n=20")]))
    assert outcome(both, **BEATS) == "holds"
    below = replace(one, scores=found.scores.assign(part="n=10", value=1 - found.scores["value"]))
    assert outcome(below, **BEATS) == "fails"  # a part refutes it


def test_of_one_data_set_the_average_is_its_difference_with_the_same_bounds() -> None:
    # Three seeds of two folds, of which seeds differ the most: the wider interval is that of the seeds alone.
    rows = [
        (method, "A", "fixed", seed, fold, (50 + ahead * (4 + 3 * seed) + fold) / 100)
        for method, ahead in (("new", 1), ("old", 0))
        for seed in range(3)
        for fold in range(2)
    ]
    found = evidence(rows)
    gain, beats = (check(found, **{**GAIN, "points": 1}), check(found, **BEATS))
    bounds = beats["evidence"].removeprefix("A, ")
    assert gain["evidence"].endswith(bounds)
