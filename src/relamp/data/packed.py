"""A whole data set as a few flat arrays in one memory-mapped safetensors file: the base of all kinds, and graphs."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relamp.errors import RelampError, reason
from relamp.runtime.files import whole

Integers = NDArray[np.integer[Any]]

MISSING = -1  # the value of a label that is not known, in `y` of several tasks

# The safetensors header names its dtypes; these are the ones that packed files use, in its order.
DTYPES: dict[str, type[np.number[Any]]] = {"I64": np.int64, "F32": np.float32, "U32": np.uint32, "I32": np.int32}
DTYPES |= {"U16": np.uint16, "I8": np.int8, "U8": np.uint8}


def smallest_uint(values: Integers) -> Integers:
    """Return non-negative integers in the narrowest unsigned dtype that holds them."""
    top = int(values.max(initial=0))
    return values.astype(np.min_scalar_type(top) if top < 2**32 else np.int64)


def offsets(length: ArrayLike) -> NDArray[np.int64]:
    """Return where each of some runs of the given lengths `[G]` begins, and where the last one ends, `[G + 1]`."""
    return np.concatenate([[0], np.cumsum(length, dtype=np.int64)])


def rank_within(length: Integers) -> NDArray[np.int64]:
    """Return 0, 1, 2 ... for each run of the given lengths in turn, `[sum of length]`."""
    return np.arange(length.sum(), dtype=np.int64) - np.repeat(np.cumsum(length) - length, length)


def ranges(offset: Integers, index: Integers) -> NDArray[np.int64]:
    """Concatenate the ranges `offset[i]:offset[i + 1]` for every i of `index`, without a Python loop."""
    start, length = offset[index].astype(np.int64), (offset[index + 1] - offset[index]).astype(np.int64)
    return rank_within(length) + np.repeat(start, length)


class Column(NamedTuple):
    """An array that is written piece by piece; its pieces, one after another, have `shape` and `dtype`."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    pieces: Iterable[NDArray[Any]]


@dataclass(frozen=True)
class Packed(ABC):
    """Base of packed data sets: arrays become the file's tensors, all other fields one entry of its header.

    A kind names its entry (`header`), what it holds (`holds`, for messages) and the fields that are stored in the
    narrowest unsigned dtype (`narrow`), since pages are what a batch costs.

    Attributes:
        name: the data set's upstream name.
    """

    name: str
    header: ClassVar[str]
    holds: ClassVar[str]
    narrow: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if faults := list(self._faults()):
            raise RelampError(f"{self.name}: arrays of packed {self.holds} do not fit together: {'; '.join(faults)}")

    @abstractmethod
    def _faults(self) -> Iterator[str]:
        """Yield what does not fit together, a phrase for each fault."""

    def stored(self) -> dict[str, Any]:
        """Return what is stored, by name; None is left out."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> dict[str, Any]:
        """Return the fields again; the inverse of `stored`."""
        return stored

    def save(self, path: Path | str) -> None:
        """Write one safetensors file, whole or not at all; the same data give the same bytes."""
        arrays, words = {}, {}
        for key, value in self.stored().items():
            if isinstance(value, np.ndarray):
                if key == "y":
                    value = value.astype(np.int8 if value.ndim == 2 else np.int64)
                arrays[key] = smallest_uint(value) if key in self.narrow else value
            elif value is not None:
                words[key] = value
        write_columns(path, {self.header: json.dumps(words, sort_keys=True)}, arrays)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Open a packed file by memory map: nothing is read until it is used.

        Raises RelampError if the file is missing, cut off or holds something else.
        """
        arrays, header = map_arrays(path)
        try:
            words = json.loads(header[cls.header])
            # JSON knows no tuples.
            words = {key: tuple(value) if isinstance(value, list) else value for key, value in words.items()}
            return cls(**cls.restored({**arrays, **words}))
        except (LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise RelampError(
                f"{path}: holds no packed {cls.holds} ({reason(error)}); delete it and run again"
            ) from error


@dataclass(frozen=True)
class PackedGraphs(Packed):
    """Graphs packed one after another; graph g owns nodes `node_offset[g]:node_offset[g + 1]`, likewise its edges.

    Attributes:
        x: categorical node features, `[N, columns]`, column c with values in `0 ... cardinality[c] - 1`.
        cardinality: number of categories of each column of `x` (without node labels: one constant column).
        edge_index: `[2, E]`, both directions of every undirected edge, node numbers local to their graph.
        node_offset, edge_offset: `[G + 1]` int64.
        y: `[G]` class numbers from 0, or `[G, tasks]` int8 with 1, 0 and MISSING.
        edge_attr: categorical edge features `[E, columns]`, or None: bonds of molecules, or labels of a user's edges.
        smiles: one string per graph for molecules, else empty.
        info: free facts about the origin (files, sha256, what was dropped), stored in the file's header.
        edge_cardinality: number of categories of each column of edge labels, of which 0 is an edge without one; None
            for molecules, whose bonds have fixed categories, and without edge features.
        attributes: real-valued node features `[N, d]` float32 beside `x`, or None.
        attributes_apart: True where only methods see the attributes that ask for them (`relamp.data.features`); if not,
            as for attributes that a user asks for, all do.
        degree: of graphs that were cut out of others, the degree that each node had there, `[N]`, or None.
        edge_weight: weights `[E]` by which a method that weighs edges does so, in place of its own, or None.
    """

    header = "packed"
    holds = "graphs"
    narrow = ("x", "edge_index", "edge_attr")

    x: Integers
    cardinality: tuple[int, ...]
    edge_index: Integers
    node_offset: NDArray[np.int64]
    edge_offset: NDArray[np.int64]
    y: Integers
    edge_attr: Integers | None = None
    smiles: tuple[str, ...] = ()
    info: Mapping[str, Any] = field(default_factory=dict)
    edge_cardinality: tuple[int, ...] | None = None
    attributes: NDArray[np.float32] | None = None
    attributes_apart: bool | None = None
    degree: Integers | None = None
    edge_weight: NDArray[np.float32] | None = None

    def _faults(self) -> Iterator[str]:
        if self.node_offset[-1] != len(self.x) or self.x.ndim != 2 or self.x.shape[1] != len(self.cardinality):
            yield f"x {self.x.shape} against {self.node_offset[-1]} nodes of {len(self.cardinality)} columns"
        if self.edge_index.shape != (2, self.edge_offset[-1]):
            yield f"edge_index {self.edge_index.shape} against {self.edge_offset[-1]} edges"
        if self.edge_attr is not None and len(self.edge_attr) != self.edge_offset[-1]:
            yield f"edge_attr {self.edge_attr.shape} against {self.edge_offset[-1]} edges"
        if self.attributes is not None and len(self.attributes) != len(self.x):
            yield f"attributes {self.attributes.shape} of {len(self.x)} nodes"
        if self.degree is not None and len(self.degree) != len(self.x):
            yield f"degrees {self.degree.shape} of {len(self.x)} nodes"
        if self.edge_weight is not None and len(self.edge_weight) != self.edge_offset[-1]:
            yield f"edge_weight {self.edge_weight.shape} against {self.edge_offset[-1]} edges"
        if not len(self.node_offset) == len(self.edge_offset) == len(self.y) + 1:
            yield f"{len(self.node_offset)} node offsets, {len(self.edge_offset)} edge offsets, {len(self.y)} labels"
        if self.smiles and len(self.smiles) != len(self.y):
            yield f"{len(self.smiles)} SMILES for {len(self.y)} graphs"

    def __len__(self) -> int:
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

    @property
    def has_bonds(self) -> bool:
        """Whether these are molecules, whose edge features are bonds."""
        return self.edge_attr is not None and self.edge_cardinality is None

    @property
    def num_attributes(self) -> int:
        """Number of real-valued features of a node."""
        return 0 if self.attributes is None else self.attributes.shape[1]

    @property
    def shown_attributes(self) -> int:
        """Number of real-valued features of a node that every method sees."""
        return 0 if self.attributes_apart else self.num_attributes

    def take(self, index: Integers) -> Self:
        """Return the graphs of `index`, in that order, as packed graphs of their own."""
        index = np.asarray(index, dtype=np.int64)
        nodes, edges = ranges(self.node_offset, index), ranges(self.edge_offset, index)
        return replace(
            self,
            x=self.x[nodes],
            edge_index=self.edge_index[:, edges],
            edge_attr=None if self.edge_attr is None else self.edge_attr[edges],
            node_offset=offsets(self.num_nodes[index]),
            edge_offset=offsets(self.num_edges[index]),
            y=self.y[index],
            smiles=tuple(self.smiles[i] for i in index) if self.smiles else (),
            attributes=None if self.attributes is None else self.attributes[nodes],
            degree=None if self.degree is None else self.degree[nodes],
            edge_weight=None if self.edge_weight is None else self.edge_weight[edges],
        )

    def degrees(self) -> Integers:
        """Return how many other nodes each node is joined to, or was where the graphs were cut from, `[N]`."""
        if self.degree is not None:
            return self.degree
        source, target = self.global_edge_index()
        return np.bincount(target[source != target], minlength=len(self.x))

    def global_edge_index(self, start: int = 0, end: int | None = None) -> NDArray[np.int64]:
        """Edge index `[2, e]` of graphs `start ... end - 1`, by default of all, with nodes numbered through them."""
        end = len(self) if end is None else end
        shift = self.node_offset[start:end] - self.node_offset[start]
        local = self.edge_index[:, self.edge_offset[start] : self.edge_offset[end]].astype(np.int64)
        return np.asarray(local + np.repeat(shift, np.diff(self.edge_offset[start : end + 1])), dtype=np.int64)

    def stored(self) -> dict[str, Any]:
        """Return the fields, the SMILES as one run of bytes with offsets."""
        stored = super().stored()
        text = [line.encode() for line in stored.pop("smiles")]
        if text:
            stored["smiles"] = np.frombuffer(b"".join(text), dtype=np.uint8)
            stored["smiles_offset"] = offsets([len(line) for line in text])
        return stored

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> dict[str, Any]:
        """Return the fields again."""
        if "smiles" in stored:
            blob, offset = stored["smiles"].tobytes(), stored.pop("smiles_offset")
            stored["smiles"] = tuple(blob[a:b].decode() for a, b in pairwise(offset))
        return stored


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
            arrays[key] = raw[start:end].view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
    except FileNotFoundError as error:
        raise RelampError(f"{path}: is not there; make it with `snakemake {path}`") from error
    except OSError as error:
        raise RelampError(
            f"{path}: cannot be read ({error.strerror}); fix its rights, or delete it and run again"
        ) from error
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, MemoryError, RecursionError) as error:
        raise RelampError(f"{path}: is no safetensors file or is cut off; delete it and run again") from error
    return arrays, words


def write_columns(path: Path | str, words: Mapping[str, str], arrays: Mapping[str, NDArray[Any] | Column]) -> None:
    """Write a safetensors file, whole or not at all, from arrays that may come in pieces.

    The library's own writer, which gives the same bytes, wants every array in memory, and writes the header's words in
    any order.

    Raises RelampError if the disk is full.
    """
    # In the order of DTYPES and the header filled up to eight bytes, so that every array is aligned.
    names = {np.dtype(kind): name for name, kind in DTYPES.items()}
    ordered = sorted(arrays.items(), key=lambda item: (list(names).index(item[1].dtype), item[0]))
    header: dict[str, Any] = {"__metadata__": dict(sorted(words.items()))}
    start = 0
    for key, column in ordered:
        end = start + column.dtype.itemsize * int(np.prod(column.shape))
        header[key] = {
            "dtype": names[column.dtype],
            "shape": column.shape,
            "data_offsets": [start, end],
        }
        start = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with whole(path) as beside, beside.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for key, column in ordered:
            begun = file.tell()
            for piece in column.pieces if isinstance(column, Column) else [column]:
                file.write(np.ascontiguousarray(piece, dtype=column.dtype).data)
            start, end = header[key]["data_offsets"]
            if file.tell() - begun != end - start:
                raise RelampError(f"{path}: {key} has {file.tell() - begun} bytes, not {end - start}; pack it again")
