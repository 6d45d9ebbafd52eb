"""Rivals as their public codes pre-train on molecules: objectives and gradients beside slow twins, constants."""

import math
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.nn import GINConv

from bonded import molecules_of, nodes_of, one_way
from dense_gin import pair_by_pair
from gradients import check_gradients
from molecule_graphs import random_molecules
from relamp.augment.molecules import NAMES
from relamp.data.batch import Batch, collate
from relamp.method.adgcl import drawn as weights_of
from relamp.method.augmented import augmented
from relamp.method.autogcl import gate, gated
from relamp.method.gcs import within
from relamp.method.gcs_molecules import fewer_bonds
from relamp.method.joao_molecules import viewed
from relamp.method.rgcl import probability
from relamp.method.rgcl_molecules import complement_loss
from relamp.method.simgrace import perturb
from relamp.method.table import METHODS
from relamp.model.embeddings import forward_with
from relamp.model.molecular_gin import SELF_LOOP
from relamp.model.rationale import WIDTHS, AtomScores
from relamp.settings.graphs import GraphclOptions
from relamp.settings.molecules import MolecularPretraining
from relamp.study.overrides import place
from relamp.train.graphs import GraphTrainer
from seeded import gen, randomness
from training import make

DATA = random_molecules(0, count=12, most=9)
INDEX = np.arange(12)
# All else than in the codes.
OTHER = MolecularPretraining.model_validate(
    {
        **{"hidden": 8, "layers": 2, "epochs": 30, "checkpoints": (), "batch_size": 12, "learning_rate": 0.5},
        **{"temperature": 0.7, "directions": "both", "shuffle": "once", "initialisation": "xavier"},
        "graphcl": {"augmentations": ["attribute_masking"], "strength": 0.6, "views": "one"},
        "simgrace": {"eta": 10.0, "anchor": "perturbed"},
        "gcs": {"iterations": 4, "threshold": 0.9},
        "adgcl": {"regularisation": 0.0},
        "rgcl": {"kept": 0.5},
    }
)
CODED = ["graphcl-code", "simgrace-code", "joao", "joaov2", "ad-gcl", "gcs", "rgcl", "autogcl"]


def doubled(name: str) -> tuple[GraphTrainer, Batch]:
    """A training of double precision, and its whole data as a batch."""
    trainer = GraphTrainer(DATA, make("molecules", name, OTHER), 0)
    for module in (trainer.encoder, trainer.head, trainer.parts):
        module.double()
    for optimiser in (trainer.optimiser, *trainer.optimisers.values()):
        optimiser.mean, optimiser.square = ([m.double() for m in part] for part in (optimiser.mean, optimiser.square))
        optimiser.steps = [step.double() for step in optimiser.steps]
    trainer.mode(training=True)
    return trainer, collate(DATA, INDEX)


def weights(*modules: Any) -> list[Tensor]:
    return [weight for module in modules for weight in module.parameters() if weight.requires_grad]


def same_random() -> tuple[Any, Any]:
    return randomness(5), randomness(5)


@pytest.mark.parametrize("name", CODED)
def test_constants_are_those_of_the_codes_whatever_is_configured(name: str) -> None:
    row, (trainer, _) = METHODS["molecules"][name], doubled(name)
    found = trainer.method.settings
    constants: dict[str, tuple[Any, ...]] = {
        "graphcl-code": (0.1, "one", "epoch", "pytorch"),
        "simgrace-code": (0.1, "one", "never", "pytorch"),
        "joao": (0.1, "one", "epoch", "pytorch"),
        "joaov2": (0.1, "one", "epoch", "pytorch"),
        "ad-gcl": (0.2, "one", "epoch", "xavier"),
        "gcs": (0.2, "both", "epoch", "xavier"),
        "rgcl": (0.1, "one", "epoch", "pytorch"),
        "autogcl": (0.5, "both", "epoch", "pytorch"),
    }
    assert (found.temperature, found.directions, found.shuffle, found.initialisation) == constants[name]
    assert trainer.optimiser.lr == 0.001
    # Sizes and epochs are those of the settings.
    assert (found.hidden, found.layers, found.batch_size, found.epochs) == (8, 2, 12, 30)
    assert trainer.encoder.messages == ("relu" if name in ("ad-gcl", "gcs") else "sum")
    decided = {key: value for key, value in row.fixed["options"].items() if key != row.group}
    decided |= row.fixed["options"].get(row.group, {})
    assert all(place(OTHER, row, key) is None for key in decided)
    assert place(OTHER, row, "hidden") == ("hidden",)


def test_constants_of_single_codes() -> None:
    graphcl, simgrace, gcs = (doubled(name)[0].method.settings for name in ("graphcl-code", "simgrace-code", "gcs"))
    assert graphcl.graphcl.augmentations == ("node_drop", "subgraph")
    assert (graphcl.graphcl.strength, graphcl.graphcl.kept, graphcl.graphcl.views) == (0.2, None, "both")
    assert (simgrace.simgrace.eta, simgrace.simgrace.anchor) == (0.1, "clean")
    assert (gcs.gcs.iterations, gcs.gcs.threshold) == (1, 0.1)
    assert doubled("simgrace-code")[0].samples().tolist() == INDEX.tolist()
    adgcl = doubled("ad-gcl")[0]
    assert adgcl.method.settings.adgcl.regularisation == 5
    assert adgcl.parts["learner"].score[0].out_features == 64
    assert adgcl.parts["learner"].encoder.messages == "relu"
    for name, heads in (("joao", 1), ("joaov2", 5)):
        assert len(doubled(name)[0].head) == heads
        assert doubled(name)[0].head.probability.tolist() == [1 / 25] * 25
    for generator in doubled("autogcl")[0].head["generators"]:
        assert [tuple(update[0].weight.shape) for update in generator.updates] == [(128, 2), (128, 128)]
        assert generator.updates[1][2].out_features == 2
    assert place(OTHER, METHODS["molecules"]["rgcl"], "kept") is None
    assert [update[0].out_features for update in doubled("rgcl")[0].head["estimator"].updates] == [128, 64, 32]


def test_graphcl_contrasts_two_views_by_its_code_on_molecules() -> None:
    trainer, batch = doubled("graphcl-code")
    one, two = same_random()
    options = GraphclOptions(augmentations=("node_drop", "subgraph"), strength=0.2, reading="molecules")
    views = [augmented(batch, options, trainer.encoder, one) for _ in range(2)]
    expected = one_way(*(trainer.head(molecules_of(trainer.encoder, view)) for view in views), 0.1)
    got = trainer.method.loss(trainer.encoder, trainer.head, batch, two).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, weights(trainer.encoder, trainer.head), rtol=1e-7, atol=1e-10)


def test_simgrace_anchors_the_clean_branch() -> None:
    trainer, batch = doubled("simgrace-code")
    one, two = same_random()
    noisy = perturb(trainer.encoder, 0.1, one.torch)
    other = trainer.head(forward_with(trainer.encoder, noisy, batch, own_statistics=True).graph).detach()
    expected = one_way(trainer.head(molecules_of(trainer.encoder, batch)), other, 0.1)
    got = trainer.method.loss(trainer.encoder, trainer.head, batch, two).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, weights(trainer.encoder, trainer.head), rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize(("name", "number"), [("joao", 0), ("joaov2", 8)])
def test_joao_contrasts_a_pair_of_views(name: str, number: int) -> None:
    trainer, batch = doubled(name)
    shares = np.zeros(25)
    shares[[3, 7, 12, 19]] = 0.25
    trainer.head.probability.copy_(torch.from_numpy(shares))
    trainer.method.number = number
    one, two = same_random()
    choice = one.numpy.choice(25, size=12, p=shares)
    first, second = viewed(batch, choice // 5, one.numpy), viewed(batch, choice % 5, one.numpy)
    heads = trainer.head[number // 5], trainer.head[number % 5]
    expected = one_way(
        heads[0](molecules_of(trainer.encoder, first)), heads[1](molecules_of(trainer.encoder, second)), 0.1
    )
    got = trainer.method.loss(trainer.encoder, trainer.head, batch, two).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, weights(trainer.encoder, *set(heads)), rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize(("name", "heads"), [("joao", 1), ("joaov2", 5)])
def test_joao_compares_pairs_by_a_tenth_of_the_molecules(
    name: str, heads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = OTHER.model_copy(update={"batch_size": 2})
    trainer = GraphTrainer(random_molecules(0, count=45), make("molecules", name, settings), 0)
    seen: list[tuple[int, int, list[int]]] = []

    def contrast(encoder, head, batch, random, probability, number=0):
        assert encoder.training
        seen.append((int(np.argmax(probability)), number, batch.x[:, 0].tolist()))
        return torch.tensor(float(np.argmax(probability)))

    monkeypatch.setattr(trainer.method, "contrast", contrast)
    trainer.mode(training=True)
    trainer.drawn = trainer.samples()
    trainer.end_epoch()
    # 45 // 20 + 1 batches for each pair, through the heads of its own augmentations where there are five.
    batches = [trainer.batch(trainer.drawn[start : start + 2]).x[:, 0].tolist() for start in (0, 2, 4)]
    assert seen == [(n, n if heads == 5 else 0, batch) for n in range(25) for batch in batches]
    assert trainer.head.probability.tolist() == [0.0] * 24 + [1.0]


def test_views_of_molecules_are_batches_of_their_own() -> None:
    batch = collate(DATA, INDEX)
    for number, name in enumerate(NAMES):
        view = viewed(batch, np.full(12, number), np.random.default_rng(0))
        assert view.graphs.sizes.min() > 0
        assert view.edge_index.shape[1] == len(view.edge_attr)
        assert view.edge_index.numel() == 0 or int(view.edge_index.max()) < len(view.x)
        assert (view.graph[view.edge_index[0]] == view.graph[view.edge_index[1]]).all()
        assert (len(view.x) == len(batch.x)) == (name not in ("node_drop", "subgraph"))


def test_both_steps_of_adgcl() -> None:
    trainer, batch = doubled("ad-gcl")
    encoder, head, learner = deepcopy(trainer.encoder), deepcopy(trainer.head), trainer.parts["learner"]
    before = {name: value.clone() for name, value in learner.state_dict().items()}
    random = torch.Generator()
    random.set_state(trainer.random.torch.get_state())

    def contrast(weight: Tensor) -> Tensor:
        one, two = (molecules_of(encoder, view) for view in (batch, replace(batch, message_weight=weight)))
        return one_way(head(one), head(two), 0.2)

    def logits() -> Tensor:
        h = nodes_of(learner.encoder, batch)
        return torch.stack([learner.score(torch.cat([h[u], h[v]]))[0] for u, v in batch.edge_index.T])

    encoder.eval(), head.eval(), learner.train()
    weight = weights_of(logits(), random)
    edges = batch.graph[batch.edge_index[0]]
    taken = torch.stack([(1 - weight[edges == g]).mean() for g in edges.unique()]).mean()
    expected = torch.autograd.grad(5 * taken - contrast(weight), weights(learner))
    got = trainer.step(INDEX).total
    for one, two in zip(learner.parameters(), expected, strict=True):
        torch.testing.assert_close(one.grad, two, rtol=1e-7, atol=1e-10)
    assert not torch.equal(before["score.0.weight"], learner.state_dict()["score.0.weight"])

    # The encoder as it was before its step, the learner as it is after its own, and fresh noise.
    encoder.train(), head.train(), learner.eval()
    loss = contrast(weights_of(logits(), random).detach())
    assert got.item() == pytest.approx(loss.item(), rel=1e-9)
    expected = torch.autograd.grad(loss, weights(encoder, head))
    for one, two in zip(weights(trainer.encoder, trainer.head), expected, strict=True):
        torch.testing.assert_close(one.grad, two, rtol=1e-7, atol=1e-10)


def test_gcs_warms_up_on_fewer_bonds_and_then_looks_for_what_is_salient() -> None:
    trainer, batch = doubled("gcs")
    warm = []
    for trainer.epoch in range(6):
        trainer.start_epoch()
        warm.append(trainer.method.warm)
    # A tenth of 30 epochs.
    assert warm == [True] * 3 + [False] * 3
    encoder, head, wanted = trainer.encoder, trainer.head, weights(trainer.encoder, trainer.head)

    def project(view: Batch) -> Tensor:
        z: Tensor = head(molecules_of(encoder, view))
        return z

    one, two = same_random()
    view = fewer_bonds(batch, one.torch)
    total = batch.edge_index.shape[1]
    assert view.edge_index.shape[1] == len(view.edge_attr) == total - total // 10
    trainer.method.warm = True
    got, expected = (
        trainer.method.loss(encoder, head, batch, two).total,
        pair_by_pair(project(batch), project(view), 0.2),
    )
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, wanted, rtol=1e-7, atol=1e-10)

    trainer.method.warm = False
    # In the third graph all slopes are 0 but for rounding, by whose sign its nodes are salient or not.
    batch = collate(DATA, INDEX[INDEX != 2])
    (source, target), last = batch.edge_index, nodes_of(encoder, batch)
    z = head(torch.stack([last[batch.graph == g].mean(0) for g in range(batch.num_graphs)]))
    (slope,) = torch.autograd.grad(pair_by_pair(z, z, 0.2), last)
    assert all(slope[batch.graph == g].mean(1).abs().max() > 1e-9 for g in range(batch.num_graphs))
    worth = within(slope.mean(1).clamp_min(0) * last.detach().sum(1), batch)
    nodes, edges = worth > 0.1, (worth[source] + worth[target]) / 2 > 0.1
    one, two = same_random()
    z = {}
    for name, atoms, bonds, chance in (
        ("one", nodes, edges, 0.5),
        ("two", nodes, edges, 0.5),
        ("other", ~nodes, ~edges, 0.1),
    ):
        stays, kept = (part | (torch.rand(len(part), generator=one.torch) < chance) for part in (atoms, bonds))
        left = kept & stays[source] & stays[target]
        x = batch.x.clone()
        x[~stays] = 0
        attributes = batch.edge_attr[left]
        z[name] = project(replace(batch, x=x, edge_index=batch.edge_index[:, left], edge_attr=attributes))
    expected = pair_by_pair(z["one"], z["two"], 0.2) - 0.1 * pair_by_pair(project(batch), z["other"], 0.2)
    got = trainer.method.loss(encoder, head, batch, two).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, wanted, rtol=1e-7, atol=1e-10)


def test_scores_of_atoms_bond_by_bond() -> None:
    scores, batch = AtomScores(6, gen()).double().train(), collate(DATA, INDEX)
    n = len(batch.x)
    edges = [*zip(*batch.edge_index.tolist(), *batch.edge_attr.T.tolist(), strict=True)]
    edges += [(v, v, SELF_LOOP, 0) for v in range(n)]
    degree = [sum(edge[0] == v for edge in edges) for v in range(n)]
    h = scores.atom_type[batch.x[:, 0]] + scores.chirality[batch.x[:, 1]]
    for i, (update, norm) in enumerate(zip(scores.updates, scores.norms, strict=True)):
        told, heard = update(h), [torch.zeros(WIDTHS[i], dtype=torch.float64) for _ in range(n)]
        for u, v, kind, direction in edges:
            bond = scores.bond_type[i][kind] + scores.bond_direction[i][direction]
            heard[v] = heard[v] + (told[u] + bond) / math.sqrt(degree[u] * degree[v])
        h = F.batch_norm(torch.stack(heard), None, None, norm.weight, norm.bias, True)
        h = h.relu() if i < 2 else h
    expected, got = scores.score(h), scores(batch)
    torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-11)
    factor = torch.randn(n, generator=gen(1), dtype=torch.float64)
    sums = [(part[:, 0] * factor).sum() for part in (got, expected)]
    # A bias before batch normalisation has no effect: its gradient is rounding.
    check_gradients(*sums, weights(scores), rtol=1e-7, atol=1e-9)


def test_rgcl_has_two_logarithms_and_views_without_what_goes() -> None:
    trainer, batch = doubled("rgcl")
    encoder, head, method = trainer.encoder, trainer.head, trainer.method
    size = batch.graphs.sizes
    view = method.view(batch, np.ones(len(batch.x)), np.random.default_rng(0))
    assert view.graphs.sizes.tolist() == [n - int(n * 0.2) for n in size.tolist()]
    assert len(view.x) == len(view.graph) < len(batch.x)
    assert (view.graph[view.edge_index[0]] == view.graph[view.edge_index[1]]).all()
    assert view.edge_index.shape[1] == len(view.edge_attr)

    def project(each: Batch) -> Tensor:
        nodes, score, pooled = nodes_of(encoder, each), head["estimator"](each)[:, 0], []
        for g in range(12):
            mine = each.graph == g
            share = torch.softmax(score[mine], dim=0)
            pooled.append((nodes[mine] * (0.9 + share / share.max() / 10)[:, None]).mean(0))
        z: Tensor = head["projection"](torch.stack(pooled))
        return z

    others = [method.view(batch, np.ones(len(batch.x)), np.random.default_rng(seed)) for seed in (1, 2)]
    z, near, far = (project(each) for each in (batch, *others))
    terms = []
    for i in range(12):
        s = torch.exp(torch.cosine_similarity(z[i], near[i], dim=0) / 0.1)
        c = [torch.exp(torch.cosine_similarity(z[i], row, dim=0) / 0.1) for row in far]
        terms.append(-torch.log(s / (s + sum(c))))
    expected = one_way(z, near, 0.1) + 0.1 * torch.stack(terms).mean()
    got = method.contrast(*(method.projected(encoder, head, each) for each in (batch, *others)))
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, weights(encoder, head), rtol=1e-7, atol=1e-9)
    rows = [torch.randn(4, 3, generator=gen(i), dtype=torch.float64) for i in range(3)]
    assert complement_loss(*rows, 0.1).isfinite()


def test_rgcl_notes_half_precision_and_never_trains_its_projection() -> None:
    settings = OTHER.model_copy(update={"epochs": 2, "batch_size": 6})
    trainer = GraphTrainer(DATA, make("molecules", "rgcl", settings), 0)
    first = [weight.clone() for weight in trainer.head["projection"].parameters()]
    trainer.start_epoch()
    with torch.no_grad():
        shares = probability(trainer.head["estimator"].eval(), collate(DATA, INDEX), 1.0)
    np.testing.assert_array_equal(trainer.method.chance, shares.half().double().numpy())
    estimator = trainer.head["estimator"].score[0].weight.clone()
    trainer.run()
    assert all(torch.equal(a, b) for a, b in zip(first, trainer.head["projection"].parameters(), strict=True))
    assert not torch.equal(estimator, trainer.head["estimator"].score[0].weight)


def test_generators_of_autogcl_see_raw_numbers_by_torch_geometric() -> None:
    trainer, batch = doubled("autogcl")
    encoder, head = trainer.encoder, trainer.head
    found = []
    for generator in head["generators"]:
        h = batch.x.double()
        for update, norm in zip(generator.updates, generator.norms, strict=True):
            h = F.batch_norm(GINConv(update)(h, batch.edge_index).relu(), None, None, norm.weight, norm.bias, True)
        found.append(h)
        torch.testing.assert_close(generator(batch), h, rtol=1e-9, atol=1e-11)
    seen = set()
    for seed in range(6):
        one, two = randomness(seed), randomness(seed)
        gates = [gate(logits, one.torch) for logits in found]
        inputs = [batch, *(gated(batch, each) for each in gates)]
        pair = one.numpy.integers(3, size=2).tolist()
        views = []
        for which in pair:
            view = inputs[which]
            if view.message_weight is not None:
                left = view.message_weight > 0
                parts = {"edge_index": view.edge_index[:, left], "edge_attr": view.edge_attr[left]}
                view = replace(view, **parts, message_weight=None)
            views.append(head["projection"](molecules_of(encoder, view)))
        expected = pair_by_pair(*views, 0.5) + 1 - (gates[0] - gates[1]).square().mean()
        got = trainer.method.loss(encoder, head, batch, two).total
        assert got.item() == pytest.approx(expected.item(), rel=1e-7)
        used = weights(encoder, head["projection"])
        check_gradients(got, expected, used, rtol=1e-5, atol=1e-8)
        seen.add(tuple(pair))
        found = [generator(batch) for generator in head["generators"]]
    assert len(seen) > 2


@pytest.mark.parametrize("name", [name for name in CODED if name != "joaov2"])
def test_training_lowers_the_loss(name: str) -> None:
    settings = OTHER.model_copy(update={"batch_size": 12, "epochs": 20, "hidden": 16})
    trainer = GraphTrainer(random_molecules(1, count=24, most=9), make("molecules", name, settings), 0)
    losses = [row["loss"] for row in trainer.run().history]
    # GCS has another loss while it warms up.
    start = 3 if name == "gcs" else 0
    assert np.mean(losses[-5:]) < np.mean(losses[start : start + 5])
