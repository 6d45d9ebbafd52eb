"""Base of methods that have a vector of each graph of one data set, learnt from words, and no encoder."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.method.graphs import GraphMethod
from relamp.model.vectors import Vectors, seed_of


class GraphVectors(GraphMethod):
    """A method whose `vectors` are learnt when it is drawn; no step is taken."""

    adds_loops: ClassVar[bool] = False

    def vectors(self, data: PackedGraphs, seed: int) -> NDArray[np.float32]:
        """Return the vector of each graph `[G, d]`."""
        raise NotImplementedError

    def prepare(self, data: PackedGraphs | PackedCorpus, device: torch.device) -> NDArray[np.float32]:
        """Return the graph of each node `[N, 1]`, by which a batch knows its graphs; refuse a corpus (RelampError)."""
        if isinstance(data, PackedCorpus):
            raise RelampError(f"{data.name}: {type(self).__name__} has no encoder to be tuned on other graphs")
        return np.repeat(np.arange(len(data), dtype=np.float32), data.num_nodes)[:, None]

    def draw(self, data: Any, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the vectors of all graphs."""
        return Vectors(self.vectors(data, seed_of(generator))), nn.Identity()

    def embed(self, encoder: Any, head: Any, batch: Batch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the vectors of the batch's graphs `[G, d]`; a graph without nodes has 0."""
        z = torch.zeros(batch.num_graphs, encoder.z.shape[1], device=encoder.z.device)
        if batch.features is not None:
            z[batch.graph] = encoder.z[batch.features[:, 0].long()]
        return {"": z}
