from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from node_graphs import random_nodes
from relamp.data.nodes import PackedNodes
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.model.supervised_nodes import Constants, SeenNodes, build_classifier
from relamp.train.supervised_nodes import COLUMNS, Fitted, Watch, fit, score_supervised_nodes
from seeded import gen

NAN = float("nan")


def scored(folder: Path, data: PackedNodes, method: str = "gcn", **protocol: object) -> pd.DataFrame:
    data.save(folder / "data.safetensors")
    run = Run(folder / "data.safetensors", [7], {"method": method}, {"runs": 2, "epochs": 5, **protocol})
    return pd.concat(score_supervised_nodes(run))


@pytest.mark.parametrize(
    ("seen", "chosen"),
    [
        # The best accuracy; of equals the least loss; of equals the first.
        ([(0.5, 1.0), (0.7, 2.0), (0.6, 0.1)], 2),
        ([(0.5, 1.0), (0.7, 2.0), (0.7, 1.5), (0.7, 1.8)], 3),
        ([(0.7, 1.0), (0.7, 1.0)], 1),
        # Without validation the last one.
        ([(NAN, NAN), (NAN, NAN), (NAN, NAN)], 3),
    ],
)
def test_the_chosen_epoch_by_hand(seen: list[tuple[float, float]], chosen: int) -> None:
    watch = Watch(patience=10)
    better = [watch.better(*each) for each in seen]
    assert watch.chosen == chosen
    assert max(number for number, is_better in enumerate(better, start=1) if is_better) == chosen


def test_training_stops_when_neither_accuracy_nor_loss_has_been_the_best_for_so_long() -> None:
    watch = Watch(patience=2)
    over = []
    for each in [(0.5, 1.0), (0.4, 0.9), (0.5, 1.1), (0.4, 1.2), (0.49, 0.91)]:
        watch.better(*each)
        over.append(watch.over)
    # A smaller loss, then an accuracy as good as the best, then two of neither.
    assert over == [False, False, False, False, True]


def test_what_is_tested_is_not_looked_at() -> None:
    data = random_nodes(1, sizes=(20, 30))
    seen = SeenNodes.of(data, "rows-scaled", torch.device("cpu"))
    split = {"train": data.train, "valid": data.valid, "test": data.test}
    other = data.y.copy()
    other[data.test] = (other[data.test] + 1) % 3
    one, two = (
        fit(build_classifier("gcn", Constants(), 12, 3, gen(), gen(1)), seen, y, split, 20) for y in (data.y, other)
    )
    assert one[:2] == two[:2]
    assert torch.equal(one.logits, two.logits)


def test_validation_chooses_among_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = random_nodes(1, sizes=(20, 30))
    right, wrong = (torch.nn.functional.one_hot(torch.from_numpy(data.y + shift) % 3, 3).float() for shift in (0, 1))
    made = iter([Fitted(3, (0.5, -1.0), wrong), Fitted(9, (0.5, -0.9), right), Fitted(4, (0.4, 0.0), wrong)])
    monkeypatch.setattr("relamp.train.supervised_nodes.published", lambda *_: [Constants()] * 3)
    monkeypatch.setattr("relamp.train.supervised_nodes.fit", lambda *_: next(made))
    rows = scored(tmp_path, data, runs=1)
    assert rows["chosen"].tolist() == [9] * 3
    assert rows["value"].tolist() == [1.0] * 3


def test_training_tells_communities_apart_and_gives_the_same_bits_again(tmp_path: Path) -> None:
    data = random_nodes(0, sizes=(40, 80, 80), features=24)
    rows = scored(tmp_path, data, epochs=200)
    assert list(rows[list(COLUMNS)]) == list(COLUMNS)
    assert rows[["run", "split"]].to_numpy().tolist() == [[r, p] for r in (0, 1) for p in ("train", "valid", "test")]
    assert rows.groupby("split")["value"].mean()["test"] > 0.7
    pd.testing.assert_frame_equal(rows, scored(tmp_path, data, epochs=200), check_exact=True)


@pytest.mark.parametrize("method", ["mlp", "gcn", "chebyshev", "gat", "jknet"])
def test_a_graph_without_edges_is_trained_on(tmp_path: Path, method: str) -> None:
    data = replace(random_nodes(0, sizes=(20, 30)), edge_index=np.zeros((2, 0), dtype=np.int64))
    assert np.isfinite(scored(tmp_path, data, method)["value"]).all()


def test_runs_draw_their_own_splits_where_they_are_random(tmp_path: Path) -> None:
    data = random_nodes(0, sizes=(200,), split=False)
    rows = scored(tmp_path, data, split="random", shares=(0.2, 0.2))
    assert len(rows) == 6
    with pytest.raises(RelampError, match="has no public split"):
        scored(tmp_path, data)


def test_without_validation_nodes_the_last_epoch_is_tested(tmp_path: Path) -> None:
    data = replace(random_nodes(0, sizes=(20, 30)), valid=np.zeros(0, dtype=np.int64))
    rows = scored(tmp_path, data)
    assert set(rows["split"]) == {"train", "test"}
    assert set(rows["chosen"]) == {5}


def test_what_cannot_be_trained_on_is_told(tmp_path: Path) -> None:
    data = random_nodes(0, sizes=(20, 30))
    with pytest.raises(RelampError, match="no supervised model of nodes 'gin-0'; known: mlp, gcn"):
        scored(tmp_path, data, "gin-0")
    with pytest.raises(RelampError, match="has several labels a node"):
        scored(tmp_path, random_nodes(0, sizes=(20, 30), tasks=4))
    unlabelled = data.y.copy()
    unlabelled[data.test[0]] = -1
    with pytest.raises(RelampError, match="nodes of the split have no label"):
        scored(tmp_path, replace(data, y=unlabelled))
    broken = np.full(len(data.feature_index), np.nan, dtype=np.float32)
    with pytest.raises(RelampError, match="the loss of epoch 1 is nan"):
        scored(tmp_path, replace(data, feature_value=broken))


def test_what_was_trained_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = random_nodes(0, sizes=(20, 30))
    data.save(tmp_path / "data.safetensors")
    run = Run(tmp_path / "data.safetensors", [7], {"method": "gcn"}, {"runs": 2, "epochs": 5}, store=tmp_path / "kept")
    made = score_supervised_nodes(run)
    first = next(made)
    made.close()
    calls: list[int] = []
    monkeypatch.setattr("relamp.train.supervised_nodes.fit", lambda *given: (calls.append(1), fit(*given))[1])
    rows = pd.concat(score_supervised_nodes(run))
    assert len(calls) == 1
    pd.testing.assert_frame_equal(rows.iloc[:3], first, check_exact=True)
