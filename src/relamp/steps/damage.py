"""Measure the structural damage that augmentations do to a data set (LAMP Fig. 2)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from relamp.data.packed import PackedGraphs
from relamp.graph.damage import damage
from relamp.runtime.files import write_csv
from relamp.runtime.progress import Progress
from relamp.settings.evaluation import DamageProtocol


def measure_damage(data_path: Path, protocol: Mapping[str, Any], output: Path) -> None:
    """Write one row for each augmentation, reading, draw and graph: entropy before and after, and its relative loss."""
    chosen = DamageProtocol.model_validate(protocol)
    data = PackedGraphs.load(data_path)
    cells = [(a, r) for a in chosen.augmentations for r in chosen.readings]
    parts: list[pd.DataFrame] = []
    with Progress(f"{data.name}, augmentations", len(cells)) as progress:
        for augmentation, reading in cells:
            # Seeded by its name, so that a further augmentation changes no other's draws.
            seed = list(f"{data.name} {augmentation} {reading}".encode())
            rng = np.random.default_rng(seed)
            parts.append(damage(data, augmentation, reading, chosen.strength, chosen.draws, rng))
            progress.to(len(parts))
    write_csv(output, pd.concat(parts, ignore_index=True))
