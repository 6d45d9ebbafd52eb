import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from packed_examples import small_corpus
from relamp.data.corpus import PackedCorpus, both_directions, open_packed
from relamp.data.molecules import CARDINALITY, Molecules, pack_molecules, read_molecules
from relamp.data.packed import Column, PackedGraphs, map_arrays, write_columns
from relamp.errors import RelampError

# A lone atom, an ion pair, two fragments, both chiralities, both directions, a triple bond, a ring.
MOLECULES = [
    *("C", "[Na+].[Cl-]", "CC.O", "C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "F/C=C/F", "F/C=C\\F", "N#CC=O", "c1ccccc1"),
    "N[Pt@SP1](N)(Cl)Cl",
]


def encode(read: Molecules, **fields: Any) -> PackedCorpus:
    """Pack molecules that were read, with numpy's own search for the pairs that occur."""
    atom_kinds, atom = np.unique(read.atoms, axis=0, return_inverse=True)
    bond_kinds, bond = np.unique(read.bonds, axis=0, return_inverse=True)
    return PackedCorpus(
        name="some",
        cardinality=CARDINALITY,
        atom=atom.ravel(),
        atom_kinds=atom_kinds,
        ends=read.ends,
        bond=bond.ravel(),
        bond_kinds=bond_kinds,
        node_offset=np.concatenate([[0], np.cumsum(read.num_atoms)]),
        bond_offset=np.concatenate([[0], np.cumsum(read.num_bonds)]),
        **fields,
    )


def assert_same(a: PackedGraphs, b: PackedGraphs) -> None:
    for key in ("x", "edge_index", "edge_attr", "node_offset", "edge_offset", "y"):
        np.testing.assert_array_equal(getattr(a, key), getattr(b, key), err_msg=key)
    assert (a.y.dtype, a.cardinality) == (b.y.dtype, b.cardinality)


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


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_any_molecules_in_any_order_are_those_of_pack_molecules(data: st.DataObject) -> None:
    smiles = data.draw(st.lists(st.sampled_from(MOLECULES), min_size=1, max_size=12))
    index = np.array(data.draw(st.lists(st.integers(0, len(smiles) - 1), max_size=12)), dtype=np.int64)
    order = np.array(data.draw(st.permutations(range(len(smiles)))))
    plain = pack_molecules("some", smiles)
    corpus = encode(read_molecules(smiles))
    assert_same(corpus.take(index), plain.take(index))
    assert_same(corpus.take(order), plain.take(order))
    assert_same(corpus.take(order), pack_molecules("some", [smiles[i] for i in order]))


def test_both_directions_follow_each_other() -> None:
    ends = np.array([[0, 1], [2, 1]], dtype=np.uint8)
    assert both_directions(ends).tolist() == [[0, 1, 2, 1], [1, 0, 1, 2]]
    assert both_directions(ends).dtype == np.uint8


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


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("atom", np.zeros(5, np.uint8), r"atom \(5,\) against 6 atoms"),
        ("bond", np.zeros(2, np.uint8), r"bond \(2,\) against 3 bonds"),
        ("ends", np.zeros((3, 3), np.uint8), r"ends \(3, 3\), kinds"),
        ("node_offset", np.array([0, 6]), "2 node offsets, 4 bond offsets"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(field: str, value: np.ndarray, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        replace(small_corpus(), **{field: value})


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
    # A file that is one hole of 2 GB where the atoms are.
    molecules, each = 1000, 2**21
    path = tmp_path / "large.safetensors"
    small = {
        "atom_kinds": np.array([[5, 0]], dtype=np.uint8),
        "ends": np.zeros((0, 2), dtype=np.uint8),
        "bond": np.zeros(0, dtype=np.uint8),
        "bond_kinds": np.zeros((0, 2), dtype=np.uint8),
        "node_offset": np.arange(0, (molecules + 1) * each, each, dtype=np.int64),
        "bond_offset": np.zeros(molecules + 1, dtype=np.int64),
    }
    words = {"corpus": json.dumps({"name": "large", "cardinality": [120, 4], "info": {}})}
    header: dict[str, Any] = {"__metadata__": words}
    start, body = 0, b""
    for key, array in small.items():
        dtype = "U8" if array.dtype == np.uint8 else "I64"
        header[key] = {"dtype": dtype, "shape": array.shape, "data_offsets": [start, start + array.nbytes]}
        start, body = start + array.nbytes, body + array.tobytes()
    header["atom"] = {"dtype": "U8", "shape": [molecules * each], "data_offsets": [start, start + molecules * each]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + body)
        file.truncate(8 + len(text) + start + molecules * each)
    corpus = open_packed(path)
    assert resident(path) < 2**20
    taken = corpus.take(np.array([500]))
    assert taken.x.shape == (each, 2)
    assert 0 < resident(path) < 2 * each + 2**20
