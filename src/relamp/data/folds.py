"""Stratified folds: in which of them each graph is tested, and the small file that fixes them for all methods."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.data.packed import Integers
from relamp.data.streams import stream_number
from relamp.errors import RelampError
from relamp.runtime.sealed import check_facts, read_sealed, write_sealed


def fitting_folds(rarest: int, folds: int, inner_folds: int) -> tuple[int, int] | None:
    """Return the most outer and inner folds, at most these, that all hold a class of so many graphs; None if none do.

    Stratified folds of a class of c graphs hold at most c / folds of them, rounded up; the others have inner folds.
    """
    for inner in range(inner_folds, 1, -1):
        for outer in range(min(folds, rarest), 1, -1):
            if rarest - -(-rarest // outer) >= inner:
                return outer, inner
    return None


def stratified_folds(y: Integers, folds: int, seed: int, name: str = "the data set") -> NDArray[np.int64]:
    """Return the fold `0 ... folds - 1` in which each graph is tested, `[G]`; every class is spread evenly.

    Raises RelampError if a class has fewer graphs than there are folds: some folds could not test it at all.
    """
    classes, counts = np.unique(y, return_counts=True)
    if y.ndim != 1 or folds < 2:
        raise RelampError(f"{name}: stratified folds need one class per graph and 2 or more folds, not {folds}")
    small = counts < folds
    if small.any():
        rare = list(zip(classes[small], counts[small], strict=True))
        few = ", ".join(f"class {label}: {count}" for label, count in rare[:5]) + (" ..." if len(rare) > 5 else "")
        fewer = f"set unsupervised.svm.folds to at most {counts.min()}, or " if counts.min() > 1 else ""
        raise RelampError(
            f"{name}: {small.sum()} of {len(classes)} classes have fewer graphs than the {folds} folds ({few}); "
            f"{fewer}leave this data set out of the evaluation"
        )
    fold = np.empty(len(y), dtype=np.int64)
    # Not above: trainings read folds, and would wait a second for this.
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(folds, shuffle=True, random_state=stream_number(seed, "folds"))
    for number, (_, test) in enumerate(splitter.split(np.zeros(len(y)), y)):
        fold[test] = number
    return fold


def plain_folds(count: int, folds: int, seed: int) -> NDArray[np.int64]:
    """Return the fold `0 ... folds - 1` in which each of some graphs is tested, `[G]`, whatever their classes.

    Raises RelampError if there are fewer graphs than folds.
    """
    if not 2 <= folds <= count:
        raise RelampError(f"plain folds: {folds} of {count} graphs; give 2 folds at least, and a graph for each")
    order = np.random.default_rng(stream_number(seed, "plain folds")).permutation(count)
    fold: NDArray[np.int64] = order % folds
    return fold


def save_folds(path: Path | str, fold: Integers, facts: Mapping[str, Any] | None = None) -> None:
    """Write the fold of each graph as CSV (graph, fold) under the sha256 of what follows, facts first if any."""
    table = pd.DataFrame({"graph": np.arange(len(fold)), "fold": fold})
    write_sealed(path, table.to_csv(index=False, lineterminator="\n"), facts)


def load_folds(path: Path | str, asked: Mapping[str, Any] | None = None) -> NDArray[np.int64]:
    """Read the fold of each graph, `[G]`, of a file that is what it is read for.

    Files say what they are called, of which data they are and the like; older ones say nothing. Raises RelampError if
    that is not what is asked, or if the file is missing or its content was changed.
    """
    facts, text = read_sealed(path)
    if facts:
        check_facts(path, facts, {"file": Path(path).name, **(asked or {})})
    rows = [line.split(",") for line in text.splitlines()[1:]]
    return np.array([int(fold) for _, fold in rows], dtype=np.int64)
