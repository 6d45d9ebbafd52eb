"""Fix the folds and splits of a data set as small files: every method is scored in the same ones."""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from relamp.data.folds import save_folds, stratified_folds
from relamp.data.packed import PackedGraphs
from relamp.data.scaffold import scaffold_split

log = logging.getLogger(__name__)


def fix_scaffold_split(data_path: Path, output: Path) -> None:
    """Write the part of the scaffold split that each molecule is in: 0 train, 1 valid, 2 test."""
    data = PackedGraphs.load(data_path)
    part = np.empty(len(data), dtype=np.int64)
    for number, index in enumerate(scaffold_split(data.smiles)):
        part[index] = number
    log.info("%s: scaffold split of %s molecules", data.name, ", ".join(map(str, np.bincount(part))))
    save_folds(output, part)


def fix_folds(data_path: Path, folds: int, outputs: Mapping[int, Path]) -> None:
    """Write the outer folds of a data set for each seed: every method is scored in the same ones."""
    data = PackedGraphs.load(data_path)
    for seed, path in outputs.items():
        save_folds(path, stratified_folds(data.y, folds, seed, name=data.name))
