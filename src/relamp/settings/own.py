"""A user's own data set: where it lies, and what of its files is used."""

from relamp.settings.base import Settings


class OwnData(Settings):
    """A data set in the TUDataset text format."""

    folder: str = "."
    """Folder with `NAME_A.txt`, `NAME_graph_indicator.txt`, `NAME_graph_labels.txt` and perhaps more."""
    node_attributes: bool = False
    """Whether the numbers of `NAME_node_attributes.txt` are features, each column scaled to mean 0 and variance 1."""
    edge_labels: bool = False
    """Whether the GIN sees the categories of `NAME_edge_labels.txt`; M-Mix, kernels and the bag do not see them."""
