from pathlib import Path

import pandas as pd
import pytest

from judged_by import JUDGED_BY
from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.published import AGGREGATES, evaluation_of, load_published, measures, run_as

FOLDER = Path(__file__).parents[2] / "published"
TABLES = sorted(path.stem for path in FOLDER.glob("*_table*.csv"))


@pytest.mark.parametrize("artifact", TABLES)
def test_every_printed_cell_has_an_evaluation(artifact: str) -> None:
    cells = load_published(FOLDER, artifact)
    cells = cells[~cells["dataset"].isin(AGGREGATES)]
    found = measures(cells, JUDGED_BY)
    assert set(found["evaluation"]) <= set(EVALUATIONS)
    fractions = found["evaluation"].isin(["kmeans", "edit-distance"])
    # What the paper prints as fractions is in per cent, and nothing else is changed.
    pd.testing.assert_series_equal(found.loc[~fractions, "value"], cells.loc[~fractions, "value"])
    assert (cells.loc[fractions, "value"] <= 1).all()
    assert (cells.loc[~fractions, "value"].dropna() > 1).all()
    assert found.loc[fractions, "value"].tolist() == pytest.approx((100 * cells.loc[fractions, "value"]).tolist())
    # A cell is still told from every other.
    assert not found.duplicated(["method", "dataset", "evaluation", "metric", "part"]).any()


@pytest.mark.parametrize(
    ("artifact", "dataset", "evaluation"),
    [
        ("lamp_table1", "MUTAG", "svm-rbf"),
        ("mmix_table3", "MUTAG", "svm-linear"),
        ("lamp_table2", "BBBP", "finetune"),
        ("mmix_table2", "Cora", "probe"),
        ("mmix_table5", "Cora", "kmeans"),
        *(("mmix_table6", dataset, how) for dataset, how in (("Pubmed", "probe"), ("PTC_MR", "svm-linear"))),
        *(("mmix_table7", dataset, how) for dataset, how in (("Cora", "probe"), ("CIFAR-100", "image-probe"))),
        *(("mmix_table9", dataset, how) for dataset, how in (("Cora", "probe"), ("IMDB-MULTI", "svm-linear"))),
        ("mmix_table8", "PPI", "probe"),
        ("mmix_table10", "COIL-DEL", "edit-distance"),
    ],
)
def test_a_table_may_have_several_by_kind_of_data_set(artifact: str, dataset: str, evaluation: str) -> None:
    assert evaluation_of(JUDGED_BY, artifact, dataset) == evaluation


def test_what_nothing_is_known_of_is_refused() -> None:
    with pytest.raises(RelampError, match="mine_table1: nothing says how its cells are measured"):
        evaluation_of(JUDGED_BY, "mine_table1", "MUTAG")
    with pytest.raises(RelampError, match="mmix_table6: CIFAR-10 is of the domain images, the table of nodes and"):
        evaluation_of(JUDGED_BY, "mmix_table6", "CIFAR-10")


def test_parts_are_sizes_and_not_the_words_for_a_split() -> None:
    assert set(measures(load_published(FOLDER, "mmix_table8"), JUDGED_BY)["part"]) == {""}
    assert set(measures(load_published(FOLDER, "mmix_table10"), JUDGED_BY)["part"]) == {"n=50", "n=20", "n=15", "n=10"}


def test_printed_names_of_what_relamp_runs() -> None:
    names = ("mvgrl", "mvgrl-reproduced", "mo-mix-wp", "mp-mix", "mo-mix-op")
    assert [run_as("mmix_table2", name) for name in names] == ["mvgrl", "mvgrl", "mo-mix", "mp-mix", "mo-mix-op"]
    # Without mixing, but with M-Mix's objectives.
    assert [run_as("mmix_table9", name) for name in names[:2]] == ["mvgrl", "mvgrl-infonce"]
    assert run_as("mmix_table7", "mvgrl") == "mvgrl-infonce"
