"""Score similarities against the graph edit distance (M-Mix Table 10)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from relamp.data.packed import PackedGraphs, map_arrays
from relamp.errors import RelampError
from relamp.evaluate.edit_distance import EDIT_KERNELS, Triplets, cosine, edit_scores, kernel_similarities, triplets
from relamp.runtime.files import write_csv
from relamp.runtime.progress import Progress
from relamp.settings.evaluation import EditDistanceProtocol

EDIT_COLUMNS = ("method", "dataset", "n", "seed", "metric", "value")


def edits(data: PackedGraphs, protocol: EditDistanceProtocol, seed: int) -> Iterator[tuple[int, Triplets]]:
    """Yield the triplets of each size; they depend on the seed and the size, but not on the other sizes."""
    for nodes in protocol.nodes:
        rng = np.random.default_rng([seed, nodes])
        yield (
            nodes,
            triplets(data, nodes, protocol.graphs, rng, substitutions=protocol.substitutions, pad=protocol.pad),
        )


def score_edit_distance(
    data_path: Path,
    seeds: Sequence[int],
    embeddings: Mapping[int, Path],
    labels: Mapping[str, Any],
    protocol: Mapping[str, Any],
    output: Path,
) -> None:
    """Write one row for each size n, seed and metric: accuracy and ties of triplets, ROC-AUC of pairs.

    Args:
        data_path: packed graphs.
        seeds: draws of triplets; of trained methods also the seeds of their encoders.
        embeddings: a file for each seed with arrays `n~N` of `[3, G, D]`, see `relamp.steps.embed_edits`; none for a
            kernel, which `labels["method"]` then names.
        labels: columns method and dataset.
        protocol: see `relamp.settings.graphs.EditDistanceProtocol`.
        output: the CSV.
    """
    chosen, data = EditDistanceProtocol.model_validate(protocol), PackedGraphs.load(data_path)
    method, parts, rows = labels["method"], len(seeds) * len(chosen.nodes), []
    with Progress(f"{labels['dataset']} {method}, edit distances", parts) as progress:
        for seed in seeds:
            arrays = None if method in EDIT_KERNELS else _embedded(embeddings, seed, chosen)
            for nodes, made in edits(data, chosen, seed):
                if arrays is None:
                    iterations, normalise = chosen.wl_iterations, chosen.normalise
                    near, far = kernel_similarities(made, method, iterations, normalise=normalise)
                else:
                    anchor, positive, negative = arrays[f"n~{nodes}"]
                    near, far = cosine(anchor, positive), cosine(anchor, negative)
                scores = edit_scores(near, far).items()
                rows += [{"n": nodes, "seed": seed, "metric": metric, "value": value} for metric, value in scores]
                progress.to(len(rows) // len(scores))
    write_csv(output, pd.DataFrame(rows).assign(**labels)[list(EDIT_COLUMNS)])


def _embedded(embeddings: Mapping[int, Path], seed: int, protocol: EditDistanceProtocol) -> dict[str, Any]:
    """Return the arrays of a seed, which must be those of the protocol's triplets."""
    path = embeddings[seed]
    arrays = map_arrays(path)[0]
    wanted = {f"n~{nodes}" for nodes in protocol.nodes}
    if set(arrays) != wanted or any(array.shape[:2] != (3, protocol.graphs) for array in arrays.values()):
        raise RelampError(f"{path}: holds no embeddings of these triplets; delete it and run again")
    return arrays
