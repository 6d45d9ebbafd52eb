import numpy as np
import pytest
import torch

from node_graphs import random_nodes
from relamp.model.mvgrl import MVGRL, diffused_nodes
from relamp.model.node_views import edges_of, mixing_rows, neighbourhood
from relamp.settings.mixing import MIXERS, MixSettings
from relamp.settings.nodes import DiffusionSettings, NodePretraining

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(30, 10))
GRAPH = diffused_nodes(DATA, DiffusionSettings(), CPU)
ALL = ("a", "b", "average", "concat")
SAMPLE = torch.tensor([1, 4, 8, 20, 33])


def host(mixer: str, readout: str = "encoder", **mix: object) -> MVGRL:
    options = MixSettings(**mix)
    settings = NodePretraining(mixer=mixer, hidden=8, branches=ALL, readout=readout, mix=options)
    return MVGRL(DATA.num_features, settings, torch.Generator().manual_seed(0)).eval()


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def dense_operators() -> tuple[np.ndarray, np.ndarray]:
    adjacency = np.eye(40)
    adjacency[tuple(DATA.edge_index)] = 1
    root = adjacency.sum(1) ** -0.5
    operator = root[:, None] * adjacency * root
    return operator, 0.2 * np.linalg.inv(np.eye(40) - 0.8 * operator)


def test_both_operators_are_the_dense_formulas() -> None:
    x = DATA.features().toarray()
    for found, operator in zip((GRAPH.a, GRAPH.b), dense_operators(), strict=True):
        assert found.dtype == torch.float32
        np.testing.assert_allclose(found, operator @ x, atol=1e-5)


def test_the_heat_kernel_is_a_choice() -> None:
    adjacency, _ = dense_operators()
    values, vectors = np.linalg.eigh(adjacency)
    heat = vectors @ np.diag(np.exp(2.0 * (values - 1))) @ vectors.T
    found = diffused_nodes(DATA, DiffusionSettings(kind="heat", time=2.0), CPU).b
    np.testing.assert_allclose(found, heat @ DATA.features().toarray(), atol=1e-5)


def test_embeddings_are_the_branches_and_their_average() -> None:
    model = host("mp-mix")
    x, operators = DATA.features().toarray(), dense_operators()
    dense = []
    for layer, operator in zip((model.a, model.b), operators, strict=True):
        h = operator @ x @ layer.linear.weight.detach().numpy().T + layer.linear.bias.detach().numpy()
        dense.append(np.where(h > 0, h, 0.25 * h))
    with torch.no_grad():
        made = model.embed(GRAPH, random())
    assert tuple(made) == ALL
    expected = {"a": dense[0], "b": dense[1], "average": sum(dense) / 2, "concat": np.concatenate(dense, axis=1)}
    for branch, z in made.items():
        np.testing.assert_allclose(z, expected[branch], atol=1e-5)


def test_the_readout_output_is_what_is_contrasted() -> None:
    model = host("mo-mix", readout="output")
    views, made = model.views(GRAPH, None, random()), model.embed(GRAPH, random())
    torch.testing.assert_close(made["a"], views.mixed)
    torch.testing.assert_close(made["b"], views.other)


def test_without_mixing_the_head_follows_branch_a() -> None:
    model = host("none")
    views = model.views(GRAPH, None, random())
    torch.testing.assert_close(views.mixed, model.head(model.a(GRAPH.a)))
    torch.testing.assert_close(views.other, model.b(GRAPH.b))
    assert views.diversity == 0


@pytest.mark.parametrize("operator", ["weights", "adjacency"])
@pytest.mark.parametrize("mixer", ["none", "mo-mix", "mp-mix", "mp-mix-nodiv"])
def test_a_sample_is_mixed_as_in_the_whole_graph(mixer: str, operator: str) -> None:
    model = host(mixer, operator=operator)
    some, whole = (model.views(GRAPH, sample, random()) for sample in (SAMPLE, None))
    torch.testing.assert_close(some.mixed, whole.mixed[SAMPLE])
    torch.testing.assert_close(some.other, whole.other[SAMPLE])


@pytest.mark.parametrize("mixer", ["binary-mix", "mp-mix"])
def test_without_a_graph_a_sample_is_mixed_within_itself(mixer: str) -> None:
    model = host(mixer, scope="op", threshold=0.5)
    views = model.views(GRAPH, SAMPLE, random())
    torch.testing.assert_close(views.mixed, model.head(model.mixer(model.a(GRAPH.a[SAMPLE]), None).z))


def test_imix_mixes_inputs() -> None:
    model = host("i-mix")
    views = model.views(GRAPH, SAMPLE, random(5))
    partner, share = views.label
    inputs = GRAPH.a[SAMPLE]
    mixed = share[:, None] * inputs + (1 - share)[:, None] * inputs[partner]
    torch.testing.assert_close(views.mixed, model.head(model.a(mixed)))


@pytest.mark.parametrize("mixer", MIXERS)
def test_every_mixer_makes_views_and_embeddings(mixer: str) -> None:
    for scope in ("wp", "op"):
        model = host(mixer, readout="output", scope=scope).train()
        views = model.views(GRAPH, SAMPLE, random())
        assert views.mixed.shape == views.other.shape == (5, 8)
        views.mixed.sum().backward()
        assert model.a.linear.weight.grad.abs().sum() > 0
        made = model.eval().embed(GRAPH, random())
        assert made["concat"].shape == (40, 16)


def test_methods_start_from_the_same_branches() -> None:
    one, two = host("none").state_dict(), host("mp-mix").state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_neighbourhood_has_all_that_reaches_the_sample() -> None:
    edges = edges_of(DATA, CPU)
    nodes, local = neighbourhood(edges, SAMPLE, 40)
    assert torch.equal(nodes[:5], SAMPLE)
    assert len(nodes.unique()) == len(nodes)
    wanted = {(int(s), int(t)) for s, t in edges.T if int(t) in SAMPLE.tolist()}
    assert {(int(nodes[s]), int(nodes[t])) for s, t in local.T} == wanted
    assert local.shape[1] == len(wanted)
    assert set(nodes.tolist()) == set(SAMPLE.tolist()) | {s for s, _ in wanted}


def test_what_a_mixer_is_given() -> None:
    edges = edges_of(DATA, CPU)
    plain = NodePretraining(mixer="mo-mix")
    assert mixing_rows(plain, edges, None, 40) == (None, edges)
    rows, local = mixing_rows(plain.model_copy(update={"mix": MixSettings(scope="op")}), edges, SAMPLE, 40)
    assert rows is SAMPLE
    assert local is None
