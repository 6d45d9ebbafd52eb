import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relamp.evaluate.hard_negatives import (
    DRAW_COLUMNS,
    NODE_COLUMNS,
    Mixture,
    measure_hardness,
    summarise_hardness,
    swap_gains,
)
from relamp.evaluate.mixing_weights import NeighbourWeights, unit_rows

Floats = np.ndarray
SOME = settings(max_examples=60, deadline=None)


def mixture(partners: list, weights: list[float], anchor: tuple[float, ...] = (1.0, 0.0), own: float = 0.0) -> Mixture:
    return Mixture(np.array(anchor), own, np.array(partners, dtype=float), np.array(weights))


@st.composite
def mixtures(draw: st.DrawFn, unit: bool = True) -> Mixture:
    """An anchor of weight own, and partners with weights that sum to the rest."""
    k, d = draw(st.integers(2, 5)), draw(st.integers(2, 4))
    # Away from zero, so that a direction is defined.
    values = st.floats(-1, 1).map(lambda x: x + (0.25 if x >= 0 else -0.25))
    z = draw(arrays(np.float64, (k + 1, d), elements=values))
    raw = draw(arrays(np.float64, k, elements=st.floats(0, 1))) + 1e-3
    own = draw(st.floats(0, 0.9))
    z = unit_rows(z) if unit else z
    return Mixture(z[0], own, z[1:], (1 - own) * raw / raw.sum())


def exchanged(weights: Floats, j: int, k: int) -> Floats:
    swapped = weights.copy()
    swapped[[j, k]] = swapped[[k, j]]
    return swapped


def mixed(m: Mixture, weights: Floats) -> Floats:
    """Eq. 2 read aloud."""
    total = m.own * m.anchor
    for weight, z in zip(weights, m.partners, strict=True):
        total = total + weight * z
    return total


@SOME
@given(mixtures(unit=False))
def test_ranked_weights_are_the_hardest_of_all_permutations_by_the_dot_product(m: Mixture) -> None:
    ranked = float(m.hardness(m.ranked()[None], "dot")[0])
    for order in itertools.permutations(range(len(m.weights))):
        assert ranked >= float(m.hardness(m.weights[list(order)][None], "dot")[0]) - 1e-12


@SOME
@given(mixtures())
def test_the_larger_weight_for_the_more_similar_is_strictly_harder(m: Mixture) -> None:
    """Theorem 3.1 in its own words: two negatives, and nothing else changes."""
    s, ranked = m.similarities(), m.ranked()
    for j, k in itertools.permutations(range(len(s)), 2):
        gain = mixed(m, ranked) @ m.anchor - mixed(m, exchanged(ranked, j, k)) @ m.anchor
        assert gain == pytest.approx((ranked[j] - ranked[k]) * (s[j] - s[k]), abs=1e-12)
        assert gain >= -1e-12
        if s[j] > s[k] + 1e-6 and ranked[j] > ranked[k] + 1e-6:
            assert gain > 0


@SOME
@given(mixtures(unit=False))
def test_swap_gains_are_what_exchanging_two_weights_changes(m: Mixture) -> None:
    first, second = swap_gains(m, m.weights)
    z_hat = mixed(m, m.weights)
    for j, k in itertools.product(range(len(m.weights)), repeat=2):
        other = mixed(m, exchanged(m.weights, j, k))
        assert first[j, k] == pytest.approx(z_hat @ m.partners[j] - other @ m.partners[j], abs=1e-12)
        assert second[j, k] == pytest.approx(z_hat @ m.partners[j] - other @ m.partners[k], abs=1e-12)


@SOME
@given(mixtures())
def test_the_first_inequality_of_the_proof_holds_for_unit_vectors(m: Mixture) -> None:
    first, _ = swap_gains(m, m.ranked())
    larger = m.ranked()[:, None] >= m.ranked()
    assert (first[larger] >= -1e-12).all()


@SOME
@given(mixtures())
def test_the_second_inequality_is_decided_by_the_terms_that_the_proof_drops(m: Mixture) -> None:
    ranked = m.ranked()
    _, second = swap_gains(m, ranked)
    for j, k in itertools.permutations(range(len(ranked)), 2):
        others = np.where(np.isin(np.arange(len(ranked)), (j, k)), 0.0, ranked)
        rest = m.own * m.anchor + others @ m.partners
        assert second[j, k] == pytest.approx(rest @ (m.partners[j] - m.partners[k]), abs=1e-12)


def test_the_second_inequality_fails_in_general() -> None:
    m = mixture([(0.6, 0.8), (0.28, -0.96), (0, -1)], [0.5, 0.3, 0.2])
    np.testing.assert_allclose(m.ranked(), m.weights)
    first, second = swap_gains(m, m.weights)
    # z_j . z_k = 0.168 - 0.768 = -0.6, and 0.2 * (z_l . z_j - z_l . z_k) = 0.2 * (-0.8 - 0.96).
    assert first[0, 1] == pytest.approx(0.2 * 1.6)
    assert second[0, 1] == pytest.approx(-0.352)


def test_the_first_inequality_fails_for_vectors_of_other_lengths() -> None:
    # z_j = (0.5, 0) is more similar to the anchor than z_k = (3, 4) by the cosine: 0.2 * (0.25 - 1.5).
    m = mixture([(0.5, 0), (3, 4)], [0.6, 0.4])
    np.testing.assert_allclose(m.ranked(), m.weights)
    assert swap_gains(m, m.weights)[0][0, 1] == pytest.approx(-0.25)


def test_ranked_weights_are_not_the_hardest_by_the_cosine() -> None:
    m = mixture([(0.6, 0.8), (0.6, 0.8), (0.28, -0.96)], [0.4, 0.4, 0.2])
    np.testing.assert_allclose(m.ranked(), m.weights)
    ranked, permuted = m.hardness(np.array([[0.4, 0.4, 0.2], [0.4, 0.2, 0.4]]), "cosine")
    # 0.536 / |(0.536, 0.448)| and 0.472 / |(0.472, 0.096)|.
    assert ranked == pytest.approx(0.536 / np.hypot(0.536, 0.448))
    assert permuted == pytest.approx(0.472 / np.hypot(0.472, 0.096))
    assert permuted > ranked
    dot = m.hardness(np.array([[0.4, 0.4, 0.2], [0.4, 0.2, 0.4]]), "dot")
    np.testing.assert_allclose(dot, [0.536, 0.472])


def weighted(z: Floats, seed: int = 0) -> NeighbourWeights:
    """A graph in which node i has i neighbours."""
    n = len(z)
    partner = np.concatenate([np.delete(np.arange(n), i)[:i] for i in range(n)])
    weight = np.random.default_rng(seed).random(len(partner))
    return NeighbourWeights(np.cumsum([0, *range(n)]), partner, weight, np.full(n, 0.2))


def slow(z: Floats, mixing: NeighbourWeights, node: int, pick: Callable[[Mixture], Floats], measure: str) -> float:
    inside = slice(mixing.offset[node], mixing.offset[node + 1])
    rows = unit_rows(z) if measure == "dot" else z
    m = Mixture(rows[node], 0.2, rows[mixing.partner[inside]], mixing.weight[inside])
    a, b = mixed(m, pick(m)), m.anchor
    return float(a @ b if measure == "dot" else a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_measured_rows_are_those_of_a_slow_reading() -> None:
    z = np.random.default_rng(1).normal(size=(7, 3))
    mixing = weighted(z)
    rows, draws = measure_hardness(z, mixing, 200, np.random.default_rng(2))
    assert (tuple(rows), tuple(draws)) == (NODE_COLUMNS, DRAW_COLUMNS)
    assert sorted(set(rows["node"])) == [2, 3, 4, 5, 6]  # fewer than two neighbours cannot be permuted
    picks = {"given": lambda m: m.weights, "even": lambda m: np.full(len(m.weights), m.weights.mean())}
    for row in rows.itertuples():
        for name, pick in picks.items():
            assert getattr(row, name) == pytest.approx(slow(z, mixing, row.node, pick, row.measure))
        ranked = slow(z, mixing, row.node, Mixture.ranked, row.measure)
        assert row.ranked == pytest.approx(ranked)
        assert row.hardest == (ranked >= row.permuted_most - 1e-12)
        pairs = row.partners * (row.partners - 1) // 2
        assert (row.swaps, row.first_holds) == ((pairs, pairs) if row.measure == "dot" else (0, 0))
    dot = rows[rows["measure"] == "dot"]
    assert dot["hardest"].all()
    # All permutations together are even weights, so 200 of them come near.
    np.testing.assert_allclose(dot["permuted_mean"], dot["even"], atol=4 * dot["permuted_std"].max() / np.sqrt(200))
    for measure, part in rows.groupby("measure"):
        mean = draws.loc[draws["measure"] == measure, "value"]
        assert mean.mean() == pytest.approx(part["permuted_mean"].mean())
        assert len(mean) == 200


def test_summary_by_hand() -> None:
    z = np.random.default_rng(1).normal(size=(6, 3))
    rows, _ = measure_hardness(z, weighted(z), 50, np.random.default_rng(2))
    cells = summarise_hardness(rows, ["measure"]).set_index("measure")
    dot = rows[rows["measure"] == "dot"]
    assert cells.loc["dot", "ranked"] == pytest.approx(dot["ranked"].mean())
    assert cells.loc["dot", "second_holds"] == pytest.approx(dot["second_holds"].sum() / dot["swaps"].sum())
    assert cells.loc["dot", ["nodes", "swaps", "first_holds", "hardest"]].tolist() == [4, 1 + 3 + 6 + 10, 1.0, 1.0]
    assert np.isnan(cells.loc["cosine", "first_holds"])


def test_nodes_are_drawn_where_there_are_many_and_seeds_repeat() -> None:
    z = np.random.default_rng(1).normal(size=(9, 3))
    made = [measure_hardness(z, weighted(z), 5, np.random.default_rng(3), most_nodes=4) for _ in range(2)]
    assert made[0][0]["node"].nunique() == 4
    assert (made[0][1]["nodes"] == 4).all()
    assert made[0][0].equals(made[1][0])
    assert made[0][1].equals(made[1][1])


def test_a_graph_without_two_neighbours_anywhere_gives_no_rows() -> None:
    z = np.eye(2)
    rows, draws = measure_hardness(z, weighted(z), 5, np.random.default_rng(0))
    assert (len(rows), len(draws)) == (0, 0)
