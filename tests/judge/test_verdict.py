import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from judged_by import JUDGED_BY
from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.verdict import COLUMNS, judge_cells, refuse, verdict
from relamp.settings.judging import Judging

NAN = math.nan
JUDGING = Judging()
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
    return pd.DataFrame([cell], columns=names)


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


def half_width(table: Table, seeds: int) -> float:
    """Half the interval, written out anew: the spread of the given runs, at another number of seeds."""
    values, folds = np.array(table), len(table[0])
    count = seeds * folds
    variance = sum((value - values.mean()) ** 2 for value in values.ravel()) / (values.size - 1)
    shared = 1 / (folds - 1) if folds > 1 else 0
    return float(stats.t.ppf(0.975, count - 1) * math.sqrt(variance * (1 / count + shared)))


# By eighths of a point, which are exact, so that no border is met by rounding alone.
POINTS = st.integers(60 * 8, 90 * 8).map(lambda eighths: eighths / 8)


@st.composite
def tables(draw: st.DrawFn, least_seeds: int = 1) -> list[list[float]]:
    seeds, folds = draw(st.integers(least_seeds, 5)), draw(st.sampled_from([1, 2, 5]))
    centre = draw(POINTS)
    spread = draw(st.sampled_from([0.125, 1.0, 6.0]))
    steps = st.integers(-8, 8).map(lambda step: centre + spread * step / 8)
    return [[draw(steps) for _ in range(folds)] for _ in range(seeds)]


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


@given(low=POINTS, width=POINTS, published=POINTS)
def test_verdict_is_the_same_in_a_mirror(low: float, width: float, published: float) -> None:
    high = low + (width - 60) / 4
    mirrored = {"better": "worse", "worse": "better"}
    word = verdict(low, high, published, 2.0)
    assert verdict(-high, -low, -published, 2.0) == mirrored.get(word, word)


def test_a_cell_by_hand() -> None:
    # Mean 81; squared deviations 9 + 1 + 1 + 9 + 4 + 4 = 28, so s² = 5.6; 2 folds: 1/6 + 1/1; t(0.975, 5) = 2.570582.
    cell = judged(printed(80), runs([[78, 82], [80, 84], [79, 83]]))
    assert cell["mean"] == pytest.approx(81)
    assert cell["low"] == pytest.approx(81 - 6.570507, abs=1e-5)
    assert cell["high"] == pytest.approx(81 + 6.570507, abs=1e-5)
    assert (cell["seeds"], cell["folds"], cell["margin"], cell["protocol"]) == (3, 2, 2.0, "fixed")
    assert cell["std_folds"] == pytest.approx(math.sqrt(8))
    assert cell["verdict"] == "inconclusive"
    # Means 80, 82 and 81 over the seeds: std 1; t(0.975, 2) = 4.302653, over the root of 3.
    assert cell["std_seeds"] == pytest.approx(1)
    assert cell["low_seeds"] == pytest.approx(81 - 2.484138, abs=1e-5)
    assert cell["high_seeds"] == pytest.approx(81 + 2.484138, abs=1e-5)
    assert cell["verdict_seeds"] == "inconclusive"
    assert list(cell) == list(COLUMNS)


@pytest.mark.parametrize(
    ("published", "word"), [(81, "inconclusive"), (76.4, "better"), (85.6, "worse"), (76.6, "inconclusive")]
)
def test_verdict_over_seeds_by_hand(published: float, word: str) -> None:
    # 78.5159 to 83.4841 over seeds: wholly beyond 76.4 + 2 and 85.6 - 2; the interval that counts is wider.
    cell = judged(printed(published), runs([[78, 82], [80, 84], [79, 83]]))
    assert (cell["verdict_seeds"], cell["verdict"]) == (word, "inconclusive")


@pytest.mark.parametrize(
    ("table", "words", "note"),
    [
        ([[76, 84], [76, 84]], ("inconclusive", "reproduced"), None),  # seeds that agree
        ([[80.0, 80.0, 80.0]], ("reproduced", "inconclusive"), None),  # one seed has folds, but no interval over seeds
        ([[80.0]], ("inconclusive", "inconclusive"), "a single run has no interval"),
    ],
)
def test_few_seeds_and_folds(table: Table, words: tuple[str, str], note: str | None) -> None:
    cell = judged(printed(80), runs(table))
    assert (cell["verdict"], cell["verdict_seeds"]) == words
    assert note in (None, cell["note"])


@pytest.mark.parametrize(
    ("published", "word"), [(80, "reproduced"), (81.5, "reproduced"), (77, "better"), (83, "worse"), (78, "reproduced")]
)
def test_verdicts_without_spread(published: float, word: str) -> None:
    cell = judged(printed(published), runs([[80.0], [80.0]]))
    assert (cell["verdict"], cell["verdict_seeds"], cell["note"]) == (word, word, "")
    assert pd.isna(cell["further_seeds"])


def test_further_seeds_by_hand() -> None:
    # Std 1.5 and mean 70.5 want a half-width of 1.5 at most, so t / sqrt(n) <= 1: not at 6 (1.049), but at 7 (0.925).
    cell = judged(
        printed(70, "none", "BBBP", "roc_auc", "lamp_table2"),
        runs([[69], [70.5], [72]], "none", "BBBP", metric="roc_auc"),
        ["none"],
    )
    assert (cell["verdict"], cell["further_seeds"], cell["note"]) == ("inconclusive", 4, "")


@settings(max_examples=40, deadline=None)
@given(table=tables(), published=POINTS)
def test_further_seeds_decide_and_fewer_do_not(table: Table, published: float) -> None:
    cell = judged(printed(published), runs(table))
    mean = float(np.mean(table))

    def at(seeds: int) -> str:
        half = half_width(table, seeds)
        # A border that is met to the last bits is no matter of the rule.
        assume(min(abs(abs(mean + sign * half - published) - 2) for sign in (-1, 1)) > 1e-7)
        return verdict(mean - half, mean + half, published, 2.0)

    runs_there = np.size(table)
    if runs_there == 1:
        assert cell["verdict"] == "inconclusive"
        assert cell["note"] == "a single run has no interval"
        return
    assert at(len(table)) == cell["verdict"]
    if cell["verdict"] != "inconclusive":
        assert pd.isna(cell["further_seeds"])
    elif pd.isna(cell["further_seeds"]):
        assert at(len(table) + 1000) == "inconclusive"
        assert "only more data could" in str(cell["note"])
    else:
        more = int(str(cell["further_seeds"]))
        assert at(len(table) + more) != "inconclusive"
        assert at(len(table) + more - 1) == "inconclusive"
        assert cell["note"] == ""


def test_methods_that_relamp_cannot_run_are_left_out() -> None:
    cells = judge_cells(
        both(printed(method="dgk"), printed()), runs([[80.0], [80.0]], "dgk"), can("wl"), JUDGED_BY, JUDGING
    )
    assert cells[["method", "verdict"]].to_numpy().tolist() == [["wl", "not run"]]


@pytest.mark.parametrize("scores", [runs([[80.0], [80.0]], dataset="DD"), runs([])])
def test_cells_without_scores_are_not_run(scores: pd.DataFrame) -> None:
    cell = judged(printed(), scores)
    assert (cell["verdict"], cell["verdict_seeds"], cell["note"]) == ("not run", "not run", "")
    assert pd.isna([cell[name] for name in ("mean", "low", "high", "seeds", "folds", "further_seeds")]).all()


def test_averages_ranks_and_dashes_are_not_judged() -> None:
    published = both(*(printed(dataset=name) for name in ("A.A.", "Avg.", "A.R.")), printed(NAN, dataset="DD"))
    assert judge_cells(published, runs([[80.0], [80.0]]), can("wl"), JUDGED_BY, JUDGING).empty


@pytest.mark.parametrize("chosen", ["fixed", "nested"])
def test_scores_of_other_protocols_are_ignored(chosen: str) -> None:
    means = {"fixed": 70.0, "nested": 75.0, "oracle": 99.0}
    scores = both(*(runs([[mean], [mean]], protocol=name) for name, mean in means.items()))
    judging = Judging.model_validate({"protocol": chosen})
    (cell,) = judge_cells(printed(means[chosen]), scores, can("wl"), JUDGED_BY, judging).to_dict("records")
    assert (cell["mean"], cell["verdict"], cell["protocol"]) == (pytest.approx(means[chosen]), "reproduced", chosen)


def test_metrics_do_not_mix() -> None:
    published = both(printed(80), printed(60, metric="roc_auc"), printed(50, metric="micro_f1"))
    scores = both(runs([[80.0, 80.0], [80.0, 80.0]]), runs([[61.0], [61.0]], metric="roc_auc", evaluation="svm-rbf"))
    cells = judge_cells(published, scores, can("wl"), JUDGED_BY, JUDGING).set_index("metric")
    assert cells["verdict"].to_dict() == {"accuracy": "reproduced", "roc_auc": "reproduced", "micro_f1": "not run"}
    assert cells["mean"].to_dict() == pytest.approx({"accuracy": 80, "roc_auc": 61, "micro_f1": NAN}, nan_ok=True)


def test_cells_with_a_protocol_of_their_own_are_no_scores_of_whole_data_sets() -> None:
    published = both(printed(), printed(90, protocol="n=50"))
    cells = judge_cells(published, runs([[80.0], [80.0]]), can("wl"), JUDGED_BY, JUDGING)
    assert cells["published"].tolist() == [80, 90]
    assert cells["verdict"].tolist() == ["reproduced", "not run"]
    assert cells["protocol"].tolist() == ["fixed"] * 2
    # A table without that column has no such cells.
    plain = judge_cells(printed().drop(columns="protocol"), runs([[80.0], [80.0]]), can("wl"), JUDGED_BY, JUDGING)
    assert plain["verdict"].tolist() == ["reproduced"]


def test_one_score_serves_every_table_that_prints_the_cell() -> None:
    published = both(printed(80), printed(90, artifact="lamp_table3"))
    cells = judge_cells(published, runs([[80.0], [80.0]]), can("wl"), JUDGED_BY, JUDGING)
    assert cells[["artifact", "verdict"]].to_numpy().tolist() == [
        ["lamp_table1", "reproduced"],
        ["lamp_table3", "worse"],
    ]


def test_two_evaluations_of_one_method_and_data_set_never_mix() -> None:
    """LAMP prints an accuracy of an RBF SVM, M-Mix one of a linear SVM: each is judged by its own."""
    published = both(printed(80, "mvgrl"), printed(90, "mvgrl", artifact="mmix_table3"))
    rbf, linear = runs([[80.0], [80.0]], "mvgrl"), runs([[90.0], [90.0]], "mvgrl", evaluation="svm-linear")
    for scores in (both(rbf, linear), both(linear, rbf)):
        cells = judge_cells(published, scores, can("mvgrl"), JUDGED_BY, JUDGING).set_index("artifact")
        assert cells["evaluation"].to_dict() == {"lamp_table1": "svm-rbf", "mmix_table3": "svm-linear"}
        assert cells["mean"].to_dict() == pytest.approx({"lamp_table1": 80, "mmix_table3": 90})
        assert set(cells["verdict"]) == {"reproduced"}
    # With one of them alone, the other table's cell was not run, though its name and number are the same.
    published["value"] = 80.0
    for scores, run in ((rbf, "lamp_table1"), (linear.assign(value=0.8), "mmix_table3")):
        cells = judge_cells(published, scores, can("mvgrl"), JUDGED_BY, JUDGING)
        assert cells.loc[cells["verdict"] == "reproduced", "artifact"].tolist() == [run]
        assert cells["verdict"].tolist().count("not run") == 1


def test_what_relamp_can_run_depends_on_the_evaluation() -> None:
    published = both(
        printed(80, "graphcl", artifact="mmix_table3"), printed(80, "graphcl", "Cora", artifact="mmix_table2")
    )
    cells = judge_cells(published, runs([]), {"svm-linear": ["graphcl"], "probe": ["grace"]}, JUDGED_BY, JUDGING)
    assert cells[["artifact", "verdict"]].to_numpy().tolist() == [["mmix_table3", "not run"]]


def test_fractions_are_judged_in_per_cent() -> None:
    published = printed(0.6483, "mp-mix", "Cora", "nmi", "mmix_table5").assign(spread=0.01)
    # Two points are 0.02: 0.6283 to 0.6683.
    for value, word in ((66.8, "reproduced"), (66.9, "better"), (62.9, "reproduced"), (62.7, "worse")):
        scores = runs([[value], [value]], "mp-mix", "Cora", metric="nmi", evaluation="kmeans")
        cell = judged(published, scores, ["mp-mix"])
        assert (cell["published"], cell["spread"], cell["margin"]) == (64.83, 1.0, 2.0)
        assert (cell["mean"], cell["verdict"]) == (pytest.approx(value), word)


def test_each_size_of_graphs_is_judged_by_its_own_score() -> None:
    published = both(
        *(printed(value, "wl", "COIL-DEL", "accuracy", "mmix_table10", f"n={n}") for n, value in ((50, 0.9), (10, 0.7)))
    )
    scores = both(
        *(
            runs([[value], [value]], dataset="COIL-DEL", evaluation="edit-distance", part=f"n={n}")
            for n, value in ((50, 90.0), (10, 60.0), (15, 70.0))
        )
    )
    cells = judge_cells(published, scores, can("wl"), JUDGED_BY, JUDGING).set_index("part")
    assert cells["verdict"].to_dict() == {"n=50": "reproduced", "n=10": "worse"}
    with pytest.raises(RelampError, match="WL on COIL-DEL, n=10: worse"):
        refuse(cells.reset_index(), ["worse"])


def test_where_nothing_is_chosen_there_is_one_protocol() -> None:
    """Judged is the nested protocol, which a probe does not have: its only score counts."""
    published = both(printed(80), printed(85, "mvgrl", "Cora", artifact="mmix_table2"))
    scores = both(runs([[70.0], [70.0]]), runs([[85.0], [85.0]], "mvgrl", "Cora", evaluation="probe"))
    judging = Judging.model_validate({"protocol": "nested"})
    cells = judge_cells(published, scores, can("wl", "mvgrl"), JUDGED_BY, judging).set_index("method")
    assert cells["verdict"].to_dict() == {"wl": "not run", "mvgrl": "reproduced"}
    assert cells["protocol"].to_dict() == {"wl": "nested", "mvgrl": "fixed"}


def test_a_repeated_rival_and_the_default_scope_are_the_same_runs() -> None:
    names = {"mvgrl": 86.8, "mvgrl-reproduced": 84.1, "mo-mix-wp": 85.9}
    published = both(*(printed(v, n, "Cora", artifact="mmix_table2") for n, v in names.items()))
    scores = both(*(runs([[v], [v]], n, "Cora", evaluation="probe") for n, v in (("mvgrl", 84.0), ("mo-mix", 85.0))))
    cells = judge_cells(published, scores, can("mvgrl", "mo-mix"), JUDGED_BY, JUDGING).set_index("method")
    assert cells["verdict"].to_dict() == {"mvgrl": "worse", "mvgrl-reproduced": "reproduced", "mo-mix-wp": "reproduced"}


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(RelampError, match="other_table1: nothing says how its cells are measured"):
        judged(printed(artifact="other_table1"), runs([]))


@settings(max_examples=12, deadline=None)
@given(first=tables(), second=tables(), published=POINTS, seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(first: Table, second: Table, published: float, seed: int) -> None:
    scores = both(runs(first), runs(second, dataset="DD"), runs(second, "graphlet"))
    cells = both(printed(published), printed(published, dataset="DD"), printed(published, "graphlet"))
    expected = judge_cells(cells, scores, can("wl", "graphlet"), JUDGED_BY, JUDGING)
    shuffled = judge_cells(cells, scores.sample(frac=1, random_state=seed), can("wl", "graphlet"), JUDGED_BY, JUDGING)
    pd.testing.assert_frame_equal(shuffled, expected, check_exact=True)
    turned = judge_cells(cells.iloc[::-1], scores, can("wl", "graphlet"), JUDGED_BY, JUDGING)
    pd.testing.assert_frame_equal(turned.iloc[::-1].reset_index(drop=True), expected, check_exact=True)


@settings(max_examples=20, deadline=None)
@given(table=tables(), published=POINTS, shift=st.integers(-20, 9))
def test_shifting_published_and_scores_alike_changes_nothing(table: Table, published: float, shift: int) -> None:
    here = judged(printed(published), runs(table))
    there = judged(printed(published + shift), runs([[value + shift for value in line] for line in table]))
    bounds = [float(str(here[name])) for name in ("low", "high", "low_seeds", "high_seeds")]
    assume(all(not abs(abs(bound - published) - 2) < 1e-7 for bound in bounds))
    for name in ("verdict", "verdict_seeds", "note"):
        assert here[name] == there[name]
    for name in ("std_seeds", "std_folds"):
        assert there[name] == pytest.approx(here[name], nan_ok=True, abs=1e-9)
    assert float(str(there["mean"])) - float(str(here["mean"])) == pytest.approx(shift)


@settings(max_examples=15, deadline=None)
@given(table=tables())
def test_what_is_published_as_found_is_neither_better_nor_worse(table: Table) -> None:
    cell = judged(printed(float(np.mean(table))), runs(table))
    assert {cell["verdict"], cell["verdict_seeds"]} <= {"reproduced", "inconclusive"}


def test_counts_and_refusals() -> None:
    published = both(printed(80), printed(60, dataset="DD"), printed(70, dataset="NCI1"), printed(1, "graphlet"))
    scores = both(*(runs([[80.0], [80.0]], dataset=name) for name in ("MUTAG", "DD")), runs([[70.0]], dataset="NCI1"))
    cells = judge_cells(published, scores, can("wl", "graphlet"), JUDGED_BY, JUDGING)
    assert cells["verdict"].tolist() == ["reproduced", "better", "inconclusive", "not run"]
    refuse(cells, [])
    refuse(cells, ["worse"])
    with pytest.raises(RelampError) as caught:
        refuse(cells, ["better", "not run", "inconclusive"])
    assert str(caught.value).splitlines() == [
        "3 verdicts are better or not run or inconclusive",
        "lamp_table1: WL on DD: better (published 60.0, here 80.00, between 80.00 and 80.00)",
        "lamp_table1: WL on NCI1: inconclusive (published 70.0, here 70.00, a single run)",
        "lamp_table1: GRAPHLET on MUTAG: not run (published 1.0)",
    ]
