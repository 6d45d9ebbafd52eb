"""The papers' own numbers, as they are printed."""

from pathlib import Path

import pandas as pd

from relamp.errors import RelampError

REQUIRED = (
    "paper",
    "artifact",
    "method",
    "dataset",
    "metric",
    "value",
    "spread",
    "spread_meaning",
    "n",
    "note",
)
# `protocol` separates cells that one table prints for the same method and data set.
OPTIONAL = ("label", "protocol")
AVERAGES = ("A.A.", "Avg.")
RANK = "A.R."
AGGREGATES = (*AVERAGES, RANK)


def load_published(folder: Path | str, artifact: str) -> pd.DataFrame:
    """Return the printed cells of one figure or table of a paper, one row a cell, in the paper's order.

    Reads `folder/artifact.csv`. `value`, `spread` and `n` are numbers (NaN where nothing is printed), texts are never
    missing, `label` (the paper's spelling of the method) is filled from `method` where the file has no such column,
    and `decimals` counts the printed decimals of `value`, so that a table can show a number as the paper does.
    Raises RelampError if the file is absent, or has other columns, other artifacts, bad numbers or a cell twice.
    """
    path = Path(folder) / f"{artifact}.csv"
    if not path.is_file():
        raise RelampError(f"{path}: there is no such file of published numbers; check the folder and the name")
    # Read as text first: as numbers, 74.0 and 74.00 would look the same.
    text = pd.read_csv(path, dtype=str, keep_default_na=False)
    _check_columns(path, text)
    frame = text.copy()
    for column in ("value", "spread", "n"):
        frame[column] = _numbers(path, text, column)
    frame["decimals"] = text["value"].str.partition(".")[2].str.len().astype(int)
    if "label" not in frame:
        frame["label"] = frame["method"]
    _check_rows(path, frame, artifact)
    return frame


def paper_datasets(published: pd.DataFrame) -> list[str]:
    """Return the data sets of a published table in the paper's order, without its averages and ranks."""
    return [name for name in pd.unique(published["dataset"]).tolist() if name not in AGGREGATES]


def paper_aggregates(published: pd.DataFrame) -> list[str]:
    """Return the aggregate columns (average, average rank) of a published table in the paper's order."""
    return [name for name in pd.unique(published["dataset"]).tolist() if name in AGGREGATES]


def _check_columns(path: Path, frame: pd.DataFrame) -> None:
    missing = [name for name in REQUIRED if name not in frame]
    unknown = [name for name in frame if name not in (*REQUIRED, *OPTIONAL)]
    if missing:
        raise RelampError(f"{path}: the columns {missing} are missing; a published file has {list(REQUIRED)}")
    if unknown:
        raise RelampError(f"{path}: unknown columns {unknown}; allowed are {[*REQUIRED, *OPTIONAL]}")
    if frame.empty:
        raise RelampError(f"{path}: the file has no rows; add the paper's cells")


def _numbers(path: Path, text: pd.DataFrame, column: str) -> pd.Series:
    numbers = pd.to_numeric(text[column].replace("", None), errors="coerce")
    wrong = text.index[numbers.isna() & (text[column] != "")]
    if len(wrong):
        # Line 1 is the header.
        raise RelampError(
            f"{path}, line {wrong[0] + 2}: {column} {text.loc[wrong[0], column]!r} is not a number; "
            "leave it empty where the paper prints nothing"
        )
    return numbers.astype(float)


def _check_rows(path: Path, frame: pd.DataFrame, artifact: str) -> None:
    others = sorted(set(frame["artifact"]) - {artifact})
    if others:
        raise RelampError(f"{path}: has rows of the artifacts {others}; each artifact has its own file")
    for column in ("paper", "method", "dataset", "metric"):
        empty = frame.index[frame[column] == ""]
        if len(empty):
            raise RelampError(f"{path}, line {empty[0] + 2}: {column} is empty; fill it in")
    silent = frame.index[frame["value"].isna() & (frame["note"] == "")]
    if len(silent):
        raise RelampError(f"{path}, line {silent[0] + 2}: no value and no note; say in `note` why the cell is empty")
    key = [name for name in ("method", "dataset", "metric", "protocol") if name in frame]
    twice = frame.index[frame.duplicated(key)]
    if len(twice):
        cell = dict(frame.loc[twice[0], key])
        raise RelampError(f"{path}, line {twice[0] + 2}: the cell {cell} is there twice; remove one")
