"""Structural damage: the share of structural entropy that an augmentation takes from a graph (LAMP Eq. 6, Fig. 2)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.augment.graphs import AUGMENTATIONS, Union
from relamp.data.packed import Integers, PackedGraphs
from relamp.errors import RelampError
from relamp.graph.entropy import degrees, structural_entropy
from relamp.settings.graphs import Reading

# Directed edges that are augmented at once: enough to make numpy's overhead vanish, few enough to stay in memory.
_PIECE = 1 << 20


def measure_damage(
    data: PackedGraphs, augmentation: str, reading: Reading, strength: float, draws: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Return 1 - H(t(G)) / H(G) of each graph and draw, as a fraction (LAMP Eq. 6).

    Columns: dataset, augmentation, reading, draw, graph, status, before (H(G) in nats), after (H(t(G))), value. A graph
    without edges (`no_edges`), or with edges but without entropy (`zero_entropy`: one node has all of them), has no
    such ratio: its value is NaN. A view without edges has entropy 0, so that
    its value is 1; a negative value is entropy gained. Each draw has a Generator of its own, spawned from `rng`: more
    draws leave the first ones as they were.

    Raises RelampError if there is no such augmentation or reading, or the strength is no share.
    """
    if augmentation not in AUGMENTATIONS:
        raise RelampError(f"{data.name}: no augmentation {augmentation!r}; choose one of {', '.join(AUGMENTATIONS)}")
    generators = rng.spawn(draws)
    before, after = np.zeros(len(data)), np.zeros((draws, len(data)))
    for first, last in _pieces(data.edge_offset):
        node_offset = data.node_offset[first : last + 1] - data.node_offset[first]
        union = Union.of(data.global_edge_index(first, last), node_offset, strength, reading)
        before[first:last] = _entropy(union.edge_index, node_offset)
        for draw, generator in enumerate(generators):
            view = AUGMENTATIONS[augmentation](union, generator)
            after[draw, first:last] = _entropy(view.edge_index, node_offset)
    status = np.select([data.num_edges == 0, before == 0], ["no_edges", "zero_entropy"], "ok")
    value = np.full(after.shape, np.nan)
    value[:, status == "ok"] = 1 - after[:, status == "ok"] / before[status == "ok"]
    return pd.DataFrame(
        {
            "dataset": data.name,
            "augmentation": augmentation,
            "reading": reading,
            "draw": np.repeat(np.arange(draws), len(data)),
            "graph": np.tile(np.arange(len(data)), draws),
            "status": np.tile(status, draws),
            "before": np.tile(before, draws),
            "after": after.ravel(),
            "value": value.ravel(),
        }
    )


def _pieces(edge_offset: Integers) -> Iterator[tuple[int, int]]:
    """Split the graphs into runs of about `_PIECE` edges; a graph is never split."""
    number = edge_offset[:-1] // _PIECE
    bounds = np.flatnonzero(np.diff(number, prepend=-1, append=-1))
    yield from zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)


def _entropy(edge_index: NDArray[np.int64], node_offset: Integers) -> NDArray[np.float64]:
    return structural_entropy(degrees(edge_index, int(node_offset[-1])), node_offset)
