"""An epoch of `lamp-mag-nolocal` or `simgrace` against the same model of torch_geometric's parts, in one run.

    python benchmarks/bench_epoch.py MUTAG
    python benchmarks/bench_epoch.py PROTEINS COLLAB --method simgrace --mirror /data/benchmarks

The rival: DataLoader, GINConv, BatchNorm, global_add_pool, and the loss as two log-sum-exps of one matrix.
`--steps` ends an epoch after some steps.
"""

from itertools import islice

import numpy as np
import torch
from common import arguments, data_set, one_thread, paired, row
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader
from torch_geometric.nn import GINConv, global_add_pool

from relamp.data.batch import one_hot
from relamp.data.packed import PackedGraphs
from relamp.method.base import build
from relamp.method.prune import prune, weight_matrices
from relamp.settings.graphs import Pretraining
from relamp.train.graphs import GraphTrainer
from relamp.train.trainer import batches

HIDDEN, LAYERS, BATCH, TEMPERATURE, GAMMA = 32, 3, 128, 0.2, 0.2


class Rival(nn.Module):
    """GIN of library parts."""

    def __init__(self, features: int) -> None:
        super().__init__()
        sizes = [features] + [HIDDEN] * LAYERS
        self.convs = nn.ModuleList(
            GINConv(nn.Sequential(nn.Linear(sizes[i], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN)))
            for i in range(LAYERS)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(HIDDEN) for _ in range(LAYERS))

    def forward(self, batch: Data) -> Tensor:
        h, layers = batch.x, []
        for conv, norm in zip(self.convs, self.norms, strict=True):
            h = norm(F.relu(conv(h, batch.edge_index)))
            layers.append(global_add_pool(h, batch.batch, batch.num_graphs))
        return torch.cat(layers, dim=1)


METHODS = {
    "lamp-mag-nolocal": ("relamp.method.lamp:Lamp", {"strategy": "magnitude", "local": False}),
    "simgrace": ("relamp.method.simgrace:SimGRACE", {}),
}


def rival_epoch(data: PackedGraphs, method: str, steps: int | None):  # type: ignore[no-untyped-def]
    """Return a function that trains the rival for an epoch."""
    graphs = []
    for number in range(len(data)):
        nodes = slice(*data.node_offset[number : number + 2])
        edges = slice(*data.edge_offset[number : number + 2])
        kinds = torch.from_numpy(data.x[nodes].astype(np.int64))
        edge_index = torch.from_numpy(data.edge_index[:, edges].astype(np.int64))
        graphs.append(Data(x=one_hot(kinds, data.cardinality), edge_index=edge_index))
    loader = DataLoader(graphs, batch_size=BATCH, shuffle=True)
    encoder = Rival(sum(data.cardinality))
    dim = HIDDEN * LAYERS
    head = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))
    optimiser = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=0.01)

    def pruned(batch: Data, masks: dict[str, Tensor]) -> Tensor:
        dense = weight_matrices(encoder)
        other: Tensor = functional_call(encoder, {name: dense[name] * mask for name, mask in masks.items()}, (batch,))
        return head(other)  # type: ignore[no-any-return]

    @torch.no_grad()
    def perturbed(batch: Data) -> Tensor:
        noisy = {name: w + w.std() * torch.randn_like(w) for name, w in encoder.named_parameters()}
        buffers = {name: buffer.clone() for name, buffer in encoder.named_buffers()}
        return head(functional_call(encoder, {**noisy, **buffers}, (batch,)))  # type: ignore[no-any-return]

    def epoch() -> None:
        masks = prune(weight_matrices(encoder), GAMMA, "magnitude") if method == "lamp-mag-nolocal" else {}
        for batch in islice(loader, steps):
            other = pruned(batch, masks) if masks else perturbed(batch)
            a, b = F.normalize(head(encoder(batch)), dim=1), F.normalize(other, dim=1)
            s = a @ b.T / TEMPERATURE
            others = s.masked_fill(torch.eye(len(s), dtype=torch.bool), -torch.inf)
            loss = ((others.logsumexp(1) + others.logsumexp(0)) / 2 - s.diagonal()).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return epoch


def trainer_of(data: PackedGraphs, method: str = "lamp-mag-nolocal") -> GraphTrainer:
    """Return what trains a method on a data set."""
    maker, options = METHODS[method]
    row_of = {"name": method, "maker": maker, "options": options, "trains": True}
    settings = Pretraining(hidden=HIDDEN, layers=LAYERS, batch_size=BATCH, temperature=TEMPERATURE)
    return GraphTrainer(data, build(row_of, settings), seed=0)


def own_epoch(data: PackedGraphs, method: str, steps: int | None):  # type: ignore[no-untyped-def]
    """Return a function that trains relamp for an epoch."""
    trainer = trainer_of(data, method)

    def epoch() -> None:
        trainer.start_epoch()
        trainer.mode(training=True)
        for index in islice(batches(trainer.samples(), BATCH), steps):
            loss = trainer.loss(index)
            trainer.descend(loss.total)

    return epoch


def main() -> None:
    parser = arguments(__doc__, repetitions=5)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--method", choices=METHODS, default="lamp-mag-nolocal")
    given = parser.parse_args()
    one_thread()
    print("| epoch | torch_geometric, s | relamp, s | ratio | n |\n|---|---|---|---|---|")
    for name in given.datasets:
        data = data_set(name, given.mirror)
        epochs = (make(data, given.method, given.steps) for make in (rival_epoch, own_epoch))
        print(row(name, *paired(*epochs, given.repetitions)))


if __name__ == "__main__":
    main()
