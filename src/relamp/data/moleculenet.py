"""Reader of the MoleculeNet tables (Wu et al. 2018) with the clean-up of pretrain-gnns (Hu et al. 2020)."""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from relamp.data.archive import first_bytes, limited
from relamp.data.molecules import pack_molecules
from relamp.data.packed import MISSING, PackedGraphs
from relamp.errors import RelampError, listed, reason, shortened


class _Table(NamedTuple):
    """The columns of one table; the tasks by name, or their number where all columns but the first are tasks.

    `canonical` says that pretrain-gnns writes RDKit's canonical SMILES beside the graphs in place of the table's, and
    so computes the scaffolds from them.
    """

    tasks: tuple[str, ...] | int
    smiles: str = "smiles"
    canonical: bool = False


_TOX21 = (
    *("NR-AR", "NR-AR-LBD", "NR-AhR", "NR-Aromatase", "NR-ER", "NR-ER-LBD", "NR-PPAR-gamma"),
    *("SR-ARE", "SR-ATAD5", "SR-HSE", "SR-MMP", "SR-p53"),
)
_MUV = (466, 548, 600, 644, 652, 689, 692, 712, 713, 733, 737, 810, 832, 846, 852, 858, 859)
_MOST_COLUMNS = 5_000  # the widest table, ToxCast's, has 618
_TABLES: Mapping[str, _Table] = {
    "BBBP": _Table(("p_np",), canonical=True),
    "Tox21": _Table(_TOX21),
    "ToxCast": _Table(617, canonical=True),
    "SIDER": _Table(27),
    "ClinTox": _Table(("FDA_APPROVED", "CT_TOX"), canonical=True),
    "MUV": _Table(tuple(f"MUV-{assay}" for assay in _MUV)),
    "HIV": _Table(("HIV_active",)),
    "BACE": _Table(("Class",), smiles="mol"),
}


def read_moleculenet(path: Path | str, name: str, most_bytes: int = 2**30) -> PackedGraphs:
    """Read one of the eight classification tables, plain or gzipped.

    Labels are `[G, tasks]` with 1, 0 and MISSING, the tasks in pretrain-gnns' order, which `info["tasks"]` keeps. All
    fragments of a molecule are kept. What RDKit does not parse or `pack_molecules` cannot featurise is dropped and
    listed (see there). `smiles` are those from which pretrain-gnns computes scaffolds.

    Raises RelampError if the name is unknown, the file is missing, damaged or unpacks to more than `most_bytes`, a
    column is missing, or a label is not 0, 1 or empty.
    """
    path = Path(path)
    table = _TABLES.get(name)
    if table is None:
        raise RelampError(f"{name}: is no MoleculeNet table that relamp knows; it knows {', '.join(_TABLES)}")
    frame = _read(path, most_bytes)
    tasks = [str(column) for column in (frame.columns[1:] if isinstance(table.tasks, int) else table.tasks)]
    absent = [repr(column) for column in (table.smiles, *tasks) if column not in frame.columns]
    if isinstance(table.tasks, int) and len(tasks) < table.tasks:
        absent.append(f"for {table.tasks - len(tasks)} of {table.tasks} tasks")
    if absent:
        found = listed(map(str, frame.columns))
        fault = f"has no column {', '.join(absent)}, which {name} needs (found {found})"
        raise RelampError(f"{path}: {fault}; fetch it again")
    if frame.empty:
        raise RelampError(f"{path}: has a header and no rows; fetch it again")
    data = pack_molecules(name, frame[table.smiles].tolist(), _labels(frame[tasks], path))
    with rdBase.BlockLogs():
        smiles = tuple(map(Chem.CanonSmiles, data.smiles)) if table.canonical else data.smiles
    return replace(data, smiles=smiles, info={**data.info, "tasks": tasks})


def _read(path: Path, most_bytes: int) -> pd.DataFrame:
    """Read a table, naming what is wrong with one that cannot be read."""
    try:
        with _unpacked(path, most_bytes) as stream:
            rows = csv.reader(io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline=""))
            head, first = next(filter(None, rows), []), next(filter(None, rows), [])
        # pandas takes minutes for very many columns, and the first cells of a longer row for its name.
        if len(head) <= _MOST_COLUMNS and len(first) <= len(head):
            with _unpacked(path, most_bytes) as stream:
                return pd.read_csv(stream, low_memory=False)
    except pd.errors.EmptyDataError as error:
        raise RelampError(f"{path}: is empty; fetch it again") from error
    except (ValueError, csv.Error) as error:
        raise RelampError(f"{path}: is no table ({reason(error)}); fetch it again") from error
    fault = f"{len(head):,} columns, and {len(first):,} cells in the first row"
    raise RelampError(f"{path}: is no table ({fault}); fetch it again")


@contextmanager
def _unpacked(path: Path, most_bytes: int) -> Iterator[BinaryIO]:
    head = first_bytes(path, "table")
    with ExitStack() as stack:
        stream: BinaryIO = stack.enter_context(path.open("rb"))
        if head.startswith(b"\x1f\x8b"):
            unpacked = stack.enter_context(gzip.GzipFile(fileobj=stream))
            stream = stack.enter_context(limited(unpacked.read, most_bytes, str(path), unpacked.close))
        elif path.suffix == ".gz":
            raise RelampError(f"{path}: is no gzip file; fetch it again")
        yield stream


def _labels(frame: pd.DataFrame, path: Path) -> NDArray[np.int8]:
    """Turn 1, 0 and empty cells into 1, 0 and MISSING, `[rows, tasks]`."""
    labels = np.full(frame.shape, MISSING, dtype=np.int8)
    for i, (task, column) in enumerate(frame.items()):
        known = column.notna().to_numpy()
        numbers: NDArray[Any] = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
        wrong = np.flatnonzero(known & ~np.isin(numbers, (0, 1)))
        if len(wrong):
            label = shortened(repr(column.iloc[wrong[0]]), 60)
            raise RelampError(
                f"{path}: row {wrong[0] + 1} has {label} as its label of {task}, not 0, 1 or nothing; fetch it again"
            )
        labels[known, i] = numbers[known]
    return labels
