"""LAMP's figures and tables."""

from relamp.artifacts.base import Artifact, Figure, Rows, Table

RBF = "svm-rbf"
_REFERENCES = Rows("tables", RBF, ("untrained", "lamp-mag-nolocal"))

LAMP: tuple[Artifact, ...] = (
    Figure(
        name="lamp_fig2", label="Fig. 2", paper="lamp", inputs=("damage",), draw="relamp.render.damage:damage_figure"
    ),
    Figure(
        name="lamp_fig4",
        label="Fig. 4",
        paper="lamp",
        rows=(Rows("gamma", RBF), _REFERENCES),
        draw="relamp.render.sweep:sweep_figure",
        options={"sweep": "gamma"},
    ),
    Figure(
        name="lamp_fig5",
        label="Fig. 5",
        paper="lamp",
        rows=(Rows("alpha", RBF), _REFERENCES),
        draw="relamp.render.sweep:sweep_figure",
        options={"sweep": "alpha"},
    ),
    Table(
        name="lamp_table1",
        label="Table 1",
        paper="lamp",
        title="Accuracy (%) of unsupervised graph classification (LAMP, Table 1)",
        rows=(Rows("tables", RBF),),
        shows=None,
        inputs=("published", "folds"),
    ),
    Table(
        name="lamp_table2",
        label="Table 2",
        paper="lamp",
        title="ROC-AUC (%) of transfer learning (LAMP, Table 2), pre-trained here on {corpus}",
        rows=(Rows("transfer", "finetune"),),
        shows=None,
        inputs=("published", "scaffolds"),
    ),
    Table(
        name="lamp_table3",
        label="Table 3",
        paper="lamp",
        title="Accuracy (%) with and without the local contrastive loss (LAMP, Table 3)",
        rows=(Rows("tables", RBF, ("simgrace", "lamp-mag-nolocal", "lamp-mag", "untrained", "bag")),),
        shows=None,
        transposed=True,
        inputs=("published", "folds"),
    ),
)
