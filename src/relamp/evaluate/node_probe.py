"""Node classification by a linear probe on stored embeddings (M-Mix Tables 2, 6, 7, 8 and 9)."""

import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.data.nodes import PARTS, PackedNodes
from relamp.data.streams import stream
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run, of_nodes
from relamp.evaluate.linear_probe import evaluate_probe
from relamp.settings.evaluation import EpochChoice, NodeSplits, ProbeProtocol

COLUMNS = ("seed", "epoch", "branch", "final", "run", "split", "metric", "value")
_PART_OF = {"validation": "valid", "test": "test"}
_DECIMALS = 12  # equal sums may differ in their last bits
Split = Mapping[str, NDArray[np.int64]]  # node numbers of each of PARTS, ascending
log = logging.getLogger(__name__)


def score_probe(run: Run) -> Iterator[pd.DataFrame]:
    """Yield one row for each seed, epoch, branch, run of the probe, part of the split and metric.

    Embeddings are those of `of_nodes`; a drawn split takes those of all nodes, and the log names epochs that lack some.
    Raises RelampError where nodes of the public split have none, and as `counted` does.
    """
    chosen, nodes = ProbeProtocol.model_validate(run.protocol), PackedNodes.load(run.data)
    fit = (chosen.steps, chosen.learning_rate, chosen.weight_decay, chosen.scaling)
    for seed in run.seeds:
        path, splits, parts, partly = run.embeddings[seed], splits_of(nodes, chosen, seed), [], set()
        for stored in of_nodes(path, nodes.num_nodes):
            if chosen.split == "random" and not stored.known.all():
                partly.add(stored.epoch)
                continue
            for runs, split in splits:
                if missing := sum(int((~stored.known[part]).sum()) for part in split.values()):
                    raise RelampError(
                        f"{path}: epoch {stored.epoch} lacks the embeddings of {missing} nodes of the public split; "
                        "delete it and run again"
                    )
                rows = evaluate_probe(stored.z, nodes.y, split, seed, runs, *fit)
                parts.append(rows.assign(seed=seed, epoch=stored.epoch, branch=stored.branch, final=stored.final))
        if partly:
            log.info("%s: epochs %s have embeddings of some nodes alone, and are not probed", path, sorted(partly))
        yield counted(pd.concat(parts, ignore_index=True), chosen.epoch)


def counted(rows: pd.DataFrame, by: EpochChoice) -> pd.DataFrame:
    """Return the rows of one seed with `final` at the epoch of each branch that counts, see `ProbeProtocol.epoch`.

    Of equal epochs the first counts. Where one is stored, or none but that before training, it is as it was. Raises
    RelampError if there are no nodes to choose by.
    """
    trained = rows[rows["epoch"] > 0]
    if by == "last" or trained["epoch"].nunique() < 2:
        return rows
    on = trained[trained["split"] == _PART_OF[by]]
    if on.empty:
        raise RelampError(f"probe: there are no nodes to choose an epoch by {by}; take that of the last (epoch: last)")
    means = on.groupby(["branch", "epoch"])["value"].mean().round(_DECIMALS)
    best = means.groupby("branch").idxmax()
    return rows.assign(final=pd.MultiIndex.from_frame(rows[["branch", "epoch"]]).isin(best))


def splits_of(data: PackedNodes, protocol: NodeSplits, seed: int) -> list[tuple[range, Split]]:
    """Return the splits and the runs that use them: one for all runs if public, else one drawn for each run."""
    if protocol.split == "public":
        return [(range(protocol.runs), public_split(data))]
    drawn = (random_split(data, protocol.shares, stream(seed, "split", run)) for run in range(protocol.runs))
    return [(range(run, run + 1), split) for run, split in enumerate(drawn)]


def public_split(data: PackedNodes) -> Split:
    """Return the split that comes with a data set; raises RelampError if there is none."""
    if not len(data.train) or not len(data.test):
        raise RelampError(f"{data.name}: has no public split; ask for a random one (split: random)")
    return {part: getattr(data, part) for part in PARTS}


def random_split(data: PackedNodes, shares: Sequence[float], rng: np.random.Generator) -> Split:
    """Draw a split of the labelled nodes, as GRACE does where there is no public one (Zhu et al. 2020: 10/10/80 %).

    `shares` are those of training and of validation, rounded to whole nodes; all other nodes are for testing. Raises
    RelampError if training or testing would have no node, or a class none to train on.
    """
    labelled = np.arange(data.num_nodes) if data.y.ndim == 2 else np.flatnonzero(data.y >= 0)
    train, valid = (round(share * len(labelled)) for share in shares)
    order = rng.permutation(labelled)
    split = dict(zip(PARTS, (np.sort(part) for part in np.split(order, [train, train + valid])), strict=True))
    if not len(split["train"]) or not len(split["test"]):
        raise RelampError(f"{data.name}: shares {tuple(shares)} of {len(labelled)} nodes leave a part empty")
    if data.y.ndim == 1 and len(np.unique(data.y[split["train"]])) < len(np.unique(data.y[labelled])):
        raise RelampError(f"{data.name}: {train} training nodes do not show every class; raise the first share")
    return split
