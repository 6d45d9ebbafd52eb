"""Which graphs an encoder cannot tell apart, beside Weisfeiler and Leman's colours, which no such encoder exceeds."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relamp.data.packed import Integers

# Columns are scaled to a largest value of 1 and rounded to so many decimals.
_DECIMALS = 5


def partition(z: ArrayLike) -> NDArray[np.int64]:
    """Return the class of each row `[G]` of embeddings `[G, D]`: rows that are equal up to rounding are of one class.

    Columns are scaled to a largest absolute value of 1 and rounded to 1e-5.
    """
    z = np.asarray(z, dtype=np.float64)
    largest = np.abs(z).max(axis=0)
    # Adding 0 makes one zero of both.
    return _numbered(np.round(z / np.where(largest > 0, largest, 1.0), _DECIMALS) + 0.0)


def same_partition(one: Integers, other: Integers) -> bool:
    """Return whether two partitions `[G]` put the same graphs together, whatever the numbers of their classes."""
    both = len(np.unique(np.stack([one, other], axis=1), axis=0))
    return both == len(np.unique(one)) == len(np.unique(other))


def colour_partition(
    x: ArrayLike, edge_index: Integers, graph: Integers, graphs: int, rounds: int, edge_attr: Integers | None = None
) -> NDArray[np.int64]:
    """Return the class of each graph `[G]` by the colours of its nodes after some rounds of Weisfeiler and Leman.

    Nodes begin with a colour for each distinct row of `x` `[N, d]`; in a round a node's colour becomes its own with
    those of the nodes that it hears along `edge_index` `[2, E]`, from row 0 to row 1, and with the labels of these
    edges `[E, columns]`, all counted as often as they occur. Graphs are alike if they have the same colours equally
    often.
    `graph` is that of each node, of so many `graphs`.
    """
    x = np.asarray(x)
    colour = _numbered(x) if x.shape[1] else np.zeros(len(x), dtype=np.int64)
    source, target = np.asarray(edge_index, dtype=np.int64)
    kind = np.zeros(len(source), dtype=np.int64) if edge_attr is None else _numbered(edge_attr)
    for _ in range(rounds):
        heard = _numbered(np.stack([colour[source], kind], axis=1))
        colour = _numbered(np.stack([colour, _bags(target, heard, len(colour))], axis=1))
    return _bags(np.asarray(graph, dtype=np.int64), colour, graphs)


def _numbered(rows: ArrayLike) -> NDArray[np.int64]:
    """Return a number for each row, the same for equal rows."""
    return np.unique(np.asarray(rows), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _bags(owner: Integers, item: Integers, owners: int) -> NDArray[np.int64]:
    """Return a number for each owner, the same for owners of the same items equally often."""
    order = np.lexsort((item, owner))
    parts = np.split(item[order], np.searchsorted(owner[order], np.arange(1, owners)))
    known: dict[bytes, int] = {}
    return np.array([known.setdefault(part.tobytes(), len(known)) for part in parts], dtype=np.int64)
