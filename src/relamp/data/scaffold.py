"""Splits of molecules: by scaffold, so that none is both trained on and tested, or at random.

Both of the first two are called scaffold split in the literature, and neither is seen in the other's numbers.
"""

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relamp.errors import RelampError

Parts = tuple[NDArray[np.int64], ...]  # molecules of train, valid and test


def scaffold(smiles: str) -> str:
    """Return the Bemis-Murcko scaffold (Bemis and Murcko 1996) as SMILES with chirality; empty without rings.

    Raises RelampError if RDKit does not parse the string.
    """
    # Only molecule jobs need RDKit; the folds of graph data must work where it is not installed.
    from rdkit import Chem, rdBase
    from rdkit.Chem.Scaffolds import MurckoScaffold

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            raise RelampError(f"{smiles}: does not parse, so it has no scaffold; drop this molecule first")
        return str(MurckoScaffold.MurckoScaffoldSmiles(mol=mol, includeChirality=True))  # type: ignore[no-untyped-call]


def scaffold_split(smiles: Sequence[str]) -> Parts:
    """Split molecules by scaffold into 80 % train, 10 % valid and 10 % test indices, as pretrain-gnns does (Hu 2020).

    Raises RelampError if a part stays empty.
    """
    return _full(fill_groups([scaffold(line) for line in smiles], (0.8, 0.1, 0.1)), "scaffold")


def random_scaffold_split(smiles: Sequence[str], seed: int) -> Parts:
    """Split likewise, groups in an order that is drawn, as `random_scaffold_split` of pretrain-gnns does.

    Raises RelampError if a part stays empty.
    """
    return _full(fill_shuffled([scaffold(line) for line in smiles], seed), "random-scaffold")


def random_split(count: int, seed: int) -> Parts:
    """Split molecules at random into 80 % train, 10 % valid and the rest, as `random_split` of pretrain-gnns does.

    Raises RelampError if a part stays empty.
    """
    order, train, valid = list(range(count)), int(0.8 * count), int(0.1 * count)
    random.Random(seed).shuffle(order)
    return _full(tuple(np.split(np.array(order, dtype=np.int64), [train, train + valid])), "random")


def fill_groups(groups: Sequence[str], fractions: tuple[float, float, float]) -> Parts:
    """Fill whole groups into train, valid and test; indices come in the order in which groups are placed.

    The largest group comes first. Of groups of one size, the one whose first member comes last in the data is placed
    first: the public code sorts by (size, first index) and then reverses both. A group goes to train if train
    stays within its share of all, else to valid if train and valid together stay within theirs, else to test.
    """
    train_limit, valid_limit = fractions[0] * len(groups), (fractions[0] + fractions[1]) * len(groups)
    train, valid, test = parts = [list[int]() for _ in range(3)]
    for index in sorted(_members(groups), key=lambda index: (len(index), index[0]), reverse=True):
        if len(train) + len(index) <= train_limit:
            train += index
        elif len(train) + len(valid) + len(index) <= valid_limit:
            valid += index
        else:
            test += index
    return tuple(np.array(part, dtype=np.int64) for part in parts)


def fill_shuffled(groups: Sequence[str], seed: int) -> Parts:
    """Fill whole groups, in an order that is drawn, into valid or else test, up to a tenth each; train has the rest."""
    members, most = _members(groups), int(0.1 * len(groups))
    train, valid, test = parts = [list[int]() for _ in range(3)]
    # The public code's generator, so that a seed means the same split.
    for number in np.random.RandomState(seed).permutation(len(members)):
        index = members[number]
        fitting = (part for part in (valid, test) if len(part) + len(index) <= most)
        next(fitting, train).extend(index)
    return tuple(np.array(part, dtype=np.int64) for part in parts)


def _members(groups: Sequence[str]) -> list[list[int]]:
    """Return the indices of each group, groups in the order in which they first occur."""
    members: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    return list(members.values())


def _full(parts: Parts, split: str) -> Parts:
    """Return the parts, none of which may be empty."""
    for part, index in zip(("train", "valid", "test"), parts, strict=True):
        if not len(index):
            raise RelampError(
                f"{split} split of {sum(map(len, parts))} molecules leaves {part} empty: too few or too large scaffold "
                "groups; use more molecules or another split"
            )
    return parts
