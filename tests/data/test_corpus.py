from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from packed_examples import small_corpus
from relamp.data.corpus import open_packed
from relamp.data.packed import Column, map_arrays, write_columns
from relamp.errors import RelampError


def test_molecules_are_taken_as_worked_out_by_small_corpus() -> None:
    corpus = small_corpus()
    assert len(corpus) == 3
    taken = corpus.take(np.array([2, 1, 0, 2]))
    assert taken.x.tolist() == [[5, 0], [6, 0], [1, 0], [7, 0], [0, 0], [0, 0], [5, 0], [6, 0]]
    assert taken.edge_index.tolist() == [[0, 1, 0, 1, 0, 2, 0, 1], [1, 0, 1, 0, 2, 0, 1, 0]]
    assert taken.edge_attr is not None
    assert taken.edge_attr.tolist() == [[2, 0]] * 2 + [[0, 0]] * 4 + [[2, 0]] * 2
    assert taken.node_offset.tolist() == [0, 2, 3, 6, 8]
    assert taken.edge_offset.tolist() == [0, 2, 2, 6, 8]
    assert (taken.y.shape, taken.y.dtype, taken.smiles) == ((4, 0), np.int8, ())
    assert (taken.name, taken.cardinality, taken.info) == ("small", (120, 4), corpus.info)


def test_nothing_is_taken_by_an_empty_index() -> None:
    taken = small_corpus().take(np.array([], dtype=np.int64))
    assert (len(taken), taken.x.shape, taken.edge_index.shape) == (0, (0, 2), (2, 0))


@pytest.mark.parametrize("index", [[3], [-1], [0, 7]])
def test_there_is_nothing_before_the_first_or_after_the_last(index: list[int]) -> None:
    with pytest.raises(IndexError, match="of 3"):
        small_corpus().take(np.array(index))


def test_the_library_reads_what_is_written_in_pieces(tmp_path: Path) -> None:
    arrays = {
        "wide": np.arange(5, dtype=np.int64),
        "bytes": np.arange(7, dtype=np.uint8),
        "pairs": np.arange(6, dtype=np.uint16).reshape(3, 2),
        "none": np.zeros((0, 2), dtype=np.uint32),
    }
    columns = {key: Column(array.dtype, array.shape, np.array_split(array, 2)) for key, array in arrays.items()}
    write_columns(tmp_path / "a.safetensors", {"word": "ä"}, columns)
    read, (mapped, words) = load_file(tmp_path / "a.safetensors"), map_arrays(tmp_path / "a.safetensors")
    assert words == {"word": "ä"}
    for key, array in arrays.items():
        for found in (read[key], mapped[key]):
            np.testing.assert_array_equal(found, array)
            assert found.dtype == array.dtype
        assert mapped[key].flags.aligned


def test_pieces_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    column = Column(np.dtype(np.uint8), (5,), [np.zeros(2, np.uint8), np.zeros(2, np.uint8)])
    with pytest.raises(RelampError, match="a has 4 bytes, not 5"):
        write_columns(tmp_path / "a.safetensors", {}, {"a": column})
    assert list(tmp_path.iterdir()) == []


def resident(path: Path) -> int:
    """Bytes of a mapped file that this process has touched."""
    maps, kilobytes, inside = Path("/proc/self/smaps"), 0, False
    if not maps.exists():
        pytest.skip("there is no /proc that tells which pages were touched")
    for line in maps.read_text().splitlines():
        if "-" in line.split(" ")[0]:  # the first line of a mapping is its addresses
            inside = line.endswith(str(path))
        elif inside and line.startswith("Rss:"):
            kilobytes += int(line.split()[1])
    return 1024 * kilobytes


def test_of_a_large_corpus_only_what_is_taken_is_read(tmp_path: Path) -> None:
    molecules, each = 32, 2**21
    sizes = {"atom": np.zeros(molecules * each, dtype=np.uint8), "node_offset": each * np.arange(molecules + 1)}
    bonds = {"ends": np.zeros((0, 2), dtype=np.uint8), "bond": np.zeros(0, dtype=np.uint8)}
    path = tmp_path / "large.safetensors"
    replace(small_corpus(), **sizes, **bonds, bond_offset=np.zeros(molecules + 1, dtype=np.int64)).save(path)
    corpus = open_packed(path)
    assert resident(path) < 2**20
    taken = corpus.take(np.array([20]))
    assert taken.x.shape == (each, 2)
    assert 0 < resident(path) < 2 * each + 2**20
