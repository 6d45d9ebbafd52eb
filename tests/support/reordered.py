"""The same data under other numbers, or without edges."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from relamp.data.packed import PackedGraphs


def within(offset: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A permutation that leaves everything between its two offsets."""
    return np.concatenate([start + rng.permutation(end - start) for start, end in pairwise(offset.tolist())])


def reordered(data: Any, order: np.ndarray) -> Any:
    """Graphs or images, or the classes and parts of nodes: which one stands in each place."""
    if isinstance(data, PackedGraphs):
        return data.take(order)
    place = np.argsort(order)
    parts = {part: np.sort(place[getattr(data, part)]) for part in ("train", "valid", "test") if hasattr(data, part)}
    more = {"images": data.images[order]} if hasattr(data, "images") else {}
    return replace(data, y=data.y[order], **parts, **more)


def renumbered(data: PackedGraphs, seed: int) -> PackedGraphs:
    """The same graphs with their nodes, and their edges, in another order."""
    rng = np.random.default_rng(seed)
    nodes, edges = (within(offset, rng) for offset in (data.node_offset, data.edge_offset))
    start = np.repeat(data.node_offset[:-1], np.diff(data.edge_offset))
    edge_index = np.argsort(nodes)[data.global_edge_index()[:, edges]] - start
    bonds = None if data.edge_attr is None else data.edge_attr[edges]
    return replace(data, x=data.x[nodes], edge_index=edge_index, edge_attr=bonds)


def edgeless(data: Any) -> Any:
    none: dict[str, Any] = {"edge_index": data.edge_index[:, :0]}
    if isinstance(data, PackedGraphs):
        bonds = None if data.edge_attr is None else data.edge_attr[:0]
        none |= {"edge_offset": np.zeros_like(data.edge_offset), "edge_attr": bonds}
    return replace(data, **none)
