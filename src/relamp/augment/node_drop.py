"""Node dropping and attribute masking (You et al. 2020)."""

from dataclasses import replace

import numpy as np

from relamp.augment.view import Union, View


def node_drop(union: Union, rng: np.random.Generator) -> View:
    """Drop `int(n * strength)` random nodes of each graph with their edges (You et al. 2020, Table 1)."""
    return union.induced(~union.draw_nodes(rng))


def attribute_masking(union: Union, rng: np.random.Generator) -> View:
    """Mark `int(n * strength)` random nodes of each graph for other features (You et al. 2020, Table 1)."""
    view = union.induced(np.ones(len(union.graph), dtype=np.bool_))
    return replace(view, redraw=union.draw_nodes(rng) & view.keep)
