"""Node clustering: k-means on frozen embeddings against the classes, by NMI and ARI."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from relamp.data.nodes import PackedNodes
from relamp.data.packed import Integers
from relamp.data.rows import ONE_BRANCH
from relamp.data.streams import stream_number
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run, of_nodes
from relamp.evaluate.linear_probe import scaled
from relamp.settings.evaluation import ClusterProtocol, Scaling

COLUMNS = ("seed", "epoch", "branch", "final", "run", "metric", "value")


def score_clustering(run: Run) -> Iterator[pd.DataFrame]:
    """Yield one row for each seed, branch, run of k-means and metric, of every epoch that has all nodes' embeddings.

    Embeddings are those of `of_nodes`. One branch alone is not clustered: no table shows it (M-Mix Table 5), and
    k-means is what takes longest.
    """
    chosen, nodes = ClusterProtocol.model_validate(run.protocol), PackedNodes.load(run.data)
    for seed in run.seeds:
        for stored in of_nodes(run.embeddings[seed], nodes.num_nodes):
            if stored.known.all() and stored.branch not in ONE_BRANCH:
                rows = evaluate_clustering(stored.z, nodes.y, seed, range(chosen.runs), chosen.starts, chosen.scaling)
                yield rows.assign(seed=seed, epoch=stored.epoch, branch=stored.branch, final=stored.final)


def evaluate_clustering(
    embeddings: ArrayLike, y: Integers, seed: int, runs: Sequence[int], starts: int, scaling: Scaling = "none"
) -> pd.DataFrame:
    """Cluster all nodes into as many clusters as there are classes and compare the two (M-Mix Section 4.3).

    Of embeddings `[N, D]`, which `relamp.evaluate.linear_probe.scaled` scales by all nodes, and classes `[N]`; nodes
    without a class (below 0) are clustered but not scored. Run r draws its first centres from (seed, r); of `starts`,
    the clustering of least inertia counts. Returns rows of run, metric ("nmi", with the arithmetic mean of both
    entropies, or "ari") and value. Raises RelampError where nodes have several labels at once, or embeddings are not
    finite or do not fit.
    """
    x, y = np.ascontiguousarray(embeddings, dtype=np.float64), np.asarray(y)
    if y.ndim != 1:
        raise RelampError(f"clustering: nodes with {y.shape[1]} labels each have no classes to compare with")
    if x.ndim != 2 or len(x) != len(y) or not np.isfinite(x).all():
        raise RelampError(f"clustering: embeddings {x.shape} for {len(y)} nodes must be finite, one row for each node")
    x, known = scaled(x, np.arange(len(x)), scaling), y >= 0
    rows = []
    for run in runs:
        state = stream_number(seed, "first centres", run)
        # More threads would add up the centres in an order that differs from call to call.
        with threadpool_limits(1, user_api="openmp"):
            found = KMeans(len(np.unique(y[known])), n_init=starts, random_state=state).fit_predict(x)
        for metric, score in (("nmi", normalized_mutual_info_score), ("ari", adjusted_rand_score)):
            rows.append({"run": int(run), "metric": metric, "value": float(score(y[known], found[known]))})
    return pd.DataFrame(rows)
