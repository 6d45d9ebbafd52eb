"""Pre-training, fine-tuning and featurising of molecules against plain counterparts, in one run.

    python benchmarks/bench_molecules.py --smiles zinc15_smiles.smi.xz --mirror /data/benchmarks

Steps: 5 layers of width 300, batches of 256, against the step's bare products of matrices (weights, and the local loss'
similarities with both gradients; a branch without gradient has a third of a pass) and against the same model of
torch_geometric's MessagePassing, which adds an edge for each atom and two embeddings to each message.
Fine-tuning: an epoch of BBBP, batches of 32, and the scoring of valid and test molecules, likewise.
Featurising: against a loop over atoms and bonds as pretrain-gnns has it, and against RDKit's parsing alone.
Molecules are those that ship with RDKit, unless an xz file of one SMILES a line is named.
"""

import argparse
import copy
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from common import data_set, one_thread, paired, row
from rdkit import Chem, RDConfig, rdBase
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader
from torch_geometric.nn import MessagePassing, global_mean_pool

from relamp.data.molecules import pack_molecules, read_molecules
from relamp.data.packed import PackedGraphs
from relamp.method.base import build
from relamp.method.prune import prune, weight_matrices
from relamp.model.molecular_gin import SELF_LOOP
from relamp.settings.graphs import LampOptions, Pretraining
from relamp.settings.molecules import Finetuning
from relamp.train.graphs import GraphTrainer
from relamp.train.molecules import Finetuner, masked_bce

WIDTH, LAYERS, BATCH, TEMPERATURE, GAMMA, NODES = 300, 5, 256, 0.1, 0.2, 5000
METHODS = {
    "simgrace": ("relamp.method.simgrace:SimGRACE", {}),
    "lamp-mag-nolocal": ("relamp.method.lamp:Lamp", {"strategy": "magnitude", "local": False}),
    "lamp-mag": ("relamp.method.lamp:Lamp", {"strategy": "magnitude"}),
}


class Layer(MessagePassing):
    """A layer of pretrain-gnns: `h_u + bond type + bond direction` from each neighbour and from the atom itself."""

    def __init__(self) -> None:
        super().__init__(aggr="add")
        self.update_ = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH))
        self.bond_type, self.bond_direction = nn.Embedding(6, WIDTH), nn.Embedding(3, WIDTH)

    def forward(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor) -> Tensor:
        own = torch.arange(len(x))
        loops = torch.tensor([[SELF_LOOP, 0]]).expand(len(x), 2)
        edge_index = torch.cat([edge_index, own.expand(2, -1)], dim=1)
        edge_attr = torch.cat([edge_attr, loops])
        bonds = self.bond_type(edge_attr[:, 0]) + self.bond_direction(edge_attr[:, 1])
        return self.update_(self.propagate(edge_index, x=x, bonds=bonds))

    def message(self, x_j: Tensor, bonds: Tensor) -> Tensor:
        return x_j + bonds


class Rival(nn.Module):
    """The same encoder of library parts."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.atom, self.chirality = nn.Embedding(120, WIDTH), nn.Embedding(4, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norms = nn.ModuleList(nn.BatchNorm1d(WIDTH) for _ in range(LAYERS))
        self.dropout = dropout

    def forward(self, batch: Data) -> tuple[Tensor, Tensor]:
        h = self.atom(batch.x[:, 0]) + self.chirality(batch.x[:, 1])
        for i, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            h = norm(layer(h, batch.edge_index, batch.edge_attr))
            h = F.dropout(F.relu(h) if i + 1 < LAYERS else h, self.dropout, self.training)
        return global_mean_pool(h, batch.batch, batch.num_graphs), h


def listed(data: PackedGraphs) -> list[Data]:
    """Return the molecules one by one."""
    graphs = []
    for number in range(len(data)):
        one = data.take(np.array([number]))
        x, edge_index, edge_attr = (
            torch.from_numpy(a.astype(np.int64)) for a in (one.x, one.edge_index, one.edge_attr)
        )
        graphs.append(Data(x=x, edge_index=edge_index, edge_attr=edge_attr, y=torch.from_numpy(one.y.astype(np.int64))))
    return graphs


def contrast(a: Tensor, b: Tensor, group: Tensor) -> Tensor:
    """Return the contrastive loss in both directions by one whole matrix."""
    s = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T / TEMPERATURE
    others = s.masked_fill(group[:, None] == group, -torch.inf)
    return ((others.logsumexp(1) + others.logsumexp(0)) / 2 - s.diagonal()).mean()


def rival_step(data: PackedGraphs, name: str) -> Callable[[], object]:
    """Return a step of the rival."""
    loader = iter(DataLoader(listed(data), batch_size=BATCH))
    batches = [next(loader)]
    encoder = Rival()
    head = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
    optimiser = torch.optim.Adam([*encoder.parameters(), *head.parameters()])
    masks = prune(weight_matrices(encoder), GAMMA, "magnitude")

    def step() -> None:
        batch = batches[0]
        if name == "simgrace":
            with torch.no_grad():
                noisy = copy.deepcopy(encoder)
                for weight in noisy.parameters():
                    weight += torch.randn_like(weight) * weight.std()
                other = noisy(batch)
                z = head(other[0])
        else:
            dense = weight_matrices(encoder)
            other = functional_call(encoder, {key: dense[key] * mask for key, mask in masks.items()}, (batch,))
            z = head(other[0])
        graph, nodes = encoder(batch)
        loss = contrast(head(graph), z, torch.arange(len(graph)))
        if name == "lamp-mag":
            some = torch.randperm(len(nodes))[:NODES].sort().values
            loss = loss + contrast(nodes[some], other[1][some], batch.batch[some])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


def own_step(data: PackedGraphs, name: str) -> Callable[[], object]:
    """Return a step of relamp, the making of its batch and of what is kept with it included."""
    maker, options = METHODS[name]
    shape = {"hidden": WIDTH, "layers": LAYERS, "batch_size": BATCH, "local_nodes": NODES}
    settings = Pretraining(**shape, temperature=TEMPERATURE, lamp=LampOptions(node_embedding="last"))
    trainer = GraphTrainer(data, build({"name": name, "maker": maker, "options": options, "trains": True}, settings), 0)
    trainer.start_epoch()
    trainer.mode(training=True)

    def step() -> None:
        batch = trainer.batch(np.arange(BATCH))
        trainer.descend(trainer.method.loss(trainer.encoder, trainer.head, batch, trainer.random).total)

    return step


def products(rows: int, with_gradient: int, without: int, local: int = 0) -> Callable[[], object]:
    """Return the bare products of so many passes over `rows` atoms, and of a local loss of `local` nodes."""
    narrow, wide = torch.randn(rows, WIDTH), torch.randn(rows, 2 * WIDTH)
    up, down = torch.randn(2 * WIDTH, WIDTH), torch.randn(WIDTH, 2 * WIDTH)
    a, b = (torch.randn(local, WIDTH) for _ in range(2))

    def work() -> None:
        for number in range(LAYERS * (with_gradient + without)):
            _ = narrow @ up.T, wide @ down.T
            if number < LAYERS * with_gradient:
                _ = wide @ up, narrow @ down, wide.T @ narrow, narrow.T @ wide
        if local:
            s = a @ b.T
            _ = s @ b, s.T @ a

    return work


def epochs(data: PackedGraphs) -> tuple[Callable[[], object], Callable[[], object], Callable[[], object]]:
    """Return an epoch of fine-tuning with its scoring: the rival's, relamp's and the bare products."""
    order = np.random.default_rng(0).permutation(len(data))
    train, scored = np.split(order, [int(0.8 * len(data))])
    graphs = listed(data)
    loader = DataLoader([graphs[i] for i in train], batch_size=32, shuffle=True)
    later = DataLoader([graphs[i] for i in scored], batch_size=32)
    encoder, head = Rival(dropout=0.5), nn.Linear(WIDTH, data.y.shape[1])
    optimiser = torch.optim.Adam([*encoder.parameters(), *head.parameters()])

    def rival() -> None:
        encoder.train()
        for batch in loader:
            loss = masked_bce(head(encoder(batch)[0]), batch.y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        encoder.eval()
        with torch.no_grad():
            for batch in later:
                head(encoder(batch)[0])

    tuner = Finetuner(data, train, scored, Finetuning(epochs=1), (WIDTH, LAYERS), 0)

    def own() -> None:
        tuner.mode(training=True)
        tuner.pass_over(tuner.samples())
        tuner.embed()

    atoms, steps = data.num_nodes.mean(), -(-len(train) // 32)
    one, all_at_once = products(int(32 * atoms), 1, 0), products(int(len(scored) * atoms), 0, 1)
    return rival, own, lambda: ([one() for _ in range(steps)], all_at_once())


def plain(smiles: list[str]) -> int:
    """Featurise as pretrain-gnns does, one molecule, atom and bond after another; return how many molecules it made."""
    known: dict[str, list[object]] = {
        "numbers": list(range(1, 119)),
        "tags": [
            Chem.ChiralType.names[f"CHI_{name}"]
            for name in ("UNSPECIFIED", "TETRAHEDRAL_CW", "TETRAHEDRAL_CCW", "OTHER")
        ],
        "types": [Chem.BondType.names[name] for name in ("SINGLE", "DOUBLE", "TRIPLE", "AROMATIC")],
        "directions": [Chem.BondDir.names[name] for name in ("NONE", "ENDUPRIGHT", "ENDDOWNRIGHT")],
    }
    count = 0  # and keep none: a list of many objects slows Python down
    for line in smiles:
        mol = Chem.MolFromSmiles(line)
        x, edges, attributes = [], [], []
        for atom in mol.GetAtoms():
            x += [[known["numbers"].index(atom.GetAtomicNum()), known["tags"].index(atom.GetChiralTag())]]
        for bond in mol.GetBonds():
            i, j = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            kind = [known["types"].index(bond.GetBondType()), known["directions"].index(bond.GetBondDir())]
            edges += [(i, j), (j, i)]
            attributes += [kind, kind]
        arrays = [torch.tensor(np.array(column), dtype=torch.long) for column in (x, edges, attributes)]
        count += len(Data(x=arrays[0], edge_index=arrays[1].T, edge_attr=arrays[2])) > 0
    return count


def strings(path: Path | None, count: int = 2000) -> list[str]:
    """Return some molecules, all over the file, that can be featurised and have bonds."""
    if path is None:
        lines = (Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi").read_text().splitlines()
    else:
        with lzma.open(path, "rt") as file:
            lines = file.read().splitlines()
    read = read_molecules(line.split()[0] for line in lines[:: max(1, len(lines) // count)])
    return [line for line, bonds in zip(read.smiles, read.num_bonds, strict=True) if bonds][:count]


def compare(
    name: str,
    repetitions: int,
    rival: Callable[[], object],
    own: Callable[[], object],
    floor: Callable[[], object],
) -> None:
    """Print how long a rival, relamp and the least that must be done take, in turns."""
    slow, fast = paired(rival, own, repetitions)
    print(row(name, slow, fast), flush=True)
    least, again = paired(floor, own, repetitions)
    print(row(f"{name}: least", least, again), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smiles", type=Path, help="xz file of one SMILES a line")
    parser.add_argument("--mirror")
    parser.add_argument("--repetitions", type=int, default=5)
    given = parser.parse_args()
    one_thread()
    rdBase.DisableLog("rdApp.*")
    smiles = strings(given.smiles)
    data = pack_molecules("some", smiles)
    atoms = int(data.node_offset[BATCH])
    print(f"\n{BATCH} molecules of {atoms} atoms\n")
    print("| what | rival, s | relamp, s | ratio | n |\n|---|---|---|---|---|")
    for name in METHODS:
        branches = (1, 1) if name == "simgrace" else (2, 0)
        bare = products(atoms, *branches, min(NODES, atoms) if name == "lamp-mag" else 0)
        compare(f"step of {name}", given.repetitions, rival_step(data, name), own_step(data, name), bare)
    compare("epoch of BBBP", given.repetitions, *epochs(data_set("BBBP", given.mirror)))
    loop, parse = lambda: plain(smiles), lambda: [Chem.MolFromSmiles(line) for line in smiles]
    compare(f"{len(smiles)} SMILES", given.repetitions, loop, lambda: read_molecules(smiles), parse)


if __name__ == "__main__":
    main()
