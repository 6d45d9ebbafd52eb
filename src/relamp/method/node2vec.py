"""node2vec on graphs: vectors of nodes by random walks, a graph being the mean of its own (Grover et al. 2016)."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from relamp.data.packed import PackedGraphs
from relamp.data.streams import stream_number
from relamp.graph.walks import walks
from relamp.graph.word_vectors import word_vectors
from relamp.method.vectors import GraphVectors


class Node2Vec(GraphVectors):
    """node2vec with p = q = 1, whose walks are uniform, over all graphs of a data set at once."""

    def vectors(self, data: PackedGraphs, seed: int) -> NDArray[np.float32]:
        """Return the mean of its nodes' vectors for each graph `[G, d]`."""
        chosen, nodes = self.settings.node2vec, len(data.x)
        z = word_vectors(
            lambda: walks(data.global_edge_index(), nodes, chosen.walks, chosen.length, seed),
            nodes,
            chosen.dimension,
            stream_number(seed, "words"),
            window=chosen.window,
            negative=chosen.negative,
            epochs=chosen.epochs,
        )
        one = np.ones(nodes, dtype=np.float32)
        members = csr_matrix((one, np.arange(nodes), data.node_offset), shape=(len(data), nodes))
        return np.asarray(members @ z / np.maximum(data.num_nodes, 1)[:, None], dtype=np.float32)
