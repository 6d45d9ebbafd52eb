"""The data guard for graphs whose nodes are labelled: what the packed nodes look like."""

from typing import Any

import numpy as np

from relamp.data.nodes import PARTS, PackedNodes


def inspect_nodes(data: PackedNodes) -> dict[str, Any]:
    """Return a report that JSON can hold; a pair of nodes counts once, and the readers leave self-loops out."""
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
        "degree": {
            "min": int(degree.min(initial=0)),
            "max": int(degree.max(initial=0)),
            "mean": float(degree.mean()),
            "q50": float(np.median(degree)),
        },
        "features": data.num_features,
        "features_per_node": float(np.diff(data.feature_offset).mean()),
        "nodes_without_features": int((np.diff(data.feature_offset) == 0).sum()),
        "unlabelled": int((data.y < 0).sum()) if single else 0,
        "labels": {"classes" if single else "tasks": {str(i): int(count) for i, count in enumerate(counts)}},
        "split": {part: len(getattr(data, part)) for part in PARTS},
    }
