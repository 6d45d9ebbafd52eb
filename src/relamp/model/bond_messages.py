"""Messages that are the ReLU of an atom and its bond, as AD-GCL and GCS have them on molecules."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.kernels.alike import Classes
from relamp.kernels.pairs import Pairs, pair_sum
from relamp.kernels.segments import Links, Segments, neighbour_sum


@dataclass(frozen=True)
class BondLayer:
    """What is said and heard in a layer.

    Attributes:
        classes: of the atoms after the layer.
        made: the two rows of which each message is the ReLU of the sum: an atom's, and its bond's.
        told: the messages that each class hears; None where they are weighed.
        pairs, weight: each message, as often as it is heard, with its hearer and its weight; or None.
    """

    classes: Classes
    made: Links
    told: Links | None = None
    pairs: Pairs | None = None
    weight: Tensor | None = None

    def sum(self, h: Tensor, bonds: Tensor) -> Tensor:
        """Return the sums of what classes hear `[C, d]`, by rows of those before `[m, d]` and of kinds of bonds."""
        messages = F.relu_(neighbour_sum(torch.cat([h, bonds]), self.made))
        if self.told is not None:
            return neighbour_sum(messages, self.told)
        assert self.weight is not None
        assert self.pairs is not None
        # There are as many messages as atoms or more: each atom hears itself.
        return pair_sum(self.weight.to(h.dtype), messages, self.pairs)[: len(self.classes)]


class BondMessages:
    """Who hears what in a batch; what atoms that are alike say over bonds of one kind is made once.

    `kinds` `[e]` are those of the bonds, of `num_kinds`; every atom hears itself too, over a bond of kind `own`. All
    messages but these are multiplied by the batch's `message_weight`, if it has some. Without `search` every atom stays
    by itself; with it classes are refined as in `relamp.kernels.alike`, each bond with the atom behind it.
    """

    def __init__(self, batch: Batch, kinds: Tensor, num_kinds: int, own: int, search: bool) -> None:
        self.n, self.num_kinds, self.device = len(batch.x), num_kinds, batch.x.device
        loops, ends = np.arange(self.n), batch.edge_index.cpu().numpy()
        self.source, self.target = (np.concatenate([end, loops]) for end in ends)
        self.kind = np.concatenate([kinds.cpu().numpy(), np.full(self.n, own)])
        self.weight = None
        if batch.message_weight is not None:
            self.weight = torch.cat([batch.message_weight, batch.message_weight.new_ones(self.n)])
        self.search = search and batch.search and self.weight is None
        self.first = batch.alike.classes[0] if self.search else Classes.apart(self.n, self.device)
        self.layers: list[BondLayer] = []
        self.random = np.random.default_rng(0)

    def layer(self, number: int) -> BondLayer:
        """Return a layer, counted from 0."""
        number = number if self.search else 0
        while len(self.layers) <= number:
            self.layers.append(self._after(self.layers[-1].classes if self.layers else self.first))
        return self.layers[number]

    def _after(self, before: Classes) -> BondLayer:
        said, message = np.unique(before.of_node[self.source] * self.num_kinds + self.kind, return_inverse=True)
        row, bond = np.divmod(said, self.num_kinds)
        pair = torch.from_numpy(np.stack([row, len(before) + bond], axis=1).ravel()).to(self.device)
        twice = torch.arange(len(said), device=self.device).repeat_interleave(2)
        made = Links(Segments.by(twice, pair, len(said)), Segments.by(pair, twice, len(before) + self.num_kinds))
        after = before
        if self.search:
            key = np.zeros(self.n, dtype=np.int64)
            np.add.at(key, self.target, self.random.integers(-(2**63), 2**63, len(said))[message])
            after = Classes.equal(key, self.device)
        hearer = after.of_node[self.target]
        # What is heard by the atoms that stand for their classes.
        seen = after.first[hearer] == self.target
        number, hears = (torch.from_numpy(part[seen]).to(self.device) for part in (message, hearer))
        if self.weight is not None:
            return BondLayer(after, made, pairs=Pairs(number, hears, len(said)), weight=self.weight)
        told = Links(Segments.by(hears, number, len(after)), Segments.by(number, hears, len(said)))
        return BondLayer(after, made, told)
