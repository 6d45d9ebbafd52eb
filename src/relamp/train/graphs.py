"""Pre-training on graphs and molecules (LAMP Algorithm 1)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from relamp.data.batch import Batch, collate, with_self_loops
from relamp.data.corpus import PackedCorpus, open_packed
from relamp.data.packed import Integers, PackedGraphs, ranges
from relamp.method.base import Method
from relamp.settings.graphs import Pretraining
from relamp.train.trainer import Pretrainer


def load_batch(
    data: PackedGraphs | PackedCorpus,
    index: Integers,
    settings: Pretraining,
    device: torch.device,
    features: NDArray[np.float32] | None = None,
) -> Batch:
    """Return the graphs of `index` as the encoder is to see them, with their rows of `features` `[N, d]`, if any."""
    batch = collate(data, index)
    if features is not None:
        batch = replace(batch, features=torch.from_numpy(features[ranges(data.node_offset, index)]))
    if settings.self_loops != "none":
        batch = with_self_loops(batch, but_last=settings.self_loops == "all-but-last")
    return batch.to(device)


class GraphTrainer(Pretrainer[PackedGraphs | PackedCorpus]):
    """Passes over all graphs, in one order or in a new one each epoch."""

    settings_class = Pretraining
    changes = ("order",)

    def __init__(
        self, data: PackedGraphs | PackedCorpus, method: Method, seed: int, device: torch.device | str = "cpu"
    ) -> None:
        super().__init__(data, method, seed, device)
        self.order = self._drawn()

    @staticmethod
    def opened(path: Path) -> PackedGraphs | PackedCorpus:
        """Open packed graphs or a packed corpus."""
        return open_packed(path)

    def samples(self) -> Integers:
        """Return the graphs `[G]` in the order of this epoch."""
        if self.settings.shuffle == "epoch":
            self.order = self._drawn()
        return self.order.numpy()

    def batch(self, index: Integers) -> Batch:
        """Return some graphs."""
        return load_batch(self.data, index, self.settings, self.device, self.prepared)

    def _drawn(self) -> torch.Tensor:
        return torch.from_numpy(self.random.numpy.permutation(len(self.data)))
