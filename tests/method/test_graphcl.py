from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from model_graphs import random_graphs
from relamp.data.batch import Batch, collate, one_hot, with_self_loops
from relamp.data.packed import PackedGraphs
from relamp.method.augmented import augmented
from relamp.method.graphcl import GraphCL, is_social
from relamp.model.gin import GIN
from relamp.model.molecular_gin import MolecularGIN
from relamp.settings.graphs import GraphclOptions, Pretraining
from seeded import gen, randomness


def tagged_batch(count: int = 40) -> Batch:
    """A batch whose single feature column numbers the nodes and whose edge attributes number the edges."""
    batch = collate(random_graphs(7, count=count), np.arange(count))
    return Batch(
        x=torch.arange(len(batch.x))[:, None],
        edge_index=batch.edge_index,
        graph=batch.graph,
        num_graphs=count,
        edge_attr=torch.arange(batch.edge_index.shape[1])[:, None],
    )


@pytest.mark.parametrize(
    "names", [("node_drop",), ("subgraph",), ("node_drop", "subgraph"), ("node_drop", "edge_perturbation")]
)
@pytest.mark.parametrize("reading", ["paper", "code"])
def test_a_view_is_a_consistent_part_of_its_batch(names, reading) -> None:
    batch = tagged_batch()
    options = GraphclOptions(augmentations=names, strength=0.5, reading=reading)
    view = augmented(batch, options, GIN((4,), 4, 1, torch.Generator()), randomness())
    kept = view.x[:, 0]
    assert view.num_graphs == batch.num_graphs
    assert len(kept) < len(batch.x)
    assert torch.equal(view.graph, batch.graph[kept])
    # Every edge, traced back by the nodes' numbers, joins nodes of one graph.
    source, target = kept[view.edge_index]
    assert torch.equal(batch.graph[source], batch.graph[target])
    if "edge_perturbation" not in names:
        assert torch.equal(torch.stack([source, target]), batch.edge_index[:, view.edge_attr[:, 0]])


def test_by_the_code_a_view_has_no_self_loops_but_their_nodes() -> None:
    """Its code finds the nodes of a view by its edges, self-loops among them, and drops the self-loops then."""
    batch = collate(random_graphs(7, count=40), np.arange(40))
    bare = with_self_loops(replace(batch, edge_index=batch.edge_index[:, :0]), but_last=True)
    encoder = GIN((4,), 4, 1, torch.Generator())
    for reading, loops in (("code", False), ("paper", True)):
        options = GraphclOptions(augmentations=("node_drop",), strength=0.3, reading=reading)
        view = augmented(with_self_loops(batch, but_last=True), options, encoder, randomness())
        assert bool((view.edge_index[0] == view.edge_index[1]).any()) == loops
        assert view.edge_index.shape[1] > 0
        # Without other edges, the nodes with a self-loop that were not dropped are left.
        alone = augmented(bare, options, encoder, randomness())
        assert len(alone.x) > 0
        assert (alone.edge_index.shape[1] > 0) == loops


def test_each_graph_draws_its_own_augmentation() -> None:
    batch = tagged_batch(count=300)
    options = GraphclOptions(augmentations=("node_drop", "edge_perturbation"), strength=0.5)
    view = augmented(batch, options, GIN((4,), 4, 1, torch.Generator()), randomness())
    before, after = (torch.bincount(b.graph, minlength=300) for b in (batch, view))
    large = before >= 2
    dropped = ((after < before) & large).sum() / large.sum()
    assert 0.4 < dropped < 0.6


def test_attribute_masking() -> None:
    batch = collate(random_graphs(1, count=20), np.arange(20))
    options = GraphclOptions(augmentations=("attribute_masking",), strength=0.3)
    view = augmented(batch, options, GIN((4,), 4, 1, torch.Generator()), randomness())
    changed = (view.features != one_hot(batch.x, (4,))).any(dim=1)
    sizes = torch.bincount(batch.graph)
    assert torch.bincount(batch.graph[changed], minlength=20).tolist() == [int(0.3 * n) for n in sizes.tolist()]
    molecules = Batch(torch.zeros(30, 2, dtype=torch.long), batch.edge_index[:, :0], torch.arange(30) // 10, 3)
    masked = augmented(molecules, options, MolecularGIN(4, 1, torch.Generator()), randomness())
    assert (masked.x[:, 0] == 119).sum() == 9


def test_views_option_and_strength_zero() -> None:
    encoder = GIN((4,), 8, 2, gen()).eval()
    batch = collate(random_graphs(0, count=6), np.arange(6))
    calm = Pretraining(graphcl=GraphclOptions(strength=0.0))
    from relamp.loss.nt_xent import nt_xent

    graph = encoder(batch).graph
    expected = nt_xent(graph, graph, 0.2).item()
    assert GraphCL(calm).loss(encoder, nn.Identity(), batch, randomness()).total.item() == pytest.approx(expected)
    one = Pretraining(graphcl=GraphclOptions(augmentations=("node_drop",), strength=0.5, views="one"))
    view = augmented(batch, one.graphcl, encoder, randomness(4))
    expected = nt_xent(graph, encoder(view).graph, 0.2).item()
    assert GraphCL(one).loss(encoder, nn.Identity(), batch, randomness(4)).total.item() == pytest.approx(expected)


def test_edges_are_perturbed_on_social_networks_alone() -> None:
    social, labelled = random_graphs(0, cardinality=(1,)), random_graphs(0)
    described = replace(social, attributes=np.ones((len(social.x), 2), dtype=np.float32))
    molecules = replace(social, edge_attr=np.zeros((social.edge_index.shape[1], 2), dtype=np.int64))
    assert [is_social(data) for data in (social, labelled, described, molecules)] == [True, False, False, False]

    def drawn(data: PackedGraphs, **options: object) -> tuple[str, ...]:
        method = GraphCL(Pretraining(graphcl=GraphclOptions(**options)))
        for _ in range(2):  # once for each seed
            method.prepare(data, torch.device("cpu"))
        return method.options.augmentations

    two = ("node_drop", "subgraph")
    assert drawn(social) == (*two, "edge_perturbation")
    assert drawn(labelled) == drawn(social, social_edges=False) == two
    assert drawn(social, augmentations=("edge_perturbation",)) == ("edge_perturbation",)


def test_what_subgraph_keeps_is_apart_from_what_others_alter() -> None:
    batch, encoder = tagged_batch(200), GIN((4,), 4, 1, torch.Generator())

    def kept(name: str, **options: object) -> torch.Tensor:
        view = augmented(batch, GraphclOptions(augmentations=(name,), **options), encoder, randomness())
        return view.x

    for name, share in (("subgraph", 0.5), ("node_drop", 0.3)):
        assert torch.equal(kept(name, strength=0.3, kept=0.5), kept(name, strength=share))
        assert torch.equal(kept(name, strength=share), kept(name, strength=share, kept=None))
    assert not torch.equal(kept("subgraph", strength=0.5), kept("subgraph", strength=0.3))
