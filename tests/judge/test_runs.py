from collections.abc import Iterable, Sequence
from io import StringIO
from itertools import product
from statistics import mean, stdev
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.data.rows import FINETUNE_COLUMNS, RUN, SVM_COLUMNS
from relamp.errors import RelampError
from relamp.judge.intervals import cell_intervals
from relamp.judge.runs import CELLS, LEAKAGE, SCORES, all_runs, cells, judged_scores, last_epochs, leakage_gaps, scores
from relamp.settings.judging import PROTOCOLS

FIXED = {"svm-rbf": {"m": "gamma~0.2"}, "finetune": {"m": "gamma~0.2"}}
OWN, OTHER, THIRD = "gamma~0.2", "gamma~0.5", "gamma~0.9"
NONE = float("nan")
Cell = tuple[tuple[str, float], int, int, dict[float, tuple[float, float]]]


def svm_rows(given: Iterable[Cell], method: str = "m") -> list[tuple[Any, ...]]:
    """Rows of one method from (setting, epoch), seed, fold and the inner and test accuracy at each C."""
    rows = []
    for (setting, epoch), seed, fold, grid in given:
        best = max(grid, key=lambda c: grid[c][0])
        for c, pair in grid.items():
            for metric, value in zip(("inner_accuracy", "test_accuracy"), pair, strict=True):
                rows.append((method, "MUTAG", setting, seed, epoch, fold, c, c == best, metric, value))
    return rows


def frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*RUN, *SVM_COLUMNS])


def svm_scores(rows: pd.DataFrame, protocol: str = "fixed", fixed: Any = FIXED) -> pd.DataFrame:
    found = scores(all_runs({"svm-rbf": rows}), fixed)
    return found[found["protocol"] == protocol].reset_index(drop=True)


def table(rows: pd.DataFrame, evaluation: str = "svm-rbf") -> dict[str, Any]:
    """The only cell of rows."""
    (cell,) = cells(all_runs({evaluation: rows})).to_dict("records")
    return {str(name): value for name, value in cell.items()}


# Two folds, one seed. Inner accuracy likes another candidate in each fold; the best mean on the test is OTHER at 10.
HAND = svm_rows(
    [
        ((OWN, 10.0), 0, 0, {1.0: (0.70, 0.60), 9.0: (0.60, 0.99)}),
        ((OWN, 10.0), 0, 1, {1.0: (0.80, 0.50), 9.0: (0.90, 0.40)}),
        ((OWN, 20.0), 0, 0, {1.0: (0.75, 0.55), 9.0: (0.60, 0.99)}),
        ((OWN, 20.0), 0, 1, {1.0: (0.80, 0.65), 9.0: (0.80, 0.20)}),
        ((OTHER, 10.0), 0, 0, {1.0: (0.65, 0.80), 9.0: (0.60, 0.99)}),
        ((OTHER, 10.0), 0, 1, {1.0: (0.20, 0.10), 9.0: (0.30, 0.70)}),
        ((OTHER, 20.0), 0, 0, {1.0: (0.60, 0.99), 9.0: (0.85, 0.45)}),
        ((OTHER, 20.0), 0, 1, {1.0: (0.70, 0.30), 9.0: (0.60, 0.99)}),
    ]
)
CHOICE = ["setting", "epoch", "candidate", "value"]


@pytest.mark.parametrize(
    ("protocol", "chosen"),
    [
        ("fixed", [[OWN, 20, 1, 0.55], [OWN, 20, 1, 0.65]]),
        ("nested", [[OTHER, 20, 9, 0.45], [OWN, 10, 9, 0.40]]),
        ("oracle", [[OTHER, 10, 1, 0.80], [OTHER, 10, 9, 0.70]]),
        # At the fixed setting 0.60 on average at epoch 20, 0.50 at 10; at the last epoch 0.375 at the other setting.
        ("epoch-on-test", [[OWN, 20, 1, 0.55], [OWN, 20, 1, 0.65]]),
        ("setting-on-test", [[OWN, 20, 1, 0.55], [OWN, 20, 1, 0.65]]),
        ("C-on-test", [[OWN, 20, 9, 0.99], [OWN, 20, 1, 0.65]]),
        ("all-on-test", [[OTHER, 20, 1, 0.99], [OTHER, 20, 9, 0.99]]),
    ],
)
def test_scores_by_hand(protocol: str, chosen: list[list[Any]]) -> None:
    found = svm_scores(frame(HAND), protocol)
    assert found.columns.tolist() == SCORES
    assert found[CHOICE].to_numpy().tolist() == chosen
    assert found["fold"].tolist() == [0, 1]
    assert set(found["candidates"]) == {4}
    assert set(found["settings"]) == {2}
    assert judged_scores(scores(all_runs({"svm-rbf": frame(HAND)}), FIXED), protocol)["value"].tolist() == [
        line[-1] for line in chosen
    ]


# Two seeds and no folds that differ: the best epoch and setting are another one for each seed.
BY_SEED = svm_rows(
    [
        (candidate, seed, fold, {1.0: (0.5, test), 9.0: (0.4, test + 0.01 * fold)})
        for candidate, tests in {
            (OWN, 10.0): (0.60, 0.30),
            (OWN, 20.0): (0.40, 0.50),
            (OTHER, 10.0): (0.90, 0.10),
            (OTHER, 20.0): (0.70, 0.20),
        }.items()
        for seed, test in enumerate(tests)
        for fold in (0, 1)
    ]
)


@pytest.mark.parametrize(
    ("protocol", "chosen"),
    [
        ("oracle", [[OTHER, 10, 0.90], [OTHER, 10, 0.10]]),  # 0.5 on average, as no other
        ("epoch-on-test", [[OWN, 10, 0.60], [OWN, 20, 0.50]]),
        ("setting-on-test", [[OTHER, 20, 0.70], [OWN, 20, 0.50]]),
        ("C-on-test", [[OWN, 20, 0.40], [OWN, 20, 0.50]]),
        ("all-on-test", [[OTHER, 10, 0.90], [OWN, 20, 0.50]]),
    ],
)
def test_looser_rules_choose_for_each_seed(protocol: str, chosen: list[list[Any]]) -> None:
    found = svm_scores(frame(BY_SEED), protocol)
    first = found[found["fold"] == 0]
    assert first[["setting", "epoch", "value"]].to_numpy().tolist() == chosen
    # In the second fold the other C is better by a point, which two of the rules take.
    second = found.loc[found["fold"] == 1, "value"].to_numpy()
    more = 0.01 if protocol in ("C-on-test", "all-on-test") else 0.0
    assert second == pytest.approx([value + more for *_, value in chosen])


def test_leakage_gap_by_hand() -> None:
    found = scores(all_runs({"svm-rbf": frame(HAND)}), FIXED)
    gaps = leakage_gaps(pd.read_csv(StringIO(found.to_csv(index=False))))
    assert gaps.columns.tolist() == LEAKAGE
    (gap,) = gaps.to_dict("records")
    assert gap == {
        **{"method": "m", "dataset": "MUTAG", "seeds": 1, "folds": 2, "candidates": 4},
        **{"fixed": pytest.approx(60.0), "nested": pytest.approx(42.5), "oracle": pytest.approx(75.0)},
        **{"epoch-on-test": pytest.approx(60.0), "setting-on-test": pytest.approx(60.0)},
        **{"C-on-test": pytest.approx(82.0), "all-on-test": pytest.approx(99.0)},
        "gap": pytest.approx(32.5),
    }
    with pytest.raises(RelampError, match=r"seed 0, fold 1: there is no score of the protocol 'nested'"):
        leakage_gaps(found.query("not (protocol == 'nested' and fold == 1)"))
    with pytest.raises(RelampError, match="duplicate"):
        leakage_gaps(pd.concat([found, found]))


def test_equals_are_told_apart_by_the_stated_order() -> None:
    def chosen(*candidates: tuple[str, float], fixed: str = OWN) -> list[Any]:
        grid = {1.0: (0.5, 0.5), 9.0: (0.4, 0.9)}
        rows = frame(svm_rows([(candidate, 0, 0, grid) for candidate in candidates]))
        made = [svm_scores(rows, protocol, {"svm-rbf": {"m": fixed}}) for protocol in ("nested", "oracle")]
        picks = [found[["setting", "epoch"]] for found in made]
        pd.testing.assert_frame_equal(*picks)
        return list(picks[0].iloc[0])

    own = (OWN, 20.0)
    assert chosen(("gamma~0.1", 0.0), own) == [OWN, 20]
    assert chosen(("gamma~0.1", 0.0), own, (OWN, 10.0)) == [OWN, 10]
    # A third of 0.1 + 0.2 + 0.3 in another order differs in its last bit, which is no reason to prefer it.
    better = [(("gamma~0.1", 0.0), 0, 0, {1.0: (np.nextafter(0.5, 1), 0.9)}), (own, 0, 0, {1.0: (0.5, 0.1)})]
    assert svm_scores(frame(svm_rows(better)), "nested")["setting"].item() == OWN  # type: ignore[arg-type]
    # Beaten, the fixed setting does not count; then come epoch, C, and the parameters in their order, as numbers.
    names = ["eta~10_mode~a", "eta~9_mode~b", "eta~9_mode~a"]
    low = svm_rows([(("default", 20.0), 0, 0, {1.0: (0.1, 0.1)})])

    def best(*some: Cell) -> str:
        return str(svm_scores(frame(low + svm_rows(some)), "nested", {})["setting"].item())

    assert best(*(((name, 10.0), 0, 0, {1.0: (0.5, 0.5)}) for name in names)) == "eta~9_mode~a"
    assert best(((names[2], 20.0), 0, 0, {1.0: (0.5, 0.5)}), ((names[0], 10.0), 0, 0, {1.0: (0.5, 0.5)})) == names[0]
    assert best(((names[2], 10.0), 0, 0, {1.0: (0.5, 0.5)}), ((names[0], 10.0), 0, 0, {0.1: (0.5, 0.5)})) == names[0]


@pytest.mark.parametrize("epoch", [NONE, 0.0])
def test_what_is_never_trained_has_the_same_scores_but_for_c(epoch: float) -> None:
    grid = {1.0: (0.5, 0.4), 0.1: (0.5, 0.9)}
    pairs = product(range(2), range(3))
    rows = frame(svm_rows([(("default", epoch), seed, fold, grid) for seed, fold in pairs], "wl"))
    by_protocol = [svm_scores(rows, protocol).drop(columns="protocol") for protocol in PROTOCOLS[:5]]
    # The C is the stored choice: the first of the grid among equals.
    assert (by_protocol[0]["candidate"] == 1.0).all()
    assert len(by_protocol[0]) == 6
    back = pd.read_csv(StringIO(rows.to_csv(index=False)))
    for other in (*by_protocol[1:], svm_scores(back, "oracle").drop(columns="protocol")):
        pd.testing.assert_frame_equal(other, by_protocol[0])
    assert table(back)["mean"] == pytest.approx(40)
    for protocol in PROTOCOLS[5:]:
        assert svm_scores(rows, protocol)[["candidate", "value"]].to_numpy().tolist() == [[0.1, 0.9]] * 6


def test_the_epoch_before_training_is_no_candidate_of_what_was_trained() -> None:
    made = [
        (("default", epoch), 0, fold, {1.0: (value, value)})
        for epoch, value in ((0.0, 0.9), (10.0, 0.6), (20.0, 0.5))
        for fold in (0, 1)
    ]
    rows = frame(svm_rows(made))
    for protocol, epoch in (("fixed", 20), ("nested", 10), ("oracle", 10)):
        found = svm_scores(rows, protocol, {})
        assert (set(found["epoch"]), set(found["candidates"])) == ({epoch}, {2})


def slow_svm(given: list[Cell], protocol: str) -> dict[tuple[int, int], float]:
    """The protocols in plain Python, for one method whose inner accuracies have no ties."""
    # Inner and test accuracy at the C with the best inner one.
    at = {(candidate, (seed, fold)): max(grid.values()) for candidate, seed, fold, grid in given}
    candidates, runs = ({key[part] for key in at} for part in (0, 1))
    if any(epoch for _, epoch in candidates):
        # To choose the epoch before any training is not to train.
        candidates = {(setting, epoch) for setting, epoch in candidates if epoch}
    last = (OWN, max(epoch for setting, epoch in candidates if setting == OWN))
    best = max(candidates, key=lambda candidate: mean(at[candidate, run][1] for run in runs))
    if protocol in ("fixed", "nested", "oracle"):
        allowed = {"fixed": {last}, "nested": candidates, "oracle": {best}}[protocol]
        return {run: max(at[candidate, run] for candidate in allowed)[1] for run in runs}
    of_test = {
        (candidate, (seed, fold)): max(pair[1] for pair in grid.values()) for candidate, seed, fold, grid in given
    }
    by_inner = {key: pair[1] for key, pair in at.items()}
    score, allowed = {
        "epoch-on-test": (by_inner, {each for each in candidates if each[0] == OWN}),
        "setting-on-test": (by_inner, {each for each in candidates if each[1] == last[1]}),
        "C-on-test": (of_test, {last}),
        "all-on-test": (of_test, candidates),
    }[protocol]
    found = {}
    for seed in {seed for seed, _ in runs}:
        folds = [run for run in runs if run[0] == seed]
        winner = max(allowed, key=lambda candidate: mean(score[candidate, run] for run in folds))
        found |= {run: score[winner, run] for run in folds}
    return found


def drawn(
    names: Sequence[str], epochs: Sequence[float], seeds: int, folds: int, candidates: int, number: int
) -> list[Cell]:
    """All runs, with inner accuracies that all differ: every protocol has one answer."""
    keys = list(product(product(names, epochs), range(seeds), range(folds)))
    pairs = np.random.default_rng(number).random((len(keys), candidates, 2)).tolist()
    return [(*key, dict(enumerate(map(tuple, of)))) for key, of in zip(keys, pairs, strict=True)]


NAMES = st.lists(st.sampled_from([OTHER, THIRD]), unique=True).map(lambda names: [OWN, *names])
EPOCHS = st.sampled_from([(20.0,), (0.0, 20.0), (0.0, 10.0, 20.0)])
ROWS = st.builds(drawn, NAMES, EPOCHS, st.integers(1, 2), st.integers(1, 3), st.just(3), st.integers(0, 10**6))


@settings(max_examples=12, deadline=None)
@given(ROWS, st.integers(0, 10**6))
def test_scores_against_plain_python_in_any_order(made: list[Cell], seed: int) -> None:
    rows = frame(svm_rows(made))
    found, shuffled = (
        scores(all_runs({"svm-rbf": of}), FIXED) for of in (rows, rows.sample(frac=1, random_state=seed))
    )
    pd.testing.assert_frame_equal(shuffled, found, check_exact=True)
    for protocol in PROTOCOLS:
        mine = found[found["protocol"] == protocol]
        values = dict(zip(zip(mine["seed"], mine["fold"], strict=True), mine["value"], strict=True))
        assert values == slow_svm(made, protocol)
    gaps = leakage_gaps(found)
    assert (gaps["oracle"] >= gaps["fixed"] - 1e-9).all()
    if (gaps["candidates"] == 1).all():
        assert gaps["gap"].item() == 0


@settings(max_examples=12, deadline=None)
@given(ROWS, st.integers(0, 10**6))
def test_the_nested_choice_looks_at_no_test_score(made: list[Cell], seed: int) -> None:
    before = frame(svm_rows(made))
    chosen = svm_scores(before, "nested")
    noise = np.random.default_rng(seed).random(len(before))
    everything = before.assign(value=np.where(before["metric"] == "test_accuracy", noise, before["value"]))
    columns = [name for name in SCORES if name != "value"]
    pd.testing.assert_frame_equal(svm_scores(everything, "nested")[columns], chosen[columns])


def changed(keep: str = "", **values: object) -> pd.DataFrame:
    return frame(HAND).query(keep) if keep else frame(HAND).assign(**values)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (frame(HAND + HAND), "duplicate"),
        (changed(f"not (setting == '{OTHER}' and epoch == 10 and fold == 1)"), r"gamma~0.5.*epoch 10.*fold 1.*not run"),
        (changed(f"setting == '{OTHER}'"), "nothing was run at the fixed setting"),
        (changed("metric == 'test_accuracy'"), "no inner accuracy"),
        (changed("metric == 'inner_accuracy'"), "no test accuracy"),
        (changed("not selected"), "no test accuracy at the selected candidate"),
        (changed("selected == (metric == 'test_accuracy') or epoch == 10"), "no inner accuracy"),
        (changed(selected=[not row[7] for row in HAND]), "another one has a better inner accuracy"),
        (changed(selected=[row[7] == (row[8] == "inner_accuracy") for row in HAND]), "different candidates"),
        (changed(selected="perhaps"), "perhaps"),
        (changed(value=80.0), "not a fraction"),
        (frame(HAND).drop(columns="candidate"), r"\['candidate'\] are missing"),
    ],
)
def test_svm_rows_that_would_mislead_are_refused(rows: pd.DataFrame, complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        svm_scores(rows)


def test_nothing_has_no_scores_and_unknown_evaluations_are_refused() -> None:
    nothing = scores(all_runs({}), {})
    assert (len(nothing), list(nothing)) == (0, SCORES)
    with pytest.raises(RelampError, match="no evaluation 'pictures'; known: svm-rbf, svm-linear"):
        all_runs({"pictures": frame(HAND)})


def test_cells_by_hand() -> None:
    early = [((OWN, 10.0), seed, fold, {1.0: (0.5, 0.1)}) for seed in (0, 1) for fold in (0, 1)]
    # Seed 0: mean 0.8, std 0.1 sqrt 2; seed 1: mean 0.6, std 0.3 sqrt 2.
    values = {(0, 0): 0.7, (0, 1): 0.9, (1, 0): 0.3, (1, 1): 0.9}
    late = [((OWN, 20.0), *run, {1.0: (0.9, value), 9.0: (0.2, 0.01)}) for run, value in values.items()]
    rows = frame(svm_rows([*early, *late]))
    made = cells(all_runs({"svm-linear": rows}))
    assert made.columns.tolist() == CELLS
    cell = table(rows, "svm-linear")
    named = ("method", "dataset", "setting", "evaluation", "metric", "part", "epoch", "seeds", "folds")
    assert [cell[name] for name in named] == ["m", "MUTAG", OWN, "svm-linear", "accuracy", "", 20, 2, 2]
    assert cell["mean"] == pytest.approx(70.0)
    assert (cell["std_seeds"], cell["std_folds"]) == (pytest.approx(10 * 2**0.5), pytest.approx(20 * 2**0.5))
    assert cell["spread_meaning"] == "standard deviation over 2 seeds of the 2-fold mean"
    # Every setting has a cell, and a run at its last epoch.
    more = pd.concat([rows, frame(svm_rows([((OTHER, 10.0), *run, {1.0: (0.5, 0.4)}) for run in values]))])
    assert cells(all_runs({"svm-rbf": more}))[["setting", "epoch"]].to_numpy().tolist() == [[OWN, 20], [OTHER, 10]]
    assert len(last_epochs(all_runs({"svm-rbf": more}))) == 8


def test_one_seed_or_one_fold_has_no_spread() -> None:
    cell = table(frame(svm_rows([((OWN, 20.0), 0, 0, {1.0: (0.5, 0.5)})])))
    assert cell["mean"] == pytest.approx(50.0)
    assert np.isnan([cell["std_seeds"], cell["std_folds"]]).all()
    assert cell["spread_meaning"] == ""


def test_cells_of_uneven_seeds_are_refused() -> None:
    grid = {1.0: (0.5, 0.5)}
    with pytest.raises(RelampError, match=r"seed 1: there is nothing of the last epoch"):
        table(frame(svm_rows([((OWN, 20.0), 0, 0, grid), ((OWN, 10.0), 1, 0, grid)])))
    with pytest.raises(RelampError, match=r"seed 1, epoch 20.0: has fewer folds"):
        table(frame(svm_rows([((OWN, 20.0), seed, fold, grid) for seed, fold in ((0, 0), (0, 1), (1, 0))])))


def test_cells_against_numpy_in_any_order_and_company() -> None:
    rows = frame(svm_rows(drawn([OWN, OTHER], (20.0,), 3, 10, 1, 0)))
    made = cells(all_runs({"svm-rbf": rows}))
    values = 100 * rows.loc[rows["metric"] == "test_accuracy", "value"].to_numpy().reshape(2, 3, 10)
    assert made["mean"].tolist() == pytest.approx(values.mean(axis=(1, 2)).tolist())
    assert made["std_seeds"].tolist() == pytest.approx(values.mean(axis=2).std(axis=1, ddof=1).tolist())
    assert made["std_folds"].tolist() == pytest.approx(values.std(axis=2, ddof=1).mean(axis=1).tolist())
    for seed in range(5):
        shuffled = cells(all_runs({"svm-rbf": rows.sample(frac=1, random_state=seed)}))
        pd.testing.assert_frame_equal(shuffled, made, check_exact=True)
    alone = cells(all_runs({"svm-rbf": rows[rows["setting"] == OTHER]}))
    pd.testing.assert_frame_equal(made[made["setting"] == OTHER].reset_index(drop=True), alone, check_exact=True)


def tuned(epoch: int, valid: list[Any], test: list[Any], seed: int = 0) -> list[tuple[Any, ...]]:
    return [
        ("m", "ClinTox", OWN, seed, epoch, split, task, "roc_auc", value)
        for split, values in (("valid", valid), ("test", test))
        for task, value in enumerate(values)
    ]


TUNED = [
    *tuned(1, [0.6, 0.6, None], [0.9, None, 0.7]),
    *tuned(2, [0.9, 0.7, None], [0.6, None, 0.4]),
    *tuned(3, [0.8, 0.6, None], [0.5, None, 0.7]),
    *tuned(1, [0.9, 0.9, None], [0.2, None, 0.4], seed=1),
    *tuned(2, [0.9, 0.9, None], [0.6, None, 0.8], seed=1),
    *tuned(3, [0.8, 0.6, None], [0.3, None, 0.5], seed=1),
]


def finetune_scores(rows: list[tuple[Any, ...]], protocol: str) -> pd.DataFrame:
    found = scores(all_runs({"finetune": pd.DataFrame(rows, columns=[*RUN, *FINETUNE_COLUMNS])}), FIXED)
    return found[found["protocol"] == protocol]


@pytest.mark.parametrize(
    ("protocol", "epochs", "values"),
    # Seed 1 validates alike at epochs 1 and 2: the first counts.
    [
        ("fixed", [3, 3], [0.6, 0.4]),  # the last epoch
        ("nested", [2, 1], [0.5, 0.3]),  # the best validation epoch
        ("oracle", [1, 2], [0.8, 0.7]),  # the best test epoch
        ("epoch-on-test", [1, 2], [0.8, 0.7]),  # the same, there being one setting
    ],
)
def test_scores_of_fine_tuning_by_hand(protocol: str, epochs: list[int], values: list[float]) -> None:
    found = finetune_scores(TUNED, protocol)
    assert found["epoch"].tolist() == epochs
    assert found["value"].tolist() == pytest.approx(values)
    assert found[["fold", "candidate"]].isna().all(axis=None)
    assert set(found["metric"]) == {"roc_auc"}
    pd.testing.assert_frame_equal(finetune_scores(TUNED[::-1], protocol), found, check_exact=True)


def pretrained_twice(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows of `TUNED` as fine-tunings of the encoder of seed 5, and such of seed 6, each of which scores 0.1 less."""
    frame = pd.DataFrame(rows, columns=[*RUN, *FINETUNE_COLUMNS])
    other = frame.assign(value=frame["value"].astype(float) - 0.1)
    return pd.concat([frame.assign(pretraining_seed=5), other.assign(pretraining_seed=6)], ignore_index=True)


@pytest.mark.parametrize(
    ("protocol", "epoch", "values"),
    # Each run has its own epoch, as above; then the mean over the two fine-tunings of an encoder.
    [("fixed", 3, [0.5, 0.4]), ("nested", np.nan, [0.4, 0.3]), ("oracle", np.nan, [0.75, 0.65])],
)
def test_scores_over_pretrainings_by_hand(protocol: str, epoch: float, values: list[float]) -> None:
    rows = pretrained_twice(TUNED)
    found = scores(all_runs({"finetune": rows}), FIXED)
    mine = found[found["protocol"] == protocol]
    assert mine["seed"].tolist() == [5, 6]
    assert mine["value"].tolist() == pytest.approx(values)
    assert np.array_equal(mine["epoch"], [epoch, epoch], equal_nan=True)
    assert (mine["candidates"] == 3).all()
    (cell,) = cell_intervals(mine).to_dict("records")
    # Two means that lie 0.1 apart: s is 0.1 / sqrt 2, and t of one degree of freedom 12.706.
    assert (cell["mean"], cell["seeds"]) == (pytest.approx(100 * sum(values) / 2), 2)
    assert cell["high"] - cell["mean"] == pytest.approx(12.7062 * 10 / 2, rel=1e-4)
    pd.testing.assert_frame_equal(scores(all_runs({"finetune": rows[::-1]}), FIXED), found, check_exact=True)


def test_a_cell_over_pretrainings_beside_one_without_by_hand() -> None:
    plain = pd.DataFrame(TUNED, columns=[*RUN, *FINETUNE_COLUMNS]).assign(method="none", setting="default")
    made = cells(all_runs({"finetune": pd.concat([pretrained_twice(TUNED), plain], ignore_index=True)}))
    over, alone = made.set_index("method").loc[["m", "none"]].to_dict("records")
    assert (over["mean"], over["std_seeds"]) == (pytest.approx(45), pytest.approx(10 / 2**0.5))
    assert np.isnan(over["std_folds"])
    words = "standard deviation over 2 pre-trainings, each the mean over 2 seeds of fine-tuning of the mean over tasks"
    assert over["spread_meaning"] == words
    assert alone["spread_meaning"] == "standard deviation over 2 seeds of the mean over tasks"
    assert (alone["mean"], alone["seeds"]) == (pytest.approx(50), 2)


def test_pretrainings_that_are_fine_tuned_unlike_are_refused() -> None:
    rows = pretrained_twice(TUNED)
    with pytest.raises(RelampError, match=r"seed 6, epoch 1.0: was fine-tuned fewer times"):
        all_runs({"finetune": rows[(rows["pretraining_seed"] == 5) | (rows["seed"] == 0)]})
    with pytest.raises(RelampError, match="duplicate"):
        all_runs({"finetune": pd.concat([rows, rows])})


def test_cells_of_fine_tuning_by_hand() -> None:
    cell = table(pd.DataFrame(TUNED, columns=[*RUN, *FINETUNE_COLUMNS]), "finetune")
    assert (cell["mean"], cell["std_seeds"], cell["epoch"]) == (
        pytest.approx(50),
        pytest.approx(100 * stdev([0.6, 0.4])),
        3,
    )
    assert pd.isna(cell["folds"])
    assert cell["spread_meaning"] == "standard deviation over 2 seeds of the mean over tasks"


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (TUNED * 2, "duplicate"),
        ([row for row in TUNED if (row[3], row[4]) != (1, 3)], r"seed 1, epoch 3.*not run"),
        ([row for row in TUNED if row[3:6] != (1, 2, "valid")], r"seed 1, epoch 2.*no valid ROC-AUC"),
        ([row for row in TUNED if row[3:7] != (0, 2, "test", 2)], r"seed 0, epoch 2.*fewer tasks"),
        ([(*row[:7], "accuracy", row[8]) for row in TUNED], "none of them is a ROC-AUC"),
        ([(*row[:2], OTHER, *row[3:]) for row in TUNED], "nothing was run at the fixed setting"),
    ],
)
def test_rows_of_fine_tuning_that_would_mislead_are_refused(rows: list[tuple[Any, ...]], complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        finetune_scores(rows, "nested")


def probe(values: dict[tuple[int, int], float], method: str = "mp-mix", **marks: Any) -> pd.DataFrame:
    """Rows by seed and run."""
    rows = [
        {"method": method, "dataset": "Cora", "setting": "default", "seed": seed, "epoch": 7, "branch": "average"}
        | {"final": True, "run": run, "split": "test", "metric": "accuracy", "value": value, "rows": f"{method}.csv"}
        for (seed, run), value in values.items()
    ]
    return pd.DataFrame(rows).assign(**marks)


GRID = {(0, 0): 0.5, (0, 1): 0.7, (1, 0): 0.8, (1, 1): 0.9}


def means(evaluation: str, rows: pd.DataFrame) -> dict[tuple[Any, ...], float]:
    found = scores(all_runs({evaluation: rows}), {})
    assert found[["protocol", "candidates"]].drop_duplicates().to_numpy().tolist() == [["fixed", 1]]
    assert found[["fold", "epoch", "candidate"]].isna().all(axis=None)
    return found.set_index(["method", "metric", "part", "seed"])["value"].to_dict()


def test_a_probe_s_score_is_the_mean_of_a_seed_over_its_runs() -> None:
    stale = probe(dict.fromkeys(GRID, 0.1), final=False, epoch=0)
    other = probe(dict.fromkeys(GRID, 0.1), split="valid")
    branch = probe(dict.fromkeys(GRID, 0.4), branch="b")
    rows = pd.concat([probe(GRID), stale, other, branch])
    wanted = {("mp-mix", 0): 0.6, ("mp-mix", 1): 0.85, ("mp-mix-branch-b", 0): 0.4, ("mp-mix-branch-b", 1): 0.4}
    wanted = {(method, "accuracy", "", seed): value for (method, seed), value in wanted.items()}
    assert means("probe", rows) == pytest.approx(wanted)
    assert means("probe", rows.sample(frac=1, random_state=0)) == means("probe", rows)
    cell = table(probe(GRID), "probe")
    assert (cell["mean"], cell["std_seeds"]) == (pytest.approx(72.5), pytest.approx(100 * stdev([0.6, 0.85])))
    assert cell["spread_meaning"] == "standard deviation over 2 seeds"


def test_fractions_stay_fractions_in_cells() -> None:
    rows = pd.concat([probe(GRID, metric="nmi"), probe(GRID, metric="ari", value=-0.1)]).drop(columns="split")
    made = cells(all_runs({"kmeans": rows})).set_index("metric")["mean"]
    assert made.to_dict() == {"nmi": pytest.approx(0.725), "ari": pytest.approx(-0.1)}


def test_edit_distances_have_a_part_for_each_size() -> None:
    rows = pd.DataFrame(
        [
            {"method": "wl", "dataset": "COIL-DEL", "setting": "default", "n": n, "seed": seed, "metric": metric}
            | {"value": n / 100 + seed / 10}
            for n in (20, 10)
            for seed in (0, 1)
            for metric in ("accuracy", "roc_auc", "ties")
        ]
    )
    found = means("edit-distance", rows)
    assert len(found) == 2 * 2 * 2
    assert found["wl", "accuracy", "n=20", 1] == pytest.approx(0.3)


def test_without_a_final_epoch_the_last_one_counts() -> None:
    rows = pd.concat([probe({(0, 0): 0.3}, epoch=0), probe({(0, 0): 0.6})]).drop(columns=["branch", "final"])
    assert means("image-probe", rows) == {("mp-mix", "accuracy", "", 0): 0.6}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (pd.concat([probe(GRID), probe(GRID)]), "mp-mix, dataset Cora, .*seed 0: a score has a duplicate"),
        (probe({(0, 0): 0.5, (0, 1): 0.7, (1, 0): 0.8}), "seed 1: has fewer runs"),
        (pd.concat([probe({(0, 0): 0.5}), probe({(1, 0): 0.5}, final=False)]), "seed 1: there is nothing of its last"),
        (probe({(0, 0): np.nan}), r"seed 0, .*: a score is no number"),
        (probe({(0, 0): 0.5}, final="perhaps"), "`final` is True or False"),
        (probe({(0, 0): 0.5}, setting="hidden~8"), "nothing was run at the fixed setting"),
    ],
)
def test_rows_without_folds_that_are_not_whole_are_refused(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        means("probe", rows)


@pytest.mark.parametrize("spelling", [str, int, float, lambda flag: str(flag).lower()])
def test_truth_values_however_a_file_spells_them(spelling: Any) -> None:
    rows = frame(HAND)
    spelt = rows.assign(selected=rows["selected"].map(spelling).astype(object))
    pd.testing.assert_frame_equal(svm_scores(spelt), svm_scores(rows))


def test_evaluations_stay_apart() -> None:
    linear = frame(HAND).assign(setting=frame(HAND)["setting"].replace({OWN: "default"}))
    found = scores(all_runs({"svm-rbf": frame(HAND), "svm-linear": linear, "probe": probe(GRID)}), FIXED)
    counts = found.groupby("evaluation").size().to_dict()
    assert counts == {"probe": 2, "svm-linear": 2 * len(PROTOCOLS), "svm-rbf": 2 * len(PROTOCOLS)}
    assert judged_scores(found, "nested").groupby("evaluation")["protocol"].unique().map(list).to_dict() == {
        **{"probe": ["fixed"], "svm-linear": ["nested"], "svm-rbf": ["nested"]}
    }


def test_half_a_million_rows_take_seconds() -> None:
    names = [f"gamma~{number / 100:g}" for number in range(1, 31)]
    rows = frame(svm_rows(drawn(names, (0.0, 10.0, 20.0), 10, 10, 28, 0)))
    assert len(rows) == 504_000
    start = perf_counter()
    assert len(svm_scores(rows)) == 100
    # It takes one or two; ten, so that a busy machine does not fail it.
    assert perf_counter() - start < 10
