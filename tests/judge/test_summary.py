from collections import defaultdict
from collections.abc import Iterable
from io import StringIO
from statistics import mean, stdev

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.errors import RelampError
from relamp.judge.summary import FINETUNE_CELLS, FINETUNE_ROWS, SVM_CELLS, SVM_ROWS, finetune_cells, svm_cells


def svm_frame(rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    """Rows of (method, gamma, seed, epoch, fold, C, selected, metric, value) on one data set."""
    frame = pd.DataFrame(rows, columns=["method", "gamma", "seed", "epoch", "fold", "C", "selected", "metric", "value"])
    return frame.assign(dataset="MUTAG", alpha=1.0)[SVM_ROWS]


def scores(method: str, seed: int, epoch: float | None, values: Iterable[float], gamma: float | None = 0.2) -> list:
    """A selected and a rejected C for each fold, each with inner and test accuracy."""
    rows: list[tuple[object, ...]] = []
    for fold, value in enumerate(values):
        rows.append((method, gamma, seed, epoch, fold, 1.0, True, "test_accuracy", value))
        rows.append((method, gamma, seed, epoch, fold, 9.0, False, "test_accuracy", 0.01))
        rows.append((method, gamma, seed, epoch, fold, 1.0, True, "inner_accuracy", 0.99))
        rows.append((method, gamma, seed, epoch, fold, 9.0, False, "inner_accuracy", 0.02))
    return rows


def test_svm_cells_by_hand() -> None:
    early = scores("lamp-mag", 0, 10, [0.1, 0.1]) + scores("lamp-mag", 1, 10, [0.3, 0.3])
    # Seed 0: mean 0.8, std 0.1 sqrt 2; seed 1: mean 0.6, std 0.3 sqrt 2.
    late = scores("lamp-mag", 0, 20, [0.7, 0.9]) + scores("lamp-mag", 1, 20, [0.3, 0.9])
    rows = svm_frame(early + late)
    cells = svm_cells(rows)
    assert cells.columns.tolist() == SVM_CELLS
    (cell,) = cells.to_dict("records")
    assert (cell["method"], cell["dataset"], cell["gamma"], cell["alpha"], cell["epoch"]) == (
        "lamp-mag",
        "MUTAG",
        0.2,
        1.0,
        20,
    )
    assert cell["mean"] == pytest.approx(70.0)
    assert cell["std_seeds"] == pytest.approx(100 * 0.1 * 2**0.5)
    assert cell["std_folds"] == pytest.approx(100 * 0.2 * 2**0.5)
    assert (cell["seeds"], cell["folds"]) == (2, 2)
    (cell,) = svm_cells(rows, epoch=10).to_dict("records")
    assert (cell["epoch"], cell["mean"]) == (10, pytest.approx(20.0))
    assert cell["std_folds"] == pytest.approx(0.0)


def test_one_seed_or_one_fold_has_no_spread() -> None:
    (cell,) = svm_cells(svm_frame(scores("simgrace", 0, 20, [0.5]))).to_dict("records")
    assert cell["mean"] == pytest.approx(50.0)
    assert np.isnan([cell["std_seeds"], cell["std_folds"]]).all()


@pytest.mark.parametrize("epoch", ["last", 20])
def test_untrained_and_kernels_count_at_every_epoch(epoch: str | int) -> None:
    rows = (
        scores("lamp-mag", 0, 20, [0.7]) + scores("wl", 0, None, [0.6], None) + scores("untrained", 0, 0, [0.5], None)
    )
    cells = svm_cells(svm_frame(rows), epoch=epoch)  # type: ignore[arg-type]
    assert dict(zip(cells["method"], cells["mean"], strict=True)) == pytest.approx(
        {"lamp-mag": 70.0, "wl": 60.0, "untrained": 50.0}
    )


def test_rows_read_back_from_csv_give_the_same() -> None:
    rows = svm_frame(scores("wl", 0, None, [0.7, 0.8], None) + scores("wl", 1, None, [0.6, 0.8], None))
    rows = rows.assign(alpha=None)
    back = pd.read_csv(StringIO(rows.to_csv(index=False)))
    pd.testing.assert_frame_equal(svm_cells(back), svm_cells(rows))
    numbers = rows.assign(selected=rows["selected"].astype(int))
    pd.testing.assert_frame_equal(svm_cells(numbers), svm_cells(rows))


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (scores("a", 0, 20, [0.5]) * 2, "twice"),
        (scores("a", 0, 20, [0.5]) + scores("a", 1, 10, [0.5]), r"seed 1.*epoch 'last'"),
        (scores("a", 0, 20, [0.5, 0.5]) + scores("a", 1, 20, [0.5]), "seed 1.*fewer folds"),
        ([row for row in scores("a", 0, 20, [0.5]) if not row[6]], "no test accuracy at the selected C"),
        (scores("a", 0, 20, [85.0]), "not a fraction"),
        ([(*row[:6], "perhaps", *row[7:]) for row in scores("a", 0, 20, [0.5])], "perhaps"),
        ([], "there are none"),
    ],
)
def test_svm_rows_that_would_mislead_are_refused(rows: list, complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        svm_cells(svm_frame(rows))


def test_missing_columns_and_epochs_are_named() -> None:
    rows = svm_frame(scores("a", 0, 20, [0.5]))
    with pytest.raises(RelampError, match="fold"):
        svm_cells(rows.drop(columns="fold"))
    with pytest.raises(RelampError, match="epoch 15"):
        svm_cells(rows, epoch=15)


fractions = st.floats(0, 1, allow_subnormal=False)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_svm_cells_against_plain_python_in_any_order(data: st.DataObject) -> None:
    seeds, folds = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4))
    values = {
        (method, seed): data.draw(st.lists(fractions, min_size=folds, max_size=folds))
        for method in ("a", "b")
        for seed in range(seeds)
    }
    rows = svm_frame([row for (method, seed), of in values.items() for row in scores(method, seed, 20, of)])
    order = data.draw(st.permutations(range(len(rows))))
    cells = svm_cells(rows)
    pd.testing.assert_frame_equal(svm_cells(rows.iloc[order]), cells, check_exact=True)
    for cell in cells.to_dict("records"):
        own = [values[cell["method"], seed] for seed in range(seeds)]
        assert cell["mean"] == pytest.approx(100 * mean(map(mean, own)))
        if seeds > 1:
            assert cell["std_seeds"] == pytest.approx(100 * stdev(map(mean, own)), abs=1e-6)
        if folds > 1:
            assert cell["std_folds"] == pytest.approx(100 * mean(map(stdev, own)), abs=1e-6)


def tuned(seed: int, epoch: int, split: str, values: Iterable[float | None], method: str = "lamp-mag") -> list:
    return [(method, seed, epoch, split, task, value) for task, value in enumerate(values)]


def tuned_frame(rows: list) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["method", "seed", "epoch", "split", "task", "value"])
    return frame.assign(dataset="ClinTox", gamma=0.2, alpha=None, metric="roc_auc")[FINETUNE_ROWS]


HAND = tuned_frame(
    # Seed 0 validates best at epoch 2, seed 1 at epochs 1 and 3 alike: the first counts.
    [
        *tuned(0, 1, "valid", [0.5, 0.6, None]),
        *tuned(0, 2, "valid", [0.9, 0.7, None]),
        *tuned(0, 3, "valid", [0.5, 0.6, None]),
        *tuned(0, 1, "test", [0.1, None, 0.1]),
        *tuned(0, 2, "test", [0.6, None, 0.8]),
        *tuned(0, 3, "test", [0.8, None, 0.9]),
        *tuned(1, 1, "valid", [0.8, 0.8, None]),
        *tuned(1, 2, "valid", [0.7, 0.7, None]),
        *tuned(1, 3, "valid", [0.8, 0.8, None]),
        *tuned(1, 1, "test", [0.4, None, 0.6]),
        *tuned(1, 2, "test", [0.1, None, 0.1]),
        *tuned(1, 3, "test", [0.6, None, 0.7]),
    ]
)


def test_finetune_cells_by_hand() -> None:
    cells = finetune_cells(HAND)
    assert cells.columns.tolist() == FINETUNE_CELLS
    (cell,) = cells.to_dict("records")
    # Seeds 0.85 and 0.65.
    assert cell["mean"] == pytest.approx(75.0)
    assert cell["std_seeds"] == pytest.approx(100 * 0.1 * 2**0.5)
    assert (cell["selection"], cell["epoch"], cell["seeds"], cell["tasks"]) == ("last", 3, 2, 2)
    (cell,) = finetune_cells(HAND, "valid").to_dict("records")
    # Seeds 0.7 (epoch 2) and 0.5 (epoch 1).
    assert cell["mean"] == pytest.approx(60.0)
    assert cell["std_seeds"] == pytest.approx(100 * 0.1 * 2**0.5)
    assert np.isnan(cell["epoch"])


def test_finetune_rows_that_would_mislead_are_refused() -> None:
    with pytest.raises(RelampError, match="twice"):
        finetune_cells(pd.concat([HAND, HAND]))
    with pytest.raises(RelampError, match=r"seed 1.*no test ROC-AUC"):
        finetune_cells(HAND[(HAND["seed"] == 0) | (HAND["epoch"] < 3)])
    lost = HAND.assign(value=HAND["value"].where((HAND["epoch"] < 3) | (HAND["split"] == "valid")))
    with pytest.raises(RelampError, match="no test ROC-AUC"):
        finetune_cells(lost)
    uneven = HAND[~((HAND["seed"] == 0) & (HAND["task"] == 2))]
    with pytest.raises(RelampError, match=r"seed 0.*fewer tasks"):
        finetune_cells(uneven)
    with pytest.raises(RelampError, match="valid"):
        finetune_cells(HAND[HAND["split"] == "test"], "valid")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(fractions, fractions, fractions, fractions), min_size=2, max_size=6), st.randoms())
def test_finetune_cells_against_plain_python_in_any_order(epochs: list, random: object) -> None:
    rows = []
    by_hand: dict[str, list[float]] = defaultdict(list)
    for seed in range(2):
        # The second seed sees the epochs in reverse.
        own = epochs[:: 1 - 2 * seed]
        for epoch, (v0, v1, t0, t1) in enumerate(own):
            rows += tuned(seed, epoch, "valid", [v0, v1]) + tuned(seed, epoch, "test", [t0, t1])
        best = max(own, key=lambda scores: np.mean(scores[:2]))
        by_hand["last"].append(mean(own[-1][2:]))
        by_hand["valid"].append(mean(best[2:]))
    frame = tuned_frame(rows)
    order = list(range(len(frame)))
    random.shuffle(order)  # type: ignore[attr-defined]
    for selection, expected in by_hand.items():
        cells = finetune_cells(frame, selection)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(finetune_cells(frame.iloc[order], selection), cells, check_exact=True)  # type: ignore[arg-type]
        assert cells["mean"].item() == pytest.approx(100 * mean(expected))
        assert cells["std_seeds"].item() == pytest.approx(100 * stdev(expected), abs=1e-6)
