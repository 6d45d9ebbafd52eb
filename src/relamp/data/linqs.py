"""Reader of Cora in the form of its makers (LINQS), whose order of nodes MVGRL's split follows."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from relamp.data.archive import first_bytes, limited
from relamp.data.nodes import PackedNodes
from relamp.errors import RelampError, reason

# Parts of the split, by place in cora.content, of the loader `CoraDataset` of DGL 0.4.1, which MVGRL's code pins.
SPLIT = {"train": range(140), "valid": range(200, 500), "test": range(500, 1500)}


def read_linqs(files: Mapping[str, Path], name: str, most_bytes: int = 2**28) -> PackedNodes:
    """Read `cora.content.gz` (a line a paper: number, words as 0 and 1, class) and `cora.cites` (pairs of numbers).

    Nodes stand in the order of the first file, by which the split goes: 0 to 139 for training, 200 to 499 for
    validation, 500 to 1,499 for testing. Classes are numbered in the order of their names.

    Raises RelampError if a file is damaged, unpacks to more than `most_bytes`, or does not fit the other.
    """
    content, cites = files["cora.content.gz"], files["cora.cites"]
    papers = _table(content, most_bytes)
    pairs = _table(cites, most_bytes)
    number, words, label = papers[:, 0], papers[:, 1:-1], papers[:, -1]
    ids = pd.Index(number)
    place = ids.get_indexer(pairs.ravel()).reshape(pairs.shape) if ids.is_unique else np.full(pairs.shape, -1)
    if pairs.shape[1] != 2 or place.min(initial=0) < 0:
        raise RelampError(f"{cites}: names papers that {content.name} does not have once each; fetch both again")
    if not np.isin(words, ("0", "1")).all():
        raise RelampError(f"{content}: has words that are neither 0 nor 1; fetch it again")
    if len(papers) < SPLIT["test"].stop:
        raise RelampError(f"{content}: has {len(papers)} papers, too few for the split; fetch it again")
    classes, y = np.unique(label.astype(str), return_inverse=True)
    split: dict[str, NDArray[np.int64]] = {part: np.array(nodes, dtype=np.int64) for part, nodes in SPLIT.items()}
    x = csr_matrix((words == "1").astype(np.float32))
    return PackedNodes.build(name, x, (place[:, 0], place[:, 1]), y.astype(np.int64), split, classes=classes.tolist())


def _table(path: Path, most_bytes: int) -> NDArray[Any]:
    """Read cells apart by tabs as words, `[rows, columns]`; the file may be gzipped."""
    packed = first_bytes(path, "table").startswith(b"\x1f\x8b")
    with path.open("rb") as file:
        read = gzip.GzipFile(fileobj=file).read if packed else file.read
        with limited(read, most_bytes, str(path), file.close) as stream:
            try:
                table = pd.read_csv(stream, sep="\t", header=None, dtype=str, na_filter=False)
            except ValueError as error:
                raise RelampError(f"{path}: is no table ({reason(error)}); fetch it again") from error
    return table.to_numpy()
