"""Laws of all kinds of packed data sets: what is saved comes back by memory map, and nothing else is taken for it."""

import errno
import os
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from packed_examples import small_corpus, small_graphs, small_images, small_nodes
from relamp.data.corpus import open_packed
from relamp.data.packed import MISSING, Packed
from relamp.errors import RelampError

KINDS = [small_graphs(), small_nodes(), small_images(), small_corpus()]
EXAMPLES = [
    *KINDS,
    replace(small_graphs(), smiles=(), edge_attr=np.arange(5)[:, None]),
    replace(small_graphs(), y=np.array([[1, MISSING], [0, 1], [MISSING, 0]], dtype=np.int8)),
    small_nodes(np.array([0.5, 1, 2, 3, 4], dtype=np.float32)),
    replace(small_nodes(), y=np.eye(5, 4, dtype=np.int8), valid=np.zeros(0, dtype=np.int64)),
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
        if field.name in data.narrow:
            assert found.dtype == np.uint8, field.name
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
    for data in (small_graphs(), small_corpus()):
        data.save(tmp_path / "a.safetensors")
        assert type(open_packed(tmp_path / "a.safetensors")) is type(data)
    small_images().save(tmp_path / "a.safetensors")
    with pytest.raises(RelampError, match="holds no packed graphs"):
        open_packed(tmp_path / "a.safetensors")
