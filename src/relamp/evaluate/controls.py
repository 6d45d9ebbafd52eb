"""The SVM on what trains nothing, the controls: graph kernels, bags of node features, and the most frequent class."""

from collections.abc import Iterator
from typing import get_args

import numpy as np
import pandas as pd

from relamp.data.folds import load_folds
from relamp.data.packed import Integers, PackedGraphs
from relamp.data.rows import SVM_COLUMNS
from relamp.data.streams import stream
from relamp.errors import RelampError
from relamp.evaluate.bag import bag_of_features, bag_of_nodes
from relamp.evaluate.embeddings import Run
from relamp.evaluate.kernels import graphlet_kernel, wl_kernel
from relamp.evaluate.svm import evaluate_kernel_svm, evaluate_svm
from relamp.settings.evaluation import Kernels, SvmProtocol
from relamp.settings.graphs import Features, FirstLabel

COLUMNS = SVM_COLUMNS
# Bags of what encoders see, by name, beside the bag of labels or degrees ("bag").
BAGS: dict[str, Features] = {f"bag-{features}": features for features in get_args(Features)}
MAJORITY = "majority"


def score_controls(run: Run) -> Iterator[pd.DataFrame]:
    """Yield the rows of the control that the method names, by the label's `options` (`Kernels`).

    They are the kernels "wl" and "graphlet", the "bag" of node labels or degrees, the bags of `BAGS` ("bag-attributes"
    of M-Mix's features, where MVGRL's public code lets two labels share a column), and MAJORITY.

    Raises RelampError for another method, and where `relamp.evaluate.svm.score_svm` does.
    """
    chosen, graphs = SvmProtocol.model_validate(run.protocol), PackedGraphs.load(run.data)
    name, options = run.label["method"], Kernels.model_validate(run.label.get("options", {}))
    if name not in ("bag", "wl", "graphlet", MAJORITY, *BAGS):
        known = f"wl, graphlet, {MAJORITY}, {', '.join(BAGS)} (another method needs its embeddings)"
        raise RelampError(f"there is no graph kernel {name!r}; known: {known}")
    # These depend on no seed.
    bag = bag_of_nodes(graphs) if name == "bag" else None
    if name in BAGS:
        first: FirstLabel = "shared" if BAGS[name] == "attributes" else "own"
        bag = bag_of_features(graphs, BAGS[name], options.max_degree, first)
    wl = wl_kernel(graphs, options.wl_iterations) if name == "wl" else None
    for seed in run.seeds:
        fold = load_folds(run.folds[seed])
        common = (graphs.y, fold, seed, chosen.C, chosen.inner_folds)
        if name == MAJORITY:
            rows = majority(graphs.y, fold)
        elif bag is not None:
            rows = evaluate_svm(bag, *common, chosen.kernel, chosen.inner)
        else:
            drawn = graphlet_kernel(graphs, options.graphlet_size, stream(seed, "graphlets")) if wl is None else wl
            rows = evaluate_kernel_svm(drawn, *common, chosen.inner)
        yield rows.assign(seed=seed, epoch=None)


def majority(y: Integers, fold: Integers) -> pd.DataFrame:
    """Return the accuracy of always saying the most frequent class outside a fold, rows as of `evaluate_svm`.

    Of classes that are as frequent, that of the lowest number is said; the only candidate is called 0.
    """
    rows = []
    for number in np.unique(fold):
        train, test = y[fold != number], y[fold == number]
        said = np.bincount(train).argmax()
        values = {"inner_accuracy": np.mean(train == said), "test_accuracy": np.mean(test == said)}
        facts = {"fold": int(number), "candidate": 0.0, "selected": True}
        rows += [{**facts, "metric": metric, "value": float(value)} for metric, value in values.items()]
    return pd.DataFrame(rows)
