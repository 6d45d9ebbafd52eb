"""Messages that are the ReLU of an atom and its bond, as AD-GCL and GCS have them on molecules."""

import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.kernels.pairs import Pairs, pair_sum
from relamp.kernels.segments import Links, Segments, neighbour_sum


class BondMessages:
    """Who hears what in a batch: an atom says the same over all bonds of one kind, so that each is made once.

    `kinds` `[e]` are those of the bonds, of `num_kinds`; every atom hears itself too, over a bond of kind `own`. All
    messages but these are multiplied by the batch's `message_weight`, if it has some.
    """

    def __init__(self, batch: Batch, kinds: Tensor, num_kinds: int, own: int) -> None:
        self.n = len(batch.x)
        self_loops = torch.arange(self.n, device=kinds.device)
        source, target = (torch.cat([ends, self_loops]) for ends in batch.edge_index)
        kind = torch.cat([kinds, kinds.new_full((self.n,), own)])
        said, number = torch.unique(source * num_kinds + kind, return_inverse=True)
        pair = torch.stack([said // num_kinds, self.n + said % num_kinds], dim=1).flatten()
        twice = torch.arange(len(said), device=kinds.device).repeat_interleave(2)
        # A message is the sum of two rows, of its atom and of its kind, and says itself to some atoms.
        self.made = Links(Segments.by(twice, pair, len(said)), Segments.by(pair, twice, self.n + num_kinds))
        self.weight = None
        if batch.message_weight is None:
            self.told = Links(Segments.by(target, number, self.n), Segments.by(number, target, len(said)))
        else:
            self.weight = torch.cat([batch.message_weight, batch.message_weight.new_ones(self.n)])
            self.pairs = Pairs(number, target, len(said))

    def sum(self, h: Tensor, bonds: Tensor) -> Tensor:
        """Return the sum of what each atom hears `[n, d]`, by atoms `[n, d]` and kinds of bonds `[num_kinds, d]`."""
        messages = F.relu_(neighbour_sum(torch.cat([h, bonds]), self.made))
        if self.weight is None:
            return neighbour_sum(messages, self.told)
        # There are as many messages as atoms or more: each atom hears itself.
        return pair_sum(self.weight.to(h.dtype), messages, self.pairs)[: self.n]
