from dataclasses import replace

import numpy as np
import pytest
import torch

from node_graphs import random_nodes
from relamp.method.base import Randomness
from relamp.method.grace import GRACE
from relamp.method.node_views import drop_edges, feature_mask
from relamp.method.nodes import NodeBatch
from relamp.mixing.base import Mixed
from relamp.model.node_encoder import sparse_nodes
from relamp.settings.mixing import MixSettings
from relamp.settings.nodes import NodePretraining
from relamp.train.nodes import NodeTrainer
from seeded import gen

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(40,))
GRAPH = sparse_nodes(DATA, CPU)
SAMPLE = torch.tensor([1, 4, 8, 20, 33])
STILL = {"drop_edges": (0, 0), "mask_features": (0, 0)}


class Views(GRACE):
    """Returns what it would contrast."""

    def contrast(self, mixed: Mixed, other: torch.Tensor) -> tuple[Mixed, torch.Tensor]:  # type: ignore[override]
        return mixed, other


def host(mixer: str, grace: dict = STILL, encoder: str = "gcn", **mix: object):
    """Encoder, head and what makes the views of a sample."""
    options = {"grace": {"layers": 2, "heads": 2, **grace}, "mix": MixSettings(**mix)}
    method = Views(NodePretraining(hidden=8, **options), mixer, encoder)
    model, head = (part.eval() for part in method.draw(DATA, gen()))

    def views(sample: torch.Tensor | None, generator: torch.Generator) -> tuple[Mixed, torch.Tensor]:
        return method.loss(model, head, NodeBatch(GRAPH, sample), Randomness(np.random.default_rng(), generator))

    return model, head, views


def test_edges_are_dropped_in_both_directions_at_once() -> None:
    kept = drop_edges(GRAPH, 0.4, gen())
    entries = {(int(s), int(t)) for s, t in kept.T}
    assert entries == {(t, s) for s, t in entries}
    assert entries < {(int(s), int(t)) for s, t in GRAPH.edge_index.T}
    assert torch.equal(drop_edges(GRAPH, 0.0, gen()), GRAPH.edge_index)
    counts = [drop_edges(GRAPH, 0.4, gen(seed)).shape[1] / 2 for seed in range(300)]
    n = GRAPH.num_pairs
    assert abs(np.mean(counts) - 0.6 * n) < 5 * (0.24 * n / 300) ** 0.5


def test_a_share_of_the_features_is_masked() -> None:
    mask = feature_mask(10_000, 0.3, gen(), CPU)
    assert set(mask.tolist()) == {0.0, 1.0}
    assert abs(mask.mean() - 0.7) < 0.025
    assert (feature_mask(50, 0.0, gen(), CPU) == 1).all()


def test_undamaged_views_without_mixing_are_equal() -> None:
    _, _, views = host("none")
    mixed, other = views(None, gen())
    torch.testing.assert_close(mixed.z, other)


def test_damaged_views_differ_and_follow_the_generator() -> None:
    _, _, views = host("none", {})
    (one, a), (two, b), (other, _) = (views(SAMPLE, gen(seed)) for seed in (0, 0, 1))
    assert torch.equal(one.z, two.z)
    assert torch.equal(a, b)
    assert not torch.equal(one.z, other.z)
    assert not torch.allclose(one.z, a)


def test_embeddings_are_of_the_whole_graph_without_the_head() -> None:
    method = GRACE(NodePretraining(hidden=8), "mp-mix")
    encoder, head = method.draw(DATA, gen())
    x = torch.from_numpy(DATA.features().toarray())
    expected = encoder(x @ encoder.first, GRAPH.edge_index)
    torch.testing.assert_close(method.embed(encoder, head, NodeBatch(GRAPH), gen())["average"], expected)


@pytest.mark.parametrize("operator", ["weights", "adjacency"])
@pytest.mark.parametrize("mixer", ["none", "mo-mix", "mp-mix"])
def test_a_sample_is_mixed_as_in_the_whole_graph(mixer: str, operator: str) -> None:
    _, _, views = host(mixer, {}, operator=operator)
    (some, b), (whole, every) = (views(sample, gen()) for sample in (SAMPLE, None))
    torch.testing.assert_close(some.z, whole.z[SAMPLE])
    torch.testing.assert_close(b, every[SAMPLE])


@pytest.mark.parametrize("sample", [SAMPLE, None])
def test_imix_mixes_the_sampled_nodes_features(sample: torch.Tensor | None) -> None:
    encoder, head, views = host("i-mix")
    mixed, _ = views(sample, gen(5))
    partner, share = mixed.label
    x = torch.from_numpy(DATA.features().toarray())
    nodes = torch.arange(40) if sample is None else sample
    inputs = x.clone()
    inputs[nodes] = share[:, None] * x[nodes] + (1 - share)[:, None] * x[nodes[partner]]
    z = encoder(inputs @ encoder.first, GRAPH.edge_index)
    torch.testing.assert_close(mixed.z, head[0](z[nodes]))


def test_graces_own_settings_follow_the_data_set() -> None:
    grace = {"by_dataset": True, "heads": 2}
    settings = NodePretraining(hidden=8, checkpoints=(0, 300, 1200), readout="encoder", grace=grace)
    own = GRACE(settings, "mp-mix").on("DBLP")
    assert own.mixer == "mp-mix"
    changed = own.settings.model_dump()
    expected = {
        **settings.model_dump(),
        **{"hidden": 256, "temperature": 0.7, "learning_rate": 1e-3, "weight_decay": 1e-5, "epochs": 1000},
        **{"patience": None, "checkpoints": (0, 300)},
    }
    expected["grace"] |= {"layers": 2, "wide": True, "activation": "relu"}
    expected["grace"] |= {"drop_edges": (0.1, 0.4), "mask_features": (0.1, 0.0)}
    assert changed == expected
    encoder, _ = own.draw(DATA, gen())
    assert encoder.first.shape == (12, 512)
    assert encoder.later[0].shape == (512, 256)
    short = settings.model_copy(update={"epochs": 50, "checkpoints": (0,)})
    assert GRACE(short).on("DBLP").settings.epochs == 50
    plain, gat = GRACE(NodePretraining(hidden=8)), GRACE(settings, encoder="gat")
    assert plain.on("DBLP") is plain
    assert gat.on("KarateClub") is gat
    assert gat.on("Cora").heads == 2
    data = replace(DATA, name="Cora")
    trainer = NodeTrainer(data, GRACE(short), 0)
    assert (trainer.settings.hidden, trainer.optimiser.weight_decay) == (128, 1e-5)
    assert trainer.encoder.first.shape == (12, 256)


def test_a_width_that_heads_cannot_share_is_refused() -> None:
    with pytest.raises(ValueError, match="hidden 10 cannot be shared among 4 heads"):
        GRACE(NodePretraining(hidden=10), encoder="gat")
    assert GRACE(NodePretraining(hidden=10)).heads is None
