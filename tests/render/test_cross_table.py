from pathlib import Path

import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.render.cross_table import COLUMNS, cross_rows, write_cross_table

NAN = float("nan")


def cells(*rows: tuple[str, str, str, float, float]) -> pd.DataFrame:
    """Cells by evaluation, method, data set, mean and deviation."""
    frame = pd.DataFrame(rows, columns=["evaluation", "method", "dataset", "mean", "std_seeds"])
    return frame.assign(seeds=5, folds=10)


# On MUTAG all three, on NCI1 two of them with equal means, on DD one alone.
ALL = cells(
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
    rows = cross_rows(ALL)
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
        cross_rows(ALL.sample(frac=1, random_state=1)).reset_index(drop=True), cross_rows(ALL).reset_index(drop=True)
    )


def test_the_table_has_a_block_an_evaluation_and_empty_cells(tmp_path: Path) -> None:
    paths = write_cross_table(cross_rows(ALL), tmp_path / "t")
    assert sorted(path.name for path in paths) == ["t.csv", "t.html", "t.md", "t.tex"]
    lines = [line.strip("| ").split(" | ") for line in (tmp_path / "t.md").read_text().splitlines()]
    table = [[part.strip() for part in line] for line in lines if len(line) > 1]
    assert table[0] == ["method", "NCI1", "DD", "MUTAG", "A.R.", "n"]
    text = (tmp_path / "t.md").read_text()
    assert "| **SVM with an RBF kernel** |" in text
    assert "| **linear SVM** |" in text
    assert "| LAMP-Mag | 60.00±1.00 |  | 70.00 | 2.25 | 2 |" in text
    assert "| WL | 60.00±1.00 | 50.00±1.00 | 80.00±1.00 | 1.75 | 2 |" in text
    assert "| mp-mix |  |  | 85.00±1.50 | 2.00 | 1 |" in text
    assert "over 5 seeds of the mean over 10 folds" in text
    assert "nan" not in text.lower()
    numbers = pd.read_csv(tmp_path / "t.csv")
    assert len(numbers) == len(ALL) + 5
    for kind in ("html", "tex"):
        assert "linear SVM" in (tmp_path / f"t.{kind}").read_text()


def test_one_block_is_named_in_the_caption(tmp_path: Path) -> None:
    write_cross_table(cross_rows(ALL[ALL["evaluation"] == "svm-linear"]), tmp_path / "t")
    assert "linear SVM. Accuracy" in (tmp_path / "t.md").read_text()


def test_a_method_alone_has_no_rank(tmp_path: Path) -> None:
    rows = cross_rows(cells(("svm-rbf", "wl", "DD", 50.0, 1.0)))
    assert rows["dataset"].tolist() == ["DD"]
    write_cross_table(rows, tmp_path / "t")
    assert "| WL | 50.00±1.00 |  |  |" in (tmp_path / "t.md").read_text()


def test_nothing_and_a_cell_twice_are_refused() -> None:
    with pytest.raises(RelampError, match="there is nothing to show"):
        cross_rows(cells())
    with pytest.raises(RelampError, match="wl on DD is a duplicate"):
        cross_rows(cells(*[("svm-rbf", "wl", "DD", 50.0, 1.0)] * 2))
