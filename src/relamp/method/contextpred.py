"""Context prediction: tell what surrounds a neighbourhood from what surrounds another (Hu et al. 2020)."""

from typing import Any

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch, induced
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.graph.hops import hops
from relamp.kernels.segments import Groups, group_sum
from relamp.loss.told_apart import told_apart
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.method.masked import one_atom
from relamp.model.embeddings import Encoder
from relamp.model.molecular_gin import build_encoder
from relamp.settings.molecules import MolecularPretraining


class ContextPred(GraphMethod):
    """Tell the context of an atom's neighbourhood from that of the next molecule of the batch.

    The atom is drawn; its neighbourhood reaches as many bonds as the encoder has layers, L, its context from L to
    `L + width - 1` bonds. A network of `width` layers embeds the context, as the mean of the atoms that both share.
    Molecules without context are left out. The public code has an Adam for each network; with one learning rate they
    are one.
    """

    settings: MolecularPretraining
    terms = ("node",)

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder, and the network of contexts."""
        width, initialisation = self.settings.contextpred.width, self.settings.initialisation
        encoder = super().draw(data, generator)[0]
        return encoder, build_encoder(data, self.settings.hidden, width, generator, initialisation)

    def loss(self, encoder: Encoder, head: Any, batch: Batch, random: Randomness) -> Loss:
        """Return the cross-entropy of the drawn atoms with both contexts; 0 where less than two have one."""
        layers, width = self.settings.layers, self.settings.contextpred.width
        far = hops(batch.edge_index, one_atom(batch, random), len(batch.x), layers + width - 1)
        number, count = numbered(batch.graph[far == layers], batch.num_graphs)
        if count < 2:  # of one context none other can be told
            node = 0 * torch.stack([weight.sum() for weight in encoder.parameters()]).sum()
            return Loss(node, {"node": node})
        within = (far <= layers) & (number[batch.graph] < count)
        around = (far >= layers) & (far < layers + width)
        centres = rows(encoder, batch, within, far == 0)
        shared = Groups(number[batch.graph[far == layers]], count)
        contexts = group_sum(rows(head, batch, around, far == layers), shared) / shared.sizes[:, None]
        true, false = ((centres * each).sum(1) for each in (contexts, contexts.roll(-1, 0)))
        node = told_apart(true, false)
        return Loss(node, {"node": node})


def numbered(some: Tensor, count: int) -> tuple[Tensor, int]:
    """Return the place `[count]` of each number that is among some, in order, and how many there are.

    Numbers that are not among them have a place behind all others.
    """
    among = torch.zeros(count, dtype=torch.bool, device=some.device).index_fill(0, some, True)
    found = int(among.sum())
    return torch.where(among, among.cumsum(0) - 1, found), found


def rows(encoder: Encoder, batch: Batch, part: Tensor, wanted: Tensor) -> Tensor:
    """Return the last layer of the wanted atoms of a part of a batch, which alone is encoded; both are masks `[n]`."""
    which = wanted[part].nonzero()[:, 0]
    return encoder(induced(batch, part)).node("last", which)
