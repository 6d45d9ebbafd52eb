"""Score graph kernels by support vector machines in the folds of the other methods."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from relamp.data.folds import load_folds
from relamp.data.packed import PackedGraphs
from relamp.data.rows import SVM_COLUMNS, write_rows
from relamp.evaluate.kernels import graphlet_kernel, wl_kernel
from relamp.evaluate.svm import evaluate_kernel_svm
from relamp.runtime.progress import Progress
from relamp.settings.evaluation import Kernels, SvmProtocol

_KERNELS: Mapping[str, Callable[[PackedGraphs, Kernels, int], Any]] = {
    "wl": lambda data, options, _: wl_kernel(data, options.wl_iterations),
    "graphlet": lambda data, options, seed: graphlet_kernel(data, options.graphlet_size, seed),
}


def score_kernel(
    data_path: Path,
    folds: Mapping[int, Path],
    labels: Mapping[str, Any],
    protocol: Mapping[str, Any],
    options: Mapping[str, Any],
    output: Path,
) -> None:
    """Write one row for each seed, outer fold, C and metric of a graph kernel, as `relamp.steps.svm` does."""
    chosen = SvmProtocol.model_validate(protocol)
    data = PackedGraphs.load(data_path)
    parts = []
    with Progress(f"{labels['dataset']} {labels['method']}, SVM evaluations", len(folds)) as progress:
        for seed, path in folds.items():
            kernel = _KERNELS[labels["method"]](data, Kernels.model_validate(options), seed)
            rows = evaluate_kernel_svm(kernel, data.y, load_folds(path), seed, chosen.C, chosen.inner_folds)
            parts.append(rows.assign(seed=seed, epoch=None))
            progress.to(len(parts))
    write_rows(output, parts, labels, SVM_COLUMNS)
