"""The SVM on what trains nothing, the controls: graph kernels, bags of node features, and the most frequent class."""

from collections.abc import Callable, Iterator, Mapping
from typing import get_args

import numpy as np
import pandas as pd

from relamp.data.folds import load_folds
from relamp.data.packed import Integers, PackedGraphs
from relamp.data.rows import SVM_COLUMNS
from relamp.data.streams import stream
from relamp.errors import RelampError
from relamp.evaluate.bag import bag_of_features, bag_of_nodes
from relamp.evaluate.deep_kernel import deep_kernel
from relamp.evaluate.embeddings import Run
from relamp.evaluate.kernels import Floats, graphlet_kernel, wl_kernel
from relamp.evaluate.multiscale_laplacian import multiscale_laplacian_kernel
from relamp.evaluate.random_walk import random_walk_kernel
from relamp.evaluate.shortest_path import shortest_path_kernel
from relamp.evaluate.svm import evaluate_kernel_svm, evaluate_svm
from relamp.settings.evaluation import Kernels, SvmProtocol
from relamp.settings.graphs import Features, FirstLabel

COLUMNS = SVM_COLUMNS
# Bags of what encoders see, by name, beside the bag of labels or degrees ("bag").
BAGS: dict[str, Features] = {f"bag-{features}": features for features in get_args(Features)}
MAJORITY = "majority"
# Kernels by name: those that draw nothing, and those that a seed decides.
DRAWLESS: Mapping[str, Callable[[PackedGraphs, Kernels], Floats]] = {
    "wl": lambda graphs, options: wl_kernel(graphs, options.wl_iterations),
    "sp": lambda graphs, _: shortest_path_kernel(graphs),
    "random-walk": lambda graphs, options: random_walk_kernel(graphs, options.random_walk.share),
}
# DGK's graphlets, counted without vectors: the plain kernel of its public code.
_PLAIN = {"base": "graphlet", "similarity": "none"}
DRAWN: Mapping[str, Callable[[PackedGraphs, Kernels, int], Floats]] = {
    "graphlet": lambda graphs, options, seed: graphlet_kernel(graphs, options.graphlet_size, stream(seed, "graphlets")),
    "graphlet-code": lambda graphs, options, seed: deep_kernel(graphs, options.dgk.model_copy(update=_PLAIN), seed),
    "dgk": lambda graphs, options, seed: deep_kernel(graphs, options.dgk, seed),
    "mlg": lambda graphs, options, seed: multiscale_laplacian_kernel(graphs, options, stream(seed, "nodes compared")),
}


def score_controls(run: Run) -> Iterator[pd.DataFrame]:
    """Yield the rows of the control that the method names, by the label's `options` (`Kernels`).

    They are the kernels of `DRAWLESS` and `DRAWN`, the "bag" of node labels or degrees, the bags of `BAGS`
    ("bag-attributes" of M-Mix's features, where MVGRL's public code lets two labels share a column), and MAJORITY.

    Raises RelampError for another method, and where `relamp.evaluate.svm.score_svm` does.
    """
    chosen, graphs = SvmProtocol.model_validate(run.protocol), PackedGraphs.load(run.data)
    name, options = run.label["method"], Kernels.model_validate(run.label.get("options", {}))
    known = (*DRAWLESS, *DRAWN, "bag", MAJORITY, *BAGS)
    if name not in known:
        raise RelampError(
            f"there is no graph kernel {name!r}; known: {', '.join(known)} (another method needs its embeddings)"
        )
    # These depend on no seed.
    bag = bag_of_nodes(graphs) if name == "bag" else None
    if name in BAGS:
        first: FirstLabel = "shared" if BAGS[name] == "attributes" else "own"
        bag = bag_of_features(graphs, BAGS[name], options.max_degree, first)
    kernel = DRAWLESS[name](graphs, options) if name in DRAWLESS else None
    for seed in run.seeds:
        fold = load_folds(run.folds[seed])
        common = (graphs.y, fold, seed, chosen.C, chosen.inner_folds)
        if name == MAJORITY:
            rows = majority(graphs.y, fold)
        elif bag is not None:
            rows = evaluate_svm(bag, *common, chosen.kernel, chosen.inner)
        else:
            made = DRAWN[name](graphs, options, seed) if kernel is None else kernel
            rows = evaluate_kernel_svm(made, *common, chosen.inner)
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
