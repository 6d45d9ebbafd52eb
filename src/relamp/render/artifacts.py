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
