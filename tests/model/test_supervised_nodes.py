from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.nn import ChebConv, GATConv, GCNConv

from node_graphs import random_nodes
from relamp.data.nodes import rows_scaled
from relamp.model.node_encoder import SparseRows
from relamp.model.supervised_nodes import NodeClassifier, SeenNodes, build_classifier, polynomial, published
from relamp.settings.supervised import NodeModel
from seeded import gen

DATA = random_nodes(2, sizes=(25,), features=7)
EDGES = torch.from_numpy(np.asarray(DATA.edge_index, dtype=np.int64))
X = torch.from_numpy(rows_scaled(DATA.features()).toarray()).double()


def made(kind: NodeModel, dataset: str = "some", number: int = -1) -> tuple[NodeClassifier, SeenNodes]:
    seen = SeenNodes.of(DATA, "rows-scaled", torch.device("cpu"))
    seen = replace(seen, features=replace(seen.features, value=seen.features.value.double()))
    model = build_classifier(kind, published(kind, dataset)[number], 7, 3, gen(), gen(1)).double().eval()
    for number, weight in enumerate(model.parameters()):
        if weight.ndim == 1:
            torch.nn.init.normal_(weight.data, generator=gen(number))
    return model, seen


def by_torch_geometric(kind: NodeModel, model: NodeClassifier) -> Tensor:
    """The same from its layers, which get our weights as they are, so that gradients come back to these."""
    named = dict(model.named_parameters())
    weights = [weight for name, weight in named.items() if name.startswith("weights")]

    def gcn(h: Tensor, weight: Tensor) -> Tensor:
        layer = GCNConv(*weight.shape, bias=False).double()
        return torch.func.functional_call(layer, {"lin.weight": weight.T}, (h, EDGES))

    if kind == "mlp":
        return F.relu(X @ weights[0]) @ weights[1]
    if kind == "gcn":
        return gcn(F.relu(gcn(X, weights[0])), weights[1])
    if kind == "jknet":
        found = [X]
        for weight in weights:
            found.append(F.relu(gcn(found[-1], weight)))
        return torch.cat(found[1:], dim=1) @ named["last"] + named["bias"]
    if kind == "chebyshev":
        order, h = model.constants.order, X
        for number, weight in enumerate(weights):
            parts = weight.chunk(order + 1, dim=1)
            layer = ChebConv(h.shape[1], parts[0].shape[1], order + 1, bias=False).double()
            own = {f"lins.{k}.weight": part.T for k, part in enumerate(parts)}
            h = torch.func.functional_call(layer, own, (h if number == 0 else F.relu(h), EDGES))
        return h
    h = X
    for layer in range(2):
        heads, width = named[f"scores.{layer}"].shape[1:]
        twin = GATConv(h.shape[1], width, heads=heads, concat=layer == 0).double()
        sent, received = named[f"scores.{layer}"]
        own = {"lin.weight": weights[layer].T, "att_src": sent[None], "att_dst": received[None]}
        h = torch.func.functional_call(twin, {**own, "bias": named[f"bias.{layer}"]}, (h, EDGES))
        h = F.elu(h) if layer == 0 else h
    return h


@pytest.mark.parametrize(
    ("kind", "dataset", "number"),
    [
        *(("mlp", "", 0), ("gcn", "", 0), ("jknet", "", 0), ("jknet", "", 5), ("chebyshev", "", 0)),
        *(("chebyshev", "", 1), ("gat", "", 0), ("gat", "Pubmed", 0)),
    ],
)
def test_logits_and_gradients_are_those_of_torch_geometrics_layers(kind: NodeModel, dataset: str, number: int) -> None:
    model, seen = made(kind, dataset, number)
    pull = torch.randn(25, 3, generator=gen(5), dtype=torch.float64)
    mine, other = model(seen), by_torch_geometric(kind, model)
    torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-9)
    grads = [torch.autograd.grad((out * pull).sum(), list(model.parameters())) for out in (mine, other)]
    torch.testing.assert_close(grads[0], grads[1], rtol=1e-8, atol=1e-8)


def test_polynomials_by_hand() -> None:
    # T_0 ... T_3 of 0.5 are 1, 0.5, -0.5, -1.
    parts = [torch.tensor([value]) for value in (1.0, 10.0, 100.0, 1000.0)]
    assert polynomial(parts, lambda h: 0.5 * h).item() == 1 + 5 - 50 - 1000
    assert polynomial(parts[:1], lambda h: 0.5 * h).item() == 1


@pytest.mark.parametrize("kind", ["mlp", "gcn", "chebyshev", "jknet"])
def test_dropout_keeps_the_mean_and_is_off_in_evaluation(kind: NodeModel) -> None:
    model, _ = made(kind)
    h = torch.ones(2000)
    assert model.dropped(h) is h
    drawn = model.train().dropped(h)
    assert set(drawn.tolist()) == {0.0, 2.0}
    assert 0.9 < drawn.mean() < 1.1


def test_the_first_layer_decays_or_all_weights() -> None:
    for kind, decaying in (("gcn", 1), ("jknet", 8), ("gat", 6)):
        model, _ = made(kind)  # type: ignore[arg-type]
        assert len(model.first) == decaying
        assert len(model.first) + len(model.rest) == len(list(model.parameters()))
    model, _ = made("gcn")
    assert model.first[0].shape == (7, 16)


def test_features_are_rows_that_sum_to_one_or_as_in_the_file() -> None:
    ones = torch.eye(7)
    scaled, plain = (
        SparseRows.times(SeenNodes.of(DATA, words, torch.device("cpu")).features, ones)  # type: ignore[arg-type]
        for words in ("rows-scaled", "as-in-file")
    )
    torch.testing.assert_close(scaled.sum(dim=1), torch.ones(25))
    torch.testing.assert_close(plain, torch.from_numpy(DATA.features().toarray()))
