"""Node dropping and attribute masking (You et al. 2020)."""

from dataclasses import replace

import numpy as np

from relamp.augment.view import Int64, Mask, Reading, Union, View


def node_drop(
    edge_index: Int64,
    node_offset: Int64,
    strength: float,
    rng: np.random.Generator,
    reading: Reading = "paper",
    graphs: Mask | None = None,
) -> View:
    """Drop `int(n * strength)` random nodes of each graph with their edges (You et al. 2020, Table 1).

    Arguments, readings and errors are those of `relamp.augment.graphs`.
    """
    union = Union.of(edge_index, node_offset, strength, reading, graphs)
    return union.induced(~union.draw_nodes(rng))


def attribute_masking(
    edge_index: Int64,
    node_offset: Int64,
    strength: float,
    rng: np.random.Generator,
    reading: Reading = "paper",
    graphs: Mask | None = None,
) -> View:
    """Mark `int(n * strength)` random nodes of each graph, whose features are then replaced (You et al. 2020, Table 1).

    Arguments, readings and errors are those of `relamp.augment.graphs`.
    """
    union = Union.of(edge_index, node_offset, strength, reading, graphs)
    view = union.induced(np.ones(len(union.graph), dtype=np.bool_))
    return replace(view, redraw=union.draw_nodes(rng) & view.keep)
