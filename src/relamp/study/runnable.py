"""What relamp can run, by evaluation: a published cell of anything else is no cell that was not run."""

from relamp.judge.evaluations import EDITS, FINETUNE, IMAGES, KMEANS, LINEAR, PROBE, RBF
from relamp.method.table import METHODS
from relamp.study.mmix import EDIT_KERNELS
from relamp.study.names import BAG, FROM_SCRATCH, KERNELS

_BRANCHES = ("a", "b")


def methods_by_evaluation() -> dict[str, list[str]]:
    """Return the names of all methods that each evaluation can score; branches of a method on nodes count as such."""
    branches = [
        f"{name}-branch-{branch}"
        for name, row in METHODS["nodes"].items()
        if row.group == "diffusion"
        for branch in _BRANCHES
    ]
    return {
        RBF: [*METHODS["graphs"], *KERNELS, BAG],
        LINEAR: [*METHODS["graphs"], *KERNELS, BAG],
        FINETUNE: [*METHODS["graphs"], FROM_SCRATCH],
        PROBE: [*METHODS["nodes"], *branches],
        KMEANS: list(METHODS["nodes"]),
        EDITS: [*METHODS["graphs"], *EDIT_KERNELS],
        IMAGES: list(METHODS["images"]),
    }
