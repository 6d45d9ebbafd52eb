import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from relamp.method.build import build
from relamp.study.runs import method_params, pretraining_params
from torch import Tensor
from torch.nn import functional as F

from model_graphs import random_graphs
from relamp.data.batch import Batch
from relamp.data.packaged import pack
from relamp.errors import RelampError
from relamp.loss.info_nce import graph_info_nce, node_objective
from relamp.method import mmix
from relamp.method.base import OwnEncoder, Randomness
from relamp.method.mmix import MMix, local_global, node_info_nce_by_graph
from relamp.method.table import METHODS
from relamp.mixing.similarity import MixSettings
from relamp.settings.graphs import MmixOptions, Pretraining
from relamp.train.graphs import draw_encoder, features_of, load_batch, pretrain

DATA = random_graphs(0, count=21)
OWN = [name for name, row in METHODS.items() if row.group == "mmix"]
SMALL = {"epochs": 2, "checkpoints": (0, 2), "batch_size": 8, "hidden": 6}


def make(name: str, **options: object) -> MMix:
    params = method_params(name, "default")
    made = build(params["maker"], Pretraining(mmix=MmixOptions(**{"training": SMALL, **options})), params["options"])
    assert isinstance(made, MMix)
    return made


def first_batch(method: MMix) -> Batch:
    return load_batch(DATA, np.arange(8), method.settings, torch.device("cpu"), features_of(method, DATA))


def loss_of(method: MMix, train: bool = False):
    encoder, head = draw_encoder(DATA, method, method.settings, torch.Generator().manual_seed(0))
    encoder.train(train)
    random = Randomness(np.random.default_rng(0), torch.Generator().manual_seed(1))
    return encoder, method.loss(encoder, head, first_batch(method), random)


def slow_node_loss(a: Tensor, b: Tensor, graph: Tensor, tau: float) -> Tensor:
    """Eq. 9 and 10 within each graph, term by term."""
    graphs = []
    for g in graph.unique():
        x, y = a[graph == g], b[graph == g]
        nodes = []
        for anchor, other in ((x, y), (y, x)):
            for i in range(len(x)):
                terms = [F.cosine_similarity(anchor[i], anchor[j], dim=0) for j in range(len(x)) if j != i]
                terms += [F.cosine_similarity(anchor[i], other[j], dim=0) for j in range(len(x))]
                own = F.cosine_similarity(anchor[i], other[i], dim=0)
                nodes.append(torch.stack(terms).div(tau).exp().sum().log() - own / tau)
        graphs.append(torch.stack(nodes).mean())
    return torch.stack(graphs).mean()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 1000), st.sampled_from([0.3, 1.0]))
def test_node_loss_within_graphs_equals_the_sum_term_by_term(sizes: list[int], seed: int, tau: float) -> None:
    graph = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    a, b = (torch.randn(2, len(graph), 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)).unbind()
    a.requires_grad_()
    fast, slow = node_info_nce_by_graph(a, b, graph, tau), slow_node_loss(a, b, graph, tau)
    torch.testing.assert_close(fast, slow)
    torch.testing.assert_close(torch.autograd.grad(fast, a), torch.autograd.grad(slow, a))


def test_node_loss_by_hand() -> None:
    # Two nodes of opposite directions, equal in both branches: -log(e / (1/e + e + 1/e)).
    z = torch.tensor([[1.0, 0], [-1, 0]])
    both = node_info_nce_by_graph(z, z, torch.tensor([0, 0]))
    torch.testing.assert_close(both, torch.tensor(math.log(1 + 2 * math.exp(-2))))
    # Alone in their graphs, each has no negative.
    assert node_info_nce_by_graph(z, z, torch.tensor([0, 1])).item() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="underflows"):
        node_info_nce_by_graph(z, z, torch.tensor([0, 0]), 0.001)


def test_node_loss_does_not_depend_on_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    graph = torch.repeat_interleave(torch.tensor([0, 1, 3, 4]), torch.tensor([4, 9, 1, 3]))  # graph 2 has no node
    a, b = torch.randn(2, len(graph), 5, generator=generator).unbind()
    whole = node_info_nce_by_graph(a, b, graph)
    monkeypatch.setattr(mmix, "NODES_AT_ONCE", 5)
    cut = list(mmix._whole_graphs(graph))
    assert [(s.start, s.stop) for s in cut] == [(0, 4), (4, 13), (13, 17)]
    torch.testing.assert_close(node_info_nce_by_graph(a, b, graph), whole)
    torch.testing.assert_close(whole, slow_node_loss(a, b, graph, 1.0))


def test_one_graph_is_the_whole_batch() -> None:
    a, b = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(0)).unbind()
    expected = node_objective(a, b, torch.zeros(()), 0.5)
    torch.testing.assert_close(node_info_nce_by_graph(a, b, torch.zeros(7, dtype=torch.long), 0.5), expected)


def test_local_global_by_hand_and_term_by_term() -> None:
    zeros = local_global(torch.zeros(4, 2), torch.zeros(3, 2), torch.tensor([0, 0, 1, 2]))
    assert zeros.item() == pytest.approx(0, abs=1e-6)
    generator = torch.Generator().manual_seed(0)
    nodes, graphs, graph = (
        torch.randn(5, 3, generator=generator),
        torch.randn(3, 3, generator=generator),
        [0, 0, 1, 2, 2],
    )
    own, others = [], []
    for i in range(5):
        for g in range(3):
            s = float(nodes[i] @ graphs[g])
            if g == graph[i]:
                own.append(math.log(2) - math.log1p(math.exp(-s)))
            else:
                others.append(math.log1p(math.exp(-s)) + s - math.log(2))
    expected = np.mean(others) - np.mean(own)
    assert local_global(nodes, graphs, torch.tensor(graph)).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("pooling", ["sum", "mean"])
def test_mvgrls_own_objective_sees_graphs_as_they_are_embedded(pooling: str) -> None:
    method = make("mvgrl", pooling=pooling)
    encoder, head = draw_encoder(DATA, method, method.settings, torch.Generator().manual_seed(0))
    batch = first_batch(method)
    random = Randomness(np.random.default_rng(0), torch.Generator().manual_seed(1))
    loss = method.loss(encoder, head, batch, random)
    a, b = encoder.branches(batch)
    h_a, h_b = (
        torch.stack([getattr(z[batch.graph == number], pooling)(0) for number in range(batch.num_graphs)])
        for z in (a, b)
    )
    nodes, graphs = head
    torch.testing.assert_close(loss.parts["a"], local_global(nodes(a), graphs(h_b), batch.graph))
    torch.testing.assert_close(loss.parts["b"], local_global(nodes(b), graphs(h_a), batch.graph))


def test_objectives_add_up() -> None:
    _, both = loss_of(make("mp-mix"))
    _, node = loss_of(make("mp-mix-node"))
    _, graph = loss_of(make("mp-mix-graph"))
    assert set(both.parts) == {"node", "diversity", "graph"}
    assert set(node.parts) == {"node", "diversity"}
    assert set(graph.parts) == {"graph"}
    torch.testing.assert_close(both.total, node.total + graph.total)
    torch.testing.assert_close(both.total, sum(both.parts.values()))
    assert both.parts["diversity"] < 0
    assert loss_of(make("mp-mix-nodiv"))[1].parts["diversity"] == loss_of(make("mo-mix"))[1].parts["diversity"] == 0


def test_the_loss_is_the_papers_of_what_is_contrasted() -> None:
    method = make("mo-mix", negatives="batch", temperature=0.5)
    encoder, loss = loss_of(method)
    batch = first_batch(method)
    made = encoder.contrasted(batch, None)
    h_a, h_b = (torch.stack([z[batch.graph == g].mean(0) for g in range(8)]) for z in (made.a, made.b))
    torch.testing.assert_close(loss.parts["graph"], graph_info_nce(h_a, h_b))
    torch.testing.assert_close(loss.parts["node"], node_objective(made.a, made.b, made.diversity, 0.5))
    within = loss_of(make("mo-mix", temperature=0.5))[1].parts["node"]
    torch.testing.assert_close(within, slow_node_loss(made.a, made.b, batch.graph, 0.5))


def test_sampled_nodes_are_drawn_anew_and_few() -> None:
    method = make("mo-mix", negatives="batch", sample_size=5)
    encoder, head = draw_encoder(DATA, method, method.settings, torch.Generator().manual_seed(0))
    random = Randomness(np.random.default_rng(0), torch.Generator().manual_seed(1))
    losses = {method.loss(encoder, head, first_batch(method), random).parts["node"].item() for _ in range(3)}
    assert len(losses) == 3
    assert max(losses) < math.log(2 * 5 - 1) + 2  # -log of the least share among 9 terms


@pytest.mark.parametrize("name", OWN)
def test_every_parameter_is_trained_that_the_objective_reaches(name: str) -> None:
    encoder, loss = loss_of(make(name), train=True)
    loss.total.backward()
    still = {key for key, value in encoder.named_parameters() if value.grad is None or not value.grad.any()}
    assert still == set()


def test_without_gradient_through_scores_the_projections_follow_the_diversity_alone() -> None:
    for name, moves in (("mp-mix", True), ("mp-mix-nodiv", False)):
        encoder, loss = loss_of(make(name, mix=MixSettings(score_gradient=False)))
        loss.total.backward()
        gradient = encoder.mixer.query.weight.grad
        assert (gradient is not None and bool(gradient.any())) == moves


def test_own_training_is_laid_over_the_shared_settings() -> None:
    shared = Pretraining(epochs=3, checkpoints=(0, 3), hidden=8, mmix=MmixOptions(training=SMALL))
    trained = pretrain(DATA, MMix(shared, "mo-mix", "both", {}), shared, 0)
    assert [row["epoch"] for row in trained.history] == [1, 2]
    assert sorted(trained.embeddings) == [0, 2]
    assert trained.embeddings[2].shape == (21, 6)
    plain = Pretraining(epochs=3, checkpoints=(0, 3), hidden=8, batch_size=8)
    assert pretrain(DATA, MMix(plain, "mo-mix", "both", {}), plain, 0).embeddings[3].shape == (21, 8)
    lamp = build("relamp.method.lamp:Lamp", shared, {"gamma": 0.2, "alpha": 0.0, "strategy": "magnitude"})
    assert not isinstance(lamp, OwnEncoder)
    assert [row["epoch"] for row in pretrain(DATA, lamp, shared, 0).history] == [1, 2, 3]


def test_the_branch_of_a_table_row_goes_before_the_settings() -> None:
    options = MmixOptions(training=SMALL, branch="average")
    one, two = (MMix(Pretraining(mmix=options), "mp-mix", "both", given) for given in ({}, {"branch": "b"}))
    assert (one.options.branch, two.options.branch) == ("average", "b")
    first, second = (pretrain(DATA, made, made.settings, 3) for made in (one, two))
    assert first.history == second.history  # the branch changes what is read, not what is trained
    assert not torch.equal(first.embeddings[2], second.embeddings[2])


def test_all_methods_start_from_one_encoder() -> None:
    made = [
        pretrain(DATA, make(name), Pretraining(), 5).embeddings[0]
        for name in OWN
        if "branch" not in name and "code" not in name
    ]
    assert all(torch.equal(made[0], other) for other in made)


def test_training_lowers_the_loss() -> None:
    method = make("mp-mix", training={**SMALL, "epochs": 15, "checkpoints": (15,)})
    history = pretrain(DATA, method, Pretraining(), 0).history
    assert history[-1]["loss"] < history[0]["loss"]


def test_molecules_with_bonds_are_refused() -> None:
    bonds = replace(DATA, edge_attr=np.zeros((DATA.edge_index.shape[1], 1), dtype=np.int64))
    with pytest.raises(RelampError, match="random: has bond types"):
        pretrain(bonds, make("mvgrl"), Pretraining(), 0)


def test_the_options_of_mixing_are_those_of_the_mixers() -> None:
    assert MmixOptions().mix == MixSettings()
    with pytest.raises(ValueError, match="needs the scope 'wp'"):
        MixSettings(operator="adjacency", scope="op")


@pytest.mark.parametrize(
    ("given", "message"),
    [({"epochs": 10}, "the last epoch, 10, is missing"), ({"epochs": 10, "checkpoints": (10, 20)}, "beyond the last")],
)
def test_own_checkpoints_are_checked(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MmixOptions(training=given)


def test_other_methods_are_told_nothing_of_it() -> None:
    changed = Pretraining(mmix=MmixOptions(training=SMALL))
    assert pretraining_params("lamp-mag", changed) == pretraining_params("lamp-mag", Pretraining())
    assert pretraining_params("mo-mix", changed)["mmix"]["training"]["hidden"] == 6


def test_on_real_graphs_a_checkpoint_is_what_the_saved_encoder_gives(tmp_path: Path) -> None:
    from relamp.train.graphs import embed

    data = pack("MUTAG").take(np.arange(40))
    method = make("mp-mix", features="labels-and-degrees", readout="output")
    trained = pretrain(data, method, Pretraining(), 0)
    encoder, _ = draw_encoder(data, method, method.settings, torch.Generator())
    encoder.load_state_dict(trained.encoder)
    part = data.take(np.array([7, 3]))
    torch.testing.assert_close(
        embed(encoder, part, method.settings, features=features_of(method, part)), trained.embeddings[2][[7, 3]]
    )
