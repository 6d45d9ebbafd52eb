from dataclasses import replace

import numpy as np
import pytest
import torch

from model_graphs import random_graphs
from relamp.data.batch import collate
from relamp.model import mvgrl_graph
from relamp.model.mvgrl_graph import MVGRLGraph, branch_features, node_features, num_columns
from relamp.settings.graphs import MmixOptions

DATA = random_graphs(0, count=12)


def dense_operators(n: int, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """S_a and S_b by the formulas of MVGRL, dense: an independent and slow way."""
    adjacency = np.eye(n)
    adjacency[edges[1], edges[0]] = 1
    root = np.diag(adjacency.sum(1) ** -0.5)
    near = root @ adjacency @ root
    return near, 0.2 * np.linalg.inv(np.eye(n) - 0.8 * near)


def test_both_branches_see_what_the_dense_formula_gives() -> None:
    found = branch_features(DATA, MmixOptions())
    assert found.dtype == np.float32
    for g in range(len(DATA)):
        nodes, edges = (slice(offset[g], offset[g + 1]) for offset in (DATA.node_offset, DATA.edge_offset))
        x = np.eye(4)[DATA.x[nodes, 0]]
        near, far = dense_operators(len(x), DATA.edge_index[:, edges])
        np.testing.assert_allclose(found[nodes], np.concatenate([near @ x, far @ x], axis=1), atol=1e-5)


def test_a_path_of_two_nodes_by_hand() -> None:
    data = random_graphs(0, count=1)
    pair = replace(
        data,
        x=np.array([[0], [1]]),
        cardinality=(2,),
        edge_index=np.array([[0, 1], [1, 0]]),
        node_offset=np.array([0, 2]),
        edge_offset=np.array([0, 2]),
    )
    # T has 1/2 everywhere: eigenvalue 1 for (1, 1) and 0 for (1, -1), so PPR is 1 and alpha = 0.2 on these two.
    expected = [[0.5, 0.5, 0.6, 0.4], [0.5, 0.5, 0.4, 0.6]]
    np.testing.assert_allclose(branch_features(pair, MmixOptions()), expected, atol=1e-6)
    same = branch_features(pair, MmixOptions(diffusion="adjacency"))
    np.testing.assert_allclose(same, np.full((2, 4), 0.5), atol=1e-6)


def test_parts_of_a_data_set_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = branch_features(DATA, MmixOptions(diffusion="heat"))
    monkeypatch.setattr(mvgrl_graph, "NODES_AT_ONCE", 7)
    assert len(list(mvgrl_graph._parts(DATA))) > 3
    np.testing.assert_allclose(branch_features(DATA, MmixOptions(diffusion="heat")), whole, atol=1e-6)


@pytest.mark.parametrize(
    ("features", "labelled", "plain"),
    [("labels", 4, 1), ("labels-or-degrees", 4, 4), ("labels-and-degrees", 8, 4)],
)
def test_what_a_node_shows(features: str, labelled: int, plain: int) -> None:
    options = MmixOptions(features=features, max_degree=3)
    unlabelled = replace(DATA, x=np.zeros_like(DATA.x), cardinality=(1,))
    for data, columns in ((DATA, labelled), (unlabelled, plain)):
        x = node_features(data, options).toarray()
        assert x.shape == (len(data.x), columns) == (len(data.x), num_columns(data.cardinality, options))
        assert set(x.sum(1)) == {2.0 if columns == 8 else 1.0}
    degree = np.bincount(unlabelled.global_edge_index()[1], minlength=len(DATA.x))
    if plain == 4:
        assert (node_features(unlabelled, options).toarray().argmax(1) == np.minimum(degree, 3)).all()
        assert degree.max() > 3


def encoder(mixer: str | None, **options: object) -> MVGRLGraph:
    return MVGRLGraph(4, 6, mixer, MmixOptions(**options), torch.Generator().manual_seed(0)).eval()


def batch(index: list[int]):
    made = collate(DATA, np.array(index))
    features = branch_features(DATA.take(np.array(index)), MmixOptions())
    return replace(made, features=torch.from_numpy(features))


def test_a_branch_is_one_gcn_layer_and_the_graph_its_mean() -> None:
    model, seen = encoder("mp-mix", branch="a", pooling="mean"), batch([0, 1, 2])
    linear, slope = model.branch_a[0], model.branch_a[1].weight
    z = seen.features[:, :4] @ linear.weight.T + linear.bias
    z = torch.where(z > 0, z, slope * z)
    graph = torch.stack([z[seen.graph == g].mean(0) for g in range(3)])
    torch.testing.assert_close(model(seen).graph, graph)
    summed = encoder("mp-mix", branch="a", pooling="sum")(seen).graph
    torch.testing.assert_close(summed, graph * torch.bincount(seen.graph)[:, None])
    assert model.dim == graph.shape[1] == 6


def test_branches_of_the_embedding() -> None:
    made = {branch: encoder("mo-mix", branch=branch)(batch([3, 4])).graph for branch in ("a", "b", "sum", "average")}
    torch.testing.assert_close(made["sum"], made["a"] + made["b"])
    torch.testing.assert_close(made["average"], made["sum"] / 2)
    assert not torch.allclose(made["a"], made["b"])


def test_output_is_mixed_and_passes_g_and_encoder_is_not() -> None:
    seen = batch([0, 5, 7])
    model = encoder("mp-mix", branch="a", readout="output", pooling="mean")
    made = model.contrasted(seen, None)
    expected = torch.stack([made.a[seen.graph == g].mean(0) for g in range(3)])
    torch.testing.assert_close(model(seen).graph, expected)
    assert not torch.allclose(expected, encoder("mp-mix", branch="a", pooling="mean")(seen).graph)
    random = encoder("random-mix", branch="a", readout="output", pooling="mean")
    assert torch.equal(random(seen).graph, random(seen).graph)


def test_methods_start_from_the_same_branches() -> None:
    first, second = encoder(None), encoder("mp-mix")
    assert torch.equal(first(batch([1, 2])).graph, second(batch([1, 2])).graph)


def test_a_batch_without_features_is_refused() -> None:
    with pytest.raises(ValueError, match="needs features"):
        encoder(None)(collate(DATA, np.array([0])))
