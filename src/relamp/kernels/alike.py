"""Nodes that a graph network cannot tell apart, found once a batch: one row of a layer is enough for all of them."""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.kernels.segments import Groups, Links, Segments, stable_order


class Classes:
    """Nodes by their row in some layer, which is the same within a class whatever the weights.

    Attributes:
        of_node: the class of each node, `[n]`.
        nodes: the nodes of each class, ascending.
    """

    def __init__(self, of_node: Tensor, nodes: Segments) -> None:
        self.of_node, self.nodes = of_node, nodes
        self._pooled: dict[Groups, Links] = {}

    @classmethod
    def equal(cls, key: Tensor) -> "Classes":
        """Return the classes of nodes with the same number of 64 bits, `[n]`."""
        order = stable_order(key, 64)
        key = key[order]
        first = torch.ones_like(key, dtype=torch.bool)
        first[1:] = key[1:] != key[:-1]
        of_node = torch.empty_like(order).index_copy_(0, order, first.cumsum(0) - 1)
        starts = torch.nonzero(first)[:, 0].int()
        return cls(of_node, Segments(F.pad(starts, (0, 1), value=len(key)), order.int()))

    @classmethod
    def apart(cls, n: int, device: torch.device) -> "Classes":
        """Return a class for each of n nodes."""
        bounds = torch.arange(n + 1, dtype=torch.int32, device=device)
        return cls(bounds[:-1].long(), Segments(bounds, bounds[:-1]))

    def __len__(self) -> int:
        return len(self.nodes.offsets) - 1

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

    def rows_of(self, nodes: Tensor) -> Links:
        """Return the class of each of some nodes `[m]`."""
        place = torch.arange(len(nodes), device=nodes.device)
        return self._links(self.of_node[nodes], place, len(nodes))

    def of(self, groups: Groups) -> Links:
        """Return the classes of the nodes of each group."""
        if groups not in self._pooled:
            # Of the nodes in the order of their classes, the groups are what each class is heard by.
            heard = Segments.by(groups.group, self.of_node, groups.num_groups)
            back = Segments(self.nodes.offsets, groups.group[self.nodes.members].int())
            self._pooled[groups] = Links(heard, back)
        return self._pooled[groups]

    def heard(self, by: "Classes", edge_index: Tensor) -> Links:
        """Return what each class of the next layer hears: its node's own class, and one for each incoming edge."""
        source, target = edge_index
        seen = torch.nonzero(by.example[by.of_node[target]] == target)[:, 0]  # into the nodes that stand for a class
        own = torch.arange(len(by), device=source.device)
        hearer = torch.cat([own, by.of_node[target[seen]]])
        member = self.of_node[torch.cat([by.example, source[seen]])]
        return self._links(member, hearer, len(by))

    def _links(self, member: Tensor, hearer: Tensor, n: int) -> Links:
        return Links(Segments.by(hearer, member, n), Segments.by(member, hearer, len(self)))


class Alike:
    """The classes of nodes with features `x` `[n, d]`, whole or real, before the first layer and after each.

    Of a node a layer sees the sum of its own row and its neighbours', and how many of its incoming edges are of each
    category in each column of `edge_attr` `[e, columns]`: then classes are those of Weisfeiler and Leman's test, or
    fewer. Multisets are told apart by sums of random numbers of 64 bits, wrongly with a chance of about n^2 / 2^65.
    """

    def __init__(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor | None = None) -> None:
        self.edge_index, self.random = edge_index, torch.Generator().manual_seed(0)
        self.bonds = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        if edge_attr is not None:
            self.bonds.index_add_(0, edge_index[1], self._numbers(edge_attr.unbind(1)))
        key = self._of_bits(x) if x.is_floating_point() else self._numbers(x.unbind(1))
        self.classes, self.links = [Classes.equal(key)], list[Links]()

    def layer(self, number: int) -> tuple[Classes, Links]:
        """Return the classes after a layer, counted from 0, and which of those before it each hears."""
        source, target = self.edge_index
        while len(self.links) <= number:
            before = self.classes[-1]
            row = self._draw(len(before))[before.of_node]
            after = Classes.equal((row + self.bonds).index_add_(0, target, row[source]))
            self.classes.append(after)
            self.links.append(before.heard(after, self.edge_index))
        return self.classes[number + 1], self.links[number]

    @cached_property
    def apart(self) -> tuple[Classes, Links]:
        """Every node by itself, before a layer and after it."""
        each = Classes.apart(len(self.bonds), self.bonds.device)
        return each, each.heard(each, self.edge_index)

    def _numbers(self, columns: Sequence[Tensor]) -> Tensor:
        """Return for each row the sum of a random number for its category in each column."""
        drawn = [self._draw(int(column.max()) + 1 if len(column) else 0)[column] for column in columns]
        return torch.stack(drawn).sum(0)

    def _of_bits(self, x: Tensor) -> Tensor:
        """Return for each row the sum of a random multiple of its bits in each column."""
        bits = x.contiguous().view(torch.int32).long() * 0x9E3779B97F4A7C1
        # Small whole numbers as floats end in many zeros, which would leave few bits in a sum of multiples.
        return ((bits ^ bits >> 32) * self._draw(bits.shape[1])).sum(1)

    def _draw(self, count: int) -> Tensor:
        return torch.randint(-(2**63), 2**63 - 1, (count,), generator=self.random).to(self.bonds.device)
