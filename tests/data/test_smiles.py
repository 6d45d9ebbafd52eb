import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from relamp.data.smiles import read_smiles
from relamp.errors import RelampError

SMILES = ["CCO", "C/C=C\\C", "c1ccccc1", "[Na+].[Cl-]"]
TABLE = "dataset/zinc_standard_agent/raw/zinc_all.csv.gz"


def read(path: Path, most_bytes: int = 10**6) -> list[str]:
    return list(read_smiles(path, "some", most_bytes))


def xz(path: Path, text: str | bytes) -> Path:
    path.write_bytes(lzma.compress(text.encode() if isinstance(text, str) else text))
    return path


def table(rows: list[list[str]], header: tuple[str, ...] = ("smiles", "zinc_id")) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return gzip.compress(text.getvalue().encode())


def archive(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


ROWS = [[smiles, f"ZINC{i:012d}"] for i, smiles in enumerate(SMILES)]


def test_lines_of_an_xz_file_without_the_blank_ones(tmp_path: Path) -> None:
    assert read(xz(tmp_path / "a.smi.xz", "CCO\nC/C=C\\C\r\n\n  \nc1ccccc1 \n[Na+].[Cl-]")) == SMILES


def test_an_xz_file_of_blank_lines_has_no_smiles(tmp_path: Path) -> None:
    assert read(xz(tmp_path / "a.smi.xz", "\n\n")) == []


def test_bytes_that_are_no_text_do_not_become_atoms(tmp_path: Path) -> None:
    (smiles,) = read(xz(tmp_path / "a.smi.xz", b"C\xe9C\n"))
    assert not smiles.isascii()


def test_the_table_of_pretrain_gnns_within_its_zip_file(tmp_path: Path) -> None:
    members = {
        "dataset/bace/raw/bace.csv": b"mol,Class\nC,1\n",
        "dataset/zinc_standard_agent/processed/smiles.csv": b"C\n",
        TABLE: table(ROWS),
    }
    assert read(archive(tmp_path / "chem_dataset.zip", members)) == SMILES


def test_columns_are_found_by_name_and_quotes_are_read(tmp_path: Path) -> None:
    rows = [["1", "a,b", "CCO"], ["2", 'say "x"', "CC"]]
    members = {TABLE: table(rows, ("", "zinc_id", "smiles"))}
    assert read(archive(tmp_path / "a.zip", members)) == ["CCO", "CC"]


def test_the_first_raw_file_in_sorted_order_is_read(tmp_path: Path) -> None:
    folder = "dataset/zinc_standard_agent/raw"
    members = {f"{folder}/b.csv.gz": table([["CC", "2"]]), f"{folder}/a.csv.gz": table([["C", "1"]])}
    # What a Mac leaves in zip files sorts before everything and is no table.
    members[f"__MACOSX/{folder}/._a.csv.gz"] = b"\x00\x05\x16\x07"
    assert read(archive(tmp_path / "a.zip", members)) == ["C"]


def test_a_row_without_a_smiles_counts_but_a_blank_line_does_not(tmp_path: Path) -> None:
    text = b"smiles,zinc_id\nC,1\n\n,2\nCC,3\n"
    assert read(archive(tmp_path / "a.zip", {TABLE: gzip.compress(text)})) == ["C", "", "CC"]


def test_strings_come_before_the_file_is_read_through(tmp_path: Path) -> None:
    whole = xz(tmp_path / "a.smi.xz", "\n".join(f"{i * i % 997}[{i}CH3]" for i in range(40_000))).read_bytes()
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
        archive(path, {TABLE: gzip.compress(bomb)})
    assert path.stat().st_size < 5000
    with pytest.raises(RelampError, match=r"unpacks to .* bytes or more, but at most 100,000 are expected"):
        read(path, 100_000)


def test_a_zip_file_that_declares_too_much_is_refused_at_once(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {TABLE: table(ROWS), "dataset/other": b"0" * 200_000})
    with pytest.raises(RelampError, match="unpacks to 200"):
        next(read_smiles(path, "some", 100_000))


def test_damage_within_the_zip_file_is_named(tmp_path: Path) -> None:
    rows = [[f"[{i}CH4]", str(i * i)] for i in range(20_000)]
    path = archive(tmp_path / "a.zip", {TABLE: table(rows)[:-2000]})
    with pytest.raises(RelampError, match=r"a\.zip/zinc_all\.csv\.gz: is cut off or damaged"):
        read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>404</html>", "is an HTML page"),
        (b"CCO\nCC\n", "is neither an xz nor a zip file, so some cannot be read from it"),
        (b"PK\x03\x04 and no more", "is a zip file that is cut off or damaged"),
    ],
)
def test_what_is_no_raw_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "raw").write_bytes(content)
    with pytest.raises(RelampError, match=message):
        read(tmp_path / "raw")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"none\.xz: is not there; fetch it"):
        read(tmp_path / "none.xz")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"dataset/bace/raw/bace.csv": b""}, r"has no table zinc_standard_agent/raw/\*\.csv\.gz"),
        ({TABLE: table(ROWS, ("mol", "zinc_id"))}, "has no column smiles, only mol, zinc_id"),
        ({TABLE: gzip.compress(b"")}, "has no column smiles, only nothing"),
        ({TABLE: gzip.compress(b"zinc_id,smiles\n1,C\n2\n")}, "line 3 is no row of a table"),
        ({TABLE: gzip.compress(b'smiles,zinc_id\n"C"C,1\n')}, "line 2 is no row of a table"),
        ({TABLE: b"smiles,zinc_id\nC,1\n"}, "is cut off or damaged"),
    ],
)
def test_a_zip_file_without_the_table_is_refused(tmp_path: Path, members: dict[str, bytes], message: str) -> None:
    with pytest.raises(RelampError, match=message):
        read(archive(tmp_path / "a.zip", members))
