"""Score stored node embeddings by linear probes and by clustering."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.data.node_splits import Split, public_split, random_split
from relamp.data.nodes import PackedNodes
from relamp.data.packed import map_arrays
from relamp.data.rows import write_rows
from relamp.errors import RelampError
from relamp.evaluate.clustering import evaluate_clustering
from relamp.evaluate.linear_probe import evaluate_probe
from relamp.runtime.kept import score_each
from relamp.runtime.progress import Progress
from relamp.settings.evaluation import ClusterProtocol, ProbeProtocol

_MARKS = ("method", "dataset", "seed", "epoch", "branch", "final")
PROBE_COLUMNS = (*_MARKS, "run", "split", "metric", "value")
_ONE_BRANCH = ("a", "b")
CLUSTER_COLUMNS = (*_MARKS, "run", "metric", "value")


@dataclass(frozen=True)
class StoredEmbeddings:
    """One array of an embeddings' file.

    Attributes:
        epoch, branch: which.
        final: whether this epoch's weights are the ones that count.
        z: `[N, d]`, the rows of nodes that are not `known` zero.
        known: `[N]`, which nodes have an embedding.
    """

    epoch: int
    branch: str
    final: bool
    z: NDArray[np.float32]
    known: NDArray[np.bool_]


def stored_embeddings(path: Path, num_nodes: int) -> Iterator[StoredEmbeddings]:
    """Yield what an embeddings' file of `relamp.steps.nodes` holds, by epoch and branch."""
    arrays, header = map_arrays(path)
    nodes = arrays.get("nodes")
    names = {name: re.fullmatch(r"epoch~(\d+)_branch~(\w+)", name) for name in arrays if name != "nodes"}
    try:
        final = int(header["final_epoch"])
        found = sorted((int(match[1]), match[2], name) for name, match in names.items())  # type: ignore[index]
    except (KeyError, ValueError, TypeError) as error:
        raise RelampError(f"{path}: holds no node embeddings ({error}); delete it and run again") from error
    for epoch, branch, name in found:
        z, known = arrays[name], np.ones(num_nodes, dtype=bool)
        if len(z) != num_nodes:
            if nodes is None or len(nodes) != len(z):
                raise RelampError(f"{path}: {name} has {len(z)} rows for {num_nodes} nodes; delete it and run again")
            known[:] = False
            known[nodes] = True
            whole = np.zeros((num_nodes, z.shape[1]), dtype=z.dtype)
            whole[nodes] = z
            z = whole
        yield StoredEmbeddings(epoch, branch, epoch == final, z, known)


def probe_embeddings(
    data_path: Path,
    embeddings: Mapping[int, Path],
    labels: Mapping[str, Any],
    protocol: Mapping[str, Any],
    output: Path,
) -> None:
    """Write one row for each seed, epoch, branch, run of the probe, part of the split and metric.

    Args:
        data_path: packed nodes, for labels and split.
        embeddings: a file for each seed.
        labels: columns that say what the rows belong to: method, dataset.
        protocol: see `relamp.settings.nodes.ProbeProtocol`.
        output: the CSV.
    """
    chosen = ProbeProtocol.model_validate(protocol)
    data = PackedNodes.load(data_path)
    parts = []
    with Progress(f"{labels['dataset']} {labels['method']}, seeds probed", len(embeddings)) as progress:
        for done, (seed, path) in enumerate(embeddings.items(), start=1):
            splits = _splits(data, chosen, seed)
            for stored in stored_embeddings(path, data.num_nodes):
                for runs, split in splits:
                    _refuse_unknown(path, stored, split)
                    fit = (chosen.steps, chosen.learning_rate, chosen.weight_decay)
                    rows = evaluate_probe(stored.z, data.y, split, seed, runs, *fit)
                    parts.append(_marked(rows, seed, stored))
            progress.to(done)
    write_rows(output, parts, labels, PROBE_COLUMNS)


def cluster_embeddings(
    data_path: Path,
    embeddings: Mapping[int, Path],
    labels: Mapping[str, Any],
    protocol: Mapping[str, Any],
    output: Path,
) -> None:
    """Write one row for each seed, branch, run of k-means and metric, of every epoch that has all nodes' embeddings.

    One branch alone is not clustered: no table shows it (M-Mix Table 5), and k-means is what takes longest. Arguments
    as in `probe_embeddings`; for the protocol see `relamp.settings.nodes.ClusterProtocol`.
    """
    chosen = ClusterProtocol.model_validate(protocol)
    data = PackedNodes.load(data_path)
    parts = []
    with Progress(f"{labels['dataset']} {labels['method']}, seeds clustered", len(embeddings)) as progress:
        for done, (seed, path) in enumerate(embeddings.items(), start=1):
            for stored in stored_embeddings(path, data.num_nodes):
                if stored.known.all() and stored.branch not in _ONE_BRANCH:
                    rows = evaluate_clustering(stored.z, data.y, seed, range(chosen.runs), chosen.starts)
                    parts.append(_marked(rows, seed, stored))
            progress.to(done)
    write_rows(output, parts, labels, CLUSTER_COLUMNS)


def probe_runs(data_path: Path, protocol: Mapping[str, Any], **runs: Any) -> None:
    """Probe several runs on one data set; for `runs` see `relamp.runtime.kept.score_each`."""
    score_each(probe_embeddings, {"data_path": data_path, "protocol": protocol}, **runs)


def cluster_runs(data_path: Path, protocol: Mapping[str, Any], **runs: Any) -> None:
    """Cluster the embeddings of several runs on one data set; for `runs` see `relamp.runtime.kept.score_each`."""
    score_each(cluster_embeddings, {"data_path": data_path, "protocol": protocol}, **runs)


def _splits(data: PackedNodes, protocol: ProbeProtocol, seed: int) -> list[tuple[range, Split]]:
    """Return the splits and the runs that use them: one for all runs if public, else one drawn for each run."""
    if protocol.split == "public":
        return [(range(protocol.runs), public_split(data))]
    drawn = (random_split(data, protocol.shares, np.random.default_rng([seed, run])) for run in range(protocol.runs))
    return [(range(run, run + 1), split) for run, split in enumerate(drawn)]


def _marked(rows: pd.DataFrame, seed: int, stored: StoredEmbeddings) -> pd.DataFrame:
    return rows.assign(seed=seed, epoch=stored.epoch, branch=stored.branch, final=stored.final)


def _refuse_unknown(path: Path, stored: StoredEmbeddings, split: Split) -> None:
    missing = sum(int((~stored.known[nodes]).sum()) for nodes in split.values())
    if missing:
        raise RelampError(
            f"{path}: epoch {stored.epoch} lacks the embeddings of {missing} nodes of the split; "
            "keep those of all nodes (keep: all) or probe in the public split"
        )
