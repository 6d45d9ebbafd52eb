"""Score stored embeddings by support vector machines in fixed folds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relamp.data.folds import load_folds
from relamp.data.packed import PackedGraphs
from relamp.data.rows import SVM_COLUMNS, write_rows
from relamp.evaluate.svm import evaluate_svm
from relamp.runtime.kept import score_each
from relamp.runtime.progress import Progress
from relamp.settings.evaluation import SvmProtocol
from relamp.steps.embeddings import by_seed_and_epoch


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
        protocol: see `relamp.settings.graphs.SvmProtocol`.
        output: the CSV.
    """
    chosen = SvmProtocol.model_validate(protocol)
    y = PackedGraphs.load(data_path).y
    arrays = by_seed_and_epoch(embeddings)
    parts = []
    with Progress(f"{labels['dataset']} {labels['method']}, SVM evaluations", len(arrays)) as progress:
        for seed, epoch, array in arrays:
            rows = evaluate_svm(array, y, load_folds(folds[seed]), seed, chosen.C, chosen.inner_folds, chosen.kernel)
            parts.append(rows.assign(seed=seed, epoch=epoch))
            progress.to(len(parts))
    write_rows(output, parts, labels, SVM_COLUMNS)


def score_runs(
    data_path: Path, folds: Sequence[Path], seeds: Sequence[int], protocol: Mapping[str, Any], **runs: Any
) -> None:
    """Do this for several runs on one data set; `folds` is a file a seed, for `runs` see `relamp.runtime.kept`."""
    shared = {"data_path": data_path, "folds": dict(zip(seeds, folds, strict=True)), "protocol": protocol}
    score_each(score_embeddings, shared, seeds=seeds, **runs)
