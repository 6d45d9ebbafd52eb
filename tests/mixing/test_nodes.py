import torch

from node_graphs import random_nodes
from relamp.mixing.nodes import mixing_rows, neighbourhood
from relamp.mixing.similarity import make_mixer
from relamp.model.node_encoder import edges_of
from relamp.settings.mixing import MixSettings

EDGES = edges_of(random_nodes(1, sizes=(30, 10)), torch.device("cpu"))
SAMPLE = torch.tensor([1, 4, 8, 20, 33])


def test_a_neighbourhood_has_all_that_reaches_the_sample() -> None:
    nodes, local = neighbourhood(EDGES, SAMPLE, 40)
    assert torch.equal(nodes[:5], SAMPLE)
    assert len(nodes.unique()) == len(nodes)
    wanted = {(int(s), int(t)) for s, t in EDGES.T if int(t) in SAMPLE.tolist()}
    assert {(int(nodes[s]), int(nodes[t])) for s, t in local.T} == wanted
    assert local.shape[1] == len(wanted)
    assert set(nodes.tolist()) == set(SAMPLE.tolist()) | {s for s, _ in wanted}


def test_what_a_mixer_is_given() -> None:
    over_neighbours, over_rows, by_adjacency = (
        make_mixer("mo-mix", 4, MixSettings(**options), torch.Generator())
        for options in ({}, {"scope": "op"}, {"operator": "adjacency"})
    )
    assert mixing_rows(over_neighbours, EDGES, None, 40) == (None, EDGES)
    assert torch.equal(mixing_rows(over_neighbours, EDGES, SAMPLE, 40)[0], neighbourhood(EDGES, SAMPLE, 40)[0])
    assert mixing_rows(over_rows, EDGES, SAMPLE, 40) == (SAMPLE, None)
    assert mixing_rows(by_adjacency, EDGES, SAMPLE, 40) == (None, EDGES)
