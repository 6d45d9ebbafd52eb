"""The data guard: refuses packed graphs that are broken, and reports what sound ones and packed nodes look like."""

from collections.abc import Mapping, Sequence
from itertools import starmap, zip_longest
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.data.fingerprint import WL_ROUNDS, Hash, blocks, wl_hash
from relamp.data.nodes import PARTS, PackedNodes
from relamp.data.packed import MISSING, Integers, PackedGraphs, smallest_uint
from relamp.errors import RelampError

_Int64 = NDArray[np.int64]

_QUANTILES = (5, 25, 50, 75, 95, 99)
_TEXT = """{name}
  graphs          {graphs:,} ({dropped:,} raw rows dropped)
  nodes           {nodes:,} ({average_nodes:.2f} per graph)
  edges           {edges:,} ({average_edges:.2f} per graph), {self_loops:,} self-loops
  graphs without  nodes {graphs_without_nodes:,}, edges {graphs_without_edges:,}
  isolated nodes  {isolated_nodes:,}
  degree          {degree[min]} to {degree[max]}, mean {degree[mean]:.2f}, median {degree[q50]:g}
  node categories {occur}{labels}
  duplicates      {duplicates[graphs]:,} graphs in {duplicates[groups]:,} groups alike to WL-{duplicates[rounds]}
                  {duplicates[conflicting_groups]:,} groups ({duplicates[conflicting_graphs]:,} graphs) with different \
labels{warned}"""


Tally = dict[str, Any]


def inspect(data: PackedGraphs) -> dict[str, Any]:
    """Check packed graphs and return a report that JSON can hold.

    Edges are undirected: a pair of nodes counts once, self-loops apart, those that the reader removed among them. A
    node's degree is the number of other nodes that it is joined to. `duplicates` rests on `wl_hash`, with its limits.

    Raises RelampError if categories, node numbers or labels are out of range, or an edge is repeated or one-way.
    """
    return make_report(data.name, tally(data), wl_hash(data), data.y, data.info, len(data.info.get("dropped", ())))


def tally(data: PackedGraphs) -> Tally:
    """Check packed graphs and count what `make_report` needs; raises RelampError as `inspect` does.

    Beside counts of the report there are `degree`, how many nodes have degree 0, 1, ..., and `categories`: for each
    column of node features, how many nodes have category 0, 1, ... All of it can be held by JSON, and adds up over the
    parts of a corpus, see `add_tallies`.
    """
    _check_values(data)
    degree, loops = np.zeros(len(data.x), dtype=np.int64), 0
    for start, end in blocks(data):
        first, last = data.node_offset[start], data.node_offset[end]
        source, target = data.global_edge_index(start, end)
        _check_edges(data, start, end, source, target)
        other = source != target
        degree[first:last] = np.bincount(source[other], minlength=last - first)
        loops += int((~other).sum())
    return {
        "graphs": len(data),
        "nodes": len(data.x),
        "edges": int(degree.sum()) // 2,
        "self_loops": loops,
        "graphs_without_nodes": int((data.num_nodes == 0).sum()),
        "graphs_without_edges": int((data.num_edges == 0).sum()),
        "degree": np.bincount(degree).tolist(),
        "categories": [np.bincount(column).tolist() for column in data.x.T],
    }


def add_tallies(a: Any, b: Any) -> Any:
    """Add two tallies key by key, and in them sequences entry by entry, of which one may end before the other."""
    if isinstance(a, dict):
        return {key: add_tallies(a[key], b[key]) for key in a}
    return a + b if isinstance(a, int) else list(starmap(add_tallies, zip_longest(a, b, fillvalue=0)))


def make_report(
    name: str, counts: Tally, hashes: Hash, y: Integers, info: Mapping[str, Any], dropped: int
) -> dict[str, Any]:
    """Return the report of `inspect` from what was counted, the graphs' hashes `[G]`, labels and origin."""
    degree, columns, names = counts["degree"], counts["categories"], info.get("node_labels")
    return {
        **{key: count for key, count in counts.items() if isinstance(count, int)},
        "name": name,
        "self_loops": counts["self_loops"] + info.get("self_loops_removed", 0),
        "average_nodes": counts["nodes"] / max(counts["graphs"], 1),
        "average_edges": counts["edges"] / max(counts["graphs"], 1),
        "isolated_nodes": sum(degree[:1]),
        "degree": _degrees(degree),
        # The categories that occur, named by the upstream label where it is known.
        "node_categories": [
            {str(names[column][i] if names else i): count for i, count in enumerate(of_column) if count > 0}
            for column, of_column in enumerate(columns)
        ],
        "labels": _labels(y, info.get("classes")),
        "duplicates": _duplicates(hashes, y),
        "dropped": dropped,
        "warnings": list(info.get("warnings", ())),
        "unread": list(info.get("unread", ())),
    }


def render(report: dict[str, Any]) -> str:
    """Return a report of `inspect` as a short text table."""
    occur = ", ".join(f"{len(column)} occur" for column in report["node_categories"])
    labels = "".join(f"\n  {key:<16}{value}" for key, value in _label_lines(report["labels"]))
    warned = "".join(f"\n  warning         {text}" for text in report["warnings"])
    return _TEXT.format_map({**report, "occur": occur, "labels": labels, "warned": warned}) + "\n"


def _label_lines(labels: dict[str, Any], most: int = 12) -> list[tuple[str, str]]:
    """Rows of the text table on labels; of very many tasks only the first, of very many classes only their sizes."""
    if "classes" in labels:
        sizes = labels["classes"]
        counts = ", ".join(f"{key}: {count:,}" for key, count in sizes.items())
        if len(sizes) > most:
            counts = f"{len(sizes)} of {min(sizes.values()):,} to {max(sizes.values()):,} graphs"
        return [("classes", counts), ("majority class", f"{labels['majority_accuracy']:.2%} accuracy")]
    if not labels["tasks"]:
        return [("tasks", "none")]
    lines = [
        (f"task {i}", f"{task['positive']:,} positive, {task['negative']:,} negative, {task['missing']:,} missing")
        for i, task in enumerate(labels["tasks"][:most])
    ]
    left = len(labels["tasks"]) - most
    return [*lines, ("", f"and {left:,} more tasks")] if left > 0 else lines


def _check_values(data: PackedGraphs) -> None:
    """Refuse categories or labels out of range."""
    for column, cardinality in enumerate(data.cardinality):
        values = data.x[:, column]
        if len(values) and not 0 <= int(values.min()) <= int(values.max()) < cardinality:
            raise RelampError(
                f"{data.name}: node column {column} holds {values.min()} to {values.max()} but has {cardinality} "
                "categories; pack the data set again"
            )
    wrong = ~np.isin(data.y, (1, 0, MISSING)) if data.y.ndim == 2 else data.y < 0
    if wrong.any():
        graph = int(np.argwhere(wrong)[0][0])
        raise RelampError(f"{data.name}: graph {graph} has the label {data.y[graph]}; pack the data set again")


def _check_edges(data: PackedGraphs, start: int, end: int, source: _Int64, target: _Int64) -> None:
    """Refuse edges that leave their graph, occur twice or lack their other direction."""
    local = data.edge_index[:, data.edge_offset[start] : data.edge_offset[end]]
    limit = np.repeat(data.num_nodes[start:end], data.num_edges[start:end])
    total = int(data.node_offset[end] - data.node_offset[start])
    there = np.sort(source * total + target)
    if ((local < 0) | (local >= limit)).any():
        fault = "an edge leaves its graph"
    elif (there[1:] == there[:-1]).any():
        fault = "an edge occurs twice"
    elif not np.array_equal(there, np.sort(target * total + source)):
        fault = "an edge lacks its other direction"
    else:
        return
    raise RelampError(f"{data.name}: {fault} (graphs {start} to {end - 1}); pack the data set again")


def _degrees(counts: Sequence[int]) -> dict[str, float]:
    degree = np.repeat(smallest_uint(np.arange(len(counts))), counts) if counts else np.zeros(1, dtype=np.uint8)
    quantiles = zip(_QUANTILES, np.percentile(degree, _QUANTILES).tolist(), strict=True)
    ends = {"min": int(degree.min()), "mean": float(degree.mean()), "max": int(degree.max())}
    return {**ends, **{f"q{q}": value for q, value in quantiles}}


def _labels(y: Integers, names: Any) -> dict[str, Any]:
    """Count classes, or positives, negatives and missing of each task, with the score of always saying the most."""
    if y.ndim == 1:
        counts = np.bincount(y, minlength=1)
        return {
            "classes": {str(names[i] if names else i): int(count) for i, count in enumerate(counts)},
            "majority_accuracy": float(counts.max() / max(len(y), 1)),
        }
    tasks = []
    for positive, negative in zip((y == 1).sum(axis=0).tolist(), (y == 0).sum(axis=0).tolist(), strict=True):
        known = positive + negative
        majority = max(positive, negative) / known if known else None
        task = {"positive": positive, "negative": negative, "missing": len(y) - known}
        tasks.append({**task, "majority_accuracy": majority})
    return {"tasks": tasks}


def _duplicates(hashes: Hash, y: Integers) -> dict[str, int]:
    """Count the groups of graphs that share a hash, and those of them whose labels contradict each other."""
    _, group, size = np.unique(hashes, return_inverse=True, return_counts=True)
    conflict = np.zeros(len(size), dtype=bool)
    if y.size:
        known = pd.DataFrame(np.where(y == MISSING, np.nan, y)).groupby(group)
        conflict = (known.min() < known.max()).any(axis=1).to_numpy()
    return {
        "rounds": WL_ROUNDS,
        "groups": int((size > 1).sum()),
        "graphs": int(size[size > 1].sum()),
        "conflicting_groups": int(conflict.sum()),
        "conflicting_graphs": int(size[conflict].sum()),
    }


def inspect_nodes(data: PackedNodes) -> dict[str, Any]:
    """Return a report on labelled nodes; a pair of them counts once, and the readers leave self-loops out."""
    degree = np.bincount(data.edge_index[0], minlength=data.num_nodes)
    single = data.y.ndim == 1
    labelled = data.y[data.y >= 0] if single else data.y
    counts = np.bincount(labelled) if single else data.y.sum(axis=0)
    return {
        "name": data.name,
        "graphs": data.num_graphs,
        "nodes": data.num_nodes,
        "edges": data.edge_index.shape[1] // 2,
        "self_loops": int(data.info.get("self_loops_removed", 0)),
        "isolated_nodes": int((degree == 0).sum()),
        "degree": _degrees(np.bincount(degree).tolist()),
        "features": data.num_features,
        "features_per_node": float(np.diff(data.feature_offset).mean()),
        "nodes_without_features": int((np.diff(data.feature_offset) == 0).sum()),
        "unlabelled": int((data.y < 0).sum()) if single else 0,
        "labels": {"classes" if single else "tasks": {str(i): int(count) for i, count in enumerate(counts)}},
        "split": {part: len(getattr(data, part)) for part in PARTS},
    }
