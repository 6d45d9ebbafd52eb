"""Score the bag of node labels or degrees by support vector machines in the folds of the other methods."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relamp.data.folds import load_folds
from relamp.data.packed import PackedGraphs
from relamp.data.rows import SVM_COLUMNS, write_rows
from relamp.evaluate.bag import bag_of_nodes
from relamp.evaluate.svm import evaluate_svm
from relamp.runtime.progress import Progress
from relamp.settings.evaluation import SvmProtocol


def score_bag(data_path: Path, folds: Mapping[int, Path], protocol: Mapping[str, Any], output: Path) -> None:
    """Write one row for each seed, outer fold, C and metric of the method `bag`, as `relamp.steps.kernel` does.

    `folds` is a file of fold numbers for each seed, `protocol` the keys of `relamp.settings.graphs.SvmProtocol`. Raises
    RelampError where the data set has several tasks, or classes too small for the inner folds.
    """
    chosen = SvmProtocol.model_validate(protocol)
    data = PackedGraphs.load(data_path)
    bag = bag_of_nodes(data)
    parts = []
    with Progress(f"{data.name} bag, SVM evaluations", len(folds)) as progress:
        for seed, path in folds.items():
            rows = evaluate_svm(bag, data.y, load_folds(path), seed, chosen.C, chosen.inner_folds, chosen.kernel)
            parts.append(rows.assign(seed=seed, epoch=None))
            progress.to(len(parts))
    write_rows(output, parts, {"method": "bag", "dataset": data.name}, SVM_COLUMNS)
