"""What evaluations take: a run, and its stored embeddings."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, DTypeLike, NDArray

from relamp.data.packed import map_arrays
from relamp.data.rows import branch_of, read_table, write_table
from relamp.errors import RelampError
from relamp.runtime.kept import fingerprint
from relamp.runtime.sealed import intact


@dataclass(frozen=True)
class Run:
    """A method at one setting on one data set, over all seeds, with all that its scores depend on.

    Attributes:
        data: the packed data set.
        seeds: of training, folds and everything else that is drawn.
        label: method, dataset, setting; for what has no encoder also `options` of the kernel.
        protocol: settings of the evaluation.
        embeddings: by seed, a file of stored embeddings; none for kernels and the bag, which have no encoder.
        folds: by seed, a file of the fold of each graph, where the evaluation has folds.
        store: a folder of rows that several runs have in common; none keeps no such rows.
        threads: for what is quicker in several; no score depends on their number.
    """

    data: Path
    seeds: Sequence[int]
    label: Mapping[str, Any]
    protocol: Mapping[str, Any]
    embeddings: Mapping[int, Path] = field(default_factory=dict)
    folds: Mapping[int, Path] = field(default_factory=dict)
    store: Path | None = None
    threads: int = 1

    @property
    def branch(self) -> str:
        """Return which branch of its encoder is scored alone, or an empty word."""
        return branch_of(str(self.label["method"]))[1]

    def shared(self, facts: Any, arrays: Iterable[NDArray[Any]], make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Return rows that other runs may have in common with this one: the first makes them, by all they depend on."""
        if self.store is None:
            return make()
        path = self.store / f"{fingerprint([facts, [hash_of(array) for array in arrays]])}.csv"
        if not intact(path):
            write_table(path, make(), {})
        return read_table(path)


class NodeEmbeddings(NamedTuple):
    """One array of a file of node embeddings.

    Attributes:
        epoch, branch: which.
        final: whether this epoch's weights are the ones that count.
        z: `[N, d]`; the rows of nodes that are not `known` are zero.
        known: `[N]`, which nodes have an embedding.
    """

    epoch: int
    branch: str
    final: bool
    z: NDArray[np.float32]
    known: NDArray[np.bool_]


def hash_of(array: NDArray[Any]) -> str:
    """Return a hash of an array's type, shape and content."""
    return hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode() + array.tobytes()).hexdigest()


def by_epoch(path: Path, branch: str = "") -> list[tuple[int, NDArray[np.float32]]]:
    """Return checkpoint epoch and embeddings `[N, D]` of a file with one array for each checkpoint.

    Arrays are `epoch~K`, or `epoch~K_branch~B` of a branch alone. Raises RelampError for others, or if there are none.
    """
    found = {}
    for name, array in map_arrays(path)[0].items():
        match = re.fullmatch(r"epoch~(\d+)(?:_branch~(\w+))?", name)
        if not match:
            raise RelampError(f"{path}: {name} is no array of embeddings; delete it and run again")
        if (match[2] or "") == branch:
            found[int(match[1])] = array
    if not found:
        raise RelampError(f"{path}: holds no embeddings of branch {branch!r}; delete it and run again")
    return sorted(found.items(), key=lambda item: item[0])


def of_nodes(path: Path, num_nodes: int) -> Iterator[NodeEmbeddings]:
    """Yield the node embeddings of a file by epoch and branch.

    The file has arrays `epoch~K_branch~B`, `[N, d]` or `[k, d]` of the k nodes in the array `nodes`, and the word
    `final_epoch`. Raises RelampError if it has others.
    """
    arrays, header = map_arrays(path)
    nodes = arrays.get("nodes")
    names = {name: re.fullmatch(r"epoch~(\d+)_branch~(\w+)", name) for name in arrays if name != "nodes"}
    try:
        final = int(header["final_epoch"])
        found = sorted((int(match[1]), match[2], name) for name, match in names.items())  # type: ignore[index]
    except (KeyError, ValueError, TypeError) as error:
        raise RelampError(f"{path}: holds no node embeddings ({error}); delete it and run again") from error
    for epoch, branch, name in found:
        z, known = arrays[name], np.ones(num_nodes, dtype=bool)
        if len(z) != num_nodes:
            if nodes is None or len(nodes) != len(z):
                raise RelampError(f"{path}: {name} has {len(z)} rows for {num_nodes} nodes; delete it and run again")
            known[:] = False
            known[nodes] = True
            whole = np.zeros((num_nodes, z.shape[1]), dtype=z.dtype)
            whole[nodes] = z
            z = whole
        yield NodeEmbeddings(epoch, branch, epoch == final, z, known)


def finite(values: ArrayLike, what: str, sample: str, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """Return a matrix `[samples, D]` of a dtype, or say which of its rows are not finite (RelampError)."""
    matrix = np.ascontiguousarray(values, dtype=dtype)
    if matrix.ndim != 2 or not matrix.size:
        raise RelampError(f"{what}: has shape {matrix.shape}; give a matrix with one row for each {sample}")
    broken = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(broken):
        kinds = [name for name, test in (("NaN", np.isnan), ("infinite", np.isinf)) if test(matrix).any()]
        shown = ", ".join(map(str, broken[:5])) + (", ..." if len(broken) > 5 else "")
        raise RelampError(
            f"{what}: {' and '.join(kinds)} values in {len(broken)} of {len(matrix)} {sample}s ({sample} {shown}); "
            "the run that made them has diverged, make them again before evaluating"
        )
    return matrix
