"""Jobs on graphs: the structural damage that augmentations do to a data set (LAMP Fig. 2)."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.data.packed import PackedGraphs
from relamp.data.rows import write_table
from relamp.data.streams import stream
from relamp.data.verified import verified
from relamp.graph.damage import measure_damage
from relamp.runtime.made import of_rows, since
from relamp.runtime.progress import Progress
from relamp.settings.evaluation import DamageProtocol


def damage(data: Path, protocol: Mapping[str, Any], output: Path) -> None:
    """Write one row per augmentation, reading, draw and graph: entropy before and after, and its relative loss."""
    digest = verified(data)
    chosen = DamageProtocol.model_validate(protocol)
    graphs = PackedGraphs.load(data)
    cells = [(a, r) for a in chosen.augmentations for r in chosen.readings]
    parts: list[pd.DataFrame] = []
    began = time.monotonic()
    with Progress(f"{graphs.name}, augmentations", len(cells)) as progress:
        for augmentation, reading in cells:
            # By name, so that a further augmentation changes no other's draws.
            rng = stream(0, "damage", graphs.name, augmentation, reading)
            parts.append(measure_damage(graphs, augmentation, reading, chosen.strength, chosen.draws, rng))
            progress.to(len(parts))
    facts = {"dataset": graphs.name, "data": digest, "protocol": dict(protocol), "made": of_rows(since(began))}
    write_table(output, pd.concat(parts, ignore_index=True), facts)
