"""Classes of nodes against colours by nested strings, and sums over them against sums over nodes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.kernels.alike import Alike
from relamp.kernels.segments import Groups, Neighbours, group_sum, neighbour_sum
from seeded import gen


def example(n: int, count: int, kinds: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Nodes of few kinds and edges as they come, loops and repetitions among them."""
    x = torch.randint(kinds, (n, 2), generator=gen(seed))
    edges = torch.randint(n, (2, count), generator=gen(seed + 1))
    return x, edges, torch.randint(kinds, (count, 2), generator=gen(seed + 2))


def coloured(x: torch.Tensor, edges: torch.Tensor, bonds: torch.Tensor, layers: int) -> list[str]:
    """A node's colour says all that enters its sum, written out."""
    colour = [str(row) for row in x.tolist()]
    for _ in range(layers):
        into = [[] for _ in colour]
        columns: list[list[list[int]]] = [[[], []] for _ in colour]
        for u, v, bond in zip(*edges.tolist(), bonds.tolist(), strict=True):
            into[v].append(colour[u])
            for column, value in zip(columns[v], bond, strict=True):
                column.append(value)
        seen = zip(colour, into, columns, strict=True)
        colour = [f"{sorted([own, *heard])}{[sorted(each) for each in kinds]}" for own, heard, kinds in seen]
    return colour


SIZES = {
    "n": st.integers(1, 9),
    "count": st.integers(0, 20),
    "kinds": st.integers(1, 2),
    "seed": st.integers(0, 10_000),
}


@settings(max_examples=80, deadline=None)
@given(layers=st.integers(0, 3), **SIZES)
def test_classes_are_the_colours(n: int, count: int, kinds: int, seed: int, layers: int) -> None:
    x, edges, bonds = example(n, count, kinds, seed)
    alike = Alike(x, edges, bonds)
    found = (alike.layer(layers - 1)[0] if layers else alike.classes[0]).of_node.tolist()
    wanted = coloured(x, edges, bonds, layers)
    assert len(set(found)) == len(set(wanted)) == len(set(zip(found, wanted, strict=True)))


@settings(max_examples=80, deadline=None)
@given(apart=st.booleans(), **SIZES)
def test_sums_over_classes_are_sums_over_nodes_with_gradient(
    n: int, count: int, kinds: int, seed: int, apart: bool
) -> None:
    x, edges, bonds = example(n, count, kinds, seed)
    alike = Alike(x, edges, bonds)
    before = alike.apart[0] if apart else alike.layer(0)[0]
    after, links = alike.apart if apart else alike.layer(1)
    assert after.size.tolist() == torch.bincount(after.of_node).tolist()
    rows = torch.randn(len(before.example), 3, generator=gen(seed), dtype=torch.float64, requires_grad=True)
    groups = Groups(torch.randint(3, (n,), generator=gen(seed)).sort().values, 4)
    # A node's sum, spread from its class, and the sum of those of a graph's nodes.
    sums = neighbour_sum(rows, links)
    got = neighbour_sum(sums, after.spread), neighbour_sum(sums, after.of(groups))
    h = rows[before.of_node]
    each = h + neighbour_sum(h, Neighbours(edges, n))
    wanted = each, group_sum(each, groups)
    weights = [torch.randn(value.shape, generator=gen(seed + 3), dtype=torch.float64) for value in wanted]
    for one, other, weight in zip(got, wanted, weights, strict=True):
        torch.testing.assert_close(one, other)
        (a,) = torch.autograd.grad((one * weight).sum(), rows, retain_graph=True)
        (b,) = torch.autograd.grad((other * weight).sum(), rows, retain_graph=True)
        torch.testing.assert_close(a, b)


def test_without_edge_features_and_without_nodes() -> None:
    edges = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])  # a path
    assert Alike(torch.zeros(3, 1, dtype=torch.int64), edges).layer(0)[0].size.sort().values.tolist() == [1, 2]
    nothing = Alike(torch.empty(0, 1, dtype=torch.int64), edges[:, :0])
    assert nothing.layer(2)[0].example.tolist() == []


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_batch_has_the_same_classes(seed: int) -> None:
    torch.manual_seed(seed)
    x, edges, bonds = example(9, 20, 2, 5)
    assert torch.equal(Alike(x, edges, bonds).layer(1)[0].of_node, Alike(x, edges, bonds).layer(1)[0].of_node)
