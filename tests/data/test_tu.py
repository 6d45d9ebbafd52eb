import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archives import contents, make_zip
from relamp.data import tu
from relamp.data.batch import collate
from relamp.data.fingerprint import fingerprint, ordered_fingerprint
from relamp.data.packed import PackedGraphs
from relamp.data.tu import read_tu
from relamp.errors import RelampError


def write(where: Path, **files: str | None) -> Path:
    """Write a data set T: a path 1-2-3 whose edge 2-3 is one-way, and nodes 4-5 with a self-loop and a double edge."""
    texts = {
        "A": "2, 1\n1, 2\n2, 3\n4, 4\n4, 5\n5, 4\n4, 5\n",
        "graph_indicator": "1\n1\n1\n2\n2\n",
        "graph_labels": "1\n-1\n",
        "node_labels": "7\n3\n7\n9\n3\n",
    }
    for key, text in (texts | files).items():
        if text is not None:
            (where / f"T_{key}.txt").write_text(text)
    return where


def test_a_small_set_by_hand(tmp_path: Path) -> None:
    data = read_tu(write(tmp_path), "T")
    assert data.edge_index.tolist() == [[0, 1, 1, 2, 0, 1], [1, 0, 2, 1, 1, 0]]
    assert data.node_offset.tolist() == [0, 3, 5]
    assert data.edge_offset.tolist() == [0, 4, 6]
    assert data.x.tolist() == [[1], [0], [1], [2], [0]]
    assert data.cardinality == (3,)
    assert data.y.tolist() == [1, 0]
    assert data.info == {"classes": [-1, 1], "node_labels": [[3, 7, 9]], "self_loops_removed": 1}
    assert (data.edge_attr, data.smiles, data.name) == (None, (), "T")


def test_attributes_apart_are_as_in_the_file_and_no_part_of_what_all_methods_see(tmp_path: Path) -> None:
    plain = read_tu(write(tmp_path), "T", node_attributes="apart")
    assert (plain.attributes, plain.attributes_apart) == (None, None)
    data = read_tu(write(tmp_path, node_attributes="0.5, 2\n1, 2\n0, 3\n4, 5\n6, 7\n"), "T", node_attributes="apart")
    assert data.attributes is not None
    assert data.attributes.tolist() == [[0.5, 2], [1, 2], [0, 3], [4, 5], [6, 7]]
    assert (data.num_attributes, data.shown_attributes) == (2, 0)
    assert collate(data, np.arange(2)).features is None
    assert fingerprint(data) == fingerprint(plain)
    assert ordered_fingerprint(data) != ordered_fingerprint(plain)
    data.save(tmp_path / "packed")
    assert PackedGraphs.load(tmp_path / "packed").attributes_apart
    assert data.take(np.array([1])).attributes_apart


def test_edge_labels_of_self_loops_go_with_them(tmp_path: Path) -> None:
    labels = "5\n5\n6\n7\n6\n6\n6\n"
    data = read_tu(write(tmp_path, edge_labels=labels), "T", edge_labels=True)
    assert data.edge_attr is not None
    assert data.edge_attr.ravel().tolist() == [1, 1, 2, 2, 2, 2]
    with pytest.raises(RelampError, match=r"edge 6, \(5, 4\), has another label than the same edge before it"):
        read_tu(write(tmp_path, edge_labels="5\n5\n6\n7\n6\n5\n6\n"), "T", edge_labels=True)


def test_several_columns_of_node_labels(tmp_path: Path) -> None:
    data = read_tu(write(tmp_path, node_labels="0, 5\n1, 5\n0, 4\n2, 5\n1, 4\n"), "T")
    assert data.x.tolist() == [[0, 1], [1, 1], [0, 0], [2, 1], [1, 0]]
    assert data.cardinality == (3, 2)
    assert data.info["node_labels"] == [[0, 1, 2], [4, 5]]


def test_without_node_labels_there_is_one_constant_column(tmp_path: Path) -> None:
    data = read_tu(write(tmp_path, node_labels=None), "T")
    assert data.x.tolist() == [[0]] * 5
    assert data.cardinality == (1,)
    assert "node_labels" not in data.info


def test_blank_lines_and_windows_line_ends_are_tolerated(tmp_path: Path) -> None:
    plain = read_tu(write(tmp_path), "T")
    for path in tmp_path.glob("T_*.txt"):
        path.write_bytes(b"\r\n" + path.read_bytes().replace(b"\n", b" \r\n\r\n") + b"  \r\n")
    assert_same(read_tu(tmp_path, "T"), plain)


def test_isolated_nodes_a_set_without_edges_and_a_graph_without_nodes(tmp_path: Path) -> None:
    lone = read_tu(write(tmp_path, A="1, 2\n"), "T")
    assert (lone.num_nodes.tolist(), lone.num_edges.tolist()) == ([3, 2], [2, 0])
    data = read_tu(write(tmp_path, A="", graph_indicator="1\n1\n1\n3\n3\n", graph_labels="1\n0\n1\n"), "T")
    assert data.edge_index.shape == (2, 0)
    assert data.edge_offset.tolist() == [0, 0, 0, 0]
    assert data.num_nodes.tolist() == [3, 0, 2]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"A": None}, r"T_A\.txt: is not there; unpack the whole data set into"),
        ({"graph_indicator": None}, r"T_graph_indicator\.txt: is not there; unpack"),
        ({"graph_labels": None}, r"T_graph_labels\.txt: is not there; unpack"),
        ({"A": "1, 2\n1, 6\n"}, r"T_A\.txt: edge 2 is \(1, 6\) but nodes are numbered 1 to 5"),
        ({"A": "0, 1\n"}, r"edge 1 is \(0, 1\) but nodes are numbered 1 to 5"),
        ({"A": "1, 2\n3, 4\n"}, r"edge 2 is \(3, 4\), which joins graphs 1 and 2"),
        ({"A": "1, 2, 3\n"}, r"T_A\.txt: has 3 columns where two are expected"),
        ({"A": "1, 2\n1, x\n"}, r"T_A\.txt: line 2 is '1, x', not 2 integer"),
        ({"A": "1, 2\n\n3\n"}, r"T_A\.txt: line 3 is '3', not 2 integer"),
        ({"A": "1, 2\n1, 2, 3\n"}, r"T_A\.txt: line 2 is '1, 2, 3', not 2 integer"),
        ({"graph_labels": "1\n"}, r"numbers graphs 1 to 2 but there are 1 graph labels"),
        ({"graph_labels": "1\n0\n1\n"}, r"numbers graphs 1 to 2 but there are 3 graph labels"),
        ({"graph_labels": "1\n0.5\n"}, r"T_graph_labels\.txt: line 2 is '0\.5', not 1 integer"),
        ({"graph_labels": "10\n1_0\n"}, r"T_graph_labels\.txt: line 2 is '1_0', not 1 integer"),  # int() takes it
        ({"graph_labels": "True\nFalse\n"}, r"T_graph_labels\.txt: line 1 is 'True', not 1 integer"),  # pandas takes it
        ({"graph_labels": "\n true\nTRUE\n"}, r"T_graph_labels\.txt: line 2 is 'true', not 1 integer"),
        ({"graph_labels": "1\nTrue\n"}, r"T_graph_labels\.txt: line 2 is 'True', not 1 integer"),
        ({"graph_labels": "1, 2\n0, 1\n"}, r"T_graph_labels\.txt: has 2 columns where one is expected"),
        ({"graph_labels": ""}, r"T_graph_labels\.txt: is empty"),
        ({"graph_labels": "1\n99999999999999999999\n"}, r"line 2 is '99999999999999999999', not 1 integer"),
        ({"graph_indicator": "1\n2\n1\n2\n2\n"}, r"is not sorted \(graph 1 after graph 2 at node 3\)"),
        ({"graph_indicator": "0\n0\n0\n1\n1\n"}, r"numbers graphs 0 to 1 but there are 2 graph labels"),
        ({"node_labels": "1\n2\n"}, r"T_node_labels\.txt: has 2 node labels for 5 nodes"),
        ({"node_labels": "1\n2\n\x00\x01\n4\n5\n"}, r"T_node_labels\.txt: line 3 is"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, files: dict[str, str | None], message: str) -> None:
    with pytest.raises(RelampError, match=message) as error:
        read_tu(write(tmp_path, **files), "T")
    assert str(tmp_path) in str(error.value)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_reading_equals_a_slow_reader(tmp_path_factory: pytest.TempPathFactory, seed: int, graphs: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, size=graphs)
    offset = np.concatenate([[0], np.cumsum(sizes)])
    lines = [
        tuple(rng.integers(offset[g], offset[g + 1], size=2) + 1) for g in rng.integers(0, graphs, size=4 * graphs)
    ]
    where = write(
        tmp_path_factory.mktemp("tu"),
        A="".join(f"{a}, {b}\n" for a, b in lines),
        graph_indicator="".join(f"{g + 1}\n" * n for g, n in enumerate(sizes)),
        graph_labels="".join(f"{label}\n" for label in rng.integers(-3, 3, size=graphs)),
        node_labels="".join(f"{label}\n" for label in rng.integers(0, 9, size=sizes.sum())),
    )
    data = read_tu(where, "T")
    for g in range(graphs):
        inside = [(a, b) for a, b in lines if offset[g] < a <= offset[g + 1] and a != b]
        both = {pair for a, b in inside for pair in ((a, b), (b, a))}
        local = sorted((int(a - offset[g] - 1), int(b - offset[g] - 1)) for a, b in both)
        found = data.edge_index[:, data.edge_offset[g] : data.edge_offset[g + 1]].T
        assert [tuple(edge) for edge in found.tolist()] == local
    assert data.info["self_loops_removed"] == len({a for a, b in lines if a == b})
    node_labels = [int(line) for line in (where / "T_node_labels.txt").read_text().split()]
    assert [data.info["node_labels"][0][i] for i in data.x[:, 0]] == node_labels
    assert [data.info["classes"][i] for i in data.y] == [
        int(s) for s in (where / "T_graph_labels.txt").read_text().split()
    ]


def zipped(where: Path, compression: int = zipfile.ZIP_LZMA) -> Path:
    """Pack a folder the way upstream does: with a double slash."""
    return make_zip(where / "T.zip", contents(where.glob("T_*.txt"), "T/"), compression)


def assert_same(ours: PackedGraphs, theirs: PackedGraphs) -> None:
    for key in ("x", "edge_index", "node_offset", "edge_offset", "y"):
        np.testing.assert_array_equal(getattr(ours, key), getattr(theirs, key), err_msg=key)
    assert (ours.info, ours.cardinality, ours.name) == (theirs.info, theirs.cardinality, theirs.name)


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_zip_reads_like_its_folder(tmp_path: Path, compression: int) -> None:
    path = zipped(write(tmp_path), compression)
    assert_same(read_tu(path, "T", 1000), read_tu(tmp_path, "T"))
    (tmp_path / "T_node_labels.txt").unlink()
    assert read_tu(zipped(tmp_path), "T", 1000).cardinality == (1,)
    with pytest.raises(RelampError, match=r"T\.zip: unpacks to .* but at most 40 are expected"):
        read_tu(path, "T", 40)
    with pytest.raises(RelampError, match=r"T\.zip/T_A\.txt: edge 2 is \(1, 6\) but nodes are numbered 1 to 5"):
        read_tu(zipped(write(tmp_path, A="1, 2\n1, 6\n")), "T", 1000)


def test_a_set_read_in_many_small_pieces_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_tu(write(tmp_path), "T")
    monkeypatch.setattr(tu, "_CHUNK", 2)
    assert_same(read_tu(tmp_path, "T"), whole)
    # Faults are counted through the file, not through the piece.
    with pytest.raises(RelampError, match=r"edge 5 is \(1, 6\) but nodes are numbered 1 to 5"):
        read_tu(write(tmp_path, A="1, 2\n2, 1\n2, 3\n3, 2\n1, 6\n"), "T")
    with pytest.raises(RelampError, match=r"line 5 is '1', not 2 integer"):
        read_tu(write(tmp_path, A="1, 2\n2, 1\n2, 3\n3, 2\n1\n"), "T")
