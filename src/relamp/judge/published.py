"""The papers' own numbers: as they are printed, and as they are compared with scores."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from relamp.data.registry import REGISTRY
from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.checks import once
from relamp.runtime.files import read_csv
from relamp.runtime.yaml_words import read_words

REQUIRED = ("paper", "artifact", "method", "dataset", "metric", "value", "spread", "spread_meaning", "n", "note")
# `protocol` separates cells that one table prints for the same method and data set; `quoted` is where a number is
# quoted from, empty where the paper measured it itself, and `measured_by` the protocol by which it was measured.
OPTIONAL = ("label", "protocol", "quoted", "measured_by")
PROTOCOLS_FILE = "protocols.yaml"
NOT_RUN_FILE = "not_run.yaml"
AVERAGES = ("A.A.", "Avg.")
RANK = "A.R."
AGGREGATES = (*AVERAGES, RANK)
SPLITS = ("transductive", "inductive")  # printed beside cells of M-Mix's Table 8, one for each data set
# Printed rows that are a method of relamp under another name: what M-Mix ran again itself (a dagger), the one row that
# says the scope which is the default, and MVGRL's branches with M-Mix's objectives, which Table 9 marks by the dagger
# and whose numbers Table 7 prints as MVGRL's. Table 2 prints i-mix with the inputs X and A, which are GRACE's, as in
# Table 8; MVGRL has its diffusion besides. Its row LINEAR is the control that probes the features themselves, and the
# DGI that M-Mix ran again has the inputs X and D.
_RUN_AS = {"mo-mix-wp": "mo-mix"}
_RUN_THERE_AS = {
    ("mmix_table2", "dgi-reproduced"): "dgi-diffusion",
    ("mmix_table2", "graphcl-reproduced"): "graphcl-nodes",
    ("mmix_table2", "imix"): "grace-imix",
    ("mmix_table2", "linear"): "raw-features",
    ("mmix_table7", "mvgrl"): "mvgrl-infonce",
    ("mmix_table9", "mvgrl-reproduced"): "mvgrl-infonce",
}
# A rival's number is compared with what its public code trains and scores, not with the method in GraphCL's shell; of
# graphlets with DGK's samples of seven nodes, not with all of three.
_RIVALS = ("graphlet", "infograph", "joao", "joaov2", "ad-gcl", "gcs", "rgcl", "autogcl")
_RUN_THERE_AS |= {(table, name): f"{name}-code" for table in ("lamp_table1", "mmix_table3") for name in _RIVALS}
_AGAIN = "-reproduced"

# By artifact and domain of the data set, the evaluation by which its cells are judged.
JudgedBy = Mapping[str, Mapping[str, str]]


class MeasuredBy(BaseModel):
    """How printed numbers were measured, and how relamp measures so.

    Attributes:
        about: in words.
        evaluation: by which relamp does it, if that is not the one of the table.
        datasets: by data set, the one that has its split here; without scores of it a cell cannot be compared.
        either: by data set, the one that has another split here, where nobody says which of the two was printed.
        comparable: whether relamp measures so at all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = Field(min_length=1)
    evaluation: str | None = None
    datasets: dict[str, str] = Field(default_factory=dict)
    either: dict[str, str] = Field(default_factory=dict)
    comparable: bool = True

    def places(self, dataset: str) -> tuple[str, ...]:
        """Return the data sets whose scores may be compared with a number that is printed for one, the first first."""
        other = self.either.get(dataset)
        return (dataset, other) if other else (self.datasets.get(dataset, dataset),)

    @field_validator("evaluation")
    @classmethod
    def _is_one(cls, name: str | None) -> str | None:
        if name is not None and name not in EVALUATIONS:
            raise ValueError(f"there is no evaluation {name!r}; known: {', '.join(EVALUATIONS)}")
        return name


class NotRun(BaseModel):
    """Printed rows that relamp does not run, and why.

    Attributes:
        rows: by artifact, the printed methods.
        reason: in one sentence.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]
    reason: str = Field(pattern=r"\.$")


def load_protocols(path: Path | str) -> dict[str, MeasuredBy]:
    """Return how printed numbers were measured, by the names of `measured_by`; raises RelampError for a wrong form."""
    found: dict[str, MeasuredBy] = _read_as(dict[str, MeasuredBy], path)
    return found


def load_not_run(path: Path | str, printed: pd.DataFrame) -> pd.DataFrame:
    """Return the `artifact`, `method`, `label` and `reason` of each row of printed tables that relamp does not run.

    Rows are in the order of the file, those of other tables left out. Raises RelampError for a wrong form, a row that
    its table does not print, and one that is there twice.
    """
    labels = dict(zip(zip(printed["artifact"], printed["method"], strict=True), printed["label"], strict=True))
    tables = {artifact for artifact, _ in labels}
    rows = [
        (artifact, method, entry.reason)
        for entry in _read_as(tuple[NotRun, ...], path)
        for artifact, methods in entry.rows.items()
        for method in methods
        if artifact in tables
    ]
    if unknown := [f"{method} of {artifact}" for artifact, method, _ in rows if (artifact, method) not in labels]:
        raise RelampError(f"{path}: no table prints {', '.join(unknown)}; name rows as the table's file does")
    found = pd.DataFrame(rows, columns=["artifact", "method", "reason"], dtype=object)
    once(found, ["artifact", "method"], "a row that is not run", "give it one reason")
    return found.assign(label=[labels[artifact, method] for artifact, method, _ in rows])


def reasons(not_run: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return by reason and artifact the labels of the rows of `load_not_run`."""
    found: dict[str, dict[str, str]] = {}
    for reason, artifact, label in not_run[["reason", "artifact", "label"]].itertuples(index=False):
        of = found.setdefault(reason, {})
        of[artifact] = f"{of[artifact]}, {label}" if artifact in of else label
    return found


def _read_as(kind: Any, path: Path | str) -> Any:
    try:
        return TypeAdapter(kind).validate_python(read_words(path))
    except ValidationError as error:
        raise RelampError(f"{path}: {faults(error)}") from error


def faults(error: ValidationError) -> str:
    """Return in words what is wrong with an entry of a file, each fault by its place."""
    return "; ".join(".".join(map(str, fault["loc"])) + f": {fault['msg']}" for fault in error.errors())


def load_published(folder: Path | str, artifact: str) -> pd.DataFrame:
    """Return the printed cells of one figure or table of a paper, one row a cell, in the paper's order.

    Reads `folder/artifact.csv`. `value`, `spread` and `n` are numbers (NaN where nothing is printed), texts are never
    missing, `label` (the paper's spelling of the method) is filled from `method` where the file has no such column,
    and `decimals` counts the printed decimals of `value`, so that a table can show a number as the paper does.
    Raises RelampError if the file is absent, or has other columns, other artifacts, bad numbers or a duplicate cell.
    """
    path = Path(folder) / f"{artifact}.csv"
    if not path.is_file():
        raise RelampError(f"{path}: there is no such file of published numbers; check the folder and the name")
    # Read as text first: as numbers, 74.0 and 74.00 would look the same.
    text = read_csv(path, dtype=str, keep_default_na=False)
    _check_columns(path, text)
    frame = text.copy()
    for column in ("value", "spread", "n"):
        frame[column] = _numbers(path, text, column)
    for column in ("quoted", "measured_by"):
        frame[column] = text.get(column, "")
    frame["decimals"] = text["value"].str.partition(".")[2].str.len().astype(int)
    if "label" not in frame:
        frame["label"] = frame["method"]
    _check_rows(path, frame, artifact)
    return frame


def natural(name: str) -> str:
    """Return a key for sorting names that puts table2 before table10."""
    return re.sub(r"\d+", lambda number: number[0].zfill(4), name)


def paper_datasets(published: pd.DataFrame) -> list[str]:
    """Return the data sets of a published table in the paper's order, without its averages and ranks."""
    return [name for name in pd.unique(published["dataset"]).tolist() if name not in AGGREGATES]


def paper_aggregates(published: pd.DataFrame) -> list[str]:
    """Return the aggregate columns (average, average rank) of a published table in the paper's order."""
    return [name for name in pd.unique(published["dataset"]).tolist() if name in AGGREGATES]


def evaluation_of(judged_by: JudgedBy, artifact: str, dataset: str) -> str:
    """Return by which evaluation an artifact's cells of a data set are judged; raises RelampError if nobody says."""
    by_domain = judged_by.get(artifact)
    if by_domain is None:
        raise RelampError(
            f"{artifact}: nothing says how its cells are measured; known are {', '.join(judged_by)}; name the "
            "evaluation in the artifact's record, or move the file away"
        )
    if len(by_domain) == 1:
        return next(iter(by_domain.values()))
    domain = REGISTRY[dataset].kind if dataset in REGISTRY else "unknown"
    if domain not in by_domain:
        raise RelampError(f"{artifact}: {dataset} is of the domain {domain}, the table of {' and '.join(by_domain)}")
    return by_domain[domain]


def run_as(artifact: str, method: str) -> str:
    """Return relamp's name of a method that an artifact prints: M-Mix's own repetition of a rival is that rival."""
    return _RUN_THERE_AS.get((artifact, method)) or _RUN_AS.get(method, method.removesuffix(_AGAIN))


def evaluations(cells: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return by artifact and method, as relamp names it, the evaluation of cells that have one (`measures`)."""
    names = zip(cells["artifact"], cells["method"], cells["evaluation"], strict=True)
    return {(artifact, run_as(artifact, method)): evaluation for artifact, method, evaluation in names}


def measures(
    published: pd.DataFrame, judged_by: JudgedBy, protocols: Mapping[str, MeasuredBy] | None = None
) -> pd.DataFrame:
    """Return published cells with `evaluation` and `part`, and with fractions and their `decimals` in per cent.

    The evaluation is that of the table, unless the protocol of a number is another one of relamp's. The part is the
    printed `protocol`, which is left out where it describes the data set's split and no part of it.
    """
    keys = zip(published["artifact"], published["dataset"], strict=True)
    of_table = pd.Series([evaluation_of(judged_by, *key) for key in keys], index=published.index, dtype=object)
    named = {name: how.evaluation for name, how in (protocols or {}).items() if how.evaluation}
    own = published["measured_by"].map(named) if "measured_by" in published else pd.Series(dtype=object)
    cells = published.assign(evaluation=own.reindex(of_table.index).where(lambda name: name.notna(), of_table))
    printed = cells["protocol"].fillna("") if "protocol" in cells else pd.Series("", index=cells.index)
    per_cent = ~cells["evaluation"].map({name: row.fractions for name, row in EVALUATIONS.items()}).astype(bool)
    # Rounded, since 100 times a printed decimal has bits of its own.
    scaled = {name: cells[name].where(per_cent, (100.0 * cells[name]).round(8)) for name in ("value", "spread")}
    digits = cells["decimals"].where(per_cent, (cells["decimals"] - 2).clip(lower=0))
    cells = cells.assign(part=printed.where(~printed.isin(SPLITS), ""), decimals=digits, **scaled)
    return cells.drop(columns="protocol", errors="ignore")


def _check_columns(path: Path, frame: pd.DataFrame) -> None:
    if missing := [name for name in REQUIRED if name not in frame]:
        raise RelampError(f"{path}: the columns {missing} are missing; a published file has {list(REQUIRED)}")
    if unknown := [name for name in frame if name not in (*REQUIRED, *OPTIONAL)]:
        raise RelampError(f"{path}: unknown columns {unknown}; allowed are {[*REQUIRED, *OPTIONAL]}")
    if frame.empty:
        raise RelampError(f"{path}: the file has no rows; add the paper's cells")


def _numbers(path: Path, text: pd.DataFrame, column: str) -> pd.Series:
    numbers = pd.to_numeric(text[column].replace("", None), errors="coerce")
    trouble = f"{column} {{{column}!r}} is not a number; leave it empty where the paper prints nothing"
    _refuse(path, text[numbers.isna() & (text[column] != "")], trouble)
    return numbers.astype(float)


def _check_rows(path: Path, frame: pd.DataFrame, artifact: str) -> None:
    if others := sorted(set(frame["artifact"]) - {artifact}):
        raise RelampError(f"{path}: has rows of the artifacts {others}; each artifact has its own file")
    for column in ("paper", "method", "dataset", "metric"):
        _refuse(path, frame[frame[column] == ""], f"{column} is empty; fill it in")
    silent = frame[frame["value"].isna() & (frame["note"] == "")]
    _refuse(path, silent, "no value and no note; say in `note` why the cell is empty")
    key = [name for name in ("method", "dataset", "metric", "protocol") if name in frame]
    cell = "{{" + ", ".join(f"{name!r}: {{{name}!r}}" for name in key) + "}}"
    _refuse(path, frame[frame.duplicated(key)], f"the cell {cell} is a duplicate; remove one")


def _refuse(path: Path, wrong: pd.DataFrame, trouble: str) -> None:
    """Refuse these rows, if there are any, naming the first one's line; the trouble may hold `{columns}` of theirs."""
    if len(wrong):
        # Line 1 is the header.
        raise RelampError(f"{path}, line {wrong.index[0] + 2}: {trouble.format(**wrong.iloc[0])}")
