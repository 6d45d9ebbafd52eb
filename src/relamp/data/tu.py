"""Reader of the TUDataset text format (Morris et al. 2020, arXiv:2007.08663)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.data.packed import Integers, PackedGraphs
from relamp.errors import RelampError

_Int64 = NDArray[np.int64]


def read_tu(folder: Path | str, name: str) -> PackedGraphs:
    """Read `NAME_A.txt`, `NAME_graph_indicator.txt`, `NAME_graph_labels.txt` and, where there, `NAME_node_labels.txt`.

    Node and graph labels become numbers from 0 in the sorted order of the upstream labels, which `info` keeps;
    several columns of node labels stay several columns, and without node labels there is one constant column.
    Both directions of every edge are made present, duplicates are removed, self-loops are kept, and edges are sorted
    by source and target. Edge labels are not read: the encoders of the paper do not use them.

    Raises RelampError if a file is missing, holds anything but integers, or disagrees with the others.
    """
    folder = Path(folder)
    indicator = _column(folder / f"{name}_graph_indicator.txt")
    labels = _column(folder / f"{name}_graph_labels.txt")
    num_nodes = _nodes_per_graph(indicator, len(labels), folder / f"{name}_graph_indicator.txt")
    node_offset = np.concatenate([[0], np.cumsum(num_nodes)])
    pairs = _table(folder / f"{name}_A.txt", empty_columns=2)
    edge_index, edge_offset = _edges(pairs, indicator - 1, node_offset, folder / f"{name}_A.txt")
    x, node_labels = _node_labels(folder / f"{name}_node_labels.txt", len(indicator))
    classes, y = np.unique(labels, return_inverse=True)
    info: dict[str, Any] = {"classes": classes.tolist()}
    if node_labels:
        info["node_labels"] = node_labels
    return PackedGraphs(
        name=name,
        x=x,
        cardinality=tuple(len(column) for column in node_labels) or (1,),
        edge_index=edge_index,
        node_offset=node_offset,
        edge_offset=edge_offset,
        y=y.astype(np.int64),
        info=info,
    )


def _table(path: Path, empty_columns: int | None = None) -> _Int64:
    """Read comma-separated integers `[rows, columns]`; blank lines are skipped, an empty file only where it may be."""
    try:
        frame = pd.read_csv(path, header=None, dtype=np.int64, skipinitialspace=True, comment=None)
    except FileNotFoundError as error:
        raise RelampError(f"{path}: is not there; unpack the whole data set into {path.parent}") from error
    except pd.errors.EmptyDataError as error:
        if empty_columns is None:
            raise RelampError(f"{path}: is empty; fetch the data set again") from error
        return np.empty((0, empty_columns), dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise RelampError(f"{path}: {_first_fault(path)}; fetch the data set again") from error
    return frame.to_numpy()


def _first_fault(path: Path) -> str:
    """Find the first line that is not integers in as many columns as the first line; only run once reading failed."""
    columns = 0
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            cells = line.split(",")
            columns = columns or len(cells)
            try:
                # int() alone would take 1_000.
                fine = len(cells) == columns and all("_" not in cell and abs(int(cell)) < 2**63 for cell in cells)
            except ValueError:
                fine = False
            if not fine:
                return f"line {number} is {line.strip()[:60]!r}, not {columns} integer(s)"
    return "holds something else than integers"


def _column(path: Path) -> _Int64:
    """Read one integer a line, `[rows]`."""
    table = _table(path)
    if table.shape[1] != 1:
        raise RelampError(f"{path}: has {table.shape[1]} columns where one is expected; fetch the data set again")
    return table[:, 0]


def _nodes_per_graph(indicator: _Int64, num_graphs: int, path: Path) -> _Int64:
    """Count the nodes of each graph `[G]`; a graph number that never occurs is a graph without nodes."""
    falls = np.flatnonzero(np.diff(indicator) < 0)
    if len(falls):
        before, after = indicator[falls[0]], indicator[falls[0] + 1]
        raise RelampError(
            f"{path}: is not sorted (graph {after} after graph {before} at node {falls[0] + 2}); "
            "sort the nodes by graph and renumber the edges"
        )
    if indicator[0] < 1 or indicator[-1] != num_graphs:
        raise RelampError(
            f"{path}: numbers graphs {indicator[0]} to {indicator[-1]} but there are {num_graphs} graph labels, "
            "so 1 to that number is expected; fetch the data set again"
        )
    return np.bincount(indicator - 1, minlength=num_graphs).astype(np.int64)


def _edges(pairs: _Int64, graph: _Int64, node_offset: _Int64, path: Path) -> tuple[_Int64, _Int64]:
    """Turn pairs of node numbers from 1 into a local edge index `[2, E]` and edge offsets `[G + 1]`."""
    if pairs.shape[1] != 2:
        raise RelampError(f"{path}: has {pairs.shape[1]} columns where two are expected; fetch the data set again")
    total = len(graph)
    outside = np.flatnonzero(((pairs < 1) | (pairs > total)).any(axis=1))
    if len(outside):
        raise RelampError(
            f"{path}: edge {outside[0] + 1} is {tuple(pairs[outside[0]].tolist())} but nodes are numbered 1 to {total}"
            "; fetch the data set again"
        )
    source, target = pairs[:, 0] - 1, pairs[:, 1] - 1
    between = np.flatnonzero(graph[source] != graph[target])
    if len(between):
        ends = tuple(pairs[between[0]].tolist())
        raise RelampError(
            f"{path}: edge {between[0] + 1} is {ends}, which joins graphs {graph[ends[0] - 1] + 1} and "
            f"{graph[ends[1] - 1] + 1}; fetch the data set again"
        )
    # One number an edge sorts by graph, source and target at once, since nodes are numbered graph by graph.
    key = np.concatenate([source * total + target, target * total + source])
    key.sort()  # np.unique is twenty times slower on the 50 million keys of COLLAB
    key = key[np.diff(key, prepend=-1) != 0]
    source, target = key // max(total, 1), key % max(total, 1)
    edge_offset = np.searchsorted(source, node_offset).astype(np.int64)
    return np.stack([source, target]) - node_offset[graph[source]], edge_offset


def _node_labels(path: Path, total: int) -> tuple[Integers, list[list[int]]]:
    """Read categories `[N, columns]` and, for each column, the upstream label of every category."""
    if not path.exists():
        return np.zeros((total, 1), dtype=np.int64), []
    table = _table(path)
    if len(table) != total:
        raise RelampError(f"{path}: has {len(table)} node labels for {total} nodes; fetch the data set again")
    columns = [np.unique(column, return_inverse=True) for column in table.T]
    return np.stack([ids for _, ids in columns], axis=1), [labels.tolist() for labels, _ in columns]
