"""Interim."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.runtime.files import write_csv

SVM_COLUMNS = ("method", "dataset", "gamma", "alpha", "seed", "epoch", "fold", "C", "selected", "metric", "value")
FINETUNE_COLUMNS = ("method", "dataset", "gamma", "alpha", "seed", "epoch", "split", "task", "metric", "value")


def write_rows(output: Path, parts: Sequence[pd.DataFrame], labels: Mapping[str, Any], columns: Sequence[str]) -> None:
    """Write rows as one CSV, each marked with `labels`; gamma and alpha stay empty where a method has none."""
    rows = pd.concat(parts, ignore_index=True).assign(**{"gamma": None, "alpha": None, **labels})
    write_csv(output, rows[list(columns)])


def setting_name(values):
    """Interim."""

    def spell(v):
        if isinstance(v, bool) or isinstance(v, str):
            return str(v)
        short = f"{v:g}"
        return short if float(short) == v else repr(v)

    return "_".join(f"{k}~{spell(v)}" for k, v in values.items()) or "default"


def setting_values(name):
    """Interim."""
    if name == "default":
        return {}
    parts = name.split("~")
    keys = [parts[0]]
    vals = []
    for mid in parts[1:-1]:
        v, _, k = mid.partition("_")
        vals.append(v)
        keys.append(k)
    vals.append(parts[-1])

    def read(v):
        try:
            f = float(v)
        except ValueError:
            return {"True": True, "False": False}.get(v, v)
        return int(f) if f.is_integer() and "." not in v and "e" not in v else f

    return {k: read(v) for k, v in zip(keys, vals, strict=True)}
