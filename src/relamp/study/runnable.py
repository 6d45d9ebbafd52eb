"""What relamp can run, by evaluation: a published cell of anything else is no cell that was not run."""

from relamp.method.node_table import NODE_METHODS
from relamp.method.table import METHODS
from relamp.settings.images import IMAGE_METHODS
from relamp.study.mmix import EDIT_KERNELS
from relamp.study.names import BAG, FROM_SCRATCH, KERNELS

_BRANCHES = ("a", "b")


def methods_by_evaluation() -> dict[str, list[str]]:
    """Return the names of all methods that each evaluation can score; branches of a method on nodes count as such."""
    branches = [
        f"{name}-branch-{branch}"
        for name, row in NODE_METHODS.items()
        if row.options["host"] == "mvgrl"
        for branch in _BRANCHES
    ]
    return {
        "svm-rbf": [*METHODS, *KERNELS, BAG],
        "svm-linear": [*METHODS, *KERNELS, BAG],
        "finetune": [*METHODS, FROM_SCRATCH],
        "probe": [*NODE_METHODS, *branches],
        "kmeans": list(NODE_METHODS),
        "edit-distance": [*METHODS, *EDIT_KERNELS],
        "image-probe": list(IMAGE_METHODS),
    }
