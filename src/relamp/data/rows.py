"""Rows in long format: one measured number each, with the columns that say what it belongs to.

Rows lie in `rows/<evaluation>/<dataset>/<method>/<setting>/rows.csv`. Their first columns are method, dataset, setting,
and one for each parameter of the setting; the others are those of the evaluation, which names them in its file. Above
them stand the sha256 of the file and the facts of the run: seeds, protocol, how it was trained. Whoever reads rows
compares these with what the configuration asks for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.errors import RelampError
from relamp.runtime.files import read_json
from relamp.runtime.sealed import again, check_facts, read_sealed, write_sealed

Value = float | bool | str | None

DEFAULT = "default"  # the setting of a run whose parameters are all as configured
RUN = ["method", "dataset", "setting"]
ONE_BRANCH = ("a", "b", "z")  # of an encoder of several branches, those that are scored alone
_ALONE = "-branch-"
SVM_COLUMNS = ("seed", "epoch", "fold", "candidate", "selected", "metric", "value")
FINETUNE_COLUMNS = ("seed", "epoch", "split", "task", "metric", "value")


def alone(method: str, branch: str) -> str:
    """Return the name under which a branch of a method's encoder is scored alone: mp-mix-branch-a."""
    return f"{method}{_ALONE}{branch}"


def branch_of(method: str) -> tuple[str, str]:
    """Return a method and the branch of its encoder that a name says is scored alone, or an empty word."""
    whole, _, branch = method.partition(_ALONE)
    return whole, branch


def write_rows(output: Path, parts: Sequence[pd.DataFrame], facts: Mapping[str, Any], columns: Sequence[str]) -> None:
    """Write the rows of one run as one CSV, from frames with the columns of the evaluation.

    Facts are method, dataset and setting (`DEFAULT` if absent), and whatever else says what the rows are. Raises
    RelampError if a parameter of the setting has the name of a column.
    """
    run = {"method": facts["method"], "dataset": facts["dataset"], "setting": facts.get("setting", DEFAULT)}
    values = setting_values(run["setting"])
    if clash := sorted(values.keys() & {*RUN, *columns}):
        raise RelampError(f"{run['setting']}: rows have columns {', '.join(clash)} of their own; rename the parameter")
    rows = pd.concat(parts, ignore_index=True).assign(**run, **values)
    write_table(output, rows[[*RUN, *values, *columns]], {**facts, **run})


def write_table(output: Path, rows: pd.DataFrame, facts: Mapping[str, Any]) -> None:
    """Write a CSV under its sha256 and its facts; numbers keep all their digits."""
    write_sealed(output, rows.to_csv(index=False, lineterminator="\n"), facts)


def read_table(path: Path, asked: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Return a CSV that `write_table` wrote, as far as it is what is `asked` for; None compares nothing.

    Raises RelampError if it is missing, changed, made with other facts, or lacks seeds or folds of its own facts.
    """
    facts, body = read_sealed(path)
    check_facts(path, facts, asked or {})
    try:
        rows = pd.read_csv(StringIO(body), dtype={"setting": str})
    except ValueError as error:
        raise RelampError(f"{path}: is no table ({error}); {again(path)}") from error
    _check_complete(path, rows, facts)
    return rows


def read_tables(paths: Iterable[Path], asked: Path | None = None) -> list[pd.DataFrame]:
    """Return several tables; `asked` is a file with the facts that each is to have, by its path.

    Raises RelampError as `read_table` does, and if nothing is asked of a table.
    """
    facts = read_json(asked) if asked else None
    return [read_table(path, None if facts is None else _of(facts, path)) for path in paths]


def read_rows(paths: Iterable[Path], asked: Path | None = None) -> pd.DataFrame:
    """Return the rows of several files of one evaluation as one frame, each with its file in the column `rows`.

    Raises RelampError if there are no files, and as `read_tables` does.
    """
    paths = list(paths)
    frames = [rows.assign(rows=str(path)) for path, rows in zip(paths, read_tables(paths, asked), strict=True)]
    if not frames:
        raise RelampError("rows: there are none; run the evaluation first")
    return pd.concat(frames, ignore_index=True)


def read_by_evaluation(paths: Iterable[Path], asked: Path | None = None) -> dict[str, pd.DataFrame]:
    """Return `read_rows` of files by evaluation, the folder between `rows/` and that of the data set.

    Raises RelampError if a file does not lie in such a folder.
    """
    found: dict[str, list[Path]] = {}
    for path in paths:
        if len(path.parents) < 5 or path.parents[4].name != "rows":
            raise RelampError(f"{path}: rows lie in rows/EVALUATION/DATASET/METHOD/SETTING/rows.csv; move the file")
        found.setdefault(path.parents[3].name, []).append(path)
    return {evaluation: read_rows(of, asked) for evaluation, of in found.items()}


def _of(facts: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    if str(path) not in facts:
        raise RelampError(f"{path}: the configuration asks for no such rows; leave the file out")
    of: Mapping[str, Any] = facts[str(path)]
    return of


def _check_complete(path: Path, rows: pd.DataFrame, facts: Mapping[str, Any]) -> None:
    """Refuse rows that lack some of the seeds or folds that their facts name, or have others."""
    seeds, folds = facts.get("seeds"), (facts.get("protocol") or {}).get("folds")
    if seeds is not None and "seed" not in rows:
        raise RelampError(f"{path}: has no column of seeds, of which it should have {seeds}; {again(path)}")
    if seeds is not None and sorted(rows["seed"].unique()) != sorted(seeds):
        raise RelampError(f"{path}: has the seeds {sorted(rows['seed'].unique().tolist())} of {seeds}; {again(path)}")
    starts = facts.get("pretraining_seeds") or []
    if len(starts) > 1 and not sorted(rows.get("pretraining_seed", pd.Series()).unique()) == sorted(starts):
        raise RelampError(f"{path}: has not the {len(starts)} seeds of pre-training of its own facts; {again(path)}")
    if folds is not None and {"seed", "fold"} <= set(rows):
        counts = rows.groupby("seed")["fold"].nunique()
        if (counts != folds).any():
            raise RelampError(f"{path}: has {counts.min()} to {counts.max()} of {folds} folds; {again(path)}")


def with_parameters(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with one column per parameter of their settings, missing where a setting does not have it."""
    values = {name: setting_values(name) for name in rows["setting"].unique()}
    columns = dict.fromkeys(parameter for of in values.values() for parameter in of)
    return rows.assign(
        **{name: rows["setting"].map({setting: of.get(name) for setting, of in values.items()}) for name in columns}
    )


def setting_name(values: Mapping[str, Value]) -> str:
    """Return the values of some parameters as a path part, such as `gamma~0.2_alpha~1`; `DEFAULT` without any.

    Raises RelampError if `setting_values` could not read the name back: values are finite numbers, booleans, None, or
    words without `_`, `~` and `/` that read as none of these; a parameter is named as in Python.
    """
    name = "_".join(f"{parameter}~{_spelt(value)}" for parameter, value in values.items()) or DEFAULT
    if "/" in name or _parsed(name) != dict(values):
        raise RelampError(f"setting: {dict(values)} cannot be written as part of a path; use numbers and plain words")
    return name


def setting_values(name: str) -> dict[str, Value]:
    """Return the values of a path part by parameter; the inverse of `setting_name`.

    Raises RelampError if the name is not spelt as `setting_name` spells it.
    """
    return dict(_known(name))


@cache  # a plan asks for few names some hundred thousand times
def _known(name: str) -> dict[str, Value]:
    values = _parsed(name)
    # Spelt again, so that no two paths mean one setting.
    if values is None or name != setting_name(values):
        raise RelampError(f"there is no setting {name!r}; it is spelt like gamma~0.2_alpha~1")
    return values


def _parsed(name: str) -> dict[str, Value] | None:
    if name == DEFAULT:
        return {}
    # A value holds no `_`, but the name of a parameter may: `sample_size~8_hidden~64`.
    pairs = re.findall(r"(?:^|_)([A-Za-z]\w*?)~([^_~]+)(?=_|$)", name)
    values = {parameter: _value(text) for parameter, text in pairs}
    complete = "_".join(f"{parameter}~{text}" for parameter, text in pairs) == name
    return values if complete and len(values) == len(pairs) else None


def _spelt(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, str | bool):
        return str(value).lower() if isinstance(value, bool) else value
    short = f"{value:g}"
    # :g keeps six digits; where they are too few, two values must not share a path.
    return short if float(short) == value else repr(float(value))


def _value(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    if text == "null":
        return None
    try:
        return float(text)
    except ValueError:
        return text
