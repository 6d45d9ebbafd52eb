import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch.nn import functional as F

from relamp.data.streams import stream
from relamp.errors import RelampError
from relamp.evaluate import linear_probe
from relamp.evaluate.linear_probe import accuracy, micro_f1, scaled, xavier_uniform

X = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64) + 2 * (X[:, 1] > 0.5)
MULTI = np.stack([X[:, 0] > 0, X[:, 2] > 0.3, X[:, 1] + X[:, 3] > 0], axis=1).astype(np.int8)
SPLIT = {"train": np.arange(30), "valid": np.zeros(0, dtype=np.int64), "test": np.arange(30, 60)}


def evaluate_probe(x, y, split, seed, runs=(0,), steps=300, weight_decay=0.0):
    return linear_probe.evaluate_probe(x, y, split, seed, runs, steps, 0.01, weight_decay)


def slow(y: np.ndarray, seed: int, run: int, steps: int, decay: float) -> np.ndarray:
    """The same classifier by torch's own layers, optimiser and losses."""
    outputs = y.shape[1] if y.ndim == 2 else y.max() + 1
    layer = torch.nn.Linear(5, outputs)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(xavier_uniform(5, outputs, stream(seed, "probe", run)).T))
        layer.bias.zero_()
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.01, weight_decay=decay)
    for _ in range(steps):
        logits, wanted = layer(torch.from_numpy(X[:30])), torch.from_numpy(y[:30])
        multi = y.ndim == 2
        loss = F.binary_cross_entropy_with_logits(logits, wanted.float()) if multi else F.cross_entropy(logits, wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return layer(torch.from_numpy(X)).detach().numpy()


@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_accuracy_is_that_of_torchs_own_training(decay: float) -> None:
    rows = evaluate_probe(X, Y, SPLIT, 3, range(2, 5), steps=40, weight_decay=decay)
    assert rows["run"].tolist() == [2, 2, 3, 3, 4, 4]
    assert set(rows["metric"]) == {"accuracy"}
    for (run, part), value in rows.set_index(["run", "split"])["value"].items():
        nodes = SPLIT[part]
        assert value == np.mean(slow(Y, 3, run, 40, decay)[nodes].argmax(1) == Y[nodes])


def test_micro_f1_is_that_of_torchs_own_training() -> None:
    rows = evaluate_probe(X, MULTI, SPLIT, 3, [7], steps=40)
    assert set(rows["metric"]) == {"micro_f1"}
    predicted = slow(MULTI, 3, 7, 40, 0.0) > 0
    for part, value in rows.set_index("split")["value"].items():
        assert value == pytest.approx(f1_score(MULTI[SPLIT[part]], predicted[SPLIT[part]], average="micro"))


def test_the_fitted_weights_are_torchs_to_rounding() -> None:
    from relamp.evaluate.linear_probe import _fit

    first = xavier_uniform(5, 4, stream(0, "probe", 0))
    weight, bias = _fit(X[:30], np.eye(4, dtype=np.float32)[Y[:30]], first[None], False, 50, 0.01, 0.01)
    np.testing.assert_allclose(X @ weight[0] + bias[0], slow(Y, 0, 0, 50, 0.01), atol=1e-4)


def test_scores_by_hand() -> None:
    assert accuracy(np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]]), np.array([1, 0, 0])) == 2 / 3
    # One hit, one false alarm, two misses: 2 / (2 + 1 + 2).
    assert micro_f1(np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([[1, 0], [1, 1]])) == 2 / 5
    assert micro_f1(np.array([[-1.0]]), np.array([[0]])) == 0.0


def test_runs_do_not_depend_on_their_company() -> None:
    together = evaluate_probe(X, Y, SPLIT, 0, range(6), steps=20)
    alone = evaluate_probe(X, Y, SPLIT, 0, [4], steps=20)
    assert together[together["run"] == 4]["value"].tolist() == alone["value"].tolist()
    assert together.equals(evaluate_probe(X, Y, SPLIT, 0, range(6), steps=20))


def test_what_cannot_be_probed_is_refused() -> None:
    broken = X.copy()
    broken[7] = np.nan
    with pytest.raises(RelampError, match=r"NaN values in 1 of 60 nodes \(node 7\)"):
        evaluate_probe(broken, Y, SPLIT, 0)
    with pytest.raises(RelampError, match="do not fit"):
        evaluate_probe(X, Y[:-1], SPLIT, 0)
    with pytest.raises(RelampError, match="0 training nodes"):
        evaluate_probe(X, Y, {**SPLIT, "train": np.zeros(0, dtype=np.int64)}, 0)


def test_scaling_by_hand() -> None:
    features = np.array([[3.0, 4.0, 7.0], [1.0, 0.0, 7.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    train = np.array([0, 1])
    np.testing.assert_allclose(scaled(features, train, "standard"), [[1, 1, 0], [-1, -1, 0], [-2, -1, -7]])
    np.testing.assert_array_equal(scaled(features, train, "none"), features)
    wanted = np.array([[3, 4, 7], [1, 0, 7], [0, 0, 0]]) / np.sqrt([[74], [50], [1]])
    np.testing.assert_allclose(scaled(features, train, "length"), wanted, rtol=1e-6)
