"""Reader of the TUDataset text format (Morris et al. 2020, arXiv:2007.08663)."""

import math
import re
from collections.abc import Iterator
from contextlib import closing
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.data.archive import Files, files_of
from relamp.data.nodes import distinct
from relamp.data.packed import Integers, PackedGraphs, offsets
from relamp.errors import RelampError

_Int64 = NDArray[np.int64]

_CHUNK = 2**20  # lines that are held as text at once


def read_tu(
    path: Path | str,
    name: str,
    most_bytes: int = 2**30,
    *,
    node_attributes: Literal["scaled", "apart"] | None = None,
    edge_labels: bool = False,
) -> PackedGraphs:
    """Read `NAME_A.txt`, `NAME_graph_indicator.txt`, `NAME_graph_labels.txt` and, where there, `NAME_node_labels.txt`.

    They lie in a folder, or straight in a zip file, whose members are streamed: neither their text nor all raw edges
    are ever held at once. Node and graph labels become numbers from 0 in the sorted order of the upstream labels, which
    `info` keeps; several columns of node labels stay several columns, and without node labels there is one constant
    column. Graphs are simple: both directions of every edge are made present, duplicates and self-loops are removed
    (as torch-geometric does it, on whose reader GraphCL and SimGRACE stand), and edges are sorted by source and target.
    `info` has the number of nodes that had a self-loop.

    With `node_attributes` "scaled", each column of `NAME_node_attributes.txt` becomes a feature of mean 0 and variance
    1 over all nodes, a constant column 0, which all encoders see. "apart" takes the numbers as they are, where there is
    such a file, for methods whose features they are (`PackedGraphs.attributes_apart`). With `edge_labels`, those of
    `NAME_edge_labels.txt` become categories from 1; the encoders of the papers do not use them.

    Raises RelampError if a file is missing, holds anything but integers (attributes: finite numbers), or disagrees with
    the others, if one edge has two labels, or if the zip file is damaged, hostile or unpacks to more than `most_bytes`
    bytes.
    """
    files = files_of(path, most_bytes)
    indicator = _column(files, f"{name}_graph_indicator.txt")
    labels = _column(files, f"{name}_graph_labels.txt")
    num_nodes = _nodes_per_graph(indicator, len(labels), files, f"{name}_graph_indicator.txt")
    node_offset = offsets(num_nodes)
    key, loops = _keys(files, f"{name}_A.txt", indicator - 1)
    edge_index, edge_offset = _edges(key, node_offset)
    x, node_labels = _node_labels(files, f"{name}_node_labels.txt", len(indicator))
    classes, y = np.unique(labels, return_inverse=True)
    more: dict[str, Any] = {}
    info: dict[str, Any] = {"classes": classes.tolist(), **({"node_labels": node_labels} if node_labels else {})}
    info["self_loops_removed"] = loops
    file = f"{name}_node_attributes.txt"
    if node_attributes == "scaled":
        more["attributes"] = _scaled(_attributes(files, file, len(indicator)))
    elif node_attributes == "apart" and file in files:
        attributes = _attributes(files, file, len(indicator)).astype(np.float32)
        more |= {"attributes": attributes, "attributes_apart": True}
    if edge_labels:
        of_edge, info["edge_labels"] = _edge_labels(files, name, key, len(indicator))
        ends = edge_index + np.repeat(node_offset[:-1], np.diff(edge_offset))
        place = np.searchsorted(key, ends.min(axis=0) * len(indicator) + ends.max(axis=0))
        more |= {"edge_attr": of_edge[place], "edge_cardinality": tuple(1 + len(of) for of in info["edge_labels"])}
    return PackedGraphs(
        name=name,
        x=x,
        cardinality=tuple(len(column) for column in node_labels) or (1,),
        edge_index=edge_index,
        node_offset=node_offset,
        edge_offset=edge_offset,
        y=y.astype(np.int64),
        info=info,
        **more,
    )


def chunks(files: Files, file: str, kind: type[np.number[Any]] = np.int64) -> Iterator[NDArray[Any]]:
    """Read comma-separated numbers in pieces `[rows, columns]`, without blank lines; an empty file has no piece."""
    with closing(files.open(file)) as stream:
        first = next((line for line in stream if line.strip()), b"")
    # Pandas takes a column of True and False for one of 1 and 0.
    if re.search(rb"true|false", first, re.IGNORECASE):
        raise _faulty(files, file, _first_fault(files, file, kind))
    with closing(files.open(file)) as stream:
        try:
            with pd.read_csv(stream, header=None, dtype=kind, skipinitialspace=True, chunksize=_CHUNK) as reader:
                for frame in reader:
                    yield frame.to_numpy()
        except pd.errors.EmptyDataError:
            return
        except (ValueError, OverflowError) as error:
            raise _faulty(files, file, _first_fault(files, file, kind)) from error


def _faulty(files: Files, file: str, fault: str) -> RelampError:
    return RelampError(f"{files.place(file)}: {fault}; {files.advice}")


def _table(files: Files, file: str, kind: type[np.number[Any]] = np.int64) -> NDArray[Any]:
    """Read a whole file of comma-separated numbers, `[rows, columns]`."""
    pieces = list(chunks(files, file, kind))
    if not pieces:
        raise _faulty(files, file, "is empty")
    return np.concatenate(pieces)


def _first_fault(files: Files, file: str, kind: type[np.number[Any]]) -> str:
    """Find the first line that is not numbers in as many columns as the first line; only run once reading failed."""
    columns = 0
    fits, what = (_is_whole, "integer(s)") if kind is np.int64 else (_is_finite, "finite number(s)")
    with TextIOWrapper(files.open(file), encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            cells = line.split(",") if line.strip() else []
            columns = columns or len(cells)
            if cells and not (all(map(fits, cells)) and len(cells) == columns):
                words = f"line {number} is {line.strip()[:60]!r}, not {columns} {what}"
                target = file.endswith("_graph_labels.txt") and all(map(_is_finite, cells))
                return f"{words}; {_TARGET}" if target else words
    return f"holds something else than {what}"


_TARGET = "it looks like a regression target, and relamp classifies graphs: a class is a whole number"


def _is_whole(cell: str) -> bool:
    return bool(re.fullmatch(r"\s*[+-]?[0-9]+\s*", cell)) and abs(int(cell)) < 2**63


def _is_finite(cell: str) -> bool:
    try:
        return "_" not in cell and math.isfinite(float(cell))
    except ValueError:
        return False


def _column(files: Files, file: str) -> _Int64:
    """Read one integer per line, `[rows]`."""
    table = _table(files, file)
    if table.shape[1] != 1:
        raise _faulty(files, file, f"has {table.shape[1]} columns where one is expected")
    return np.asarray(table[:, 0], dtype=np.int64)


def _nodes_per_graph(indicator: _Int64, num_graphs: int, files: Files, file: str) -> _Int64:
    """Count the nodes of each graph `[G]`; a graph number that never occurs is a graph without nodes."""
    falls = np.flatnonzero(np.diff(indicator) < 0)
    if len(falls):
        before, after = indicator[falls[0]], indicator[falls[0] + 1]
        raise RelampError(
            f"{files.place(file)}: is not sorted (graph {after} after graph {before} at node {falls[0] + 2}); "
            "sort the nodes by graph and renumber the edges"
        )
    if indicator[0] < 1 or indicator[-1] != num_graphs:
        fault = f"numbers graphs {indicator[0]} to {indicator[-1]} but there are {num_graphs} graph labels"
        raise _faulty(files, file, f"{fault}, so 1 to that number is expected")
    return np.bincount(indicator - 1, minlength=num_graphs).astype(np.int64)


def _keys(files: Files, file: str, graph: _Int64) -> tuple[_Int64, int]:
    """Return one number `smaller end * nodes + larger end` for each pair of joined nodes, sorted, without duplicates.

    Self-loops are left out and counted, one a node.

    Nodes are numbered from 0 through the whole set. Most duplicates go within their piece, since upstream writes both
    directions of an edge near to each other; so little more than the result is held.
    """
    total, done = len(graph), 0
    pieces, looped = [np.zeros(0, dtype=np.int64)], np.zeros(total, dtype=np.bool_)
    for pairs in chunks(files, file):
        _check_pairs(pairs, graph, done, files, file)
        done += len(pairs)
        loop = pairs[:, 0] == pairs[:, 1]
        looped[pairs[loop, 0] - 1] = True
        pieces.append(distinct(_pair_keys(pairs[~loop], total)))
    return distinct(np.concatenate(pieces)), int(looped.sum())


def _pair_keys(pairs: _Int64, total: int) -> _Int64:
    """Return the keys of pairs of nodes `[e, 2]`, numbered from 1."""
    return np.asarray((pairs.min(axis=1) - 1) * total + pairs.max(axis=1) - 1, dtype=np.int64)


def _check_pairs(pairs: _Int64, graph: _Int64, before: int, files: Files, file: str) -> None:
    """Refuse edges that leave their graph; `before` edges come before these in the file."""
    if pairs.shape[1] != 2:
        raise _faulty(files, file, f"has {pairs.shape[1]} columns where two are expected")
    outside = np.flatnonzero(((pairs < 1) | (pairs > len(graph))).any(axis=1))
    if len(outside):
        edge = f"edge {before + outside[0] + 1} is {tuple(pairs[outside[0]].tolist())}"
        raise _faulty(files, file, f"{edge} but nodes are numbered 1 to {len(graph)}, through all graphs")
    between = np.flatnonzero(graph[pairs[:, 0] - 1] != graph[pairs[:, 1] - 1])
    if len(between):
        ends = tuple(pairs[between[0]].tolist())
        edge = f"edge {before + between[0] + 1} is {ends}, which joins graphs {graph[ends[0] - 1] + 1} and"
        raise _faulty(files, file, f"{edge} {graph[ends[1] - 1] + 1} (nodes are numbered through all graphs)")


def _edges(key: _Int64, node_offset: _Int64) -> tuple[Integers, _Int64]:
    """Turn keys into a local edge index `[2, E]` with both directions and edge offsets `[G + 1]`."""
    total = int(node_offset[-1])
    smaller, larger = np.divmod(key, total)
    # One number an edge sorts by graph, source and target at once, since nodes are numbered graph by graph.
    both = np.concatenate([key, larger * total + smaller])
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
        raise _faulty(files, file, f"has {len(table)} node labels for {total} nodes")
    return _numbered(table)


def _numbered(table: _Int64) -> tuple[_Int64, list[list[int]]]:
    """Number the labels of each column from 0, `[rows, columns]`; return them too, sorted."""
    columns = [np.unique(column, return_inverse=True) for column in table.T]
    return np.stack([ids for _, ids in columns], axis=1), [labels.tolist() for labels, _ in columns]


def _attributes(files: Files, file: str, total: int) -> NDArray[np.float64]:
    """Read attributes `[N, columns]`."""
    table = _table(files, file, np.float64)
    if not np.isfinite(table).all():
        raise _faulty(files, file, _first_fault(files, file, np.float64))
    if len(table) != total:
        raise _faulty(files, file, f"has attributes of {len(table)} nodes for {total} nodes")
    return table


def _scaled(table: NDArray[np.float64]) -> NDArray[np.float32]:
    """Shift and scale each column to mean 0 and variance 1."""
    varies = table.max(axis=0) > table.min(axis=0)
    # By the largest value first, for sums and squares of very large numbers overflow.
    scaled = table[:, varies] / np.abs(table[:, varies]).max(axis=0)
    result = np.zeros(table.shape, dtype=np.float32)
    centred = scaled - scaled.mean(axis=0)
    deviation = np.sqrt((centred**2).mean(axis=0))
    result[:, varies] = centred / np.where(deviation > 0, deviation, 1)
    return result


def _edge_labels(files: Files, name: str, key: _Int64, total: int) -> tuple[_Int64, list[list[int]]]:
    """Read categories from 1 of the edges with these keys, `[len(key), columns]`, and the labels of each column."""
    file = f"{name}_edge_labels.txt"
    labels, pairs = _table(files, file), _table(files, f"{name}_A.txt")
    if len(labels) != len(pairs):
        raise _faulty(files, file, f"has {len(labels)} edge labels for the {len(pairs)} edges of {name}_A.txt")
    line = np.flatnonzero(pairs[:, 0] != pairs[:, 1])
    labels, pairs = labels[line], pairs[line]
    place = np.searchsorted(key, _pair_keys(pairs, total))
    first = np.unique(place, return_index=True)[1]
    differs = np.flatnonzero((labels != labels[first][place]).any(axis=1))
    if len(differs):
        edge = f"edge {line[differs[0]] + 1}, {tuple(pairs[differs[0]].tolist())}"
        raise RelampError(
            f"{files.place(file)}: {edge}, has another label than the same edge before it; an "
            "edge has no direction here and counts once: give it one label"
        )
    numbers, names = _numbered(labels[first])
    return numbers + 1, names
