import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch_geometric.datasets import PPI

from archives import contents, make_zip
from relamp.data.nodes import PARTS
from relamp.data.ppi import read_ppi
from relamp.errors import RelampError

SIZES = {"train": [4, 3, 5], "valid": [3], "test": [2, 4]}


def write(where: Path, seed: int = 0, **changes: Any) -> Path:
    """Write the twelve files for 3, 1 and 2 graphs with 5 features and 4 labels a node; a change replaces a file."""
    rng = np.random.default_rng(seed)
    number = 1
    for part, sizes in SIZES.items():
        total = sum(sizes)
        graph = np.repeat(np.arange(number, number + len(sizes)), sizes)
        number += len(sizes)
        ends = [(a, b) for a in range(total) for b in range(a, total) if graph[a] == graph[b]]
        # A path through each graph, so that it names its first node, then some more and some self-loops.
        links = [(a, b) for a, b in ends if b == a + 1 or rng.random() < 0.3]
        files = {
            f"{part}_feats.npy": rng.normal(size=(total, 5)),
            f"{part}_labels.npy": rng.integers(0, 2, size=(total, 4)),
            f"{part}_graph_id.npy": graph,
            f"{part}_graph.json": {
                "directed": False,
                "multigraph": False,
                "graph": {},
                "nodes": [{"id": node} for node in range(total)],
                "links": [{"source": a, "target": b} for a, b in links],
            },
        }
        for file, value in (files | {key: value for key, value in changes.items() if key in files}).items():
            if value is None:
                continue
            if file.endswith(".json"):
                (where / file).write_text(value if isinstance(value, str) else json.dumps(value))
            else:
                np.save(where / file, value)
    return where


@pytest.mark.parametrize("seed", range(3))
def test_small_files_equal_torch_geometrics_reader(tmp_path: Path, seed: int) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    ours = read_ppi(write(raw, seed))
    assert (ours.num_nodes, ours.num_graphs, ours.num_classes, ours.num_features) == (21, 6, 4, 5)
    assert ours.info["graphs"] == {"train": 3, "valid": 1, "test": 2}
    graph = 0
    for part, theirs in zip(PARTS, ("train", "val", "test"), strict=True):
        for other in PPI(str(tmp_path), theirs):
            start, end = ours.graph_offset[graph], ours.graph_offset[graph + 1]
            assert np.isin(np.arange(start, end), getattr(ours, part)).all()
            np.testing.assert_array_equal(ours.features().toarray()[start:end], other.x.numpy())
            np.testing.assert_array_equal(ours.y[start:end], other.y.numpy())
            inside = (ours.edge_index[0] >= start) & (ours.edge_index[0] < end)
            np.testing.assert_array_equal(
                ours.edge_index[:, inside] - start, np.unique(other.edge_index.numpy(), axis=1)
            )
            graph += 1
    assert graph == 6


def test_a_zip_reads_like_its_folder_and_is_limited(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    folder = read_ppi(write(tmp_path / "raw"))
    path = make_zip(tmp_path / "ppi.zip", contents((tmp_path / "raw").iterdir(), "ppi"))
    archive = read_ppi(path)
    for key in ("edge_index", "y", "feature_index", "feature_value", "train", "valid", "test", "graph_offset"):
        np.testing.assert_array_equal(getattr(archive, key), getattr(folder, key), err_msg=key)
    with pytest.raises(RelampError, match=r"ppi\.zip: unpacks to .* but at most 100 are expected"):
        read_ppi(path, most_bytes=100)


def test_nodes_come_in_the_order_of_their_graphs(tmp_path: Path) -> None:
    graph = {"nodes": [{"id": i} for i in (2, 0, 1)], "links": [{"source": 0, "target": 2}, {"source": 1, "target": 1}]}
    changes = {
        "valid_feats.npy": np.array([[1.0] * 5, [2.0] * 5, [3.0] * 5]),
        "valid_labels.npy": np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]),
        "valid_graph_id.npy": np.array([22, 21, 22]),
        "valid_graph.json": graph,
    }
    data = read_ppi(write(tmp_path, **changes))
    start = data.valid[0]
    assert data.features().toarray()[data.valid, 0].tolist() == [2, 1, 3]
    assert data.y[data.valid].argmax(axis=1).tolist() == [1, 0, 2]
    inside = np.isin(data.edge_index[0], data.valid)
    assert (data.edge_index[:, inside] - start).tolist() == [[1, 2], [2, 1]]
    assert data.graph_offset[3:6].tolist() == [start, start + 1, start + 3]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_labels.npy": None}, r"test_labels\.npy: is not there"),
        ({"valid_feats.npy": np.zeros((2, 5))}, r"valid_feats\.npy: 2 rows of features, 3 of labels and 3 graph"),
        ({"valid_feats.npy": np.zeros(3)}, r"valid_feats\.npy: holds no array of 2 dimension"),
        ({"valid_feats.npy": np.zeros((3, 6))}, r"train, valid and test have 5, 6, 5 columns of feats"),
        ({"valid_labels.npy": np.zeros((3, 2))}, r"train, valid and test have 4, 2, 4 columns of labels"),
        ({"valid_labels.npy": np.full((3, 4), 2)}, r"valid_labels\.npy: labels must be 0 or 1"),
        ({"valid_labels.npy": np.full((3, 4), {}, dtype=object)}, r"valid_labels\.npy: holds no array"),
        ({"valid_graph_id.npy": np.array([4, 4, 5])}, r"valid_graph\.json: edge \(\d, 2\) joins two graphs"),
        ({"valid_graph.json": "<html>"}, r"valid_graph\.json: is no node-link graph"),
        ({"valid_graph.json": "[" * 200_000}, r"valid_graph\.json: is no node-link graph \(maximum recursion depth"),
        ({"valid_graph.json": {"nodes": []}}, r"valid_graph\.json: is no node-link graph \('links'\)"),
        ({"valid_graph.json": {"nodes": [{"id": 1}], "links": []}}, r"its nodes are not numbered 0 to 2"),
        (
            {"valid_graph.json": {"nodes": [{"id": i} for i in range(3)], "links": [{"source": 0, "target": 3}]}},
            r"valid_graph\.json: edge \(0, 3\) but nodes are numbered 0 to 2",
        ),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RelampError, match=message):
        read_ppi(write(tmp_path, **changes))
