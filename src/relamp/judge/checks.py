"""Checks of frames, in one place: each raises RelampError, which names the first row at fault and the remedy."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from relamp.errors import RelampError

# Equal sums differ in their last bits: what is equal to so many decimals is taken to be equal.
DECIMALS = 12
_NAMES = ("method", "dataset", "setting", "seed", "epoch", "fold", "split", "task")


def refuse(wrong: pd.DataFrame, trouble: str) -> None:
    """Refuse these rows, if there are any; the trouble may hold `{columns}` of theirs."""
    if len(wrong):
        first = wrong.iloc[0]
        names = [f"{name} {first[name]}" for name in _NAMES if name in wrong and not pd.isna(first[name])]
        raise RelampError(f"{', '.join(names)}: {trouble.format(**first)}")


def no_gap(expected: pd.DataFrame, found: pd.DataFrame, key: list[str], trouble: str) -> None:
    """Refuse a `key` of the expected rows that is not among those found."""
    # Numbered together: two empty epochs are equal then, which they are not in a set of tuples with NaN.
    number = pd.concat([expected[key], found[key]]).groupby(key, dropna=False, sort=False).ngroup().to_numpy()
    lacking = ~np.isin(number[: len(expected)], number[len(expected) :])
    refuse(expected.loc[lacking, key], f"{trouble}; finish this run or leave its rows out")


def once(rows: pd.DataFrame, key: list[str], what: str, remedy: str = "pass every file of rows once") -> None:
    """Refuse two rows with the same `key`."""
    refuse(rows.loc[rows.duplicated(key), key], f"{what} has a duplicate; {remedy}")


def as_many(counted: pd.DataFrame, by: list[str], trouble: str) -> None:
    """Refuse rows whose `count` is below that of others in their group."""
    refuse(counted[counted["count"] != counted.groupby(by)["count"].transform("max")], trouble)


def has_columns(rows: pd.DataFrame, columns: Sequence[str], trouble: str) -> None:
    """Refuse a frame that lacks some columns; the trouble holds `{missing}`."""
    if missing := [name for name in columns if name not in rows]:
        raise RelampError(trouble.format(missing=missing))


def truth(column: pd.Series) -> "pd.Series[bool]":
    """Return True and False as a CSV gives them back: as truth values, numbers or text; RelampError for all else."""
    if column.dtype == bool:
        return column
    text = column.astype(str).str.lower()
    unknown = sorted(set(text) - {"true", "false", "1", "0", "1.0", "0.0"})
    if unknown:
        raise RelampError(f"rows: `{column.name}` is True or False, but {unknown} was found; write the rows again")
    return text.isin(["true", "1", "1.0"])
