import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from torch_geometric.io import read_npz, read_planetoid_data

from relamp.data.citation import read_citation_full, read_planetoid
from relamp.errors import RelampError

UPSTREAM = Path(__file__).parents[3] / "shared" / "data"
TRAIN, FIRST, CLASSES, FEATURES = 6, 510, 3, 5


def planetoid(where: Path, seed: int = 0, gaps: bool = False, **changes: Any) -> Path:
    """Write the eight files of a set "Pubmed" with 510 + 7 nodes; with gaps, two node numbers never occur."""
    rng = np.random.default_rng(seed)
    test = FIRST + rng.permutation(np.array([0, 1, 2, 4, 5, 6, 8] if gaps else range(7)))
    total = int(test.max()) + 1
    allx = csr_matrix(rng.random((FIRST, FEATURES)) * (rng.random((FIRST, FEATURES)) < 0.4)).astype(np.float32)
    tx = csr_matrix(rng.integers(0, 2, size=(7, FEATURES))).astype(np.float32)
    ally, ty = (np.eye(CLASSES, dtype=np.int32)[rng.integers(0, CLASSES, size=n)] for n in (FIRST, 7))
    graph = {node: rng.choice(test, size=2).tolist() + [node] * (node % 50 == 0) for node in range(total)}
    parts = {"x": allx[:TRAIN], "y": ally[:TRAIN], "tx": tx, "ty": ty, "allx": allx, "ally": ally, "graph": graph}
    for part, value in (parts | changes).items():
        if part == "test":
            test = np.array(value)
        else:
            (where / f"ind.pubmed.{part}").write_bytes(pickle.dumps(value, 2))
    (where / "ind.pubmed.test.index").write_text("".join(f"{node}\n" for node in test))
    return where


@pytest.mark.parametrize("seed", range(3))
def test_small_files_equal_torch_geometrics_reader(tmp_path: Path, seed: int) -> None:
    ours, theirs = read_planetoid(planetoid(tmp_path, seed), "Pubmed"), read_planetoid_data(str(tmp_path), "Pubmed")
    assert ours.num_nodes == 517
    assert_equals(ours, theirs)
    assert (ours.y >= 0).all()


def assert_equals(ours: Any, theirs: Any) -> None:
    np.testing.assert_array_equal(ours.features().toarray(), theirs.x.numpy())
    edges = theirs.edge_index.numpy()
    both = np.unique(np.concatenate([edges, edges[::-1]], axis=1), axis=1)
    np.testing.assert_array_equal(ours.edge_index, both)
    known = ours.y >= 0
    np.testing.assert_array_equal(ours.y[known], theirs.y.numpy()[known])
    for mine, part in (("train", "train"), ("valid", "val"), ("test", "test")):
        np.testing.assert_array_equal(getattr(ours, mine), np.flatnonzero(theirs[f"{part}_mask"].numpy()))


def test_node_numbers_that_never_occur_have_neither_features_nor_label(tmp_path: Path) -> None:
    data = read_planetoid(planetoid(tmp_path, gaps=True), "Pubmed")
    assert data.num_nodes == FIRST + 9
    assert np.flatnonzero(data.y < 0).tolist() == [FIRST + 3, FIRST + 7]
    assert np.diff(data.feature_offset)[[FIRST + 3, FIRST + 7]].tolist() == [0, 0]
    assert data.test.tolist() == [FIRST + i for i in (0, 1, 2, 4, 5, 6, 8)]
    graph = pickle.loads((tmp_path / "ind.pubmed.graph").read_bytes())
    assert data.info == {"self_loops_removed": sum(node in ends for node, ends in graph.items()), "unlabelled": 2}


def test_paths_may_lie_anywhere(tmp_path: Path) -> None:
    files = {
        path.name: path.rename(tmp_path / f"{i}.bin") for i, path in enumerate(sorted(planetoid(tmp_path).iterdir()))
    }
    assert read_planetoid(files, "Pubmed").num_nodes == 517
    del files["ind.pubmed.tx"]
    with pytest.raises(RelampError, match=r"Pubmed: ind\.pubmed\.tx: not there"):
        read_planetoid(files, "Pubmed")


def test_all_missing_files_are_named(tmp_path: Path) -> None:
    planetoid(tmp_path)
    for part in ("allx", "test.index"):
        (tmp_path / f"ind.pubmed.{part}").unlink()
    with pytest.raises(RelampError, match=r"Pubmed: .*/ind\.pubmed\.allx, .*/ind\.pubmed\.test\.index: not there"):
        read_planetoid(tmp_path, "Pubmed")


class Malicious:
    def __reduce__(self) -> Any:
        return print, ("run",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"graph": {0: [517]}}, r"ind\.pubmed\.graph: edge \(0, 517\) but nodes are numbered 0 to 516"),
        ({"graph": {-1: [0]}}, r"ind\.pubmed\.graph: edge \(-1, 0\)"),
        ({"graph": {0: ["a"]}}, r"ind\.pubmed\.graph: holds no lists of node numbers"),
        ({"graph": {0: 1}}, r"ind\.pubmed\.graph: holds no lists of node numbers"),
        ({"graph": [1]}, r"ind\.pubmed\.graph: holds no dictionary"),
        ({"tx": csr_matrix(np.ones((6, FEATURES)))}, r"ind\.pubmed\.tx: does not fit"),
        ({"ty": np.ones((7, 4))}, r"ind\.pubmed\.ty: does not fit"),
        ({"y": np.ones((TRAIN, CLASSES))}, r"ind\.pubmed\.y: does not fit"),
        ({"x": csr_matrix(np.ones((2, FEATURES)))}, r"ind\.pubmed\.x: does not fit"),
        ({"allx": csr_matrix(np.ones((3, FEATURES)))}, r"ind\.pubmed\.allx: does not fit"),
        ({"allx": np.ones((FIRST, FEATURES))}, r"ind\.pubmed\.allx: holds no sparse matrix"),
        ({"ally": [1, 2]}, r"ind\.pubmed\.ally: holds no table of labels"),
        ({"test": [FIRST + i for i in (0, 0, 1, 2, 3, 4, 5)]}, r"ind\.pubmed\.test\.index: does not fit"),
        ({"test": [0, *range(FIRST, FIRST + 6)]}, r"ind\.pubmed\.test\.index: does not fit"),
        ({"test": ["x"]}, r"ind\.pubmed\.test\.index: is not one node number per line"),
        ({"test": [2**70]}, r"ind\.pubmed\.test\.index: is not one node number per line"),
        ({"allx": Malicious()}, r"ind\.pubmed\.allx: its pickle asks for __builtin__\.print"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RelampError, match=message):
        read_planetoid(planetoid(tmp_path, **changes), "Pubmed")


# Counts are the registry's, see test_read. The isolated nodes are those without any edge.
@pytest.mark.parametrize(("name", "isolated", "unlabelled"), [("Cora", 0, 0), ("Citeseer", 48, 15), ("Pubmed", 0, 0)])
def test_upstream_planetoid_equals_torch_geometrics_reader(name: str, isolated: int, unlabelled: int) -> None:
    where = UPSTREAM / "Planetoid"
    if not where.exists():
        pytest.skip(f"there is no {where}")
    data = read_planetoid(where, name)
    assert (np.bincount(data.edge_index[0], minlength=data.num_nodes) == 0).sum() == isolated
    assert (data.y < 0).sum() == data.info["unlabelled"] == unlabelled
    assert_equals(data, read_planetoid_data(str(where), name))


def citation_full(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "adj": csr_matrix((rng.random((8, 8)) < 0.2).astype(np.float32)),
        "attr": csr_matrix(rng.random((8, 4)) * (rng.random((8, 4)) < 0.5)),
        "labels": rng.integers(0, 3, size=8),
    }


def plain(parts: dict[str, Any]) -> dict[str, np.ndarray]:
    arrays = {"labels": parts["labels"]}
    for key in ("adj", "attr"):
        arrays |= {f"{key}_{part}": getattr(parts[key], part) for part in ("data", "indices", "indptr", "shape")}
    return arrays


@pytest.mark.parametrize("seed", range(3))
def test_both_forms_of_citation_full_equal_torch_geometrics_reader(tmp_path: Path, seed: int) -> None:
    parts = citation_full(seed)
    np.savez(tmp_path / "plain.npz", **plain(parts))
    names = {"adj_matrix": parts["adj"], "node_attr": parts["attr"], "node_label": parts["labels"]}
    np.savez(tmp_path / "objects.npz", **names)
    theirs = read_npz(str(tmp_path / "plain.npz"))
    for form in ("plain", "objects"):
        ours = read_citation_full(tmp_path / f"{form}.npz", "T")
        np.testing.assert_array_equal(ours.features().toarray(), theirs.x.numpy())
        np.testing.assert_array_equal(ours.edge_index, theirs.edge_index.numpy())
        assert ours.y.tolist() == theirs.y.tolist()
        assert len(ours.train) == len(ours.valid) == len(ours.test) == 0
        assert ours.info == {"self_loops_removed": int(parts["adj"].diagonal().sum())}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": None}, "is no citation graph .*labels"),
        ({"adj_indices": None}, "is no citation graph .*adj_indices"),
        ({"labels": np.zeros(7, dtype=np.int64)}, "7 labels do not fit together"),
        ({"labels": np.full(8, -1)}, "do not fit together"),
        ({"labels": np.full(8, 0.5)}, "its parts are of another kind"),
        ({"attr_shape": np.array([8, 1])}, "is no citation graph"),
        ({"adj_shape": np.array([8, 9])}, r"an adjacency matrix \(8, 9\)"),
    ],
)
def test_broken_citation_files_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    arrays = {key: value for key, value in (plain(citation_full(0)) | changes).items() if value is not None}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(RelampError, match=rf"a\.npz: .*{message}"):
        read_citation_full(tmp_path / "a.npz")


def test_objects_of_another_kind_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", adj_matrix=np.eye(2), node_attr=np.eye(2), node_label=np.zeros(2, dtype=int))
    with pytest.raises(RelampError, match="its parts are of another kind"):
        read_citation_full(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:-40])
    with pytest.raises(RelampError, match=r"b\.npz: is a zip file that is cut off"):
        read_citation_full(tmp_path / "b.npz")
