"""A table of what the training of each method takes: parameters, epochs, seconds."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from relamp.data.rows import DEFAULT
from relamp.render.markup import Block, TextTable
from relamp.render.style import in_order, label, ordered, ordered_methods, short_name

COLUMNS = ["dataset", "method", "label", "setting", "encoder", "others", "epochs", "seeds", "seconds"]
CAPTION = (
    "What the training of each method on graphs takes, at the setting of the tables. Encoder: its trained parameters; "
    "others: those of heads and of everything else that is dropped after training. Seconds: of one seed, as the job's "
    "clock ran, its start included; they depend on the machine and on what else it did, and are left out where the job "
    "trained several settings. Empty: not known. A method “as in its code” has the budget of its public code, all "
    "others that of the configuration."
)


def budget_table(runs: Sequence[Mapping[str, Any]]) -> TextTable:
    """Return a table with a block for each data set, one line for each run.

    A run has dataset, method (with its `name`), setting, epochs, seeds, seconds (None where unknown) and, by part, how
    many `parameters` are trained; a run of an older version has no such numbers.
    """
    rows = pd.DataFrame([_row(run) for run in runs], columns=COLUMNS)
    rows = rows.astype(dict.fromkeys(("encoder", "others", "epochs", "seeds"), "Int64"))
    names = ordered(rows["dataset"])
    rows = in_order(rows, {"dataset": names, "method": ordered_methods(rows["method"])})
    blocks: dict[str, Block] = {
        short_name(name): [_line(row) for row in rows[rows["dataset"] == name].to_dict("records")] for name in names
    }
    return TextTable(rows, ["method", "encoder", "others", "epochs", "seeds", "seconds"], blocks, CAPTION)


def _row(run: Mapping[str, Any]) -> dict[str, Any]:
    method, sizes = run["method"]["name"], dict(run.get("parameters") or {})
    encoder = sizes.pop("encoder", None)
    others = None if encoder is None else sum(sizes.values())
    found = {"dataset": run["dataset"], "method": method, "label": label(method), "encoder": encoder, "others": others}
    return {**found, **{name: run[name] for name in ("setting", "epochs", "seeds", "seconds")}}


def _line(row: Mapping[Any, Any]) -> list[str]:
    name = row["label"] if row["setting"] == DEFAULT else f"{row['label']}, {row['setting'].replace('_', ', ')}"
    counts = ["" if pd.isna(row[key]) else f"{row[key]:,}" for key in ("encoder", "others", "epochs", "seeds")]
    return [name, *counts, "" if pd.isna(row["seconds"]) else f"{row['seconds']:.1f}"]
