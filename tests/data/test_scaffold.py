import os
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, rdBase
from rdkit.Chem.Scaffolds import MurckoScaffold

from relamp.data.packaged import pack
from relamp.data.scaffold import (
    fill_groups,
    fill_shuffled,
    random_scaffold_split,
    random_split,
    scaffold,
    scaffold_split,
)
from relamp.errors import RelampError

TENTHS = (0.8, 0.1, 0.1)
PARTS = ("train", "valid", "test")
UPSTREAM = Path(__file__).parents[3] / "shared" / "data" / "MoleculeNet"
FILES = (
    "BBBP.csv",
    "HIV.csv",
    "bace.csv",
    *(f"{name}.csv.gz" for name in ("clintox", "muv", "sider", "tox21", "toxcast_data")),
)


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


def slow_shuffled(groups: list[str], seed: int) -> list[str]:
    """Part of each molecule: lists of members are shuffled as objects, and counted anew before each is placed."""
    names = list(dict.fromkeys(groups))
    sets = np.empty(len(names), dtype=object)
    sets[:] = names
    part, tenth = [""] * len(groups), len(groups) // 10
    for group in np.random.RandomState(seed).permutation(sets):
        size = groups.count(group)
        where = next((name for name in ("valid", "test") if part.count(name) + size <= tenth), "train")
        part = [where if g == group else old for g, old in zip(groups, part, strict=True)]
    return part


def test_shuffled_groups_by_hand() -> None:
    # Numpy's permutation of 4 by seed 0 is 2, 3, 1, 0: c, d, b, a. A tenth of 20 is 2.
    groups = ["a"] * 14 + ["b"] + ["c"] * 2 + ["d"] * 3
    train, valid, test = fill_shuffled(groups, 0)
    assert valid.tolist() == [15, 16]  # c fills it
    assert test.tolist() == [14]  # d is too large for either, b fits
    assert train.tolist() == [17, 18, 19, *range(14)]


@given(st.lists(st.sampled_from("abcdefghijkl"), min_size=1, max_size=60), st.integers(0, 1000))
@settings(max_examples=100, deadline=None)
def test_shuffled_filling_equals_a_slow_count(groups: list[str], seed: int) -> None:
    expected, parts = slow_shuffled(groups, seed), fill_shuffled(groups, seed)
    for name, index in zip(PARTS, parts, strict=True):
        assert sorted(index.tolist()) == [i for i, part in enumerate(expected) if part == name]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(groups)))
    sides = [{groups[i] for i in index} for index in parts]
    assert sum(map(len, sides)) == len(set(groups))  # none on two sides
    assert max(len(parts[1]), len(parts[2])) <= len(groups) // 10


@given(st.integers(10, 400), st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_a_random_split_has_tenths_and_each_molecule_once(count: int, seed: int) -> None:
    parts = random_split(count, seed)
    assert [len(part) for part in parts[:2]] == [count * 8 // 10, count // 10]
    assert sorted(np.concatenate(parts).tolist()) == list(range(count))
    random.seed(seed)
    random.shuffle(order := list(range(count)))  # as the public code does
    assert np.concatenate(parts).tolist() == order


def test_a_random_split_of_few_molecules_is_refused() -> None:
    with pytest.raises(RelampError, match="random split of 9 molecules leaves valid empty"):
        random_split(9, 0)
    with pytest.raises(RelampError, match="random-scaffold split of 9 molecules leaves valid empty"):
        random_scaffold_split(["C" * i for i in range(1, 10)], 0)


def of_set(file: str) -> tuple[list[str], list[str]]:
    """SMILES of a table and their scaffolds by RDKit's own words; of large ones some, or all if asked for."""
    if not (UPSTREAM / file).exists():
        pytest.skip(f"there is no {UPSTREAM / file}")
    column = pd.read_csv(UPSTREAM / file).filter(["smiles", "mol"]).dropna().iloc[:, 0]
    every = 1 if os.environ.get("RELAMP_ALL_MOLECULES") else len(column) // 2000 + 1
    with rdBase.BlockLogs():
        parsed = [(line, mol) for line in column[::every] if (mol := Chem.MolFromSmiles(line))]
    groups = [MurckoScaffold.MurckoScaffoldSmiles(mol=mol, includeChirality=True) for _, mol in parsed]
    return [line for line, _ in parsed], groups


@pytest.mark.parametrize("file", FILES)
def test_splits_of_all_eight_sets_equal_plain_ones(file: str) -> None:
    smiles, groups = of_set(file)
    n, members = len(smiles), {group: [i for i, _ in of] for group, of in grouped(groups).items()}
    # Largest first; of equals the one that starts last.
    ranked = sorted(members.values(), key=lambda index: (-len(index), -index[0]))
    filled: dict[str, list[int]] = {name: [] for name in PARTS}
    for index in ranked:
        train, valid = len(filled["train"]), len(filled["valid"])
        fits = 10 * (train + len(index)) <= 8 * n, 10 * (train + valid + len(index)) <= 9 * n
        filled["train" if fits[0] else "valid" if fits[1] else "test"] += index
    assert [part.tolist() for part in scaffold_split(smiles)] == list(filled.values())
    for seed in (0, 42):
        sets = np.empty(len(members), dtype=object)
        sets[:] = list(members.values())
        drawn: dict[str, list[int]] = {name: [] for name in PARTS}
        for index in np.random.RandomState(seed).permutation(sets):
            where = [name for name in ("valid", "test") if len(drawn[name]) + len(index) <= n // 10]
            drawn[(*where, "train")[0]] += index
        parts = random_scaffold_split(smiles, seed) if seed else fill_shuffled(groups, seed)
        assert [part.tolist() for part in parts] == list(drawn.values())
        sides = [{groups[i] for i in part} for part in parts]
        assert sum(map(len, sides)) == len(members)
        assert n // 10 - 1 <= min(len(parts[1]), len(parts[2]))  # single molecules fill what is left


def grouped(groups: list[str]) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for pair in enumerate(groups):
        found.setdefault(pair[1], []).append(pair)
    return found
