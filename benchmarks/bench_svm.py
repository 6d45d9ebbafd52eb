"""The RBF machine of all folds against scikit-learn's GridSearchCV, on the same folds, in one run.

    python benchmarks/bench_svm.py
    python benchmarks/bench_svm.py PROTEINS NCI1 --mirror /data/benchmarks --repetitions 1

Of named data sets, the embeddings of `lamp-mag-nolocal` after `--epochs`; of none, three sets that scikit-learn ships.
Both choose C by 5 inner folds in each of 10 and must agree on it, on every inner mean and on every accuracy.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from bench_epoch import trainer_of
from common import arguments, data_set, one_thread, paired, row
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from relamp.data.folds import stratified_folds
from relamp.data.streams import stream_number
from relamp.evaluate.svm import evaluate_svm
from relamp.settings.evaluation import SvmProtocol

C_GRID = SvmProtocol().C
Numbers = list[tuple[float, ...]]


def shipped() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for name, load in (("wine", load_wine), ("breast cancer", load_breast_cancer), ("digits", load_digits)):
        x, y = load(return_X_y=True)
        yield name, x[:600], y[:600]


def embedded(names: list[str], mirror: str | None, epochs: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for name in names:
        data = data_set(name, mirror)
        trainer = trainer_of(data)
        for _ in range(epochs):
            trainer.run_epoch()
        (z,) = trainer.embed().values()
        yield name, z.numpy().astype(np.float64), data.y


def rival(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> Numbers:
    """Return of each fold the chosen C, its test accuracy, and the mean of the inner folds for every C."""
    rows = []
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        inner = StratifiedKFold(5, shuffle=True, random_state=stream_number(0, "inner folds", int(number)))
        search = GridSearchCV(SVC(), {"C": list(C_GRID)}, cv=inner, scoring="accuracy").fit(x[train], y[train])
        means = search.cv_results_["mean_test_score"]
        rows.append((search.best_params_["C"], search.score(x[test], y[test]), *means))
    return rows


def own(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> Numbers:
    """Return the same; besides, all C are tested."""
    rows = []
    for _, part in evaluate_svm(x, y, fold, 0, C_GRID, 5, "rbf").groupby("fold"):
        inner, tested = (part[part["metric"] == f"{name}_accuracy"] for name in ("inner", "test"))
        rows.append((*tested.loc[tested["selected"], ["candidate", "value"]].to_numpy()[0], *inner["value"]))
    return rows


def main() -> None:
    parser = arguments(__doc__, repetitions=3)
    parser.set_defaults(datasets=[])
    parser.add_argument("--epochs", type=int, default=5)
    given = parser.parse_args()
    one_thread()
    sets = embedded(given.datasets, given.mirror, given.epochs) if given.datasets else shipped()
    print("| embeddings | GridSearchCV, s | relamp, s | ratio | n |\n|---|---|---|---|---|")
    with threadpool_limits(1):
        for name, x, y in sets:
            fold = stratified_folds(y, 10, 0)
            found: dict[str, Numbers] = {}

            def keep(side: str, work: partial[Numbers], found: dict[str, Numbers] = found) -> None:
                found[side] = work()

            sides = (partial(keep, side.__name__, partial(side, x, y, fold)) for side in (rival, own))
            times = paired(*sides, given.repetitions)
            if found["rival"] != found["own"]:
                raise SystemExit(f"{name}: the two differ")
            print(row(f"{name} {len(x)} x {x.shape[1]}, {len(np.unique(y))} classes", *times), flush=True)


if __name__ == "__main__":
    main()
