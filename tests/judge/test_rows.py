import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.judge.rows import (
    CELL,
    FINETUNE_ROWS,
    SVM_ROWS,
    inner_and_test,
    name_of,
    no_gap,
    once,
    selected_tests,
    valid_and_test,
)

# The second fold's C is another one; a kernel has neither gamma, alpha nor epoch.
SVM = pd.DataFrame(
    [
        ("wl", "MUTAG", None, None, 0, None, fold, c, c == best, metric, value)
        for fold, best, pairs in ((0, 1.0, (0.7, 0.6, 0.6, 0.9)), (1, 9.0, (0.5, 0.1, 0.8, 0.4)))
        for (c, metric), value in zip(
            [(c, metric) for c in (1.0, 9.0) for metric in ("inner_accuracy", "test_accuracy")], pairs, strict=True
        )
    ],
    columns=SVM_ROWS,
)
TUNED = pd.DataFrame(
    [
        ("none", "ClinTox", None, None, 0, epoch, split, task, "roc_auc", value)
        for epoch, split, values in ((1, "valid", (0.4, 0.6)), (1, "test", (0.2, None)), (1, "train", (1.0, 1.0)))
        for task, value in enumerate(values)
    ],
    columns=FINETUNE_ROWS,
)


def test_the_test_score_at_the_selected_c() -> None:
    assert selected_tests(SVM)[["fold", "C", "value"]].to_numpy().tolist() == [[0, 1, 0.6], [1, 9, 0.4]]
    both = inner_and_test(SVM)
    assert both[["fold", "C", "validation", "value"]].to_numpy().tolist() == [[0, 1, 0.7, 0.6], [1, 9, 0.8, 0.4]]


@pytest.mark.parametrize("spelling", [str, int, float, lambda flag: str(flag).lower()])
def test_truth_values_however_a_file_spells_them(spelling: object) -> None:
    spelt = SVM.assign(selected=SVM["selected"].map(spelling).astype(object))  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(selected_tests(spelt)[["C", "value"]], selected_tests(SVM)[["C", "value"]])


def test_only_selected_inner_scores_are_needed_for_a_table() -> None:
    tests = SVM[SVM["metric"] == "test_accuracy"]
    assert len(selected_tests(tests)) == 2
    with pytest.raises(RelampError, match="no inner accuracy"):
        inner_and_test(tests)


def test_means_over_the_tasks_that_have_a_score() -> None:
    (run,) = valid_and_test(TUNED).to_dict("records")
    assert (run["validation"], run["value"]) == (0.5, 0.2)


def test_checks_name_what_is_wrong_and_leave_out_what_is_empty() -> None:
    rows = SVM.astype({"gamma": float, "alpha": float, "epoch": float})
    assert name_of(rows) == "method wl, dataset MUTAG, seed 0, fold 0"
    no_gap(rows, rows[::-1], [*CELL, "fold"], "is lost")
    with pytest.raises(RelampError, match=r"method wl, dataset MUTAG, fold 1: is lost"):
        no_gap(rows, rows[rows["fold"] == 0], [*CELL, "fold"], "is lost")
    once(rows, [*CELL, "fold", "C", "metric"], "a score")
    with pytest.raises(RelampError, match=r"fold 0: a score is there twice"):
        once(rows, [*CELL, "fold"], "a score")
