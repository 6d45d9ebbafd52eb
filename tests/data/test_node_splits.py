from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node_graphs import random_nodes
from relamp.errors import RelampError
from relamp.evaluate.node_probe import public_split, random_split

DATA = random_nodes(sizes=(100,))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.floats(0.2, 0.5), st.floats(0, 0.3))
def test_a_random_split_covers_the_labelled_nodes_once(seed: int, train: float, valid: float) -> None:
    y = DATA.y.copy()
    y[[5, 17]] = -1
    data = replace(DATA, y=y)
    split = random_split(data, (train, valid), np.random.default_rng(seed))
    assert np.array_equal(np.sort(np.concatenate(list(split.values()))), np.flatnonzero(y >= 0))
    assert (len(split["train"]), len(split["valid"])) == (round(train * 98), round(valid * 98))
    again = random_split(data, (train, valid), np.random.default_rng(seed))
    assert all(np.array_equal(split[part], again[part]) for part in split)


def test_splits_differ_by_seed_and_refuse_what_cannot_be_learnt() -> None:
    one, two = (random_split(DATA, (0.1, 0.1), np.random.default_rng(seed)) for seed in (0, 1))
    assert not np.array_equal(one["test"], two["test"])
    with pytest.raises(RelampError, match="do not show every class"):
        random_split(DATA, (0.02, 0.1), np.random.default_rng(0))
    with pytest.raises(RelampError, match="leave a part empty"):
        random_split(DATA, (0.001, 0.1), np.random.default_rng(0))


def test_the_public_split_is_the_data_sets_own() -> None:
    assert np.array_equal(public_split(DATA)["valid"], DATA.valid)
    with pytest.raises(RelampError, match="no public split"):
        public_split(random_nodes(split=False))


def test_nodes_with_many_labels_are_all_split() -> None:
    data = random_nodes(sizes=(30,), tasks=2)
    assert sum(map(len, random_split(data, (0.5, 0.1), np.random.default_rng(0)).values())) == 30
