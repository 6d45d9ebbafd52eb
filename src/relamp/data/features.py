"""What an encoder, or a bag, sees of the nodes of graphs: node labels, degrees and attributes, one beside another."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from relamp.data.packed import PackedGraphs
from relamp.settings.graphs import Features, FirstLabel


def node_features(
    data: PackedGraphs, features: Features, max_degree: int, first_label: FirstLabel = "own"
) -> csr_matrix[np.float32]:
    """Return one-hot node labels, one-hot degrees and attributes side by side, `[N, columns]`.

    A node's degree is the number of other nodes that it is joined to. `features`, `max_degree` and `first_label` are
    those of `relamp.settings.graphs.MmixOptions`. Attributes that a user asks for stand beside the others, but those
    apart are shown by "attributes" alone, in place of labels and degrees.
    """
    labels, degrees, attributes = _shown(data, features)
    columns = []
    if labels:
        columns += [_one_hot(column, size) for column, size in _labels(data, first_label)]
    if degrees:
        columns.append(_one_hot(np.minimum(data.degrees(), max_degree), max_degree + 1))
    if attributes and data.attributes is not None:
        columns.append(csr_matrix(data.attributes))
    return csr_matrix(hstack(columns))


def all_features(data: PackedGraphs, max_degree: int) -> csr_matrix[np.float32]:
    """Return labels, attributes, degrees and one-hot degrees side by side, `[N, columns]`, whatever of them there is.

    A degree above `max_degree` counts as that where it is one-hot.
    """
    shown, degrees = node_features(data, "labels-and-degrees", max_degree), data.degrees()
    columns = [shown, csr_matrix(degrees[:, None].astype(np.float32))]
    if data.attributes is not None and not data.shown_attributes:
        columns.append(csr_matrix(data.attributes))
    return csr_matrix(hstack(columns))


def num_all_columns(data: PackedGraphs, max_degree: int) -> int:
    """Return the width of these."""
    hidden = 0 if data.attributes is None or data.shown_attributes else data.attributes.shape[1]
    return num_columns(data, "labels-and-degrees", max_degree) + 1 + hidden


def num_columns(data: PackedGraphs, features: Features, max_degree: int, first_label: FirstLabel = "own") -> int:
    """Return the width of the features, which is the same for all graphs of one kind."""
    labels, degrees, attributes = _shown(data, features)
    of_labels = sum(size for _, size in _labels(data, first_label)) if labels else 0
    return of_labels + degrees * (max_degree + 1) + attributes * data.num_attributes


def _shown(data: PackedGraphs, features: Features) -> tuple[bool, bool, bool]:
    """Return whether labels (or the constant that stands for them), degrees and attributes are shown."""
    labelled = data.cardinality != (1,) * len(data.cardinality)
    if features == "attributes" and data.attributes is not None:
        return False, False, True
    beside = data.shown_attributes > 0
    if features in ("labels", "degrees"):
        return features == "labels", features == "degrees", beside
    return labelled, not labelled or features != "labels-or-degrees", beside


def _labels(data: PackedGraphs, first_label: FirstLabel) -> list[tuple[NDArray[np.int64], int]]:
    """Return each column of node labels `[N]` with its number of categories.

    "shared" is MVGRL's loader, which takes 1 off each label of its only column: label 0, then -1, counts from the end
    and falls together with the last one.
    """
    columns = [(data.x[:, i].astype(np.int64), size) for i, size in enumerate(data.cardinality)]
    names = data.info.get("node_labels")
    if first_label == "shared" and names and len(names) == 1 and names[0][0] == 0 and len(names[0]) > 1:
        ((column, size),) = columns
        return [((column - 1) % (size - 1), size - 1)]
    return columns


def _one_hot(number: NDArray[np.int64], size: int) -> csr_matrix[np.float32]:
    rows = np.arange(len(number) + 1)
    return csr_matrix((np.ones(len(number), dtype=np.float32), number, rows), shape=(len(number), size))
