"""Recorded runs by hand, of numbers and claims."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.site.records import Record

_CELL: dict[str, Any] = {
    **{"paper": "lamp", "artifact": "lamp_table1", "evaluation": "svm-rbf", "metric": "accuracy", "part": ""},
    **{"method": "a", "dataset": "D", "quoted": "", "scaled": "", "settings": "", "seeds": 3.0, "verdict": "worse"},
}
_MADE_BY = {"command": "snakemake --cores all judge --config preset=a 'mirrors=[\"/b\"]' offline=true"}
_CLAIM = {"id": "c", "paper": "lamp", "outcome": "undecided", "coverage": "", "evidence": "", "pieces": "[]"}


def record(name: str, cells: Sequence[dict[str, Any]], claims: Sequence[dict[str, Any]] = ()) -> Record:
    """Return a run of a method `a` on a data set `D`, but for what cells and claims say."""
    return Record(
        **{"name": name, "folder": Path(name), "cells": pd.DataFrame([{**_CELL, **cell} for cell in cells])},
        claims=pd.DataFrame([{**_CLAIM, **claim} for claim in claims], columns=list(_CLAIM)),
        **{"steps": {}, "made_by": _MADE_BY, "config": {}, "costs": {}},
    )
