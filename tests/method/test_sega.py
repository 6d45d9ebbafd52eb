from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dense_gin import graphs_of, layers_of
from model_graphs import random_graphs
from relamp.data.batch import Batch
from relamp.graph.coding_tree import coding_levels
from relamp.method.augmented import augmented
from relamp.settings.graphs import Pretraining
from relamp.train.graphs import GraphTrainer
from seeded import randomness
from training import make

# A view without nodes has no direction, and no gradient worth comparing.
DRAWN = random_graphs(0, count=30, most=16)
DATA = DRAWN.take(np.flatnonzero(DRAWN.num_nodes >= 6)[:8])
LABELS = DATA.cardinality[0]


def trainer_of(**options: object) -> GraphTrainer:
    sizes = {"hidden": 6, "layers": 2, "self_loops": "none"}
    return GraphTrainer(DATA, make("graphs", "sega", Pretraining.model_validate({**sizes, "sega": options})), 0)


def embedded_slowly(trees: torch.nn.Module, batch: Batch, levels: np.ndarray) -> torch.Tensor:
    """The encoder of trees by loops over groups and dense batch normalisation, of nodes in the order of the data."""
    degree = torch.bincount(batch.edge_index[0], minlength=len(batch.x))
    h = torch.cat([F.one_hot(batch.x[:, 0], LABELS), F.one_hot(degree, 101)], dim=1).double()
    names, graph = np.arange(len(h)), batch.graph.numpy()
    steps = list(zip(trees.maps, trees.norms, strict=True))
    pooled = []
    for i, level in enumerate([*levels, None]):
        of = graph if level is None else level
        parents = sorted(set(of[names].tolist()))
        h = torch.stack([sum(h[j] for j, name in enumerate(names) if of[name] == parent) for parent in parents])
        for linear, norm in steps[2 * i : 2 * i + 2]:
            h = linear(h)
            h = (h - h.mean(0)) / (h.var(0, unbiased=False) + norm.eps).sqrt() * norm.weight + norm.bias
            h = h.relu()
        names = np.array(parents)
        home = names if level is None else graph[names]
        pooled.append(torch.stack([h[torch.from_numpy(home == g)].sum(0) for g in range(len(DATA))]))
    return trees.out(torch.cat(pooled, dim=1))


@pytest.mark.parametrize("height", [2, 4])
def test_the_loss_by_loops_and_its_gradient(height: int) -> None:
    trainer = trainer_of(height=height)
    method, encoder, head = trainer.method, trainer.encoder.double().train(), trainer.head.double().train()
    given = trainer.batch(np.arange(8))
    batch = replace(given, features=given.features.double())
    weights = [*encoder.parameters(), *head.parameters()]
    got = method.loss(encoder, head, batch, randomness(1)).total
    plain = replace(given, features=given.inputs(()).double()[:, :LABELS])
    torch.testing.assert_close(plain.features, F.one_hot(given.x[:, 0], LABELS).double())
    view = augmented(plain, method.view, encoder, randomness(1))
    assert len(view.x) < len(plain.x)
    ones = torch.ones(view.edge_index.shape[1], dtype=torch.float64)
    other = head["projection"](graphs_of(layers_of(encoder, view, ones), view))
    levels = coding_levels(DATA.global_edge_index(), DATA.node_offset, height)
    anchor = head["tree_projection"](embedded_slowly(head["trees"], plain, levels))
    terms = []
    for i in range(8):
        scores = torch.stack([torch.cosine_similarity(anchor[i], row, dim=0) / 0.2 for row in other])
        terms.append(scores[torch.arange(8) != i].exp().sum().log() - scores[i])
    expected = sum(terms) / 8
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    both = (torch.autograd.grad(loss, weights) for loss in (got, expected))
    for a, b in zip(*both, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-8)


def test_embeddings_of_the_graph_of_its_tree_and_of_both() -> None:
    z = {name: trainer_of(embedding=name).embed()[""] for name in ("graph", "tree", "both")}
    assert [len(z[name][0]) for name in z] == [12, 12, 24]
    torch.testing.assert_close(z["both"], torch.cat([z["graph"], z["tree"]], dim=1))
    assert z["tree"].unique(dim=0).shape[0] > 4
    plain = GraphTrainer(DATA, make("graphs", "untrained", Pretraining(hidden=6, layers=2, self_loops="none")), 0)
    torch.testing.assert_close(z["graph"], plain.embed()[""])


def test_a_batch_has_the_trees_of_its_graphs_in_any_order() -> None:
    trainer = trainer_of(height=3)
    trainer.mode(training=False)
    index = np.array([5, 0, 7])
    whole, some = (
        trainer.head["trees"](trainer.method.parted(trainer.encoder, trainer.batch(which))[1])
        for which in (np.arange(8), index)
    )
    torch.testing.assert_close(some, whole[index])


def test_training_lowers_the_loss() -> None:
    data = random_graphs(0, count=40, most=12)
    trainer = GraphTrainer(data, make("graphs", "sega", Pretraining(epochs=30)), 0)
    losses = [row["loss"] for row in trainer.run().history]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.3
    assert (trainer.settings.directions, trainer.optimiser.lr) == ("one", 0.01)


def test_molecules_get_the_trees_of_their_bonds() -> None:
    bonds = {"edge_attr": np.zeros((DATA.edge_index.shape[1], 2), dtype=np.uint8), "cardinality": (120, 4)}
    molecules = replace(DATA, x=np.column_stack([DATA.x, DATA.x[:, 0] % 2]), **bonds)
    trainer = GraphTrainer(molecules, make("graphs", "sega", Pretraining(hidden=6, layers=2)), 0)
    _, trees = trainer.method.parted(trainer.encoder, trainer.batch(np.arange(8)))
    _, plain = trainer_of().method.parted(trainer_of().encoder, trainer_of().batch(np.arange(8)))
    assert torch.equal(trees.degree, plain.degree)
    for one, two in zip(trees.parents, plain.parents, strict=True):
        assert torch.equal(one.group, two.group)
    assert np.isfinite(trainer.run().history[-1]["loss"])
