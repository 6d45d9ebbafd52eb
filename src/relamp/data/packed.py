"""A whole data set of graphs as a few flat arrays in one memory-mapped safetensors file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from relamp.errors import RelampError
from relamp.runtime.files import whole

Integers = NDArray[np.integer[Any]]

MISSING = -1  # the value of a label that is not known, in `y` of several tasks

# The safetensors header names its dtypes; these are the ones that packed graphs use.
_DTYPES = {
    "F32": np.float32,
    "U8": np.uint8,
    "U16": np.uint16,
    "U32": np.uint32,
    "I8": np.int8,
    "I32": np.int32,
    "I64": np.int64,
}


def smallest_uint(values: Integers) -> Integers:
    """Return non-negative integers in the narrowest unsigned dtype that holds them."""
    top = int(values.max(initial=0))
    return values.astype(np.min_scalar_type(top) if top < 2**32 else np.int64)


def ranges(offset: Integers, index: Integers) -> NDArray[np.int64]:
    """Concatenate the ranges `offset[i]:offset[i + 1]` for every i of `index`, without a Python loop."""
    start, length = offset[index].astype(np.int64), (offset[index + 1] - offset[index]).astype(np.int64)
    total = int(length.sum())
    # Position within its own range, counted from the range's first place in the output.
    first = np.repeat(np.cumsum(length) - length, length)
    return np.arange(total, dtype=np.int64) - first + np.repeat(start, length)


@dataclass(frozen=True)
class PackedGraphs:
    """Graphs packed one after another; graph g owns nodes `node_offset[g]:node_offset[g + 1]`, likewise its edges.

    Attributes:
        name: the data set's upstream name.
        x: categorical node features, `[N, columns]`, column c with values in `0 ... cardinality[c] - 1`.
        cardinality: number of categories of each column of `x` (without node labels: one constant column).
        edge_index: `[2, E]`, both directions of every undirected edge, node numbers local to their graph.
        node_offset, edge_offset: `[G + 1]` int64.
        y: `[G]` class numbers from 0, or `[G, tasks]` int8 with 1, 0 and MISSING.
        edge_attr: categorical edge features `[E, columns]`, or None.
        smiles: one string a graph for molecules, else empty.
        info: free facts about the origin (files, sha256, what was dropped), stored in the file's header.
    """

    name: str
    x: Integers
    cardinality: tuple[int, ...]
    edge_index: Integers
    node_offset: NDArray[np.int64]
    edge_offset: NDArray[np.int64]
    y: Integers
    edge_attr: Integers | None = None
    smiles: tuple[str, ...] = ()
    info: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together, naming what is off."""
        faults = []
        if self.node_offset[-1] != len(self.x) or self.x.ndim != 2 or self.x.shape[1] != len(self.cardinality):
            faults.append(f"x {self.x.shape} against {self.node_offset[-1]} nodes of {len(self.cardinality)} columns")
        if self.edge_index.shape != (2, self.edge_offset[-1]):
            faults.append(f"edge_index {self.edge_index.shape} against {self.edge_offset[-1]} edges")
        if self.edge_attr is not None and len(self.edge_attr) != self.edge_offset[-1]:
            faults.append(f"edge_attr {self.edge_attr.shape} against {self.edge_offset[-1]} edges")
        if not len(self.node_offset) == len(self.edge_offset) == len(self.y) + 1:
            faults.append(
                f"{len(self.node_offset)} node offsets, {len(self.edge_offset)} edge offsets, {len(self.y)} labels"
            )
        if self.smiles and len(self.smiles) != len(self.y):
            faults.append(f"{len(self.smiles)} SMILES for {len(self.y)} graphs")
        if faults:
            raise RelampError(f"{self.name}: packed graphs do not fit together: {'; '.join(faults)}")

    def __len__(self) -> int:
        """Return the number of graphs."""
        return len(self.y)

    @property
    def num_nodes(self) -> NDArray[np.int64]:
        """Number of nodes of each graph, `[G]`."""
        return np.diff(self.node_offset)

    @property
    def num_edges(self) -> NDArray[np.int64]:
        """Number of directed edges of each graph, `[G]`."""
        return np.diff(self.edge_offset)

    @property
    def num_classes(self) -> int:
        """Number of classes of a single-label data set."""
        return int(self.y.max()) + 1

    def take(self, index: Integers) -> Self:
        """Return the graphs of `index`, in that order, as packed graphs of their own."""
        index = np.asarray(index, dtype=np.int64)
        nodes, edges = ranges(self.node_offset, index), ranges(self.edge_offset, index)
        return replace(
            self,
            x=self.x[nodes],
            edge_index=self.edge_index[:, edges],
            edge_attr=None if self.edge_attr is None else self.edge_attr[edges],
            node_offset=np.concatenate([[0], np.cumsum(self.num_nodes[index])]),
            edge_offset=np.concatenate([[0], np.cumsum(self.num_edges[index])]),
            y=self.y[index],
            smiles=tuple(self.smiles[i] for i in index) if self.smiles else (),
        )

    def global_edge_index(self) -> NDArray[np.int64]:
        """Edge index `[2, E]` with nodes numbered through the whole data set."""
        shift = np.repeat(self.node_offset[:-1], self.num_edges)
        return self.edge_index.astype(np.int64) + shift

    def save(self, path: Path | str) -> None:
        """Write one safetensors file, whole or not at all; small dtypes, since pages are what a batch costs."""
        arrays = {
            "x": smallest_uint(self.x),
            "edge_index": smallest_uint(self.edge_index),
            "node_offset": self.node_offset,
            "edge_offset": self.edge_offset,
            "y": self.y.astype(np.int8 if self.y.ndim == 2 else np.int64),
        }
        if self.edge_attr is not None:
            arrays["edge_attr"] = smallest_uint(self.edge_attr)
        if self.smiles:
            text = [line.encode() for line in self.smiles]
            arrays["smiles"] = np.frombuffer(b"".join(text), dtype=np.uint8)
            arrays["smiles_offset"] = np.concatenate([[0], np.cumsum([len(line) for line in text])]).astype(np.int64)
        # One key, since the library writes several in random order, and the same data must give the same bytes.
        words = {"name": self.name, "cardinality": self.cardinality, "info": self.info}
        header = {"packed": json.dumps(words, sort_keys=True)}
        with whole(path) as beside:
            save_file({key: np.ascontiguousarray(array) for key, array in arrays.items()}, beside, metadata=header)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Open a packed file by memory map: nothing is read until it is used.

        Raises RelampError if the file is missing or is no packed data set.
        """
        arrays, header = map_arrays(path)
        try:
            smiles: tuple[str, ...] = ()
            if "smiles" in arrays:
                blob, offset = arrays["smiles"].tobytes(), arrays["smiles_offset"]
                smiles = tuple(blob[a:b].decode() for a, b in pairwise(offset))
            words = json.loads(header["packed"])
            return cls(
                name=words["name"],
                x=arrays["x"],
                cardinality=tuple(words["cardinality"]),
                edge_index=arrays["edge_index"],
                node_offset=arrays["node_offset"],
                edge_offset=arrays["edge_offset"],
                y=arrays["y"],
                edge_attr=arrays.get("edge_attr"),
                smiles=smiles,
                info=words["info"],
            )
        except (KeyError, ValueError, TypeError) as error:
            raise RelampError(f"{path}: is no packed data set ({error}); delete it and run again") from error


def map_fields(path: Path | str, key: str) -> dict[str, Any]:
    """Memory-map a packed file and return its arrays and the words of its header below `key` by name.

    Raises RelampError if it is missing or has no such header.
    """
    arrays, header = map_arrays(path)
    try:
        return {**arrays, **json.loads(header[key])}
    except (KeyError, ValueError, TypeError) as error:
        raise not_packed(path, key, error) from error


def not_packed(path: Path | str, what: str, error: Exception) -> RelampError:
    """Return the error of a file that does not hold what it should."""
    return RelampError(f"{path}: holds no packed {what} ({error}); delete it and run again")


def map_arrays(path: Path | str) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Memory-map every array of a safetensors file; return the arrays and the header's own words.

    The library's numpy reader copies each array; a map lets many jobs share one copy of a large corpus.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header: dict[str, Any] = json.loads(file.read(size))
        raw = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + size)
        words = header.pop("__metadata__", {})
        arrays = {}
        for key, entry in header.items():
            start, end = entry["data_offsets"]
            arrays[key] = raw[start:end].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
    except FileNotFoundError as error:
        raise RelampError(f"{path}: is not there; make it with `snakemake {path}`") from error
    except (ValueError, KeyError, OverflowError, MemoryError) as error:
        raise RelampError(f"{path}: is no safetensors file or is cut off; delete it and run again") from error
    return arrays, words
