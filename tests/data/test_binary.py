"""What is read out of RDKit's binary form against RDKit's own calls for each atom and bond."""

from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem, RDConfig

from relamp.data.binary import decode
from relamp.data.molecules import _at_once, _columns, _one_by_one

# Isotopes, charges, radicals, chirality of all kinds, directions, stereo bonds, ions, a lone atom, many atoms.
USUAL = [
    *("C", "[U]", "[13CH4]", "[O-][N+](=O)c1ccccc1", "C[CH2]", "C[C@H](N)O", "N[Pt@SP1](N)(Cl)Cl", "F/C=C/F"),
    *("F/C=C\\F", "C/C=C/C=C\\C", "[Na+].[Cl-]", "C" * 255, "[13C@@H](F)(Cl)[O-]", "C[S@](=O)CC", "N#CC=O"),
    "[c]1nc(-c2ccccc2)c(-c2ccccc2)o1",  # aromatic only if its radical is found first
]
# Hydrogens that are taken out or stay, numbered atoms, more atoms than a byte numbers, white space around.
UNUSUAL = ["[H]C", "[2H]C", "[H][H]", "[CH3:7]C", "C" * 256, " CC "]
REFUSED = ["", "(", "CN(C)(C)(C)C", "*C", "[NH3]->[Cu]", "[Re]$[Re]", "C C", "Cé", "C" * 10_001, float("nan")]


def nci() -> list[str]:
    lines = (Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi").read_text().splitlines()
    return [line.split()[0] for line in lines[::5]]


@pytest.mark.filterwarnings("ignore")
def test_what_is_read_at_once_is_what_is_read_one_by_one() -> None:
    lines = [*USUAL, *UNUSUAL, *REFUSED, *nci()]
    quick = _at_once(lines)
    slow, dropped = _one_by_one(lines, quick.rows.tolist())
    assert dropped == []
    for key, wanted in slow._asdict().items():
        found = getattr(quick, key)
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted, err_msg=key)
    # All that is usual, nothing that is not, and nearly all of a real table.
    assert quick.rows[: len(USUAL)].tolist() == list(range(len(USUAL)))
    first_real = len(lines) - len(nci())
    assert not ((quick.rows >= len(USUAL)) & (quick.rows < first_real)).any()
    assert (quick.rows >= first_real).sum() > 0.95 * len(nci())


def test_every_value_of_a_form_by_hand() -> None:
    mol = Chem.MolFromSmiles("[13C@@H](F)(Cl)[O-]")
    read = decode([b"", mol.ToBinary(0), Chem.MolFromSmiles("F/C=C\\F").ToBinary(0)])
    assert read.known.tolist() == [False, True, True]
    assert (read.num_atoms.tolist(), read.num_bonds.tolist()) == ([4, 4], [3, 3])
    assert read.number.tolist() == [6, 9, 17, 8, 9, 6, 6, 9]
    assert read.chirality.tolist() == [int(mol.GetAtomWithIdx(0).GetChiralTag()), *[0] * 7]
    assert read.begin.tolist() == [0, 0, 0, 0, 1, 2]
    assert read.end.tolist() == [1, 2, 3, 1, 2, 3]
    assert read.type.tolist() == [1, 1, 1, 1, 2, 1]
    names = Chem.BondDir.names
    assert read.direction.tolist() == [0, 0, 0, int(names["ENDUPRIGHT"]), 0, int(names["ENDDOWNRIGHT"])]


def test_forms_of_other_versions_and_broken_ones_are_left_alone() -> None:
    whole = Chem.MolFromSmiles("CC(=O)O").ToBinary(0)
    for place in (0, 8, 12, 20, 24, 29, 31, 34):
        broken = bytearray(whole)
        broken[place] ^= 0x80
        read = decode([whole, bytes(broken), whole])
        assert read.known.tolist() == [True, False, True], place
        assert read.number.tolist() == 2 * [6, 6, 8, 8]
    assert decode([whole[:40], whole]).known.tolist() == [False, True]
    assert decode([]).number.tolist() == []


def test_a_form_that_is_not_known_is_read_by_rdkits_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relamp.data.binary._KNOWN", np.zeros(20, np.uint8))
    lines = ["CCO", "c1ccccc1"]
    assert len(_at_once(lines).rows) == 0
    types, *_ = _columns("CCO")
    slow, dropped = _one_by_one(lines, range(2))
    assert (slow.atoms[:3, 0].tolist(), dropped) == (types, [])
