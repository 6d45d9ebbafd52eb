"""A user's own data set: what is used, what is refused, and what is told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relamp.data.fingerprint import wl_hash
from relamp.data.guard import inspect
from relamp.data.own import contradictions, read_own
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.settings.own import OwnData

# Six triangles of two classes, both directions of every edge listed.
TRIANGLE = [(1, 2), (2, 1), (2, 3), (3, 2), (3, 1), (1, 3)]
SPLIT: dict[str, Any] = {
    "folds": 10,
    "inner_folds": {"unsupervised.svm.inner_folds": 5},
    "datasets": ["unsupervised.datasets"],
}


def lines(values: Any) -> str:
    return "".join(f"{', '.join(map(str, np.atleast_1d(value)))}\n" for value in values)


def write(where: Path, **files: str | None) -> Path:
    """Write the data set M, with other files in place of or beside its own."""
    texts = {
        "A": lines((a + 3 * g, b + 3 * g) for g in range(6) for a, b in TRIANGLE),
        "graph_indicator": lines(1 + np.arange(18) // 3),
        "graph_labels": lines([0, 1] * 3),
    }
    for key, text in (texts | files).items():
        if text is not None:
            (where / (f"M_{key}.txt" if "." not in key else key)).write_text(text)
    return where


def read(where: Path, split: dict[str, Any] | None = None, **options: bool) -> PackedGraphs:
    done = read_own("M", OwnData(folder=str(where), **options), split)
    assert done.provenance.content == "own"
    assert isinstance(done.data, PackedGraphs)
    return done.data


def warnings(where: Path, **options: bool) -> list[str]:
    found: list[str] = inspect(read(where, **options))["warnings"]
    return found


def test_what_is_all_used_is_read_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("about M")
    data = read(write(tmp_path, node_labels=lines(range(18))))
    assert data.info["source"] == "own"
    names = ("A", "graph_indicator", "graph_labels", "node_labels")
    assert list(data.info["files"]) == [f"M_{name}.txt" for name in names]
    assert (data.info["unread"], data.info["warnings"]) == ([], [])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    (write(tmp_path) / "M_graph_labels.txt").unlink()
    with pytest.raises(RelampError, match=r"M_graph_labels\.txt: is not there"):
        read(tmp_path)


# Attributes of the nodes


def test_node_attributes_are_features_of_mean_0_and_variance_1(tmp_path: Path) -> None:
    values = np.stack([np.arange(18.0), np.full(18, 0.1), np.arange(18) * 1e300], axis=1)
    write(tmp_path, node_attributes=lines(values.tolist()))
    assert warnings(tmp_path) == [
        f"M_node_attributes.txt: is not used; own: {{M: {{folder: {tmp_path}, node_attributes: true}}}} in config.yaml "
        "uses it"
    ]
    data = read(tmp_path, node_attributes=True)
    wanted = (np.arange(18) - 8.5) / np.std(np.arange(18))
    assert data.attributes is not None
    np.testing.assert_allclose(data.attributes, np.stack([wanted, np.zeros(18), wanted], axis=1), rtol=1e-6)
    assert (data.cardinality, data.info["unread"]) == ((1,), [])
    assert "M_node_attributes.txt" in data.info["files"]
    # Alike in all but their attributes.
    assert (len(np.unique(wl_hash(read(tmp_path)))), len(np.unique(wl_hash(data)))) == (1, 6)
    data.save(tmp_path / "m.safetensors")
    again = PackedGraphs.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.take(np.array([2])).attributes, data.attributes[6:9])


@pytest.mark.parametrize("bad", ["NaN", "inf", "-inf", "", "x", "1e999", "1_0"])
def test_attributes_that_are_no_finite_numbers_are_refused_with_their_line(tmp_path: Path, bad: str) -> None:
    rows = [f"{i}.5, {i}" for i in range(18)]
    rows[6] = f"1.5, {bad}"
    write(tmp_path, node_attributes="\n".join(["", *rows]))
    with pytest.raises(RelampError, match=r"M_node_attributes\.txt: line 8 is '1\.5,.*', not 2 finite n") as caught:
        read(tmp_path, node_attributes=True)
    assert str(caught.value).endswith("; correct the file")


def test_attributes_of_other_nodes_or_none_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(RelampError, match=r"M_node_attributes\.txt: is not there"):
        read(tmp_path, node_attributes=True)
    write(tmp_path, node_attributes="1\n2\n")
    with pytest.raises(RelampError, match=r"M_node_attributes\.txt: has attributes of 2 nodes for 18 nodes"):
        read(tmp_path, node_attributes=True)


# Labels of the edges


def test_edge_labels_become_categories_from_1_in_both_directions(tmp_path: Path) -> None:
    kinds = [7, 7, 5, 5, 9, 9]
    write(tmp_path, edge_labels=lines(kinds * 6))
    assert warnings(tmp_path)[0].startswith("M_edge_labels.txt: is not used; own: {M: {folder: ")
    data = read(tmp_path, edge_labels=True)
    assert data.edge_attr is not None
    of_pair = {(0, 1): 2, (1, 2): 1, (0, 2): 3}
    for edge, kind in zip(data.edge_index.T.tolist(), data.edge_attr[:, 0].tolist(), strict=True):
        a, b = sorted(edge)
        assert kind == of_pair[a, b]
    assert (data.edge_cardinality, data.info["edge_labels"]) == ((4,), [[5, 7, 9]])
    assert any("edge labels are seen by the GIN" in text for text in data.info["warnings"])
    data.save(tmp_path / "m.safetensors")
    assert PackedGraphs.load(tmp_path / "m.safetensors").edge_cardinality == (4,)


def test_one_edge_has_one_label(tmp_path: Path) -> None:
    write(tmp_path, edge_labels=lines([1, 2, 1, 1, 1, 1] * 6))
    with pytest.raises(RelampError, match=r"M_edge_labels\.txt: edge 2, \(2, 1\), has another label than the same"):
        read(tmp_path, edge_labels=True)
    write(tmp_path, edge_labels="1\n2\n")
    with pytest.raises(RelampError, match=r"M_edge_labels\.txt: has 2 edge labels for the 36 edges of M_A\.txt"):
        read(tmp_path, edge_labels=True)


# Direction, multiplicity, numbers that start again


def test_what_of_the_edges_is_lost_is_told(tmp_path: Path) -> None:
    edges = [(a + 3 * g, b + 3 * g) for g in range(6) for a, b in TRIANGLE]
    assert warnings(write(tmp_path, A=lines(edges[1:]))) == [
        "M_A.txt: 1 of 18 edges are listed in one direction alone; edges have no direction here, so if it means "
        "something, it is lost"
    ]
    assert warnings(write(tmp_path, A=lines([*edges, *edges[:2]]))) == [
        "M_A.txt: 2 of 38 lines repeat an edge; an edge counts once, so if its multiplicity means something, it is lost"
    ]
    assert warnings(write(tmp_path, A=lines([*edges, (1, 1)]))) == [
        "M_A.txt: 1 nodes have a self-loop, which is left out: graphs are simple here"
    ]
    assert read(tmp_path).num_edges.tolist() == [6] * 6
    assert warnings(write(tmp_path, A="4, 5\n5, 4\n")) == ["M_A.txt: 5 of 6 graphs have no edges"]


def test_graphs_without_nodes_are_told(tmp_path: Path) -> None:
    write(tmp_path, graph_labels=lines([0, 1] * 4), graph_indicator=lines([*(1 + np.arange(15) // 3), 8, 8, 8]))
    fault = "2 of 8 graphs have a label and no node (first: graph 6)"
    assert f"M_graph_indicator.txt: {fault}" in warnings(tmp_path)


def test_node_numbers_that_start_again_in_each_graph_are_refused(tmp_path: Path) -> None:
    write(tmp_path, A=lines(TRIANGLE * 6))
    with pytest.raises(RelampError, match=r"no edge goes beyond node 3 of 18, and 5 of 6 .* start again in each graph"):
        read(tmp_path)
    # Of graphs that grow, an edge joins two graphs by its numbers.
    grown = lines([1, 1, *[2] * 3, *[3] * 7])
    write(tmp_path, A=lines([(1, 2), (2, 1), *TRIANGLE, (6, 7)]), graph_indicator=grown, graph_labels=lines([0, 1, 0]))
    with pytest.raises(RelampError, match=r"joins graphs 1 and 2 \(nodes are numbered through all graphs\)"):
        read(tmp_path)


def test_a_small_set_whose_other_graphs_are_single_nodes_is_no_such_set(tmp_path: Path) -> None:
    write(tmp_path, A=lines(TRIANGLE), graph_indicator=lines([1, 1, 1, 2]), graph_labels=lines([0, 1]))
    assert read(tmp_path).num_edges.tolist() == [6, 0]


# Files that are not read


@pytest.mark.parametrize(
    ("file", "meant"),
    [
        ("M_node_label.txt", "M_node_labels.txt"),
        ("m_node_labels.txt", "M_node_labels.txt"),
        ("M_node_labels.TXT", "M_node_labels.txt"),
        ("M_nodelabels.csv", "M_node_labels.txt"),
        ("node_labels.txt", "M_node_labels.txt"),
        ("MM_node_labels.txt", "M_node_labels.txt"),
        ("M_edge_label.txt", "M_edge_labels.txt"),
        ("M_node_attribute.txt", "M_node_attributes.txt"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_right_one(tmp_path: Path, file: str, meant: str) -> None:
    write(tmp_path, **{file: "1\n"})
    if (tmp_path / meant).exists():
        pytest.skip("this file system knows no letter case")
    with pytest.raises(RelampError, match=rf"{file}: is not read, .*; rename it {meant}, or take it out of the folder"):
        read(tmp_path)


def test_files_without_use_are_named_and_those_of_another_set_are_not(tmp_path: Path) -> None:
    others = {"notes.txt": "x", "M_node_labels_old.txt": "1\n", "M_2_A.txt": "1, 2\n", "M_2_node_label.txt": "1\n"}
    write(tmp_path, node_labels=lines(range(18)), edge_attributes="0.5\n", **others)
    unread = ["M_edge_attributes.txt", "M_node_labels_old.txt", "notes.txt"]
    data = read(tmp_path)
    assert data.info["unread"] == inspect(data)["unread"] == unread
    assert data.info["warnings"] == [f"M: relamp has no use for {', '.join(unread)}"]

    write(tmp_path, **{f"z{number:03d}.txt": "" for number in range(200)})
    (text,) = read(tmp_path).info["warnings"]
    assert text.endswith("z006.txt and 193 more files")


# Classes


def classes(where: Path, labels: list[int]) -> Path:
    """Write graphs of one node with these labels."""
    return write(where, A="", graph_indicator=lines(range(1, 1 + len(labels))), graph_labels=lines(labels))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0], "M: has one graph, which has no other to be told from; add graphs, or take M out of unsuper"),
        ([3] * 20, "M: all 20 graphs are of class 3, so there is nothing to classify; add classes, or take M out of"),
        (
            [0] * 20 + [1] * 8,
            "M: 1 of 2 classes have too few graphs for 10 folds and 5 inner folds (class 1: 8); set "
            "unsupervised.svm.folds to 8, or take M out of unsupervised.datasets",
        ),
        (
            [0] * 20 + [1] * 3,
            "(class 1: 3); set unsupervised.svm.folds to 3 and unsupervised.svm.inner_folds to 2, or take M out of",
        ),
        ([0] * 20 + [1], "(class 1: 1); join the rare classes, or take M out of unsupervised.datasets"),
        (
            list(range(24)),
            "M: 24 different labels for 24 graphs look like a regression target, and relamp classifies graphs: 24 of",
        ),
    ],
)
def test_graphs_that_cannot_be_classified_are_refused_where_they_are_and_else_a_warning(
    tmp_path: Path, labels: list[int], message: str
) -> None:
    classes(tmp_path, labels)
    with pytest.raises(RelampError) as caught:
        read(tmp_path, SPLIT)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    told = [text for text in warnings(tmp_path) if text.startswith("M:")]
    assert len(told) == (min(labels.count(label) for label in set(labels)) < 3 or len(set(labels)) == 1)


def test_graphs_that_nothing_tells_apart_are_a_warning(tmp_path: Path) -> None:
    alike = inspect(read(write(tmp_path)))
    assert contradictions(alike) == [
        "M: 6 of 6 graphs are alike to a graph of another class in all that is used of them; what tells the classes "
        "apart may not be among it"
    ]
    write(tmp_path, node_labels=lines([0, 0, 0, 1, 1, 1] * 3))
    assert contradictions(inspect(read(tmp_path))) == []


def test_classes_that_every_fold_holds_are_fine(tmp_path: Path) -> None:
    assert len(read(classes(tmp_path, [0, 1] * 10), SPLIT)) == 20


def test_a_target_of_fractions_is_called_a_regression_target(tmp_path: Path) -> None:
    write(tmp_path, graph_labels="0.5\n1.25\n0.5\n1.0\n")
    with pytest.raises(RelampError, match=r"line 1 is '0\.5', not 1 integer\(s\); it looks like a regression target"):
        read(tmp_path)
