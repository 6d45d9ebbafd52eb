"""Data sets shipped inside installed packages: where their files lie and how each is read."""

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from rdkit import Chem, RDConfig, rdBase
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from relamp.data.content import PackedData
from relamp.data.images import PackedImages
from relamp.data.molecules import pack_molecules
from relamp.data.nodes import PackedNodes
from relamp.data.packed import PackedGraphs
from relamp.data.registry import REGISTRY, Dataset
from relamp.data.tu import read_tu
from relamp.errors import RelampError
from relamp.runtime.files import sha256

# The solubility classes in the order of their letters; only the last counts as positive in the binary task.
_SOLUBILITY_CLASSES = ("(A) low", "(B) medium", "(C) high")
_BRIGHTEST_DIGIT = 16  # upstream counts the inked pixels of 4 x 4 blocks
_DIGITS_TEST_SHARE = 0.2


def folder(dataset: Dataset) -> Path:
    """Return the folder of a data set inside its package, without importing the package.

    Raises RelampError if the package is not installed or has no such folder.
    """
    package = dataset.package
    if package is None:
        raise RelampError(f"{dataset.name}: its source is {dataset.source}, so no package holds it")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RelampError(f"{dataset.name}: the package {package} is not installed; install it")
    places = [Path(root) / dataset.folder for root in spec.submodule_search_locations]
    if package == "rdkit":  # conda keeps RDKit's data outside the package
        places.append(Path(RDConfig.RDDataDir).parent / dataset.folder)
    for place in places:
        if place.is_dir():
            return place
    raise RelampError(f"{dataset.name}: {places[0]} is not there; reinstall the package {package}")


def verify(dataset: Dataset, where: Path) -> None:
    """Compare the sha256 of every raw file with the registry; raises RelampError at the first that differs."""
    for name, known in dataset.files.items():
        path = where / name
        advice = f"reinstall the package {dataset.package} in a version whose files the registry knows"
        if not path.is_file():
            raise RelampError(f"{name}: is not there ({where}); {advice}")
        if (found := sha256(path)) != known:
            raise RelampError(f"{name}: sha256 is {found} but the registry has {known} ({where}); {advice}")


def pack(name: str) -> PackedData:
    """Verify and read a data set that is shipped inside a package.

    Raises RelampError if the name is unknown or a raw file differs from the registry.
    """
    if name not in _READERS:
        raise RelampError(f"{name}: is not shipped inside a package; these are: {', '.join(_READERS)}")
    dataset = REGISTRY[name]
    where = folder(dataset)
    verify(dataset, where)
    data = _READERS[name](where)
    if not isinstance(data, PackedGraphs):
        return data  # which says itself where it comes from
    origin = {"source": dataset.source, "package_version": version(str(dataset.package))}
    return replace(data, info={**data.info, **origin, "files": dict(dataset.files)})


def _solubility(where: Path) -> PackedGraphs:
    """Train then test file; 1 = highly soluble."""
    parts = [_solubility_file(where / f"solubility.{part}.sdf") for part in ("train", "test")]
    smiles = [line for part, _ in parts for line in part]
    classes = np.concatenate([labels for _, labels in parts])
    high = (classes == _SOLUBILITY_CLASSES.index("(C) high")).astype(np.int8)[:, None]
    data = pack_molecules("Solubility", smiles, high)
    return replace(data, info={**data.info, "tasks": ["SOL_classification is (C) high"]})


def _solubility_3(where: Path) -> PackedGraphs:
    """The test file as plain graphs: atom types that occur, renumbered, and three classes."""
    smiles, classes = _solubility_file(where / "solubility.test.sdf")
    data = pack_molecules("Solubility-3", smiles, classes)
    types, ids = np.unique(data.x[:, 0], return_inverse=True)
    table = Chem.GetPeriodicTable()
    symbols = [table.GetElementSymbol(int(number) + 1) for number in types]
    info = {**data.info, "classes": list(_SOLUBILITY_CLASSES), "node_labels": [symbols]}
    return replace(data, x=ids.reshape(-1, 1), cardinality=(len(types),), edge_attr=None, info=info)


def _solubility_file(path: Path) -> tuple[list[str], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Read canonical SMILES and class numbers of an SDF file.

    The SMILES are written from the mol blocks: 18 of the 1,282 SMILES properties do not parse in today's RDKit
    (`c1ccc2n(H)nnc2c1`), all mol blocks do, and where both parse they agree.
    """
    smiles, classes = [], []
    with rdBase.BlockLogs():
        for mol in Chem.SDMolSupplier(str(path)):
            # A block that does not parse becomes an empty SMILES, which packing drops and lists; without it no class.
            smiles.append("" if mol is None else Chem.MolToSmiles(mol))
            classes.append(0 if mol is None else _SOLUBILITY_CLASSES.index(mol.GetProp("SOL_classification")))
    return smiles, np.array(classes, dtype=np.int64)


def read_digits(seed: int = 0) -> PackedImages:
    """Read scikit-learn's 1,797 grey images of 8 x 8 (Alpaydin and Kaynak 1998, UCI: the test part) as "Digits".

    Upstream has no split of them: a stratified one is drawn from the seed, 20 % for the test. Values 0 ... 16 become
    0 ... 255.
    """
    bunch = load_digits()
    y = bunch.target.astype(np.int64)
    train, test = train_test_split(np.arange(len(y)), test_size=_DIGITS_TEST_SHARE, stratify=y, random_state=seed)
    images = np.round(bunch.images * (255 / _BRIGHTEST_DIGIT)).astype(np.uint8)[:, None]
    info = {
        "classes": [str(digit) for digit in bunch.target_names],
        "source": "package:sklearn",
        "package_version": version("scikit-learn"),
        "split": f"stratified, {_DIGITS_TEST_SHARE:.0%} test, seed {seed}",
    }
    return PackedImages("Digits", images, y, np.sort(train), np.sort(test), info)


def karate_club() -> PackedNodes:
    """Return torch_geometric's karate club (Zachary 1977) with the four communities of Kipf and Welling (2017).

    34 nodes, 78 edges; the features are the identity. One node of each class is for training (torch_geometric's own
    mask), none for validation, and all others for testing.
    """
    # Importing torch_geometric takes seconds, which only those who read this data set should wait for.
    from torch_geometric.datasets import KarateClub

    graph = KarateClub()[0]
    y, train = graph.y.numpy().astype(np.int64), graph.train_mask.numpy()
    split = {"train": np.flatnonzero(train), "test": np.flatnonzero(~train)}
    ends = tuple(graph.edge_index.numpy())
    return PackedNodes.build("KarateClub", csr_matrix(np.eye(len(y))), ends, y, split, unlabelled=0)


_READERS: dict[str, Callable[[Path], PackedData]] = {
    "MUTAG": lambda where: read_tu(where, "MUTAG"),
    "Cuneiform": lambda where: read_tu(where, "Cuneiform"),
    # One SMILES and one running number per line; there are no labels.
    "NCI": lambda where: pack_molecules(
        "NCI", [line.split()[0] for line in (where / "first_5K.smi").read_text("ascii").splitlines()]
    ),
    "Solubility": _solubility,
    "Solubility-3": _solubility_3,
    "KarateClub": lambda _: karate_club(),
    "Digits": lambda _: read_digits(),
}
