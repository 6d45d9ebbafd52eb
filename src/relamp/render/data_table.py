"""A table of what the data guard found in each data set."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from relamp.render.markup import html_page

CAPTION = (
    "What the data guard found in the packed data sets. Pairs of nodes are counted once, self-loops apart. "
    "Alike: graphs that share a Weisfeiler-Leman hash with another; contradicting: those of them whose labels differ. "
    "Majority: the score of always saying the most frequent class. Content: whether counts and fingerprint are "
    "those of the registry; where not, the guard's report says what differs and why it passed."
)


def data_rows(reports: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row a data set from the guard's reports, see `relamp.data.guard`, `guard_nodes` and `steps.data`."""
    return pd.DataFrame([_row(report) for report in reports])


def data_page(rows: pd.DataFrame) -> str:
    """Return an HTML page that shows the rows."""
    cells = [[_text(value) for value in row] for row in rows.itertuples(index=False)]
    return html_page([name.replace("_", " ") for name in rows.columns], {"": cells}, CAPTION, text_columns=1)


def _row(report: Mapping[str, Any]) -> dict[str, Any]:
    # A graph whose nodes are classified is not compared with others, and images have none of a graph's columns.
    labels, degree, copies = (report.get(name, {}) for name in ("labels", "degree", "duplicates"))
    return {
        "data_set": report["name"],
        "images": report.get("rows"),
        "graphs": report.get("graphs"),
        "dropped": report.get("dropped"),
        "nodes": report.get("nodes"),
        "edges": report.get("edges"),
        "self_loops": report.get("self_loops"),
        "average_nodes": report.get("average_nodes"),
        "average_edges": report.get("average_edges"),
        "isolated_nodes": report.get("isolated_nodes"),
        "without_edges": report.get("graphs_without_edges"),
        "degree_max": degree.get("max"),
        "classes": report.get("classes") or len(labels.get("classes", {})) or None,
        "tasks": len(labels.get("tasks", [])) or None,
        "majority": labels.get("majority_accuracy"),
        "alike": copies.get("graphs"),
        "contradicting": copies.get("conflicting_graphs"),
        "content": "as expected" if report["as_expected"] else "differs",
    }


def _text(value: Any) -> str:
    if pd.isna(value):
        return "-"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.2f}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)
