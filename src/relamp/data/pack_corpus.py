"""Pack millions of SMILES strings on several cores, in parts from which a killed run can be resumed."""

import csv
import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import rdBase

from relamp.data.corpus import PackedCorpus
from relamp.data.fingerprint import fingerprint_of, wl_hash
from relamp.data.guard import add_tallies, make_report, tally
from relamp.data.molecules import BOND_CARDINALITY, CARDINALITY, DROPPED_COLUMNS, molecule_graphs, read_molecules
from relamp.data.packed import Column, Integers, map_arrays, offsets, smallest_uint, write_columns
from relamp.data.smiles import read_smiles
from relamp.errors import RelampError
from relamp.runtime.files import sha256, whole
from relamp.runtime.log import RESUMES
from relamp.runtime.processes import run_all
from relamp.runtime.progress import Progress

log = logging.getLogger(__name__)

FORMAT = 1  # of a part; a change of what it holds, or of how molecules are featurised, must change this

_Job = tuple[Path, str, int, list[str]]  # file, tag, number of the first row, SMILES


@dataclass(frozen=True)
class Parts:
    """The parts of one corpus in a folder."""

    folder: Path
    key: str  # names all that their content depends on
    rows: int  # number of SMILES in all
    chunk: int  # and in every part but the last

    def __len__(self) -> int:
        return -(-self.rows // self.chunk)

    def path(self, number: int) -> Path:
        """Return the file of a part."""
        return self.folder / f"part-{number:06d}.safetensors"

    def tag(self, number: int) -> str:
        """Return what the file of a part must be tagged with to be taken over."""
        return hashlib.sha256(f"{self.key} {number}".encode()).hexdigest()

    def open(self, number: int) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Map a part; raises RelampError if it is missing, cut off or another corpus'."""
        arrays, header = map_arrays(self.path(number))
        words: dict[str, Any] = json.loads(header.get("part", "{}"))
        if words.get("tag") != self.tag(number):
            raise RelampError(f"{self.path(number)}: is a part of something else; delete it and run again")
        return arrays, words

    def is_done(self, number: int) -> bool:
        """Whether a part is there and whole."""
        try:
            self.open(number)
        except RelampError:
            return False
        return True

    def column(self, key: str) -> Iterator[NDArray[Any]]:
        """Yield one array of each part in turn; nothing stays open."""
        return (self.open(number)[0][key] for number in range(len(self)))

    def remove(self) -> None:
        """Delete all parts, half-written ones of killed runs included, and the folder unless it holds anything else."""
        for pattern in ("part-*.safetensors", ".part-*.part.safetensors"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()


def pack_corpus(
    name: str,
    raw: Path | str,
    output: Path | str,
    dropped: Path | str,
    work: Path | str,
    *,
    processes: int = 2,
    chunk: int = 50_000,
    most_bytes: int = 2**34,
    info: Mapping[str, Any] | None = None,
    read: Callable[[Path, str, int], Iterator[str]] = read_smiles,
    column: str = "",
) -> PackedCorpus:
    """Featurise and pack the SMILES of a raw file, see `read_smiles`; return the packed corpus.

    `read` is what reads another form of file, `column` what it takes of it.

    Parts of `chunk` molecules each lie in the folder `work` until the end; a run after a killed one takes over those
    that are done. The files are the same to the byte whatever `processes`, `chunk` and interruptions. What cannot be
    featurised is listed in the CSV file `dropped` (row, smiles, reason). The corpus' info has the number of rows, how
    many were dropped, RDKit's version, the raw file's sha256, the `fingerprint` (see `relamp.data.fingerprint`), the
    data guard's `report` (see `relamp.data.guard.inspect`) and what `info` adds.

    Raises RelampError if the raw file is missing or damaged, if no molecule is left, if the disk is full, or if a
    process is killed.
    """
    raw = Path(raw)
    # Reading it all through takes seconds and finds damage at once rather than after minutes.
    rows = sum(1 for _ in read(raw, name, most_bytes))
    digest = sha256(raw)
    key = f"{FORMAT} {rdBase.rdkitVersion} {digest} {chunk}"
    parts = Parts(Path(work), f"{key} {column}" if column else key, rows, chunk)
    missing = [number for number in range(len(parts)) if not parts.is_done(number)]
    if len(missing) < len(parts):
        log.info("%s with %d of %d parts", RESUMES, len(parts) - len(missing), len(parts))
    with Progress(f"{name}: molecules packed", rows) as progress:
        done = rows - sum(min(chunk, rows - number * chunk) for number in missing)
        progress.to(done)
        for count in run_all(_write_part, _jobs(parts, missing, read(raw, name, most_bytes)), processes):
            done += count
            progress.to(done)
    words = {**(info or {}), "rows": rows, "rdkit": rdBase.rdkitVersion, "files": {raw.name: digest}}
    _merge(name, parts, Path(output), Path(dropped), words)
    parts.remove()
    return PackedCorpus.load(output)


def _jobs(parts: Parts, missing: Iterable[int], smiles: Iterator[str]) -> Iterator[_Job]:
    """Cut the stream into chunks and yield the missing ones."""
    wanted = set(missing)
    for number in range(len(parts)):
        lines = list(islice(smiles, parts.chunk))
        if number in wanted:
            yield parts.path(number), parts.tag(number), number * parts.chunk, lines


def _write_part(path: Path, tag: str, first: int, lines: list[str]) -> int:
    """Featurise a chunk into a file with all that the whole corpus is later made of; return the number of rows."""
    read = read_molecules(lines)
    graphs = molecule_graphs(path.stem, read)
    listed = io.StringIO()
    rows = ((first + row, smiles, reason) for row, smiles, reason in read.dropped)
    csv.writer(listed, lineterminator="\n").writerows(rows)
    counts: dict[str, Integers] = {
        **{"atom": _pair(read.atoms, CARDINALITY[1]), "bond": _pair(read.bonds, BOND_CARDINALITY[1])},
        **{"ends": read.ends, "num_atoms": read.num_atoms, "num_bonds": read.num_bonds},
    }
    arrays = {key: smallest_uint(array) for key, array in counts.items()}
    arrays["hash"] = wl_hash(graphs).view(np.int64)
    arrays["dropped"] = np.frombuffer(listed.getvalue().encode(), dtype=np.uint8)
    words = {"tag": tag, "tally": tally(graphs), "dropped": len(read.dropped)}
    write_columns(path, {"part": json.dumps(words)}, arrays)
    return read.count


def _merge(name: str, parts: Parts, output: Path, dropped: Path, info: dict[str, Any]) -> None:
    """Write the corpus and the list of what was dropped, one part after another."""
    headers = [parts.open(number)[1] for number in range(len(parts))]
    lost = sum(words["dropped"] for words in headers)
    if lost == parts.rows:
        raise RelampError(f"{name}: none of the {lost} molecules can be featurised; check that the rows are SMILES")
    counts = reduce(add_tallies, (words["tally"] for words in headers))
    num_atoms, num_bonds = (np.concatenate(list(parts.column(key))) for key in ("num_atoms", "num_bonds"))
    hashes = np.concatenate(list(parts.column("hash"))).view(np.uint64)
    y = np.zeros((len(hashes), 0), dtype=np.int8)
    edges = 2 * num_bonds.astype(np.int64)
    features = len(CARDINALITY), len(BOND_CARDINALITY)
    info |= {
        "dropped": lost,
        "fingerprint": fingerprint_of(hashes, num_atoms.astype(np.int64), edges, y, *features),
        "report": make_report(name, counts, hashes, y, info, lost),
    }
    columns = {
        "node_offset": smallest_uint(offsets(num_atoms)),
        "bond_offset": smallest_uint(offsets(num_bonds)),
        "ends": Column(
            np.result_type(*(piece.dtype for piece in parts.column("ends"))),
            (int(num_bonds.sum(dtype=np.int64)), 2),
            parts.column("ends"),
        ),
        **_coded(parts, "atom", CARDINALITY[1]),
        **_coded(parts, "bond", BOND_CARDINALITY[1]),
    }
    words = {"name": name, "cardinality": CARDINALITY, "info": info}
    write_columns(output, {PackedCorpus.header: json.dumps(words, sort_keys=True)}, columns)
    with whole(dropped) as beside, beside.open("wb") as file:
        file.write((",".join(DROPPED_COLUMNS) + "\n").encode())
        for piece in parts.column("dropped"):
            file.write(piece.tobytes())


def _pair(columns: NDArray[np.uint8], second: int) -> NDArray[np.uint16]:
    """Return two features, the second of so many categories, as one number."""
    return columns[:, 0].astype(np.uint16) * np.uint16(second) + columns[:, 1]


def _coded(parts: Parts, key: str, second: int) -> dict[str, NDArray[Any] | Column]:
    """Number the pairs of features that occur in the corpus; mostly a byte will do for them."""
    counts: NDArray[np.intp] = np.zeros(2**16, dtype=np.intp)
    for piece in parts.column(key):
        counts += np.bincount(piece, minlength=len(counts))
    kinds = np.flatnonzero(counts)  # none if no molecule has a bond
    code = np.zeros(len(counts), dtype=np.min_scalar_type(max(len(kinds) - 1, 0)))
    code[kinds] = np.arange(len(kinds))
    return {
        f"{key}_kinds": np.stack(np.divmod(kinds, second), axis=1).astype(np.uint8),
        key: Column(code.dtype, (int(counts.sum()),), (code[piece] for piece in parts.column(key))),
    }
