"""Time evaluate_svm against scikit-learn's GridSearchCV on the same folds: `python benchmarks/bench_svm.py`.

Both run on one core and must agree on every accuracy and every chosen C. The data ship with scikit-learn; random ReLU
features, summed over random groups of samples, have the size and the heavy tails of sum-pooled graph embeddings.
"""

import time

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from relamp.evaluate.svm import evaluate_svm
from relamp.settings.evaluation import SvmProtocol

C_GRID = SvmProtocol().C


def pooled(graphs: int, dimension: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sum random ReLU features over groups of digit images, two kinds of groups."""
    rng = np.random.default_rng(seed)
    digits = load_digits()
    hidden = np.maximum(digits.data @ rng.normal(size=(64, dimension)), 0)
    y = rng.integers(2, size=graphs)
    members = [np.flatnonzero(digits.target < 6), np.flatnonzero(digits.target > 3)]
    x = [hidden[rng.choice(members[kind], rng.geometric(1 / 20) + 2)].sum(axis=0) for kind in y]
    return np.array(x), y


def folds(y: np.ndarray) -> np.ndarray:
    fold = np.empty(len(y), dtype=np.int64)
    for number, (_, test) in enumerate(StratifiedKFold(10, shuffle=True, random_state=0).split(y, y)):
        fold[test] = number
    return fold


def slow(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> list[tuple[float, float]]:
    """Return the chosen C and the test accuracy of each fold, and nothing of the other C."""
    rows = []
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        search = GridSearchCV(
            Pipeline([("svc", SVC(kernel="rbf", gamma="scale"))]),
            {"svc__C": list(C_GRID)},
            cv=StratifiedKFold(5, shuffle=True, random_state=0),
            scoring="accuracy",
        ).fit(x[train], y[train])
        rows.append((search.best_params_["svc__C"], search.score(x[test], y[test])))
    return rows


def main() -> None:
    cancer, wine, digits = load_breast_cancer(), load_wine(), load_digits()
    cases = {
        "wine 178 x 13": (wine.data, wine.target),
        "breast cancer 569 x 30": (cancer.data, cancer.target),
        "digits 600 x 64": (digits.data[:600], digits.target[:600]),
        "pooled 188 x 96": pooled(188, 96),
        "pooled 1000 x 96": pooled(1000, 96),
        "pooled 1000 x 512": pooled(1000, 512),
    }
    for name, (x, y) in cases.items():
        fold = folds(y)
        start = time.perf_counter()
        rows = evaluate_svm(x, y, fold, 0, C_GRID, 5, "rbf")
        fast = time.perf_counter() - start
        start = time.perf_counter()
        reference = slow(x, y, fold)
        other = time.perf_counter() - start
        chosen = rows[rows["selected"] & (rows["metric"] == "test_accuracy")]
        equal = list(zip(chosen["candidate"], chosen["value"], strict=True)) == reference
        print(
            f"{name:24} relamp {fast:7.2f} s   GridSearchCV {other:7.2f} s   ratio {other / fast:5.1f}   "
            f"accuracy {chosen['value'].mean():.4f}   equal in every fold: {equal}",
            flush=True,
        )


if __name__ == "__main__":
    main()
