import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packed_examples import packed_graphs, small_corpus, typed_paths
from relamp.data.corpus import PackedCorpus
from relamp.data.fingerprint import fingerprint, ordered_fingerprint, wl_hash
from relamp.data.molecules import pack_molecules
from relamp.data.packed import PackedGraphs


def slow(data: PackedGraphs) -> str:
    """The same fingerprint, graph by graph with Python's own sorting."""
    rows = []
    for graph, colour in enumerate(wl_hash(data)):
        signed = int(colour) - 2**64 if colour >= 2**63 else int(colour)
        labels = [int(data.y[graph])] if data.y.ndim == 1 else [int(value) for value in data.y[graph]]
        rows.append((signed, int(data.num_nodes[graph]), int(data.num_edges[graph]), *labels))
    bonds = 0 if data.edge_attr is None else data.edge_attr.shape[1]
    width = 3 + (1 if data.y.ndim == 1 else data.y.shape[1])
    text = f"wl5 {len(rows)} {width} {data.y.ndim} {data.x.shape[1]} {bonds}\n".encode()
    for row in sorted(rows):
        text += b"".join(value.to_bytes(8, "little", signed=True) for value in row)
    return f"wl5:{hashlib.sha256(text).hexdigest()}"


def shuffled(data: PackedGraphs, rng: np.random.Generator) -> PackedGraphs:
    """The graphs in another order, and the nodes of each numbered anew."""
    data = data.take(rng.permutation(len(data)))
    starts = data.node_offset[:-1]
    old = np.concatenate([start + rng.permutation(n) for start, n in zip(starts, data.num_nodes, strict=True)])
    new = np.argsort(old)[data.global_edge_index()]
    return replace(data, x=data.x[old], edge_index=new - np.repeat(starts, data.num_edges))


@settings(max_examples=100, deadline=None)
@given(packed_graphs(), st.integers(0, 2**32))
def test_neither_the_order_of_graphs_nor_of_nodes_matters(data: PackedGraphs, seed: int) -> None:
    assert fingerprint(shuffled(data, np.random.default_rng(seed))) == fingerprint(data) == slow(data)


def test_the_ordered_fingerprint_by_hand() -> None:
    data = replace(typed_paths().take(np.array([1])), name="other", info={"a": 1})
    text = b'{"cardinality": [2]}'
    arrays = {"edge_index": [[0, 1], [1, 0]], "edge_offset": [0, 2], "node_offset": [0, 2], "x": [[1], [1]], "y": [1]}
    for key, values in arrays.items():
        array = np.array(values, dtype="<i8")
        text += f"\n{key} {array.shape}\n".encode() + array.tobytes()
    assert ordered_fingerprint(data) == f"ordered1:{hashlib.sha256(text).hexdigest()}"


@pytest.mark.parametrize(
    ("known", "other"),
    [
        (["CCO", "CCN"], ["CCN", "CCO"]),  # order of molecules
        (["CCO"], ["OCC"]),  # order of atoms
        (["CC(=O)[O-]"], ["CC(=O)[O]"]),  # charge
        (["c1ccccc1C"], ["c1ccccc1[13CH3]"]),  # isotope
        (["C[C@H](N)O"], ["C[C@@H](N)O"]),  # chirality
    ],
)
def test_whatever_a_split_depends_on_changes_the_ordered_fingerprint(known: list[str], other: list[str]) -> None:
    one, two = (ordered_fingerprint(pack_molecules("M", smiles)) for smiles in (known, other))
    assert one != two


@settings(max_examples=30, deadline=None)
@given(packed_graphs())
def test_storing_does_not_change_the_ordered_fingerprint(
    tmp_path_factory: pytest.TempPathFactory, data: PackedGraphs
) -> None:
    path: Path = tmp_path_factory.mktemp("stored") / "a.safetensors"
    data.save(path)
    assert ordered_fingerprint(PackedGraphs.load(path)) == ordered_fingerprint(data)
    small_corpus().save(path)
    assert ordered_fingerprint(PackedCorpus.load(path)) == ordered_fingerprint(small_corpus())
