import math

import numpy as np
import pytest
import torch

from relamp.loss.local_global import local_global
from seeded import gen


def test_local_global_by_hand_and_term_by_term() -> None:
    zeros = local_global(torch.zeros(4, 2), torch.zeros(3, 2), torch.tensor([0, 0, 1, 2]))
    assert zeros.item() == pytest.approx(0, abs=1e-6)
    generator = gen()
    nodes, graphs, graph = (
        torch.randn(5, 3, generator=generator),
        torch.randn(3, 3, generator=generator),
        [0, 0, 1, 2, 2],
    )
    own, others = [], []
    for i in range(5):
        for g in range(3):
            s = float(nodes[i] @ graphs[g])
            if g == graph[i]:
                own.append(math.log(2) - math.log1p(math.exp(-s)))
            else:
                others.append(math.log1p(math.exp(-s)) + s - math.log(2))
    expected = np.mean(others) - np.mean(own)
    assert local_global(nodes, graphs, torch.tensor(graph)).item() == pytest.approx(expected, rel=1e-5)


def test_padded_nodes_by_hand() -> None:
    # Two graphs of one node and one padded one each; scores by hand.
    nodes, graphs, row = torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [-1.0]]), torch.tensor([[3.0]])
    soft = [math.log1p(math.exp(score)) for score in (-1, 2, -3, 3)]
    # Others: 1 * -1, 2 * 1, and the padded ones' 3 * -1, 3 * 1. Own: 1 * 1, 2 * -1, and 0 twice.
    expected = (sum(soft) + math.log1p(math.exp(-1)) + math.log1p(math.exp(2)) + 2 * math.log(2)) / 4
    found = local_global(nodes, graphs, torch.tensor([0, 1]), (row, torch.tensor([1, 1])))
    assert found.item() == pytest.approx(expected - 2 * math.log(2), abs=1e-6)
