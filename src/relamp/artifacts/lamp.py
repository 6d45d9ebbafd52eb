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
        about="**LAMP Table 1.** Unsupervised learning: accuracy of an SVM with an RBF kernel on frozen graph "
        "embeddings, or on graph kernels, in ten folds at the last epoch, C chosen by an inner search within the "
        "training folds. The paper takes its baselines from other publications; here all methods share folds and "
        "seeds. γ and α are fixed in the configuration and not chosen on the reported folds. Added: the untrained "
        "encoder and the bag of labels. The average (A.A.) is reproduced only over all eight data sets of the paper, "
        "the average rank (A.R.) never, since it depends on the other methods in the table.",
        shows=None,
        inputs=("published", "folds"),
    ),
    Table(
        name="lamp_table2",
        label="Table 2",
        paper="lamp",
        title="ROC-AUC (%) of transfer learning (LAMP, Table 2), pre-trained here on {corpus}",
        rows=(Rows("transfer", "finetune"),),
        about="**LAMP Table 2.** Transfer learning: ROC-AUC on the test molecules of a scaffold split after fine- "
        "tuning, for each seed the mean over the tasks that have both classes there, at the last epoch. All seeds "
        "start from one pre-trained encoder. The paper pre-trains on two million molecules of ZINC15; this run uses "
        "the corpus of its configuration, which is small in the preset quick, with a smaller encoder. Some averages "
        "and ranks are misprinted in the paper, see published/README.md.",
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
        about="**LAMP Table 3.** What the local contrastive loss adds: the accuracy of Table 1 with and without it, "
        "data sets as rows, as in the paper. Added: the untrained encoder and the bag of labels.",
        inputs=("published", "folds"),
    ),
)
