"""A table of what the data guard found in each data set."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from relamp.render.markup import TextTable

_COUNTS = ("graphs", "dropped", "nodes", "edges", "self_loops", "average_nodes", "average_edges", "isolated_nodes")
CAPTION = (
    "What the data guard found in the packed data sets. Pairs of nodes are counted once, self-loops separately. "
    "Alike: graphs that share a Weisfeiler-Leman hash with another graph; contradicting: those of them whose labels "
    "differ. Majority: the accuracy of always predicting the most frequent class. Content: as expected where all that "
    "a result depends on is the registry's, order included; where it differs, the guard's report says how and why it "
    "passed; own is a user's own data set, with warnings of what is not used of it."
)


def data_table(reports: Sequence[Mapping[str, Any]]) -> TextTable:
    """Return a table with one row per data set from the guard's reports (`relamp.data.guard`)."""
    rows = pd.DataFrame([_row(report) for report in reports])
    # Only a user's own data have any.
    if any(report.get("warnings") for report in reports):
        rows["warnings"] = ["; ".join(report.get("warnings", ())) or None for report in reports]
    lines = [[_text(value) for value in row] for row in rows.itertuples(index=False)]
    return TextTable(rows, [name.replace("_", " ") for name in rows.columns], {"": lines}, CAPTION)


def _row(report: Mapping[str, Any]) -> dict[str, Any]:
    # A graph whose nodes are classified is not compared with others, and images have none of a graph's columns.
    labels, degree, copies = (report.get(name, {}) for name in ("labels", "degree", "duplicates"))
    counts = {name: report.get(name) for name in _COUNTS}
    return {
        "data_set": report["name"],
        "images": report.get("rows"),
        **counts,
        "without_edges": report.get("graphs_without_edges"),
        "degree_max": degree.get("max"),
        "classes": report.get("classes") or len(labels.get("classes", {})) or None,
        "tasks": len(labels.get("tasks", [])) or None,
        "majority": labels.get("majority_accuracy"),
        "alike": copies.get("graphs"),
        "contradicting": copies.get("conflicting_graphs"),
        "content": report["content"],
    }


def _text(value: Any) -> str:
    if pd.isna(value):
        return "-"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.2f}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)
