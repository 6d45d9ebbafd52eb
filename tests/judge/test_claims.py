import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from judged_by import JUDGED_BY
from relamp.data.rows import setting_name
from relamp.errors import RelampError
from relamp.judge.claims import COLUMNS, Claim, check_claims, load_claims
from relamp.judge.measured_claims import Evidence
from relamp.judge.outcomes import OUTCOMES

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


def printed() -> pd.DataFrame:
    """A table of three methods on two data sets, and one of LAMP's that figures are measured by."""
    cells = [
        ("lamp_table3", method, dataset) for method in ("new", "old", "other") for dataset in ("A", "B", "A.A.", "A.R.")
    ]
    cells += [("lamp_table1", "new", dataset) for dataset in ("A", "B", "C", "A.A.")]
    return pd.DataFrame(cells, columns=["artifact", "method", "dataset"])


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
    formula = {"artifact": "lamp_table3", **test}
    claim = {"id": "one", "paper": "lamp", "where": "here", "quote": "it is so", "measured": formula}
    (row,) = check_claims([Claim.model_validate(claim)], found).to_dict("records")
    assert list(row) == list(COLUMNS)
    assert row["outcome"] in OUTCOMES
    return {str(name): value for name, value in row.items()}


def outcome(found: Evidence, **test: Any) -> str:
    return check(found, **test)["outcome"]


def runs(method: str, dataset: str, values: Sequence[float]) -> list[Row]:
    """Fine-tuning's scores, in per cent: a seed each, no folds."""
    return [(method, dataset, "fixed", seed, NAN, value / 100) for seed, value in enumerate(values)]


def folded(method: str, dataset: str, table: Sequence[Sequence[float]]) -> list[Row]:
    return [
        (method, dataset, "fixed", seed, fold, value / 100)
        for seed, line in enumerate(table)
        for fold, value in enumerate(line)
    ]


def ahead(by: Sequence[float], dataset: str = "A", rival: str = "old") -> list[Row]:
    """`new` is ahead of a rival by so many points, run by run, on top of runs that differ much among themselves."""
    level = [50 + 10 * seed for seed in range(len(by))]
    return runs("new", dataset, [x + y for x, y in zip(level, by, strict=True)]) + runs(rival, dataset, level)


GAIN = {"kind": "gain", "method": "new", "over": "old"}
BEATS = {"kind": "beats", "method": "new", "over": "old"}


@pytest.mark.parametrize(
    ("by", "points", "word"),
    [
        ([4, 5, 6], 4.5, "holds"),  # 2.52 at least reaches 4.5 less the margin of 2
        ([4, 5, 6], 4.6, "undecided"),  # but not 2.6
        ([4, 5, 6], 9, "undecided"),  # 7.48 at most reaches 9 less the margin of 2
        ([4, 5, 6], 9.5, "fails"),  # but not 7.5
        ([4, 5, 6], 0, "holds"),
        ([1, 5, 9], 5, "undecided"),  # -4.94 to 14.94
        ([-6, -5, -4], 0, "fails"),
        ([-6, -5, -4], 1, "fails"),
        ([-1.5, -1.4, -1.3], 0, "fails"),  # -1.65 to -1.15: within the margin, but surely no gain
        ([-2, -1, 0], 1, "undecided"),  # -3.48 to 1.48
        ([5], 5, "undecided"),  # a single run has no interval
    ],
)
def test_gain_by_hand(by: Sequence[float], points: float, word: str) -> None:
    assert outcome(evidence(ahead(by)), **GAIN, points=points) == word


@pytest.mark.parametrize(("points", "word"), [(2.5, "holds"), (2.6, "undecided"), (7.4, "undecided"), (7.5, "fails")])
def test_a_gain_over_a_size_has_no_margin(points: float, word: str) -> None:
    row = check(evidence(ahead([4, 5, 6])), **GAIN, points=points, at_least=True)  # 2.52 to 7.48
    assert row["outcome"] == word
    assert row["evidence"].startswith(f"claimed over +{points}; ")


def test_gain_says_what_it_rests_on() -> None:
    row = check(evidence(ahead([4, 5, 6])), **GAIN, points=5)
    assert row["coverage"] == "1 of 2 data sets: A"
    assert row["evidence"] == "claimed +5; over old: +5.00 (+2.52 to +7.48)"
    assert {name: row[name] for name in ("id", "paper", "where", "quote")} == {
        **{"id": "one", "paper": "lamp", "where": "here", "quote": "it is so"}
    }


def test_gain_over_several_data_sets_adds_half_widths_as_squares() -> None:
    found = evidence(ahead([4, 5, 6], "A") + ahead([1, 2, 3], "B"))
    half = HALF * math.sqrt(2) / 2
    row = check(found, **GAIN, points=3)  # from 1.75
    assert row["evidence"] == f"claimed +3; over old: +3.50 ({3.5 - half:+.2f} to {3.5 + half:+.2f})"
    assert (row["outcome"], row["coverage"]) == ("holds", "2 of 2 data sets: A, B")
    # On B alone, -0.48 to 4.48 would not do.
    alone = check(found, **GAIN, points=3, datasets=["B"])
    assert (alone["outcome"], alone["coverage"]) == ("undecided", "1 of 1 data sets: B")


def test_gain_with_folds_by_hand() -> None:
    # Differences 4, 6, 5, 5: mean 5, s² = 2/3; two folds: 1/4 + 1/1; t(0.975, 3) = 3.182446; so -+ 2.905162.
    scores = folded("new", "A", [[54, 66], [75, 85]]) + folded("old", "A", [[50, 60], [70, 80]])
    row = check(evidence(scores), **GAIN, points=4)
    assert row["evidence"] == "claimed +4; over old: +5.00 (+2.09 to +7.91)"
    assert row["outcome"] == "holds"


def test_runs_without_a_partner_do_not_count() -> None:
    scores = [*ahead([4, 5, 6]), ("new", "A", "fixed", 3, NAN, 0.01)]
    assert check(evidence(scores), **GAIN, points=5) == check(evidence(ahead([4, 5, 6])), **GAIN, points=5)


def test_folds_and_none_may_stand_side_by_side_on_different_data_sets() -> None:
    scores = folded("new", "A", [[54, 66], [75, 85]]) + folded("old", "A", [[50, 60], [70, 80]]) + ahead([4, 5, 6], "B")
    row = check(evidence(scores), **BEATS)
    assert row["outcome"] == "holds"
    assert row["evidence"] == "A, over old: +5.00 (+2.09 to +7.91); B, over old: +5.00 (+2.52 to +7.48)"


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
    ],
)
@pytest.mark.parametrize("test", [{"kind": "best_average", "method": "new"}, {**BEATS, "over": "all"}])
def test_best_of_all_by_hand(test: dict[str, Any], old: list[float], other: list[float], word: str) -> None:
    scores = ahead(old) + [row for row in ahead(other, rival="other") if row[0] == "other"]
    # `ahead` gives both rivals the same level, so that the second one lags by the difference of both leads.
    lag = {seed: (first - second) / 100 for seed, (first, second) in enumerate(zip(old, other, strict=True))}
    scores = [(*row[:5], row[5] + lag[row[3]]) if row[0] == "other" else row for row in scores]
    row = check(evidence(scores), **test)
    assert row["outcome"] == word
    assert row["coverage"] == "1 of 2 data sets: A"
    assert row["evidence"].count("over old") == row["evidence"].count("over other") == 1


@pytest.mark.parametrize("test", [{"kind": "best_average", "method": "new"}, {**BEATS, "over": "all"}])
def test_who_is_above_some_rivals_may_be_below_those_that_were_not_run(test: dict[str, Any]) -> None:
    row = check(evidence(ahead([4, 5, 6])), **test)
    assert row["outcome"] == "undecided"
    assert row["evidence"].startswith("1 of 2 rivals run; ")
    assert outcome(evidence(ahead([-6, -5, -4])), **test) == "fails"  # who is below one is below all


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


PERCENT = st.integers(0, 1000).map(lambda tenths: tenths / 10)


@settings(max_examples=12, deadline=None)
@given(table=st.lists(st.tuples(PERCENT, PERCENT), min_size=1, max_size=4), data=st.data())
def test_no_method_beats_itself_or_its_copy(table: list[tuple[float, float]], data: st.DataObject) -> None:
    scores = [row for name in ("new", "old") for row in folded(name, "A", table)]
    found = evidence(data.draw(st.permutations(scores)))
    for over in ("new", "old"):
        assert outcome(found, kind="beats", method="new", over=over) == "undecided"
        assert outcome(found, kind="gain", method="new", over=over, points=0) == "undecided"
        assert outcome(found, kind="gain", method="new", over=over, points=5) == "fails"
    assert outcome(found, kind="best_average", method="new") == "undecided"


@settings(max_examples=12, deadline=None)
@given(
    new=st.lists(st.tuples(PERCENT, PERCENT), min_size=3, max_size=3),
    old=st.lists(st.tuples(PERCENT, PERCENT), min_size=3, max_size=3),
    data=st.data(),
)
def test_order_does_not_matter_and_two_do_not_beat_each_other(new: Any, old: Any, data: st.DataObject) -> None:
    scores = folded("new", "A", new) + folded("old", "A", old)
    found = evidence(scores)
    row = check(found, **BEATS)
    assert check(evidence(data.draw(st.permutations(scores))), **BEATS) == row
    back = outcome(found, kind="beats", method="old", over="new")
    opposite = {"holds": "fails", "fails": "holds", "undecided": "undecided"}
    assert back == opposite[row["outcome"]]


def of_mmix(artifact: str, datasets: Sequence[str], parts: Sequence[pd.DataFrame]) -> Evidence:
    """Evidence on one of M-Mix's tables."""
    names = ["mp-mix", "mvgrl", "mvgrl-reproduced", "mo-mix-wp", "mo-mix-op"]
    cells = [(artifact, method, dataset) for method in names for dataset in datasets]
    printed_cells = pd.DataFrame(cells, columns=["artifact", "method", "dataset"])
    found = evidence()
    return Evidence(
        pd.concat(parts, ignore_index=True), found.settings, found.damage, printed_cells, JUDGED_BY, 2.0, 0.95
    )


def marked(rows: list[Row], evaluation: str, metric: str = "accuracy", part: str = "") -> pd.DataFrame:
    return pd.DataFrame(rows, columns=FRAME["scores"]).assign(evaluation=evaluation, metric=metric, part=part)


def pair(
    dataset: str, by: Sequence[float], evaluation: str, metric: str = "accuracy", part: str = ""
) -> list[pd.DataFrame]:
    rows = [({"new": "mp-mix", "old": "mvgrl"}[row[0]], *row[1:]) for row in ahead(by, dataset)]
    return [marked(rows, evaluation, metric, part)]


MP = {"method": "mp-mix", "over": "mvgrl"}


def test_a_claim_rests_on_the_evaluation_of_its_table_alone() -> None:
    parts = [*pair("MUTAG", [-6, -5, -4], "svm-rbf"), *pair("MUTAG", [4, 5, 6], "svm-linear")]
    for scores in (parts, parts[::-1]):
        found = of_mmix("mmix_table3", ["MUTAG"], scores)
        row = check(found, kind="gain", artifact="mmix_table3", points=4, **MP)
        assert (row["outcome"], row["evidence"]) == ("holds", "claimed +4; over mvgrl: +5.00 (+2.52 to +7.48)")
        assert outcome(found, kind="beats", artifact="lamp_table1", datasets=["MUTAG"], **MP) == "fails"
    alone = of_mmix("mmix_table3", ["MUTAG"], pair("MUTAG", [4, 5, 6], "svm-rbf"))
    assert outcome(alone, kind="beats", artifact="mmix_table3", **MP) == "not run"


def test_a_claim_on_nodes_and_graphs_rests_on_both_evaluations() -> None:
    parts = [*pair("Cora", [4, 5, 6], "probe"), *pair("MUTAG", [1, 2, 3], "svm-linear")]
    row = check(of_mmix("mmix_table9", ["Cora", "MUTAG"], parts), kind="beats", artifact="mmix_table9", **MP)
    # 2 -+ 2.484 is across zero.
    assert (row["outcome"], row["coverage"]) == ("undecided", "2 of 2 data sets: Cora, MUTAG")
    only = check(of_mmix("mmix_table9", ["Cora", "MUTAG"], parts[:1]), kind="beats", artifact="mmix_table9", **MP)
    assert (only["outcome"], only["coverage"]) == ("holds", "1 of 2 data sets: Cora")


def test_each_metric_and_size_of_graphs_must_bear_a_claim_out() -> None:
    good = [
        *pair("COIL-DEL", [4, 5, 6], "edit-distance", "accuracy", "n=50"),
        *pair("COIL-DEL", [4, 5, 6], "edit-distance", "roc_auc", "n=50"),
        *pair("COIL-DEL", [4, 5, 6], "edit-distance", "accuracy", "n=10"),
    ]
    row = check(of_mmix("mmix_table10", ["COIL-DEL"], good), kind="beats", artifact="mmix_table10", **MP)
    assert (row["outcome"], row["coverage"]) == ("holds", "1 of 1 data sets: COIL-DEL")
    assert row["evidence"].split("; ") == [
        f"COIL-DEL, {what}, over mvgrl: +5.00 (+2.52 to +7.48)"
        for what in ("n=10 accuracy", "n=50 accuracy", "n=50 roc_auc")
    ]
    bad = [*good[:2], *pair("COIL-DEL", [-6, -5, -4], "edit-distance", "accuracy", "n=10")]
    assert outcome(of_mmix("mmix_table10", ["COIL-DEL"], bad), kind="beats", artifact="mmix_table10", **MP) == "fails"


def test_a_method_under_two_printed_names_is_one_rival() -> None:
    found = of_mmix("mmix_table2", ["Cora"], pair("Cora", [4, 5, 6], "probe"))
    row = check(found, kind="beats", artifact="mmix_table2", method="mp-mix", over="all")
    assert row["evidence"].endswith(" rivals run; Cora, over mvgrl: +5.00 (+2.52 to +7.48)")
    again = check(found, kind="gain", artifact="mmix_table2", method="mp-mix", over="mvgrl-reproduced", points=4)
    assert again["outcome"] == "holds"
    rows = [({"new": "mo-mix", "old": "mo-mix-op"}[row[0]], *row[1:]) for row in ahead([4, 5, 6], "Cora")]
    wp = of_mmix("mmix_table7", ["Cora"], [marked(rows, "probe")])
    assert outcome(wp, kind="beats", artifact="mmix_table7", method="mo-mix-wp", over="mo-mix-op") == "holds"


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


FALLS = {
    "kind": "falls_above",
    "parameter": "gamma",
    "threshold": 0.75,
    "artifact": "lamp_fig4",
    "table": "lamp_table1",
}
RISES = {"kind": "rises_with", "parameter": "alpha", "artifact": "lamp_fig5", "table": "lamp_table1"}
# Up to 0.75 the mean is 80, above it (including both values) by 4, 5 and 6 points less.
FALLING = {0.2: [79, 79, 79], 0.75: [81, 81, 81], 0.8: [77, 76, 75], 0.9: [75, 74, 73]}
# Slopes over decades of 4, 5 and 6 points: half the difference of the ends.
RISING = {0.1: [50, 50, 50], 1.0: [51, 58, 53], 10.0: [58, 60, 62]}


def mirrored(values: Mapping[float, Sequence[float]]) -> dict[float, list[float]]:
    return {parameter: [100 - score for score in scores] for parameter, scores in values.items()}


def test_falls_above_by_hand() -> None:
    row = check(evidence(settings=swept(FALLING)), **FALLS)
    assert row["outcome"] == "holds"
    assert row["evidence"] == "A, gamma up to 0.75 above the rest: +5.00 (+2.52 to +7.48)"
    # A figure has no table of its own, so that the claim names one.
    assert row["coverage"] == "1 of 3 data sets: A"
    assert outcome(evidence(settings=swept(mirrored(FALLING))), **FALLS) == "fails"
    noisy = {**FALLING, 0.9: [79, 74, 69]}
    assert outcome(evidence(settings=swept(noisy)), **FALLS) == "undecided"


def test_every_data_set_must_fall() -> None:
    parts = [*swept(FALLING), *swept(mirrored(FALLING), dataset="B")]
    row = check(evidence(settings=parts), **FALLS)
    assert (row["outcome"], row["coverage"]) == ("fails", "2 of 3 data sets: A, B")


@pytest.mark.parametrize("kept", [[0.2, 0.75], [0.8, 0.9], [0.2]])
def test_a_sweep_on_one_side_of_the_threshold_says_nothing(kept: list[float]) -> None:
    assert outcome(evidence(settings=swept({value: FALLING[value] for value in kept})), **FALLS) == "not run"


def test_rises_with_by_hand() -> None:
    row = check(evidence(settings=swept(RISING, "alpha")), **RISES)
    assert row["outcome"] == "holds"
    assert row["evidence"] == "A, points a tenfold alpha: +5.00 (+2.52 to +7.48)"
    assert outcome(evidence(settings=swept(mirrored(RISING), "alpha")), **RISES) == "fails"
    assert outcome(evidence(settings=swept({**RISING, 10.0: [48, 60, 72]}, "alpha")), **RISES) == "undecided"


def test_slope_is_that_of_least_squares_over_uneven_decades() -> None:
    # At decades 0, 1 and 3: mean 4/3, x = -4/3, -1/3, 5/3; values 0, 3, 9 lie on a line of 3 a decade; the middle one
    # moved by +1 moves the slope by -1/3 over 42/9: -1/14.
    values = {1.0: [10, 10], 10.0: [13, 14], 1000.0: [19, 19]}
    row = check(evidence(settings=swept(values, "alpha")), **RISES)
    assert row["evidence"].startswith(f"A, points a tenfold alpha: {3 - 1 / 28:+.2f} ")


def test_zero_has_no_decade() -> None:
    with_zero = {0.0: [99, 99, 99], **RISING}
    expected = check(evidence(settings=swept(RISING, "alpha")), **RISES)
    assert check(evidence(settings=swept(with_zero, "alpha")), **RISES) == expected
    assert outcome(evidence(settings=swept({0.0: [9, 9], 1.0: [5, 5]}, "alpha")), **RISES) == "not run"


@pytest.mark.parametrize(("test", "rows"), [(FALLS, swept(FALLING)), (RISES, swept(RISING, "alpha"))])
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


def test_a_sweep_with_folds() -> None:
    rows = [
        ("new", "A", f"gamma~{gamma}_alpha~1", seed, fold, 20, base - gain * (gamma > 0.75))
        for (seed, fold, gain) in [(0, 0, 0.04), (0, 1, 0.06), (1, 0, 0.05), (1, 1, 0.05)]
        for gamma, base in [(0.2, 0.7 + fold / 10), (0.9, 0.7 + fold / 10)]
    ]
    assert check(evidence(settings=rows), **FALLS)["evidence"].endswith("+5.00 (+2.09 to +7.91)")


LOSES = {
    "kind": "loses_over",
    "augmentation": "subgraph",
    "fraction": 0.5,
    "artifact": "lamp_fig2",
    "table": "lamp_table1",
}
ADDS = {"kind": "adds_entropy", "augmentation": "edges", "artifact": "lamp_fig2", "datasets": ["A", "B"]}


@pytest.mark.parametrize(
    ("medians", "word"),
    [
        ([0.6, 0.7], "holds"),
        ([0.5, 0.7], "undecided"),
        ([0.6, 0.4], "undecided"),
        ([0.5, 0.4], "fails"),
        ([0.6, NAN], "holds"),
        ([0.4, NAN], "fails"),
        ([NAN, NAN], "not run"),
    ],
)
def test_loses_over_by_hand(medians: list[float], word: str) -> None:
    damage = [("A", "subgraph", reading, m) for reading, m in zip(("paper", "code"), medians, strict=True)]
    other = [("A", "edges", "paper", 0.01), ("Z", "subgraph", "paper", 0.01)]
    assert outcome(evidence(damage=damage + other), **LOSES) == word


@pytest.mark.parametrize(
    ("medians", "word"),
    [([-0.1, -0.2], "holds"), ([-0.1, 0.0], "undecided"), ([0.0, -0.1], "undecided"), ([0.1, 0.0], "fails")],
)
def test_adds_entropy_by_hand(medians: list[float], word: str) -> None:
    damage = [("A", "edges", reading, m) for reading, m in zip(("paper", "code"), medians, strict=True)]
    assert outcome(evidence(damage=damage), **ADDS) == word


def test_damage_must_hold_on_each_data_set() -> None:
    damage = [("A", "edges", "paper", -0.1), ("B", "edges", "paper", 0.25)]
    row = check(evidence(damage=damage), **ADDS)
    assert (row["outcome"], row["coverage"]) == ("fails", "2 of 2 data sets: A, B")
    assert row["evidence"] == "A: median loss -10.0 % (paper); B: median loss 25.0 % (paper)"


def test_any_parameter_may_be_swept() -> None:
    rows = [
        ("simgrace", "A", f"eta~{eta:g}_mode~{mode}", seed, NAN, 20, 0.5 + 0.05 * math.log10(eta) + seed * eta / 1e3)
        for eta in (0.1, 1, 10)
        for mode in ("one", "both")
        for seed in range(3)
    ]
    row = check(evidence(settings=rows), **{**RISES, "parameter": "eta"})
    assert (row["outcome"], row["coverage"]) == ("holds", "1 of 3 data sets: A")
    # Words have no decades and no threshold.
    assert outcome(evidence(settings=rows), **{**RISES, "parameter": "mode"}) == "not run"


def test_a_claim_about_a_figure_names_its_data_sets() -> None:
    with pytest.raises(RelampError, match="lamp_fig4: is no published table; name the data sets of the claim"):
        check(evidence(settings=swept(FALLING)), **{**FALLS, "table": None})
    assert outcome(evidence(settings=swept(FALLING)), **{**FALLS, "table": None}, datasets=["A"]) == "holds"


def test_the_shipped_claims_are_read_and_put_to_the_test() -> None:
    claims = [claim for claim in load_claims(ROOT / "published" / "claims.yaml") if claim.measured]
    published = pd.DataFrame({"artifact": list(JUDGED_BY), "method": "m", "dataset": "A"})
    checked = check_claims(claims, replace(evidence(), published=published))
    assert checked["id"].tolist() == [claim.id for claim in claims]
    assert set(checked["outcome"]) == {"not run"}
    assert check_claims([], evidence()).columns.tolist() == list(COLUMNS)


GOOD: dict[str, Any] = {
    **{"id": "x", "paper": "lamp", "where": "Table 1", "quote": "it is so"},
    "measured": {"kind": "beats", "artifact": "lamp_table3", "method": "new", "over": "old", "leave_out": ["B"]},
}
PRINTED = {"kind": "sum", "artifact": "t", "parts": ["1"], "total": "1"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quote": ""}, "the claim x: quote: "),
        ({"where": None}, "the claim x: where: "),
        ({"id": ""}, "the claim it is so: .*`measured` formula, and then an `id`"),
        ({"measured": None}, "the claim x: .*`measured` formula"),
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
    path.write_text(yaml.safe_dump([GOOD, {**GOOD, "printed": PRINTED}]), encoding="utf-8")
    assert [bool(claim.printed) for claim in load_claims(path)] == [False, True]
    path.write_text("a: 1", encoding="utf-8")
    with pytest.raises(RelampError, match=r"claims\.yaml: is not a list of claims"):
        load_claims(path)
    with pytest.raises(RelampError, match="is not there"):
        load_claims(tmp_path / "absent.yaml")
