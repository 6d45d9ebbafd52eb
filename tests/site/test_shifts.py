import math

import pandas as pd
import pytest

from relamp.site.shifts import Shift, shift, shifts, sizes

COLUMNS = ["paper", "artifact", "method", "dataset", "metric", "part", "published", "mean", "verdict"]
COLUMNS += ["scaled", "quoted"]
CELLS = pd.DataFrame(
    [
        ("lamp", "lamp_table1", "lamp-mag", "D", "accuracy", "", 80.0, 78.0, "inconclusive", "", ""),
        ("lamp", "lamp_table1", "lamp-mag", "E", "accuracy", "", 80.0, 81.0, "reproduced", "seeds 3 / 5", ""),
        ("lamp", "lamp_table1", "lamp-soft", "D", "accuracy", "", 80.0, 75.0, "worse", "", ""),
        # Of Table 3 as of Table 1.
        ("lamp", "lamp_table3", "lamp-mag", "D", "accuracy", "", 80.0, 78.0, "inconclusive", "", ""),
        # An ablation has a number of its own.
        ("lamp", "lamp_table3", "lamp-mag-nolocal", "D", "accuracy", "", 80.0, 80.5, "reproduced", "", ""),
        ("lamp", "lamp_table1", "graphcl", "D", "accuracy", "", 70.0, 70.25, "reproduced", "", "GraphCL"),
        # None of these counts: smaller, another metric, not run, not comparable, too few seeds.
        ("lamp", "lamp_table1", "graphcl", "E", "accuracy", "", 70.0, 10.0, "worse", "epochs 1 / 20", "GraphCL"),
        ("lamp", "lamp_table2", "lamp-mag", "B", "roc_auc", "", 70.0, 10.0, "worse", "", ""),
        ("lamp", "lamp_table1", "graphcl", "F", "accuracy", "", 70.0, math.nan, "not run", "", "GraphCL"),
        ("lamp", "lamp_table1", "graphcl", "G", "accuracy", "", 70.0, 10.0, "not comparable", "", "GraphCL"),
        ("lamp", "lamp_table1", "graphcl", "H", "accuracy", "", 70.0, 10.0, "too few seeds", "", "GraphCL"),
        ("mmix", "mmix_table7", "simclr-mo-mix-op", "I", "accuracy", "", 90.0, 87.0, "worse", "", ""),
        ("mmix", "mmix_table7", "binary-mix", "C", "accuracy", "", 90.0, 89.0, "reproduced", "", ""),
        ("mmix", "mmix_table2", "mvgrl", "C", "accuracy", "", 80.0, 82.0, "better", "", "MVGRL"),
        # M-Mix prints its own repetition of a rival in two tables: one number.
        ("mmix", "mmix_table2", "mvgrl-reproduced", "C", "accuracy", "", 81.0, 82.0, "reproduced", "", ""),
        ("mmix", "mmix_table9", "mvgrl", "C", "accuracy", "", 81.0, 82.0, "reproduced", "", ""),
        # Sizes of edited graphs are numbers of their own.
        ("mmix", "mmix_table10", "mp-mix", "O", "accuracy", "n=10", 90.0, 85.0, "worse", "", ""),
        ("mmix", "mmix_table10", "mp-mix", "O", "accuracy", "n=20", 90.0, 89.0, "worse", "", ""),
    ],
    columns=COLUMNS,
)


@pytest.mark.parametrize(
    ("paper", "whose", "expected"),
    [
        # -2, +1, -5 and +0.5.
        ("lamp", "own", Shift(4, 2, -0.75, 1)),
        ("lamp", "quoted", Shift(1, 0, 0.25)),
        # -3, -5 and -1.
        ("mmix", "own", Shift(3, 3, -3.0)),
        ("mmix", "rerun", Shift(2, 1, 0.0)),
        ("mmix", "quoted", Shift(1, 0, 2.0)),
    ],
)
def test_each_accuracy_at_a_papers_size_counts_once_for_whose_method_it_is(
    paper: str, whose: str, expected: Shift
) -> None:
    assert shift(shifts(CELLS), paper, whose) == expected


@pytest.mark.parametrize(("median", "said"), [(-0.04, "0.0"), (0.04, "0.0"), (-0.06, "-0.1"), (1.26, "1.3")])
def test_a_median_that_rounds_to_zero_has_no_sign(median: float, said: str) -> None:
    assert Shift(1, 1, median).said == said


def test_another_rule_of_choice_shifts_what_has_it() -> None:
    cells = CELLS.assign(oracle=CELLS["mean"] + 3).assign(
        oracle=lambda all_: all_["oracle"].where(all_["dataset"] != "E")
    )
    # -2 and -5 and +0.5, and 3 more each.
    assert shift(shifts(cells), "lamp", "own", "oracle") == Shift(3, 1, 1.0, 1)


def test_without_numbers_there_is_no_median() -> None:
    found = shift(shifts(CELLS.iloc[6:11]), "lamp", "own")
    assert (found.numbers, found.below) == (0, 0)
    assert math.isnan(found.median)


def test_sizes_go_by_their_first_words() -> None:
    assert sizes("epochs 20 / 2,000; nodes a step 400 / 4,000; seeds 3 / 5") == {"epochs", "nodes", "seeds"}
    assert sizes("") == sizes("wl iterations 2 / 3") == set()
