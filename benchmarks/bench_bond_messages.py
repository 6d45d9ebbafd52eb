"""The molecular GIN with ReLU in the message against torch_geometric's MessagePassing and against that without ReLU.

    python benchmarks/bench_bond_messages.py --smiles zinc15_smiles.smi.xz

A pass forward and back of 5 layers of width 300 over 256 molecules, one thread: those that ship with RDKit, unless an
xz file of one SMILES a line is named.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from bench_molecules import BATCH, LAYERS, WIDTH, strings
from common import one_thread, paired, row
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.nn import MessagePassing, global_mean_pool

from relamp.data.batch import Batch, collate
from relamp.data.molecules import pack_molecules
from relamp.model.molecular_gin import SELF_LOOP, MolecularGIN


class Passing(MessagePassing):
    """The sum of `relu(h_u + bond)`."""

    def forward(self, x: Tensor, edge_index: Tensor, bond: Tensor) -> Tensor:
        return self.propagate(edge_index, x=x, bond=bond)

    def message(self, x_j: Tensor, bond: Tensor) -> Tensor:
        return F.relu(x_j + bond)


def plain(encoder: MolecularGIN, batch: Batch) -> Tensor:
    own, passing = torch.arange(len(batch.x)), Passing(aggr="add")
    edges = torch.cat([batch.edge_index, own.expand(2, -1)], dim=1)
    kinds = torch.cat([batch.edge_attr, torch.tensor([SELF_LOOP, 0]).expand(len(own), 2)])
    h = encoder.atom_type[batch.x[:, 0]] + encoder.chirality[batch.x[:, 1]]
    for i, (update, norm) in enumerate(zip(encoder.updates, encoder.norms, strict=True)):
        bond = encoder.bond_type[i][kinds[:, 0]] + encoder.bond_direction[i][kinds[:, 1]]
        h = norm(update(passing(h, edges, bond)))
        h = F.relu(h) if i + 1 < len(encoder.updates) else h
    return global_mean_pool(h, batch.graph, batch.num_graphs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smiles", type=Path)
    parser.add_argument("--repetitions", type=int, default=7)
    given = parser.parse_args()
    one_thread()
    batch = collate(pack_molecules("molecules", strings(given.smiles, BATCH)), np.arange(BATCH))
    own, without = (
        MolecularGIN(WIDTH, LAYERS, torch.Generator().manual_seed(0), messages=messages) for messages in ("relu", "sum")
    )

    def step(embed: Callable[[Batch], Tensor]) -> Callable[[], None]:
        # A batch of its own: what is found of one is kept with it.
        return lambda: embed(replace(batch)).square().sum().backward()

    relu = step(lambda made: own(made).graph)
    print("| rival | rival, s | relamp, s | ratio | n |\n| --- | --- | --- | --- | --- |")
    print(row("torch_geometric, ReLU in the message", *paired(step(lambda b: plain(own, b)), relu, given.repetitions)))
    print(row("relamp without it", *paired(step(lambda b: without(b).graph), relu, given.repetitions)))


if __name__ == "__main__":
    main()
