import numpy as np
import torch

from model_graphs import random_graphs
from relamp.settings.graphs import Pretraining
from relamp.train.graphs import GraphTrainer
from training import make

DATA = random_graphs(0, count=12)
SETTINGS = {"epochs": 3, "checkpoints": (0, 3), "batch_size": 5, "hidden": 6, "layers": 2, "self_loops": "none"}


def trained(name: str, **more: object) -> GraphTrainer:
    made = GraphTrainer(DATA, make("graphs", name, Pretraining.model_validate({**SETTINGS, **more})), 0)
    made.run()
    return made


def by_hand(trainer: GraphTrainer, norm: list[tuple[torch.Tensor, torch.Tensor]], train: bool) -> torch.Tensor:
    """Sum-pooled layers of a GIN, graph by graph and node by node, with the given mean and variance of each layer.

    In training the moments of all nodes of the batches take their place, and move those that are given.
    """
    batches = np.split(trainer.order.numpy() if train else np.arange(12), [5, 10] if train else [])
    pooled = torch.zeros(12, 12, dtype=torch.float64)
    encoder = trainer.encoder.double()
    for index in batches:
        start, rows = np.cumsum([0, *DATA.num_nodes[index]]), []
        for g in index:
            nodes = slice(int(DATA.node_offset[g]), int(DATA.node_offset[g + 1]))
            edges = DATA.edge_index[:, int(DATA.edge_offset[g]) : int(DATA.edge_offset[g + 1])]
            rows.append((torch.eye(DATA.cardinality[0], dtype=torch.float64)[DATA.x[nodes, 0]], edges))
        h = torch.cat([x for x, _ in rows])
        for layer, update in enumerate(encoder.updates):
            heard = h.clone()
            for place, (_, edges) in zip(start, rows, strict=False):
                for a, b in edges.T:
                    heard[place + int(b)] += h[place + int(a)]
            h = torch.relu(update(heard))
            mean, variance = norm[layer]
            if train:
                own = h.mean(0), h.var(0, correction=0)
                norm[layer] = 0.9 * mean + 0.1 * own[0], 0.9 * variance + 0.1 * h.var(0)
                mean, variance = own
            h = (h - mean) / torch.sqrt(variance + 1e-5)
            for number, g in enumerate(index):
                pooled[g, layer * 6 : layer * 6 + 6] = h[start[number] : start[number + 1]].sum(0)
    return pooled


@torch.no_grad()
def test_graphs_are_embedded_as_drawn_by_statistics_of_the_passes() -> None:
    made, drawn = trained("untrained-calibrated"), trained("untrained")
    # Nothing is learnt.
    for name, weight in drawn.encoder.named_parameters():
        assert torch.equal(weight, made.encoder.get_parameter(name)), name
    # Before any pass it is the untrained encoder.
    first, last = made.result.embeddings["epoch~0"], made.result.embeddings["epoch~3"]
    assert torch.equal(first, drawn.result.embeddings["epoch~0"])
    norm = [(torch.zeros(6, dtype=torch.float64), torch.ones(6, dtype=torch.float64)) for _ in range(2)]
    torch.testing.assert_close(by_hand(made, norm, train=False), first.double(), rtol=1e-4, atol=1e-4)
    for _ in range(3):
        by_hand(made, norm, train=True)
    torch.testing.assert_close(by_hand(made, norm, train=False), last.double(), rtol=1e-4, atol=1e-4)
    assert (last - first).abs().max() > 1


def test_nothing_of_a_loss_moves_it() -> None:
    one, other = (trained("untrained-calibrated", temperature=t, learning_rate=r) for t, r in ((0.2, 0.01), (1, 10)))
    assert torch.equal(one.result.embeddings["epoch~3"], other.result.embeddings["epoch~3"])
    assert [row["loss"] for row in one.result.history] == [0, 0, 0]
