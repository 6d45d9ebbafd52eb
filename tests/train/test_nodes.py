from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from node_graphs import random_nodes
from relamp.data.karate import karate_club
from relamp.errors import RelampError
from relamp.method.node_table import NODE_METHODS
from relamp.settings.nodes import NodePretraining
from relamp.train.loop import Resume
from relamp.train.nodes import TrainedNodes, embedding_name, pretrain_nodes, take_graphs

DATA = random_nodes(0, sizes=(40,))
TRAINED = [name for name in NODE_METHODS if name != "untrained"]


def settings(name: str = "mp-mix", **options: object) -> NodePretraining:
    base = {"epochs": 6, "checkpoints": [0, 3], "hidden": 8, "sample_size": 15, "patience": None}
    return NodePretraining.model_validate({**base, **NODE_METHODS[name].options, **options})


def same(one: TrainedNodes, two: TrainedNodes) -> bool:
    return (
        one.history == two.history
        and one.final == two.final
        and one.embeddings.keys() == two.embeddings.keys()
        and all(torch.equal(one.embeddings[k], two.embeddings[k]) for k in one.embeddings)
        and all(torch.equal(one.encoder[k], two.encoder[k]) for k in one.encoder)
    )


@pytest.mark.parametrize("name", TRAINED)
def test_same_seed_same_bits_and_other_seed_other_bits(name: str) -> None:
    torch.manual_seed(1)
    first = pretrain_nodes(DATA, settings(name), 7)
    torch.manual_seed(2)
    assert same(first, pretrain_nodes(DATA, settings(name), 7))
    assert not same(first, pretrain_nodes(DATA, settings(name), 8))
    assert list(first.embeddings) == [embedding_name(epoch, "average") for epoch in (0, 3, 6)]
    assert [row["epoch"] for row in first.history] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("patience", [None, 3])
@pytest.mark.parametrize("name", ["mp-mix", "random-mix", "grace-imix", "grace-gat"])
def test_a_killed_run_goes_on_to_the_same_bits(name: str, patience: int | None, tmp_path: Path) -> None:
    chosen = settings(name, patience=patience, epochs=10, readout="encoder")
    whole = pretrain_nodes(DATA, chosen, 0)

    def kill_at(epoch: int):
        def on_epoch(done: int) -> None:
            if done == epoch:
                raise KeyboardInterrupt

        return on_epoch

    resume = Resume(tmp_path / "state.pt", "key", every=0)
    for epoch in (1, 3):
        with pytest.raises(KeyboardInterrupt):
            pretrain_nodes(DATA, chosen, 0, resume=resume, on_epoch=kill_at(epoch))
    seen: list[int] = []
    assert same(whole, pretrain_nodes(DATA, chosen, 0, resume=resume, on_epoch=seen.append))
    assert seen[0] == 3
    assert seen[-1] == 10
    # Once more, from the state of a training that is done.
    assert same(whole, pretrain_nodes(DATA, chosen, 0, resume=resume))


def test_embedding_draws_do_not_change_the_training() -> None:
    chosen = settings("random-mix", readout="output")
    more = chosen.model_copy(update={"checkpoints": (0, 1, 2, 3, 4, 5)})
    assert pretrain_nodes(DATA, chosen, 0).history == pretrain_nodes(DATA, more, 0).history


@pytest.mark.parametrize(("name", "by"), [("mvgrl", 0.05), ("mvgrl-infonce", 0.1), ("mp-mix", 0.1), ("grace", 0.1)])
def test_training_lowers_the_loss(name: str, by: float) -> None:
    history = pretrain_nodes(DATA, settings(name, epochs=60, checkpoints=[], learning_rate=0.01), 0).history
    assert np.mean([row["loss"] for row in history[-5:]]) < history[0]["loss"] - by
    for row in history:
        assert row["loss"] == pytest.approx(row["node"] + row["diversity"], abs=1e-5)


def test_the_diversity_terms_weight_is_a_setting() -> None:
    row = pretrain_nodes(DATA, settings(diversity=0.25), 0).history[0]
    assert row["loss"] == pytest.approx(row["node"] + 0.25 * row["diversity"], abs=1e-5)
    assert row["diversity"] < 0


def test_early_stopping_keeps_the_weights_of_the_lowest_loss() -> None:
    # A learning rate so high that the loss soon rises again; all nodes in each step and no draws: no noise.
    chosen = settings("mvgrl-infonce", epochs=200, patience=5, learning_rate=1.0, sample_size=100, checkpoints=[0, 150])
    stopped = pretrain_nodes(DATA, chosen, 0)
    losses = [row["loss"] for row in stopped.history]
    assert len(losses) < 200
    assert stopped.final == int(np.argmin(losses))
    assert len(losses) == stopped.final + 5
    assert list(stopped.embeddings) == [embedding_name(epoch, "average") for epoch in (0, stopped.final)]
    unstopped = chosen.model_copy(update={"epochs": stopped.final, "patience": None, "checkpoints": ()})
    again = pretrain_nodes(DATA, unstopped, 0)
    assert all(torch.equal(again.encoder[name], stopped.encoder[name]) for name in again.encoder)
    assert torch.equal(*(t.embeddings[embedding_name(stopped.final, "average")] for t in (again, stopped)))


def test_untrained_is_where_mvgrl_methods_start() -> None:
    untrained = pretrain_nodes(DATA, settings("untrained"), 5)
    assert untrained.final == 0
    name = embedding_name(0, "average")
    assert torch.equal(untrained.embeddings[name], pretrain_nodes(DATA, settings("mo-mix"), 5).embeddings[name])


def test_checkpoints_may_keep_the_split_alone() -> None:
    trained = pretrain_nodes(DATA, settings("mvgrl", keep="split", checkpoints=[3]), 0)
    whole = pretrain_nodes(DATA, settings("mvgrl", checkpoints=[3]), 0)
    name = embedding_name(3, "average")
    assert torch.equal(trained.embeddings[name], whole.embeddings[name][trained.kept])
    assert len(trained.embeddings[embedding_name(6, "average")]) == DATA.num_nodes
    with pytest.raises(RelampError, match="no public split to keep"):
        pretrain_nodes(random_nodes(split=False), settings(keep="split"), 0)


@pytest.mark.parametrize("name", ["mp-mix", "grace-mp-mix"])
def test_inductive_training_never_sees_the_other_graphs(name: str) -> None:
    data = random_nodes(3, sizes=(20, 12, 12))
    assert np.array_equal(data.train, np.arange(20))
    chosen = settings(name, inductive=True, checkpoints=[])
    alone = replace(random_nodes(3, sizes=(20, 12, 12)), feature_index=_scrambled(data))
    one, two = pretrain_nodes(data, chosen, 0), pretrain_nodes(alone, chosen, 0)
    assert all(torch.equal(one.encoder[key], two.encoder[key]) for key in one.encoder)
    z, other = (t.embeddings[embedding_name(6, "average")] for t in (one, two))
    assert len(z) == 44
    torch.testing.assert_close(z[:20], other[:20])
    assert not torch.allclose(z[20:], other[20:])
    with pytest.raises(RelampError, match="no graphs to train on"):
        pretrain_nodes(random_nodes(split=False), chosen, 0)


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
    with pytest.raises(RelampError, match="lower the learning rate"):
        pretrain_nodes(DATA, settings("mvgrl", learning_rate=1e30), 0)


def test_the_karate_club_trains() -> None:
    trained = pretrain_nodes(karate_club(), settings("mp-mix", branches=["a", "b", "concat"]), 0)
    assert trained.embeddings[embedding_name(6, "concat")].shape == (34, 16)
