"""The tables that are rendered: what each one shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TableArtifact:
    """A table of a paper.

    Attributes:
        label: how the paper numbers it.
        kind: which stored rows it is made of.
        title: first words of its caption; `{corpus}` stands for what was pre-trained on.
        transposed: data sets as rows.
    """

    label: str
    kind: Literal["svm", "finetune"]
    title: str
    transposed: bool = False


TABLES: Mapping[str, TableArtifact] = {
    "lamp_table1": TableArtifact("Table 1", "svm", "Accuracy (%) of unsupervised graph classification (LAMP, Table 1)"),
    "lamp_table2": TableArtifact(
        "Table 2", "finetune", "ROC-AUC (%) of transfer learning (LAMP, Table 2), pre-trained here on {corpus}"
    ),
    "lamp_table3": TableArtifact(
        "Table 3", "svm", "Accuracy (%) with and without the local contrastive loss (LAMP, Table 3)", transposed=True
    ),
}


@dataclass(frozen=True)
class MmixTable:
    """A table of M-Mix.

    Attributes:
        label: how the paper numbers it.
        kinds: of which stored rows it is made, see `relamp.judge.mmix_cells.cells_of`.
        title: first words of its caption.
        methods: what is shown of this run besides the methods that the table prints.
    """

    label: str
    kinds: tuple[str, ...]
    title: str
    methods: tuple[str, ...] = ("untrained",)


_CONTROLS = ("untrained", "mvgrl-untrained", "bag")

MMIX_TABLES: Mapping[str, MmixTable] = {
    "mmix_table2": MmixTable(
        "Table 2", ("nodes",), "Accuracy (%) of node classification by a linear probe (M-Mix, Table 2)"
    ),
    "mmix_table3": MmixTable(
        "Table 3",
        ("graphs",),
        "Accuracy (%) of graph classification by a linear SVM (M-Mix, Table 3)",
        (*_CONTROLS, "binary-mix", "random-mix", "mvgrl-infonce", "mp-mix-code", "lamp-mag", "lamp-soft", "simgrace"),
    ),
    "mmix_table4": MmixTable(
        "Table 4", ("graphs",), "Accuracy (%) of graph classification by objective (M-Mix, Table 4)", _CONTROLS
    ),
    "mmix_table5": MmixTable("Table 5", ("clusters",), "Node clustering by k-means (M-Mix, Table 5)"),
    "mmix_table6": MmixTable("Table 6", ("nodes", "graphs"), "Accuracy (%) by branch (M-Mix, Table 6)"),
    "mmix_table7": MmixTable(
        "Table 7",
        ("nodes", "images"),
        "Accuracy (%) by mixing strategy, on nodes and on images (M-Mix, Table 7)",
        # mo-mix is what the paper's table calls mo-mix-wp.
        ("untrained", "image-untrained", "simclr-mp-mix-op", "mvgrl-infonce", "mo-mix", "mp-mix"),
    ),
    "mmix_table8": MmixTable(
        "Table 8", ("nodes",), "Score (%) of node classification with GRACE as host (M-Mix, Table 8)"
    ),
    "mmix_table9": MmixTable(
        "Table 9", ("nodes", "graphs"), "Accuracy (%) by mixing weights (M-Mix, Table 9)", (*_CONTROLS, "mvgrl-infonce")
    ),
    "mmix_table10": MmixTable(
        "Table 10", ("edits",), "Graph edit distance: triplet accuracy and pair ROC-AUC (M-Mix, Table 10)"
    ),
}
