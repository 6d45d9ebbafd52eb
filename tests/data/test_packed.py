import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from packed_examples import small_graphs
from relamp.data.packed import PackedGraphs, map_arrays, ranges, smallest_uint
from relamp.errors import RelampError


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


def assert_same(a: PackedGraphs, b: PackedGraphs) -> None:
    for key in ("x", "edge_index", "node_offset", "edge_offset", "y"):
        np.testing.assert_array_equal(getattr(a, key), getattr(b, key), err_msg=key)
    assert (a.edge_attr is None) == (b.edge_attr is None)
    if a.edge_attr is not None:
        np.testing.assert_array_equal(a.edge_attr, b.edge_attr)
    assert (a.name, a.cardinality, a.smiles, a.info) == (b.name, b.cardinality, b.smiles, b.info)


@given(packed_graphs())
@settings(max_examples=40, deadline=None)
def test_save_and_load_return_the_same_graphs(tmp_path_factory: pytest.TempPathFactory, data: PackedGraphs) -> None:
    path = tmp_path_factory.mktemp("packed") / "data.safetensors"
    data.save(path)
    assert_same(PackedGraphs.load(path), data)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("top", "dtype"), [(0, np.uint8), (255, np.uint8), (256, np.uint16), (2**16, np.uint32), (2**32, np.int64)]
)
def test_smallest_uint_is_the_narrowest_that_holds(top: int, dtype: type) -> None:
    narrow = smallest_uint(np.array([0, top]))
    assert narrow.dtype == dtype
    assert narrow.tolist() == [0, top]


def test_sizes_of_the_small_set() -> None:
    data = small_graphs()
    assert len(data) == 3
    assert data.num_nodes.tolist() == [3, 0, 1]
    assert data.num_edges.tolist() == [4, 0, 1]
    assert data.num_classes == 3
    assert data.global_edge_index().tolist() == [[0, 1, 1, 2, 3], [1, 0, 2, 1, 3]]
    assert data.global_edge_index(0, 2).tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert data.global_edge_index(1, 3).tolist() == data.global_edge_index(2).tolist() == [[0], [0]]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.data())
def test_ranges_equal_a_loop(lengths: list[int], data: st.DataObject) -> None:
    offset = np.concatenate([[0], np.cumsum(lengths)])
    index = data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=10))
    naive = [i for g in index for i in range(offset[g], offset[g + 1])]
    assert ranges(offset, np.array(index, dtype=np.int64)).tolist() == naive


@given(packed_graphs(), st.data())
@settings(max_examples=40, deadline=None)
def test_take_equals_a_slow_copy_of_each_graph(data: PackedGraphs, draw: st.DataObject) -> None:
    index = draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=8))
    taken = data.take(np.array(index, dtype=np.int64))
    assert len(taken) == len(index)
    for new, old in enumerate(index):
        for part, offsets, axis in (
            ("x", "node_offset", 0),
            ("edge_index", "edge_offset", 1),
            ("edge_attr", "edge_offset", 0),
        ):
            if getattr(data, part) is None:
                assert getattr(taken, part) is None
                continue
            pick = [
                np.take(getattr(d, part), range(getattr(d, offsets)[g], getattr(d, offsets)[g + 1]), axis=axis)
                for d, g in ((data, old), (taken, new))
            ]
            np.testing.assert_array_equal(*pick)
        np.testing.assert_array_equal(taken.y[new], data.y[old])
        assert not data.smiles or taken.smiles[new] == data.smiles[old]


def test_taking_everything_changes_nothing() -> None:
    assert_same(small_graphs().take(np.arange(3)), small_graphs())


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"x": np.zeros((3, 1), dtype=int)}, "x (3, 1)"),
        ({"cardinality": (3, 1)}, "2 columns"),
        ({"edge_index": np.zeros((2, 4), dtype=int)}, "edge_index (2, 4)"),
        ({"edge_attr": np.zeros((2, 1), dtype=int)}, "edge_attr (2, 1)"),
        ({"y": np.zeros(2, dtype=int)}, "2 labels"),
        ({"smiles": ("C",)}, "1 SMILES for 3 graphs"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict[str, object], word: str) -> None:
    with pytest.raises(RelampError, match="small: arrays of packed graphs do not fit together") as error:
        replace(small_graphs(), **change)
    assert word in str(error.value)


def test_map_arrays_reads_plain_safetensors(tmp_path: Path) -> None:
    save_file({"x": np.arange(6.0, dtype=np.float32).reshape(2, 3)}, tmp_path / "a", metadata={"key": "word"})
    arrays, words = map_arrays(tmp_path / "a")
    assert arrays["x"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert words == {"key": "word"}


_LIMITED = """
import resource, sys
import numpy as np
from relamp.data.packed import PackedGraphs
data = PackedGraphs("big", np.ones((10**6, 1), dtype=int), (2,), np.zeros((2, 0), dtype=int),
                    np.array([0, 10**6]), np.array([0, 0]), np.array([0]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
data.save(sys.argv[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a matter of POSIX")
def test_a_write_that_the_system_cuts_leaves_no_file(tmp_path: Path) -> None:
    job = [sys.executable, "-B", "-c", _LIMITED, str(tmp_path / "a.safetensors")]
    run = subprocess.run(job, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    assert "File too large" in run.stderr
    assert list(tmp_path.iterdir()) == []
