"""Atoms and bonds of many molecules at once, out of the binary form in which RDKit hands a molecule over in one piece.

RDKit's own calls cost a Python object for each atom and bond, and as much time as reading the molecule.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import offsets

_Bytes = NDArray[np.uint8]
_Places = NDArray[np.int64]

# The form whose records are known here: byte order, tag and version 16.4.0. Any other is left to the caller.
_KNOWN = np.frombuffer(np.array([0xDEADBEEF, 0, 16, 4, 0], "<u4").tobytes(), np.uint8)
_ATOMS, _BONDS, _RINGS = 0x01, 0x0B, 0x42  # tags of what follows
_PAD = 1024  # bytes behind the last record, so that no look ahead leaves the buffer
# An atom: number, flags, and four bytes which say what follows, most of it in a byte each.
_CHARGE, _CHIRAL, _ISOTOPE = 0x02, 0x04, 0x01
_OTHER_ATOM = np.array([0, 0x9F, 0, 0xFE, 0xFF, 0xFF], np.uint8)  # bits that bring what is not known here
# A bond: begin, end, flags, and type, direction and stereochemistry where a flag says so.
_TYPED, _DIRECTED, _STEREO = 0x08, 0x04, 0x02
_OTHER_BOND = np.array([0, 0, 0x91], np.uint8)
_ONES = np.array([bin(byte & 0xFE).count("1") for byte in range(256)], np.uint8)
SINGLE = 1  # RDKit's number of the type of a bond whose record names none


class Decoded(NamedTuple):
    """What binary forms say, in RDKit's own numbers.

    Attributes:
        known: whether a molecule could be read, `[G]`; the rest is of those that could.
        num_atoms, num_bonds: of each.
        number, chirality: atomic numbers and chiral tags, `[N]`.
        begin, end, type, direction: of bonds, `[B]`.
    """

    known: NDArray[np.bool_]
    num_atoms: _Places
    num_bonds: _Places
    number: _Bytes
    chirality: _Bytes
    begin: _Bytes
    end: _Bytes
    type: _Bytes
    direction: _Bytes


def decode(forms: Sequence[bytes]) -> Decoded:
    """Read the binary forms `mol.ToBinary(0)` of molecules, empty ones among them.

    A form of another version, of more than 255 atoms, or with more in a record than is known here is not read.
    """
    first = offsets([len(form) for form in forms])
    data = np.frombuffer(b"".join(forms) + bytes(_PAD), np.uint8)
    header = data[first[:-1, None] + np.arange(30)]
    num_atoms, num_bonds = (header[:, at : at + 4].copy().view("<u4")[:, 0].astype(np.int64) for at in (20, 24))
    # Where an empty form stands, another begins. Below 256 atoms one byte numbers each.
    known = (np.diff(first) > 0) & (header[:, :20] == _KNOWN).all(axis=1) & (header[:, 29] == _ATOMS)
    known &= (num_atoms < 256) & (num_bonds < 2**16)
    num_atoms, num_bonds = num_atoms * known, num_bonds * known

    atom, behind = _records(data, first[:-1] + 30, num_atoms, _atom_length)
    known &= data[behind] == _BONDS
    bond, behind = _records(data, behind + 1, num_bonds, _bond_length)
    known &= data[behind] == _RINGS
    of_atom, of_bond = (np.repeat(np.arange(len(forms)), count) for count in (num_atoms, num_bonds))
    known[of_atom[(data[atom[:, None] + np.arange(6)] & _OTHER_ATOM).any(axis=1)]] = False
    known[of_bond[(data[bond[:, None] + np.arange(3)] & _OTHER_BOND).any(axis=1)]] = False

    atom, bond = atom[known[of_atom]], bond[known[of_bond]]
    says, flags = data[atom + 2], data[bond + 2]
    typed = flags & _TYPED > 0
    return Decoded(
        known,
        num_atoms[known],
        num_bonds[known],
        number=data[atom],
        chirality=np.where(says & _CHIRAL, data[atom + 6 + (says & _CHARGE > 0)], 0),
        begin=data[bond],
        end=data[bond + 1],
        type=np.where(typed, data[bond + 3], SINGLE),
        direction=np.where(flags & _DIRECTED, data[bond + 3 + typed], 0),
    )


def _records(
    data: _Bytes, start: _Places, count: _Places, length: Callable[[_Bytes, _Places], _Places]
) -> tuple[_Places, _Places]:
    """Return where each record begins, `[sum of count]`, and where the last one of each molecule ends, `[G]`.

    A record says how long it is, so that the records of one molecule are found one after another: those of all
    molecules are so at the same time.
    """
    first, order = offsets(count), np.argsort(-count, kind="stable")
    found, at, into = np.empty(first[-1], dtype=np.int64), start[order], first[:-1][order]
    for number, left in enumerate(np.searchsorted(-count[order], -np.arange(count.max(initial=0)))):
        found[into[:left] + number] = at[:left]
        at[:left] += length(data, at[:left])
        np.minimum(at, len(data) - _PAD, out=at)  # a record that is not known may say anything
    end = np.empty_like(at)
    end[order] = at
    return found, end


def _atom_length(data: _Bytes, at: _Places) -> _Places:
    return 6 + _ONES[data[at + 2]] + 4 * (data[at + 3] & _ISOTOPE).astype(np.int64)


def _bond_length(data: _Bytes, at: _Places) -> _Places:
    flags = data[at + 2]
    length = 3 + (flags & _TYPED > 0) + (flags & _DIRECTED > 0).astype(np.int64)
    # Its kind, the number of the atoms that it goes by, and these.
    return length + np.where(flags & _STEREO, 2 + data[at + length + 1].astype(np.int64), 0)
