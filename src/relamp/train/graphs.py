"""Pre-training on graphs and molecules (LAMP Algorithm 1)."""

from dataclasses import replace
from typing import ClassVar

import torch

from relamp.data.batch import Batch, collate, with_self_loops
from relamp.data.corpus import PackedCorpus, open_packed
from relamp.data.packed import Integers, PackedGraphs, ranges
from relamp.errors import RelampError
from relamp.method.base import Loss
from relamp.method.graphs import GraphMethod
from relamp.model.gin import Dropout
from relamp.settings.graphs import Pretraining
from relamp.settings.molecules import MolecularPretraining
from relamp.train.trainer import Pretrainer


class GraphTrainer(Pretrainer[PackedGraphs | PackedCorpus]):
    """Passes over all graphs, in one order, drawn or their own, or in a new one each epoch."""

    settings_class: ClassVar[type[Pretraining]] = Pretraining
    opened = staticmethod(open_packed)
    changes = ("order",)
    method: GraphMethod
    # Batches of an order that is drawn once are made once, as far as they fit.
    kept_bytes = 2**28

    def __init__(
        self, data: PackedGraphs | PackedCorpus, method: GraphMethod, seed: int, device: torch.device | str = "cpu"
    ) -> None:
        super().__init__(data, method, seed, device)
        for module in (*self.encoder.modules(), *self.parts.modules()):
            if isinstance(module, Dropout):
                module.random = self.random.torch
        self.order = self._drawn()
        self._batches: dict[bytes, Batch] = {}

    def samples(self) -> Integers:
        """Return the graphs `[G]` in the order of this epoch; raises RelampError for one graph."""
        if len(self.data) < 2:
            fault = "has one graph, which has no other to be told from (every loss is 0)"
            raise RelampError(f"{self.data.name}: {fault}; leave the data set out, or add graphs")
        if self.settings.shuffle == "epoch":
            self.order = self._drawn()
        return self.order.numpy()

    def loss(self, index: Integers) -> Loss:
        """Return the method's loss of a batch, which is kept for the next epoch if that has the same."""
        batch = self._batches.get(index.tobytes())
        if batch is not None:
            return self.method.loss(self.encoder, self.head, batch, self.random)
        batch = self.batch(index)
        loss = self.method.loss(self.encoder, self.head, batch, self.random)
        if self.settings.shuffle != "epoch" and self.kept_bytes > 0:
            # Only now is it known how much was made of the batch.
            self.kept_bytes -= batch.nbytes
            self._batches[index.tobytes()] = batch
        return loss

    def batch(self, index: Integers) -> Batch:
        """Return graphs `[b]` as the encoder is to see them, with their rows of prepared features `[N, d]`, if any."""
        batch = collate(self.data, index)
        if self.prepared is not None:
            features = torch.from_numpy(self.prepared[ranges(self.data.node_offset, index)])
            batch = replace(batch, features=features)
        # The encoder of molecules adds its own, and so do the operators of some methods.
        loops = self.settings.self_loops if self.method.adds_loops else "none"
        if loops != "none" and isinstance(self.data, PackedGraphs) and not self.data.has_bonds:
            labelled = self.data.edge_cardinality is not None
            batch = with_self_loops(batch, but_last=loops == "all-but-last", labelled=labelled)
        return batch.to(self.device)

    def _drawn(self) -> torch.Tensor:
        if self.settings.shuffle == "never":
            return torch.arange(len(self.data))
        return torch.from_numpy(self.random.numpy.permutation(len(self.data)))


class MoleculeTrainer(GraphTrainer):
    """The same on molecules, whose settings have groups of their own."""

    settings_class = MolecularPretraining
