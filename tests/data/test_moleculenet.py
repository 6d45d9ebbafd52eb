import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem

from relamp.data.moleculenet import _TABLES, read_moleculenet
from relamp.data.scaffold import scaffold_split
from relamp.errors import RelampError

UPSTREAM = Path(__file__).parents[3] / "shared" / "data" / "MoleculeNet"

CLINTOX = """smiles,FDA_APPROVED,CT_TOX
OCC,1,0
C(C)(C)(C)(C)C,1,1
[Na+].[Cl-],0,1
*C,1,0
[NH3]->[Cu],1,0
c1ccccc1,,1.0
,1,1
"""


def upstream(file: str) -> Path:
    if not (UPSTREAM / file).exists():
        pytest.skip(f"there is no {UPSTREAM / file}")
    return UPSTREAM / file


def write(path: Path, text: str) -> Path:
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("file", ["clintox.csv", "clintox.csv.gz"])
def test_a_small_table_by_hand(tmp_path: Path, file: str) -> None:
    data = read_moleculenet(write(tmp_path / file, CLINTOX), "ClinTox")
    assert data.y.tolist() == [[1, 0], [0, 1], [-1, 1]]
    assert data.info["tasks"] == ["FDA_APPROVED", "CT_TOX"]
    # The graph keeps the table's order of atoms (O, C, C); the string is RDKit's, as pretrain-gnns has it.
    assert data.x[:3, 0].tolist() == [7, 5, 5]
    assert data.smiles == ("CCO", "[Cl-].[Na+]", "c1ccccc1")
    assert data.num_nodes.tolist() == [3, 2, 6]  # both fragments are there
    dropped = data.info["dropped"]
    assert [row["row"] for row in dropped] == [1, 3, 4, 6]
    for word, row in zip(("valence", "atomic number", "DATIVE", "is empty"), dropped, strict=True):
        assert word in row["reason"]
    assert (data.name, data.info["rows"]) == ("ClinTox", 7)


def test_strings_stay_as_they_are_where_pretrain_gnns_leaves_them(tmp_path: Path) -> None:
    text = "activity,smiles,HIV_active\nCI,OCC,0\nCA,C(C)O,1\n"
    data = read_moleculenet(write(tmp_path / "HIV.csv", text), "HIV")
    assert (data.smiles, data.y.tolist(), data.info["dropped"]) == (("OCC", "C(C)O"), [[0], [1]], [])


def test_bace_has_its_own_columns(tmp_path: Path) -> None:
    data = read_moleculenet(write(tmp_path / "bace.csv", "mol,CID,Class,Model\nCC,B1,1,Train\nCO,B2,0,Test\n"), "BACE")
    assert (data.smiles, data.y.tolist(), data.info["tasks"]) == (("CC", "CO"), [[1], [0]], ["Class"])


def test_tasks_come_in_the_order_of_pretrain_gnns_and_not_of_the_file(tmp_path: Path) -> None:
    tasks = _TABLES["MUV"].tasks
    assert isinstance(tasks, tuple)
    frame = pd.DataFrame({task: [i % 2, np.nan] for i, task in enumerate(tasks)})[list(tasks[::-1])]
    frame["smiles"] = ["CC", "CO"]
    frame.to_csv(tmp_path / "muv.csv", index=False)
    data = read_moleculenet(tmp_path / "muv.csv", "MUV")
    assert data.y.tolist() == [[i % 2 for i in range(17)], [-1] * 17]
    assert data.info["tasks"] == list(tasks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("smiles,CT_TOX\nC,1\n", r"has no column 'FDA_APPROVED', which ClinTox needs \(found smiles, CT_TOX\)"),
        ("SMILES,FDA_APPROVED,CT_TOX\nC,1,0\n", "has no column 'smiles'"),
        ("smiles,FDA_APPROVED,CT_TOX\n", "has a header and no rows"),
        ("smiles,FDA_APPROVED,CT_TOX\nC,1,0\nC,2,0\n", r"row 2 has .*2.* as its label of FDA_APPROVED, not 0, 1 or"),
        ("smiles,FDA_APPROVED,CT_TOX\nC,1,yes\n", r"row 1 has 'yes' as its label of CT_TOX"),
        ("smiles,FDA_APPROVED,CT_TOX\nC,1,0\nC,1,0,5\n", "is no table"),
        (
            ",".join(map(str, range(300_000))) + "\nC\n",
            r"is no table \(300,000 columns, and 1 cells in the first row\)",
        ),
        ("smiles,FDA_APPROVED\n\nC" + ",1" * 300_000, r"is no table \(2 columns, and 300,001 cells in the first row\)"),
        ("\x1b[31m,b,c,d,e,f,g,h,i,j\nC" + ",1" * 9, r"found \\x1b\[31m, b, c, d, e, f, g, h and 2 more\); fetch"),
        ("a" * 1000 + "\nC\n", r"found a{60}\.\.\. \(1,000 characters\)\); fetch"),
        ("smiles,FDA_APPROVED,CT_TOX\nC,1," + "x" * 999, r"row 1 has 'x{59}\.\.\. \(1,001 characters\) as its label"),
        ("<!DOCTYPE html>\n<html>404</html>", "is an HTML page and no table"),
        ("smiles,FDA_APPROVED,CT_TOX\nC(,1,0\n", "none of the 1 molecules can be featurised"),
    ],
)
@pytest.mark.parametrize("file", ["clintox.csv", "clintox.csv.gz"])
def test_bad_tables_are_refused(tmp_path: Path, file: str, text: str, message: str) -> None:
    path = write(tmp_path / file, text)
    if "HTML" in message:
        path.write_text(text)  # a server's error page is not gzipped, whatever the file's name
    with pytest.raises(RelampError, match=message):
        read_moleculenet(path, "ClinTox")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "clintox.csv.gz"
    text = "smiles,FDA_APPROVED,CT_TOX\n" + "".join(f"{'C' * (i % 50 + 1)},{i % 2},0\n" for i in range(2000))
    whole = gzip.compress(text.encode())
    for cut in (12, len(whole) // 2, len(whole) - 4):
        path.write_bytes(whole[:cut])
        with pytest.raises(RelampError, match=r"clintox\.csv\.gz: is (cut off or damaged|empty)"):
            read_moleculenet(path, "ClinTox")
    path.write_text(text)
    with pytest.raises(RelampError, match="is no gzip file"):
        read_moleculenet(path, "ClinTox")
    path.write_bytes(whole)
    with pytest.raises(RelampError, match="but at most 1,000 are expected"):
        read_moleculenet(path, "ClinTox", most_bytes=1000)


def test_an_unknown_name_and_too_few_tasks_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "sider.csv", "smiles,a,b\nC,1,0\n")
    with pytest.raises(RelampError, match="it knows BBBP, Tox21"):
        read_moleculenet(path, "sider")
    with pytest.raises(RelampError, match=r"has no column for 25 of 27 tasks, which SIDER needs"):
        read_moleculenet(path, "SIDER")


def test_labels_and_scaffolds_equal_a_plain_reading_of_bbbp() -> None:
    path = upstream("BBBP.csv")
    frame = pd.read_csv(path)
    mols = [Chem.MolFromSmiles(line) for line in frame.smiles]
    kept = [i for i, mol in enumerate(mols) if mol is not None]
    data = read_moleculenet(path, "BBBP")
    assert sorted(set(range(len(frame))) - set(kept)) == [row["row"] for row in data.info["dropped"]]
    assert data.y[:, 0].tolist() == frame.p_np[kept].tolist()
    assert data.smiles == tuple(Chem.MolToSmiles(mols[i]) for i in kept)
    assert data.num_nodes.tolist() == [mols[i].GetNumAtoms() for i in kept]
    assert data.num_edges.tolist() == [2 * mols[i].GetNumBonds() for i in kept]
    assert [len(part) for part in scaffold_split(data.smiles)] == [1631, 204, 204]
