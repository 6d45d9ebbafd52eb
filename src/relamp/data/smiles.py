"""Streams of SMILES strings out of the raw files of a corpus, of which nothing is unpacked to disk."""

import csv
import gzip
import io
import lzma
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from relamp.data.archive import Archive, first_bytes, limited
from relamp.errors import RelampError, listed

# Where pretrain-gnns keeps the table of its ZINC15 sample within chem_dataset.zip; it reads the first file there.
_RAW_TABLE = re.compile(r"(?:^|/)zinc_standard_agent/raw/([^/.][^/]*\.csv\.gz)$")


def read_smiles(path: Path | str, name: str, most_bytes: int = 2**34) -> Iterator[str]:
    """Yield the SMILES strings of a corpus one by one, in the file's order.

    The file is either xz-compressed text with one string per line, or `chem_dataset.zip` of pretrain-gnns (Hu et al.
    2020), in which a gzipped table has a column `smiles`. Blank lines are skipped; an empty cell is an empty string.

    Raises RelampError, while it is read, if the file is missing, damaged, neither of the two, or unpacks to more than
    `most_bytes`; a zip file also if all its members together do.
    """
    path = Path(path)
    head = first_bytes(path, "xz or zip file")
    if head.startswith(b"\xfd7zXZ\x00"):
        return _lines(path, most_bytes)
    if head.startswith(b"PK"):
        return _table(path, most_bytes)
    raise RelampError(
        f"{path}: is neither an xz nor a zip file, so {name} cannot be read from it; delete it and fetch it again"
    )


def _lines(path: Path, most_bytes: int) -> Iterator[str]:
    """Yield the lines of an xz file that are not blank."""
    with lzma.LZMAFile(path) as unpacked:
        stream = limited(unpacked.read, most_bytes, str(path), unpacked.close)
        for line in text_of(stream):
            if smiles := line.strip():
                yield smiles


def _table(path: Path, most_bytes: int) -> Iterator[str]:
    """Yield the column `smiles` of the gzipped table within the zip file."""
    archive = Archive(path, most_bytes)  # refuses damage, bombs and paths that lead outside
    with zipfile.ZipFile(path) as file:
        names = sorted(info.filename.replace("\\", "/") for info in file.infolist())
    tables = [found[1] for name in names if (found := _RAW_TABLE.search(name))]
    if not tables:
        raise RelampError(f"{path}: has no table zinc_standard_agent/raw/*.csv.gz; delete it and fetch it again")
    place = archive.place(tables[0])
    with ExitStack() as stack:
        member = stack.enter_context(archive.open(tables[0]))
        unpacked = stack.enter_context(gzip.GzipFile(fileobj=member))
        text = text_of(limited(unpacked.read, most_bytes, place, unpacked.close), newline="")
        rows = csv.reader(text, strict=True)
        try:
            header = next(rows, [])
            if "smiles" not in header:
                others = listed(header) or "nothing"
                raise RelampError(f"{place}: has no column smiles, only {others}; fetch it again")
            column = header.index("smiles")
            for row in rows:
                if row:
                    yield row[column].strip()
        except (csv.Error, IndexError) as error:
            fault = f"line {rows.line_num} is no row of a table ({error})"
            raise RelampError(f"{place}: {fault}; fetch it again") from error


def text_of(stream: BinaryIO, newline: str | None = None) -> io.TextIOWrapper:
    """Decode a stream; what is no text becomes a character outside ASCII, which no featuriser takes for an atom."""
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=newline)
