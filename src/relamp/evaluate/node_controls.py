"""The linear probe on what sees no edges and trains no encoder, the controls: raw features, and the frequent class."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from relamp.data.nodes import PackedNodes, rows_scaled
from relamp.data.packed import Integers
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.evaluate.linear_probe import accuracy, evaluate_probe, micro_f1
from relamp.evaluate.node_probe import COLUMNS as COLUMNS
from relamp.evaluate.node_probe import Split, splits_of
from relamp.settings.evaluation import NodeControls, ProbeProtocol

RAW, MAJORITY = "raw-features", "majority"


def score_node_controls(run: Run) -> Iterator[pd.DataFrame]:
    """Yield the rows of the control that the method names, in the splits and by the probe of `score_probe`.

    RAW probes the features that encoders see, by the label's `options` (`NodeControls`); MAJORITY always says what is
    most frequent among the training nodes. Raises RelampError for another method.
    """
    chosen, nodes = ProbeProtocol.model_validate(run.protocol), PackedNodes.load(run.data)
    name, options = run.label["method"], NodeControls.model_validate(run.label.get("options", {}))
    if name not in (RAW, MAJORITY):
        raise RelampError(f"there is no control {name!r} of nodes; known: {RAW}, {MAJORITY}")
    x = nodes.features()
    z = (rows_scaled(x) if options.features == "rows-scaled" else x).toarray() if name == RAW else None
    fit = (chosen.steps, chosen.learning_rate, chosen.weight_decay, chosen.scaling)
    for seed in run.seeds:
        for runs, split in splits_of(nodes, chosen, seed):
            found = majority(nodes.y, split, runs) if z is None else evaluate_probe(z, nodes.y, split, seed, runs, *fit)
            yield found.assign(seed=seed, epoch=None, branch="average", final=True)


def majority(y: Integers, split: Split, runs: Sequence[int]) -> pd.DataFrame:
    """Return the score of always saying the most frequent class among the training nodes, rows as of `evaluate_probe`.

    Public splits train on as many nodes of each class, so of equals the most frequent one among the validation nodes is
    said. Of several labels a node `[N, T]`, those are said that most of the training nodes have.
    """
    train, valid = y[split["train"]], y[split["valid"]]
    if y.ndim == 2:
        said = train.mean(axis=0) - 0.5
    else:
        counts = [np.bincount(part, minlength=int(y.max()) + 1) for part in (train, valid)]
        said = counts[0] + counts[1] / (len(valid) + 1)
    metric, score = ("micro_f1", micro_f1) if y.ndim == 2 else ("accuracy", accuracy)
    values = {part: score(np.tile(said, (len(of), 1)), y[of]) for part, of in split.items() if len(of)}
    rows = [
        {"run": int(run), "split": part, "metric": metric, "value": values[part]} for run in runs for part in values
    ]
    return pd.DataFrame(rows)
