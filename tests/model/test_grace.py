import numpy as np
import pytest
import torch

from node_graphs import random_nodes
from relamp.model.grace import GRACE, drop_edges, feature_mask, sparse_nodes
from relamp.settings.mixing import MIXERS, MixSettings
from relamp.settings.nodes import GraceSettings, NodePretraining

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(40,))
GRAPH = sparse_nodes(DATA, CPU)
SAMPLE = torch.tensor([1, 4, 8, 20, 33])
STILL = GraceSettings(drop_edges=(0, 0), mask_features=(0, 0))


def host(mixer: str, grace: GraceSettings = STILL, encoder: str = "gcn", layers: int = 2, **mix: object) -> GRACE:
    options = {"mixer": mixer, "grace": grace, "encoder": encoder, "layers": layers, "mix": MixSettings(**mix)}
    settings = NodePretraining(host="grace", hidden=8, heads=2, **options)
    return GRACE(DATA.num_features, settings, torch.Generator().manual_seed(0)).eval()


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_edges_are_dropped_in_both_directions_at_once() -> None:
    kept = drop_edges(GRAPH, 0.4, random())
    entries = {(int(s), int(t)) for s, t in kept.T}
    assert entries == {(t, s) for s, t in entries}
    assert entries < {(int(s), int(t)) for s, t in GRAPH.edge_index.T}
    assert torch.equal(drop_edges(GRAPH, 0.0, random()), GRAPH.edge_index)
    counts = [drop_edges(GRAPH, 0.4, random(seed)).shape[1] / 2 for seed in range(300)]
    n = GRAPH.num_pairs
    assert abs(np.mean(counts) - 0.6 * n) < 5 * (0.24 * n / 300) ** 0.5


def test_a_share_of_the_features_is_masked() -> None:
    mask = feature_mask(10_000, 0.3, random(), CPU)
    assert set(mask.tolist()) == {0.0, 1.0}
    assert abs(mask.mean() - 0.7) < 0.025
    assert (feature_mask(50, 0.0, random(), CPU) == 1).all()


def test_undamaged_views_without_mixing_are_equal() -> None:
    views = host("none").views(GRAPH, None, random())
    torch.testing.assert_close(views.mixed, views.other)


def test_damaged_views_differ_and_follow_the_generator() -> None:
    model = host("none", GraceSettings())
    one, two, other = (model.views(GRAPH, SAMPLE, random(seed)) for seed in (0, 0, 1))
    assert torch.equal(one.mixed, two.mixed)
    assert torch.equal(one.other, two.other)
    assert not torch.equal(one.mixed, other.mixed)
    assert not torch.allclose(one.mixed, one.other)


def test_embeddings_are_of_the_whole_graph_without_the_head() -> None:
    model = host("mp-mix", GraceSettings())
    x = torch.from_numpy(DATA.features().toarray())
    expected = model.encoder(x @ model.encoder.first, GRAPH.edge_index)
    torch.testing.assert_close(model.embed(GRAPH, random())["average"], expected)


@pytest.mark.parametrize("operator", ["weights", "adjacency"])
@pytest.mark.parametrize("mixer", ["none", "mo-mix", "mp-mix"])
def test_a_sample_is_mixed_as_in_the_whole_graph(mixer: str, operator: str) -> None:
    model = host(mixer, GraceSettings(), operator=operator)
    some, whole = (model.views(GRAPH, sample, random()) for sample in (SAMPLE, None))
    torch.testing.assert_close(some.mixed, whole.mixed[SAMPLE])
    torch.testing.assert_close(some.other, whole.other[SAMPLE])


@pytest.mark.parametrize("sample", [SAMPLE, None])
def test_imix_mixes_the_sampled_nodes_features(sample: torch.Tensor | None) -> None:
    model = host("i-mix")
    views = model.views(GRAPH, sample, random(5))
    partner, share = views.label
    x = torch.from_numpy(DATA.features().toarray())
    nodes = torch.arange(40) if sample is None else sample
    mixed = x.clone()
    mixed[nodes] = share[:, None] * x[nodes] + (1 - share)[:, None] * x[nodes[partner]]
    z = model.encoder(mixed @ model.encoder.first, GRAPH.edge_index)
    torch.testing.assert_close(views.mixed, model.head(z[nodes]))


@pytest.mark.parametrize("encoder", ["gcn", "gat"])
@pytest.mark.parametrize("mixer", MIXERS)
def test_every_mixer_and_encoder_trains_all_weights(mixer: str, encoder: str) -> None:
    model = host(mixer, GraceSettings(), encoder).train()
    views = model.views(GRAPH, SAMPLE, random())
    assert views.mixed.shape == views.other.shape == (5, 8)
    (views.mixed.square().sum() + views.other.sum() + views.diversity).backward()
    still = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert not still
