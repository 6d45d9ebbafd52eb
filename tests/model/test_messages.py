"""A message of weight k is k messages: the plain encoder on repeated edges is the slow twin of the weighted one."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from model_graphs import random_graphs
from relamp.data.batch import Batch, collate
from relamp.model.embeddings import Encoder
from relamp.model.gin import GIN
from relamp.model.molecular_gin import MolecularGIN
from seeded import gen

ENCODERS: dict[str, Encoder] = {
    "labels": GIN((4,), 6, 3, gen()).double(),
    "edge labels": GIN((4,), 6, 3, gen(), edge_cardinality=(6, 3)).double(),
    "molecules": MolecularGIN(6, 3, gen()).double(),
}


def graphs(name: str) -> tuple[Batch, torch.Tensor]:
    """Graphs, and a factor 0, 1 or 2 of each edge."""
    batch = collate(random_graphs(0, count=8), torch.arange(8).numpy())
    count = batch.edge_index.shape[1]
    if name != "labels":
        bonds = torch.stack([torch.randint(size, (count,), generator=gen(1)) for size in (6, 3)], dim=1)
        batch = replace(batch, edge_attr=bonds)
    if name == "molecules":
        # An atom has a type and a chirality.
        batch = replace(batch, x=torch.cat([batch.x, batch.x * 0], dim=1))
    else:
        batch = replace(batch, features=batch.inputs((4,)).double())
    return batch, torch.randint(3, (count,), generator=gen(2))


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("training", [True, False])
def test_a_message_of_weight_k_is_k_messages(name: str, training: bool) -> None:
    batch, factor = graphs(name)
    encoder = ENCODERS[name].train(training)
    columns = torch.arange(len(factor)).repeat_interleave(factor)
    bonds = None if batch.edge_attr is None else batch.edge_attr[columns]
    repeated = replace(batch, edge_index=batch.edge_index[:, columns], edge_attr=bonds)
    weighted = replace(batch, message_weight=factor.double(), search=False)
    found: list[Any] = []
    for each in (repeated, weighted):
        embedded = encoder(each)
        encoder.zero_grad()
        (embedded.graph**2).sum().backward()
        found.append((embedded.graph, embedded.node("concat"), [weight.grad for weight in encoder.parameters()]))
    torch.testing.assert_close(found[1], found[0], atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("name", ENCODERS)
def test_gradients_of_the_weights(name: str) -> None:
    batch, factor = graphs(name)
    encoder = ENCODERS[name].eval()
    weight = (factor.double() + 0.5).requires_grad_()
    direction = torch.randn(len(factor), generator=gen(3), dtype=torch.float64)

    def out(weight: torch.Tensor) -> torch.Tensor:
        return encoder(replace(batch, message_weight=weight, search=False)).graph.sum()

    (slope,) = torch.autograd.grad(out(weight), weight)
    with torch.no_grad():
        step = 1e-6
        expected = (out(weight + step * direction) - out(weight - step * direction)) / (2 * step)
    assert (slope @ direction).item() == pytest.approx(expected.item(), rel=1e-5)
    assert (slope != 0).any()


@pytest.mark.parametrize("name", ENCODERS)
def test_a_closed_gate_hides_a_node_and_lets_gradients_through(name: str) -> None:
    batch, _ = graphs(name)
    gate = torch.ones(len(batch.x), dtype=torch.float64)
    shut = gate.clone()
    shut[::2] = 0
    encoder = ENCODERS[name].eval()

    def out(gate: torch.Tensor, batch: Batch = batch) -> torch.Tensor:
        return encoder(replace(batch, gate=gate, search=False)).graph

    torch.testing.assert_close(out(gate), encoder(batch).graph)
    # What a hidden node is does not show.
    if batch.features is None:
        other = replace(batch, x=torch.where(shut[:, None] == 0, (batch.x + 1) % 3, batch.x))
    else:
        other = replace(batch, features=torch.where(shut[:, None] == 0, batch.features + 1, batch.features))
    torch.testing.assert_close(out(shut, other), out(shut))
    assert not torch.allclose(out(gate, other), out(gate))
    torch.autograd.gradcheck(out, (gate.requires_grad_(),), eps=1e-6, atol=1e-4)
