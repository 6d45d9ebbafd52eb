from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model_graphs import random_graphs
from relamp.data.batch import Batch, collate
from relamp.errors import RelampError
from relamp.settings.graphs import LampOptions, Pretraining
from relamp.train.graphs import GraphTrainer
from relamp.train.trainer import batches
from training import make, train

DATA = random_graphs(0, count=21)
SETTINGS = Pretraining(
    epochs=4, checkpoints=(0, 2, 4), batch_size=8, hidden=8, layers=2, local_nodes=10, self_loops="none"
)


def test_training_lowers_the_loss() -> None:
    chosen = SETTINGS.model_copy(update={"epochs": 12, "checkpoints": (), "lamp": LampOptions(alpha=0.3)})
    history = train("graphs", "lamp-mag", DATA, chosen).history
    assert history[-1]["loss"] < history[0]["loss"]
    for row in history:
        assert row["loss"] == pytest.approx(row["graph"] + 0.3 * row["local"], rel=1e-5)


@pytest.mark.parametrize("method", ["lamp-mag", "graphcl", "mp-mix"])
def test_a_diverged_training_is_told_at_once(method: str) -> None:
    with pytest.raises(RelampError, match=r"^epoch [12]: .* no longer finite; lower the learning rate$"):
        train("graphs", method, DATA, SETTINGS.model_copy(update={"learning_rate": 1e30}))


def test_seeds_of_methods_start_from_the_same_encoder_which_is_the_untrained_one() -> None:
    names = ("lamp-soft", "graphcl", "untrained")
    first, *others = (train("graphs", name, DATA, SETTINGS, 5).embeddings["epoch~0"] for name in names)
    assert all(torch.equal(first, other) for other in others)
    with pytest.raises(NotImplementedError, match="has no loss"):
        GraphTrainer(DATA, make("graphs", "untrained", SETTINGS), 0).loss(np.arange(8))


def test_embedding_does_not_depend_on_batches_or_neighbours() -> None:
    trainer = GraphTrainer(DATA, make("graphs", "simgrace", SETTINGS), 0)
    trained = trainer.run()
    alone = torch.cat([trainer.encoder(collate(DATA, np.array([i]))).graph for i in range(len(DATA))])
    torch.testing.assert_close(trainer.embed()[""], alone)
    torch.testing.assert_close(trained.embeddings["epoch~4"], alone)


@given(st.integers(2, 60), st.integers(2, 20))
def test_batches_cover_everything_once_and_none_is_alone(count: int, size: int) -> None:
    parts = list(batches(np.arange(count)[::-1], size))
    assert np.concatenate(parts).tolist() == list(range(count))[::-1]
    assert all(2 <= len(part) <= size + 1 for part in parts)
    assert len(parts) == max(1, -(-count // size) - (count % size == 1 and count > 1))


@pytest.mark.parametrize("method", ["lamp-mag", "graphcl", "simgrace"])
def test_batches_that_are_kept_train_to_the_same_bits(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [0]
    batch = GraphTrainer.batch

    def counted(self: GraphTrainer, index: np.ndarray) -> Batch:
        made[0] += 1
        return batch(self, index)

    monkeypatch.setattr(GraphTrainer, "batch", counted)
    kept = train("graphs", method, DATA, SETTINGS)
    few, made[0] = made[0], 0
    monkeypatch.setattr(GraphTrainer, "kept_bytes", 0)
    anew = train("graphs", method, DATA, SETTINGS)
    # 3 batches; 4 epochs; embeddings are made at 3 of them, in another order.
    assert (few, made[0]) == (3 + 3 * 3, 4 * 3 + 3 * 3)
    assert kept.history == anew.history
    assert all(torch.equal(kept.embeddings[name], anew.embeddings[name]) for name in kept.embeddings)


def test_an_order_that_is_drawn_anew_keeps_no_batch() -> None:
    chosen = SETTINGS.model_copy(update={"shuffle": "epoch"})
    trainer = GraphTrainer(DATA, make("graphs", "simgrace", chosen), 0)
    trainer.run()
    assert not trainer._batches


def test_self_loops_are_those_of_graphcls_code_for_the_gin_alone() -> None:
    """On all nodes but the last of each graph, in training and when graphs are embedded."""
    loops = [node for start, end in pairwise(DATA.node_offset[:4].tolist()) for node in range(start, end - 1)]
    default = SETTINGS.model_copy(update={"self_loops": Pretraining().self_loops})
    for name in ("lamp-mag", "graphcl", "simgrace", "untrained"):
        edges = GraphTrainer(DATA, make("graphs", name, default), 0).batch(np.arange(3)).edge_index
        assert edges[:, edges[0] == edges[1]].tolist() == [loops, loops]
        assert torch.equal(edges[:, edges[0] != edges[1]], collate(DATA, np.arange(3)).edge_index)
    # MVGRL's operators, and the encoder of molecules, have their own.
    molecules = replace(DATA, edge_attr=np.zeros((DATA.edge_index.shape[1], 2), dtype=np.uint8))
    for data, name in ((DATA, "mp-mix"), (molecules, "lamp-mag")):
        edges = GraphTrainer(data, make("graphs", name, default), 0).batch(np.arange(3)).edge_index
        assert torch.equal(edges, collate(DATA, np.arange(3)).edge_index)


@pytest.mark.parametrize("name", ["lamp-mag", "graphcl", "simgrace", "untrained"])
def test_methods_see_the_features_that_the_settings_name(name: str) -> None:
    chosen = SETTINGS.model_copy(update={"features": "degrees", "max_degree": 3})
    relabelled = replace(DATA, x=(DATA.x + 1) % 4)
    last = [list(train("graphs", name, data, chosen).embeddings.values())[-1] for data in (DATA, relabelled)]
    assert torch.equal(*last)
    assert not torch.equal(last[0], list(train("graphs", name, DATA, SETTINGS).embeddings.values())[-1])
    trainer = GraphTrainer(DATA, make("graphs", name, chosen), 0)
    features = trainer.batch(np.array([2, 0])).features
    assert features is not None
    degree = np.bincount(DATA.global_edge_index()[0], minlength=len(DATA.x))
    nodes = [*range(*DATA.node_offset[2:4]), *range(*DATA.node_offset[:2])]
    assert features.argmax(1).tolist() == np.minimum(degree, 3)[nodes].tolist()
    assert trainer.encoder.updates[0][0].in_features == 4


def test_labels_by_the_settings_are_the_labels_of_the_data() -> None:
    chosen = SETTINGS.model_copy(update={"features": "labels-or-degrees"})
    one, two = (GraphTrainer(DATA, make("graphs", "lamp-mag", each), 0) for each in (SETTINGS, chosen))
    torch.testing.assert_close(one.embed()[""], two.embed()[""])
    for trainer in (one, two):
        trainer.mode(training=True)
        trainer.start_epoch()
    torch.testing.assert_close(*(trainer.loss(np.arange(8)).total for trainer in (one, two)))


def test_the_order_is_drawn_once_anew_or_never() -> None:
    def orders(shuffle: str) -> list[list[int]]:
        trainer = GraphTrainer(DATA, make("graphs", "simgrace", SETTINGS.model_copy(update={"shuffle": shuffle})), 0)
        return [trainer.samples().tolist() for _ in range(2)]

    own = list(range(21))
    assert orders("never") == [own, own]
    once, anew = orders("once"), orders("epoch")
    assert once[0] == once[1] != own
    assert anew[0] != anew[1]
    assert all(sorted(order) == own for order in (*once, *anew))
