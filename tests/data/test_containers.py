"""Laws of all kinds of packed data sets: what is saved comes back by memory map, and nothing else is taken for it."""

import errno
import json
import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from packed_examples import packed_graphs, small_corpus, small_graphs, small_images, small_nodes
from relamp.data.corpus import PackedCorpus, open_packed
from relamp.data.packed import MISSING, Packed, PackedGraphs, smallest_uint
from relamp.errors import RelampError

KINDS = GRAPHS, NODES, IMAGES, CORPUS = small_graphs(), small_nodes(), small_images(), small_corpus()
EXAMPLES = [
    *KINDS,
    replace(GRAPHS, smiles=(), edge_attr=np.arange(5)[:, None]),
    replace(GRAPHS, x=GRAPHS.x * 30_000, cardinality=(70_000,), name="Ä", info={"deep": {"x": [None, 1]}}),
    replace(GRAPHS, y=np.array([[1, MISSING], [0, 1], [MISSING, 0]], dtype=np.int8)),
    small_nodes(np.array([0.5, 1, 2, 3, 4], dtype=np.float32)),
    replace(NODES, y=np.eye(5, 4, dtype=np.int64), valid=np.zeros(0, dtype=np.int64)),
    small_images(1),
]
every = pytest.mark.parametrize("data", KINDS, ids=lambda data: type(data).__name__)


@pytest.mark.parametrize("data", EXAMPLES, ids=lambda data: type(data).__name__)
def test_what_is_saved_comes_back_by_memory_map_and_gives_the_same_bytes(data: Packed, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.safetensors", "b.safetensors")]
    data.save(paths[0])
    again = type(data).load(paths[0])
    for field in fields(data):
        value, found = getattr(data, field.name), getattr(again, field.name)
        if not isinstance(value, np.ndarray):
            assert found == value, field.name
            continue
        np.testing.assert_array_equal(found, value, err_msg=field.name)
        assert isinstance(found, np.memmap) or not found.size
        assert not found.flags.writeable
        if field.name in data.narrow or isinstance(data, PackedCorpus):
            assert found.dtype == smallest_uint(value).dtype, field.name
        elif field.name == "y":
            assert found.dtype == (np.int64 if value.ndim == 1 else np.int8)
    again.save(paths[1])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert sorted(tmp_path.iterdir()) == paths


@every
def test_a_missing_file_says_how_to_make_it(data: Packed, tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"a\.safetensors: is not there; make it with `snakemake"):
        type(data).load(tmp_path / "a.safetensors")


@every
def test_every_truncation_is_refused(data: Packed, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    data.save(path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(RelampError, match="is no safetensors file or is cut off"):
            type(data).load(path)


@every
def test_other_files_are_refused(data: Packed, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    refused = pytest.raises(RelampError, match=f"a.safetensors: holds no packed {data.holds} .*; delete it")
    for other in KINDS:
        if type(other) is not type(data):
            other.save(path)
            with refused:
                type(data).load(path)
    save_file({"x": np.zeros(3, dtype=np.float32)}, path)
    with refused:
        type(data).load(path)
    data.save(path)
    path.write_bytes(path.read_bytes().replace(b'\\"name\\"', b'\\"nome\\"'))
    with refused:
        type(data).load(path)
    path.write_text("graph,fold\n" * 20)
    with pytest.raises(RelampError, match="is no safetensors file"):
        type(data).load(path)


HEADERS = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["__metadata__", "packed", "x", "dtype", "shape", "data_offsets"]), inner)
    ),
    max_leaves=8,
)


@given(HEADERS.map(json.dumps) | st.sampled_from(["[" * 10**5, '{"a":' * 10**5, "\x00"]))
@settings(max_examples=200, deadline=None)
def test_a_header_of_any_form_is_refused_in_a_line(tmp_path_factory: pytest.TempPathFactory, header: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    path.write_bytes(len(header.encode()).to_bytes(8, "little") + header.encode() + bytes(64))
    with pytest.raises(
        RelampError, match=r"any\.safetensors: (is no safetensors file|holds no packed graphs)"
    ) as caught:
        PackedGraphs.load(path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("words", [3, "[]", "[" * 10**5, "3", '{"cardinality": 3}'])
def test_words_of_a_header_of_another_form_are_refused(tmp_path: Path, words: Any) -> None:
    header = json.dumps({"__metadata__": {"packed": words}}).encode()
    (tmp_path / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(RelampError, match="holds no packed graphs"):
        PackedGraphs.load(tmp_path / "a.safetensors")


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"cannot be read \(Is a directory\)"):
        PackedGraphs.load(tmp_path)


@every
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    data: Packed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RelampError, match=r"a\.safetensors: could not be written \(No space left on device\)"):
        data.save(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_graphs_and_corpora_are_told_apart(tmp_path: Path) -> None:
    for data in (GRAPHS, CORPUS):
        data.save(tmp_path / "a.safetensors")
        assert type(open_packed(tmp_path / "a.safetensors")) is type(data)
    IMAGES.save(tmp_path / "a.safetensors")
    with pytest.raises(RelampError, match="holds no packed graphs"):
        open_packed(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("data", "change", "message"),
    [
        (GRAPHS, {"x": np.zeros((3, 1), dtype=int)}, r"x \(3, 1\)"),
        (GRAPHS, {"cardinality": (3, 1)}, "2 columns"),
        (GRAPHS, {"edge_index": np.zeros((2, 4), dtype=int)}, r"edge_index \(2, 4\)"),
        (GRAPHS, {"edge_attr": np.zeros((2, 1), dtype=int)}, r"edge_attr \(2, 1\)"),
        (GRAPHS, {"y": np.zeros(2, dtype=int)}, "2 labels"),
        (GRAPHS, {"smiles": ("C",)}, "1 SMILES for 3 graphs"),
        (NODES, {"feature_offset": np.array([0, 2, 2, 3, 5])}, "5 feature offsets, 5 features, 5 labels"),
        (NODES, {"feature_offset": np.array([0, 2, 2, 3, 4, 6])}, "6 feature offsets, 5 features"),
        (NODES, {"feature_value": np.ones(4, dtype=np.float32)}, "4 feature values for 5 columns"),
        (NODES, {"feature_index": np.array([0, 2, 1, 3, 0], dtype=np.uint8)}, r"feature columns outside 0 \.\.\. 2"),
        (NODES, {"edge_index": np.array([[0], [5]], dtype=np.uint8)}, r"edge_index \(2, 1\) against 5 nodes"),
        (NODES, {"edge_index": np.array([[0], [-1]])}, r"edge_index \(2, 1\) against 5 nodes"),
        (NODES, {"edge_index": np.array([0, 1])}, r"edge_index \(2,\) against 5 nodes"),
        (NODES, {"graph_offset": np.array([0, 3])}, "graphs end at node 3 of 5"),
        (NODES, {"train": np.array([1])}, "the parts of the split share nodes"),
        (NODES, {"test": np.array([5])}, "name nodes that are not there"),
        (NODES, {"test": np.array([-1])}, "name nodes that are not there"),
        (IMAGES, {"images": np.zeros((5, 3, 2, 4))}, r"images \(5, 3, 2, 4\) of float64"),
        (IMAGES, {"images": np.zeros((5, 2, 2, 4), dtype=np.uint8)}, r"images \(5, 2, 2, 4\) of uint8"),
        (IMAGES, {"images": np.zeros((5, 8), dtype=np.uint8)}, r"images \(5, 8\) of uint8"),
        (IMAGES, {"y": np.array([0, 1])}, r"5 images, labels \(2,\)"),
        (IMAGES, {"y": np.array([0, 1, -1, 0, 0])}, "labels below 0"),
        (IMAGES, {"test": np.array([3])}, "the parts of the split share images"),
        (IMAGES, {"test": np.array([5])}, "name images that are not there"),
        (IMAGES, {"train": np.array([-1])}, "name images that are not there"),
        (CORPUS, {"atom": np.zeros(5, np.uint8)}, r"atom \(5,\) against 6 atoms"),
        (CORPUS, {"bond": np.zeros(2, np.uint8)}, r"bond \(2,\) against 3 bonds"),
        (CORPUS, {"ends": np.zeros((3, 3), np.uint8)}, r"ends \(3, 3\), kinds"),
        (CORPUS, {"node_offset": np.array([0, 6])}, "2 node offsets, 4 bond offsets"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(data: Packed, change: dict, message: str) -> None:
    together = f"small: arrays of packed {data.holds} do not fit together: "
    with pytest.raises(RelampError, match=f"{together}.*{message}"):
        replace(data, **change)


def test_what_the_small_images_say_of_themselves() -> None:
    assert (len(IMAGES), IMAGES.num_classes, IMAGES.channels, small_images(1).channels) == (5, 3, 3, 1)
    assert [IMAGES.class_name(number) for number in range(3)] == ["cat", "dog", "2"]
    assert replace(IMAGES, info={}).class_name(0) == "0"


@pytest.mark.parametrize(
    ("top", "dtype"), [(0, np.uint8), (255, np.uint8), (256, np.uint16), (2**16, np.uint32), (2**32, np.int64)]
)
def test_smallest_uint_is_the_narrowest_that_holds(top: int, dtype: type) -> None:
    narrow = smallest_uint(np.array([0, top]))
    assert narrow.dtype == dtype
    assert narrow.tolist() == [0, top]


def test_sizes_of_the_small_graphs() -> None:
    data = GRAPHS
    assert (len(data), data.num_classes) == (3, 3)
    assert (data.num_nodes.tolist(), data.num_edges.tolist()) == ([3, 0, 1], [4, 0, 1])
    assert data.global_edge_index().tolist() == [[0, 1, 1, 2, 3], [1, 0, 2, 1, 3]]
    assert data.global_edge_index(0, 2).tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert data.global_edge_index(1, 3).tolist() == data.global_edge_index(2).tolist() == [[0], [0]]


def graph(data: PackedGraphs, number: int) -> tuple[object, ...]:
    """All that is kept of one graph."""
    nodes, edges = (slice(*offset[number : number + 2]) for offset in (data.node_offset, data.edge_offset))
    attributes = None if data.edge_attr is None else data.edge_attr[edges].tolist()
    label, smiles = data.y[number].tolist(), data.smiles[number : number + 1]
    return data.x[nodes].tolist(), data.edge_index[:, edges].tolist(), attributes, label, smiles


@given(packed_graphs(), st.data())
@settings(max_examples=40, deadline=None)
def test_take_equals_a_slow_copy_of_each_graph(data: PackedGraphs, draw: st.DataObject) -> None:
    index = draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=8))
    taken = data.take(np.array(index, dtype=np.int64))
    assert [graph(taken, new) for new in range(len(taken))] == [graph(data, old) for old in index]
