"""A subset of packed molecules in a packed file of its own: drawn uniformly by a fixed seed, in their order."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relamp.data.corpus import PackedCorpus, open_packed
from relamp.data.fingerprint import fingerprint_of, wl_hash
from relamp.data.guard import add_tallies, inspect, make_report, tally
from relamp.data.packed import Column, Integers, offsets, ranges, smallest_uint, write_columns
from relamp.data.streams import stream
from relamp.errors import RelampError

SEED = 0
_AT_ONCE = 2**16  # molecules that are held in memory


def drawn(molecules: int, of: int) -> NDArray[np.int64]:
    """Return the numbers of `molecules` of so many, ascending; every subset of that size is equally likely."""
    return np.sort(stream(SEED, "subset").choice(of, size=molecules, replace=False))


def write_subset(data: Path, digest: str, molecules: int, name: str, packed: Path) -> dict[str, Any]:
    """Write so many molecules of packed ones, whose sha256 is `digest`, as a packed file of `name`; return the report.

    The report is the data guard's (see `relamp.data.guard.inspect`). The file's `info` is that of the whole, but for
    its own rows, fingerprint and report, and has `subset`: of what it is one, of how many molecules, the seed and the
    sha256 of the whole. Molecules stay in their order.

    Raises RelampError if there are fewer molecules.
    """
    whole = open_packed(data)
    if molecules > len(whole):
        raise RelampError(
            f"transfer.molecules: {whole.name} has {len(whole):,} molecules, fewer than the {molecules:,} asked for; "
            "ask for fewer, or for all with null"
        )
    index = drawn(molecules, len(whole))
    known = {"of": whole.name, "molecules": len(whole), "seed": SEED, "sha256": digest}
    info = {**whole.info, "rows": molecules, "subset": known}
    if isinstance(whole, PackedCorpus):
        return _write_corpus(whole, index, name, info, packed)
    part = replace(whole.take(index), name=name, info={**info, "dropped": []})
    part.save(packed)
    return inspect(part)


def _write_corpus(
    whole: PackedCorpus, index: Integers, name: str, info: dict[str, Any], packed: Path
) -> dict[str, Any]:
    """Write a subset piece by piece, so that millions of molecules need no memory."""
    pieces = np.split(index, range(_AT_ONCE, len(index), _AT_ONCE))
    tallies, hashes = [], []
    for piece in pieces:
        graphs = whole.take(piece)
        tallies.append(tally(graphs))
        hashes.append(wl_hash(graphs))
    y, hashed = np.zeros((len(index), 0), dtype=np.int8), np.concatenate(hashes)
    atoms, bonds = (
        whole.node_offset[index + 1].astype(np.int64) - whole.node_offset[index],
        whole.bond_offset[index + 1].astype(np.int64) - whole.bond_offset[index],
    )
    features = whole.atom_kinds.shape[1], whole.bond_kinds.shape[1]
    info |= {"dropped": 0, "fingerprint": fingerprint_of(hashed, atoms, 2 * bonds, y, *features)}
    report = make_report(name, reduce(add_tallies, tallies), hashed, y, info, 0)
    info |= {"report": report}

    def taken(values: Integers, offset: Integers, count: Integers) -> Column:
        parts: Iterator[Integers] = (values[ranges(offset, piece)] for piece in pieces)
        return Column(values.dtype, (int(count.sum()), *values.shape[1:]), parts)

    words = {"name": name, "cardinality": whole.cardinality, "info": info}
    columns: dict[str, NDArray[Any] | Column] = {
        "node_offset": smallest_uint(offsets(atoms)),
        "bond_offset": smallest_uint(offsets(bonds)),
        "atom": taken(whole.atom, whole.node_offset, atoms),
        "ends": taken(whole.ends, whole.bond_offset, bonds),
        "bond": taken(whole.bond, whole.bond_offset, bonds),
        "atom_kinds": whole.atom_kinds,
        "bond_kinds": whole.bond_kinds,
    }
    write_columns(packed, {PackedCorpus.header: json.dumps(words, sort_keys=True)}, columns)
    return report
