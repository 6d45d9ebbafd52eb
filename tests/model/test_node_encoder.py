import numpy as np
import pytest
import torch
from torch_geometric.nn import GATConv, GCNConv

from node_graphs import random_nodes
from relamp.kernels.pairs import Pairs
from relamp.model.node_encoder import NodeEncoder, SparseRows, attend, edges_of
from seeded import gen

DATA = random_nodes(2, sizes=(25,), features=7)
EDGES = edges_of(DATA, torch.device("cpu"))
X = torch.from_numpy(DATA.features().toarray())


def test_sparse_rows_multiply_with_gradient() -> None:
    dense = torch.randn(7, 4, generator=gen(), requires_grad=True)
    twin = dense.detach().clone().requires_grad_()
    pull = torch.randn(25, 4, generator=gen(1))
    product = SparseRows.of(DATA.features()).times(dense)
    (product * pull).sum().backward()
    (X @ twin * pull).sum().backward()
    torch.testing.assert_close(product, X @ twin)
    torch.testing.assert_close(dense.grad, twin.grad)


def test_a_node_without_features_has_a_zero_row() -> None:
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(np.array([[0, 2.0], [0, 0], [3, 0]]))
    assert SparseRows.of(matrix).times(torch.eye(2)).tolist() == [[0, 2], [0, 0], [3, 0]]


@pytest.mark.parametrize(("layers", "wide"), [(1, False), (1, True), (2, False), (2, True)])
@pytest.mark.parametrize("relu", [False, True])
def test_gcn_is_torch_geometrics(layers: int, wide: bool, relu: bool) -> None:
    encoder = NodeEncoder(7, 6, layers, gen(), wide=wide, relu=relu)
    h = X
    for layer in range(layers):
        twin = GCNConv(h.shape[1], 12 if wide and layer < layers - 1 else 6)
        weight = encoder.first if layer == 0 else encoder.later[layer - 1]
        twin.lin.weight.data = weight.data.T
        torch.nn.init.normal_(encoder.bias[layer].data, generator=gen(layer))
        twin.bias.data = encoder.bias[layer].data
        h = torch.where((z := twin(h, EDGES)) > 0, z, (0 if relu else 0.25) * z)
    torch.testing.assert_close(encoder(encoder.project(SparseRows.of(DATA.features())), EDGES), h)


def test_gat_is_torch_geometrics_gradient_included() -> None:
    encoder = NodeEncoder(7, 6, 1, gen(), heads=3)
    twin = GATConv(7, 2, heads=3)
    twin.lin.weight.data = encoder.first.data.T.clone()
    twin.att_src.data, twin.att_dst.data = (encoder.attention[0].data[i][None].clone() for i in range(2))
    mine = encoder(encoder.project(SparseRows.of(DATA.features())), EDGES)
    other = torch.nn.PReLU()(twin(X, EDGES))
    torch.testing.assert_close(mine, other)
    pull = torch.randn(mine.shape, generator=gen(4))
    (mine * pull).sum().backward()
    (other * pull).sum().backward()
    torch.testing.assert_close(encoder.first.grad.T, twin.lin.weight.grad)
    torch.testing.assert_close(encoder.attention[0].grad[0], twin.att_src.grad[0])
    torch.testing.assert_close(encoder.attention[0].grad[1], twin.att_dst.grad[0], atol=1e-5, rtol=1e-4)


def test_attention_by_hand() -> None:
    # Node 1 hears node 0 (score 1 * 2 + 0) and itself (1 * 4 + 0): weights softmax(2, 4).
    h, attention = torch.tensor([[2.0], [4.0]]), torch.tensor([[[1.0]], [[0.0]]])
    out = attend(h, Pairs(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 2), attention)
    share = 1 / (1 + np.exp(2))
    assert out.flatten().tolist() == pytest.approx([2.0, share * 2 + (1 - share) * 4])


def test_attention_does_not_overflow() -> None:
    h = torch.tensor([[300.0], [200.0]])
    out = attend(h, Pairs(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 2), torch.ones(2, 1, 1))
    assert out.isfinite().all()


def test_masking_a_feature_is_zeroing_its_column() -> None:
    encoder = NodeEncoder(7, 6, 1, gen())
    mask = torch.tensor([1.0, 0, 1, 1, 0, 1, 1])
    masked = (X * mask) @ encoder.first
    torch.testing.assert_close(encoder.project(SparseRows.of(DATA.features()), mask), masked)
