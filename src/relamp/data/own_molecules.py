"""A user's own molecules: SMILES in a text file or a table, packed or not, with labels in columns or none."""

import csv
import gzip
import lzma
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from relamp.data.archive import limited, looks_like_html
from relamp.data.content import Provenance
from relamp.data.corpus import PackedCorpus
from relamp.data.molecules import pack_molecules
from relamp.data.pack_corpus import pack_corpus
from relamp.data.packed import MISSING, Integers, PackedGraphs
from relamp.data.read import ReadDataset
from relamp.data.smiles import text_of
from relamp.errors import RelampError, listed, reason, shortened
from relamp.runtime.files import read_csv, sha256
from relamp.settings.own import OwnMolecules

_MOST_BYTES = 2**35
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # control characters but for tabs and ends of lines
_LABELS = {"1": 1, "1.0": 1, "0": 0, "0.0": 0, "": MISSING}
_REASONS = 3  # that a warning names
PROVENANCE = Provenance("own", "molecules of the user's own")


def pack_own_corpus(
    name: str, own: OwnMolecules, packed: Path, dropped: Path, parts: Path, processes: int
) -> tuple[PackedCorpus, list[str]]:
    """Pack a user's file of SMILES as a corpus, see `relamp.data.pack_corpus`; return it with what is to be told.

    Raises RelampError if the file is missing, empty, binary or damaged, has no such column, or no line is a molecule.
    """
    read: Any = partial(_smiles, own)
    info, column = {"source": "own"}, f"column {own.smiles_column}"
    more = {"processes": processes, "most_bytes": _MOST_BYTES, "info": info, "read": read, "column": column}
    corpus = pack_corpus(name, own.file, packed, dropped, parts, **more)
    return corpus, _told(name, own, corpus.info["rows"], read_csv(dropped, usecols=["reason"])["reason"])


def read_labelled(name: str, own: OwnMolecules) -> ReadDataset:
    """Read a user's labelled molecules; `info` has `tasks`, which are the columns of the labels, and `warnings`.

    Raises RelampError if the file is missing, empty, binary, damaged or no table, lacks a column, has another label
    than 1, 0 or nothing, if no row is a molecule, or if a column has no label, or one class alone.
    """
    smiles, labels = [], []
    for line, cells in _cells(own, own.label_columns, _MOST_BYTES):
        smiles.append(cells[0])
        labels.append([_label(own, line, *pair) for pair in zip(own.label_columns, cells[1:], strict=True)])
    data = pack_molecules(name, smiles, np.array(labels, dtype=np.int8))
    _refuse_one_class(own, data)
    warnings = _told(name, own, len(smiles), (row["reason"] for row in data.info["dropped"]))
    info = {"source": "own", "files": {Path(own.file).name: sha256(own.file)}, "tasks": list(own.label_columns)}
    return ReadDataset(replace(data, info={**data.info, **info, "warnings": warnings}), PROVENANCE)


def _smiles(own: OwnMolecules, path: Path, _: str, most_bytes: int) -> Iterator[str]:
    """Yield the SMILES of a file one by one; of a line in a file that is no table, what follows the first is a name."""
    if own.is_table:
        yield from (cells[0] for _, cells in _cells(own, (), most_bytes))
        return
    with ExitStack() as stack:
        for line in text_of(_opened(path, stack, most_bytes)):
            if words := line.split(maxsplit=1):
                yield words[0]


def _cells(own: OwnMolecules, columns: Sequence[str], most_bytes: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the line of each row of a table, its SMILES, and its cells of some columns.

    A row that is too short or too long is refused where columns are asked for, since its cells may be another column's.
    """
    with ExitStack() as stack:
        text = text_of(_opened(Path(own.file), stack, most_bytes), newline="")
        before, first = next((number, line) for number, line in enumerate(text, start=1) if line.strip())
        delimiter = max(",;\t", key=first.count)
        header = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter))]
        places = [_smiles_place(own, header), *(_place(own, header, column, "label_columns") for column in columns)]
        rows, line = csv.reader(text, delimiter=delimiter, strict=True), 0
        try:
            for row in filter(None, rows):
                line = before + rows.line_num
                if columns and len(row) != len(header):
                    fault = f"line {line} has {len(row)} cells, and the header {len(header)}"
                    raise RelampError(f"{own.file}: {fault}; correct it")
                yield line, [row[place].strip() if place < len(row) else "" for place in places]
        except csv.Error as error:
            fault = f"line {before + rows.line_num} is no row of a table ({reason(error)})"
            raise RelampError(f"{own.file}: {fault}; correct it") from error
        if not line:
            raise RelampError(f"{own.file}: has a header and no rows; add molecules")


def _opened(path: Path, stack: ExitStack, most_bytes: int) -> BinaryIO:
    """Open a text, unpacked if it is packed, once its beginning is known to be text."""
    try:
        raw: BinaryIO = stack.enter_context(path.open("rb"))
        head = raw.read(8)
    except OSError as error:
        raise RelampError(f"{path}: cannot be read ({error.strerror}); correct its name or its rights") from error
    raw.seek(0)
    stream: Any = raw
    if head.startswith(b"\x1f\x8b"):
        stream = stack.enter_context(gzip.GzipFile(fileobj=raw))
    elif head.startswith(b"\xfd7zXZ\x00"):
        stream = stack.enter_context(lzma.LZMAFile(raw))  # noqa: SIM115 - the stack closes it
    text = stack.enter_context(limited(stream.read, most_bytes, str(path), stream.close, "make it again"))
    beginning = text.peek(1)  # type: ignore[attr-defined] # a buffered reader
    if not beginning.decode(errors="replace").replace("\ufeff", "").strip():
        raise RelampError(f"{path}: is empty; add molecules")
    if _BINARY.search(beginning) or looks_like_html(beginning):
        what = "a web page" if looks_like_html(beginning) else "binary data"
        raise RelampError(f"{path}: holds {what} and no SMILES; save it as text in UTF-8, a molecule a line, or as CSV")
    return text


def _smiles_place(own: OwnMolecules, header: Sequence[str]) -> int:
    if own.smiles_column:
        return _place(own, header, own.smiles_column, "smiles_column")
    fitting = [place for place, cell in enumerate(header) if cell.casefold() == "smiles"]
    if len(fitting) != 1:
        fault = f"has {len(fitting) or 'no'} columns called smiles, only {listed(header)}"
        raise RelampError(f"{own.file}: {fault}; name the one of the SMILES with smiles_column")
    return fitting[0]


def _place(own: OwnMolecules, header: Sequence[str], column: str, option: str) -> int:
    count = header.count(column)
    if count != 1:
        fault = f"has {count or 'no'} columns {column!r}, only {listed(header)}"
        raise RelampError(f"{own.file}: {fault}; correct {option}")
    return header.index(column)


def _label(own: OwnMolecules, line: int, column: str, cell: str) -> int:
    if cell not in _LABELS:
        fault = f"line {line} has {shortened(repr(cell), 60)} in the column {column}, not 1, 0 or nothing"
        raise RelampError(f"{own.file}: {fault}; correct it")
    return _LABELS[cell]


def _refuse_one_class(own: OwnMolecules, data: PackedGraphs) -> None:
    for column, y in zip(own.label_columns, data.y.T, strict=True):
        known: Integers = np.unique(y[y != MISSING])
        if len(known) < 2:
            count = int((y != MISSING).sum())
            fault = f"all {count:,} labels are {known[0]}" if count else "no molecule has a label"
            out = f"there is nothing to tell apart in the column {column}; take it out of label_columns"
            raise RelampError(f"{own.file}: {fault}, so {out}")


def _told(name: str, own: OwnMolecules, rows: int, reasons: Iterable[str]) -> list[str]:
    """Say how many lines are left out, and most often why; nothing if none is."""
    counts = Counter(each.partition(":")[0] for each in reasons)
    if not counts:
        return []
    most = ", ".join(f"{why}: {count:,}" for why, count in counts.most_common(_REASONS))
    most += ", ..." if len(counts) > _REASONS else ""
    lost = f"{counts.total():,} of {rows:,} lines are left out, since they are no molecules ({most})"
    return [f"{own.file}: {lost}; {name}.dropped.csv lists them with their reasons"]
