"""Molecules as graphs of categorical atoms and bonds, with the features of pretrain-gnns (Hu et al. 2020)."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from relamp.data.packed import MISSING, Integers, PackedGraphs
from relamp.errors import RelampError

# Atom type = atomic number - 1; 118 is kept free as upstream does, 119 is the mask of pre-training tasks.
ATOM_TYPES, ATOM_MASK = 120, 119
CHIRALITIES = 4
CARDINALITY = (ATOM_TYPES, CHIRALITIES)
# Bond types that no bond has: the encoder adds self-loops of type 4, and pre-training tasks mask with 5.
SELF_LOOP, BOND_MASK = 4, 5
BOND_CARDINALITY = (6, 3)

_CHIRALITY = {
    Chem.ChiralType.CHI_UNSPECIFIED: 0,
    Chem.ChiralType.CHI_TETRAHEDRAL_CW: 1,
    Chem.ChiralType.CHI_TETRAHEDRAL_CCW: 2,
}
_OTHER_CHIRALITY = 3
_BOND_TYPE = {
    Chem.BondType.SINGLE: 0,
    Chem.BondType.DOUBLE: 1,
    Chem.BondType.TRIPLE: 2,
    Chem.BondType.AROMATIC: 3,
}
_BOND_DIRECTION = {Chem.BondDir.NONE: 0, Chem.BondDir.ENDUPRIGHT: 1, Chem.BondDir.ENDDOWNRIGHT: 2}
DROPPED_COLUMNS = ["row", "smiles", "reason"]

_MOST_ATOMS = 2**16  # atom numbers are held in 16 bits


class _RefusedError(Exception):
    """A molecule that cannot be featurised; its message is the reason."""


@dataclass(frozen=True)
class Molecule:
    """The features of one molecule.

    Attributes:
        x: atom type and chirality, `[n, 2]`.
        edge_index: `[2, e]`; both directions of a bond follow each other, in the order of RDKit's bonds.
        edge_attr: bond type and bond direction, `[e, 2]`.
    """

    x: NDArray[np.uint8]
    edge_index: NDArray[np.uint16]
    edge_attr: NDArray[np.uint8]


def featurise(smiles: str) -> Molecule:
    """Return the atoms and bonds of a SMILES string with all its fragments, as pretrain-gnns featurises them.

    Raises RelampError if RDKit does not parse it or if it has an atom or a bond outside the fixed lists.
    """
    try:
        with rdBase.BlockLogs():
            parts = _columns(smiles)
    except _RefusedError as reason:
        raise RelampError(f"{smiles}: {reason}; drop this molecule or correct its SMILES") from reason
    atoms, ends, bonds = (np.array(part) for part in parts)
    return Molecule(
        x=atoms.astype(np.uint8).reshape(-1, 2),
        edge_index=ends.astype(np.uint16).reshape(-1, 2).T,
        edge_attr=bonds.astype(np.uint8).reshape(-1, 2),
    )


def pack_molecules(name: str, smiles: Iterable[str], y: Integers | None = None) -> tuple[PackedGraphs, pd.DataFrame]:
    """Featurise and pack SMILES strings; return the packed graphs and the dropped rows (row, smiles, reason).

    The strings are read one by one into flat buffers of one or two bytes an entry, so a corpus of millions fits.
    `y` is `[rows, tasks]` with 1, 0 and MISSING, or `[rows]` class numbers; without it there are zero tasks.

    Raises RelampError if `y` does not fit or if no molecule is left.
    """
    atoms, ends, bonds = array("B"), array("H"), array("B")
    node_offset, edge_offset = array("q", [0]), array("q", [0])
    kept: list[str] = []
    rows = array("q")
    dropped: list[tuple[int, str, str]] = []
    count = 0
    with rdBase.BlockLogs():
        for row, text in enumerate(smiles):
            count = row + 1
            try:
                new_atoms, new_ends, new_bonds = _columns(text)
            except _RefusedError as reason:
                dropped.append((row, str(text), str(reason)))
                continue
            atoms.extend(new_atoms)
            ends.extend(new_ends)
            bonds.extend(new_bonds)
            node_offset.append(len(atoms) // 2)
            edge_offset.append(len(ends) // 2)
            kept.append(text)
            rows.append(row)
    if not kept:
        raise RelampError(f"{name}: none of the {count} molecules can be featurised; check that the rows are SMILES")
    listed = pd.DataFrame(dropped, columns=DROPPED_COLUMNS)
    data = PackedGraphs(
        name=name,
        x=np.array(atoms).reshape(-1, 2),
        cardinality=CARDINALITY,
        edge_index=np.ascontiguousarray(np.array(ends).reshape(-1, 2).T),
        node_offset=np.array(node_offset),
        edge_offset=np.array(edge_offset),
        y=_labels(name, y, count)[np.array(rows)],
        edge_attr=np.array(bonds).reshape(-1, 2),
        smiles=tuple(kept),
        info={"rows": count, "dropped": listed.to_dict("records"), "rdkit": rdBase.rdkitVersion},
    )
    return data, listed


def _labels(name: str, y: Integers | None, rows: int) -> Integers:
    """Check the labels of all rows, dropped ones included."""
    if y is None:
        return np.zeros((rows, 0), dtype=np.int8)
    if len(y) != rows:
        raise RelampError(f"{name}: {len(y)} labels for {rows} molecules; give one row of labels a molecule")
    if y.ndim == 1:
        return y.astype(np.int64)
    if not np.isin(y, (1, 0, MISSING)).all():
        raise RelampError(f"{name}: task labels must be 1, 0 or {MISSING} (missing), found {np.unique(y)[:10]}")
    return y.astype(np.int8)


def _columns(smiles: str) -> tuple[list[int], list[int], list[int]]:
    """Return atoms (type, chirality), ends (source, target) and bonds (type, direction), each as one flat list."""
    mol = _parse(smiles)
    atoms: list[int] = []
    for atom in mol.GetAtoms():
        number = atom.GetAtomicNum()
        if number < 1:
            raise _RefusedError(f"atom {atom.GetSymbol()} has no atomic number")
        atoms += (number - 1, _CHIRALITY.get(atom.GetChiralTag(), _OTHER_CHIRALITY))
    ends: list[int] = []
    bonds: list[int] = []
    for bond in mol.GetBonds():
        kind, direction = _BOND_TYPE.get(bond.GetBondType()), _BOND_DIRECTION.get(bond.GetBondDir())
        if kind is None:
            raise _RefusedError(f"bond type {bond.GetBondType()} is not featurised")
        if direction is None:
            raise _RefusedError(f"bond direction {bond.GetBondDir()} is not featurised")
        a, b = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        ends += (a, b, b, a)
        bonds += (kind, direction, kind, direction)
    return atoms, ends, bonds


def _parse(smiles: str) -> Chem.Mol:
    """Parse one SMILES string, or say why not."""
    if not isinstance(smiles, str) or not smiles.strip():  # a missing cell of a table is a float
        raise _RefusedError("is empty")
    if len(smiles.split()) > 1:
        # RDKit would take the rest for a name and keep half a molecule without a word.
        raise _RefusedError("has white space inside")
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise _RefusedError(_why(smiles))
    if not 0 < mol.GetNumAtoms() <= _MOST_ATOMS:
        raise _RefusedError(f"has {mol.GetNumAtoms()} atoms")
    return mol


def _why(smiles: str) -> str:
    """Name the first chemical fault of a string that RDKit refuses: bad syntax has none to name."""
    raw = Chem.MolFromSmiles(smiles, sanitize=False)
    problems = [] if raw is None else Chem.DetectChemistryProblems(raw)
    return f"does not parse: {problems[0].Message()}" if problems else "does not parse"
