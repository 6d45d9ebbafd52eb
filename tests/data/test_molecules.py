from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem, RDLogger

from relamp.data.molecules import (
    ATOM_MASK,
    BOND_CARDINALITY,
    BOND_MASK,
    CARDINALITY,
    DROPPED_COLUMNS,
    SELF_LOOP,
    pack_molecules,
)
from relamp.data.packed import MISSING, PackedGraphs
from relamp.errors import RelampError

# Chirality, directions, charges, isotopes, fragments, explicit hydrogen, triple bonds, a heavy atom, a lone atom.
MOLECULES = [
    "C",
    "CC(=O)Oc1ccccc1C(=O)O",
    "F/C=C/F",
    "F/C=C\\F",
    "C[C@H](N)C(=O)O",
    "C[C@@H](N)C(=O)O",
    "[Na+].[O-]C(=O)C#N",
    "[2H]C([2H])Cl",
    "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
    "[U]",
    "c1ccc2[nH]ccc2c1",
    "N[Pt@SP1](N)(Cl)Cl",
]


def one(smiles: str) -> PackedGraphs:
    return pack_molecules("one", [smiles])


def test_a_carbonyl_by_hand() -> None:
    molecule = one("N#CC=O")
    assert molecule.x.tolist() == [[6, 0], [5, 0], [5, 0], [7, 0]]
    assert molecule.edge_index.tolist() == [[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]]
    assert molecule.edge_attr.tolist() == [[2, 0], [2, 0], [0, 0], [0, 0], [1, 0], [1, 0]]


def test_stereochemistry_by_hand() -> None:
    assert one("C[C@H](N)O").x[:, 1].tolist() == [0, 2, 0, 0]  # @ is counter-clockwise
    assert one("C[C@@H](N)O").x[:, 1].tolist() == [0, 1, 0, 0]
    assert one("N[Pt@SP1](N)(Cl)Cl").x[1].tolist() == [77, 3]  # square planar: none of the three tags
    assert one("F/C=C/F").edge_attr.tolist() == [[0, 1], [0, 1], [1, 0], [1, 0], [0, 1], [0, 1]]
    assert one("F/C=C\\F").edge_attr[-1].tolist() == [0, 2]


def test_aromatic_bonds_fragments_and_lone_atoms() -> None:
    assert set(one("c1ccccc1").edge_attr[:, 0].tolist()) == {3}
    salt = one("[Na+].CC(=O)[O-]")
    assert salt.x[:, 0].tolist() == [10, 5, 5, 7, 7]
    assert 0 not in salt.edge_index
    lone = one("C")
    assert (lone.edge_index.shape, lone.edge_attr.shape) == ((2, 0), (0, 2))


def slow(smiles: str) -> tuple[list[list[int]], list[list[int]], list[list[int]]]:
    """Look every property up in lists, one atom and one bond at a time."""
    chirality = ["CHI_UNSPECIFIED", "CHI_TETRAHEDRAL_CW", "CHI_TETRAHEDRAL_CCW"]
    kinds, directions = ["SINGLE", "DOUBLE", "TRIPLE", "AROMATIC"], ["NONE", "ENDUPRIGHT", "ENDDOWNRIGHT"]
    mol = Chem.MolFromSmiles(smiles)
    x, edges, attributes = [], [], []
    for i in range(mol.GetNumAtoms()):
        tag = mol.GetAtomWithIdx(i).GetChiralTag().name
        type_ = list(range(1, 119)).index(mol.GetAtomWithIdx(i).GetAtomicNum())
        x.append([type_, chirality.index(tag) if tag in chirality else 3])
    for i in range(mol.GetNumBonds()):
        bond = mol.GetBondWithIdx(i)
        pair = [bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()]
        for ends in (pair, pair[::-1]):
            edges.append(ends)
            attributes.append([kinds.index(bond.GetBondType().name), directions.index(bond.GetBondDir().name)])
    return x, edges, attributes


def test_packing_equals_a_slow_featuriser_molecule_by_molecule() -> None:
    data = pack_molecules("some", (smiles for smiles in MOLECULES))  # a stream will do
    assert (data.info["dropped"], data.y.shape) == ([], (len(MOLECULES), 0))
    for g, smiles in enumerate(MOLECULES):
        x, edges, attributes = slow(smiles)
        for molecule in (data.take(np.array([g])), one(smiles)):
            assert molecule.x.tolist() == x
            assert molecule.edge_index.T.tolist() == edges
            assert molecule.edge_attr.tolist() == attributes
            assert molecule.smiles == (smiles,)


def test_categories_stay_below_their_cardinality_and_off_the_reserved_ones() -> None:
    data = pack_molecules("some", MOLECULES)
    assert data.edge_attr is not None
    assert (data.x.max(axis=0) < CARDINALITY).all()
    assert (data.edge_attr.max(axis=0) < BOND_CARDINALITY).all()
    assert ATOM_MASK not in data.x[:, 0]
    assert not {SELF_LOOP, BOND_MASK} & set(data.edge_attr[:, 0].tolist())


REFUSED = {
    "": "is empty",
    "not a molecule": "has white space inside",
    "c1ccccc": "does not parse",
    "CN(C)(C)(C)C": "does not parse: Explicit valence for atom # 1 N, 5, is greater than permitted",
    "*CC": "atom * has no atomic number",
    "[NH3]->[Cu]": "bond type DATIVE is not featurised",
    "[Re]$[Re]": "bond type QUADRUPLE is not featurised",
}


def test_dropped_rows_are_listed_with_their_reasons(tmp_path: Path) -> None:
    rows = ["CCO", *REFUSED, "c1ccccc1"]
    y = np.array([[1], *[[0]] * len(REFUSED), [MISSING]])
    data = pack_molecules("mixed", rows, y)
    dropped = data.info["dropped"]
    assert data.smiles == ("CCO", "c1ccccc1")
    assert data.y.tolist() == [[1], [MISSING]]
    assert data.y.dtype == np.int8
    assert [list(row) for row in dropped] == [DROPPED_COLUMNS] * len(REFUSED)
    assert [row["row"] for row in dropped] == list(range(1, len(REFUSED) + 1))
    assert {row["smiles"]: row["reason"] for row in dropped} == REFUSED
    assert data.info["rows"] == len(rows)
    data.save(tmp_path / "mixed.safetensors")
    assert PackedGraphs.load(tmp_path / "mixed.safetensors").info["dropped"] == dropped
    # Cells of a table that are missing, and classes instead of tasks.
    classes = pack_molecules("table", pd.Series(["CCO", None, float("nan"), "C"]), np.array([2, 1, 1, 0]))
    assert [row["reason"] for row in classes.info["dropped"]] == ["is empty", "is empty"]
    assert classes.y.tolist() == [2, 0]


def test_a_string_that_would_take_minutes_is_dropped() -> None:
    chain, tree = "C" * 10_000, "C(" * 50_000 + "C" + ")" * 50_000
    data = pack_molecules("long", [chain, chain + "C", tree, "C(" * 3_000 + "C" + ")" * 3_000])
    assert data.num_nodes.tolist() == [10_000, 3_001]
    reasons = [row["reason"] for row in data.info["dropped"]]
    assert reasons == [f"has {count} characters, more than 10,000" for count in ("10,001", "150,001")]


@pytest.mark.parametrize(
    ("smiles", "y", "message"),
    [
        (["C", "CC"], np.array([1]), "1 labels for 2 molecules"),
        (["C"], np.array([[2]]), r"task labels must be 1, 0 or -1 \(missing\)"),
        (["(", ""], None, "none of the 2 molecules can be featurised"),
    ],
)
def test_bad_input_is_refused(smiles: list[str], y: np.ndarray | None, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        pack_molecules("bad", smiles, y)


def test_rdkit_says_nothing_and_is_left_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    RDLogger.EnableLog("rdApp.error")
    pack_molecules("noisy", ["c1ccccc", "C", "CN(C)(C)(C)C"])
    assert capfd.readouterr().err == ""
    Chem.MolFromSmiles("c1ccccc")
    assert "unclosed ring" in capfd.readouterr().err
