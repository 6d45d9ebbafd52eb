import csv
import gzip
import io
import lzma
from pathlib import Path

import pytest

from archives import make_zip
from relamp.data.smiles import read_smiles
from relamp.errors import RelampError

SMILES = ["CCO", "C/C=C\\C", "c1ccccc1", "[Na+].[Cl-]"]
ZINC = "dataset/zinc_standard_agent"
TABLE, FIRST = f"{ZINC}/raw/zinc_all.csv.gz", f"{ZINC}/raw/a.csv.gz"


def read(path: Path, most_bytes: int = 10**6) -> list[str]:
    return list(read_smiles(path, "some", most_bytes))


def xz(path: Path, text: bytes) -> Path:
    path.write_bytes(lzma.compress(text))
    return path


def table(rows: list[list[str]], header: tuple[str, ...] = ("smiles", "zinc_id")) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return gzip.compress(text.getvalue().encode())


ROWS = [[smiles, f"ZINC{i:012d}"] for i, smiles in enumerate(SMILES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"CCO\nC/C=C\\C\r\n\n  \nc1ccccc1 \n[Na+].[Cl-]", SMILES),
        (b"\n\n", []),
        (b"C\xe9C\n", ["C\ufffdC"]),  # bytes that are no text do not become atoms
    ],
)
def test_lines_of_an_xz_file_without_the_blank_ones(tmp_path: Path, text: bytes, expected: list[str]) -> None:
    assert read(xz(tmp_path / "a.smi.xz", text)) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"dataset/bace/raw/bace.csv": b"mol\nC\n", f"{ZINC}/processed/a.csv": b"C\n", TABLE: table(ROWS)}, SMILES),
        # Columns go by their names, and quotes are read.
        ({TABLE: table([["1", "a,b", "CCO"], ["2", 'say "x"', "CC"]], ("", "zinc_id", "smiles"))}, ["CCO", "CC"]),
        # The first in sorted order, but for what a Mac leaves in zip files, which sorts before everything.
        ({TABLE: table([["CC", "2"]]), FIRST: table([["C", "1"]]), f"__MACOSX/{ZINC}/raw/._a.csv.gz": b"\x00"}, ["C"]),
        # A row without a SMILES counts, a blank line does not.
        ({TABLE: gzip.compress(b"smiles,zinc_id\nC,1\n\n,2\nCC,3\n")}, ["C", "", "CC"]),
    ],
)
def test_the_table_of_pretrain_gnns_within_its_zip_file(
    tmp_path: Path, members: dict[str, bytes], expected: list[str]
) -> None:
    assert read(make_zip(tmp_path / "chem_dataset.zip", members)) == expected


def test_strings_come_before_the_file_is_read_through(tmp_path: Path) -> None:
    whole = xz(tmp_path / "a.smi.xz", b"".join(b"%d[%dCH3]\n" % (i * i % 997, i) for i in range(40_000))).read_bytes()
    (tmp_path / "b.smi.xz").write_bytes(whole[:-40])
    stream = read_smiles(tmp_path / "b.smi.xz", "some")
    assert next(stream) == "0[0CH3]"
    with pytest.raises(RelampError, match=r"b\.smi\.xz: is cut off or damaged .*; fetch it again"):
        list(stream)


@pytest.mark.parametrize("kind", ["xz", "zip"])
def test_a_bomb_is_refused(tmp_path: Path, kind: str) -> None:
    bomb = b"smiles,zinc_id\n" + b"C\n" * 500_000
    path = tmp_path / f"a.{kind}"
    if kind == "xz":
        xz(path, bomb)
    else:
        make_zip(path, {TABLE: gzip.compress(bomb)})
    assert path.stat().st_size < 5000
    with pytest.raises(RelampError, match=r"unpacks to .* bytes or more, but at most 100,000 are expected"):
        read(path, 100_000)


def test_a_zip_file_that_declares_too_much_is_refused_at_once(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {TABLE: table(ROWS), "dataset/other": b"0" * 200_000})
    with pytest.raises(RelampError, match="unpacks to 200"):
        next(read_smiles(path, "some", 100_000))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>404</html>", "is an HTML page"),
        (b"CCO\nCC\n", "is neither an xz nor a zip file, so some cannot be read from it"),
        (b"PK\x03\x04 and no more", "is a zip file that is cut off or damaged"),
        (None, r"raw: is not there; fetch it"),
    ],
)
def test_what_is_no_raw_file_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "raw").write_bytes(content)
    with pytest.raises(RelampError, match=message):
        read(tmp_path / "raw")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"dataset/bace/raw/bace.csv": b""}, r"has no table zinc_standard_agent/raw/\*\.csv\.gz"),
        ({TABLE: table(ROWS, ("mol", "zinc_id"))}, "has no column smiles, only mol, zinc_id"),
        (
            {TABLE: gzip.compress(b"a," * 300_000)},
            r"has no column smiles, only a, a, a, a, a, a, a, a and 299,993 more;",
        ),
        ({TABLE: gzip.compress(b"")}, "has no column smiles, only nothing"),
        ({TABLE: gzip.compress(b"zinc_id,smiles\n1,C\n2\n")}, "line 3 is no row of a table"),
        ({TABLE: gzip.compress(b'smiles,zinc_id\n"C"C,1\n')}, "line 2 is no row of a table"),
        ({TABLE: b"smiles,zinc_id\nC,1\n"}, "is cut off or damaged"),
        ({TABLE: table(ROWS * 5000)[:-100]}, r"a\.zip/zinc_all\.csv\.gz: is cut off or damaged"),
    ],
)
def test_a_zip_file_without_the_table_is_refused(tmp_path: Path, members: dict[str, bytes], message: str) -> None:
    with pytest.raises(RelampError, match=message):
        read(make_zip(tmp_path / "a.zip", members))
