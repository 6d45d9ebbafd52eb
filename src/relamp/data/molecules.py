"""Molecules as graphs of categorical atoms and bonds, with the features of pretrain-gnns (Hu et al. 2020)."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from relamp.data.binary import decode
from relamp.data.corpus import both_directions
from relamp.data.packed import MISSING, Integers, PackedGraphs, offsets, ranges
from relamp.errors import RelampError

# Atom type = atomic number - 1; 118 is kept free as upstream does, 119 is the mask of pre-training tasks.
ATOM_TYPES, ATOM_MASK = 120, 119
CHIRALITIES = 4
CARDINALITY = (ATOM_TYPES, CHIRALITIES)
# Bond types that no bond has: the encoder adds self-loops of type 4, and pre-training tasks mask with 5.
SELF_LOOP, BOND_MASK = 4, 5
BOND_CARDINALITY = (6, 3)


def _numbered(kinds: Any, names: str) -> dict[Any, int]:
    return {getattr(kinds, name): number for number, name in enumerate(names.split())}


def _by_number(table: Mapping[Any, int]) -> NDArray[np.uint8]:
    codes = np.full(256, _NO_CODE, dtype=np.uint8)
    codes[list(map(int, table))] = list(table.values())
    return codes


_NO_CODE = 255
_CHIRALITY = _numbered(Chem.ChiralType, "CHI_UNSPECIFIED CHI_TETRAHEDRAL_CW CHI_TETRAHEDRAL_CCW")
_OTHER_CHIRALITY = 3
_BOND_TYPE = _numbered(Chem.BondType, "SINGLE DOUBLE TRIPLE AROMATIC")
_BOND_DIRECTION = _numbered(Chem.BondDir, "NONE ENDUPRIGHT ENDDOWNRIGHT")
# The same by RDKit's own numbers.
_TYPE_OF, _DIRECTION_OF = _by_number(_BOND_TYPE), _by_number(_BOND_DIRECTION)
# These steps follow the one that finds aromatic bonds, the last that matters where nothing is said of stereochemistry.
_IDLE = "SETCONJUGATION SETHYBRIDIZATION CLEANUPCHIRALITY CLEANUPATROPISOMERS ADJUSTHS"
_FLAT = Chem.SANITIZE_ALL & ~sum(int(getattr(Chem.SanitizeFlags, f"SANITIZE_{name}")) for name in _IDLE.split())
_UNCHANGED: Any = Chem.SmilesParserParams()
_UNCHANGED.sanitize, _UNCHANGED.removeHs = False, False
DROPPED_COLUMNS = ["row", "smiles", "reason"]

_AT_ONCE = 4096  # molecules whose binary forms a processor's cache holds
_MOST_ATOMS = 2**16  # atom numbers are held in 16 bits
_MOST_LETTERS = 10_000  # the time that RDKit takes for nested branches grows with the square of their number


class _RefusedError(Exception):
    """A molecule that cannot be featurised; its message is the reason."""


@dataclass(frozen=True)
class Molecules:
    """Atoms and bonds of many molecules one after another, each bond once.

    Attributes:
        atoms: atom type and chirality, `[N, 2]`.
        ends: begin and end of each bond, numbered within its molecule, `[B, 2]`.
        bonds: bond type and bond direction, `[B, 2]`; both directions of an edge have the same.
        num_atoms, num_bonds: `[G]`.
        smiles: the strings that were kept.
        rows: the row of each kept molecule, `[G]`.
        dropped: row, SMILES and reason of the others.
        count: number of rows, dropped ones included.
    """

    atoms: NDArray[np.uint8]
    ends: NDArray[np.uint16]
    bonds: NDArray[np.uint8]
    num_atoms: NDArray[np.int64]
    num_bonds: NDArray[np.int64]
    smiles: tuple[str, ...]
    rows: NDArray[np.int64]
    dropped: list[tuple[int, str, str]]
    count: int


class _Arrays(NamedTuple):
    """The arrays of `Molecules`."""

    atoms: NDArray[np.uint8]
    ends: NDArray[np.uint16]
    bonds: NDArray[np.uint8]
    num_atoms: NDArray[np.int64]
    num_bonds: NDArray[np.int64]
    rows: NDArray[np.int64]


def read_molecules(smiles: Iterable[str]) -> Molecules:
    """Featurise SMILES strings into flat arrays of one or two bytes an entry.

    Raises no error for a molecule that cannot be featurised: it is listed among the dropped.
    """
    lines = list(smiles)
    with rdBase.BlockLogs():
        parts = [_at_once(lines, start) for start in range(0, len(lines), _AT_ONCE)]
        left = set(range(len(lines))).difference(*(part.rows.tolist() for part in parts))
        rest, dropped = _one_by_one(lines, sorted(left))
    both = _Arrays(*map(np.concatenate, zip(*parts, rest, strict=True)))
    order = np.argsort(both.rows)
    atoms, bonds = (ranges(offsets(count), order) for count in (both.num_atoms, both.num_bonds))
    rows = both.rows[order]
    return Molecules(
        atoms=both.atoms[atoms],
        ends=both.ends[bonds],
        bonds=both.bonds[bonds],
        num_atoms=both.num_atoms[order],
        num_bonds=both.num_bonds[order],
        smiles=tuple(lines[row] for row in rows),
        rows=rows,
        dropped=dropped,
        count=len(lines),
    )


def _at_once(lines: Sequence[str], start: int = 0) -> _Arrays:
    """Featurise of some rows what has nothing out of the ordinary, which is nearly everything."""
    read = decode(list(map(_binary, lines[start : start + _AT_ONCE])))
    kinds, directions = _TYPE_OF[read.type], _DIRECTION_OF[read.direction]
    of_atom, of_bond = (np.repeat(np.arange(len(each)), each) for each in (read.num_atoms, read.num_bonds))
    usual = np.ones(len(read.num_atoms), dtype=bool)
    # RDKit takes some hydrogens out, and what is no atom or bond that is featurised has its reason to be named.
    usual[of_atom[read.number <= 1]] = False
    usual[of_bond[(kinds == _NO_CODE) | (directions == _NO_CODE)]] = False
    atoms = np.stack([read.number - 1, np.minimum(read.chirality, _OTHER_CHIRALITY)], axis=1)
    ends = np.stack([read.begin, read.end], axis=1).astype(np.uint16)
    return _Arrays(
        atoms=atoms[usual[of_atom]],
        ends=ends[usual[of_bond]],
        bonds=np.stack([kinds, directions], axis=1)[usual[of_bond]],
        num_atoms=read.num_atoms[usual],
        num_bonds=read.num_bonds[usual],
        rows=start + np.flatnonzero(read.known)[usual],
    )


def _one_by_one(lines: Sequence[str], rows: Iterable[int]) -> tuple[_Arrays, list[tuple[int, str, str]]]:
    """Featurise some rows by RDKit's calls for each atom and bond; return the dropped ones too."""
    # One flat buffer a feature: atom type, chirality; begin and end of a bond, its type and direction.
    buffers = (array("B"), array("B"), array("H"), array("H"), array("B"), array("B"))
    num_atoms, num_bonds, kept = array("q"), array("q"), array("q")
    dropped: list[tuple[int, str, str]] = []
    for row in rows:
        try:
            columns = _columns(lines[row])
        except _RefusedError as reason:
            dropped.append((row, str(lines[row]), str(reason)))
            continue
        for buffer, column in zip(buffers, columns, strict=True):
            buffer.extend(column)
        num_atoms.append(len(columns[0]))
        num_bonds.append(len(columns[-1]))
        kept.append(row)
    columns_of = [np.array(buffer) for buffer in buffers]
    atoms, ends, bonds = (np.stack(columns_of[i : i + 2], axis=1) for i in (0, 2, 4))
    return _Arrays(atoms, ends, bonds, *map(np.array, (num_atoms, num_bonds, kept))), dropped


def _binary(text: str) -> bytes:
    """Return RDKit's binary form of a molecule, without what no feature needs; nothing where anything is unusual."""
    if not isinstance(text, str) or not text.isascii() or len(text) > _MOST_LETTERS or text.split() != [text]:
        return b""
    mol = Chem.MolFromSmiles(text, _UNCHANGED)
    stereo = "@" in text or "/" in text or "\\" in text
    if mol is None or Chem.SanitizeMol(mol, Chem.SANITIZE_ALL if stereo else _FLAT, catchErrors=True):
        return b""
    if stereo:
        Chem.AssignStereochemistry(mol, cleanIt=True)
    form: bytes = mol.ToBinary(0)
    return form


def pack_molecules(name: str, smiles: Iterable[str], y: Integers | None = None) -> PackedGraphs:
    """Featurise and pack SMILES strings; `info["dropped"]` lists the dropped rows (row, smiles, reason).

    `y` is `[rows, tasks]` with 1, 0 and MISSING, or `[rows]` class numbers; without it there are zero tasks.

    Raises RelampError if `y` does not fit or if no molecule is left.
    """
    read = read_molecules(smiles)
    if not read.smiles:
        fault = f"none of the {read.count} molecules can be featurised"
        raise RelampError(f"{name}: {fault}; check that the rows are SMILES")
    dropped = [dict(zip(DROPPED_COLUMNS, row, strict=True)) for row in read.dropped]
    info = {"rows": read.count, "dropped": dropped, "rdkit": rdBase.rdkitVersion}
    return replace(molecule_graphs(name, read), y=_labels(name, y, read.count)[read.rows], info=info)


def molecule_graphs(name: str, read: Molecules) -> PackedGraphs:
    """Pack molecules that were read, without labels; there may be none."""
    return PackedGraphs(
        name=name,
        x=read.atoms,
        cardinality=CARDINALITY,
        edge_index=both_directions(read.ends),
        node_offset=offsets(read.num_atoms),
        edge_offset=offsets(2 * read.num_bonds),
        y=np.zeros((len(read.smiles), 0), dtype=np.int8),
        edge_attr=np.repeat(read.bonds, 2, axis=0),
        smiles=read.smiles,
    )


def _labels(name: str, y: Integers | None, rows: int) -> Integers:
    """Check the labels of all rows, dropped ones included."""
    if y is None:
        return np.zeros((rows, 0), dtype=np.int8)
    if len(y) != rows:
        raise RelampError(f"{name}: {len(y)} labels for {rows} molecules; give one row of labels per molecule")
    if y.ndim == 1:
        return y.astype(np.int64)
    if not np.isin(y, (1, 0, MISSING)).all():
        raise RelampError(f"{name}: task labels must be 1, 0 or {MISSING} (missing), found {np.unique(y)[:10]}")
    return y.astype(np.int8)


def _columns(smiles: str) -> tuple[list[int], ...]:
    """Return atom types, chiralities, begins, ends, bond types and bond directions, each as one list."""
    mol = _parse(smiles)
    # Each call into RDKit counts here: chirality comes from @ alone, a direction from a slash alone, things by their
    # number come in half the time that RDKit's iterators take, and `map` calls quicker than a loop.
    atoms = list(map(mol.GetAtomWithIdx, range(mol.GetNumAtoms())))
    bonds = list(map(mol.GetBondWithIdx, range(mol.GetNumBonds())))
    types = [number - 1 for number in map(Chem.Atom.GetAtomicNum, atoms)]
    if min(types) < 0:
        raise _RefusedError(f"atom {atoms[types.index(-1)].GetSymbol()} has no atomic number")
    chiralities = [0] * len(atoms)
    if "@" in smiles:
        chiralities = [_CHIRALITY.get(tag, _OTHER_CHIRALITY) for tag in map(Chem.Atom.GetChiralTag, atoms)]
    kinds = _looked_up(_BOND_TYPE, map(Chem.Bond.GetBondType, bonds), "type")
    directions = [0] * len(bonds)
    if "/" in smiles or "\\" in smiles:
        directions = _looked_up(_BOND_DIRECTION, map(Chem.Bond.GetBondDir, bonds), "direction")
    begins, ends = list(map(Chem.Bond.GetBeginAtomIdx, bonds)), list(map(Chem.Bond.GetEndAtomIdx, bonds))
    return types, chiralities, begins, ends, kinds, directions


def _looked_up(table: Mapping[Any, int], values: Iterable[Any], what: str) -> list[int]:
    """Number the values by a fixed list."""
    try:
        return [table[value] for value in values]
    except KeyError as missing:
        raise _RefusedError(f"bond {what} {missing.args[0]} is not featurised") from missing


def _parse(smiles: str) -> Chem.Mol:
    """Parse one SMILES string, or say why not."""
    if not isinstance(smiles, str) or not smiles.strip():  # a missing cell of a table is a float
        raise _RefusedError("is empty")
    if len(smiles.split()) > 1:
        # RDKit would take the rest for a name and keep half a molecule without a word.
        raise _RefusedError("has white space inside")
    if not smiles.isascii():
        # RDKit stops at the first such character and keeps what came before: "Cé" would be methane.
        raise _RefusedError("has characters outside ASCII")
    if len(smiles) > _MOST_LETTERS:
        raise _RefusedError(f"has {len(smiles):,} characters, more than {_MOST_LETTERS:,}")
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
