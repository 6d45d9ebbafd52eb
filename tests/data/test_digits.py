import numpy as np
from sklearn.datasets import load_digits

from relamp.data.packaged import read_digits


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
