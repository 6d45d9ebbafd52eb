import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import issparse

from diffused import slow_adjacency, slow_diffusion, slow_sparsified
from relamp.graph import sparsified as module
from relamp.graph.diffusion import normalised_adjacency
from relamp.graph.sparsified import sparsified


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30), st.floats(0, 0.3), st.integers(1, 8), st.booleans())
def test_equals_the_dense_matrix_with_its_small_entries_dropped(seed, n, share, at_once, heat) -> None:
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((n, n)) < share, 1)
    edges = np.stack((upper | upper.T).nonzero())
    chosen = {"kind": "heat", "time": 2.0} if heat else {"kind": "ppr", "alpha": 0.3}
    dense = slow_diffusion(slow_adjacency(edges, n), **chosen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "COLUMNS_AT_ONCE", at_once)
        made = sparsified(normalised_adjacency(edges, n), edges.shape[1] / n, **chosen)
    assert issparse(made)
    np.testing.assert_allclose(made.toarray(), slow_sparsified(dense, edges.shape[1]), atol=1e-7)


def test_a_long_path_keeps_as_many_entries_as_it_has_edges_most_nearly() -> None:
    n = 200
    path = np.array([[*range(n - 1), *range(1, n)], [*range(1, n), *range(n - 1)]])
    made = sparsified(normalised_adjacency(path, n), 2 * (n - 1) / n, "ppr")
    dense = slow_diffusion(slow_adjacency(path, n))
    middle = made[[100]].nnz
    assert middle == (dense[100] >= 1e-2).sum() < (dense[100] >= 1e-3).sum()
    np.testing.assert_allclose(made.max(axis=0).toarray(), np.ones((1, n)))
