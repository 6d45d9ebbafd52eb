from math import ceil

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from relamp.data.folds import plain_folds
from relamp.data.rows import DEFAULT
from relamp.data.streams import stream_number
from relamp.errors import RelampError
from relamp.evaluate.validated_svm import evaluate_validated
from relamp.judge.rows import validated
from relamp.settings.evaluation import ValidatedSvm

GRID = (1e-2, 1.0, 1e2)


def reference(x, y, fold, seed, protocol):
    """The same by scikit-learn's own pipelines, as the public code has them, refitted for each C."""
    rows = []
    for number in np.unique(fold):
        test, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        order = np.random.default_rng(stream_number(seed, "validation part", int(number))).permutation(len(rest))
        count = ceil(protocol.validation * len(rest))
        train, valid = np.sort(rest[order[count:]]), np.sort(rest[order[:count]])

        def pipeline(machine):
            return make_pipeline(*([StandardScaler()] if protocol.scaling == "standard" else []), machine)

        def machine(c=1.0):
            exact = {"dual": False, "tol": 1e-10, "max_iter": 10**6}
            return SVC(C=c) if protocol.kernel == "rbf" else LinearSVC(C=c, **exact)

        cut = protocol.inner_folds
        if protocol.inner == "shuffled":
            drawn = stream_number(seed, "inner folds", int(number))
            cut = StratifiedKFold(cut, shuffle=True, random_state=drawn)
        # The scaler stands before the search, not within it.
        search = GridSearchCV(machine(), {"C": list(protocol.C)}, cv=cut, scoring="accuracy")
        fitted = pipeline(search).fit(x[train], y[train])
        inner = fitted[-1].cv_results_["mean_test_score"]
        best = fitted[-1].best_params_["C"]
        each = [pipeline(machine(c)).fit(x[train], y[train]) for c in protocol.C]
        parts = {"inner": inner, "valid": [one.score(x[valid], y[valid]) for one in each]}
        parts["test"] = [one.score(x[test], y[test]) for one in each]
        for name, values in parts.items():
            rows += [(number, c, c == best, f"{name}_accuracy", v) for c, v in zip(protocol.C, values, strict=True)]
    return pd.DataFrame(rows, columns=["fold", "candidate", "selected", "metric", "value"])


@pytest.mark.parametrize(
    "options",
    [
        {"kernel": "linear"},
        {},
        {"scaling": "none"},
        {"inner_folds": 10, "validation": 0.35},
        {"inner": "shuffled"},
    ],
    ids=str,
)
@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_equals_scikit_learns_pipeline_row_by_row(load, options):
    x, y = (part[-150:] for part in load(return_X_y=True))
    protocol = ValidatedSvm(C=GRID, **options)
    fold = plain_folds(len(y), 4, 3)
    found = evaluate_validated(x, y, fold, 3, protocol)
    pd.testing.assert_frame_equal(found, reference(x, y, fold, 3, protocol), check_exact=True)


def test_a_constant_feature_and_the_scale_of_features_do_not_matter():
    x, y = load_wine(return_X_y=True)
    protocol, fold = ValidatedSvm(C=GRID, kernel="linear"), plain_folds(len(y), 4, 0)
    plain = evaluate_validated(x, y, fold, 0, protocol)
    other = np.column_stack([x * 2.0 ** np.arange(x.shape[1]), np.full(len(x), 7.0)])
    pd.testing.assert_frame_equal(plain, evaluate_validated(other, y, fold, 0, protocol))


def test_nothing_of_the_test_fold_is_seen():
    x, y = load_wine(return_X_y=True)
    protocol, fold = ValidatedSvm(C=GRID), plain_folds(len(y), 4, 0)
    other_x, other_y, held = x.copy(), y.copy(), fold == 2
    other_x[held], other_y[held] = 1e3, (y[held] + 1) % 3
    one, two = (
        rows[(rows["fold"] == 2) & (rows["metric"] != "test_accuracy")]
        for rows in (
            evaluate_validated(x, y, fold, 0, protocol),
            evaluate_validated(other_x, other_y, fold, 0, protocol),
        )
    )
    pd.testing.assert_frame_equal(one, two)


def test_plain_folds_are_even_drawn_by_the_seed_and_blind_to_classes():
    fold = plain_folds(23, 5, 0)
    assert sorted(np.bincount(fold)) == [4, 4, 5, 5, 5]
    assert not np.array_equal(fold, plain_folds(23, 5, 1))
    assert np.array_equal(fold, plain_folds(23, 5, 0))
    with pytest.raises(RelampError, match="24 of 23"):
        plain_folds(23, 24, 0)


def stored(curves):
    """Rows of one seed: by epoch, validation and test accuracies of two folds at the selected C; another C is right."""
    rows = []
    for epoch, parts in curves.items():
        for metric, values in zip(
            ("inner_accuracy", "valid_accuracy", "test_accuracy"), ((0.5, 0.5), *parts), strict=True
        ):
            for fold, value in enumerate(values):
                run = {"method": "m", "dataset": "d", "setting": DEFAULT, "seed": 0, "epoch": epoch, "fold": fold}
                rows += [
                    {**run, "candidate": 1.0, "selected": True, "metric": metric, "value": value},
                    {**run, "candidate": 2.0, "selected": False, "metric": metric, "value": 1.0 - (metric[0] == "i")},
                ]
    return pd.DataFrame(rows)


def test_one_epoch_for_all_folds_by_their_mean_validation_the_first_among_equals():
    # Epoch 0 is best but untrained; of 5, 10 and 15 the means are .5, .7, .7, though fold 0 alone would take 5.
    curves = {0: ((1, 1), (0.9, 0.9)), 5: ((0.9, 0.1), (0.8, 0.8)), 10: ((0.6, 0.8), (0.3, 0.5))}
    found = validated(stored({**curves, 15: ((0.8, 0.6), (0.2, 0.2))}))
    assert found["value"].tolist() == [0.3, 0.5]
    assert found["fold"].tolist() == [0, 1]
    assert found["epoch"].isna().all()
    # A control has no other epoch.
    assert validated(stored({0: curves[0]}))["value"].tolist() == [0.9, 0.9]


def test_rows_without_a_validation_accuracy_are_refused():
    rows = stored({5: ((0.9, 0.1), (0.8, 0.8))})
    with pytest.raises(RelampError, match="there is no valid"):
        validated(rows[rows["metric"] != "valid_accuracy"])
