"""Nodes that message passing cannot tell apart: a layer is computed once for all nodes of a colour."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.kernels.segments import Groups, Links, Neighbours


@dataclass(frozen=True)
class Colours:
    """The colour of each of n nodes, one of k.

    Attributes:
        of: `[n]`.
        first: the first node of each colour, `[k]`.
        sizes: how many nodes have it, `[k]`.
    """

    of: Tensor
    first: Tensor
    sizes: Tensor

    @classmethod
    def by(cls, key: Tensor) -> "Colours":
        """Return the colours of nodes by a number each, `[n]`: equal numbers are one colour."""
        order = torch.argsort(key, stable=True)
        key = key[order]
        new = torch.ones_like(key, dtype=torch.bool)
        new[1:] = key[1:] != key[:-1]
        start = torch.nonzero(new)[:, 0]
        of = torch.empty_like(order).scatter_(0, order, new.cumsum(0) - 1)
        return cls(of, order[start], F.pad(start, (0, 1), value=len(key)).diff())

    @classmethod
    def by_rows(cls, rows: Tensor) -> "Colours":
        """Return the colours of nodes by their features `[n, d]`: equal bits are one colour."""
        bits = rows.contiguous().view(torch.int32).long() * -0x61C8864680B583EB
        # Floats that are small whole numbers end in zeros, which a sum of products would keep.
        bits ^= bits >> 32
        return cls.by((bits * numbers(bits.shape[1], 0, rows.device)).sum(1))

    def refined(self, neighbours: Neighbours, labels: Tensor | None) -> "Colours":
        """Return one colour for all nodes that hear, themselves included, each of these colours equally often.

        `labels` `[e, columns]` are those of the edges, heard with them. This is a round of Weisfeiler and Leman (1968),
        and GIN makes equal rows of such nodes (Xu et al. 2019, Lemma 2). What a node hears is told by a sum of 64 random
        bits a colour, so that two of n nodes are confused by a chance of about n^2 / 2^65.
        """
        own = numbers(len(self), 1, self.of.device)[self.of]
        heard = neighbours.heard
        total = F.pad(own[heard.members].cumsum(0), (1, 0))
        key = own + total[heard.offsets[1:]] - total[heard.offsets[:-1]]
        if labels is not None and labels.numel():
            size = int(labels.max()) + 1
            kinds = labels + size * torch.arange(labels.shape[1], device=labels.device)
            told = numbers(size * labels.shape[1], 2, labels.device)[kinds].sum(1)
            key.index_add_(0, neighbours.target, told)
        return Colours.by(key)

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Layer:
    """Where a layer's rows, one for each colour, come from and go to.

    Attributes:
        before, after: colours of the nodes before and after the layer.
        neighbours: who hears whom.
        graphs: whose nodes are whose.
    """

    before: Colours
    after: Colours
    neighbours: Neighbours
    graphs: Groups

    @cached_property
    def heard(self) -> Links:
        """The rows before that each row hears: those of a node of its colour and of this node's neighbours."""
        nodes, heard = self.after.first, self.neighbours.heard
        count = heard.offsets.diff()[nodes].long()
        row = torch.arange(len(nodes), device=nodes.device)
        target = torch.repeat_interleave(row, count)
        # Where in the list of its node each link stands.
        place = torch.arange(len(target), device=nodes.device) - (count.cumsum(0) - count)[target]
        source = heard.members[heard.offsets[nodes][target] + place]
        both = torch.cat([nodes, source.long()]), torch.cat([row, target])
        return Links(self.before.of[both[0]], both[1], len(self.before), len(self.after))

    @cached_property
    def pooled(self) -> Links:
        """The rows that are summed for each graph, once for every node."""
        return Links(self.after.of, self.graphs.group, len(self.after), self.graphs.num_groups)


def numbers(count: int, purpose: int, device: torch.device) -> Tensor:
    """Return random numbers of 64 bits, the same ones on every device."""
    generator = torch.Generator().manual_seed(purpose)
    return torch.randint(-(2**63), 2**63 - 1, (count,), generator=generator).to(device)
