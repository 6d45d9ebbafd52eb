"""A corpus of unlabelled molecules in one memory-mapped file, each bond once and in as few bytes as will do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import Integers, Packed, PackedGraphs, map_arrays, offsets, ranges

_Integer = TypeVar("_Integer", bound=np.integer[Any])


@dataclass(frozen=True)
class PackedCorpus(Packed):
    """Molecules packed one after another; molecule g owns atoms `node_offset[g]:node_offset[g + 1]`, likewise bonds.

    A pair of features is held as one number, its row in a small table of the pairs that occur.

    Attributes:
        cardinality: number of categories of both atom features.
        atom: row of each atom in `atom_kinds`, `[N]`.
        atom_kinds: atom type and chirality, `[P, 2]`.
        ends: begin and end of each bond, numbered within its molecule, `[B, 2]`.
        bond: row of each bond in `bond_kinds`, `[B]`.
        bond_kinds: bond type and bond direction, `[Q, 2]`.
        node_offset, bond_offset: `[G + 1]`.
        info: free facts about the origin, stored in the file's header.
    """

    header = "corpus"
    holds = "molecules"
    narrow = ("atom", "atom_kinds", "ends", "bond", "bond_kinds", "node_offset", "bond_offset")

    cardinality: tuple[int, ...]
    atom: Integers
    atom_kinds: Integers
    ends: Integers
    bond: Integers
    bond_kinds: Integers
    node_offset: Integers
    bond_offset: Integers
    info: Mapping[str, Any] = field(default_factory=dict)

    def _faults(self) -> Iterator[str]:
        if self.atom.shape != (int(self.node_offset[-1]),):
            yield f"atom {self.atom.shape} against {self.node_offset[-1]} atoms"
        if not len(self.ends) == len(self.bond) == int(self.bond_offset[-1]):
            yield f"ends {self.ends.shape}, bond {self.bond.shape} against {self.bond_offset[-1]} bonds"
        if {self.ends.shape[1:], self.atom_kinds.shape[1:], self.bond_kinds.shape[1:]} != {(2,)}:
            yield f"ends {self.ends.shape}, kinds {self.atom_kinds.shape} and {self.bond_kinds.shape}"
        if len(self.node_offset) != len(self.bond_offset):
            yield f"{len(self.node_offset)} node offsets, {len(self.bond_offset)} bond offsets"

    def __len__(self) -> int:
        return len(self.node_offset) - 1

    def take(self, index: Integers) -> PackedGraphs:
        """Return the molecules of `index`, in that order, as packed graphs without SMILES and labels.

        They are those of `pack_molecules`: both directions of a bond follow each other.
        """
        index = np.asarray(index, dtype=np.int64)
        if len(index) and not 0 <= index.min() <= index.max() < len(self):
            raise IndexError(f"{self.name}: molecules {index.min()} to {index.max()} of {len(self)}")
        atoms, bonds = ranges(self.node_offset, index), ranges(self.bond_offset, index)
        return PackedGraphs(
            name=self.name,
            x=self.atom_kinds[self.atom[atoms]],
            cardinality=self.cardinality,
            edge_index=both_directions(self.ends[bonds]),
            node_offset=offsets(self.node_offset[index + 1] - self.node_offset[index]),
            edge_offset=2 * offsets(self.bond_offset[index + 1] - self.bond_offset[index]),
            y=np.zeros((len(index), 0), dtype=np.int8),
            edge_attr=np.repeat(self.bond_kinds[self.bond[bonds]], 2, axis=0),
            info=self.info,
        )


def open_packed(path: Path | str) -> PackedGraphs | PackedCorpus:
    """Open a packed file of either kind by memory map, as its header says.

    Raises RelampError if the file is missing, cut off or neither.
    """
    _, header = map_arrays(path)
    return PackedCorpus.load(path) if PackedCorpus.header in header else PackedGraphs.load(path)


def both_directions(ends: NDArray[_Integer]) -> NDArray[_Integer]:
    """Return the edge index `[2, 2 B]` of bonds `[B, 2]`: each bond forth, then back."""
    edge_index = np.empty((2, 2 * len(ends)), dtype=ends.dtype)
    edge_index[:, 0::2] = ends.T
    edge_index[:, 1::2] = ends.T[::-1]
    return edge_index
