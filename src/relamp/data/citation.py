"""Readers of citation graphs: the files of Planetoid and the npz files of CitationFull."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from relamp.data.nodes import PackedNodes, check_ends
from relamp.data.packed import MISSING
from relamp.data.unpickle import checked_csr, load_npz, load_pickle
from relamp.errors import RelampError, reason

_Int64 = NDArray[np.int64]

_PLANETOID_PARTS = ("x", "y", "tx", "ty", "allx", "ally", "graph", "test.index")
_NUM_VALID = 500


def read_planetoid(files: Path | str | Mapping[str, Path], name: str) -> PackedNodes:
    """Read the eight files `ind.NAME.x` ... `ind.NAME.test.index` (Yang et al. 2016, arXiv:1603.08861).

    `files` is their folder, or the path of each by its file name. The public split trains on the nodes of `y`,
    validates on the 500 that follow and tests on `test.index`. Citeseer's `test.index` has gaps: nodes without
    features and label (y is MISSING), which most readers put into class 0; they are in no part of the split.

    Raises RelampError if files are missing, naming all of them, are no admitted pickles, or do not fit together.
    """
    names = {part: f"ind.{name.lower()}.{part}" for part in _PLANETOID_PARTS}
    known = files if isinstance(files, Mapping) else {file: Path(files) / file for file in names.values()}
    missing = [str(known.get(file, file)) for file in names.values() if file not in known or not known[file].is_file()]
    if missing:
        raise RelampError(f"{name}: {', '.join(missing)}: not there; fetch it, or name a mirror that has all 8 files")
    paths = {part: known[file] for part, file in names.items()}
    raw = {part: load_pickle(path) for part, path in paths.items() if part != "test.index"}
    try:
        test = np.array([int(line) for line in paths["test.index"].read_text("ascii").split()], dtype=np.int64)
    except (ValueError, OverflowError) as error:
        fault = f"is not one node number per line ({reason(error)})"
        raise RelampError(f"{paths['test.index']}: {fault}; fetch it again") from error
    _check_planetoid(raw, test, paths)
    first = len(raw["ally"])
    total = max(first, int(test.max(initial=-1)) + 1)
    # Row first + i of the stacked files belongs to node test[i]; what no row belongs to stays empty.
    place = np.concatenate([np.arange(first), test])
    stacked = vstack([raw["allx"], raw["tx"]], format="csr").tocoo()
    x = csr_matrix((stacked.data, (place[stacked.row], stacked.col)), shape=(total, stacked.shape[1]))
    y = np.full(total, MISSING, dtype=np.int64)
    one_hot = np.concatenate([raw["ally"], raw["ty"]])
    y[place] = np.where(one_hot.any(axis=1), one_hot.argmax(axis=1), MISSING)
    num_train = len(raw["y"])
    ends = _neighbours(raw["graph"], total, paths["graph"])
    valid = np.arange(num_train, num_train + _NUM_VALID)
    split = {"train": np.arange(num_train), "valid": valid, "test": np.sort(test)}
    return PackedNodes.build(name, x, ends, y, split, unlabelled=int((y == MISSING).sum()))


def _check_planetoid(raw: Mapping[str, Any], test: _Int64, paths: Mapping[str, Path]) -> None:
    """Refuse parts of the wrong kind or that do not fit together, naming the file."""
    for part in ("x", "tx", "allx"):
        if not isinstance(raw[part], csr_matrix):
            raise RelampError(f"{paths[part]}: holds no sparse matrix; fetch it again")
    for part in ("y", "ty", "ally"):
        if not (isinstance(raw[part], np.ndarray) and raw[part].ndim == 2 and raw[part].dtype.kind in "biuf"):
            raise RelampError(f"{paths[part]}: holds no table of labels; fetch it again")
    if not isinstance(raw["graph"], dict):
        raise RelampError(f"{paths['graph']}: holds no dictionary of neighbours; fetch it again")
    first = len(raw["ally"])
    fits = {
        "allx": raw["allx"].shape[0] == first,
        "tx": raw["tx"].shape == (len(test), raw["allx"].shape[1]),
        "ty": raw["ty"].shape == (len(test), raw["ally"].shape[1]),
        "y": len(raw["y"]) + _NUM_VALID <= first and np.array_equal(raw["y"], raw["ally"][: len(raw["y"])]),
        "x": raw["x"].shape[0] == len(raw["y"]),
        "test.index": len(np.unique(test)) == len(test) and int(test.min(initial=first)) >= first,
    }
    wrong = [str(paths[part]) for part, fine in fits.items() if not fine]
    if wrong:
        raise RelampError(f"{', '.join(wrong)}: does not fit the other files of the data set; fetch all of them again")


def _neighbours(graph: Mapping[int, list[int]], total: int, path: Path) -> tuple[_Int64, _Int64]:
    """Flatten lists of neighbours into sources and targets."""
    try:
        lengths = np.array([len(ends) for ends in graph.values()], dtype=np.int64)
        source = np.repeat(np.array(list(graph), dtype=np.int64), lengths)
        target = np.array([end for ends in graph.values() for end in ends], dtype=np.int64)
    except (TypeError, ValueError, OverflowError) as error:
        raise RelampError(f"{path}: holds no lists of node numbers ({reason(error)}); fetch it again") from error
    check_ends(source, target, total, str(path))
    return source, target


def read_citation_full(path: Path | str, name: str = "DBLP", most_bytes: int = 2**28) -> PackedNodes:
    """Read an npz file of CitationFull (Bojchevski and Günnemann 2018, arXiv:1707.03815); it has no public split.

    Two forms are known: matrices as object arrays `adj_matrix`, `node_attr` and `node_label`, or as the plain arrays
    `adj_data`, `adj_indices`, `adj_indptr`, `adj_shape`, `attr_...` and `labels`. Positive features become 1, as
    torch-geometric has it: DBLP's raw ones are weights of terms.

    Raises RelampError if the file is damaged, unpacks to more than `most_bytes`, or lacks one of the parts.
    """
    arrays = load_npz(path, most_bytes)
    try:
        if "adj_matrix" in arrays:
            adjacency, x, labels = (arrays[key] for key in ("adj_matrix", "node_attr", "node_label"))
        else:
            parts = ("data", "indices", "indptr", "shape")
            adjacency, x = (checked_csr(*(arrays[f"{key}_{part}"] for part in parts)) for key in ("adj", "attr"))
            labels = arrays["labels"]
    except (KeyError, ValueError, TypeError) as error:
        raise RelampError(f"{path}: is no citation graph ({reason(error)}); fetch it again") from error
    total = len(labels)
    if not (isinstance(adjacency, csr_matrix) and isinstance(x, csr_matrix)) or labels.dtype.kind not in "iu":
        raise RelampError(f"{path}: is no citation graph (its parts are of another kind); fetch it again")
    if adjacency.shape != (total, total) or x.shape[0] != total or labels.min(initial=0) < 0:
        fault = f"an adjacency matrix {adjacency.shape}, features {x.shape} and {total} labels do not fit together"
        raise RelampError(f"{path}: {fault}; fetch it again")
    return PackedNodes.build(name, (x > 0).astype(np.float32), adjacency.nonzero(), labels.astype(np.int64))
