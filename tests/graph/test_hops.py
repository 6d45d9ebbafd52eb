import networkx as nx
import numpy as np
import pytest
import torch

from model_graphs import random_graphs
from relamp.graph.hops import hops


@pytest.mark.parametrize("most", [0, 1, 2, 30])
def test_shortest_ways_by_networkx(most: int) -> None:
    data = random_graphs(0, 12, most=9)
    edges, nodes = torch.from_numpy(data.global_edge_index()), len(data.x)
    start = torch.from_numpy(data.node_offset[:-1][::2])
    whole = nx.empty_graph(nodes)
    whole.add_edges_from(edges.T.tolist())
    found = nx.multi_source_dijkstra_path_length(whole, set(start.tolist()), cutoff=most)
    expected = [found.get(node, most + 1) for node in range(nodes)]
    assert hops(edges, start, nodes, most).tolist() == expected
    assert most + 1 in expected
    assert 0 in expected


def test_no_start_and_no_edges() -> None:
    none = torch.zeros(2, 0, dtype=torch.int64)
    assert hops(none, torch.tensor([1]), 3, 2).tolist() == [3, 0, 3]
    assert hops(torch.tensor([[0, 1], [1, 0]]), none[0], 2, 4).tolist() == [5, 5]
    assert hops(none, none[0], 0, 2).tolist() == np.zeros(0).tolist()
