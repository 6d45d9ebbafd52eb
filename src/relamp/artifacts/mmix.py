"""M-Mix's figures and tables."""

from relamp.artifacts.base import Artifact, Figure, Rows, Table

_CONTROLS = ("untrained", "mvgrl-untrained", "bag")
_NODES, _GRAPHS, _IMAGES = Rows("nodes", "probe"), Rows("linear", "svm-linear"), Rows("images", "image-probe")


def _table(number: int, title: str, *rows: Rows, shows: tuple[str, ...] = ("untrained",)) -> Table:
    title = f"{title} (M-Mix, Table {number})"
    return Table(name=f"mmix_table{number}", label=f"Table {number}", paper="mmix", title=title, rows=rows, shows=shows)


_FURTHER = ("binary-mix", "random-mix", "mvgrl-infonce", "mp-mix-code", "lamp-mag", "lamp-soft", "simgrace")
# mo-mix is what the paper's Table 7 calls mo-mix-wp.
_STRATEGIES = ("untrained", "image-untrained", "simclr-mp-mix-op", "mvgrl-infonce", "mo-mix", "mp-mix")

MMIX: tuple[Artifact, ...] = (
    _table(2, "Accuracy (%) of node classification by a linear probe", _NODES),
    _table(3, "Accuracy (%) of graph classification by a linear SVM", _GRAPHS, shows=(*_CONTROLS, *_FURTHER)),
    _table(4, "Accuracy (%) of graph classification by objective", _GRAPHS, shows=_CONTROLS),
    _table(5, "Node clustering by k-means", Rows("nodes", "kmeans")),
    _table(6, "Accuracy (%) by branch", _NODES, _GRAPHS),
    _table(7, "Accuracy (%) by mixing strategy, on nodes and on images", _NODES, _IMAGES, shows=_STRATEGIES),
    _table(8, "Score (%) of node classification with GRACE as host", _NODES),
    _table(9, "Accuracy (%) by mixing weights", _NODES, _GRAPHS, shows=(*_CONTROLS, "mvgrl-infonce")),
    _table(10, "Graph edit distance: triplet accuracy and pair ROC-AUC", Rows("edits", "edit-distance")),
    Figure(
        name="mmix_fig2",
        label="Fig. 2",
        paper="mmix",
        rows=(Rows("grid", "probe"),),
        draw="relamp.render.sample_sizes:sample_size_figure",
    ),
    Figure(
        name="mmix_fig3",
        label="Fig. 3",
        paper="mmix",
        rows=(Rows("grid", "probe"),),
        draw="relamp.render.over_epochs:over_epochs_figure",
    ),
    Figure(
        name="mmix_fig4",
        label="Fig. 4",
        paper="mmix",
        inputs=("pictures",),
        draw="relamp.render.picture_grid:picture_grid",
        options={"anchors": 4, "partners": 7, "second": False},
        lite=False,
    ),
    Figure(
        name="mmix_fig5",
        label="Fig. 5",
        paper="mmix",
        inputs=("pictures",),
        draw="relamp.render.picture_grid:picture_grid",
        options={"anchors": 5, "partners": 7, "second": True},
        lite=False,
    ),
    Figure(
        name="mmix_theorem",
        label="Theorem 3.1",
        paper="mmix",
        inputs=("hard_negatives",),
        draw="relamp.render.hard_negatives:hard_negatives_figure",
        lite=False,
    ),
)
