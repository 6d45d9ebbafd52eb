import math

import numpy as np
import pytest
import torch

from node_graphs import random_nodes
from relamp.model.mvgrl import MVGRL, diffused_nodes
from relamp.model.mvgrl_own import LocalGlobal, Operators
from relamp.settings.nodes import DiffusionSettings, NodePretraining

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(30, 10))
SETTINGS = NodePretraining(objective="local-global", hidden=8, branches=("a", "b", "average"))


def dense_operators() -> list[torch.Tensor]:
    adjacency = np.eye(40)
    adjacency[tuple(DATA.edge_index)] = 1
    root = adjacency.sum(1) ** -0.5
    operator = root[:, None] * adjacency * root
    both = (operator, 0.2 * np.linalg.inv(np.eye(40) - 0.8 * operator))
    return [torch.from_numpy(part).float() for part in both]


def operators(**settings: object) -> Operators:
    return Operators.of(DATA, DiffusionSettings(**settings), CPU)


def test_both_operators_and_their_gradients_are_the_dense_ones() -> None:
    y = torch.randn(40, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    weight = torch.randn(40, 5, generator=torch.Generator().manual_seed(1))
    made = operators()
    for sparse, dense in zip((made.a, made.b), dense_operators(), strict=True):
        torch.testing.assert_close(sparse(y), dense @ y, atol=1e-5, rtol=0)
        (found,) = torch.autograd.grad((sparse(y) * weight).sum(), y)
        torch.testing.assert_close(found, dense.T @ weight, atol=1e-5, rtol=0)


def test_the_heat_kernel_is_a_choice() -> None:
    values, vectors = torch.linalg.eigh(dense_operators()[0])
    heat = vectors @ torch.diag(torch.exp(2 * (values - 1))) @ vectors.T
    y = torch.eye(40)
    torch.testing.assert_close(operators(kind="heat", time=2.0).b(y), heat, atol=1e-5, rtol=0)


def test_the_loss_by_hand() -> None:
    own = LocalGlobal(1, torch.Generator())
    own.weight.data.fill_(2.0)
    a, b = torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [-1.0]])
    false_a, false_b = torch.tensor([[3.0]]), torch.tensor([[-2.0]])
    # Both means are 0, so both summaries are sigmoid(0) * 2 = 1, and scores are the values themselves.
    true = [math.log1p(math.exp(-value)) for value in (1, -1, 0, 0)]
    false = [math.log1p(math.exp(value)) for value in (3, -2)]
    expected = (sum(true) / 4 + sum(false) / 2) / 2
    assert own(a, b, false_a, false_b).item() == pytest.approx(expected)


def test_without_a_discriminator_nothing_is_told_apart() -> None:
    own = LocalGlobal(4, torch.Generator())
    own.weight.data.zero_()
    z = torch.randn(4, 6, 4, generator=torch.Generator().manual_seed(0))
    assert own(*z).item() == pytest.approx(math.log(2))


def test_each_branch_is_scored_against_the_others_summary() -> None:
    own = LocalGlobal(3, torch.Generator().manual_seed(0))
    z = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    weight = own.weight.detach().double().numpy()
    a, b, false_a, false_b = z.numpy()
    losses = []
    for nodes, false, other in ((b, false_b, a), (a, false_a, b)):
        summary = 1 / (1 + np.exp(-other.mean(0)))
        losses += [(0, -math.log(1 / (1 + math.exp(-(row @ weight @ summary))))) for row in nodes]
        losses += [(1, -math.log(1 - 1 / (1 + math.exp(-(row @ weight @ summary))))) for row in false]
    expected = sum(np.mean([value for kind, value in losses if kind == which]) for which in (0, 1)) / 2
    assert own.double()(*z).item() == pytest.approx(expected)


def test_the_objective_is_that_of_shuffled_features_on_the_same_graph() -> None:
    model = MVGRL(DATA.num_features, SETTINGS, torch.Generator().manual_seed(0))
    graph = diffused_nodes(DATA, DiffusionSettings(), CPU, own=True)
    x = torch.from_numpy(DATA.features().toarray()).float()
    order = torch.randperm(40, generator=torch.Generator().manual_seed(7))
    sample = torch.tensor([0, 3, 17, 39])
    for rows in (None, sample):
        dense = [
            layer.act(operator @ features @ layer.linear.weight.T + layer.linear.bias)
            for features in (x, x[order])
            for layer, operator in zip((model.a, model.b), dense_operators(), strict=True)
        ]
        expected = model.own(*(z if rows is None else z[rows] for z in dense))
        found = model.local_global(graph, rows, torch.Generator().manual_seed(7))
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
        wanted = [model.a.linear.weight, model.b.linear.bias, model.own.weight]
        for one, two in zip(*(torch.autograd.grad(loss, wanted) for loss in (found, expected)), strict=True):
            torch.testing.assert_close(one, two, atol=1e-5, rtol=1e-4)


def test_branches_start_as_those_of_the_other_methods() -> None:
    plain = SETTINGS.model_copy(update={"objective": "info-nce"})
    models = [MVGRL(DATA.num_features, chosen, torch.Generator().manual_seed(3)) for chosen in (SETTINGS, plain)]
    assert torch.equal(models[0].a.linear.weight, models[1].a.linear.weight)
    assert torch.equal(models[0].b.linear.weight, models[1].b.linear.weight)


@pytest.mark.parametrize("wrong", [{"host": "grace"}, {"mixer": "mp-mix"}])
def test_the_objective_is_mvgrls_own(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="MVGRL's own, which mixes nothing"):
        NodePretraining(objective="local-global", **wrong)
