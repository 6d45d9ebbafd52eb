"""The SVM on what trains nothing, the controls: graph kernels and the bag of node labels."""

from collections.abc import Iterator

import pandas as pd

from relamp.data.folds import load_folds
from relamp.data.packed import PackedGraphs
from relamp.data.rows import SVM_COLUMNS
from relamp.data.streams import stream
from relamp.errors import RelampError
from relamp.evaluate.bag import bag_of_nodes
from relamp.evaluate.embeddings import Run
from relamp.evaluate.kernels import graphlet_kernel, wl_kernel
from relamp.evaluate.svm import evaluate_kernel_svm, evaluate_svm
from relamp.settings.evaluation import Kernels, SvmProtocol

COLUMNS = SVM_COLUMNS


def score_controls(run: Run) -> Iterator[pd.DataFrame]:
    """Yield the rows of the bag, or of the kernel that the method names, by the label's `options` (`Kernels`).

    Raises RelampError for another method, and where `relamp.evaluate.svm.score_svm` does.
    """
    chosen, graphs = SvmProtocol.model_validate(run.protocol), PackedGraphs.load(run.data)
    name, options = run.label["method"], Kernels.model_validate(run.label.get("options", {}))
    if name not in ("bag", "wl", "graphlet"):
        known = "wl, graphlet (another method needs its embeddings)"
        raise RelampError(f"there is no graph kernel {name!r}; known: {known}")
    # These depend on no seed.
    bag = bag_of_nodes(graphs) if name == "bag" else None
    wl = wl_kernel(graphs, options.wl_iterations) if name == "wl" else None
    for seed in run.seeds:
        common = (graphs.y, load_folds(run.folds[seed]), seed, chosen.C, chosen.inner_folds)
        if bag is not None:
            rows = evaluate_svm(bag, *common, chosen.kernel)
        else:
            drawn = graphlet_kernel(graphs, options.graphlet_size, stream(seed, "graphlets")) if wl is None else wl
            rows = evaluate_kernel_svm(drawn, *common)
        yield rows.assign(seed=seed, epoch=None)
