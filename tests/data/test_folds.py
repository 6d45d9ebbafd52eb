import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.data.folds import fitting_folds, load_folds, save_folds, stratified_folds
from relamp.data.packaged import pack
from relamp.errors import RelampError


@given(st.lists(st.integers(3, 20), min_size=2, max_size=4), st.integers(2, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_folds_spread_every_class_evenly(sizes: list[int], folds: int, seed: int) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    fold = stratified_folds(y, folds, seed)
    assert fold.shape == y.shape
    assert set(fold.tolist()) == set(range(folds))
    for label, size in enumerate(sizes):
        counts = np.bincount(fold[y == label], minlength=folds)
        assert counts.sum() == size
        assert counts.max() - counts.min() <= 1


def test_the_seed_decides_the_folds() -> None:
    y = np.repeat([0, 1], 30)
    assert (stratified_folds(y, 10, 0) == stratified_folds(y, 10, 0)).all()
    assert (stratified_folds(y, 10, 0) != stratified_folds(y, 10, 1)).any()


def test_cuneiform_cannot_fill_ten_folds() -> None:
    data = pack("Cuneiform")
    with pytest.raises(RelampError, match="Cuneiform: 30 of 30 classes have fewer graphs than the 10 folds") as error:
        stratified_folds(data.y, 10, 0, name=data.name)
    assert "class 0: 9" in str(error.value)
    assert "class 4: 9 ...); set" in str(error.value)
    assert "set unsupervised.svm.folds to at most 8, or leave" in str(error.value)
    assert len(stratified_folds(data.y, 8, 0)) == 267


@pytest.mark.parametrize(("y", "folds"), [(np.zeros((4, 1), dtype=int), 2), (np.zeros(4, dtype=int), 1)])
def test_folds_need_classes_and_two_folds(y: np.ndarray, folds: int) -> None:
    with pytest.raises(RelampError, match="need one class per graph and 2 or more folds"):
        stratified_folds(y, folds, 0)


def test_the_fold_file_is_a_table_under_its_hash(tmp_path: Path) -> None:
    save_folds(tmp_path / "folds.csv", np.array([1, 0]))
    body = "graph,fold\n0,1\n1,0\n"
    digest = hashlib.sha256(body.encode()).hexdigest()
    assert (tmp_path / "folds.csv").read_text() == f"# sha256 {digest}\n{body}"


@pytest.mark.parametrize(
    "damage", [lambda s: s.replace("0,1", "0,0"), lambda s: s[:-2], lambda s: "", lambda s: "x\xff"]
)
def test_changed_fold_files_are_refused(tmp_path: Path, damage: Callable[[str], str]) -> None:
    path = tmp_path / "folds.csv"
    save_folds(path, np.array([1, 0]))
    path.write_bytes(damage(path.read_text()).encode("latin-1"))
    with pytest.raises(RelampError, match=r"folds\.csv: its content does not match its sha256 line"):
        load_folds(path)


def test_a_file_of_folds_says_what_it_is_called_and_of_which_data_it_is(tmp_path: Path) -> None:
    path, other = tmp_path / "seed~0.csv", tmp_path / "seed~1.csv"
    save_folds(path, np.array([1, 0]), {"file": path.name, "data": "1f"})
    assert load_folds(path, {"data": "1f"}).tolist() == load_folds(path).tolist() == [1, 0]
    with pytest.raises(RelampError, match=r'seed~0.csv: was made with data "1f", but "2e" is asked for'):
        load_folds(path, {"data": "2e"})
    path.rename(other)
    with pytest.raises(RelampError, match=r'seed~1.csv: was made with file "seed~0.csv", but "seed~1.csv" is asked'):
        load_folds(other, {"data": "1f"})
    # Those of an older version say nothing of themselves.
    save_folds(path, np.array([1, 0]))
    load_folds(path, {"data": "2e"})


def test_a_missing_fold_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"folds\.csv: is not there; make it with `snakemake"):
        load_folds(tmp_path / "folds.csv")


@pytest.mark.parametrize(
    ("rarest", "wanted", "found"),
    [
        (100, (10, 5), (10, 5)),
        (10, (10, 5), (10, 5)),  # 9 are left
        (8, (10, 5), (8, 5)),  # 7 are left
        (5, (10, 5), (5, 4)),  # 4 are left
        (3, (10, 5), (3, 2)),
        (2, (10, 5), None),  # 1 is left
        (1, (10, 5), None),
    ],
)
def test_the_most_folds_that_hold_a_class(rarest: int, wanted: tuple[int, int], found: tuple[int, int] | None) -> None:
    assert fitting_folds(rarest, *wanted) == found
    if found:
        y = np.repeat([0, 1], [50, rarest])
        fold = stratified_folds(y, found[0], 0)
        assert min((y[fold != number] == 1).sum() for number in range(found[0])) >= found[1]
