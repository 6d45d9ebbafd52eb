"""A small packed data set of each kind, and any graphs."""

import numpy as np
from hypothesis import strategies as st

from relamp.data.corpus import PackedCorpus
from relamp.data.images import PackedImages
from relamp.data.nodes import PackedNodes
from relamp.data.packed import PackedGraphs


def small_graphs() -> PackedGraphs:
    """A path of three nodes, an empty graph, and a node with a self-loop."""
    return PackedGraphs(
        name="small",
        x=np.array([[0], [1], [0], [2]]),
        cardinality=(3,),
        edge_index=np.array([[0, 1, 1, 2, 0], [1, 0, 2, 1, 0]]),
        node_offset=np.array([0, 3, 3, 4]),
        edge_offset=np.array([0, 4, 4, 5]),
        y=np.array([0, 2, 1]),
        smiles=("CCC", "", "ö"),
    )


def small_nodes(value: np.ndarray | None = None) -> PackedNodes:
    """Two graphs: the path 0-1-2 and the edge 3-4, with three features."""
    return PackedNodes(
        name="small",
        num_features=3,
        feature_offset=np.array([0, 2, 2, 3, 4, 5]),
        feature_index=np.array([0, 2, 1, 2, 0]),
        feature_value=value,
        edge_index=np.array([[0, 1, 1, 2, 3, 4], [1, 0, 2, 1, 4, 3]]),
        y=np.array([0, 1, -1, 2, 0]),
        train=np.array([0]),
        valid=np.array([1, 3]),
        test=np.array([4]),
        graph_offset=np.array([0, 3, 5]),
        info={"unlabelled": 1, "self_loops_removed": 2},
    )


def small_images(channels: int = 3) -> PackedImages:
    """Five images of 2 x 4, counted through."""
    size = 5 * channels * 8
    return PackedImages(
        name="small",
        images=np.arange(size, dtype=np.uint8).reshape(5, channels, 2, 4),
        y=np.array([0, 1, 2, 1, 0]),
        train=np.array([0, 1, 3]),
        test=np.array([2]),
        info={"classes": ["cat", "dog"], "source": "here"},
    )


def small_corpus() -> PackedCorpus:
    """Water with both hydrogens, a lone helium, and hydrogen cyanide."""
    return PackedCorpus(
        name="small",
        cardinality=(120, 4),
        atom=np.array([2, 0, 0, 1, 3, 4]),
        atom_kinds=np.array([[0, 0], [1, 0], [7, 0], [5, 0], [6, 0]]),
        ends=np.array([[0, 1], [0, 2], [0, 1]]),
        bond=np.array([0, 0, 1]),
        bond_kinds=np.array([[0, 0], [2, 0]]),
        node_offset=np.array([0, 3, 4, 6]),
        bond_offset=np.array([0, 2, 2, 3]),
        info={"b": [1, {"d": None, "c": "é"}], "a": 0.5},
    )


def typed_paths(labels: tuple[int, ...] = (0, 1), second_edge: tuple[int, int] = (1, 2)) -> PackedGraphs:
    """Three nodes of types 0, 1, 0 with edge 0-1 and another or a self-loop; two nodes of type 1 with an edge."""
    a, b = second_edge
    first = sorted({(0, 1), (1, 0), (a, b), (b, a)})
    edges = [*first, (0, 1), (1, 0)]
    return PackedGraphs(
        name="paths",
        x=np.array([[0], [1], [0], [1], [1]]),
        cardinality=(2,),
        edge_index=np.array(edges).T,
        node_offset=np.array([0, 3, 5]),
        edge_offset=np.array([0, len(first), len(edges)]),
        y=np.array(labels),
    )


@st.composite
def packed_graphs(draw: st.DrawFn) -> PackedGraphs:
    """Any packed data set, with empty graphs, several columns, tasks, edge features and SMILES or without."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    num_nodes = np.array(draw(st.lists(st.integers(0, 6), min_size=1, max_size=8)))
    top = draw(st.sampled_from([2, 300, 70_000]))
    columns, tasks = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    pieces, num_edges = [], []
    for n in num_nodes:
        upper = np.triu(rng.random((n, n)) < 0.4)
        pieces.append(np.argwhere(upper | upper.T).reshape(-1, 2))
        num_edges.append(len(pieces[-1]))
    edge_index = np.concatenate(pieces).T
    graphs, edges = len(num_nodes), edge_index.shape[1]
    multi_task, edge_attr, smiles = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    return PackedGraphs(
        name=draw(st.text(max_size=5)),
        x=rng.integers(0, top, size=(num_nodes.sum(), columns)),
        cardinality=(top,) * columns,
        edge_index=edge_index,
        node_offset=np.concatenate([[0], np.cumsum(num_nodes)]),
        edge_offset=np.concatenate([[0], np.cumsum(num_edges)]),
        y=rng.integers(-1, 2, size=(graphs, tasks)).astype(np.int8) if multi_task else rng.integers(0, 3, graphs),
        edge_attr=rng.integers(0, 4, size=(edges, 2)) if edge_attr else None,
        smiles=tuple(draw(st.lists(st.text(max_size=4), min_size=graphs, max_size=graphs))) if smiles else (),
        info={"classes": ["a", 1], "deep": {"x": None}},
    )
