"""Reader of PPI: the protein networks of 24 tissues, whose nodes have many labels at once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from relamp.data.archive import Files, files_of
from relamp.data.nodes import PARTS, PackedNodes, check_ends
from relamp.data.packed import offsets
from relamp.data.unpickle import load_npy
from relamp.errors import RelampError, reason

_Int64 = NDArray[np.int64]


class _Part(NamedTuple):
    """The graphs of train, valid or test, with nodes and graphs numbered from 0; the numbers of the graphs ascend."""

    ends: _Int64  # sources and targets, [2, e]
    graph: _Int64
    feats: NDArray[np.float32]
    labels: NDArray[np.int8]


def read_ppi(path: Path | str, name: str = "PPI", most_bytes: int = 2**30) -> PackedNodes:
    """Read a zip file, or a folder, of `PART_graph.json`, `_feats.npy`, `_labels.npy` and `_graph_id.npy`.

    PART is train, valid and test (Hamilton et al. 2017, arXiv:1706.02216; Zitnik and Leskovec 2017, arXiv:1707.04638).
    The graphs of train come first, then those of valid and test; within a part, by their upstream number. `y` is
    `[N, tasks]`, and the split is by graphs: the test graphs are unseen in training.

    Raises RelampError if a file is missing or damaged, if the zip file unpacks to more than `most_bytes`, or if an
    edge leaves its graph.
    """
    files = files_of(path, most_bytes)
    parts = [_read_part(files, part) for part in PARTS]
    for kind in ("feats", "labels"):
        widths = [getattr(part, kind).shape[1] for part in parts]
        if len(set(widths)) > 1:
            fault = f"train, valid and test have {', '.join(map(str, widths))} columns of {kind}"
            raise RelampError(f"{path}: {fault}; fetch the data set again")
    start = offsets([len(part.graph) for part in parts])
    source, target = np.concatenate([part.ends + first for part, first in zip(parts, start, strict=False)], axis=1)
    num_nodes = np.concatenate([np.bincount(part.graph) for part in parts])
    return PackedNodes.build(
        name,
        csr_matrix(np.concatenate([part.feats for part in parts])),
        (source, target),
        np.concatenate([part.labels for part in parts]),
        {part: np.arange(start[i], start[i + 1]) for i, part in enumerate(PARTS)},
        offsets(num_nodes),
        graphs={part: int(p.graph.max(initial=-1)) + 1 for part, p in zip(PARTS, parts, strict=True)},
    )


def _read_part(files: Files, part: str) -> _Part:
    """Read one part and bring its nodes into the order of their graphs."""
    arrays = {}
    for kind, columns in (("feats", 2), ("labels", 2), ("graph_id", 1)):
        file = f"{part}_{kind}.npy"
        with files.open(file) as stream:
            arrays[kind] = load_npy(stream, files.place(file))
        if not isinstance(arrays[kind], np.ndarray) or arrays[kind].ndim != columns or arrays[kind].dtype.hasobject:
            raise RelampError(f"{files.place(file)}: holds no array of {columns} dimension(s); fetch it again")
    total = len(arrays["graph_id"])
    if not len(arrays["feats"]) == len(arrays["labels"]) == total > 0:
        raise RelampError(
            f"{files.place(f'{part}_feats.npy')}: {len(arrays['feats'])} rows of features, {len(arrays['labels'])} of "
            f"labels and {total} graph numbers; fetch the data set again"
        )
    if not np.isin(arrays["labels"], (0, 1)).all():
        raise RelampError(f"{files.place(f'{part}_labels.npy')}: labels must be 0 or 1; fetch it again")
    place = files.place(f"{part}_graph.json")
    ends = _links(files, f"{part}_graph.json", total)
    graph = np.unique(arrays["graph_id"], return_inverse=True)[1]
    between = np.flatnonzero(graph[ends[0]] != graph[ends[1]])
    if len(between):
        raise RelampError(f"{place}: edge {tuple(ends[:, between[0]].tolist())} joins two graphs; fetch it again")
    order = np.argsort(graph, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(total)
    feats, labels = arrays["feats"][order].astype(np.float32), arrays["labels"][order].astype(np.int8)
    return _Part(rank[ends], graph[order], feats, labels)


def _links(files: Files, file: str, total: int) -> _Int64:
    """Read the links `[2, e]` of a node-link graph whose node ids are the row numbers of the other files."""
    place = files.place(file)
    with files.open(file) as stream:
        try:
            data: Mapping[str, Any] = json.load(stream)
            ids = np.array([node["id"] for node in data["nodes"]])
            ends = np.array([(link["source"], link["target"]) for link in data["links"]]).reshape(-1, 2)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RelampError(f"{place}: is no node-link graph ({reason(error)}); fetch it again") from error
    if not np.array_equal(np.sort(ids), np.arange(total)) or (len(ends) and ends.dtype.kind != "i"):
        raise RelampError(f"{place}: its nodes are not numbered 0 to {total - 1} as in the other files; fetch it again")
    ends = ends.astype(np.int64).T
    check_ends(ends[0], ends[1], total, place)
    return ends
