"""M-Mix's mixing weights over neighbours, from stored embeddings: those of `relamp.mixing`, computed without torch."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import Integers
from relamp.errors import RelampError
from relamp.settings.mixing import MixSettings

Floats = NDArray[np.float64]
Maps = tuple[NDArray[np.floating], NDArray[np.floating]]


class NeighbourWeights(NamedTuple):
    """Who is mixed into whom, with which weight.

    Attributes:
        offset: `[n + 1]`; node i is mixed with `partner[offset[i]:offset[i + 1]]`.
        partner: neighbours, ascending within a node, `[m]`.
        weight: of each partner, `[m]`.
        own: weight of the node itself, `[n]`.
    """

    offset: NDArray[np.int64]
    partner: NDArray[np.int64]
    weight: Floats
    own: Floats


def unit_rows(z: NDArray[np.floating]) -> Floats:
    """Return the rows of z `[n, d]` brought to length 1; rows of zeros stay."""
    z = np.asarray(z, dtype=np.float64)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    return z / np.where(length > 0, length, 1.0)


def neighbour_weights(
    z: NDArray[np.floating], edge_index: Integers, settings: MixSettings, maps: Maps | None = None
) -> NeighbourWeights:
    """Return the weights that M-Mix mixes embeddings `[n, d]` with in the scope "wp", without dropout (Eq. 5 to 7).

    `edge_index` is `[2, e]`, a message from row 0 to row 1, each edge once; self-loops are ignored. `maps` are mp-mix's
    queries and keys (Eq. 6), `[d, d]` each, as a linear layer stores them; None is mo-mix. Raises RelampError where the
    settings mix otherwise: over all rows, by the adjacency, or before the activation.
    """
    if settings.scope != "wp" or settings.operator != "weights" or settings.layer != "words":
        raise RelampError(
            f"mixing weights: scope {settings.scope!r} with operator {settings.operator!r} and layer "
            f"{settings.layer!r} has no weights over neighbours of the embeddings; choose a method of the scope 'wp', "
            "the operator 'weights' and the layer 'words'"
        )
    n = len(z)
    q, k = (unit_rows(z @ matrix.T if maps else z) for matrix in maps or (z, z))
    source, target = np.asarray(edge_index, dtype=np.int64)
    source, target = source[source != target], target[source != target]
    order = np.lexsort([source, target])
    source, target = source[order], target[order]
    offset = np.searchsorted(target, np.arange(n + 1)).astype(np.int64)
    weight = np.exp(_pair_dot(q, k, source, target))
    total, itself = np.bincount(target, weight, minlength=n), np.exp((q * k).sum(1))
    constant = settings.constant if maps is None else None
    if constant is None or settings.denominator == "all":
        total = total + itself
    if constant is None:
        return NeighbourWeights(offset, source, weight / total[target], itself / total)
    own = np.where(np.diff(offset) == 0, 1.0, constant)
    return NeighbourWeights(offset, source, (1 - constant) * weight / total[target], own)


def _pair_dot(q: Floats, k: Floats, source: Integers, target: Integers, at_once: int = 1 << 15) -> Floats:
    """Return `q[target] . k[source]` for every pair, some pairs at a time."""
    starts = range(0, len(source), at_once)
    parts = [np.einsum("pd,pd->p", q[target[s : s + at_once]], k[source[s : s + at_once]]) for s in starts]
    return np.concatenate([np.zeros(0), *parts])
