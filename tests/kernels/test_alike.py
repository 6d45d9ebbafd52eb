"""Classes of alike nodes against Weisfeiler and Leman's test by tuples."""

from collections.abc import Hashable, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.kernels.alike import Alike
from relamp.kernels.segments import Groups
from seeded import gen


def partition(of: Sequence[Hashable]) -> set[frozenset[int]]:
    """The nodes with the same value, for each value."""
    return {frozenset(i for i, other in enumerate(of) if other == value) for value in of}


@settings(max_examples=100)
@given(
    n=st.integers(1, 12),
    count=st.integers(0, 25),
    columns=st.integers(1, 2),
    labelled=st.booleans(),
    real=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_classes_are_those_of_tuples(n: int, count: int, columns: int, labelled: bool, real: bool, seed: int) -> None:
    x = torch.randint(3, (n, columns), generator=gen(seed))
    edge_index = torch.randint(n, (2, count), generator=gen(seed + 1))
    labels = torch.randint(3, (count, 2), generator=gen(seed + 2))
    alike = Alike(x.double() if real else x, edge_index, labels if labelled else None)
    colours: list[Hashable] = [tuple(row) for row in x.tolist()]
    edges = list(zip(*edge_index.tolist(), map(tuple, labels.tolist()), strict=True))
    for number in range(4):
        assert partition(alike.classes[number].of_node.tolist()) == partition(colours)
        classes, links = alike.layer(number)
        # A sum of rows that are numbers of their own tells which rows it has.
        rows = 26.0 ** torch.arange(len(alike.classes[number]), dtype=torch.float64)[:, None]
        heard = links.heard.sum(rows)[classes.of_node]
        for node in range(n):
            sources = [node] + [u for u, v, _ in edges if v == node]
            expected = rows[alike.classes[number].of_node[sources]].sum()
            assert heard[node].item() == pytest.approx(expected.item(), rel=1e-12)
        transposed = links.hearers.sum(torch.eye(len(classes), dtype=torch.float64)).T
        assert torch.equal(links.heard.sum(torch.eye(len(rows), dtype=torch.float64)), transposed)
        of_label = [sorted(label if labelled else () for _, v, label in edges if v == node) for node in range(n)]
        # Labels count by column, as a layer counts them.
        counted = [tuple(tuple(sorted(column)) for column in zip(*label, strict=True)) for label in of_label]
        heard_by = [sorted(map(repr, [colours[v], *(colours[u] for u, w, _ in edges if w == v)])) for v in range(n)]
        colours = [(tuple(heard_by[v]), counted[v]) for v in range(n)]


def test_what_classes_say_of_their_nodes() -> None:
    # Two paths of three nodes: their middles are alike, and so are their four ends.
    edge_index = torch.tensor([[0, 1, 1, 2, 3, 4, 4, 5], [1, 0, 2, 1, 4, 3, 5, 4]])
    alike = Alike(torch.zeros(6, 1, dtype=torch.int64), edge_index)
    classes, _ = alike.layer(0)
    end, middle = classes.of_node[0], classes.of_node[1]
    assert classes.of_node.tolist() == [end, middle, end, end, middle, end]
    assert (classes.example[end], classes.example[middle]) == (0, 1)
    assert (classes.size[end], classes.size[middle]) == (4, 2)
    rows = torch.tensor([[1.0], [10.0]])[[end, middle]]
    assert classes.spread.heard.sum(rows).flatten().tolist() == [1, 10, 1, 1, 10, 1]
    assert classes.rows_of(np.array([4, 0])).heard.sum(rows).flatten().tolist() == [10, 1]
    pooled = classes.of(Groups(torch.tensor([0, 0, 0, 2, 2, 2]), 3))
    assert pooled.heard.sum(rows).flatten().tolist() == [12, 0, 12]
    assert pooled.hearers.sum(torch.tensor([[1.0], [5.0], [100.0]])).flatten()[[end, middle]].tolist() == [202, 101]


def test_small_whole_numbers_as_floats_are_told_apart() -> None:
    x = torch.cartesian_prod(torch.arange(300.0), torch.arange(300.0))
    assert len(Alike(x, torch.empty(2, 0, dtype=torch.int64)).classes[0]) == len(x)


def test_no_nodes() -> None:
    alike = Alike(torch.zeros(0, 1, dtype=torch.int64), torch.zeros(2, 0, dtype=torch.int64))
    assert len(alike.layer(2)[0]) == 0
