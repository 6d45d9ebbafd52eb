from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit.Chem.Scaffolds import MurckoScaffold

from relamp.data.packaged import pack
from relamp.data.scaffold import fill_groups, scaffold, scaffold_split
from relamp.errors import RelampError

TENTHS = (0.8, 0.1, 0.1)


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("Cc1ccccc1", "c1ccccc1"),
        ("CCCC", ""),
        ("O=C(Oc1ccccc1)C1CC1", "O=C(Oc1ccccc1)C1CC1"),
        ("Cc1cc(Oc2nccc(CCC)c2)ccc1", "c1ccc(Oc2ccccn2)cc1"),
    ],
)
def test_scaffolds_by_hand(smiles: str, expected: str) -> None:
    assert scaffold(smiles) == expected


def test_a_scaffold_keeps_chirality() -> None:
    left, right = scaffold("C1CC[C@H](C2CC2)OC1"), scaffold("C1CC[C@@H](C2CC2)OC1")
    assert left != right
    assert "@" in left


def test_a_bad_molecule_has_no_scaffold() -> None:
    with pytest.raises(RelampError, match="c1ccc: does not parse, so it has no scaffold"):
        scaffold("c1ccc")


def test_groups_by_hand() -> None:
    #        0    1    2    3    4    5    6    7    8    9
    groups = ["a", "b", "a", "c", "a", "d", "b", "a", "a", "e"]
    # a (5) and b (2) fill train to 7 of 8; of the single ones the last of the data comes first: e, then d, then c.
    train, valid, test = fill_groups(groups, TENTHS)
    assert train.tolist() == [0, 2, 4, 7, 8, 1, 6, 9]
    assert valid.tolist() == [5]
    assert test.tolist() == [3]


def slow_fill(groups: list[str]) -> list[str]:
    """Part of each molecule: pick the next group again and again by counting, with exact tenths."""
    part, n = [""] * len(groups), len(groups)
    while "" in part:
        left = Counter(group for group, done in zip(groups, part, strict=True) if not done)
        size = max(left.values())
        group = max((g for g in left if left[g] == size), key=groups.index)
        train, valid = part.count("train"), part.count("valid")
        if 10 * (train + size) <= 8 * n:
            where = "train"
        elif 10 * (train + valid + size) <= 9 * n:
            where = "valid"
        else:
            where = "test"
        part = [where if g == group else old for g, old in zip(groups, part, strict=True)]
    return part


@given(st.lists(st.sampled_from("abcdefghijkl"), min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_filling_equals_a_slow_count(groups: list[str]) -> None:
    expected = slow_fill(groups)
    parts = fill_groups(groups, TENTHS)
    for name, index in zip(("train", "valid", "test"), parts, strict=True):
        assert sorted(index.tolist()) == [i for i, part in enumerate(expected) if part == name]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(groups)))


def test_the_split_of_real_molecules() -> None:
    smiles = pack("Solubility").smiles
    groups = [MurckoScaffold.MurckoScaffoldSmiles(smiles=line, includeChirality=True) for line in smiles]
    expected = slow_fill(groups)
    parts = scaffold_split(smiles)
    assert [len(part) for part in parts] == [1025, 128, 129]
    for name, index in zip(("train", "valid", "test"), parts, strict=True):
        assert {expected[i] for i in index} == {name}


def test_an_empty_part_is_refused() -> None:
    with pytest.raises(RelampError, match="scaffold split of 12 molecules leaves train empty"):
        scaffold_split(["C" * i for i in range(1, 13)])
