import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from model_graphs import random_graphs
from relamp.data.batch import Batch
from relamp.data.features import node_features
from relamp.data.packaged import pack
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.loss.info_nce import info_nce, node_info_nce_by_graph, node_objective
from relamp.loss.local_global import local_global
from relamp.method import two_branches
from relamp.method.mmix import MMix
from relamp.method.table import METHODS
from relamp.method.two_branches import TwoBranches
from relamp.model.mvgrl import MVGRLEncoder, branch_inputs
from relamp.settings.graphs import MmixOptions, Pretraining
from relamp.settings.mixing import MixSettings
from relamp.train.graphs import GraphTrainer
from relamp.train.trainer import Trained
from seeded import gen, randomness
from training import make as method_of

CPU = torch.device("cpu")
DATA = random_graphs(0, count=21)
OWN = [name for name, row in METHODS["graphs"].items() if row.group == "mmix" and row.trains]
SMALL = {"epochs": 2, "checkpoints": (0, 2), "batch_size": 8, "hidden": 6}


def make(name: str, **options: object) -> TwoBranches:
    made = method_of("graphs", name, Pretraining(mmix=MmixOptions(**{"training": SMALL, **options})))
    assert isinstance(made, TwoBranches)
    return made


def pretrain(data: PackedGraphs, method: TwoBranches, seed: int) -> Trained:
    return GraphTrainer(data, method, seed).run()


def first_batch(method: TwoBranches) -> Batch:
    return GraphTrainer(DATA, method, 0).batch(np.arange(8))


def drawn(method: TwoBranches) -> tuple[MVGRLEncoder, torch.nn.Module]:
    return method.draw(DATA, gen())


def loss_of(method: TwoBranches, train: bool = False):
    encoder, head = drawn(method)
    encoder.train(train)
    return encoder, method.loss(encoder, head, first_batch(method), randomness())


def inputs(batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    return batch.features.chunk(2, dim=1)


def pooled(z: torch.Tensor, batch: Batch, pooling: str = "mean") -> torch.Tensor:
    return torch.stack([getattr(z[batch.graph == g], pooling)(0) for g in range(batch.num_graphs)])


@pytest.mark.parametrize("pooling", ["sum", "mean"])
def test_mvgrls_own_objective_sees_graphs_as_they_are_embedded(pooling: str) -> None:
    method = make("mvgrl", host="one-layer", pooling=pooling)
    (encoder, head), batch = drawn(method), first_batch(method)
    loss = method.loss(encoder, head, batch, randomness())
    a, b = encoder(*inputs(batch))
    h_a, h_b = (pooled(z, batch, pooling) for z in (a, b))
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
    mixed, b = encoder.views(*inputs(batch), batch.edge_index, None)
    torch.testing.assert_close(loss.parts["graph"], info_nce(pooled(mixed.z, batch), pooled(b, batch)))
    torch.testing.assert_close(loss.parts["node"], node_objective(mixed.z, b, mixed.diversity, 0.5))
    within = loss_of(make("mo-mix", temperature=0.5))[1].parts["node"]
    torch.testing.assert_close(within, node_info_nce_by_graph(mixed.z, b, batch.graph, 0.5))


def test_sampled_nodes_are_drawn_anew_and_few() -> None:
    method = make("mo-mix", negatives="batch", sample_size=5)
    (encoder, head), random = drawn(method), randomness()
    losses = {method.loss(encoder, head, first_batch(method), random).parts["node"].item() for _ in range(3)}
    assert len(losses) == 3
    assert max(losses) < math.log(2 * 5 - 1) + 2  # -log of the least share among 9 terms


def test_without_gradient_through_scores_the_projections_follow_the_diversity_alone() -> None:
    for name, moves in (("mp-mix", True), ("mp-mix-nodiv", False)):
        encoder, loss = loss_of(make(name, mix=MixSettings(score_gradient=False)))
        loss.total.backward()
        gradient = encoder.mixer.query.weight.grad
        assert (gradient is not None and bool(gradient.any())) == moves


def test_own_training_is_laid_over_the_shared_settings() -> None:
    shared = Pretraining(epochs=3, checkpoints=(0, 3), hidden=8, mmix=MmixOptions(training=SMALL))
    trained = pretrain(DATA, MMix(shared, "mo-mix", "both", {}), 0)
    assert [row["epoch"] for row in trained.history] == [1, 2]
    assert list(trained.embeddings) == [f"epoch~{at}{of}" for at in (0, 2) for of in ("", "_branch~a", "_branch~b")]
    assert trained.embeddings["epoch~2"].shape == (21, 6)
    plain = Pretraining(epochs=3, checkpoints=(0, 3), hidden=8, batch_size=8)
    assert pretrain(DATA, MMix(plain, "mo-mix", "both", {}), 0).embeddings["epoch~3"].shape == (21, 8)
    assert method_of("graphs", "lamp-mag", shared).settings == shared
    untrained = method_of("graphs", "mvgrl-untrained", shared).settings
    assert (untrained.epochs, untrained.checkpoints, untrained.hidden) == (0, (0,), 6)


def test_the_options_of_a_table_row_go_before_the_settings() -> None:
    options = MmixOptions(training=SMALL, branch="average")
    one, two = (MMix(Pretraining(mmix=options), "mp-mix", "both", given) for given in ({}, {"branch": "sum"}))
    assert (one.options.branch, two.options.branch) == ("average", "sum")
    first, second = (pretrain(DATA, made, 3) for made in (one, two))
    assert first.history == second.history  # how branches become one changes what is read, not what is trained
    torch.testing.assert_close(first.embeddings["epoch~2"] * 2, second.embeddings["epoch~2"])
    assert torch.equal(first.embeddings["epoch~2_branch~b"], second.embeddings["epoch~2_branch~b"])


def test_all_methods_start_from_one_encoder() -> None:
    alike = [name for name in OWN if "code" not in name]
    options = {"host": "one-layer", "readout": "encoder"}
    made = [GraphTrainer(DATA, make(name, **options), 5).embed()[""] for name in alike]
    assert all(torch.equal(made[0], other) for other in made)


def test_molecules_with_bonds_are_refused() -> None:
    bonds = replace(DATA, edge_attr=np.zeros((DATA.edge_index.shape[1], 1), dtype=np.int64))
    with pytest.raises(RelampError, match="random: has bond types"):
        pretrain(bonds, make("mvgrl"), 0)


@pytest.mark.parametrize("together", ["sum", "average"])
@pytest.mark.parametrize("readout", ["encoder", "output"])
def test_a_graph_is_embedded_by_both_branches_pooled_and_by_each_alone(together: str, readout: str) -> None:
    method = make("mp-mix", branch=together, readout=readout, pooling="mean")
    (encoder, head), batch = drawn(method), first_batch(method)
    encoder.eval()
    a, b = encoder.readout(*inputs(batch), batch.edge_index, torch.Generator(), readout)
    both = {"sum": a + b, "average": (a + b) / 2}[together]
    expected = {branch: pooled(nodes, batch) for branch, nodes in (("", both), ("a", a), ("b", b))}
    torch.testing.assert_close(method.embed(encoder, head, batch, torch.Generator()), expected)
    summed = make("mp-mix", branch=together, readout=readout).embed(encoder, head, batch, torch.Generator())
    sizes = torch.bincount(batch.graph)[:, None]
    torch.testing.assert_close(summed, {branch: rows * sizes for branch, rows in expected.items()})


def test_a_mixer_with_random_weights_embeds_the_same_each_time() -> None:
    method = make("random-mix", readout="output")
    (encoder, head), batch = drawn(method), first_batch(method)
    one, two = (method.embed(encoder, head, batch, gen(seed))[""] for seed in (1, 2))
    assert torch.equal(one, two)


def test_a_batch_without_features_is_refused() -> None:
    method = make("mp-mix")
    encoder, head = drawn(method)
    with pytest.raises(ValueError, match="needs features"):
        method.embed(encoder, head, replace(first_batch(method), features=None), torch.Generator())


def test_parts_of_a_data_set_give_what_graph_by_graph_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    method = make("mp-mix", diffusion="heat")
    whole = method.prepare(DATA, CPU)
    monkeypatch.setattr(two_branches, "NODES_AT_ONCE", 7)
    assert len(list(two_branches._parts(DATA))) > 3
    np.testing.assert_allclose(method.prepare(DATA, CPU), whole, atol=1e-6)
    for g in range(len(DATA)):
        graph = DATA.take(np.array([g]))
        both = branch_inputs(graph.edge_index, node_features(graph, *method.shown), "heat")
        found = whole[DATA.node_offset[g] : DATA.node_offset[g + 1]]
        np.testing.assert_allclose(found, np.concatenate(both, axis=1), atol=1e-6)


def test_on_real_graphs_a_checkpoint_is_what_the_saved_encoder_gives() -> None:
    data = pack("MUTAG").take(np.arange(40))
    method = make("mp-mix", features="labels-and-degrees", readout="output")
    trained = pretrain(data, method, 0)
    part = GraphTrainer(data.take(np.array([7, 3])), method, 1)
    part.encoder.load_state_dict(trained.encoder)
    torch.testing.assert_close(part.embed()[""], trained.embeddings["epoch~2"][[7, 3]])
