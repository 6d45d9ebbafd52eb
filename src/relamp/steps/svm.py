"""Score stored embeddings by support vector machines in fixed folds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relamp.data.folds import load_folds
from relamp.data.packed import PackedGraphs, map_arrays
from relamp.evaluate.svm import evaluate_svm
from relamp.progress import Progress
from relamp.settings import SvmProtocol
from relamp.steps.rows import SVM_COLUMNS, write_rows


def score_embeddings(
    data_path: Path,
    embeddings: Mapping[int, Path],
    folds: Mapping[int, Path],
    labels: Mapping[str, Any],
    protocol: Mapping[str, Any],
    output: Path,
) -> None:
    """Write one row for each seed, checkpoint epoch, outer fold, C and metric.

    Args:
        data_path: packed graphs, for their classes.
        embeddings, folds: a file for each seed; arrays `epoch~K` of `[G, D]`, and fold numbers.
        labels: columns that say what the rows belong to: method, dataset, gamma, alpha.
        protocol: see `relamp.settings.SvmProtocol`.
        output: the CSV.
    """
    chosen = SvmProtocol.model_validate(protocol)
    y = PackedGraphs.load(data_path).y
    arrays = {
        (seed, int(key.removeprefix("epoch~"))): array
        for seed, path in embeddings.items()
        for key, array in map_arrays(path)[0].items()
    }
    parts = []
    with Progress(f"{labels['dataset']} {labels['method']}, SVM evaluations", len(arrays)) as progress:
        for (seed, epoch), array in sorted(arrays.items()):
            rows = evaluate_svm(array, y, load_folds(folds[seed]), seed, chosen.C, chosen.inner_folds, chosen.kernel)
            parts.append(rows.assign(seed=seed, epoch=epoch))
            progress.to(len(parts))
    write_rows(output, parts, labels, SVM_COLUMNS)
