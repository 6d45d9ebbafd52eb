"""What relamp can run, by evaluation: a published cell of anything else is no cell that was not run."""

from relamp.judge.evaluations import EDITS, FINETUNE, IMAGES, KMEANS, LINEAR, PROBE, RBF
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
        RBF: [*METHODS, *KERNELS, BAG],
        LINEAR: [*METHODS, *KERNELS, BAG],
        FINETUNE: [*METHODS, FROM_SCRATCH],
        PROBE: [*NODE_METHODS, *branches],
        KMEANS: list(NODE_METHODS),
        EDITS: [*METHODS, *EDIT_KERNELS],
        IMAGES: list(IMAGE_METHODS),
    }
