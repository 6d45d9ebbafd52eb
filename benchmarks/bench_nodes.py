"""A step of M-Mix on all nodes of a graph, or on all graphs at once, against the same objective in dense torch.

    python benchmarks/bench_nodes.py Cora Citeseer --mirror /data/benchmarks
    python benchmarks/bench_nodes.py MUTAG

The rival is as M-Mix's public code is built: graphs padded to the largest; operators, similarities and mixing weights
as dense matrices `[G, m, m]`; the nodes of one graph are a batch of one. Width 256 on nodes, 512 on graphs. Without
dropout both sides have the same loss, which is checked first.
"""

from typing import Any

import numpy as np
import torch
from common import arguments, data_set, one_thread, paired, row
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.features import node_features
from relamp.data.nodes import PackedNodes
from relamp.data.packed import ranges
from relamp.graph.diffusion import normalised_adjacency
from relamp.method.base import build
from relamp.method.table import METHODS
from relamp.settings.graphs import MmixTraining, Pretraining
from relamp.settings.nodes import NodePretraining
from relamp.train.graphs import GraphTrainer
from relamp.train.nodes import NodeTrainer

ALPHA, CONSTANT, DROPOUT, RATE = 0.2, 0.2, 0.1, 3e-4


class Rival(nn.Module):
    """MVGRL with M-Mix, its weights those of relamp's encoder, on padded graphs."""

    def __init__(self, encoder: Any, mixer: str, x: Tensor, edges: Tensor, graph: Tensor) -> None:
        super().__init__()
        self.mixer, self.one = mixer, int(graph[-1]) == 0
        place = torch.arange(len(graph)) - torch.searchsorted(graph, graph)
        sizes = torch.bincount(graph)
        shape = (len(sizes), int(sizes.max()))
        self.real = torch.zeros(shape, dtype=torch.bool)
        self.real[graph, place] = True
        self.x = torch.zeros(*shape, x.shape[1])
        self.x[graph, place] = x
        normal = torch.from_numpy(normalised_adjacency(edges.numpy(), len(graph)).toarray()).float()
        self.near = torch.zeros(*shape, shape[1])
        source, target = normal.nonzero().T
        self.near[graph[source], place[target], place[source]] = normal[target, source]
        self.far = ALPHA * torch.linalg.inv(torch.eye(shape[1]) - (1 - ALPHA) * self.near)
        self.edges = torch.zeros(*shape, shape[1])
        self.edges[graph[edges[0]], place[edges[1]], place[edges[0]]] = 1
        plain = {name: nn.Linear(*layer.weight.shape[::-1]) for name, layer in self._layers(encoder)}
        for name, layer in self._layers(encoder):
            plain[name].load_state_dict({"bias": torch.zeros(len(layer.weight)), **layer.state_dict()})
        self.layers, self.acts = nn.ModuleDict(plain), nn.ModuleList(nn.PReLU() for _ in range(3))

    def _layers(self, encoder: Any) -> list[tuple[str, nn.Linear]]:
        layers = [("a", encoder.a.linear), ("b", encoder.b.linear), ("g", encoder.head[0]), ("h", encoder.head[2])]
        return layers + ([("q", encoder.mixer.query), ("k", encoder.mixer.key)] if self.mixer == "mp-mix" else [])

    def forward(self) -> Tensor:
        a, b = (
            act(operator @ (self.x @ layer.weight.T) + layer.bias)
            for act, operator, layer in zip(
                self.acts, (self.near, self.far), (self.layers["a"], self.layers["b"]), strict=False
            )
        )
        diversity = a.new_zeros(())
        if self.mixer == "mo-mix":
            unit, own = F.normalize(a, dim=2), torch.eye(a.shape[1])
            weight = (unit @ unit.transpose(1, 2)).exp() * self.edges
            total = weight.sum(2, keepdim=True)
            share = CONSTANT * own + (1 - CONSTANT) * torch.where(total > 0, weight / total.clamp_min(1e-9), own)
            z = share @ a
        elif self.mixer == "mp-mix":
            q, k = (F.normalize(a @ self.layers[name].weight.T, dim=2) for name in "qk")
            diversity = -(q - k).square().sum(2)[self.real].mean()
            weight = (q @ k.transpose(1, 2)).exp() * (self.edges + torch.eye(a.shape[1]))
            z = F.dropout(weight / weight.sum(2, keepdim=True), DROPOUT, self.training) @ a
        else:
            z = a
        z = self.layers["h"](self.acts[2](self.layers["g"](z)))
        node = _info_nce(z, b, self.real) + diversity
        if self.one:
            return node
        pooled = [(h * self.real[:, :, None]).sum(1) / self.real.sum(1, keepdim=True) for h in (z, b)]
        u, v = (F.normalize(h, dim=1) for h in pooled)
        others = ((u @ u.T).exp() * (1 - torch.eye(len(u)))).sum(1) + (u @ v.T).exp().sum(1)
        return node + (others.log() - (u * v).sum(1)).mean()


def _info_nce(z: Tensor, b: Tensor, real: Tensor) -> Tensor:
    """Both directions between nodes of the same graph; averaged over a graph's nodes, then over graphs."""
    u, v = F.normalize(z, dim=2), F.normalize(b, dim=2)
    both = (real[:, :, None] & real[:, None]).float()
    others = both - torch.diag_embed(real.float())
    within = [(h @ h.transpose(1, 2)).exp() * others for h in (u, v)]
    across = (u @ v.transpose(1, 2)).exp() * both
    sums = [within[0].sum(2) + across.sum(2), within[1].sum(2) + across.sum(1)]
    each = (sums[0] + ~real).log() / 2 + (sums[1] + ~real).log() / 2 - (u * v).sum(2) * real
    return (each.sum(1) / real.sum(1)).mean()


def trainer_of(data: Any, method: str) -> Any:
    """Return relamp's trainer of all nodes, or of all graphs as one batch."""
    domain = "nodes" if isinstance(data, PackedNodes) else "graphs"
    listed = METHODS[domain][method]
    named = {"name": method, "maker": listed.maker, "options": dict(listed.fixed), "trains": True}
    if domain == "nodes":
        return NodeTrainer(data, build(named, NodePretraining(sample_size=data.num_nodes)), seed=0)
    training = MmixTraining(batch_size=len(data)).model_dump()
    return GraphTrainer(data, build(named, Pretraining(mmix={"training": training})), seed=0)


def rival_of(trainer: Any, mixer: str) -> Rival:
    """Return the rival of a trainer, with its weights."""
    data = trainer.data
    if isinstance(data, PackedNodes):
        parts = torch.from_numpy(data.features().toarray()), trainer.prepared.edge_index, torch.zeros(data.num_nodes)
        return Rival(trainer.encoder, mixer, parts[0], parts[1], parts[2].long())
    order = trainer.samples()
    batch = trainer.batch(order)
    x = node_features(data, trainer.method.options)[ranges(data.node_offset, order)]
    return Rival(trainer.encoder, mixer, torch.from_numpy(x.toarray()), batch.edge_index, batch.graph)


def main() -> None:
    parser = arguments(__doc__, repetitions=5)
    parser.add_argument("--methods", nargs="+", default=["mvgrl-infonce", "mo-mix", "mp-mix"])
    given = parser.parse_args()
    one_thread()
    print("| step | dense torch, s | relamp, s | ratio | n |\n|---|---|---|---|---|")
    for name in given.datasets:
        data = data_set(name, given.mirror)
        for method in given.methods:
            trainer = trainer_of(data, method)
            rival = rival_of(trainer, method)
            optimiser = torch.optim.Adam(rival.parameters(), lr=RATE)
            trainer.mode(training=False)
            equal = rival.eval()().item(), trainer.loss(trainer.samples()).total.item()
            np.testing.assert_allclose(*equal, rtol=1e-4)
            rival.train()

            def rival_step(rival: Rival = rival, optimiser: torch.optim.Optimizer = optimiser) -> None:
                loss = rival()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()

            def own_step(trainer: Any = trainer) -> None:
                trainer.mode(training=True)
                trainer.descend(trainer.loss(trainer.samples()).total)

            print(row(f"{name}, {method}", *paired(rival_step, own_step, given.repetitions)), flush=True)


if __name__ == "__main__":
    main()
