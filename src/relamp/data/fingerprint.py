"""A fingerprint of what packed graphs hold, by which a file that was packed anew is known again."""

import hashlib

import numpy as np

from relamp.data.packed import Integers, PackedGraphs
from relamp.data.wl_hash import Hash, wl_hash

SCHEME = "wl5"  # names how a fingerprint is made; a change of the scheme must change this


def fingerprint(data: PackedGraphs) -> str:
    """Return a fingerprint of graphs, features and labels: `wl5:` and a sha256 in hexadecimal.

    Neither the order of the graphs nor the numbering of the nodes within a graph matters. It rests on `wl_hash` with
    its limits: two graphs that five Weisfeiler-Leman rounds cannot tell apart count as the same.
    """
    edge_columns = 0 if data.edge_attr is None else data.edge_attr.shape[1]
    return fingerprint_of(wl_hash(data), data.num_nodes, data.num_edges, data.y, data.x.shape[1], edge_columns)


def fingerprint_of(
    hashes: Hash, num_nodes: Integers, num_edges: Integers, y: Integers, node_columns: int, edge_columns: int
) -> str:
    """Return the fingerprint of graphs by their hashes, counts of nodes and of directed edges, `[G]`, and labels.

    `node_columns` and `edge_columns` are the numbers of their features.
    """
    labels = y if y.ndim == 2 else y[:, None]
    columns = [hashes.view(np.int64), num_nodes, num_edges, *labels.T]
    order = np.lexsort(columns[::-1])
    rows = np.stack(columns, axis=1)[order]
    # Without the shape, a set of labels might read as a set of counts.
    shape = (*rows.shape, y.ndim, node_columns, edge_columns)
    digest = hashlib.sha256(f"{SCHEME} {' '.join(map(str, shape))}\n".encode())
    digest.update(rows.astype("<i8").tobytes())
    return f"{SCHEME}:{digest.hexdigest()}"
