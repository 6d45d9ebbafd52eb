"""Nodes that a graph network cannot tell apart, found once a batch: one row of a layer is enough for all of them."""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from relamp.kernels.segments import Groups, Links, Segments


class Classes:
    """Nodes by their row in some layer, which is the same within a class whatever the weights; `of_node` `[n]`."""

    def __init__(self, of_node: Tensor) -> None:
        self.of_node = of_node

    @cached_property
    def nodes(self) -> Segments:
        """The nodes of each class."""
        each = torch.arange(len(self.of_node), device=self.of_node.device)
        return Segments.by(self.of_node, each, int(self.of_node.max()) + 1 if len(each) else 0)

    @cached_property
    def example(self) -> Tensor:
        """A node of each class, `[C]`."""
        return self.nodes.members[self.nodes.offsets[:-1]].long()

    @cached_property
    def size(self) -> Tensor:
        """The number of nodes of each class, `[C]`."""
        return self.nodes.offsets.diff()

    @cached_property
    def spread(self) -> Links:
        """The class of each node."""
        bounds = torch.arange(len(self.of_node) + 1, dtype=torch.int32, device=self.of_node.device)
        return Links(Segments(bounds, self.of_node.int()), self.nodes)

    def of(self, groups: Groups) -> Links:
        """Return the classes of the nodes of each group."""
        heard = Segments.by(groups.group, self.of_node, groups.num_groups)
        return Links(heard, Segments.by(self.of_node, groups.group, len(self.example)))

    def heard(self, by: "Classes", edge_index: Tensor) -> Links:
        """Return what each class of the next layer hears: its node's own class, and one for each incoming edge."""
        source, target = edge_index
        seen = by.example[by.of_node[target]] == target  # edges into the nodes that stand for their classes
        own = torch.arange(len(by.example), device=source.device)
        hearer = torch.cat([own, by.of_node[target[seen]]])
        member = self.of_node[torch.cat([by.example, source[seen]])]
        return Links(Segments.by(hearer, member, len(own)), Segments.by(member, hearer, len(self.example)))


class Alike:
    """The classes of nodes with categories `x` `[n, columns]` before the first layer and after each.

    Of a node a layer sees the sum of its own row and its neighbours', and how many of its incoming edges are of each
    category in each column of `edge_attr` `[e, columns]`: then classes are those of Weisfeiler and Leman's test, or
    fewer. Multisets are told apart by sums of random numbers of 64 bits, wrongly with a chance of about 2^-62.
    """

    def __init__(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor | None = None) -> None:
        self.edge_index, self.random = edge_index, torch.Generator().manual_seed(0)
        self.bonds = x.new_zeros(len(x))
        if edge_attr is not None:
            self.bonds.index_add_(0, edge_index[1], self._numbers(edge_attr.unbind(1)))
        self.classes, self.links = [_equal(self._numbers(x.unbind(1)))], list[Links]()

    def layer(self, number: int) -> tuple[Classes, Links]:
        """Return the classes after a layer, counted from 0, and which of those before it each hears."""
        source, target = self.edge_index
        while len(self.links) <= number:
            before = self.classes[-1]
            row = self._numbers([before.of_node])
            after = _equal((row + self.bonds).index_add_(0, target, row[source]))
            self.classes.append(after)
            self.links.append(before.heard(after, self.edge_index))
        return self.classes[number + 1], self.links[number]

    @cached_property
    def apart(self) -> tuple[Classes, Links]:
        """Every node by itself, before a layer and after it."""
        each = Classes(torch.arange(len(self.bonds), device=self.bonds.device))
        return each, each.heard(each, self.edge_index)

    def _numbers(self, columns: Sequence[Tensor]) -> Tensor:
        """Return for each row the sum of a random number for its category in each column."""
        return torch.stack([self._draw(column)[column] for column in columns]).sum(0)

    def _draw(self, column: Tensor) -> Tensor:
        count = int(column.max()) + 1 if len(column) else 0
        return torch.randint(-(2**63), 2**63 - 1, (count,), generator=self.random).to(column.device)


def _equal(key: Tensor) -> Classes:
    return Classes(torch.unique(key, return_inverse=True)[1])
