"""M-Mix's figures and tables."""

from functools import partial
from typing import Any

from relamp.artifacts.base import CONTROLS, KERNELS, Artifact, Figure, Rows, figure, ladder, table

_ON_NODES = ("majority", "raw-features", "untrained")
_CONTROLS = (
    "majority",
    "bag",
    "bag-attributes",
    "raw-features",
    "untrained",
    "mvgrl-untrained",
    "mvgrl-host-untrained",
)
_NODES, _GRAPHS, _IMAGES = Rows("nodes", "probe"), Rows("linear", "svm-linear"), Rows("images", "image-probe")
_CLUSTERS, _EDITS = Rows("nodes", "kmeans"), Rows("edits", "edit-distance")
_SUPERVISED_NODES = Rows("supervised_nodes", "supervised-nodes")
_SUPERVISED_GRAPHS = Rows("supervised_graphs", "supervised-graphs")
_SUPERVISED_EDITS = Rows("supervised_edits", "supervised-edits")

_AS_IN_CODE = ("mvgrl-code", "mo-mix-code", "mp-mix-code")
# Printed under another name.
_RIVALS = ("dgi-diffusion", "graphcl-nodes", "grace", "grace-imix")
_FURTHER = ("binary-mix", "random-mix", "mvgrl-infonce", *_AS_IN_CODE, "lamp-mag", "lamp-soft", "simgrace")
# mo-mix is what the paper's Table 7 calls mo-mix-wp.
_STRATEGIES = (*_ON_NODES, "image-untrained", "simclr-mp-mix-op", "mvgrl-infonce", "mo-mix", "mp-mix")
_figure, _table = partial(figure, "mmix"), partial(table, "mmix")
_ladder = partial(ladder, "mmix")
# M-Mix quotes GraphCL's and the kernels' numbers by an SVM with an RBF kernel.
_PUBLISHED = ("infograph-code", "joao-code", "joaov2-code")
_QUOTED = ("graphcl", *_PUBLISHED, "untrained", *KERNELS, *CONTROLS)
_RBF = tuple(Rows(study, "svm-rbf", _QUOTED) for study in ("tables", "cross"))
_PICTURES: dict[str, Any] = {"draw": "picture_grid:picture_grid", "inputs": ("pictures",), "lite": False}

MMIX: tuple[Artifact, ...] = (
    _table(
        *(2, "Accuracy (%) of node classification by a linear probe", _NODES, _SUPERVISED_NODES),
        shows=(*_RIVALS, *_ON_NODES),
        about="Node classification: accuracy of a linear probe on frozen node embeddings, on the public split where "
        "there is one; for each seed the mean over several probes. Supervised models are trained on the labels, and "
        "tested at their best validation accuracy. Rivals that the paper ran again (†) are DGI (X, D), GraphCL (nodes) "
        "and GRACE here, its i-mix is GRACE+(i-mix), and its LINEAR the raw features. Added: the majority class and an "
        "untrained encoder.",
    ),
    _table(
        *(3, "Accuracy (%) of graph classification by a linear SVM", _GRAPHS, _SUPERVISED_GRAPHS),
        shows=(*_CONTROLS, *_FURTHER, *_PUBLISHED, "graphlet-code"),
        about="Graph classification: accuracy of a linear SVM on frozen graph embeddings in ten folds, C chosen by an "
        "inner search. Supervised models are trained on the labels in the same folds and shown at their last epoch. "
        "Added, in the same folds: the majority class, bags of labels and of what the encoder sees, "
        "untrained encoders, two simpler ways of mixing, "
        "MVGRL with the objective of M-Mix, methods as in public code, LAMP and SimGRACE.",
    ),
    _table(
        *(4, "Accuracy (%) of graph classification by objective", _GRAPHS),
        shows=_CONTROLS,
        about="The accuracy of Table 3 by objective: between nodes, between graphs, both, and both without the "
        "diversity term. Added: the majority class, bags of labels and of what the encoder sees, untrained encoders.",
    ),
    _table(
        *(5, "Node clustering by k-means", _CLUSTERS),
        about="Node clustering: normalised mutual information (NMI) and adjusted Rand index (ARI), as fractions, "
        "between classes and the clusters of k-means on frozen node embeddings; for each seed the mean over several "
        "runs of k-means. Added: an untrained encoder.",
    ),
    _table(
        *(6, "Accuracy (%) by branch", _NODES, _GRAPHS),
        shows=_CONTROLS,
        about="Accuracy on embeddings of the branch whose negatives are mixed, of the other branch, and of both "
        "together: a linear probe on nodes, a linear SVM on graphs. Added: the majority class, bags or raw features, "
        "and untrained encoders.",
    ),
    _table(
        *(7, "Accuracy (%) by mixing strategy, on nodes and on images", _NODES, _IMAGES),
        shows=_STRATEGIES,
        about="Mixing strategies: accuracy of a linear probe on frozen embeddings of nodes (host MVGRL) and of images "
        "(host SimCLR). Added: the majority class, raw features, untrained encoders, MVGRL with the objective of "
        "M-Mix, and a variant for images. The row mo-mix is what the paper calls mo-mix-wp in this table.",
    ),
    _table(
        *(8, "Score (%) of node classification with GRACE as host", _NODES),
        shows=(*_ON_NODES, "grace-untrained"),
        about="Node classification with GRACE as host: accuracy of a linear probe on frozen node embeddings, or "
        "micro-F1 where nodes have several labels. Added: the majority class, raw features, and untrained encoders, "
        "that of GRACE and that of MVGRL.",
    ),
    _table(
        *(9, "Accuracy (%) by mixing weights", _NODES, _GRAPHS),
        shows=(*_CONTROLS, "mvgrl-infonce"),
        about="Accuracy without mixing, with random weights, and with weights that follow similarities: a linear "
        "probe on nodes, a linear SVM on graphs. Added: the majority class, bags or raw features, untrained encoders, "
        "and MVGRL with the objective of M-Mix.",
    ),
    _table(
        *(10, "Graph edit distance: triplet accuracy and pair ROC-AUC", _EDITS, _SUPERVISED_EDITS),
        shows=("untrained", "mvgrl-untrained", "mvgrl-host-untrained"),
        about="Graph edit distance: which of two altered copies of a graph, one with fewer substituted edges, is more "
        "similar to it? Accuracy over triplets and ROC-AUC over pairs, as fractions, for graphs of n nodes, by "
        "embeddings and by graph kernels. The supervised encoder is trained on triplets of graphs that are not tested "
        "on. Added: untrained encoders, that of MVGRL and a GIN.",
    ),
    _figure(2, "sample_sizes:sample_size_figure", Rows("grid", "probe")),
    _figure(3, "over_epochs:over_epochs_figure", Rows("grid", "probe")),
    _figure(4, options={"anchors": 4, "partners": 7, "second": False}, **_PICTURES),
    _figure(5, options={"anchors": 5, "partners": 7, "second": True}, **_PICTURES),
    _ladder(2, _NODES),
    _ladder(3, _GRAPHS, *_RBF),
    _ladder(4, _GRAPHS),
    _ladder(5, _CLUSTERS),
    _ladder(6, _NODES, _GRAPHS),
    _ladder(7, _NODES, _IMAGES),
    _ladder(8, _NODES),
    _ladder(9, _NODES, _GRAPHS),
    _ladder(10, _EDITS),
    Figure(
        name="mmix_theorem",
        label="Theorem 3.1",
        paper="mmix",
        inputs=("hard_negatives",),
        draw="relamp.render.hard_negatives:hard_negatives_figure",
        lite=False,
    ),
)
