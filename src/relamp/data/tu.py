"""Reader of the TUDataset text format (Morris et al. 2020, arXiv:2007.08663)."""

import re
from collections.abc import Iterator
from contextlib import closing
from io import TextIOWrapper
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.data.archive import Files, files_of
from relamp.data.nodes import distinct
from relamp.data.packed import Integers, PackedGraphs, offsets
from relamp.errors import RelampError

_Int64 = NDArray[np.int64]

_CHUNK = 2**20  # lines that are held as text at once


def read_tu(path: Path | str, name: str, most_bytes: int = 2**30) -> PackedGraphs:
    """Read `NAME_A.txt`, `NAME_graph_indicator.txt`, `NAME_graph_labels.txt` and, where there, `NAME_node_labels.txt`.

    They lie in a folder, or straight in a zip file, whose members are streamed: neither their text nor all raw edges
    are ever held at once. Node and graph labels become numbers from 0 in the sorted order of the upstream labels, which
    `info` keeps; several columns of node labels stay several columns, and without node labels there is one constant
    column. Both directions of every edge are made present, duplicates are removed, self-loops are kept, and edges are
    sorted by source and target. Edge labels are not read: the encoders of the paper do not use them.

    Raises RelampError if a file is missing, holds anything but integers, or disagrees with the others, or if the zip
    file is damaged, hostile or unpacks to more than `most_bytes` bytes.
    """
    files = files_of(path, most_bytes)
    indicator = _column(files, f"{name}_graph_indicator.txt")
    labels = _column(files, f"{name}_graph_labels.txt")
    num_nodes = _nodes_per_graph(indicator, len(labels), files.place(f"{name}_graph_indicator.txt"))
    node_offset = offsets(num_nodes)
    edge_index, edge_offset = _edges(_keys(files, f"{name}_A.txt", indicator - 1), node_offset)
    x, node_labels = _node_labels(files, f"{name}_node_labels.txt", len(indicator))
    classes, y = np.unique(labels, return_inverse=True)
    return PackedGraphs(
        name=name,
        x=x,
        cardinality=tuple(len(column) for column in node_labels) or (1,),
        edge_index=edge_index,
        node_offset=node_offset,
        edge_offset=edge_offset,
        y=y.astype(np.int64),
        info={"classes": classes.tolist(), **({"node_labels": node_labels} if node_labels else {})},
    )


def _chunks(files: Files, file: str) -> Iterator[_Int64]:
    """Read comma-separated integers in pieces `[rows, columns]`, without blank lines; an empty file has no piece."""
    with closing(files.open(file)) as stream:
        try:
            with pd.read_csv(stream, header=None, dtype=np.int64, skipinitialspace=True, chunksize=_CHUNK) as reader:
                for frame in reader:
                    yield frame.to_numpy()
        except pd.errors.EmptyDataError:
            return
        except (ValueError, OverflowError) as error:
            raise RelampError(f"{files.place(file)}: {_first_fault(files, file)}; fetch the data set again") from error


def _table(files: Files, file: str) -> _Int64:
    """Read a whole file of comma-separated integers, `[rows, columns]`."""
    pieces = list(_chunks(files, file))
    if not pieces:
        raise RelampError(f"{files.place(file)}: is empty; fetch the data set again")
    return np.concatenate(pieces)


def _first_fault(files: Files, file: str) -> str:
    """Find the first line that is not integers in as many columns as the first line; only run once reading failed."""
    columns = 0
    with TextIOWrapper(files.open(file), encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            cells = line.split(",") if line.strip() else []
            columns = columns or len(cells)
            fine = all(re.fullmatch(r"\s*[+-]?[0-9]+\s*", cell) and abs(int(cell)) < 2**63 for cell in cells)
            if cells and not (fine and len(cells) == columns):
                return f"line {number} is {line.strip()[:60]!r}, not {columns} integer(s)"
    return "holds something else than integers"


def _column(files: Files, file: str) -> _Int64:
    """Read one integer per line, `[rows]`."""
    table = _table(files, file)
    if table.shape[1] != 1:
        fault = f"has {table.shape[1]} columns where one is expected"
        raise RelampError(f"{files.place(file)}: {fault}; fetch the data set again")
    return table[:, 0]


def _nodes_per_graph(indicator: _Int64, num_graphs: int, place: str) -> _Int64:
    """Count the nodes of each graph `[G]`; a graph number that never occurs is a graph without nodes."""
    falls = np.flatnonzero(np.diff(indicator) < 0)
    if len(falls):
        before, after = indicator[falls[0]], indicator[falls[0] + 1]
        raise RelampError(
            f"{place}: is not sorted (graph {after} after graph {before} at node {falls[0] + 2}); "
            "sort the nodes by graph and renumber the edges"
        )
    if indicator[0] < 1 or indicator[-1] != num_graphs:
        raise RelampError(
            f"{place}: numbers graphs {indicator[0]} to {indicator[-1]} but there are {num_graphs} graph labels, "
            "so 1 to that number is expected; fetch the data set again"
        )
    return np.bincount(indicator - 1, minlength=num_graphs).astype(np.int64)


def _keys(files: Files, file: str, graph: _Int64) -> _Int64:
    """Return one number `smaller end * nodes + larger end` for each pair of joined nodes, sorted, without duplicates.

    Nodes are numbered from 0 through the whole set. Most duplicates go within their piece, since upstream writes both
    directions of an edge near to each other; so little more than the result is held.
    """
    total, done = len(graph), 0
    pieces = [np.zeros(0, dtype=np.int64)]
    for pairs in _chunks(files, file):
        _check_pairs(pairs, graph, done, files.place(file))
        done += len(pairs)
        pieces.append(distinct((pairs.min(axis=1) - 1) * total + pairs.max(axis=1) - 1))
    return distinct(np.concatenate(pieces))


def _check_pairs(pairs: _Int64, graph: _Int64, before: int, place: str) -> None:
    """Refuse edges that leave their graph; `before` edges come before these in the file."""
    if pairs.shape[1] != 2:
        raise RelampError(f"{place}: has {pairs.shape[1]} columns where two are expected; fetch the data set again")
    outside = np.flatnonzero(((pairs < 1) | (pairs > len(graph))).any(axis=1))
    if len(outside):
        raise RelampError(
            f"{place}: edge {before + outside[0] + 1} is {tuple(pairs[outside[0]].tolist())} but nodes are numbered 1 "
            f"to {len(graph)}; fetch the data set again"
        )
    between = np.flatnonzero(graph[pairs[:, 0] - 1] != graph[pairs[:, 1] - 1])
    if len(between):
        ends = tuple(pairs[between[0]].tolist())
        raise RelampError(
            f"{place}: edge {before + between[0] + 1} is {ends}, which joins graphs {graph[ends[0] - 1] + 1} and "
            f"{graph[ends[1] - 1] + 1}; fetch the data set again"
        )


def _edges(key: _Int64, node_offset: _Int64) -> tuple[Integers, _Int64]:
    """Turn keys into a local edge index `[2, E]` with both directions and edge offsets `[G + 1]`."""
    total = int(node_offset[-1])
    smaller, larger = np.divmod(key, total)
    # One number an edge sorts by graph, source and target at once, since nodes are numbered graph by graph.
    both = np.concatenate([key, (larger * total + smaller)[larger != smaller]])
    del smaller, larger
    both.sort()
    edge_offset = np.searchsorted(both, node_offset * total).astype(np.int64)
    first = np.repeat(node_offset[:-1], np.diff(edge_offset))
    # 32 bits hold the number of a node within its graph for any file that can be read.
    edge_index = np.empty((2, len(both)), dtype=np.int32)
    np.subtract(both // total, first, out=edge_index[0], casting="same_kind")
    np.subtract(both % total, first, out=edge_index[1], casting="same_kind")
    return edge_index, edge_offset


def _node_labels(files: Files, file: str, total: int) -> tuple[Integers, list[list[int]]]:
    """Read categories `[N, columns]` and, for each column, the upstream label of every category."""
    if file not in files:
        return np.zeros((total, 1), dtype=np.int64), []
    table = _table(files, file)
    if len(table) != total:
        fault = f"has {len(table)} node labels for {total} nodes"
        raise RelampError(f"{files.place(file)}: {fault}; fetch the data set again")
    columns = [np.unique(column, return_inverse=True) for column in table.T]
    return np.stack([ids for _, ids in columns], axis=1), [labels.tolist() for labels, _ in columns]
