"""Choose the encoder that fits the data."""

import torch

from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.model.embeddings import Encoder
from relamp.model.gin import GIN
from relamp.model.molecular_gin import MolecularGIN


def build_encoder(
    data: PackedGraphs | PackedCorpus,
    hidden: int,
    layers: int,
    generator: torch.Generator,
    dropout: float = 0.0,
    noise: torch.Generator | None = None,
) -> Encoder:
    """Return a freshly drawn encoder: the molecular GIN where edges have attributes, else GraphCL's GIN."""
    if isinstance(data, PackedGraphs) and data.edge_attr is None:
        return GIN(data.cardinality, hidden, layers, generator)
    return MolecularGIN(hidden, layers, generator, dropout, noise)
