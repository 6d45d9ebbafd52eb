import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from node_graphs import random_nodes
from relamp.kernels.pairs import Pairs
from relamp.loss import reconstruction as module
from relamp.loss.reconstruction import reconstruction
from seeded import gen

EDGES = torch.from_numpy(random_nodes(1, sizes=(30, 10)).edge_index).long()


def with_loops(edges: torch.Tensor, n: int) -> Pairs:
    source, target = torch.cat([edges, torch.arange(n).expand(2, -1)], dim=1)
    return Pairs(source, target, n)


def dense(z: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
    """As it is written: all N x N entries, positive ones weighted, times a norm."""
    n, count = len(z), edges.shape[1]
    wanted = torch.eye(n, dtype=z.dtype)
    wanted[edges[0], edges[1]] = 1
    weight = torch.tensor((n**2 - count) / count, dtype=z.dtype)
    return n**2 / (2 * (n**2 - count)) * binary_cross_entropy_with_logits(z @ z.T, wanted, pos_weight=weight)


def test_two_joined_nodes_by_hand() -> None:
    # Scores are 1 and 0 with themselves and 0 of the edge, whose E = 2 entries have the weight (4 - 2) / 2 = 1.
    z = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    expected = 4 / (2 * 2) * (math.log1p(math.exp(-1)) + 3 * math.log(2)) / 4
    assert reconstruction(z, with_loops(torch.tensor([[0, 1], [1, 0]]), 2)).item() == pytest.approx(expected)


@pytest.mark.parametrize("entries", [1, 100, 1 << 21])
def test_blocks_of_rows_give_what_the_whole_matrix_gives(entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRIES_AT_ONCE", entries)
    z = torch.randn(40, 3, dtype=torch.double, generator=gen(), requires_grad=True)
    found, expected = reconstruction(z, with_loops(EDGES, 40)), dense(z, EDGES)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(*(torch.autograd.grad(3 * loss, z)[0] for loss in (found, expected)))


def test_a_graph_without_edges_has_a_finite_loss() -> None:
    for n in (1, 3):
        z = torch.randn(n, 2, generator=gen(), requires_grad=True)
        loss = reconstruction(z, with_loops(torch.zeros(2, 0, dtype=torch.long), n))
        assert loss.isfinite()
        assert torch.autograd.grad(loss, z)[0].isfinite().all()
