"""Time the packed corpus against PyTorch Geometric in one run: `python benchmarks/bench_corpus.py`.

Packing: SMILES to one memory-mapped file by `pack_corpus` in one process, against `from_smiles` for each molecule and
`InMemoryDataset.save` of the list. Both parse with RDKit, whose time is printed apart; `from_smiles` computes more
features (nine an atom, three a bond).
Batches: 256 molecules drawn at random by `take` and `collate`, against `Batch.from_data_list`.
The molecules ship with RDKit; an xz file of one SMILES a line may be named in their place.
"""

import argparse
import lzma
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np
from rdkit import Chem, RDConfig, rdBase
from torch_geometric.data import Batch as GeometricBatch
from torch_geometric.data import InMemoryDataset
from torch_geometric.utils import from_smiles

from relamp.data.batch import collate
from relamp.data.molecules import read_molecules
from relamp.data.pack_corpus import pack_corpus


def strings(path: Path | None, count: int) -> list[str]:
    """Return the first molecules, without those that cannot be featurised."""
    if path is None:
        lines = (Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi").read_text().splitlines()
    else:
        with lzma.open(path, "rt") as file:
            lines = list(islice(file, count))
    return list(read_molecules(line.split()[0] for line in lines[:count] if line.strip()).smiles)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smiles", type=Path, help="xz file of one SMILES a line")
    parser.add_argument("--molecules", type=int, default=5000)
    parser.add_argument("--batches", type=int, default=200)
    options = parser.parse_args()
    rdBase.DisableLog("rdApp.*")
    smiles = strings(options.smiles, options.molecules)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "raw.xz").write_bytes(lzma.compress("\n".join(smiles).encode()))

        began = time.perf_counter()
        for line in smiles:
            Chem.MolFromSmiles(line)
        parsing = time.perf_counter() - began

        began = time.perf_counter()
        paths = (folder / "corpus.safetensors", folder / "dropped.csv", folder / "work")
        corpus = pack_corpus("some", folder / "raw.xz", *paths, processes=1)
        ours = time.perf_counter() - began

        began = time.perf_counter()
        graphs = [from_smiles(line) for line in smiles]
        InMemoryDataset.save(graphs, str(folder / "geometric.pt"))
        theirs = time.perf_counter() - began

        print(f"{len(smiles)} molecules, RDKit's parsing alone {parsing:.2f} s")
        print(f"packing  relamp {ours:7.2f} s   from_smiles {theirs:7.2f} s   ratio {theirs / ours:5.1f}")
        sizes = [(folder / name).stat().st_size / 2**20 for name in ("corpus.safetensors", "geometric.pt")]
        print(f"size     relamp {sizes[0]:7.2f} MiB from_smiles {sizes[1]:7.2f} MiB ratio {sizes[1] / sizes[0]:5.1f}")

        draws = np.random.default_rng(0).integers(len(smiles), size=(options.batches, 256))
        began = time.perf_counter()
        mine = [collate(taken := corpus.take(index), np.arange(len(taken))) for index in draws]
        ours = (time.perf_counter() - began) / len(draws)

        began = time.perf_counter()
        others = [GeometricBatch.from_data_list([graphs[i] for i in index]) for index in draws]
        theirs = (time.perf_counter() - began) / len(draws)
        same = all(
            a.x[:, 0].tolist() == (b.x[:, 0] - 1).tolist() and a.edge_index.shape == b.edge_index.shape
            for a, b in zip(mine, others, strict=True)
        )
        print(
            f"batch    relamp {1e3 * ours:7.2f} ms  Batch.from_data_list {1e3 * theirs:7.2f} ms   "
            f"ratio {theirs / ours:5.1f}   equal atoms: {same}"
        )


if __name__ == "__main__":
    main()
