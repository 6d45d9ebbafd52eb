"""Nodes that a graph network cannot tell apart, found once a batch: one row of a layer is enough for all of them."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from relamp.kernels.segments import Groups, Links, Segments, stable_order

Int64 = NDArray[np.int64]


class Classes:
    """Nodes by their row in some layer, which is the same within a class whatever the weights.

    Attributes:
        of_node: the class of each node, `[n]`.
        first: the first node of each class, `[C]`.
        sizes: the number of nodes of each class, `[C]`.
    """

    def __init__(self, of_node: Int64, first: Int64, sizes: Int64, device: torch.device) -> None:
        self.of_node, self.first, self.sizes, self.device = of_node, first, sizes, device
        self._pooled: dict[Groups, Links] = {}

    @classmethod
    def equal(cls, key: Int64, device: torch.device) -> "Classes":
        """Return the classes of nodes with the same number of 64 bits, `[n]`."""
        nodes = stable_order(key, 64)
        key = key[nodes]
        new = np.ones(len(key), dtype=np.bool_)
        new[1:] = key[1:] != key[:-1]
        of_node = np.empty_like(nodes)
        of_node[nodes] = new.cumsum() - 1
        starts = np.flatnonzero(new)
        return cls(of_node, nodes[starts], np.diff(starts, append=len(key)), device)

    @classmethod
    def apart(cls, n: int, device: torch.device) -> "Classes":
        """Return a class for each of n nodes."""
        return cls(np.arange(n), np.arange(n), np.ones(n, dtype=np.int64), device)

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def example(self) -> Tensor:
        """A node of each class, `[C]`."""
        return torch.from_numpy(self.first).to(self.device)

    @cached_property
    def size(self) -> Tensor:
        """The number of nodes of each class, `[C]`."""
        return torch.from_numpy(self.sizes).to(self.device)

    @property
    def nbytes(self) -> int:
        """Bytes of what it knows of its nodes."""
        return (
            self.of_node.nbytes + self.first.nbytes + self.sizes.nbytes + sum(x.nbytes for x in self._pooled.values())
        )

    @cached_property
    def spread(self) -> Links:
        """The class of each node."""
        return self.rows_of(np.arange(len(self.of_node)))

    def rows_of(self, nodes: Int64) -> Links:
        """Return the class of each of some nodes `[m]`."""
        return self._links(self.of_node[nodes], np.arange(len(nodes)), len(nodes))

    def of(self, groups: Groups) -> Links:
        """Return the classes of the nodes of each group."""
        if groups not in self._pooled:
            self._pooled[groups] = self._links(self.of_node, groups.group.cpu().numpy(), groups.num_groups)
        return self._pooled[groups]

    def heard(self, by: "Classes", edge_index: Int64) -> Links:
        """Return what each class of the next layer hears: its node's own class, and one for each incoming edge."""
        source, target = edge_index
        hearer = by.of_node[target]
        seen = np.flatnonzero(by.first[hearer] == target)  # edges into the nodes that stand for their classes
        member = self.of_node[np.concatenate([by.first, source[seen]])]
        return self._links(member, np.concatenate([np.arange(len(by)), hearer[seen]]), len(by))

    def _links(self, member: Int64, hearer: Int64, n: int) -> Links:
        return Links(self._segments(hearer, member, n), self._segments(member, hearer, len(self)))

    def _segments(self, place: Int64, member: Int64, n: int) -> Segments:
        if (place[1:] < place[:-1]).any():
            member = member[stable_order(place, n.bit_length())]
        offsets = np.zeros(n + 1, dtype=np.int32)
        np.cumsum(np.bincount(place, minlength=n), out=offsets[1:])
        parts = (torch.from_numpy(part).to(self.device) for part in (offsets, member.astype(np.int32)))
        return Segments(*parts)


class Alike:
    """The classes of nodes with features `x` `[n, d]`, whole or real, before the first layer and after each.

    Of a node a layer sees the sum of its own row and its neighbours', and how many of its incoming edges are of each
    category in each column of `edge_attr` `[e, columns]`: then classes are those of Weisfeiler and Leman's test, or
    fewer. Multisets are told apart by sums of random numbers of 64 bits, wrongly with a chance of about n^2 / 2^65.
    Without `search` every node stays by itself.
    """

    def __init__(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor | None = None, search: bool = True) -> None:
        self.device, self.edge_index, self.random = x.device, edge_index.cpu().numpy(), np.random.default_rng(0)
        self.bonds, self.search = np.zeros(len(x), dtype=np.int64), search
        self.classes, self.links = list[Classes](), list[Links]()
        if not search:
            self.classes.append(self.apart[0])
            return
        if edge_attr is not None:
            np.add.at(self.bonds, self.edge_index[1], self._numbers(edge_attr.cpu().numpy().T))
        rows = x.contiguous().cpu().numpy()
        key = self._numbers(rows.T) if rows.dtype.kind == "i" else self._of_bits(rows.view(np.int32))
        self.classes.append(Classes.equal(key, self.device))

    def layer(self, number: int) -> tuple[Classes, Links]:
        """Return the classes after a layer, counted from 0, and which of those before it each hears."""
        if not self.search:
            return self.apart
        source, target = self.edge_index
        while len(self.links) <= number:
            before = self.classes[-1]
            row = self._draw(len(before))[before.of_node]
            key = row + self.bonds
            np.add.at(key, target, row[source])
            after = Classes.equal(key, self.device)
            self.classes.append(after)
            self.links.append(before.heard(after, self.edge_index))
        return self.classes[number + 1], self.links[number]

    @cached_property
    def apart(self) -> tuple[Classes, Links]:
        """Every node by itself, before a layer and after it."""
        each = Classes.apart(len(self.bonds), self.device)
        return each, each.heard(each, self.edge_index)

    @property
    def nbytes(self) -> int:
        """Bytes of all classes and links that were found."""
        found: list[Classes | Links] = [*self.classes, *self.links]
        return self.bonds.nbytes + sum(each.nbytes for each in found)

    def _numbers(self, columns: Iterable[Int64]) -> Int64:
        """Return for each row the sum of a random number for its category in each column."""
        drawn = [self._draw(column.max(initial=-1) + 1)[column] for column in columns]
        return np.asarray(sum(drawn[1:], start=drawn[0]))

    def _of_bits(self, words: NDArray[np.int32]) -> Int64:
        """Return for each row the sum of a random multiple of its bits in each column."""
        bits = words * np.int64(0x9E3779B97F4A7C1)
        # Small whole numbers as floats end in many zeros, which would leave few bits in a sum of multiples.
        return np.asarray(((bits ^ bits >> 32) * self._draw(words.shape[1])).sum(1))

    def _draw(self, count: int) -> Int64:
        return self.random.integers(-(2**63), 2**63, count)
