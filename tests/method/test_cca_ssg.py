import pytest
import torch

from diffused import dense_operators
from gradients import check_gradients
from node_graphs import random_nodes
from relamp.method.cca_ssg import CcaSsg, decorrelation, standardised
from relamp.method.node_views import drop_edges, feature_mask
from relamp.method.nodes import NodeBatch
from relamp.settings.nodes import NodePretraining
from relamp.train.nodes import NodeTrainer
from seeded import gen, randomness

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(30, 10))


def test_columns_are_standardised_by_hand() -> None:
    z = torch.tensor([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]], requires_grad=True)
    # Mean 3; squares 4 + 1 + 9 over N - 1 = 2 are 7.
    expected = torch.tensor([[-2.0, 0], [-1, 0], [3, 0]]) / 7**0.5
    torch.testing.assert_close(standardised(z), expected)
    (gradient,) = torch.autograd.grad(standardised(z)[0].sum(), z)
    assert gradient.isfinite().all()
    assert (standardised(torch.tensor([[1.0, 2.0]])) == 0).all()


def test_decorrelation_by_hand() -> None:
    # Z'Z / 2 is ((1, 1), (1, 2)), so that (0, 1; 1, 1) is squared.
    assert decorrelation(torch.tensor([[1.0, 2.0], [1.0, 0.0]])).item() == pytest.approx(3.0)
    z = torch.randn(7, 3, dtype=torch.double, generator=gen(), requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: decorrelation(standardised(z)), z)


@pytest.mark.parametrize("layers", [1, 2])
def test_the_objective_is_that_of_two_dense_views(layers: int) -> None:
    options = {"as_published": False, "layers": layers, "decorrelation": 0.3, "drop_edges": 0.4, "mask_features": 0.2}
    method = CcaSsg(NodePretraining(hidden=8, cca_ssg=options))
    encoder, head = method.draw(DATA, gen())
    graph, random, views = method.prepare(DATA, CPU), gen(7), []
    x = torch.from_numpy(method.inputs(DATA).toarray())
    for _ in range(2):
        edges, mask = drop_edges(graph, 0.4, random), feature_mask(12, 0.2, random, CPU)
        s = torch.from_numpy(dense_operators(edges.numpy(), 40, 1)[0]).float()
        z = s @ (x * mask) @ encoder.first + encoder.bias[0]
        if layers == 2:
            z = s @ z.relu() @ encoder.later[0] + encoder.bias[1]
        views.append((z - z.mean(0)) / z.std(0))
    between, *within = (a.T @ b / 40 for a, b in (views, [views[0]] * 2, [views[1]] * 2))
    expected = -between.trace() + 0.3 * sum((c - torch.eye(8)).square().sum() for c in within)
    found = method.loss(encoder, head, NodeBatch(graph, torch.tensor([0, 3])), randomness(7)).total
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    wanted = [encoder.first, *encoder.later]
    check_gradients(found, expected, wanted, atol=1e-4, rtol=1e-4)


def test_published_settings_follow_the_data_set() -> None:
    settings = NodePretraining(hidden=8, checkpoints=(0, 30), patience=30)
    found = {name: CcaSsg(settings).on(name).settings for name in ("Cora", "Citeseer", "Pubmed", "DBLP")}
    assert {name: own.epochs for name, own in found.items()} == {"Cora": 50, "Citeseer": 20, "Pubmed": 100, "DBLP": 50}
    assert [found[name].cca_ssg.layers for name in found] == [2, 1, 2, 2]
    assert [found[name].cca_ssg.mask_features for name in found] == [0.1, 0.0, 0.3, 0.1]
    assert found["Citeseer"].checkpoints == (0,)
    assert all((own.hidden, own.patience, own.learning_rate) == (512, None, 1e-3) for own in found.values())
    assert CcaSsg(settings.model_copy(update={"epochs": 10, "checkpoints": (0,)})).on("Cora").settings.epochs == 10


def test_training_lowers_the_objective() -> None:
    history = NodeTrainer(DATA, CcaSsg(NodePretraining()), 0).run().history
    assert len(history) == 50
    assert history[-1]["loss"] < history[0]["loss"] - 10
