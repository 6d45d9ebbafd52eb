from collections import defaultdict
from collections.abc import Iterable
from io import StringIO
from itertools import product
from statistics import mean
from time import perf_counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.errors import RelampError
from relamp.judge.protocols import (
    LEAKAGE,
    SCORES,
    all_scores,
    count_candidates,
    finetune_scores,
    leakage_gaps,
    svm_scores,
)
from relamp.judge.rows import FINETUNE_ROWS, SVM_ROWS
from relamp.judge.summary import finetune_cells, svm_cells
from relamp.settings.judging import PROTOCOLS

FIXED = {"gamma": 0.2, "alpha": 1.0}
NONE = float("nan")


def svm_rows(cells: Iterable[tuple[tuple[float, float, float], int, int, dict[float, tuple[float, float]]]]) -> list:
    """Rows of one method from (gamma, alpha, epoch), seed, fold and the inner and test accuracy at each C."""
    rows = []
    for (gamma, alpha, epoch), seed, fold, grid in cells:
        best = max(grid, key=lambda c: grid[c][0])
        for c, pair in grid.items():
            for metric, value in zip(("inner_accuracy", "test_accuracy"), pair, strict=True):
                rows.append(("m", "MUTAG", gamma, alpha, seed, epoch, fold, c, c == best, metric, value))
    return rows


def frame(rows: list) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=SVM_ROWS)


# Two folds, one seed. Inner accuracy likes another candidate in each fold; the best mean on the test is (0.5, 1, 10).
HAND = svm_rows(
    [
        ((0.2, 1.0, 10.0), 0, 0, {1.0: (0.70, 0.60), 9.0: (0.60, 0.99)}),
        ((0.2, 1.0, 10.0), 0, 1, {1.0: (0.80, 0.50), 9.0: (0.90, 0.40)}),
        ((0.2, 1.0, 20.0), 0, 0, {1.0: (0.75, 0.55), 9.0: (0.60, 0.99)}),
        ((0.2, 1.0, 20.0), 0, 1, {1.0: (0.80, 0.65), 9.0: (0.80, 0.20)}),
        ((0.5, 1.0, 10.0), 0, 0, {1.0: (0.65, 0.80), 9.0: (0.60, 0.99)}),
        ((0.5, 1.0, 10.0), 0, 1, {1.0: (0.20, 0.10), 9.0: (0.30, 0.70)}),
        ((0.5, 1.0, 20.0), 0, 0, {1.0: (0.60, 0.99), 9.0: (0.85, 0.45)}),
        ((0.5, 1.0, 20.0), 0, 1, {1.0: (0.70, 0.30), 9.0: (0.60, 0.99)}),
    ]
)
CHOICE = ["gamma", "alpha", "epoch", "C", "value"]


@pytest.mark.parametrize(
    ("protocol", "chosen"),
    [
        ("fixed", [[0.2, 1, 20, 1, 0.55], [0.2, 1, 20, 1, 0.65]]),
        ("nested", [[0.5, 1, 20, 9, 0.45], [0.2, 1, 10, 9, 0.40]]),
        ("oracle", [[0.5, 1, 10, 1, 0.80], [0.5, 1, 10, 9, 0.70]]),
    ],
)
def test_svm_scores_by_hand(protocol: str, chosen: list[list[float]]) -> None:
    scores = svm_scores(frame(HAND), protocol, FIXED)  # type: ignore[arg-type]
    assert scores.columns.tolist() == SCORES
    assert scores[CHOICE].to_numpy().tolist() == chosen
    assert scores["fold"].tolist() == [0, 1]
    assert set(scores["protocol"]) == {protocol}


def test_leakage_gap_by_hand() -> None:
    rows = frame(HAND)
    gaps = leakage_gaps(all_scores(rows, None, FIXED), count_candidates(rows, None))
    assert gaps.columns.tolist() == LEAKAGE
    (gap,) = gaps.to_dict("records")
    assert gap == {
        **{"method": "m", "dataset": "MUTAG", "seeds": 1, "folds": 2, "candidates": 4},
        **{"fixed": pytest.approx(60.0), "nested": pytest.approx(42.5), "oracle": pytest.approx(75.0)},
        "gap": pytest.approx(32.5),
    }


def test_equals_are_told_apart_by_the_stated_order() -> None:
    def chosen(*candidates: tuple[float, float, float]) -> list[float]:
        grid = {1.0: (0.5, 0.5), 9.0: (0.4, 0.9)}
        rows = frame(svm_rows([(candidate, 0, 0, grid) for candidate in candidates]))
        picks = [svm_scores(rows, protocol, FIXED)[["gamma", "alpha", "epoch"]] for protocol in ("nested", "oracle")]
        pd.testing.assert_frame_equal(*picks)
        return picks[0].iloc[0].tolist()

    own = (0.2, 1.0, 20.0)
    assert chosen((0.1, 1.0, 0.0), own) == [0.2, 1, 20]
    assert chosen((0.1, 1.0, 0.0), own, (0.2, 1.0, 10.0)) == [0.2, 1, 10]
    # A third of 0.1 + 0.2 + 0.3 in another order differs in its last bit, which is no reason to prefer it.
    better = svm_rows([((0.1, 1.0, 0.0), 0, 0, {1.0: (np.nextafter(0.5, 1), 0.9)}), (own, 0, 0, {1.0: (0.5, 0.1)})])
    assert svm_scores(frame(better), "nested", FIXED)["gamma"].item() == 0.2
    # Beaten, the fixed setting does not count; then come epoch, C, gamma and alpha.
    others = [(0.9, 1.0, 10.0), (0.2, 9.0, 10.0), (0.2, 5.0, 10.0), (0.2, 5.0, 20.0)]
    low = svm_rows([(own, 0, 0, {1.0: (0.1, 0.1)})])
    rest = svm_rows([(candidate, 0, 0, {1.0: (0.5, 0.5)}) for candidate in others])
    small = svm_rows([((0.95, 1.0, 10.0), 0, 0, {0.1: (0.5, 0.5)})])
    assert svm_scores(frame(low + rest), "nested", FIXED)[CHOICE[:3]].iloc[0].tolist() == [0.2, 5, 10]
    assert svm_scores(frame(low + rest + small), "nested", FIXED)[CHOICE[:4]].iloc[0].tolist() == [0.95, 1, 10, 0.1]


@pytest.mark.parametrize("epoch", [NONE, 0.0])
def test_what_is_never_trained_has_the_same_scores_in_all_protocols(epoch: float) -> None:
    grid = {1.0: (0.5, 0.4), 0.1: (0.5, 0.9)}
    rows = frame(svm_rows([((NONE, NONE, epoch), seed, fold, grid) for seed, fold in product(range(2), range(3))]))
    by_protocol = [svm_scores(rows, protocol, FIXED).drop(columns="protocol") for protocol in PROTOCOLS]
    # The C is the stored choice: the first of the grid among equals.
    assert (by_protocol[0]["C"] == 1.0).all()
    assert len(by_protocol[0]) == 6
    for other in by_protocol[1:]:
        pd.testing.assert_frame_equal(other, by_protocol[0])
    back = pd.read_csv(StringIO(rows.to_csv(index=False)))
    pd.testing.assert_frame_equal(svm_scores(back, "oracle", FIXED).drop(columns="protocol"), by_protocol[0])


def slow_svm(rows: list, protocol: str) -> dict[tuple[int, int], float]:
    """The protocols in plain loops over every C, for one method whose inner accuracies have no ties."""
    inner: dict = defaultdict(dict)
    test: dict = {}
    for _, _, gamma, alpha, seed, epoch, fold, c, _, metric, value in rows:
        key = (gamma, alpha, epoch, c)
        if metric == "inner_accuracy":
            inner[seed, fold][key] = value
        else:
            test[seed, fold, key] = value
    result = {}
    candidates = {key[:3] for grid in inner.values() for key in grid}

    def at(candidate: tuple, run: tuple[int, int]) -> float:
        own = {key: value for key, value in inner[run].items() if key[:3] == candidate}
        return test[*run, max(own, key=lambda key: own[key])]

    for run, grid in inner.items():
        if protocol == "nested":
            result[run] = test[*run, max(grid, key=lambda key: grid[key])]
        elif protocol == "fixed":
            result[run] = at((0.2, 1.0, max(c[2] for c in candidates if c[:2] == (0.2, 1.0))), run)
        else:
            best = max(candidates, key=lambda candidate: mean(at(candidate, other) for other in inner))
            result[run] = at(best, run)
    return result


@st.composite
def random_rows(draw: st.DrawFn) -> list:
    """Complete rows with inner accuracies that all differ: every protocol has one answer."""
    chosen = draw(st.lists(st.sampled_from([(0.5, 1.0), (0.2, 3.0), (0.9, 1.0)]), unique=True))
    epochs, seeds, folds = (
        draw(st.sampled_from([(20.0,), (0.0, 20.0)])),
        draw(st.integers(1, 2)),
        draw(st.integers(1, 3)),
    )
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    keys = [
        ((*setting, epoch), seed, fold)
        for setting, epoch, seed, fold in product([(0.2, 1.0), *chosen], epochs, range(seeds), range(folds))
    ]
    inner, test = rng.permutation(3 * len(keys)) / (3 * len(keys)), rng.random(3 * len(keys))
    pairs = np.stack([inner, test], axis=1).reshape(len(keys), 3, 2).tolist()
    grids = [dict(zip((0.1, 1.0, 10.0), map(tuple, three), strict=True)) for three in pairs]
    return svm_rows([(*key, grid) for key, grid in zip(keys, grids, strict=True)])


@settings(max_examples=12, deadline=None)
@given(random_rows(), st.integers(0, 10**6))
def test_svm_scores_against_plain_loops_in_any_order(rows: list, seed: int) -> None:
    for protocol in PROTOCOLS:
        scores = svm_scores(frame(rows), protocol, FIXED)  # type: ignore[arg-type]
        values = dict(zip(zip(scores["seed"], scores["fold"], strict=True), scores["value"], strict=True))
        assert values == slow_svm(rows, protocol)
        shuffled = frame(rows).sample(frac=1, random_state=seed)
        again = svm_scores(shuffled, protocol, FIXED)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(again, scores, check_exact=True)


@settings(max_examples=12, deadline=None)
@given(random_rows())
def test_the_oracle_is_never_below_the_fixed_setting(rows: list) -> None:
    scores = all_scores(frame(rows), None, FIXED)
    gaps = leakage_gaps(scores, count_candidates(frame(rows), None))
    assert (gaps["oracle"] >= gaps["fixed"] - 1e-9).all()
    if (gaps["candidates"] == 1).all():
        assert gaps["gap"].item() == 0
        assert gaps["fixed"].item() == gaps["nested"].item()


@settings(max_examples=12, deadline=None)
@given(random_rows(), st.integers(0, 10**6))
def test_the_nested_choice_looks_at_no_test_score(rows: list, seed: int) -> None:
    before = frame(rows)
    chosen = svm_scores(before, "nested", FIXED)
    tests = before["metric"] == "test_accuracy"
    noise = np.random.default_rng(seed).random(len(before))
    key = ["seed", "fold", "gamma", "alpha", "epoch", "C"]
    marked = before.merge(chosen[key], on=key, how="left", indicator=True)["_merge"].eq("both").to_numpy()
    others = before.assign(value=np.where(tests & ~marked, noise, before["value"]))
    pd.testing.assert_frame_equal(svm_scores(others, "nested", FIXED), chosen, check_exact=True)
    everything = before.assign(value=np.where(tests, noise, before["value"]))
    columns = [name for name in SCORES if name != "value"]
    pd.testing.assert_frame_equal(svm_scores(everything, "nested", FIXED)[columns], chosen[columns])


def changed(rows: list, keep: object = None, **values: object) -> pd.DataFrame:
    whole = frame(rows)
    return whole.query(str(keep)) if keep else whole.assign(**values)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (changed(HAND + HAND), "twice"),
        (changed(HAND, "not (gamma == 0.5 and epoch == 10 and fold == 1)"), r"gamma 0.5.*epoch 10.*fold 1.*not run"),
        (changed(HAND, "gamma == 0.5"), "nothing was run at the fixed setting"),
        (changed(HAND, "metric == 'test_accuracy'"), "no inner accuracy"),
        (changed(HAND, "metric == 'inner_accuracy'"), "no test accuracy"),
        (changed(HAND, "not selected"), "no test accuracy at the selected C"),
        (changed(HAND, "selected == (metric == 'test_accuracy') or epoch == 10"), "no inner accuracy"),
        (changed(HAND, selected=[not row[8] for row in HAND]), "another C has a better inner accuracy"),
        (changed(HAND, selected=[row[8] == (row[9] == "inner_accuracy") for row in HAND]), "different C"),
        (changed(HAND, value=80.0), "not a fraction"),
        (frame(HAND).drop(columns="C"), r"\['C'\] are missing"),
        (changed(HAND, "seed == 7"), "there are none"),
        (pd.concat([frame(HAND), frame(svm_rows([((0.2, NONE, 20.0), 0, f, {1.0: (0.5, 0.5)}) for f in (0, 1)]))]),
         "several settings"),
    ],
)  # fmt: skip
def test_svm_rows_that_would_mislead_are_refused(rows: pd.DataFrame, complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        svm_scores(rows, "nested", FIXED)


def tuned(epoch: int, valid: list, test: list, seed: int = 0, gamma: float = 0.2) -> list:
    rows = []
    for split, values in (("valid", valid), ("test", test)):
        rows += [("m", "ClinTox", gamma, 1.0, seed, epoch, split, t, "roc_auc", v) for t, v in enumerate(values)]
    return rows


TUNED = [
    *tuned(1, [0.6, 0.6, None], [0.9, None, 0.7]),
    *tuned(2, [0.9, 0.7, None], [0.6, None, 0.4]),
    *tuned(3, [0.8, 0.6, None], [0.5, None, 0.7]),
    *tuned(1, [0.9, 0.9, None], [0.2, None, 0.4], seed=1),
    *tuned(2, [0.9, 0.9, None], [0.6, None, 0.8], seed=1),
    *tuned(3, [0.8, 0.6, None], [0.3, None, 0.5], seed=1),
]


@pytest.mark.parametrize(
    ("protocol", "epochs", "values"),
    # Seed 1 validates alike at epochs 1 and 2: the first counts.
    [("fixed", [3, 3], [0.6, 0.4]), ("nested", [2, 1], [0.5, 0.3]), ("oracle", [1, 2], [0.8, 0.7])],
)
def test_finetune_scores_by_hand(protocol: str, epochs: list[int], values: list[float]) -> None:
    rows = pd.DataFrame(TUNED, columns=FINETUNE_ROWS)
    scores = finetune_scores(rows, protocol, FIXED)  # type: ignore[arg-type]
    assert scores.columns.tolist() == SCORES
    assert scores["epoch"].tolist() == epochs
    assert scores["value"].tolist() == pytest.approx(values)
    assert scores[["fold", "C"]].isna().all(axis=None)
    shuffled = rows.sample(frac=1, random_state=3)
    again = finetune_scores(shuffled, protocol, FIXED)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(again, scores, check_exact=True)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 4), st.integers(1, 3))
def test_finetune_scores_against_plain_loops(number: int, seeds: int, epochs: int, tasks: int) -> None:
    rng = np.random.default_rng(number)
    table = rng.random((seeds, epochs, 2, tasks))
    rows = [
        row for seed in range(seeds) for epoch in range(epochs)
        for row in tuned(epoch, table[seed, epoch, 0].tolist(), table[seed, epoch, 1].tolist(), seed)
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=FINETUNE_ROWS)
    for protocol in PROTOCOLS:
        values = []
        for seed in range(seeds):
            valid = [mean(table[seed, e, 0].tolist()) for e in range(epochs)]
            test = [mean(table[seed, e, 1].tolist()) for e in range(epochs)]
            values.append({"fixed": test[-1], "nested": test[valid.index(max(valid))], "oracle": max(test)}[protocol])
        scores = finetune_scores(found, protocol, FIXED)  # type: ignore[arg-type]
        assert scores["value"].tolist() == pytest.approx(values)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (TUNED * 2, "twice"),
        ([row for row in TUNED if (row[4], row[5]) != (1, 3)], r"seed 1, epoch 3.*not run"),
        ([row for row in TUNED if (row[4], row[5], row[6]) != (1, 2, "valid")], r"seed 1, epoch 2.*no valid ROC-AUC"),
        ([row for row in TUNED if row[4:8] != (0, 2, "test", 2)], r"seed 0, epoch 2.*fewer tasks"),
        ([(*row[:8], "accuracy", row[9]) for row in TUNED], "none of them is a ROC-AUC"),
        ([(*row[:2], 0.5, *row[3:]) for row in TUNED], "nothing was run at the fixed setting"),
    ],
)
def test_finetune_rows_that_would_mislead_are_refused(rows: list, complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        finetune_scores(pd.DataFrame(rows, columns=FINETUNE_ROWS), "nested", FIXED)


def test_tables_and_scores_agree() -> None:
    rows, tuned_rows = frame(HAND), pd.DataFrame(TUNED, columns=FINETUNE_ROWS)
    cells = svm_cells(rows).set_index("gamma")["mean"]
    assert cells[0.2] == pytest.approx(100 * svm_scores(rows, "fixed", FIXED)["value"].mean())
    for selection, protocol in (("last", "fixed"), ("valid", "nested")):
        cell = finetune_cells(tuned_rows, selection)["mean"].item()  # type: ignore[arg-type]
        assert cell == pytest.approx(100 * finetune_scores(tuned_rows, protocol, FIXED)["value"].mean())  # type: ignore[arg-type]


def test_both_kinds_in_one_frame() -> None:
    rows, tuned_rows = frame(HAND), pd.DataFrame(TUNED, columns=FINETUNE_ROWS)
    scores = all_scores(rows, tuned_rows, FIXED)
    counts = count_candidates(rows, tuned_rows)
    assert counts.to_numpy().tolist() == [["m", "ClinTox", 3], ["m", "MUTAG", 4]]
    gaps = leakage_gaps(pd.read_csv(StringIO(scores.to_csv(index=False))), counts)
    assert gaps["folds"].tolist() == [0, 2]
    assert gaps["gap"].tolist() == pytest.approx([35.0, 32.5])
    pd.testing.assert_frame_equal(leakage_gaps(scores.sample(frac=1, random_state=0), counts[::-1]), gaps)
    with pytest.raises(RelampError, match="ClinTox: there is no count of candidates"):
        leakage_gaps(scores, counts[1:])
    with pytest.raises(RelampError, match=r"\['value'\]"):
        leakage_gaps(scores.drop(columns="value"), counts)
    with pytest.raises(RelampError, match=r"seed 0, fold 1.0: there is no score of the protocol 'nested'"):
        leakage_gaps(scores.query("not (protocol == 'nested' and fold == 1)"), counts)
    with pytest.raises(RelampError, match="twice"):
        leakage_gaps(pd.concat([scores, scores]), counts)
    for empty in (all_scores, count_candidates):
        with pytest.raises(RelampError, match="no rows"):
            empty(*[None, None, FIXED][: 3 if empty is all_scores else 2])


def test_half_a_million_rows_take_seconds() -> None:
    rng = np.random.default_rng(0)
    axes = [range(30), (0.0, 10.0, 20.0), range(10), range(10), range(28), range(2)]
    index = pd.MultiIndex.from_product(axes, names=["gamma", "epoch", "seed", "fold", "C", "metric"])
    rows = index.to_frame(index=False).assign(method="m", dataset="d", alpha=1.0, value=rng.random(len(index)))
    rows["metric"] = rows["metric"].map({0: "inner_accuracy", 1: "test_accuracy"})
    rows["gamma"] = (rows["gamma"] + 1) / 100
    inner = rows["value"].where(rows["metric"] == "inner_accuracy")
    run = ["gamma", "epoch", "seed", "fold"]
    best = rows.loc[inner.groupby([rows[name] for name in run]).idxmax(), [*run, "C"]].assign(selected=True)
    rows = rows.merge(best, on=[*run, "C"], how="left")
    rows["selected"] = rows["selected"].notna()
    start = perf_counter()
    scores = all_scores(rows, None, {"gamma": 0.2, "alpha": 1.0})
    # It takes one or two; ten, so that a busy machine does not fail it.
    assert perf_counter() - start < 10
    assert len(rows) == 504_000
    assert len(scores) == 3 * 100
