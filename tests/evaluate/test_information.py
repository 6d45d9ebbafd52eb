"""Estimates of information against sums by hand, brute force and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import digamma
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.feature_selection import mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from relamp.data.streams import stream_number
from relamp.errors import RelampError
from relamp.evaluate.information import (
    FAMILIES,
    Family,
    entropy,
    neighbour_information,
    platt,
    principal_components,
    standardised,
    usable_information,
)


def blobs(classes: int, each: int = 30, dims: int = 5, apart: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    y = np.repeat(np.arange(classes), each)
    centres = apart * np.random.default_rng(1).normal(size=(classes, dims))
    rng = np.random.default_rng(0)
    order = rng.permutation(len(y))
    return (centres[y] + rng.normal(size=(len(y), dims)))[order], y[order]


def test_entropy_by_hand() -> None:
    assert entropy(np.array([1, 1, 2, 0])) == pytest.approx(1.5 * np.log(2))
    assert entropy(np.array([7])) == 0


def test_usable_information_by_hand() -> None:
    """A family that says 3/4 for the class that a coordinate names: log 2 + log 3/4 or log 2 + log 1/4 a graph."""

    def scores(fit: np.ndarray, y: np.ndarray, other: np.ndarray, C: float) -> np.ndarray:
        says = (other[:, :1] > 0).astype(float)
        return np.hstack([1 - says, says])

    sure = Family(scores, lambda *_: lambda given: np.log(0.25 + 0.5 * given))
    y = np.array([0, 1] * 4)
    z = np.where(y == 1, 1.0, -1.0)[:, None]
    z[0] = 1.0  # one graph of the first fold is taken for the other class
    fold = np.repeat([0, 1], 4)
    found = usable_information(z, y, fold, 0, sure, [1.0], 2)
    right, wrong = np.log(2) + np.log(0.75), np.log(2) + np.log(0.25)
    np.testing.assert_allclose(found, [(3 * right + wrong) / 4, right])


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_information_equals_a_search_of_scikit_learn(classes: int) -> None:
    z, y = blobs(classes)
    fold, C = np.arange(len(y)) % 5, (0.01, 0.1, 1.0)
    found = usable_information(z, y, fold, 3, FAMILIES["logistic"], C, 3)
    for number, value in enumerate(found):
        fit, test = fold != number, fold == number
        drawn = stream_number(3, "usable information", number)
        inner = StratifiedKFold(3, shuffle=True, random_state=drawn)
        pipe = make_pipeline(MinMaxScaler(clip=True), StandardScaler(), LogisticRegression(max_iter=10_000, tol=1e-10))
        grid = {"logisticregression__C": C}
        search = GridSearchCV(pipe, grid, scoring="neg_log_loss", cv=inner).fit(z[fit], y[fit])
        log_probability = search.predict_log_proba(z[test])
        loss = -log_probability[np.arange(test.sum()), y[test]].mean()
        assert value == pytest.approx(entropy(np.bincount(y)) - loss, abs=1e-4)


@pytest.mark.parametrize("classes", [2, 3])
def test_svm_information_equals_the_calibrated_machine_of_scikit_learn(classes: int) -> None:
    z, y = blobs(classes)
    fold = np.arange(len(y)) % 5
    found = usable_information(z, y, fold, 3, FAMILIES["svm"], [1.0], 3)
    for number, value in enumerate(found):
        fit, test = fold != number, fold == number
        inner = StratifiedKFold(3, shuffle=True, random_state=stream_number(3, "usable information", number))
        pipe = make_pipeline(MinMaxScaler(clip=True), StandardScaler(), SVC(gamma="scale"))
        machine = CalibratedClassifierCV(pipe, cv=inner, ensemble=False).fit(z[fit], y[fit])
        loss = -np.log(machine.predict_proba(z[test])[np.arange(test.sum()), y[test]]).mean()
        assert value == pytest.approx(entropy(np.bincount(y)) - loss, abs=1e-4)


def test_sigmoids_of_scores_that_separate_the_classes_are_finite() -> None:
    scores, y = np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([0, 0, 1, 1])
    probability = np.exp(platt(scores, y)(scores))
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    assert (probability[y == 1, 1] > 0.5).all()
    assert (probability < 1).all()


def test_what_is_noise_has_no_usable_information_and_what_separates_has_nearly_all(rng: np.random.Generator) -> None:
    z, y = blobs(2, apart=30.0)
    fold = np.arange(len(y)) % 5
    for name, family in FAMILIES.items():
        assert usable_information(z, y, fold, 0, family, [1.0], 3).mean() > 0.6, name
        noise = rng.normal(size=z.shape)
        assert usable_information(noise, y, fold, 0, family, [0.01], 3).mean() < 0.05, name


def test_the_same_seed_gives_the_same_bits_and_a_rare_class_is_refused() -> None:
    z, y = blobs(2)
    fold = np.arange(len(y)) % 5
    one, two = (usable_information(z, y, fold, 1, FAMILIES["logistic"], [0.1, 1.0], 3) for _ in range(2))
    assert one.tolist() == two.tolist()
    y = np.zeros_like(y)
    y[:2] = 1
    with pytest.raises(RelampError, match="a class has 1 graphs, too few for 3 inner folds"):
        usable_information(z, y, fold, 1, FAMILIES["logistic"], [0.1], 3)


def test_a_constant_column_counts_for_nothing() -> None:
    fit, other = standardised(np.array([[0.1, 1.0], [0.1, 3.0]]), np.array([[7.0, 2.0]]))
    np.testing.assert_allclose(fit, [[0, -1], [0, 1]])
    np.testing.assert_allclose(other, [[0, 0]])


@pytest.mark.parametrize("neighbours", [1, 3, 5])
def test_neighbours_in_one_dimension_as_in_scikit_learn(neighbours: int) -> None:
    z, y = blobs(3, dims=1, apart=10.0)
    expected = mutual_info_classif(z, y, n_neighbors=neighbours, discrete_features=False, random_state=0)[0]
    assert neighbour_information(z, y, neighbours) == pytest.approx(expected, abs=1e-8)


def ross(x: np.ndarray, y: np.ndarray, neighbours: int) -> float:
    """By hand: psi(N) + <psi(k)> - <psi(N_x)> - <psi(m)>, of classes of two points or more."""
    kept = [i for i in range(len(y)) if (y == y[i]).sum() > 1]
    x, y = x[kept], y[kept]
    total = 0.0
    for i in range(len(x)):
        distance = np.abs(x - x[i]).max(axis=1)
        k = min(neighbours, int((y == y[i]).sum()) - 1)
        radius = np.sort(distance[(y == y[i]) & (np.arange(len(x)) != i)])[k - 1]
        inside = (distance < radius).sum() if radius > 0 else (distance == 0).sum()
        k = k if radius > 0 else ((distance == 0) & (y == y[i])).sum()
        total += digamma(len(x)) + digamma(k) - digamma((y == y[i]).sum()) - digamma(inside)
    return total / len(x)


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_neighbours_by_brute_force(seed: int, dims: int, neighbours: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(14, dims)), rng.integers(0, 3, size=14)
    y[:4] = [0, 0, 1, 1]
    x = np.round(x) if ties else x
    assert neighbour_information(x, y, neighbours) == pytest.approx(ross(x, y, neighbours))


def test_neighbours_of_points_that_are_equal() -> None:
    y = np.repeat([0, 1], [6, 10])
    assert neighbour_information(np.zeros((16, 2)), y, 3) == pytest.approx(0)
    own = (6 * digamma(6) + 10 * digamma(10)) / 16
    assert neighbour_information(y[:, None].astype(float), y, 3) == pytest.approx(digamma(16) - own)


def test_a_graph_far_outside_counts_as_one_at_the_end_of_the_range() -> None:
    z, y = blobs(2)
    fold = np.arange(len(y)) % 5
    z[:, 0] = 0.0
    z[[3, 4], 0] = 1.0, 1e6
    far = usable_information(z, y, fold, 0, FAMILIES["logistic"], [1.0], 3)
    z[4, 0] = 1e3
    np.testing.assert_allclose(usable_information(z, y, fold, 0, FAMILIES["logistic"], [1.0], 3)[4], far[4])
    assert far.min() > -1


def test_principal_components_as_in_scikit_learn() -> None:
    z, _ = blobs(2, dims=6)
    expected = PCA(3).fit_transform(StandardScaler().fit_transform(z))
    np.testing.assert_allclose(np.abs(principal_components(z, 3)), np.abs(expected), atol=2e-9)
    assert principal_components(z[:, :2], 5).shape == (60, 2)


def test_equal_rows_have_equal_components_and_count_as_equal(rng: np.random.Generator) -> None:
    z, y = np.repeat(rng.normal(size=(5, 40)), 20, axis=0), np.tile([0, 1], 50)
    order = rng.permutation(100)
    x = principal_components(z[order], 3)
    assert len(np.unique(x, axis=0)) == 5
    # In each place half of the points are of each class: they tell nothing, but for what chance has done.
    assert neighbour_information(x, y[order], 3) < 0.05
