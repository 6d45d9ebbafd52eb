import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.judge.published import AVERAGES, load_published, paper_aggregates, paper_datasets

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "published"
PAPER = ROOT.parent / "shared" / "papers" / "lamp.txt"
needs_paper = pytest.mark.skipif(not PAPER.is_file(), reason="the text of the paper is not beside the repository")

UPSTREAM = {"RED-B": "REDDIT-BINARY", "RED-M5K": "REDDIT-MULTI-5K", "IMDB-B": "IMDB-BINARY"}
SIZES = {"lamp_table1": 19 * 10, "lamp_table2": 20 * 10, "lamp_table3": 3 * 9}


def paper_lines(number: int) -> list[str]:
    """The lines from a table's caption to the next line of prose."""
    lines = [line.strip() for line in PAPER.read_text(encoding="utf-8").splitlines()]
    start = next(i for i, line in enumerate(lines) if line.startswith(f"Table {number}:"))
    return [line for line in lines[start:] if line]


def is_cell(word: str) -> bool:
    return re.fullmatch(r"-|\d+\.\d+(±\d+\.\d+)?", word) is not None


def upright(number: int) -> dict[tuple[str, str], str]:
    """(label, data set) -> the printed cell, for a table with methods as rows."""
    lines = paper_lines(number)
    head = next(line for line in lines if line.endswith("A.R.")).split()
    cells = {}
    for line in lines[lines.index(" ".join(head)) + 1 :]:
        words = line.split()
        if len(words) <= len(head) or not all(map(is_cell, words[-len(head) :])):
            break
        for name, cell in zip(head, words[-len(head) :], strict=True):
            cells[" ".join(words[: -len(head)]), UPSTREAM.get(name, name)] = cell
    return cells


def transposed() -> dict[tuple[str, str], str]:
    methods = ("SimGRACE", "LAMP-Mag w/o L_LocalC", "LAMP-Mag")
    cells = {}
    for line in paper_lines(3):
        name, *words = line.split()
        if len(words) == len(methods) and all(map(is_cell, words)):
            for method, cell in zip(methods, words, strict=True):
                cells[method, UPSTREAM.get(name, name)] = cell
            if name == "A.A.":
                break
    return cells


@needs_paper
@pytest.mark.parametrize("artifact", SIZES)
def test_every_cell_is_as_the_paper_prints_it(artifact: str) -> None:
    number = int(artifact[-1])
    printed = transposed() if number == 3 else upright(number)
    assert len(printed) == SIZES[artifact]
    stored = pd.read_csv(FOLDER / f"{artifact}.csv", dtype=str, keep_default_na=False)
    ours = {
        (row.label, row.dataset): f"{row.value}±{row.spread}" if row.spread else row.value or "-"
        for row in stored.itertuples()
    }
    assert ours == printed


@pytest.mark.parametrize("artifact", SIZES)
def test_files_load_and_say_what_they_hold(artifact: str) -> None:
    rows = load_published(FOLDER, artifact)
    assert len(rows) == SIZES[artifact]
    assert set(rows["paper"]) == {"lamp"}
    assert len(paper_datasets(rows)) == 8
    ranks = rows["dataset"] == "A.R."
    assert set(rows.loc[ranks, "metric"]) <= {"average_rank"}
    assert rows.loc[rows["dataset"].isin(paper_aggregates(rows)), "spread"].isna().all()
    assert (rows["spread"].notna() == (rows["spread_meaning"] == "not stated")).all()
    assert (rows["value"].isna() == (rows["note"] == "missing in the paper")).all()
    of_datasets = rows[rows["dataset"].isin(paper_datasets(rows))]
    assert (of_datasets["value"].isna() == of_datasets["spread"].isna()).all()
    # A standard deviation of zero or more, and a percentage.
    assert (of_datasets["spread"].dropna() >= 0).all()
    assert of_datasets["value"].dropna().between(0, 100).all()


def cells_of(artifact: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = load_published(FOLDER, artifact)
    wide = rows.set_index(["label", "dataset"])["value"].unstack()  # noqa: PD010 - each cell is there once
    return wide[paper_datasets(rows)], wide[paper_aggregates(rows)]


@pytest.mark.parametrize(
    ("artifact", "wrong"),
    [("lamp_table1", {}), ("lamp_table2", {"AttrMasking": 71.15, "No Pre-Train": 66.9625}), ("lamp_table3", {})],
)
def test_printed_averages_against_their_cells(artifact: str, wrong: dict[str, float]) -> None:
    """Known disagreements are those of published/README.md, and no others."""
    cells, aggregates = cells_of(artifact)
    means = cells.mean(axis=1, skipna=False)
    printed = aggregates[next(name for name in AVERAGES if name in aggregates)]
    assert (means.isna() == printed.isna()).all()
    off = means[(means - printed).abs() > 0.01]
    assert off.to_dict() == pytest.approx(wrong)


def average_ranks(cells: pd.DataFrame) -> pd.Series:
    return cells.rank(ascending=False, method="average").mean(axis=1)


def test_printed_ranks_against_their_cells() -> None:
    slack = 0.05 + 1e-9
    cells, aggregates = cells_of("lamp_table1")
    assert ((average_ranks(cells) - aggregates["A.R."]).abs() <= slack).all()
    cells, aggregates = cells_of("lamp_table2")
    off = (average_ranks(cells) - aggregates["A.R."]).abs()
    assert (off > slack).sum() == 11
    assert off.drop("AttrMasking").max() == pytest.approx(0.1375)
    assert average_ranks(cells)["AttrMasking"] == pytest.approx(11.0625)
    # One cell explains them all: 69.3 in place of 79.3.
    assert cells.loc["AttrMasking", "BACE"] == 79.3
    cells.loc["AttrMasking", "BACE"] = 69.3
    assert ((average_ranks(cells) - aggregates["A.R."]).abs() <= slack).all()
    assert cells.loc["AttrMasking"].mean() == pytest.approx(aggregates.loc["AttrMasking", "Avg."])


def test_counts_of_best_and_second_best_in_the_text() -> None:
    def places(artifact: str, label: str) -> list[int]:
        return cells_of(artifact)[0].rank(ascending=False, method="min").loc[label].astype(int).tolist()

    assert [places("lamp_table1", "LAMP-Soft").count(place) for place in (1, 2)] == [6, 2]
    assert [places("lamp_table2", "LAMP-Soft").count(place) for place in (1, 2)] == [6, 2]
    assert [places("lamp_table2", "LAMP-Mag").count(place) for place in (1, 2)] == [1, 5]
    # The text says: best on NCI1, and second best on three others.
    assert [places("lamp_table1", "LAMP-Mag").count(place) for place in (1, 2)] == [1, 2]


HEAD = "paper,artifact,method,dataset,metric,value,spread,spread_meaning,n,note"
GOOD = "p,t,gcn,MUTAG,accuracy,74.00,1.2,std over folds,10,"


def written(folder: Path, *lines: str) -> Path:
    (folder / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_decimals_label_and_empty_cells(tmp_path: Path) -> None:
    rows = load_published(written(tmp_path, HEAD, GOOD, "p,t,gcn,DD,accuracy,,,,,no memory"), "t")
    assert rows["decimals"].tolist() == [2, 0]
    assert rows["label"].tolist() == ["gcn", "gcn"]
    np.testing.assert_array_equal(rows["value"], [74.0, np.nan])
    np.testing.assert_array_equal(rows["n"], [10.0, np.nan])


def test_a_protocol_tells_cells_apart(tmp_path: Path) -> None:
    lines = [f"{HEAD},protocol", f"{GOOD},linear", f"{GOOD},svm"]
    assert len(load_published(written(tmp_path, *lines), "t")) == 2


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([f"{HEAD},colour", f"{GOOD},red"], "unknown columns .'colour'."),
        ([HEAD.replace(",note", ""), GOOD[:-1]], "columns .'note'. are missing"),
        ([HEAD, GOOD, GOOD.replace("74.00", "75.00")], "line 3: the cell .* is there twice"),
        ([HEAD, GOOD.replace("74.00", "7x")], "line 2: value '7x' is not a number"),
        ([HEAD, GOOD.replace("1.2", "~1")], "line 2: spread '~1' is not a number"),
        ([HEAD, GOOD.replace("74.00", "")], "line 2: no value and no note"),
        ([HEAD, GOOD.replace("gcn", "")], "line 2: method is empty"),
        ([HEAD, GOOD.replace("p,t", "p,u")], "artifacts .'u'."),
        ([HEAD], "no rows"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, lines: list[str], complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        load_published(written(tmp_path, *lines), "t")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"absent\.csv"):
        load_published(tmp_path, "absent")
