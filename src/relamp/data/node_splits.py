"""Which nodes a probe trains on, and which it is scored on: the public split, or one drawn from a seed."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from relamp.data.nodes import PARTS, PackedNodes
from relamp.errors import RelampError

Split = Mapping[str, NDArray[np.int64]]  # node numbers of each of PARTS, ascending


def public_split(data: PackedNodes) -> Split:
    """Return the split that comes with a data set; raises RelampError if there is none."""
    if not len(data.train) or not len(data.test):
        raise RelampError(f"{data.name}: has no public split; ask for a random one (split: random)")
    return {part: getattr(data, part) for part in PARTS}


def random_split(data: PackedNodes, shares: Sequence[float], rng: np.random.Generator) -> Split:
    """Draw a split of the labelled nodes, as GRACE does where there is no public one (Zhu et al. 2020: 10/10/80 %).

    Args:
        data: the nodes.
        shares: of training and of validation, rounded to whole nodes; all others are for testing.
        rng: what the order is drawn from.

    Raises:
        RelampError: training or testing would have no node, or a class none to train on.
    """
    labelled = np.arange(data.num_nodes) if data.y.ndim == 2 else np.flatnonzero(data.y >= 0)
    train, valid = (round(share * len(labelled)) for share in shares)
    order = rng.permutation(labelled)
    split = dict(zip(PARTS, (np.sort(part) for part in np.split(order, [train, train + valid])), strict=True))
    if not len(split["train"]) or not len(split["test"]):
        raise RelampError(f"{data.name}: shares {tuple(shares)} of {len(labelled)} nodes leave a part empty")
    if data.y.ndim == 1 and len(np.unique(data.y[split["train"]])) < len(np.unique(data.y[labelled])):
        raise RelampError(f"{data.name}: {train} training nodes do not show every class; raise the first share")
    return split
