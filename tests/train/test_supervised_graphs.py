from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_graphs import random_graphs
from relamp.data.folds import save_folds, stratified_folds
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.judge.runs import all_runs, scores
from relamp.settings.supervised import SupervisedGraphs
from relamp.train.supervised_graphs import GraphTraining, score_supervised_graphs, seen_features

SMALL = {"folds": 3, "inner_folds": 3, "epochs": 3, "steps": 4, "batch_size": 8}


def told_apart(count: int = 60) -> PackedGraphs:
    """Graphs whose class is that of their first node's label."""
    data = random_graphs(0, count=count)
    return replace(data, y=(data.x[data.node_offset[:-1], 0] > 1).astype(np.int64))


def run_of(folder: Path, data: PackedGraphs, method: str = "gin-0", fold: object = None, **more: object) -> Run:
    data.save(folder / "data.safetensors")
    save_folds(folder / "folds.csv", stratified_folds(data.y, 3, 7) if fold is None else fold)  # type: ignore[arg-type]
    protocol = {**SMALL, **more}
    return Run(folder / "data.safetensors", [7], {"method": method}, protocol, folds={7: folder / "folds.csv"})


def scored(*given: object, **more: object) -> pd.DataFrame:
    return pd.concat(score_supervised_graphs(run_of(*given, **more)), ignore_index=True)  # type: ignore[arg-type]


def test_rows_are_of_each_fold_and_epoch_and_the_same_again(tmp_path: Path) -> None:
    rows = scored(tmp_path, told_apart())
    assert len(rows) == 3 * 3 * 2
    assert rows.groupby(["fold", "metric"])["epoch"].apply(list).tolist() == [[1, 2, 3]] * 6
    pd.testing.assert_frame_equal(rows, scored(tmp_path, told_apart()), check_exact=True)


def test_it_learns_classes(tmp_path: Path) -> None:
    data = replace(told_apart(), edge_index=np.zeros((2, 0), dtype=np.int64), edge_offset=np.zeros(61, dtype=np.int64))
    data = replace(data, x=np.repeat(data.x[data.node_offset[:-1]], data.num_nodes, axis=0))
    rows = scored(tmp_path, data, epochs=6, steps=20)
    last = rows[rows["epoch"] == 6].groupby("metric")["value"].mean()
    assert (last > 0.9).all()


def test_no_class_of_the_tested_fold_is_seen(tmp_path: Path) -> None:
    data = told_apart()
    fold = stratified_folds(data.y, 3, 7)
    other = replace(data, y=np.where(fold == 1, 1 - data.y, data.y))
    one, two = (
        rows[rows["fold"] == 1].set_index(["metric", "epoch"])["value"]
        for rows in (scored(tmp_path, each, fold=fold) for each in (data, other))
    )
    assert one["inner_accuracy"].tolist() == two["inner_accuracy"].tolist()
    np.testing.assert_allclose(one["test_accuracy"], 1 - two["test_accuracy"])


def test_its_own_protocol_and_the_nested_one_by_hand() -> None:
    # Fold by epoch. Means of the folds: 0.65, 0.70, 0.60: GIN takes epoch 2 for both; nested takes 3 and 1.
    test, inner = [[0.5, 0.6, 0.7], [0.8, 0.8, 0.5]], [[0.1, 0.2, 0.9], [0.9, 0.9, 0.8]]
    rows = pd.DataFrame(
        [
            {"seed": 0, "fold": fold, "epoch": epoch + 1, "metric": metric, "value": values[fold][epoch]}
            for metric, values in (("test_accuracy", test), ("inner_accuracy", inner))
            for fold in (0, 1)
            for epoch in range(3)
        ]
    ).assign(candidate=0.0, selected=True, method="gin-0", dataset="some", setting="default")
    found = scores(all_runs({"supervised-graphs": rows}), {})
    means = found.groupby("protocol")["value"].mean()
    assert means["epoch-on-test"] == pytest.approx(0.7)
    assert means["oracle"] == pytest.approx(0.7)
    assert means["nested"] == pytest.approx((0.7 + 0.8) / 2)
    assert means["fixed"] == pytest.approx(0.6)
    assert found[found["protocol"] == "nested"]["epoch"].tolist() == [3, 1]


def test_the_learning_rate_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    data, rates = told_apart(), list[float]()
    settings = SupervisedGraphs(epochs=5, steps=1, halved_after=2)
    training = GraphTraining("gcn", data, seen_features(data), settings, 0, ())
    monkeypatch.setattr(training, "_step", lambda *_: rates.append(training.optimiser.lr))
    training.fit(np.arange(40), np.arange(40, 60))
    assert rates == [0.01, 0.005, 0.005, 0.0025, 0.0025]


def test_features_are_labels_or_degrees_or_a_constant() -> None:
    data = told_apart()
    assert seen_features(data).shape[1] == 4
    plain = replace(data, x=np.zeros_like(data.x), cardinality=(1,))
    assert seen_features(plain).shape[1] == data.degrees().max() + 1
    assert seen_features(replace(plain, name="REDDIT-BINARY")).shape[1] == 1


def test_graphs_of_one_node_are_trained_on(tmp_path: Path) -> None:
    small = random_graphs(0, count=60, most=1)
    assert scored(tmp_path, replace(small, y=small.x[:, 0] % 2), batch_size=1)["value"].between(0, 1).all()


def test_what_cannot_be_trained_on_is_told(tmp_path: Path) -> None:
    data = told_apart()
    with pytest.raises(RelampError, match="no supervised model of graphs 'gat'; known: gin-0, gin-eps"):
        scored(tmp_path, data, "gat")
    fold = np.arange(60) % 3
    with pytest.raises(RelampError, match="need one class for each graph"):
        scored(tmp_path, replace(data, y=np.zeros((60, 2), dtype=np.int8)), fold=fold)
    rare = np.zeros(60, dtype=np.int64)
    rare[:3] = 1
    with pytest.raises(RelampError, match="random, outside fold 0: 1 of 2 classes have fewer graphs than the 3 folds"):
        scored(tmp_path, replace(data, y=rare), fold=fold)


def test_what_was_trained_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = replace(run_of(tmp_path, told_apart()), store=tmp_path / "kept")
    made = score_supervised_graphs(run)
    first = next(made)
    made.close()
    calls, fit = list[int](), GraphTraining.fit
    monkeypatch.setattr(GraphTraining, "fit", lambda *given: (calls.append(1), fit(*given))[1])
    rows = pd.concat(score_supervised_graphs(run))
    assert len(calls) == 4
    pd.testing.assert_frame_equal(rows.iloc[:6], first, check_exact=True)
