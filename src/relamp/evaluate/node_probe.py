"""Node classification by a linear probe on stored embeddings (M-Mix Tables 2, 6, 7, 8 and 9)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from relamp.data.node_splits import Split, public_split, random_split
from relamp.data.nodes import PackedNodes
from relamp.errors import RelampError
from relamp.evaluate.embeddings import NodeEmbeddings, Run, of_nodes
from relamp.evaluate.linear_probe import evaluate_probe
from relamp.settings.evaluation import ProbeProtocol

COLUMNS = ("seed", "epoch", "branch", "final", "run", "split", "metric", "value")


def score_probe(run: Run) -> Iterator[pd.DataFrame]:
    """Yield one row for each seed, epoch, branch, run of the probe, part of the split and metric.

    Embeddings are those of `relamp.evaluate.embeddings.of_nodes`. Raises RelampError where nodes of a split have none.
    """
    chosen, nodes = ProbeProtocol.model_validate(run.protocol), PackedNodes.load(run.data)
    fit = (chosen.steps, chosen.learning_rate, chosen.weight_decay)
    for seed in run.seeds:
        splits = _splits(nodes, chosen, seed)
        for stored in of_nodes(run.embeddings[seed], nodes.num_nodes):
            for runs, split in splits:
                _refuse_unknown(run.embeddings[seed], stored, split)
                rows = evaluate_probe(stored.z, nodes.y, split, seed, runs, *fit)
                yield rows.assign(seed=seed, epoch=stored.epoch, branch=stored.branch, final=stored.final)


def _splits(data: PackedNodes, protocol: ProbeProtocol, seed: int) -> list[tuple[range, Split]]:
    """Return the splits and the runs that use them: one for all runs if public, else one drawn for each run."""
    if protocol.split == "public":
        return [(range(protocol.runs), public_split(data))]
    drawn = (random_split(data, protocol.shares, np.random.default_rng([seed, run])) for run in range(protocol.runs))
    return [(range(run, run + 1), split) for run, split in enumerate(drawn)]


def _refuse_unknown(path: Path, stored: NodeEmbeddings, split: Split) -> None:
    missing = sum(int((~stored.known[nodes]).sum()) for nodes in split.values())
    if missing:
        raise RelampError(
            f"{path}: epoch {stored.epoch} lacks the embeddings of {missing} nodes of the split; "
            "keep those of all nodes (keep: all) or probe in the public split"
        )
