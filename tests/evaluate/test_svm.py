import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from threadpoolctl import threadpool_limits

from model_graphs import random_graphs
from relamp.data.folds import save_folds, stratified_folds
from relamp.data.streams import stream_number
from relamp.errors import RelampError
from relamp.evaluate import svm
from relamp.evaluate.embeddings import Run
from relamp.settings.evaluation import SvmProtocol

C_GRID = SvmProtocol().C


def evaluate_svm(x, y, fold, seed, C=C_GRID, inner_folds=5, kernel="rbf", inner="unshuffled"):
    return svm.evaluate_svm(x, y, fold, seed, C, inner_folds, kernel, inner)


def evaluate_kernel_svm(kernel, y, fold, seed):
    return svm.evaluate_kernel_svm(kernel, y, fold, seed, C_GRID, 5)


def folds(y, number=4):
    fold = np.empty(len(y), dtype=np.int64)
    for i, (_, test) in enumerate(StratifiedKFold(number, shuffle=True, random_state=7).split(y, y)):
        fold[test] = i
    return fold


def reference(x, y, fold, seed, C=C_GRID, inner_folds=5, machine=SVC, inner="unshuffled", **svc):
    """The same rows by GridSearchCV and one Pipeline for each C."""
    rows = []
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        shuffled = {"shuffle": True, "random_state": stream_number(seed, "inner folds", int(number))}
        search = GridSearchCV(
            Pipeline([("svc", machine(**svc))]),
            {"svc__C": list(C)},
            cv=inner_folds if inner == "unshuffled" else StratifiedKFold(inner_folds, **shuffled),
            scoring="accuracy",
        ).fit(x[train], y[train])
        chosen = [c == search.best_params_["svc__C"] for c in C]
        mean = search.cv_results_["mean_test_score"]
        tested = [Pipeline([("svc", machine(C=c, **svc))]).fit(x[train], y[train]).score(x[test], y[test]) for c in C]
        assert search.score(x[test], y[test]) == tested[chosen.index(True)]
        for metric, values in (("inner_accuracy", mean), ("test_accuracy", tested)):
            rows += [(number, c, s, metric, v) for c, s, v in zip(C, chosen, values, strict=True)]
    return pd.DataFrame(rows, columns=["fold", "candidate", "selected", "metric", "value"])


def cases():
    rng = np.random.default_rng(0)
    wine, cancer, digits = load_wine(), load_breast_cancer(), load_digits()
    noisy = np.arange(120) % 2
    twins = np.repeat(rng.normal(size=(50, 6)), 3, axis=0)  # equal graphs with unequal labels
    tails = np.exp(3 * rng.normal(size=(150, 20)))
    return {
        "wine": (wine.data, wine.target),
        "breast cancer": (cancer.data[:200], cancer.target[:200]),
        "digits": (digits.data[:200].astype(np.float32), digits.target[:200]),
        "random": (rng.normal(size=(120, 96)), noisy),
        "twins": (twins, rng.integers(3, size=150)),
        "heavy tails": (tails, (np.log(tails).sum(axis=1) + 5 * rng.normal(size=150) > 0).astype(int)),
        "one constant column": (np.column_stack([np.full(120, 3.0), rng.normal(size=120)]), noisy),
        "constant": (np.full((60, 5), 2.5), np.array([0] * 35 + [1] * 25)),
    }


@pytest.mark.parametrize(
    ("name", "number", "options"),
    [
        *((name, 4, {}) for name in cases()),
        ("wine", 10, {"C": (100.0, 1.0), "inner_folds": 3}),
        ("random", 4, {"inner": "shuffled"}),
    ],
)
def test_equals_grid_search_row_by_row(name, number, options):
    x, y = cases()[name]
    fold = folds(y, number)
    found = evaluate_svm(x, y, fold, 3, **options)
    assert len(found) == number * len(options.get("C", C_GRID)) * 2
    expected = reference(x, y, fold, 3, kernel="rbf", gamma="scale", **options)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_inner_folds_decide_over_the_selection_alone():
    x, y = cases()["random"]
    one, two = (evaluate_svm(x, y, folds(y), 3, inner=inner) for inner in ("unshuffled", "shuffled"))
    same = one["metric"] == "test_accuracy"
    pd.testing.assert_frame_equal(one[same].drop(columns="selected"), two[same].drop(columns="selected"))
    assert not one[~same]["value"].equals(two[~same]["value"])
    # The seed has no part in folds that are not shuffled.
    pd.testing.assert_frame_equal(one, evaluate_svm(x, y, folds(y), 4))


@pytest.mark.parametrize("svc", [{"kernel": "linear"}, {"kernel": "rbf", "gamma": 1e-4}], ids=["linear", "rbf"])
def test_kernel_equals_grid_search_on_the_features_behind_it(svc):
    x, y = (part[:150] for part in load_digits(return_X_y=True))
    kernel = x @ x.T if svc["kernel"] == "linear" else rbf_kernel(x, gamma=1e-4)
    fold = folds(y)
    found = evaluate_kernel_svm(kernel, y, fold, seed=1)
    pd.testing.assert_frame_equal(found, reference(x, y, fold, 1, **svc), check_exact=True)


@pytest.mark.parametrize(
    # Where many columns let any two classes be told apart liblinear takes long, so that case has few samples.
    ("name", "rows", "columns"),
    [("wine", 178, 13), ("random", 120, 24), ("random", 40, 96), ("constant", 60, 5)],
)
def test_linear_equals_grid_search_with_liblinear_row_by_row(name, rows, columns):
    x, y = cases()[name]
    x, y = StandardScaler().fit_transform(x[:rows, :columns]), y[:rows]
    assert x.shape == (rows, columns)
    fold, grid = folds(y), (1e-3, 1.0, 1e3)
    found = evaluate_svm(x, y, fold, seed=3, C=grid, kernel="linear")
    expected = reference(x, y, fold, seed=3, C=grid, machine=LinearSVC, dual=False, tol=1e-10, max_iter=10**6)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_two_far_clusters_by_hand():
    # The two classes lie apart, so that every C >= 1 is right everywhere; C = 0.001 is right too, since the decision
    # is symmetric in two balanced classes, and the tie goes to it.
    x, y = np.repeat([[0.0], [10.0]], 20, axis=0), np.repeat([0, 1], 20)
    rows = evaluate_svm(x, y, np.tile(np.arange(4), 10), seed=0)
    assert (rows.loc[rows["candidate"] >= 1, "value"] == 1).all()
    assert set(rows.loc[rows["selected"], "candidate"]) == {0.001}
    assert list(rows.columns) == ["fold", "candidate", "selected", "metric", "value"]


def test_test_fold_cannot_leak_into_the_choice_of_c():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(80, 5)), np.arange(80) % 2
    fold = folds(y)
    held = fold == 2
    other_x, other_y = x.copy(), y.copy()
    other_x[held] *= 1000  # would change gamma
    other_y[held] = 1 - other_y[held]

    def inner(rows):
        return rows[(rows["fold"] == 2) & (rows["metric"] == "inner_accuracy")].reset_index(drop=True)

    first, second = evaluate_svm(x, y, fold, 0), evaluate_svm(other_x, other_y, fold, 0)
    pd.testing.assert_frame_equal(inner(first), inner(second), check_exact=True)
    assert not first.equals(second)


def test_refuses_what_is_not_finite_and_names_the_graphs():
    x, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    x[[3, 17], 1] = np.nan
    with pytest.raises(RelampError, match=r"embeddings: NaN values in 2 of 40 graphs \(graph 3, 17\)"):
        evaluate_svm(x, y, folds(y), 0)
    x[17, 2] = np.inf
    with pytest.raises(RelampError, match="NaN and infinite values in 2 of 40"):
        evaluate_svm(x, y, folds(y), 0)
    with pytest.raises(RelampError, match="kernel: NaN"):
        evaluate_kernel_svm(np.full((40, 40), np.nan), y, folds(y), 0)
    with pytest.raises(RelampError, match=r"kernel: values up to 1\.0e\+39 are none in single precision"):
        evaluate_kernel_svm(np.full((40, 40), 1e39), y, folds(y), 0)
    with pytest.raises(RelampError, match="overflow when squared"):
        evaluate_svm(np.where(np.isfinite(x), x, 0) * 1e200, y, folds(y), 0)


def test_refuses_a_class_too_rare_for_the_inner_folds():
    x, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
    y[:6] = 2
    fold = np.arange(60) % 5  # two of class 2 in fold 0, one in each other fold: 4 remain outside fold 0
    with pytest.raises(RelampError, match="outside fold 0, class 2 has 4 graphs, too few for 5 stratified inner folds"):
        evaluate_svm(x, y, fold, 0)
    assert len(evaluate_svm(x, y, fold, 0, inner_folds=4)) == 5 * 7 * 2
    with pytest.raises(RelampError, match=r"only class \[0\]"):
        evaluate_svm(x, (fold == 0).astype(int), fold, 0)


def test_refuses_shapes_that_do_not_fit():
    x, y = np.ones((10, 2)), np.arange(10) % 2
    with pytest.raises(RelampError, match="10 graphs, but y"):
        evaluate_svm(x, y[:9], y, 0)
    with pytest.raises(RelampError, match="1 outer folds"):
        evaluate_svm(x, y, np.zeros(10, dtype=int), 0)
    with pytest.raises(RelampError, match="0 values of C"):
        evaluate_svm(x, y, y, 0, C=())
    with pytest.raises(RelampError, match=r"kernel: has shape \(10, 2\)"):
        evaluate_kernel_svm(x, y, y, 0)
    with pytest.raises(RelampError, match=r"embeddings: has shape \(10,\)"):
        evaluate_svm(x[:, 0], y, y, 0)


def test_distances_are_those_of_scikit_learn() -> None:
    x = np.random.default_rng(0).normal(size=(300, 96)) * 100
    x[7] = x[3]
    with threadpool_limits(1):
        np.testing.assert_array_equal(svm.squared_distances(x), euclidean_distances(x, squared=True))


CPU = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
# Scores round to the same accuracy whatever the last bits are, so the distances themselves are looked at.
DISTANCES = """
import hashlib
import numpy as np
from threadpoolctl import threadpool_info
from relamp.evaluate import svm

given, found, threads = svm.squared_distances, [], set()

def distances(*a, **k):
    threads.update(pool["num_threads"] for pool in threadpool_info())
    return found.append(given(*a, **k)) or found[-1]

svm.squared_distances = distances
for shape in ((188, 96), (1113, 96), (1500, 512)):
    y, x = np.arange(shape[0]) % 2, np.random.default_rng(0).normal(size=shape) * 100
    svm._evaluate = lambda *_: None
    svm.evaluate_svm(x, y, y, 0, [1.0], 2, "rbf")
print(*threads, *(hashlib.sha256(each).hexdigest() for each in found))
"""


def test_distances_have_the_same_bits_for_any_number_of_threads() -> None:
    hashes = set()
    for threads in ("1", "2", "4"):
        # Whose sums of distances depend on the number of threads; other processors' do not.
        kernels = {"OPENBLAS_CORETYPE": "SkylakeX"} if "avx512f" in CPU else {}
        env = {
            **os.environ,
            **kernels,
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads),
        }
        command = [sys.executable, "-c", DISTANCES]
        hashes.add(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
    (only,) = hashes
    assert (only.split()[0], len(only.split())) == ("1", 1 + 3)


def test_a_branch_that_is_scored_alone_has_rows_of_its_own_embeddings(tmp_path: Path) -> None:
    y = np.tile([0, 1], 20)
    replace(random_graphs(0, count=40), y=y).save(tmp_path / "D.safetensors")
    fold = stratified_folds(y, 3, 0, name="D")
    save_folds(tmp_path / "folds.csv", fold)
    # Branch a tells the classes, both together do not.
    told = np.stack([y - 0.5, np.ones(40)], axis=1).astype(np.float32)
    save_file({"epoch~3": np.ones_like(told), "epoch~3_branch~a": told}, tmp_path / "z.safetensors")
    protocol = {"C": [1.0], "inner_folds": 2, "folds": 3, "kernel": "linear"}

    def accuracy(method: str) -> float:
        label = {"method": method, "dataset": "D", "setting": "default"}
        files = {"embeddings": {5: tmp_path / "z.safetensors"}, "folds": {5: tmp_path / "folds.csv"}}
        (rows,) = svm.score_svm(Run(tmp_path / "D.safetensors", [5], label, protocol, **files))
        assert set(rows["epoch"]) == {3}
        return float(rows.loc[rows["metric"] == "test_accuracy", "value"].mean())

    assert accuracy("mp-mix-branch-a") == 1
    assert accuracy("mp-mix") == pytest.approx(0.5, abs=0.05)
    with pytest.raises(RelampError, match="holds no embeddings of branch 'b'"):
        accuracy("mp-mix-branch-b")


def test_before_training_runs_of_one_seed_are_scored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scored, y = [], np.tile([0, 1], 20)
    replace(random_graphs(0, count=40), y=y).save(tmp_path / "D.safetensors")
    fold = stratified_folds(y, 3, 0, name="D")
    save_folds(tmp_path / "folds.csv", fold)
    protocol = {"C": [0.1, 10.0], "inner_folds": 2, "folds": 3, "kernel": "rbf"}
    fresh = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)

    def counted(z: np.ndarray, *rest: object) -> pd.DataFrame:
        scored.append(z)
        return evaluate(z, *rest)

    evaluate = svm.evaluate_svm
    monkeypatch.setattr(svm, "evaluate_svm", counted)

    def rows(name: str, z: np.ndarray, store: Path | None, **other: object) -> pd.DataFrame:
        save_file({"epoch~0": z, "epoch~20": z + 1}, tmp_path / f"{name}.safetensors")
        files = {"embeddings": {5: tmp_path / f"{name}.safetensors"}, "folds": {5: tmp_path / "folds.csv"}}
        label = {"method": name, "dataset": "D", "setting": "default"}
        run = Run(tmp_path / "D.safetensors", [5], label, {**protocol, **other}, **files, store=store)
        return pd.concat(svm.score_svm(run), ignore_index=True)

    store = tmp_path / "store"
    alone, first, second = rows("a", fresh, None), rows("a", fresh, store), rows("b", fresh, store)
    pd.testing.assert_frame_equal(first, alone, check_exact=True)
    pd.testing.assert_frame_equal(second, alone, check_exact=True)
    assert len(scored) == 2 + 2 + 1
    # Other embeddings, another protocol and a damaged copy are scored.
    rows("c", fresh * 2, store)
    rows("d", fresh, store, C=[1.0])
    assert len(scored) == 5 + 2 + 2
    for kept in store.glob("*.csv"):
        kept.write_text(kept.read_text().replace("0.", "1."))
    pd.testing.assert_frame_equal(rows("e", fresh, store), alone, check_exact=True)
