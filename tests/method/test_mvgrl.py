import pytest
import torch

from diffused import dense_operators
from node_graphs import random_nodes
from relamp.method.mvgrl import MVGRL
from relamp.method.nodes import NodeBatch
from relamp.settings.nodes import NodePretraining
from seeded import gen, randomness

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(30, 10))
SETTINGS = NodePretraining(hidden=8, branches=("a", "b", "average"))


def test_mvgrls_own_objective_is_that_of_shuffled_features_on_the_same_graph() -> None:
    method = MVGRL(SETTINGS, objective="local-global")
    encoder, own = method.draw(DATA, gen())
    graph = method.prepare(DATA, CPU)
    x = torch.from_numpy(method.inputs(DATA).toarray())
    operators = [torch.from_numpy(part).float() for part in dense_operators(DATA.edge_index, 40)]
    order = torch.randperm(40, generator=gen(7))
    for rows in (None, torch.tensor([0, 3, 17, 39])):
        dense = [
            layer.act(operator @ features @ layer.linear.weight.T + layer.linear.bias)
            for features in (x, x[order])
            for layer, operator in zip((encoder.a, encoder.b), operators, strict=True)
        ]
        expected = own(*(z if rows is None else z[rows] for z in dense))
        found = method.loss(encoder, own, NodeBatch(graph, rows), randomness(7)).total
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
        wanted = [encoder.a.linear.weight, encoder.b.linear.bias, own.weight]
        for one, two in zip(*(torch.autograd.grad(loss, wanted) for loss in (found, expected)), strict=True):
            torch.testing.assert_close(one, two, atol=1e-5, rtol=1e-4)


def test_the_wanted_branches_are_embedded() -> None:
    method = MVGRL(SETTINGS.model_copy(update={"branches": ("concat", "a", "z")}), mixer="mp-mix")
    encoder, head = method.draw(DATA, gen())
    graph = method.prepare(DATA, CPU)
    made = method.embed(encoder, head, NodeBatch(graph), torch.Generator())
    assert list(made) == ["concat", "a", "z"]
    a, b = encoder.readout(graph.a, graph.b, graph.edge_index, torch.Generator(), "output")
    torch.testing.assert_close(made["concat"], torch.cat([a, b], dim=1))
    torch.testing.assert_close(made["a"], a)
    torch.testing.assert_close(made["z"], encoder(graph.a, graph.b)[0])


def test_options_of_mixing_lie_over_the_settings() -> None:
    settings = NodePretraining(mix={"threshold": 0.5})
    assert MVGRL(settings, "mo-mix", mix={"scope": "op"}).mix == settings.mix.model_copy(update={"scope": "op"})
    with pytest.raises(ValueError, match="there is no adjacency"):
        MVGRL(settings, "mo-mix", mix={"scope": "op", "operator": "adjacency"})


def test_mvgrls_own_objective_mixes_nothing() -> None:
    with pytest.raises(ValueError, match="MVGRL's own, which mixes nothing"):
        MVGRL(SETTINGS, "mp-mix", "local-global")
