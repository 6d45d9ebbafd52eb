"""How hard mixed negatives are, by who gets which weight: a check of M-Mix's Theorem 3.1.

The theorem says that of two negatives the one more similar to the anchor should get the larger weight. Three
statements can be meant, and they do not hold alike. Write `z-hat = sum_l lambda_l z_l`, and `z-hat'` for the same with
the weights of j and k exchanged, where `H(z_i, z_j) > H(z_i, z_k)` and `lambda_j > lambda_k`.

1. z-hat is at least as similar to its anchor, `H(z-hat, z_i) >= H(z-hat', z_i)`, and weights in the order of the
   similarities are the hardest of all permutations. Under the dot product that the proof takes this is the
   rearrangement inequality, and holds for any embeddings and weights. Under the cosine similarity of the loss it
   does not: the length of z-hat depends on who gets which weight.
2. The proof's first inequality, `H(z-hat, z_j) > H(z-hat', z_j)`. The difference is
   `(lambda_j - lambda_k)(1 - z_j . z_k)`: it holds for all unit vectors that are not equal, whatever the anchor is. For
   vectors of other lengths it does not.
3. The proof's second inequality, `H(z-hat, z_j) > H(z-hat', z_k)`. The difference is
   `sum_{l != j, k} lambda_l z_l . (z_j - z_k)`: the terms that the proof drops as constant are all there is. With the
   anchor alone besides j and k it holds; in general it does not. Counterexample: z_i = (1, 0) of weight 0,
   z_j = (0.6, 0.8), z_k = (0.28, -0.96), z_l = (0, -1) with weights 0.5, 0.3 and 0.2 gives a difference of -0.352.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.evaluate.mixing_weights import Floats, NeighbourWeights, unit_rows

# Similarity of a mixed sample with its anchor: the theorem's, of unit vectors by the dot product; or that of training,
# which mixes embeddings as they are and contrasts by the cosine.
MEASURES = ("dot", "cosine")
NODE_COLUMNS = (
    *("measure", "node", "partners", "ranked", "given", "even", "permuted_mean", "permuted_std", "permuted_most"),
    *("hardest", "swaps", "first_holds", "second_holds"),
)
DRAW_COLUMNS = ("measure", "draw", "nodes", "value")
_ROUNDING = 1e-12
_AT_ONCE = 1 << 21


class Mixture(NamedTuple):
    """An anchor `[d]`, its own weight, and the partners `[k, d]` that are mixed into it with their weights `[k]`."""

    anchor: Floats
    own: float
    partners: Floats
    weights: Floats

    def similarities(self) -> Floats:
        """Return the cosine similarity of each partner with the anchor, `[k]`."""
        return np.asarray(unit_rows(self.partners) @ unit_rows(self.anchor[None])[0])

    def ranked(self) -> Floats:
        """Return the weights in the order of the partners' similarities: the most similar gets the largest, `[k]`."""
        ranked = np.empty_like(self.weights)
        ranked[np.argsort(self.similarities(), kind="stable")] = np.sort(self.weights)
        return ranked

    def hardness(self, weights: Floats, measure: str) -> Floats:
        """Return the similarity of the mixed sample with its anchor for each row of `weights` `[p, k]`, `[p]`."""
        if measure == "dot":
            unit = unit_rows(self.anchor[None])[0]
            return np.asarray(self.own * (unit @ unit) + weights @ self.similarities())
        parts = []
        rows = max(1, _AT_ONCE // max(self.partners.shape))
        for start in range(0, len(weights), rows):
            mixed = self.own * self.anchor + weights[start : start + rows] @ self.partners
            parts.append(unit_rows(mixed) @ unit_rows(self.anchor[None])[0])
        return np.concatenate(parts)


def swap_gains(mixture: Mixture, weights: Floats) -> tuple[Floats, Floats]:
    """Return what both inequalities of the proof of Theorem 3.1 say is above 0, for every pair of partners.

    With z-hat mixed by `weights` `[k]` and z-hat' by the same with those of j and k exchanged, the dot products
    `z-hat . z_j - z-hat' . z_j` and `z-hat . z_j - z-hat' . z_k`, `[k, k]` each, row j and column k, of the partners as
    they are; the theorem takes unit vectors.
    """
    gram = mixture.partners @ mixture.partners.T
    with_mixed = gram @ weights + mixture.own * (mixture.partners @ mixture.anchor)
    step = weights[:, None] - weights
    length = gram.diagonal()
    first: Floats = step * (length[:, None] - gram)
    second: Floats = with_mixed[:, None] - with_mixed + step * (gram - length)
    return first, second


def measure_hardness(
    z: NDArray[np.floating],
    mixing: NeighbourWeights,
    permutations: int,
    random: np.random.Generator,
    most_nodes: int | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure how hard each node's mixed negative is, against permutations of its weights among its neighbours.

    `z` are embeddings `[n, d]`. Nodes with fewer than two neighbours have nothing to permute and are left out; of the
    others, `most_nodes` are drawn where there are more.

    Returns:
        Rows of NODE_COLUMNS, one a node and measure: hardness with the weights in the order of the similarities
        (`ranked`), as the method gives them (`given`), all equal (`even`), and permuted; whether no permutation was
        harder than `ranked` (`hardest`); of the pairs of neighbours whose similarities and ranked weights differ
        (`swaps`), those for which the proof's inequalities hold (under the dot product, see the module).
        Rows of DRAW_COLUMNS: for each measure and draw of permutations the mean hardness over the nodes.
    """
    raw: Floats = np.asarray(z, dtype=np.float64)
    nodes = np.flatnonzero(np.diff(mixing.offset) >= 2)
    if most_nodes is not None and len(nodes) > most_nodes:
        nodes = np.sort(random.choice(nodes, most_nodes, replace=False))
    sums = {measure: np.zeros(permutations) for measure in MEASURES}
    rows = []
    unit = unit_rows(raw)
    for node in nodes:
        inside = slice(mixing.offset[node], mixing.offset[node + 1])
        weights, own = mixing.weight[inside], float(mixing.own[node])
        drawn = random.permuted(np.tile(weights, (permutations, 1)), axis=1)
        for measure in MEASURES:
            rows_of = unit if measure == "dot" else raw
            mixture = Mixture(rows_of[node], own, rows_of[mixing.partner[inside]], weights)
            permuted = mixture.hardness(drawn, measure)
            sums[measure] += permuted
            rows.append({"measure": measure, "node": int(node), **_node_row(mixture, measure, permuted)})
    draws = [
        pd.DataFrame({"measure": m, "draw": range(permutations), "nodes": len(nodes), "value": sums[m] / len(nodes)})
        for m in MEASURES
        if len(nodes)
    ]
    return pd.DataFrame(rows, columns=NODE_COLUMNS), pd.concat([pd.DataFrame(columns=DRAW_COLUMNS), *draws])


def summarise_hardness(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return means over the nodes of rows of `measure_hardness`, a row for each group of the columns `by`.

    `ranked`, `given`, `even`: mean hardness; `hardest`: share of the nodes in which no permutation was harder than the
    ranked weights; `first_holds`, `second_holds`: shares of the swaps of all nodes; `nodes`, `swaps`: counts.
    """
    grouped = rows.assign(hardest=rows["hardest"].astype(float)).groupby(list(by), sort=False)
    means = grouped[["ranked", "given", "even", "hardest"]].mean()
    counts = grouped[["swaps", "first_holds", "second_holds"]].sum()
    shares = counts[["first_holds", "second_holds"]].div(counts["swaps"].where(counts["swaps"] > 0), axis=0)
    return means.assign(nodes=grouped.size(), swaps=counts["swaps"]).join(shares).reset_index()


def _node_row(mixture: Mixture, measure: str, permuted: Floats) -> dict[str, float | int | bool]:
    ranked, given = mixture.ranked(), mixture.weights
    even = np.full_like(given, given.mean())
    hardness = mixture.hardness(np.stack([ranked, given, even]), measure)
    row = dict(zip(("ranked", "given", "even"), map(float, hardness), strict=True))
    swaps = first = second = 0
    if measure == "dot":
        similarity = mixture.similarities()
        # Closer than rounding, neither similarities nor weights have an order.
        told = similarity[:, None] > similarity + _ROUNDING
        told &= ranked[:, None] > ranked + _ROUNDING
        gains = swap_gains(mixture, ranked)
        swaps, first, second = int(told.sum()), *(int((gain[told] > -_ROUNDING).sum()) for gain in gains)
    return {
        "partners": len(given),
        **row,
        "permuted_mean": float(permuted.mean()),
        "permuted_std": float(permuted.std()),
        "permuted_most": float(permuted.max()),
        "hardest": bool(hardness[0] >= permuted.max() - _ROUNDING),
        **{"swaps": swaps, "first_holds": first, "second_holds": second},
    }
