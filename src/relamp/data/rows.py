"""Rows in long format: what was measured, one number a row, with the columns that say what it belongs to."""

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


def read_rows(paths: Sequence[Path], labels: Sequence[Mapping[str, Any]] | None = None) -> pd.DataFrame:
    """Return the rows of several CSV files as one frame, those of each file marked with its `labels`; none: empty."""
    marks = labels or [{}] * len(paths)
    parts = [pd.read_csv(path).assign(**mark) for path, mark in zip(paths, marks, strict=True)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
