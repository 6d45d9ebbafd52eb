import numpy as np
import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.render.cross_table import COLUMNS, cross_table

NAN = float("nan")


def scores(*rows: tuple[str, str, str, float, float]) -> pd.DataFrame:
    """Ten folds of five seeds by evaluation, method, data set, mean and deviation over seeds; one seed if it is NaN."""
    parts = []
    for evaluation, method, dataset, mean, deviation in rows:
        values = [mean] if np.isnan(deviation) else mean + deviation * np.array([-1, -1, 0, 1, 1])
        marks = {"evaluation": evaluation, "method": method, "dataset": dataset, "protocol": "fixed"}
        parts += [{**marks, "seed": s, "fold": f, "value": v / 100} for s, v in enumerate(values) for f in range(10)]
    return pd.DataFrame(parts)


# On MUTAG all three, on NCI1 two of them with equal means, on DD one alone.
ALL = scores(
    ("svm-rbf", "wl", "MUTAG", 80.0, 1.0),
    ("svm-rbf", "mp-mix", "MUTAG", 90.0, 2.0),
    ("svm-rbf", "lamp-mag", "MUTAG", 70.0, NAN),
    ("svm-rbf", "wl", "NCI1", 60.0, 1.0),
    ("svm-rbf", "lamp-mag", "NCI1", 60.0 + 1e-14, 1.0),
    ("svm-rbf", "wl", "DD", 50.0, 1.0),
    ("svm-linear", "mp-mix", "MUTAG", 85.0, 1.5),
    ("svm-linear", "wl", "MUTAG", 88.0, 1.5),
)


def test_ranks_by_hand() -> None:
    rows = cross_table(ALL).numbers
    assert rows.columns.tolist() == COLUMNS
    ranks = rows[rows["dataset"] == "A.R."].set_index(["evaluation", "method"])[["value", "datasets"]]
    # A data set of one method ranks nobody; equal means share ranks 1 and 2.
    assert ranks.to_dict("index") == {
        ("svm-rbf", "lamp-mag"): {"value": 2.25, "datasets": 2},
        ("svm-rbf", "mp-mix"): {"value": 1.0, "datasets": 1},
        ("svm-rbf", "wl"): {"value": 1.75, "datasets": 2},
        ("svm-linear", "mp-mix"): {"value": 2.0, "datasets": 1},
        ("svm-linear", "wl"): {"value": 1.0, "datasets": 1},
    }


def test_order_does_not_depend_on_that_of_the_cells() -> None:
    pd.testing.assert_frame_equal(
        cross_table(ALL.sample(frac=1, random_state=1).sort_values("evaluation", ascending=False)).numbers,
        cross_table(ALL).numbers,
    )


def test_the_table_has_a_block_an_evaluation_and_empty_cells() -> None:
    table = cross_table(ALL)
    text = table.markdown()
    assert text.startswith("| method | NCI1 | DD | MUTAG | A.R. | n |\n")
    assert "| **SVM with an RBF kernel** |" in text
    assert "| **linear SVM** |" in text
    assert "| LAMP-Mag | 60.00±1.00 |  | 70.00 | 2.25 | 2 |" in text
    assert "| WL | 60.00±1.00 | 50.00±1.00 | 80.00±1.00 | 1.75 | 2 |" in text
    assert "| mp-mix |  |  | 85.00±1.50 | 2.00 | 1 |" in text
    assert "over 1 to 5 seeds of the mean over 10 folds" in text
    assert "nan" not in text.lower()
    assert len(table.numbers) == 8 + 5


def test_a_method_alone_has_no_rank_and_one_block_is_named_in_the_caption() -> None:
    table = cross_table(scores(("svm-rbf", "wl", "DD", 50.0, 1.0)))
    assert table.caption.startswith("SVM with an RBF kernel. Accuracy")
    assert table.numbers["dataset"].tolist() == ["DD"]
    assert "| WL | 50.00±1.00 |  |  |" in table.markdown()


def test_nothing_is_refused() -> None:
    with pytest.raises(RelampError, match="no accuracy of an SVM; evaluate"):
        cross_table(ALL.head(0))
