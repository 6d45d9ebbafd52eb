import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor

from gradients import check_gradients
from model_graphs import graph_of
from molecular_twin import drawn, last_layer, losses_of, trainer_of
from molecule_trees import random_trees
from relamp.data.batch import Batch, collate, induced
from relamp.data.packed import PackedGraphs
from relamp.method.contextpred import numbered
from relamp.method.masked import one_atom
from reordered import edgeless
from seeded import randomness

DATA = random_trees(3)


def part(batch: Batch, nodes: list[int]) -> Batch:
    """Some nodes and the edges between them, edge by edge."""
    kept = [(u, v, i) for i, (u, v) in enumerate(batch.edge_index.T.tolist()) if u in nodes and v in nodes]
    edges = torch.tensor([(nodes.index(u), nodes.index(v)) for u, v, _ in kept], dtype=torch.int64).reshape(-1, 2).T
    which = [i for *_, i in kept]
    return Batch(batch.x[nodes], edges, batch.graph[nodes], batch.num_graphs, edge_attr=batch.edge_attr[which])


def by_loops(trainer: object, data: PackedGraphs, batch: Batch, roots: list[int], layers: int, width: int) -> Tensor:
    within, around, centres, shared = [], [], [], []
    for g, root in enumerate(roots):
        start = int(data.node_offset[g])
        far = {start + v: d for v, d in nx.single_source_shortest_path_length(graph_of(data, g), root - start).items()}
        near = {v for v, d in far.items() if d <= layers}
        # The ring between layers - 1 bonds and width more.
        ring = {v for v, d in far.items() if d <= layers - 1 + width} - {v for v, d in far.items() if d <= layers - 1}
        if ring:
            within += sorted(near)
            around += sorted(ring)
            centres.append(root)
            shared.append(sorted(near & ring))
    assert 2 < len(centres) < len(roots)
    one, two = (part(batch, nodes) for nodes in (within, around))
    h, c = last_layer(trainer.encoder, one.x, one), last_layer(trainer.head, two.x, two)
    atoms = [h[within.index(v)] for v in centres]
    contexts = [torch.stack([c[around.index(v)] for v in nodes]).mean(0) for nodes in shared]
    true = [-torch.log(torch.sigmoid(a @ b)) for a, b in zip(atoms, contexts, strict=True)]
    moved = [*contexts[1:], contexts[0]]
    false = [-torch.log(1 - torch.sigmoid(a @ b)) for a, b in zip(atoms, moved, strict=True)]
    return torch.stack(true).mean() + torch.stack(false).mean()


@pytest.mark.parametrize(("layers", "width"), [(2, 3), (1, 1), (3, 2)])
def test_atoms_and_contexts_by_loops_over_molecules(layers: int, width: int) -> None:
    trainer, batch, weights = drawn("contextpred", DATA, layers=layers, contextpred={"width": width})
    assert len(trainer.head.updates) == width
    roots = one_atom(batch, randomness(2))
    assert batch.graph[roots].tolist() == list(range(len(DATA)))
    expected = by_loops(trainer, DATA, batch, roots.tolist(), layers, width)
    got = trainer.method.loss(trainer.encoder, trainer.head, batch, randomness(2)).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, weights, rtol=1e-8, atol=1e-11)


def test_each_atom_of_a_molecule_is_drawn_as_often() -> None:
    batch, random = collate(DATA, np.arange(len(DATA))), randomness()
    counts = torch.zeros(len(batch.x))
    for _ in range(1000):
        counts[one_atom(batch, random)] += 1
    expected = 1000 / batch.graphs.sizes[batch.graph]
    assert ((counts - expected).abs() <= 4.5 * expected.sqrt()).all()


def test_a_batch_with_less_than_two_contexts_teaches_nothing() -> None:
    """A chain of six atoms, whose ends are five bonds apart, beside molecules that have no context."""
    sizes, x = [1, 6, 2], np.zeros((9, 2), dtype=np.int64)
    chain = [end for i in range(5) for end in ((i, i + 1), (i + 1, i))] + [(0, 1), (1, 0)]
    data = PackedGraphs(
        name="chains",
        x=x,
        cardinality=(120, 4),
        edge_index=np.array(chain).T,
        node_offset=np.array([0, 1, 7, 9]),
        edge_offset=np.array([0, 0, 10, 12]),
        y=np.zeros((len(sizes), 0), dtype=np.int8),
        edge_attr=np.zeros((12, 2), dtype=np.int64),
    )
    for graphs in (data, edgeless(data)):
        trainer = trainer_of("contextpred", graphs, hidden=4, layers=2)
        before = {name: value.clone() for name, value in trainer.encoder.state_dict().items()}
        trainer.mode(training=True)
        assert trainer.step(np.arange(3)).total.item() == 0
        assert all(torch.equal(value, before[name]) for name, value in trainer.encoder.state_dict().items())


def test_places_and_parts_by_hand() -> None:
    number, count = numbered(torch.tensor([4, 1, 4]), 6)
    assert (number.tolist(), count) == ([2, 0, 2, 2, 1, 2], 2)
    batch = Batch(
        x=torch.arange(4)[:, None],
        edge_index=torch.tensor([[0, 1, 1, 3], [1, 0, 3, 1]]),
        graph=torch.tensor([0, 0, 1, 2]),
        num_graphs=4,
        edge_attr=torch.arange(4)[:, None],
        message_weight=torch.arange(4.0),
        gate=torch.arange(4.0),
    )
    made = induced(batch, torch.tensor([False, True, True, True]))
    assert (made.x[:, 0].tolist(), made.graph.tolist(), made.num_graphs) == ([1, 2, 3], [0, 1, 2], 4)
    assert (made.edge_index.tolist(), made.edge_attr[:, 0].tolist()) == ([[0, 2], [2, 0]], [2, 3])
    assert (made.message_weight.tolist(), made.gate.tolist(), made.features) == ([2, 3], [1, 2, 3], None)


def test_training_lowers_the_loss() -> None:
    losses = losses_of("contextpred", random_trees(0, 60))
    assert np.mean(losses[-5:]) < 0.8 * losses[0]
