"""sub2vec: a graph is a document, whose words are a walk's nodes or their degrees (Adhikari et al. 2018)."""

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import Integers, PackedGraphs
from relamp.data.streams import stream, stream_number
from relamp.graph.walks import Walks
from relamp.graph.word_vectors import document_vectors
from relamp.method.vectors import GraphVectors

# Upper ends of the bins of degree / nodes, whose numbers are the words.
BINS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 0.75)


class Sub2Vec(GraphVectors):
    """sub2vec, one walk a graph, from a random node."""

    def vectors(self, data: PackedGraphs, seed: int) -> NDArray[np.float32]:
        """Return the vector of each graph `[G, d]`."""
        chosen = self.settings.sub2vec
        return document_vectors(
            self.documents(data, seed),
            chosen.dimension,
            stream_number(seed, "words"),
            chosen.order,
            dm=1,
            window=chosen.window,
            epochs=chosen.epochs,
        )

    def documents(self, data: PackedGraphs, seed: int) -> list[Integers]:
        """Return the words of each graph; one without nodes has none."""
        chosen, rng, filled = self.settings.sub2vec, stream(seed, "walks"), np.flatnonzero(data.num_nodes)
        walker = Walks(data.global_edge_index(), len(data.x))
        start = data.node_offset[filled] + (rng.random(len(filled)) * data.num_nodes[filled]).astype(np.int64)
        if chosen.words == "degrees":
            share = walker.degree / np.repeat(data.num_nodes, data.num_nodes)
            names = np.searchsorted(BINS, share)
        else:
            names = np.arange(len(data.x))
        found = dict(zip(filled.tolist(), names[walker.draw(start, chosen.length, rng)], strict=True))
        return [found.get(graph, np.zeros(0, dtype=np.int64)) for graph in range(len(data))]
