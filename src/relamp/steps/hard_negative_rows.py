"""Measure on stored embeddings how hard mixed negatives are: M-Mix's Theorem 3.1 on real data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from relamp.data.nodes import PackedNodes
from relamp.data.packed import map_arrays
from relamp.data.rows import write_rows
from relamp.errors import RelampError
from relamp.evaluate.hard_negatives import DRAW_COLUMNS, NODE_COLUMNS, measure_hardness
from relamp.evaluate.mixing_weights import Maps, neighbour_weights
from relamp.runtime.progress import Progress
from relamp.settings.mixing import MixSettings
from relamp.settings.nodes import NodePretraining
from relamp.steps.node_rows import stored_embeddings

MIXED_BRANCH = "a"


def score_hard_negatives(
    data_path: Path,
    embeddings: Mapping[int, Path],
    encoders: Mapping[int, Path],
    labels: Mapping[str, Any],
    method: Mapping[str, Any],
    settings: Mapping[str, Any],
    output: Path,
    draws: Path,
    permutations: int = 1000,
    most_nodes: int | None = None,
) -> None:
    """Write how hard the mixed negatives of the final epoch are, see `relamp.evaluate.hard_negatives`.

    Args:
        data_path: packed nodes, for the neighbours.
        embeddings, encoders: files of `relamp.train.jobs.pretrain` for each seed.
        labels: columns that say what the rows belong to: method, dataset.
        method: as it was given to pre-training: a row of `relamp.method.table.METHODS` with its `options`.
        settings: of the pre-training, see `relamp.settings.nodes.NodePretraining`.
        output: the CSV of a row for each seed, node and measure.
        draws: the CSV of a row for each seed, measure and draw of permutations.
        permutations, most_nodes: see `relamp.evaluate.hard_negatives.measure_hardness`.

    Raises:
        RelampError: the method has no mixing weights, or the embeddings that it mixes are not stored.
    """
    chosen = NodePretraining.model_validate(settings)
    mixer, mix = method["options"].get("mixer"), method["options"].get("mix") or {}
    projected = mixer in ("mp-mix", "mp-mix-nodiv")
    if not method["maker"].endswith(":MVGRL") or not (projected or mixer == "mo-mix"):
        raise RelampError(f"{labels['method']}: has no weights that follow similarities; take mo-mix or mp-mix")
    if chosen.readout != "encoder" or MIXED_BRANCH not in chosen.branches:
        raise RelampError(
            f"{labels['method']}: what is mixed is branch a of the encoder, which is not stored; "
            "set `branches: [average, a]` and `readout: encoder`"
        )
    data, options = PackedNodes.load(data_path), MixSettings.model_validate({**chosen.mix.model_dump(), **mix})
    parts: tuple[list[pd.DataFrame], list[pd.DataFrame]] = ([], [])
    with Progress(f"{labels['dataset']} {labels['method']}, seeds measured", len(embeddings)) as progress:
        for done, (seed, path) in enumerate(embeddings.items(), start=1):
            z = _final(path, data.num_nodes)
            maps = _maps(encoders[seed]) if projected else None
            mixing = neighbour_weights(z, data.edge_index, options, maps)
            made = measure_hardness(z, mixing, permutations, np.random.default_rng([seed, 31]), most_nodes)
            for part, rows in zip(parts, made, strict=True):
                part.append(rows.assign(seed=seed))
            progress.to(done)
    for path, part, columns in zip((output, draws), parts, (NODE_COLUMNS, DRAW_COLUMNS), strict=True):
        write_rows(path, part, labels, ("method", "dataset", "seed", *columns))


def _final(path: Path, num_nodes: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    for stored in stored_embeddings(path, num_nodes):
        if stored.final and stored.branch == MIXED_BRANCH:
            return stored.z
    raise RelampError(f"{path}: lacks the final embeddings of branch {MIXED_BRANCH}; delete it and run again")


def _maps(path: Path) -> Maps:
    arrays, _ = map_arrays(path)
    try:
        return arrays["mixer.query.weight"], arrays["mixer.key.weight"]
    except KeyError as error:
        raise RelampError(f"{path}: has no map {error}, which mp-mix mixes by; delete it and run again") from error
