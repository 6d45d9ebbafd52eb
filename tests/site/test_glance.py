from pathlib import Path

import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.site.glance import Glance, Seen, lines, tenths
from relamp.site.records import Record

NAN = float("nan")
CELLS = pd.DataFrame(
    [
        ("t1", "a", "D", "accuracy", 90.02, 88.64, "worse", "", "one"),
        ("t1", "a", "D", "nmi", 50.0, 40.0, "worse", "", "one"),
        ("t1", "a", "E", "accuracy", 70.0, 71.26, "reproduced", "seeds 3 / 5", "two"),
        ("t2", "b", "D", "accuracy", 61.0, 60.0, "inconclusive", "epochs 2 / 5; seeds 3 / 5", "two"),
        ("t2", "b", "E", "accuracy", 62.0, NAN, "not run", "", ""),
    ],
    columns=["artifact", "method", "dataset", "metric", "published", "mean", "verdict", "scaled", "run"],
).assign(part="")
GLANCE = Glance(
    title="T",
    note="",
    printed={"A": ("t1", "a"), "B": ("t2", "b")},
    controls={"bag": ("svm", "bag", "nested")},
    datasets=("D", "E"),
)


def record(folder: Path, name: str, dataset: str, *values: float) -> Record:
    """Return a run with scores of a bag, a fold each."""
    (folder / name).mkdir()
    scores = pd.DataFrame({"value": values}).assign(
        evaluation="svm", method="bag", dataset=dataset, metric="accuracy", part="", protocol="nested", seed=0, fold=0
    )
    scores.to_csv(folder / name / "scores.csv", index=False)
    return Record(name, folder / name, CELLS, CELLS, {}, {}, {}, {})


def test_each_number_stands_beside_the_printed_one_and_controls_are_of_its_runs(tmp_path: Path) -> None:
    # The control of D is in the run of its second number alone; that of E in none.
    runs = [record(tmp_path, "one", "other", 0.1), record(tmp_path, "two", "D", 0.5, 0.7)]
    assert GLANCE.head == ["data set", "A", "B", "bag"]
    found = dict(lines(GLANCE, CELLS, {run.name: run for run in runs}))
    on_d = [Seen("88.6 (90.0)", "worse", "t1-a-D-accuracy"), Seen("60.0* (61.0)", "inconclusive", "t2-b-D-accuracy")]
    assert found == {
        "D": [*on_d, Seen("60.0")],
        "E": [Seen("71.3 (70.0)", "reproduced", "t1-a-E-accuracy"), Seen("", "not run"), Seen("")],
    }


def test_a_number_that_no_paper_prints_is_named() -> None:
    wrong = GLANCE.model_copy(update={"datasets": ("F",)})
    with pytest.raises(RelampError, match="T: 0 printed accuracies are t1, a, F"):
        list(lines(wrong, CELLS, {}))


@pytest.mark.parametrize(("printed", "said"), [(64.85, "64.9"), (26.05, "26.1"), (64.84, "64.8"), (90.0, "90.0")])
def test_a_half_of_a_printed_number_is_rounded_up(printed: float, said: str) -> None:
    assert tenths(printed) == said
