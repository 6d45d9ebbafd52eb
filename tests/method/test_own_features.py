"""Node attributes and edge labels of a user's own data, in every method on graphs and in what needs no training."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from model_graphs import random_graphs
from own_graphs import own_graphs, with_attributes, with_edge_labels
from relamp.data.batch import collate, one_hot, with_self_loops
from relamp.data.features import node_features, num_columns
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.evaluate.bag import bag_of_nodes
from relamp.evaluate.edit_distance import first_nodes
from relamp.method.table import METHODS
from relamp.model.gin import GIN
from relamp.settings.evaluation import EditDistanceProtocol
from relamp.settings.graphs import Pretraining
from training import same, train

SETTINGS: dict[str, Any] = {"epochs": 2, "checkpoints": (0, 2), "batch_size": 8, "hidden": 8, "layers": 2}
OWN = own_graphs()


def gin(data: PackedGraphs, seed: int = 0) -> GIN:
    shape = data.num_attributes, data.edge_cardinality
    return GIN(data.cardinality, 4, 2, torch.Generator().manual_seed(seed), *shape).eval()


def test_a_layer_with_attributes_and_edge_labels_by_hand() -> None:
    batch = collate(OWN, np.arange(5))
    assert batch.features is not None
    assert batch.edge_attr is not None
    assert OWN.attributes is not None
    h = torch.cat([one_hot(batch.x, (4,)), torch.from_numpy(OWN.attributes[: len(batch.x)])], dim=1)
    assert torch.equal(batch.features, h)
    encoder = gin(OWN)
    for table, update, norm, found in zip(
        encoder.edges, encoder.updates, encoder.norms, encoder(batch).layers, strict=True
    ):
        rows = []
        for node in range(len(h)):
            message = h[node].clone()
            for (source, target), (one, two) in zip(batch.edge_index.T.tolist(), batch.edge_attr.tolist(), strict=True):
                if target == node:
                    message += h[source] + table[one] + table[3 + two]
            rows.append(message)
        h = norm(F.relu(update(torch.stack(rows))))
        torch.testing.assert_close(found, h)


def test_an_encoder_without_either_is_what_it_was() -> None:
    plain, labelled = gin(random_graphs(0)), gin(with_edge_labels(random_graphs(0)))
    assert {name for name in labelled.state_dict() if name not in plain.state_dict()} == {"edges.0", "edges.1"}
    assert all(torch.equal(weight, labelled.state_dict()[name]) for name, weight in plain.state_dict().items())


def test_masking_hides_attributes_too() -> None:
    batch, hidden = collate(OWN, np.arange(5)), torch.zeros(0)
    hidden = torch.arange(len(batch.x)) < 2
    features = gin(OWN).mask_nodes(batch, hidden, torch.Generator().manual_seed(0)).features
    assert features is not None
    assert batch.features is not None
    assert torch.equal(features[2:], batch.features[2:])
    assert not (features[:2] == batch.features[:2]).any()


@pytest.mark.parametrize("name", METHODS["graphs"])
def test_every_method_trains_on_own_features_and_sees_the_attributes_unless_it_is_blind(
    name: str,
) -> None:
    settings = Pretraining.model_validate(SETTINGS)
    trained = train("graphs", name, OWN, settings)
    assert same(trained, train("graphs", name, OWN, settings))
    assert all(z.isfinite().all() for z in trained.embeddings.values())
    assert OWN.attributes is not None
    other = train("graphs", name, replace(OWN, attributes=-OWN.attributes), settings)
    last = list(trained.embeddings)[-1]
    row = METHODS["graphs"][name]
    blind = not row.encodes or (isinstance(of := row.fixed.get("encoder"), dict) and of["inputs"] == "ones")
    assert torch.equal(trained.embeddings[last], other.embeddings[last]) == blind
    assert OWN.edge_attr is not None
    relabelled = replace(OWN, edge_attr=np.where(OWN.edge_attr > 0, 3 - OWN.edge_attr, 0) % [3, 2])
    embeddings = train("graphs", name, relabelled, settings).embeddings[last]
    sees = row.encodes and row.group != "mmix" and not name.startswith("mvgrl")
    assert torch.equal(trained.embeddings[last], embeddings) == (not sees)


def test_self_loops_of_the_training_have_no_label() -> None:
    batch = collate(OWN, np.arange(3))
    looped = with_self_loops(batch, but_last=False, labelled=True)
    assert looped.edge_attr is not None
    assert looped.edge_attr[batch.edge_index.shape[1] :].tolist() == [[0, 0]] * len(batch.x)
    chosen = Pretraining.model_validate({**SETTINGS, "self_loops": "all"})
    assert train("graphs", "lamp-mag", OWN, chosen).history


def test_what_needs_no_training_has_attributes_beside_labels_or_in_place_of_degrees() -> None:
    data = with_attributes(random_graphs(0, count=4))
    assert data.attributes is not None
    sums = np.stack([data.attributes[a:b].sum(axis=0) for a, b in pairwise(data.node_offset)])
    bag = bag_of_nodes(data)
    np.testing.assert_allclose(bag[:, -2:], sums, rtol=1e-5)
    np.testing.assert_array_equal(bag[:, :-2], bag_of_nodes(replace(data, attributes=None)))
    unlabelled = replace(data, x=np.zeros_like(data.x), cardinality=(1,))
    np.testing.assert_array_equal(bag_of_nodes(unlabelled)[:, 0], data.num_nodes)
    beside, alone = (node_features(data, features, 9).toarray() for features in ("labels", "attributes"))
    np.testing.assert_array_equal(beside[:, -2:], data.attributes)
    np.testing.assert_array_equal(alone, data.attributes)
    assert (beside.shape[1], alone.shape[1]) == (num_columns(data, "labels", 9), num_columns(data, "attributes", 9))
    assert beside.shape[1] == 4 + 2
    cut = first_nodes(data, 3, EditDistanceProtocol(first_seen=False))
    assert cut.attributes is not None
    for graph in range(4):
        kept = min(3, int(data.num_nodes[graph]))
        start, rows = data.node_offset[graph], cut.attributes[3 * graph : 3 * graph + 3]
        np.testing.assert_array_equal(rows[:kept], data.attributes[start : start + kept])
        assert not rows[kept:].any()


def test_one_graph_is_not_trained_on() -> None:
    alone, settings = random_graphs(0, count=1), Pretraining.model_validate(SETTINGS)
    with pytest.raises(RelampError, match=r"random: has one graph, which has no other to be told from .*; leave the"):
        train("graphs", "lamp-mag", alone, settings)
    assert train("graphs", "untrained", alone, settings).embeddings["epoch~0"].isfinite().all()
