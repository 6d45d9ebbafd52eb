"""Sums of rows over neighbours and over graphs, on CPU and GPU, without a copy of the rows that are summed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F


@dataclass(frozen=True)
class Segments:
    """Which rows belong to each sum: to sum v the rows `members[offsets[v]:offsets[v + 1]]`.

    Both are int32, half the bytes of int64: a sum takes as long as its bytes.

    Attributes:
        offsets: `[n + 1]`.
        members: `[e]`.
        order: which of the members that were given stands at each place `[e]`; None where they stand as given.
    """

    offsets: Tensor
    members: Tensor
    order: Tensor | None = None

    @classmethod
    def by(cls, place: Tensor, member: Tensor, n: int) -> "Segments":
        """Return the members `[e]` of each of n sums, by the sum that each belongs to, `place` `[e]`."""
        order = None
        if not ascends(place):
            number = place.cpu().numpy()
            order = torch.from_numpy(stable_order(number, max(n - 1, 0).bit_length())).to(member.device)
            member = member[order]
        ends = torch.bincount(place, minlength=n).cumsum(0, dtype=torch.int32)
        return cls(F.pad(ends, (1, 0)), member.int(), order)

    def sum(self, h: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the sums `[n, d]` of rows `[m, d]`, without gradient, perhaps by a weight of each member as given."""
        if weight is not None and self.order is not None:
            weight = weight[self.order]
        return F.embedding_bag(
            self.members, h, self.offsets, mode="sum", per_sample_weights=weight, include_last_offset=True
        )


@dataclass(frozen=True)
class Links:
    """What each of some rows sums, and in which sums each row that is summed stands, each as often as in the other."""

    heard: Segments
    hearers: Segments

    @property
    def nbytes(self) -> int:
        """Bytes of its tensors."""
        return sum(part.nbytes for side in (self.heard, self.hearers) for part in (side.offsets, side.members))


class Neighbours:
    """Who hears whom in a graph of n nodes, a message going from row 0 of `edge_index` `[2, e]` to row 1."""

    def __init__(self, edge_index: Tensor, n: int) -> None:
        self.edge_index, self.n = edge_index, n

    @cached_property
    def heard(self) -> Segments:
        """The nodes that each node hears, once for every edge."""
        # Of edges in both directions those that leave a node say whom it hears, and they stand together already.
        source, target = self.edge_index if not self.both_ways else self.edge_index.flip(0)
        return Segments.by(target, source, self.n)

    @cached_property
    def hearers(self) -> Segments:
        """The nodes that hear each node, by which a gradient goes back."""
        return self.heard if self.both_ways else Segments.by(self.edge_index[0], self.edge_index[1], self.n)

    @cached_property
    def both_ways(self) -> bool:
        """Whether each edge stands there in both directions, equally often, and those that leave a node together.

        The difference of the two directions is a bilinear form; if it is 0 for two random vectors, it is 0, but for a
        chance of about 2^-62.
        """
        source, target = self.edge_index
        if not ascends(source):
            return False
        one, two = torch.randint(2**62, (2, self.n), generator=torch.Generator().manual_seed(0)).to(source.device)
        return bool((one[source] * two[target]).sum() == (two[source] * one[target]).sum())


class Groups:
    """The group of each of n rows, `group` `[n]`; there may be groups without a row."""

    def __init__(self, group: Tensor, num_groups: int) -> None:
        self.group, self.num_groups = group, num_groups

    @cached_property
    def members(self) -> Segments:
        """The rows of each group."""
        return Segments.by(self.group, torch.arange(len(self.group), device=self.group.device), self.num_groups)

    @cached_property
    def sizes(self) -> Tensor:
        """How many rows a group has, `[num_groups]`."""
        return torch.bincount(self.group, minlength=self.num_groups)


def stable_order(number: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Return the order in which numbers `[e]` of so many bits ascend, equal ones as they stand.

    Of 64 bits, negative numbers come last.
    """
    # NumPy sorts 16 bits by counting: some thousand numbers several times faster than torch does.
    order = np.arange(len(number))
    for shift in range(0, bits, 16):
        digit = (number >> shift).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def ascends(index: Tensor) -> bool:
    """Return whether no entry of `[e]` is smaller than the one before it."""
    return bool((index[1:] >= index[:-1]).all())


class _NeighbourSum(Function):
    """`out_v = sum over edges u -> v of h_u`."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, neighbours: Neighbours | Links) -> Tensor:
        ctx.neighbours = neighbours
        return neighbours.heard.sum(h)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return ctx.neighbours.hearers.sum(grads[0]), None


class _GroupSum(Function):
    """`out_g = sum over rows i with group_i = g of h_i`."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, groups: Groups) -> Tensor:
        ctx.groups = groups
        return groups.members.sum(h)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0].index_select(0, ctx.groups.group), None


def neighbour_sum(h: Tensor, neighbours: Neighbours | Links) -> Tensor:
    """Return the sums `[n, d]` of the rows of `h` `[m, d]` that each hears, with gradient.

    Between the nodes of a graph this is the sum of LAMP Eq. 17.
    """
    total: Tensor = _NeighbourSum.apply(h, neighbours)  # type: ignore[no-untyped-call]
    return total


def group_sum(h: Tensor, groups: Groups) -> Tensor:
    """Return the sum of the rows of `h` `[n, d]` of each group, `[num_groups, d]`, with gradient."""
    total: Tensor = _GroupSum.apply(h, groups)  # type: ignore[no-untyped-call]
    return total
