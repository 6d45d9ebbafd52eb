import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, issparse

from diffused import slow_adjacency, slow_diffusion
from relamp.errors import RelampError
from relamp.graph import diffusion
from relamp.graph.diffusion import diffuse, normalised_adjacency


def edges_of(num_nodes: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Both directions of random edges."""
    upper = np.triu(rng.random((num_nodes, num_nodes)) < share, 1)
    return np.stack((upper | upper.T).nonzero())


def test_adjacency_by_hand() -> None:
    # The path 0 - 1 - 2 and the lone node 3; with self-loops the degrees are 2, 3, 2, 1.
    path = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
    s = 1 / math.sqrt(6)
    expected = [[1 / 2, s, 0, 0], [s, 1 / 3, s, 0], [0, s, 1 / 2, 0], [0, 0, 0, 1]]
    actual = normalised_adjacency(path, 4)
    assert issparse(actual)
    assert actual.dtype == np.float64
    np.testing.assert_allclose(actual.toarray(), expected, atol=1e-15)
    r = 1 / math.sqrt(2)
    expected = [[0, r, 0, 0], [r, 0, r, 0], [0, r, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(normalised_adjacency(path, 4, self_loops=False).toarray(), expected, atol=1e-15)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.floats(0, 1), st.sampled_from([0, 1, 2, 0.5]), st.booleans())
def test_adjacency_equals_slow_implementation(seed, n, share, self_loops, directed) -> None:
    rng = np.random.default_rng(seed)
    # Directed ones are listed more than once, with self-loops among them, and in a narrow dtype.
    edge_index = rng.integers(n, size=(2, 2 * n), dtype=np.uint8) if directed else edges_of(n, share, rng)
    actual = normalised_adjacency(edge_index, n, self_loops).toarray()
    np.testing.assert_allclose(actual, slow_adjacency(edge_index, n, self_loops), atol=1e-14)
    assert np.linalg.norm(actual, 2) <= 1 + 1e-12


def test_diffusion_by_hand() -> None:
    # Two nodes and their edge, no self-loops: T swaps them, T T = I.
    swap = normalised_adjacency(np.array([[0, 1], [1, 0]]), 2, self_loops=False)
    # alpha (I - c T)^-1 = alpha / (1 - c^2) (I + c T); for alpha = 0.2 the factor is 0.2 / 0.36.
    np.testing.assert_allclose(diffuse(swap, np.eye(2), "ppr"), [[5 / 9, 4 / 9], [4 / 9, 5 / 9]], atol=1e-6)
    # exp(-t) (cosh(t) I + sinh(t) T) = (1 +- exp(-2 t)) / 2
    near, far = (1 + math.exp(-1)) / 2, (1 - math.exp(-1)) / 2
    np.testing.assert_allclose(diffuse(swap, np.eye(2), "heat", time=0.5), [[near, far], [far, near]], atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 14),
    st.floats(0, 1),
    st.sampled_from(["ppr", "heat"]),
    st.floats(0.01, 1),
    st.floats(0, 20),
    st.sampled_from([0.3, 1e-3, 1e-6, 1e-10]),
    st.booleans(),
)
def test_error_is_within_the_stated_bound(seed, n, share, kind, alpha, time, tolerance, self_loops) -> None:
    rng = np.random.default_rng(seed)
    adjacency = normalised_adjacency(edges_of(n, share, rng), n, self_loops)
    x = rng.normal(size=(n, 3)) * 10.0 ** rng.integers(-3, 4, size=3)
    expected = slow_diffusion(adjacency.toarray(), kind, alpha, time) @ x
    error = np.linalg.norm(diffuse(adjacency, x, kind, alpha, time, tolerance) - expected, axis=0)
    assert (error <= (tolerance + 1e-13) * np.linalg.norm(x, axis=0)).all()


@pytest.mark.parametrize("kind", ["ppr", "heat"])
@pytest.mark.parametrize("tolerance", [0.5, 1e-2, 1e-6, 1e-12])
def test_series_is_cut_as_early_as_its_bound_allows(kind: str, tolerance: float) -> None:
    for alpha, time in ((1.0, 0.0), (0.9, 0.1), (0.2, 5.0), (0.01, 300.0)):
        kept = diffusion.chebyshev_coefficients(kind, alpha, time, tolerance)
        assert (kept >= 0).all()
        assert 1 - kept.sum() <= tolerance + 1e-14
        assert len(kept) == 1 or 1 - kept[:-1].sum() > tolerance - 1e-14


def test_bound_is_attained() -> None:
    # On the eigenvector of the eigenvalue 1 all Chebyshev polynomials are 1, and the whole rest is missing.
    loop = normalised_adjacency(np.array([[0, 1, 1, 2, 2, 0], [1, 0, 2, 1, 0, 2]]), 3)
    error = 1 - diffuse(loop, np.ones((3, 1)), "ppr", tolerance=0.1)
    assert 0.05 < error[0, 0] <= 0.1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["ppr", "heat"]))
def test_batches_equal_their_graphs(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 8, size=4)
    graphs = [edges_of(n, 0.5, rng) for n in sizes]
    start = np.cumsum(sizes) - sizes
    union = np.concatenate([graph + first for graph, first in zip(graphs, start, strict=True)], axis=1)
    x = rng.normal(size=(sizes.sum(), 2))
    together = diffuse(normalised_adjacency(union, len(x)), x, kind)
    for graph, first, n in zip(graphs, start, sizes, strict=True):
        alone = diffuse(normalised_adjacency(graph, n), x[first : first + n], kind)
        np.testing.assert_allclose(together[first : first + n], alone, rtol=1e-12, atol=1e-14)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["ppr", "heat"]))
def test_laws(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    edge_index = edges_of(9, 0.4, rng)
    adjacency = normalised_adjacency(edge_index, 9)
    x, y = rng.normal(size=(2, 9, 2))
    order = rng.permutation(9)
    value = diffuse(adjacency, x, kind)
    renamed = normalised_adjacency(np.argsort(order)[edge_index], 9)
    np.testing.assert_allclose(diffuse(renamed, x[order], kind), value[order], atol=1e-12)
    np.testing.assert_allclose(diffuse(adjacency, 2 * x + y, kind), 2 * value + diffuse(adjacency, y, kind), atol=1e-12)
    # S is symmetric, not negative, and keeps the eigenvector of the eigenvalue 1, the roots of the degrees.
    s = diffuse(adjacency, np.eye(9), kind, tolerance=1e-12)
    np.testing.assert_allclose(s, s.T, atol=1e-11)
    assert s.min() >= -1e-11
    degree = np.sqrt(np.bincount(edge_index[0], minlength=9) + 1.0)
    np.testing.assert_allclose(s @ degree, degree, atol=1e-10)


def test_sparse_features_equal_dense_ones_and_keep_their_precision(monkeypatch) -> None:
    monkeypatch.setattr(diffusion, "COLUMNS_AT_ONCE", 3)
    rng = np.random.default_rng(0)
    adjacency = normalised_adjacency(edges_of(30, 0.1, rng), 30)
    x = rng.random((30, 8)) * (rng.random((30, 8)) < 0.2)
    whole = slow_diffusion(adjacency.toarray()) @ x
    dense, sparse = diffuse(adjacency, x, "ppr"), diffuse(adjacency, csr_matrix(x), "ppr")
    assert type(dense) is type(sparse) is np.ndarray
    np.testing.assert_array_equal(dense, sparse)
    np.testing.assert_allclose(dense, whole, atol=1e-5)
    single = diffuse(adjacency, csr_matrix(x.astype(np.float32)), "ppr")
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, whole, atol=1e-5)
    assert diffuse(adjacency, np.ones((30, 1), dtype=np.int64), "heat").dtype == np.float64


def test_refuses_what_its_bound_does_not_hold_for() -> None:
    x = np.ones((2, 1))
    swap = normalised_adjacency(np.array([[0, 1], [1, 0]]), 2)
    with pytest.raises(RelampError, match="undirected"):
        diffuse(normalised_adjacency(np.array([[0], [1]]), 2), x, "ppr")
    for arguments in ({"alpha": 0.0}, {"alpha": 1.5}, {"tolerance": 0.0}, {"tolerance": 1.0}):
        with pytest.raises(RelampError, match=next(iter(arguments))):
            diffuse(swap, x, "ppr", **arguments)
    for time in (-1.0, math.inf, math.nan):
        with pytest.raises(RelampError, match="time"):
            diffuse(swap, x, "heat", time=time)
    with pytest.raises(RelampError, match="choose ppr or heat"):
        diffuse(swap, x, "katz")
