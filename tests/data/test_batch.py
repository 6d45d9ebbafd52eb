from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packed_examples import packed_graphs, small_graphs
from relamp.data.batch import collate, with_self_loops
from relamp.data.packed import PackedGraphs


@given(packed_graphs(), st.data())
@settings(max_examples=60, deadline=None)
def test_collate_equals_a_loop_over_graphs(packed: PackedGraphs, data: st.DataObject) -> None:
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
    assert (batch.edge_attr is None) if packed.edge_attr is None else (batch.edge_attr.tolist() == attributes)
    assert batch.x.dtype == batch.edge_index.dtype == batch.graph.dtype == torch.int64


def test_node_numbers_beyond_the_packed_dtype_do_not_wrap() -> None:
    packed = replace(small_graphs(), edge_index=small_graphs().edge_index.astype(np.uint8))
    last = collate(packed, np.zeros(200, dtype=np.int64)).edge_index[:, -4:]
    assert last.tolist() == [[597, 598, 598, 599], [598, 597, 599, 598]]


@pytest.mark.parametrize("full", [True, False])
def test_to_moves_every_tensor(full: bool) -> None:
    batch = collate(replace(small_graphs(), edge_attr=np.zeros((5, 2)) if full else None), np.array([2, 0]))
    batch = replace(batch, features=torch.zeros(4, 2) if full else None).to("meta")
    tensors = [batch.x, batch.edge_index, batch.graph, *([batch.edge_attr, batch.features] if full else [])]
    assert {str(tensor.device) for tensor in tensors} == {"meta"}
    assert (batch.features is None) == (batch.edge_attr is None) == (not full)
    assert batch.num_graphs == 2


@pytest.mark.parametrize(
    ("index", "but_last", "loops"),
    [
        ([0, 1, 2, 0], False, [0, 1, 2, 3, 4, 5, 6]),  # nodes 0-2, none, 3, 4-6
        ([0, 1, 2, 0], True, [0, 1, 4, 5]),
        ([1], True, []),
    ],
)
def test_self_loops_come_after_the_edges(index: list[int], but_last: bool, loops: list[int]) -> None:
    batch = collate(small_graphs(), np.array(index))
    looped = with_self_loops(batch, but_last=but_last)
    before = batch.edge_index.shape[1]
    assert looped.edge_index[:, :before].equal(batch.edge_index)
    assert looped.edge_index[:, before:].tolist() == [loops, loops]
    assert looped.x.equal(batch.x)


def test_molecules_get_no_self_loops_here() -> None:
    batch = collate(replace(small_graphs(), edge_attr=np.zeros((5, 2))), np.arange(1))
    with pytest.raises(ValueError, match="the molecular encoder adds self-loops itself"):
        with_self_loops(batch, but_last=False)
