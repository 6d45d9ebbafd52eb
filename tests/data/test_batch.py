from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.data.batch import collate, with_self_loops
from relamp.data.packed import PackedGraphs


def random_graphs(seed: int, num_nodes: list[int], edge_attr: bool) -> PackedGraphs:
    rng = np.random.default_rng(seed)
    edges = [rng.integers(0, n, size=(2, rng.integers(0, 2 * n))) if n else np.zeros((2, 0), int) for n in num_nodes]
    count = np.array([piece.shape[1] for piece in edges])
    return PackedGraphs(
        name="random",
        x=rng.integers(0, 9, size=(sum(num_nodes), 2)).astype(np.uint8),
        cardinality=(9, 9),
        edge_index=np.concatenate(edges, axis=1).astype(np.uint8),
        node_offset=np.concatenate([[0], np.cumsum(num_nodes)]),
        edge_offset=np.concatenate([[0], np.cumsum(count)]),
        y=np.zeros(len(num_nodes), dtype=np.int64),
        edge_attr=rng.integers(0, 4, size=(count.sum(), 2)).astype(np.uint8) if edge_attr else None,
    )


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
    st.booleans(),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_collate_equals_a_loop_over_graphs(
    seed: int, num_nodes: list[int], edge_attr: bool, data: st.DataObject
) -> None:
    packed = random_graphs(seed, num_nodes, edge_attr)
    index = data.draw(st.lists(st.integers(0, len(packed) - 1), max_size=8))
    x, sources, targets, graph, attributes = [], [], [], [], []
    for place, g in enumerate(index):
        before = len(x)
        for node in range(packed.node_offset[g], packed.node_offset[g + 1]):
            x.append(packed.x[node].tolist())
            graph.append(place)
        for edge in range(packed.edge_offset[g], packed.edge_offset[g + 1]):
            sources.append(before + int(packed.edge_index[0, edge]))
            targets.append(before + int(packed.edge_index[1, edge]))
            if packed.edge_attr is not None:
                attributes.append(packed.edge_attr[edge].tolist())
    batch = collate(packed, np.array(index, dtype=np.int64))
    assert batch.num_graphs == len(index)
    assert batch.x.tolist() == x
    assert batch.edge_index.tolist() == [sources, targets]
    assert batch.graph.tolist() == graph
    assert (batch.edge_attr is None) if not edge_attr else (batch.edge_attr.tolist() == attributes)
    assert batch.x.dtype == batch.edge_index.dtype == batch.graph.dtype == torch.int64


def test_node_numbers_beyond_the_packed_dtype_do_not_wrap() -> None:
    packed = random_graphs(0, [200, 200, 200], edge_attr=False)
    assert packed.edge_index.dtype == np.uint8
    batch = collate(packed, np.arange(3))
    last = batch.edge_index[:, int(packed.edge_offset[2]) :]
    assert int(last.min()) >= 400
    assert int(last.max()) > 512


@pytest.mark.parametrize("full", [True, False])
def test_to_moves_every_tensor(full: bool) -> None:
    batch = collate(random_graphs(1, [3, 4], edge_attr=full), np.array([1, 0]))
    batch = replace(batch, features=torch.zeros(7, 2) if full else None).to("meta")
    tensors = [batch.x, batch.edge_index, batch.graph, *([batch.edge_attr, batch.features] if full else [])]
    assert {str(tensor.device) for tensor in tensors} == {"meta"}
    assert (batch.features is None) == (batch.edge_attr is None) == (not full)
    assert batch.num_graphs == 2


@pytest.mark.parametrize(("but_last", "loops"), [(False, [0, 1, 2, 3, 4, 5]), (True, [0, 1, 4])])
def test_self_loops_come_after_the_edges(but_last: bool, loops: list[int]) -> None:
    batch = collate(random_graphs(2, [3, 0, 1, 2], edge_attr=False), np.arange(4))  # nodes 0-2, none, 3, 4-5
    looped = with_self_loops(batch, but_last=but_last)
    before = batch.edge_index.shape[1]
    assert looped.edge_index[:, :before].equal(batch.edge_index)
    assert looped.edge_index[:, before:].tolist() == [loops, loops]
    assert looped.x.equal(batch.x)


def test_self_loops_of_an_empty_batch() -> None:
    batch = collate(random_graphs(3, [0], edge_attr=False), np.arange(1))
    assert with_self_loops(batch, but_last=True).edge_index.shape == (2, 0)


def test_molecules_get_no_self_loops_here() -> None:
    batch = collate(random_graphs(4, [3], edge_attr=True), np.arange(1))
    with pytest.raises(ValueError, match="the molecular encoder adds self-loops itself"):
        with_self_loops(batch, but_last=False)
