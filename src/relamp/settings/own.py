"""A user's own data: where they lie, and what of their files is used."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from relamp.settings.base import Settings
from relamp.settings.places import as_list

OwnKind = Literal["graphs", "molecules", "labelled molecules"]
_TABLE = r"\.(csv|tsv)(\.(gz|xz))?$"
_LIST = r"\.(smi|smiles|txt)(\.(gz|xz))?$"


class OwnData(Settings):
    """A data set in the TUDataset text format."""

    folder: str = "."
    """Folder with `NAME_A.txt`, `NAME_graph_indicator.txt`, `NAME_graph_labels.txt` and perhaps more."""
    node_attributes: bool = False
    """Whether the numbers of `NAME_node_attributes.txt` are features, each column scaled to mean 0 and variance 1."""
    edge_labels: bool = False
    """Whether the GIN sees the categories of `NAME_edge_labels.txt`; M-Mix, kernels and the bag do not see them."""


class OwnMolecules(Settings):
    """Molecules as SMILES: a corpus to pre-train on or, with labels, molecules to fine-tune on."""

    file: str
    """A text file with a SMILES a line (.smi, .smiles, .txt) or a table (.csv, .tsv), plain or packed (.gz, .xz)."""
    smiles_column: str | None = None
    """Column of the SMILES in a table; null is the one called smiles, in any letter case."""
    label_columns: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    """Columns of a table to fine-tune on, each a task: 1, 0, or nothing where no label is known."""

    @property
    def is_table(self) -> bool:
        """Whether the file is a table."""
        return bool(re.search(_TABLE, self.file, re.IGNORECASE))


def in_full(given: Any) -> Any:
    """Return what stands for a user's own data in the configuration, of which a path alone is short for the place."""
    if not isinstance(given, str):
        return given
    is_file = re.search(f"{_TABLE}|{_LIST}", given, re.IGNORECASE) or Path(given).is_file()
    return {"file" if is_file else "folder": given}


def kind_of(given: Any) -> OwnKind:
    """Return what own data are by their entry in the configuration, be it right or wrong."""
    full = in_full(given)
    if not isinstance(full, Mapping | OwnMolecules):
        return "graphs"
    words = dict(full)
    if not OwnMolecules.model_fields.keys() & words:
        return "graphs"
    return "labelled molecules" if words.get("label_columns") else "molecules"
