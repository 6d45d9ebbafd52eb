"""The job of the check of M-Mix's Theorem 3.1, a module of its own: editing it scores no run again."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from relamp.data.nodes import PackedNodes
from relamp.data.packed import map_arrays
from relamp.data.rows import write_rows
from relamp.data.streams import stream
from relamp.data.verified import check_trained, verified
from relamp.errors import RelampError
from relamp.evaluate.embeddings import of_nodes
from relamp.evaluate.hard_negatives import DRAW_COLUMNS, NODE_COLUMNS, measure_hardness
from relamp.evaluate.mixing_weights import Maps, neighbour_weights
from relamp.runtime.made import of_rows, since
from relamp.runtime.progress import Progress
from relamp.settings.mixing import MixSettings

MIXED = "z"
_PROJECTED = ("mp-mix", "mp-mix-nodiv")


def hard_negatives(
    data: Path,
    embeddings: Mapping[int, Path],
    encoder: Mapping[int, Path],
    seeds: Sequence[int],
    labels: Mapping[str, Any],
    method: Mapping[str, Any],
    settings: Mapping[str, Any],
    output: Path,
    draws: Path,
    permutations: int = 1000,
    anchors: int | None = None,
) -> None:
    """Measure how hard the mixed negatives of the final epoch are (M-Mix Theorem 3.1), see `measure_hardness`.

    Args:
        data: packed nodes, for the neighbours.
        embeddings, encoder: of each seed, with the branch z among the embeddings.
        seeds, labels: which, and their method, dataset and setting.
        method: its `options` hold the `mixer`, and options of mixing that override those of the settings.
        settings: of the pre-training, with `mix` and `branches`.
        output, draws: CSVs of one row per seed and node, or draw of permutations, and measure.
        permutations, anchors: so many of each node's weights, and of at most so many nodes; None for all.

    Raises:
        RelampError: the method has no mixing weights, or the embeddings that it mixes are not stored.
    """
    options = method["options"]
    mixer = options.get("mixer", "none")
    if mixer not in ("mo-mix", *_PROJECTED):
        raise RelampError(f"{labels['method']}: has no weights that follow similarities; take mo-mix or mp-mix")
    if MIXED not in settings["branches"]:
        raise RelampError(f"{labels['method']}: what it mixes is not stored; set `branches: [average, {MIXED}]`")
    mix = MixSettings.model_validate({**settings.get("mix", {}), **options.get("mix", {})})
    training = {"method": dict(method), "settings": dict(settings), "data": verified(data)}
    nodes = PackedNodes.load(data)
    parts: tuple[list[pd.DataFrame], list[pd.DataFrame]] = ([], [])
    began = time.monotonic()
    what = f"{labels['dataset']} {labels['method']}, seeds measured"
    with threadpool_limits(1), Progress(what, len(seeds)) as progress:
        for done, seed in enumerate(seeds, start=1):
            for path in (embeddings[seed], encoder[seed]):
                check_trained(path, {**training, "seed": seed})
            z = _final(embeddings[seed], nodes.num_nodes)
            maps = _maps(encoder[seed]) if mixer in _PROJECTED else None
            mixing = neighbour_weights(z, nodes.edge_index, mix, maps)
            made = measure_hardness(z, mixing, permutations, stream(seed, "permutations"), anchors)
            for part, frame in zip(parts, made, strict=True):
                part.append(frame.assign(seed=seed))
            progress.to(done)
    protocol = {"permutations": permutations, "anchors": anchors}
    worked = of_rows(since(began), embeddings.values())
    facts = {**labels, "seeds": list(seeds), "protocol": protocol, "made": worked}
    for path, part, columns in zip((output, draws), parts, (NODE_COLUMNS, DRAW_COLUMNS), strict=True):
        write_rows(path, part, facts, ("seed", *columns))


def _final(path: Path, num_nodes: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    for stored in of_nodes(path, num_nodes):
        if stored.final and stored.branch == MIXED:
            return stored.z
    raise RelampError(f"{path}: lacks the final embeddings of branch {MIXED}; delete it and run again")


def _maps(path: Path) -> Maps:
    arrays, _ = map_arrays(path)
    try:
        return arrays["mixer.query.weight"], arrays["mixer.key.weight"]
    except KeyError as error:
        raise RelampError(f"{path}: has no map {error}, which mp-mix mixes by; delete it and run again") from error
