from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from node_graphs import random_nodes
from relamp.data.nodes import PackedNodes
from relamp.errors import RelampError
from relamp.settings.nodes import NodePretraining
from relamp.train.nodes import NodeTrainer, take_graphs
from relamp.train.trainer import Trained, embedding_name
from training import make, train

DATA = random_nodes(0, sizes=(40,))


def pretrain(name: str = "mp-mix", data: PackedNodes = DATA, seed: int = 0, **options: object) -> Trained:
    base = {"epochs": 6, "checkpoints": [0, 3], "hidden": 8, "sample_size": 15, "patience": None}
    return train("nodes", name, data, NodePretraining.model_validate({**base, **options}), seed)


def test_embedding_draws_do_not_change_the_training() -> None:
    few, many = (pretrain("random-mix", readout="output", checkpoints=epochs) for epochs in ([], [0, 1, 2, 3, 4, 5]))
    assert few.history == many.history


@pytest.mark.parametrize(("name", "by"), [("mvgrl", 0.05), ("mvgrl-infonce", 0.1), ("mp-mix", 0.1), ("grace", 0.1)])
def test_training_lowers_the_loss(name: str, by: float) -> None:
    history = pretrain(name, epochs=60, checkpoints=[], learning_rate=0.01).history
    assert np.mean([row["loss"] for row in history[-5:]]) < history[0]["loss"] - by


def test_the_diversity_terms_weight_is_a_setting() -> None:
    row = pretrain(diversity=0.25).history[0]
    assert row["loss"] == pytest.approx(row["node"] + 0.25 * row["diversity"], abs=1e-5)
    assert row["diversity"] < 0


def test_early_stopping_keeps_the_weights_of_the_lowest_loss() -> None:
    # A learning rate so high that the loss soon rises again; all nodes in each step and no draws: no noise.
    chosen = {"learning_rate": 1.0, "sample_size": 100}
    stopped = pretrain("mvgrl-infonce", epochs=200, patience=5, checkpoints=[0, 190], **chosen)
    losses = [row["loss"] for row in stopped.history]
    assert len(losses) < 200
    assert stopped.final == int(np.argmin(losses))
    assert len(losses) == stopped.final + 5
    assert list(stopped.embeddings) == [embedding_name(epoch, "average") for epoch in (0, stopped.final)]
    again = pretrain("mvgrl-infonce", epochs=stopped.final, checkpoints=[], **chosen)
    assert all(torch.equal(again.encoder[name], stopped.encoder[name]) for name in again.encoder)
    assert torch.equal(*(t.embeddings[embedding_name(stopped.final, "average")] for t in (again, stopped)))


def test_checkpoints_may_keep_the_split_alone() -> None:
    trained, whole = (pretrain("mvgrl", keep=keep, checkpoints=[3]) for keep in ("split", "all"))
    name = embedding_name(3, "sum")
    assert torch.equal(trained.embeddings[name], whole.embeddings[name][trained.kept])
    assert len(trained.embeddings[embedding_name(6, "sum")]) == DATA.num_nodes
    without = pretrain("mvgrl", data=random_nodes(split=False), keep="split", checkpoints=[0, 3])
    assert list(without.embeddings) == [embedding_name(6, "sum")]


def test_four_blocks_of_consecutive_nodes_are_each_contrasted_by_itself() -> None:
    settings = NodePretraining(hidden=8, sample_size=9, sample="blocks", patience=None)
    trainer = NodeTrainer(DATA, make("nodes", "mvgrl-infonce", settings), 0)
    drawn = [trainer.samples().reshape(4, 9) for _ in range(300)]
    assert all((np.diff(blocks) == 1).all() for blocks in drawn)
    assert {int(block[0]) for blocks in drawn for block in blocks} == set(range(32))
    before = {name: value.clone() for name, value in trainer.encoder.state_dict().items()}
    losses = [trainer.loss(block) for block in drawn[0]]
    found = trainer.pass_over(drawn[0].reshape(-1))
    assert found["loss"] == pytest.approx(np.mean([loss.total.item() for loss in losses]))
    assert found["node"] == pytest.approx(np.mean([loss.parts["node"].item() for loss in losses]))
    assert not torch.equal(before["a.linear.weight"], trainer.encoder.state_dict()["a.linear.weight"])
    # A graph that is no larger than a sample is taken once.
    whole = NodePretraining(hidden=8, sample_size=40, sample="blocks", patience=None)
    assert np.array_equal(NodeTrainer(DATA, make("nodes", "mvgrl", whole), 0).samples(), np.arange(40))


@pytest.mark.parametrize("name", ["mp-mix", "grace-mp-mix"])
def test_inductive_training_never_sees_the_other_graphs(name: str) -> None:
    data = random_nodes(3, sizes=(20, 12, 12))
    assert np.array_equal(data.train, np.arange(20))
    chosen = {"inductive": True, "checkpoints": []}
    alone = replace(random_nodes(3, sizes=(20, 12, 12)), feature_index=_scrambled(data))
    one, two = pretrain(name, data, **chosen), pretrain(name, alone, **chosen)
    assert all(torch.equal(one.encoder[key], two.encoder[key]) for key in one.encoder)
    z, other = (t.embeddings[embedding_name(6, "average")] for t in (one, two))
    assert len(z) == 44
    torch.testing.assert_close(z[:20], other[:20])
    assert not torch.allclose(z[20:], other[20:])
    with pytest.raises(RelampError, match="no graphs to train on"):
        pretrain(name, random_nodes(split=False), **chosen)


def _scrambled(data) -> np.ndarray:
    """Feature columns, other ones beyond the first graph."""
    index, start = data.feature_index.copy(), data.feature_offset[data.graph_offset[1]]
    index[start:] = data.num_features - 1 - index[start:]
    return index


def test_some_graphs_can_be_taken_alone() -> None:
    data = random_nodes(4, sizes=(10, 8, 6))
    some = take_graphs(data, np.array([0, 2]))
    nodes = np.r_[0:10, 18:24]
    dense = np.zeros((24, 24))
    dense[tuple(data.edge_index)] = 1
    small = np.zeros((16, 16))
    small[tuple(some.edge_index)] = 1
    assert np.array_equal(small, dense[np.ix_(nodes, nodes)])
    assert np.array_equal(some.features().toarray(), data.features().toarray()[nodes])
    assert some.graph_offset.tolist() == [0, 10, 16]
    assert np.array_equal(some.y, data.y[nodes])


def test_a_diverged_loss_is_told() -> None:
    with pytest.raises(RelampError, match=r"^epoch [12]: .* no longer finite; lower the learning rate$"):
        pretrain("mvgrl", learning_rate=1e30)


@pytest.mark.parametrize("name", ["mvgrl", "mp-mix", "grace"])
def test_features_are_scaled_by_row_unless_the_settings_say_otherwise(name: str) -> None:
    x = DATA.features()
    by_hand = csr_matrix(x / np.maximum(x.sum(axis=1), 1e-30))
    scaled = replace(DATA, feature_value=by_hand[x.nonzero()].A1.astype(np.float32))
    default, as_is = (pretrain(name, data) for data in (DATA, scaled))
    in_file = pretrain(name, scaled, features="as-in-file")
    raw = pretrain(name, features="as-in-file")
    for key, z in default.embeddings.items():
        torch.testing.assert_close(z, in_file.embeddings[key], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(z, as_is.embeddings[key], atol=1e-5, rtol=1e-4)  # scaling twice is scaling once
        assert not torch.allclose(z, raw.embeddings[key], atol=1e-4)
