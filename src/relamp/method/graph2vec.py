"""graph2vec: a graph's vector predicts the rooted subtrees of its nodes (Narayanan et al. 2017)."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import PackedGraphs
from relamp.graph.subtrees import subtrees
from relamp.graph.word_vectors import document_vectors
from relamp.method.vectors import GraphVectors


class Graph2Vec(GraphVectors):
    """graph2vec: the words of a graph are Weisfeiler and Leman's subtrees of all its nodes and of all rounds."""

    def vectors(self, data: PackedGraphs, seed: int) -> NDArray[np.float32]:
        """Return the vector of each graph `[G, d]`, all divided by the root of their mean square."""
        chosen, words = self.settings.graph2vec, subtrees(data, self.settings.graph2vec.rounds)
        z = document_vectors(
            [words[start:end].reshape(-1) for start, end in pairwise(data.node_offset)],
            chosen.dimension,
            seed,
            chosen.order,
            dm=0,
            negative=chosen.negative,
            epochs=chosen.epochs,
            alpha=chosen.rate,
            sample=0,
        )
        return np.asarray(z / np.sqrt(np.mean(z**2)), dtype=np.float32)
