from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from relamp.errors import RelampError
from relamp.judge.published import load_published, paper_datasets
from relamp.render.tables import COLUMNS, PUBLISHED, REPRODUCED, comparison_table, numbers_in_common, render_table
from stored_rows import of_run, probe_row, svm_rows

SPLITS = ("valid", "test")
FOLDER = Path(__file__).parents[2] / "published"
TABLE1, TABLE2, TABLE3 = (load_published(FOLDER, f"lamp_table{number}") for number in (1, 2, 3))


def cell(method: str, dataset: str, mean: float, std: float = 1.25, seeds: int = 5) -> dict[str, object]:
    meaning = f"standard deviation over {seeds} seeds of the 10-fold mean" if seeds > 1 else ""
    marks = {"method": method, "dataset": dataset, "mean": mean, "std_seeds": std, "seeds": seeds, "folds": 10}
    return {**marks, "spread_meaning": meaning}


EIGHT = [cell("lamp-soft", name, 80.0 + i) for i, name in enumerate(paper_datasets(TABLE1))]
NOTHING = pd.DataFrame(columns=["method", "dataset"])
CELLS = pd.DataFrame(
    [
        *EIGHT,
        cell("lamp-mag", "MUTAG", 88.128),
        cell("lamp-mag", "Solubility-3", 70.0),
        cell("lamp-mag-nolocal", "MUTAG", 87.0),
        cell("untrained", "MUTAG", 85.5),
        cell("wl", "MUTAG", 83.0, np.nan, 1),
    ]
)


def lines(markdown: str) -> dict[tuple[str, str], list[str]]:
    rows = [[word.strip() for word in line.strip("|").split("|")] for line in markdown.splitlines() if "|" in line]
    return {(row[0], row[1]): row[2:] for row in rows}


def test_table_1_shows_published_beside_reproduced() -> None:
    table = comparison_table(TABLE1, CELLS, "LAMP Table 1")
    shown = lines(table.markdown())
    assert shown["source", "method"] == [
        *("NCI1", "PROTEINS", "DD", "MUTAG", "COLLAB", "RED-B", "RED-M5K", "IMDB-B", "A.A.", "A.R."),
        "SOL-3 †",
    ]
    assert shown[PUBLISHED, "GL"][:5] == ["-", "-", "-", "81.66±2.11", "-"]
    assert shown[PUBLISHED, "LAMP-Mag"][-3:] == ["77.99", "2.8", "-"]
    assert shown[REPRODUCED, "LAMP-Mag"] == ["-"] * 3 + ["88.13±1.25"] + ["-"] * 6 + ["70.00±1.25"]
    # The mean of 80 ... 87, since all eight are there; and no rank.
    assert shown[REPRODUCED, "LAMP-Soft"][-3:] == ["83.50", "-", "-"]
    assert shown[REPRODUCED, "WL"][3] == "83.00"
    assert sum(source == PUBLISHED for source, _ in shown) == 19
    order = [name for source, name in shown if source == REPRODUCED]
    assert order == ["WL", "LAMP-Mag", "LAMP-Soft", "LAMP-Mag w/o local loss", "Untrained"]


def test_published_numbers_keep_the_decimals_of_the_paper() -> None:
    shown = lines(comparison_table(TABLE2, NOTHING).markdown())
    assert shown[PUBLISHED, "No Pre-Train"][:2] == ["65.8±4.5", "74.0±0.8"]
    assert shown[PUBLISHED, "GraphCL"][2] == "62.40±0.57"
    assert shown[PUBLISHED, "RGCL"][-2:] == ["73.16", "9.0"]
    assert not any(source == REPRODUCED for source, _ in shown)


def test_the_csv_is_long_and_keeps_all_digits() -> None:
    back = pd.read_csv(StringIO(comparison_table(TABLE1, CELLS).numbers.to_csv(index=False)))
    assert back.columns.tolist() == COLUMNS
    assert back["value"].notna().all()
    ours = back[(back["source"] == REPRODUCED) & (back["method"] == "lamp-mag")].set_index("dataset")
    assert ours.loc["MUTAG", "value"] == 88.128
    assert ours.loc["MUTAG", "spread_meaning"] == "standard deviation over 5 seeds of the 10-fold mean"
    assert (ours.loc["MUTAG", "n_seeds"], ours.loc["MUTAG", "n_folds"]) == (5, 10)
    theirs = back[(back["source"] == PUBLISHED) & back["spread"].notna()]
    assert theirs["spread_meaning"].eq("not stated").all()
    # Every published number, and nothing else, is in the block of the published.
    assert back["source"].eq(PUBLISHED).sum() == TABLE1["value"].notna().sum()


def test_an_average_needs_all_data_sets_of_the_paper() -> None:
    rows = comparison_table(TABLE1, pd.DataFrame(EIGHT[:-1])).numbers
    assert "A.A." not in set(rows.loc[rows["source"] == REPRODUCED, "dataset"])
    # Data sets of our own do not make up for it, nor do they enter the average.
    further = comparison_table(TABLE1, pd.DataFrame([*EIGHT, cell("lamp-soft", "Cuneiform", 10.0)])).numbers
    average = further[(further["source"] == REPRODUCED) & (further["dataset"] == "A.A.")]
    assert average["value"].tolist() == [pytest.approx(83.5)]
    assert average["spread"].isna().all()


def test_table_3_is_transposed() -> None:
    chosen = ["simgrace", "lamp-mag-nolocal", "lamp-mag", "untrained"]
    table = comparison_table(TABLE3, CELLS, methods=chosen, transposed=True)
    markdown = [line.strip("| ").split(" | ") for line in table.markdown().splitlines() if "|" in line]
    assert markdown[0] == [
        *("SimGRACE (published)", r"LAMP-Mag w/o L\_LocalC (published)", "LAMP-Mag (published)"),
        *(r"LAMP-Mag w/o L\_LocalC (reproduced here)", "LAMP-Mag (reproduced here)", "Untrained (reproduced here)"),
    ]
    mutag = next(line for line in markdown if line[0] == "MUTAG")
    assert mutag == ["MUTAG", "89.01±1.31", "89.88±1.51", "90.02±1.59", "87.00±1.25", "88.13±1.25", "85.50±1.25"]
    assert [line[0] for line in markdown[-3:]] == ["IMDB-B", "A.A.", "SOL-3 †"]


def test_the_caption_says_what_each_spread_is() -> None:
    caption = comparison_table(TABLE1, CELLS, "Title").caption
    assert caption.startswith("Title. ")
    assert "“published” are copied from the paper; ±: not stated in the paper." in caption
    assert "±: standard deviation over 5 seeds of the 10-fold mean." in caption
    assert "† : not in the paper." in caption
    single = comparison_table(TABLE1, pd.DataFrame([cell("wl", "MUTAG", 83.0, np.nan, 1)])).caption
    assert "±: none, since there is one seed." in single
    assert "†" not in single


def test_ambiguous_cells_and_unknown_methods_are_refused() -> None:
    with pytest.raises(RelampError, match="lamp-soft, dataset NCI1: a cell of the table has a duplicate; choose one"):
        comparison_table(TABLE1, pd.concat([CELLS, CELLS.iloc[:1]]))
    with pytest.raises(RelampError, match="lamp-magg"):
        comparison_table(TABLE1, CELLS, methods=["lamp-magg"])


def test_rows_in_another_order_give_the_same_table() -> None:
    assert comparison_table(TABLE1, CELLS.iloc[::-1]).numbers.to_csv(index=False) == comparison_table(
        TABLE1, CELLS
    ).numbers.to_csv(index=False)


def printed(table: object) -> str:
    console = Console(file=StringIO(), width=120)
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_terminal_shows_what_both_have() -> None:
    # As it is read back from the CSV.
    rows = pd.read_csv(StringIO(comparison_table(TABLE1, CELLS).numbers.to_csv(index=False)))
    table = numbers_in_common(rows, "LAMP Table 1")
    # LAMP-Soft on eight data sets and its average, LAMP-Mag and WL on MUTAG; no-local and untrained are not in Table 1.
    assert table.row_count == 11
    (line,) = [line for line in printed(table).splitlines() if "LAMP-Mag" in line]
    assert [word.strip() for word in line.strip("│").split("│")] == [
        *("LAMP-Mag", "MUTAG", "90.02±1.59", "88.13±1.25", "-1.89"),
    ]


def test_the_terminal_says_when_there_is_nothing_to_compare() -> None:
    table = numbers_in_common(comparison_table(TABLE1, pd.DataFrame([cell("untrained", "Cuneiform", 50.0)])).numbers)
    assert table.row_count == 0
    assert "no number in common" in printed(table)


def probe_rows(method: str, dataset: str, values: tuple[float, ...], metric: str = "accuracy") -> pd.DataFrame:
    rows = [probe_row(seed, 5, value, metric=metric) for seed, value in enumerate(values)]
    return pd.DataFrame(rows).assign(method=method, dataset=dataset, setting="default")


def rendered(name: str, evaluation: str, *rows: pd.DataFrame, shows: Sequence[str] = ("untrained",)) -> pd.DataFrame:
    stored = {evaluation: pd.concat(rows, ignore_index=True)}
    return render_table(stored, load_published(FOLDER, name), "Title", shows).numbers


def here(rows: pd.DataFrame) -> dict[object, float]:
    return rows[rows["source"] == REPRODUCED].set_index(["method", "dataset"])["value"].to_dict()


def test_methods_are_those_of_the_paper_and_those_that_the_table_shows() -> None:
    rows = [
        probe_rows("mp-mix", "Cora", (0.8, 0.82)),
        probe_rows("untrained", "KarateClub", (0.5,)),
        probe_rows("grace", "Cora", (0.7,)),
    ]
    table = rendered("mmix_table2", "probe", *rows)
    assert here(table) == {("mp-mix", "Cora"): pytest.approx(81.0), ("untrained", "KarateClub"): 50.0}
    printed = table[(table["source"] == PUBLISHED) & (table["method"] == "mp-mix")].set_index("dataset")["value"]
    assert printed["Cora"] == 85.9
    # mo-mix is what the paper calls mo-mix-wp.
    table = rendered("mmix_table7", "probe", probe_rows("mo-mix", "Cora", (0.8, 0.82)), shows=("mo-mix",))
    assert list(here(table)) == [("mo-mix", "Cora")]
    assert "mo-mix-wp" in set(table["method"])


def test_each_metric_of_clustering_is_a_column_as_a_fraction() -> None:
    rows = [probe_rows("mvgrl", "Cora", (0.5, 0.6), metric) for metric in ("nmi", "ari")]
    table = render_table({"kmeans": pd.concat(rows)}, load_published(FOLDER, "mmix_table5"), "Title")
    assert here(table.numbers) == {
        ("mvgrl", "Cora NMI"): pytest.approx(0.55),
        ("mvgrl", "Cora ARI"): pytest.approx(0.55),
    }
    assert "0.6291" in table.markdown()
    assert "“published” are copied from the paper; ±: none is printed." in table.caption


def test_the_word_for_a_split_makes_no_column_of_its_own() -> None:
    """Table 8 prints transductive and inductive, one a data set: the run's cells belong below the same heads."""
    rows = [probe_rows("grace", "DBLP", (0.8, 0.82)), probe_rows("grace", "PPI", (0.6, 0.7), "micro_f1")]
    table = rendered("mmix_table8", "probe", *rows)
    assert here(table) == {("grace", "DBLP"): pytest.approx(81.0), ("grace", "PPI"): pytest.approx(65.0)}
    assert set(table.loc[table["source"] == PUBLISHED, "dataset"]) == {"DBLP", "PPI"}


def test_sizes_of_graphs_are_columns() -> None:
    row = {"n": 50, "seed": 0, "metric": "accuracy", "value": 0.5}
    table = rendered("mmix_table10", "edit-distance", of_run([row], "wl", "COIL-DEL"))
    both = table[(table["method"] == "wl") & (table["dataset"] == "COIL-DEL accuracy n=50")]
    assert both.set_index("source")["value"].to_dict() == {PUBLISHED: 0.934, REPRODUCED: 0.5}


def test_rows_of_an_svm_and_of_fine_tuning_are_those_of_lamp() -> None:
    table = render_table({"svm-rbf": svm_rows("lamp-mag", {"gamma": 0.2, "alpha": 1.0})}, TABLE1, "Title")
    assert here(table.numbers) == {("lamp-mag", "MUTAG"): pytest.approx(70.0)}
    assert "±: standard deviation over 5 seeds of the 2-fold mean." in table.caption
    splits = [{"seed": s, "epoch": 5, "split": of, "task": 0, "metric": "roc_auc"} for s in range(3) for of in SPLITS]
    tuned = of_run([row | {"value": 0.7 + row["seed"] / 100} for row in splits], "none", "Solubility")
    table = render_table({"finetune": tuned}, TABLE2, "Title")
    assert here(table.numbers) == {("none", "Solubility"): pytest.approx(71.0)}
    assert "±: standard deviation over 3 seeds of the mean over tasks." in table.caption


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*_table*.csv")), ids=lambda path: path.stem)
def test_a_table_without_any_run_shows_the_published_cells(path: Path) -> None:
    table = render_table({}, load_published(FOLDER, path.stem), "Title", ("untrained",))
    assert set(table.numbers["source"]) == {PUBLISHED}
