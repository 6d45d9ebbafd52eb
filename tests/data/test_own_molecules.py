"""A user's own molecules: what is read of any file, what is dropped and told, and what is refused in one line."""

import csv
import gzip
import logging
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relamp.data.corpus import PackedCorpus
from relamp.data.jobs import pack
from relamp.data.molecules import pack_molecules
from relamp.data.packed import MISSING, PackedGraphs
from relamp.data.verified import verified
from relamp.errors import RelampError
from relamp.runtime.files import read_json
from relamp.settings.own import OwnMolecules, in_full, kind_of

GOOD = ["CCO", "c1ccccc1", "C[C@H](N)O", "[Na+].[Cl-]", "F/C=C/F", "CC#N", "OO", "CCN"]
# Twenty lines that are no molecules, each in its way.
BAD = [
    *("smiles", "#", "C(", "C)", "C1CC", "c1cccc1", "[Xx]", "C(C)(C)(C)(C)C", "F(C)C", "Cé", "N#N#N", "*"),
    *("not-a-molecule", "C$", "1", "[CH5+5", "C" * 10_001, "=", "C%1", "@@"),
]


def made(where: Path, file: Path, **own: Any) -> Path:
    """Pack a file of the user's own as M; return the packed file."""
    packed = where / "M.safetensors"
    words = OwnMolecules(file=str(file), **own).model_dump(mode="json")
    pack("M", packed, where / "M.guard.json", where / "M.dropped.csv", None, words, where / "parts")
    return packed


def refused(where: Path, file: Path, **own: Any) -> str:
    with pytest.raises(RelampError) as told:
        made(where, file, **own)
    assert not (where / "M.safetensors").exists()
    assert not (where / "M.guard.json").exists()
    (line,) = str(told.value).splitlines()
    return line


def write(path: Path, text: str | bytes) -> Path:
    content = text if isinstance(text, bytes) else text.encode()
    packed = {".gz": gzip.compress, ".xz": lzma.compress}.get(path.suffix, bytes)
    path.write_bytes(packed(content))
    return path


def table(rows: list[list[str]], delimiter: str = ",") -> str:
    return "".join(f"{delimiter.join(row)}\n" for row in rows)


LINES = "\n".join(GOOD)


@pytest.mark.parametrize("ending", ["", ".gz", ".xz"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.smi", LINES),
        ("a.txt", f"\ufeff\n{LINES}\n\n  \n"),
        ("a.smiles", "".join(f"{smiles}\tname {i}\r\n" for i, smiles in enumerate(GOOD))),
        ("a.csv", table([["id", "SMILES"], *([str(i), s] for i, s in enumerate(GOOD))])),
        ("a.csv", table([["smiles", "id"], *([s, str(i)] for i, s in enumerate(GOOD))], ";")),
        ("A.TSV", table([["", "Smiles"], *([f'"a\tb{i}"', s] for i, s in enumerate(GOOD))], "\t")),
    ],
)
def test_any_form_of_file_gives_the_same_corpus(tmp_path: Path, name: str, text: str, ending: str) -> None:
    packed = made(tmp_path, write(tmp_path / f"{name}{ending}", text))
    corpus, wanted = PackedCorpus.load(packed), pack_molecules("M", GOOD)
    found = corpus.take(np.arange(len(GOOD)))
    assert np.array_equal(found.x, wanted.x)
    assert np.array_equal(found.edge_attr, wanted.edge_attr)
    assert verified(packed)
    report = read_json(tmp_path / "M.guard.json")
    assert (report["content"], report["warnings"], report["dropped"]) == ("own", [], 0)
    assert (corpus.info["source"], list(corpus.info["files"])) == ("own", [f"{name}{ending}"])


def test_twenty_bad_lines_among_good_ones_are_left_out_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mixed = [line for pair in zip(BAD, [*GOOD * 3][: len(BAD)], strict=True) for line in pair]
    packed = made(tmp_path, write(tmp_path / "a.smi", "\n".join(mixed)))
    assert len(PackedCorpus.load(packed)) == len(mixed) - len(BAD) == 20
    dropped = pd.read_csv(tmp_path / "M.dropped.csv", keep_default_na=False)
    assert dropped["smiles"].tolist() == BAD
    assert dropped["row"].tolist() == list(range(0, 40, 2))
    assert (dropped["reason"].str.len() > 5).all()
    (told,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told.startswith(f"{tmp_path / 'a.smi'}: 20 of 40 lines are left out, since they are no molecules (does not ")
    assert told.endswith("; M.dropped.csv lists them with their reasons")
    assert read_json(tmp_path / "M.guard.json")["warnings"] == [told]


def test_a_line_longer_than_a_csv_field_may_be_is_left_out_like_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made(tmp_path, write(tmp_path / "a.smi", "\n".join([*GOOD, "C" * 200_000])))
    assert f"1 of {len(GOOD) + 1} lines are left out" in caplog.text


def test_rows_of_a_table_that_lack_the_smiles_are_left_out(tmp_path: Path) -> None:
    text = "id,smiles\n1,CCO\n2\n3,\n\n4,CC,more\n5,C C\n"
    corpus = PackedCorpus.load(made(tmp_path, write(tmp_path / "a.csv", text)))
    dropped = pd.read_csv(tmp_path / "M.dropped.csv", keep_default_na=False)
    assert (len(corpus), dropped["row"].tolist()) == (2, [1, 2, 4])
    assert dropped["reason"].tolist() == ["is empty", "is empty", "has white space inside"]


def test_another_column_is_another_corpus(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "smiles,parent\nCCO,C\nCC,CC\n")
    assert len(PackedCorpus.load(made(tmp_path, file)).atom) == 5
    assert len(PackedCorpus.load(made(tmp_path, file, smiles_column="parent")).atom) == 3


SMILES_OF = [
    ["smiles", "a", "b"],
    ["CCO", "1", ""],
    ["C", "0", "1"],
    ["none", "", ""],
    ["CC", "", "0"],
    ["O", "1.0", "0"],
]


def test_labelled_molecules_keep_their_labels(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = PackedGraphs.load(made(tmp_path, write(tmp_path / "a.csv", table(SMILES_OF)), label_columns=("b", "a")))
    assert data.smiles == ("CCO", "C", "CC", "O")
    assert data.y.tolist() == [[MISSING, 1], [1, 0], [0, MISSING], [0, 1]]
    assert (data.info["tasks"], data.info["source"]) == (["b", "a"], "own")
    report = read_json(tmp_path / "M.guard.json")
    assert [task["positive"] for task in report["labels"]["tasks"]] == [1, 2]
    assert report["content"] == "own"
    assert "1 of 5 lines are left out" in caplog.text
    with (tmp_path / "M.dropped.csv").open() as file:
        assert [row["smiles"] for row in csv.DictReader(file)] == ["none"]


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.smi", "", {}, "a.smi: is empty; add molecules"),
        ("a.smi.gz", "", {}, "a.smi.gz: is empty; add molecules"),
        ("a.smi", "\n \n\ufeff\n", {}, "a.smi: is empty; add molecules"),
        ("a.csv", "", {}, "a.csv: is empty; add molecules"),
        ("a.csv", "\xa0\n\x0c\n", {}, "a.csv: is empty; add molecules"),
        ("a.smi", "\xa0\n\x0c\n", {}, "a.smi: is empty; add molecules"),
        ("a.csv", "smiles\n", {}, "a.csv: has a header and no rows; add molecules"),
        ("a.smi", "\n".join(BAD), {}, "M: none of the 20 molecules can be featurised; check that the rows are SMILES"),
        ("a.smi", bytes(range(256)), {}, "a.smi: holds binary data and no SMILES; save it as text in UTF-8"),
        ("a.smi", b"PK\x03\x04" + bytes(50), {}, "a.smi: holds binary data and no SMILES"),
        ("a.smi", "CCO\nCC".encode("utf-16"), {}, "a.smi: holds binary data and no SMILES"),
        ("a.smi", "<!DOCTYPE html><p>", {}, "a.smi: holds a web page and no SMILES"),
        ("a.smi", gzip.compress(LINES.encode(), mtime=0)[:-9], {}, "a.smi: is cut off or damaged"),
        ("a.smi", lzma.compress(LINES.encode())[:-9], {}, "a.smi: is cut off or damaged"),
        ("a.csv", "id,mol\n1,CCO\n", {}, "a.csv: has no columns called smiles, only id, mol; name the one of the SMI"),
        ("a.csv", "SMILES,smiles\nC,C\n", {}, "a.csv: has 2 columns called smiles, only SMILES, smiles; name the one"),
        (
            "a.csv",
            "smiles\nC\n",
            {"smiles_column": "mol"},
            "a.csv: has no columns 'mol', only smiles; correct smiles_c",
        ),
        ("a.csv", 'smiles\nC\n"CC\nO\n', {}, "a.csv: line 4 is no row of a table (unexpected end of data); correct it"),
    ],
)
def test_what_is_no_corpus_is_one_line(
    tmp_path: Path, name: str, content: str | bytes, options: dict[str, Any], message: str
) -> None:
    line = refused(tmp_path, write(tmp_path / name, content), **options)
    assert line.removeprefix(f"{tmp_path}/").startswith(message)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [["smiles", "a"], ["C", "1"], ["CC", "0"]],
            "a.csv: has no columns 'b', only smiles, a; correct label_columns",
        ),
        ([["smiles", "b", "b"], ["C", "1", "0"]], "a.csv: has 2 columns 'b', only smiles, b, b; correct label_columns"),
        ([["smiles", "b"]], "a.csv: has a header and no rows; add molecules"),
        (
            [["smiles", "b"], ["C", "1"], ["CC", "2"]],
            "a.csv: line 3 has '2' in the column b, not 1, 0 or nothing; corr",
        ),
        ([["smiles", "b"], ["C", "yes"]], "a.csv: line 2 has 'yes' in the column b, not 1, 0 or nothing; correct it"),
        ([["smiles", "b"], ["C", "-1"]], "a.csv: line 2 has '-1' in the column b, not 1, 0 or nothing; correct it"),
        ([["smiles", "b"], ["C", "0.5"]], "a.csv: line 2 has '0.5' in the column b, not 1, 0 or nothing; correct it"),
        ([["smiles", "b"], ["C", "1"], ["CC", "1"], ["O", ""]], "a.csv: all 2 labels are 1, so there is nothing to te"),
        # The molecule with the other label is none.
        ([["smiles", "b"], ["C", "1"], ["CC", "1"], ["no", "0"]], "a.csv: all 2 labels are 1, so there is nothing to"),
        ([["smiles", "b"], ["C", ""], ["CC", ""]], "a.csv: no molecule has a label, so there is nothing to tell apart"),
        ([["smiles", "b"], ["C", "1", "0"]], "a.csv: line 2 has 3 cells, and the header 2; correct it"),
        ([["smiles", "b"], ["C"]], "a.csv: line 2 has 1 cells, and the header 2; correct it"),
        ([["smiles", "b"], ["x", "1"], ["y", "0"]], "M: none of the 2 molecules can be featurised; check that the row"),
    ],
)
def test_labels_that_cannot_be_learned_are_one_line(tmp_path: Path, rows: list[list[str]], message: str) -> None:
    line = refused(tmp_path, write(tmp_path / "a.csv", table(rows)), label_columns=("b",))
    assert line.removeprefix(f"{tmp_path}/").startswith(message)


def test_a_file_without_rights_or_that_is_gone_is_one_line(tmp_path: Path) -> None:
    assert refused(tmp_path, tmp_path / "b.smi").endswith("(No such file or directory); correct its name or its rights")


@pytest.mark.parametrize(
    ("given", "kind", "full"),
    [
        ("mine", "graphs", {"folder": "mine"}),
        ("mine.smi", "molecules", {"file": "mine.smi"}),
        ("/a/b/Mine.CSV.GZ", "molecules", {"file": "/a/b/Mine.CSV.GZ"}),
        ({"folder": "x"}, "graphs", {"folder": "x"}),
        ({"file": "x"}, "molecules", {"file": "x"}),
        ({"file": "x", "label_columns": []}, "molecules", {"file": "x", "label_columns": []}),
        ({"file": "x", "label_columns": "a"}, "labelled molecules", {"file": "x", "label_columns": "a"}),
        (3, "graphs", 3),
        (None, "graphs", None),
    ],
)
def test_a_path_alone_is_a_folder_of_graphs_or_a_file_of_molecules(given: Any, kind: str, full: Any) -> None:
    assert (kind_of(given), in_full(given)) == (kind, full)
