import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from diffused import dense_operators
from gradients import check_gradients
from node_graphs import random_nodes
from relamp.errors import RelampError
from relamp.method.graphcl_nodes import GraphCLNodes
from relamp.method.nodes import NodeBatch
from relamp.settings.nodes import NodePretraining
from seeded import gen, randomness

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(40,))


def host(augmentation: str = "subgraph", dropped: float = 0.5):
    options = {"as_published": False, "augmentation": augmentation, "dropped": dropped}
    method = GraphCLNodes(NodePretraining(hidden=8, graphcl=options))
    return method, *method.draw(DATA, gen())


@pytest.mark.parametrize("augmentation", ["subgraph", "nodes"])
def test_two_graphs_of_the_wanted_size_are_drawn_once(augmentation: str) -> None:
    _, _, head = host(augmentation, 0.6)
    # 40 * 0.4 in floating point is 16, and 40 * 0.6 is 24.
    assert head.kept.sum(1).tolist() == [16, 16]
    assert not torch.equal(head.kept[0], head.kept[1])
    if augmentation == "subgraph":
        for kept in head.kept.numpy():
            ends = DATA.edge_index[:, kept[DATA.edge_index].all(0)]
            assert len(np.unique(ends)) == 16  # it has grown along edges
    assert torch.equal(head.kept, host(augmentation, 0.6)[2].kept)


def test_the_objective_is_dgis_with_the_summaries_of_both_graphs() -> None:
    method, encoder, head = host()
    torch.nn.init.normal_(head.bias, generator=gen(1))
    x, order = torch.from_numpy(method.inputs(DATA).toarray()), torch.randperm(40, generator=gen(7))

    def encoded(features: torch.Tensor, kept: np.ndarray) -> torch.Tensor:
        """The nodes of the graph that these nodes induce, each of them alone."""
        number = np.cumsum(kept) - 1
        edges = number[DATA.edge_index[:, kept[DATA.edge_index].all(0)]]
        operator = torch.from_numpy(dense_operators(edges, int(kept.sum()), 1)[0]).float()
        return encoder.acts[0](operator @ features[torch.from_numpy(kept)] @ encoder.first + encoder.bias[0])

    whole = np.ones(40, dtype=bool)
    true, false = encoded(x, whole), encoded(x[order], whole)
    scores = []
    for z in (true, false):
        both = [z @ head.weight[0] @ torch.sigmoid(encoded(x, kept.numpy()).mean(0)) + head.bias for kept in head.kept]
        scores.append(both[0] + both[1])
    expected = (softplus(-scores[0]).mean() + softplus(scores[1]).mean()) / 2
    batch = NodeBatch(method.prepare(DATA, CPU))
    found = method.loss(encoder, head, batch, randomness(7)).total
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    wanted = [encoder.first, encoder.bias[0], head.weight, head.bias]
    check_gradients(found, expected, wanted, atol=1e-6, rtol=1e-4)
    # Embedded is the whole graph.
    torch.testing.assert_close(method.embed(encoder, head, batch, gen())["average"], true, atol=1e-6, rtol=1e-5)


def test_settings_are_dgis_where_they_are_as_published() -> None:
    own = GraphCLNodes(NodePretraining(checkpoints=(0,))).on("Pubmed").settings
    assert (own.hidden, own.patience, own.learning_rate, own.graphcl.dropped) == (256, 20, 1e-3, 0.2)


def test_training_on_a_part_of_the_graphs_is_refused() -> None:
    with pytest.raises(RelampError, match="of all nodes"):
        GraphCLNodes(NodePretraining(inductive=True))
