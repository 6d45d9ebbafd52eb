"""The names that a configuration may use, checked against the tables of data sets, methods and evaluations."""

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, ValidationInfo

from relamp.artifacts.base import CONTROLS, KERNELS, TRANSFER_CONTROLS
from relamp.data.registry import REGISTRY, Dataset
from relamp.data.rows import alone
from relamp.errors import listed, shortened
from relamp.evaluate.table import EVALUATIONS
from relamp.method.table import METHODS
from relamp.settings.base import Seed
from relamp.settings.own import OwnKind
from relamp.settings.supervised import EditModel, GraphModel, NodeModel

FROM_SCRATCH = "none"  # the transfer experiments' name for no pre-training
BAG = "bag"  # the structure-blind control, see relamp.evaluate.bag
NODE_CONTROLS = ("majority", "raw-features")  # see relamp.evaluate.node_controls
EDIT_KERNELS = ("hist-kernel", "wl")
# Supervised models by the evaluation that trains them.
SUPERVISED = {
    "supervised-nodes": get_args(NodeModel),
    "supervised-graphs": get_args(GraphModel),
    "supervised-edits": get_args(EditModel),
}


def check_known(name: str, known: Collection[str], what: str) -> str:
    """Return a name that is known; raises ValueError, with the nearest known one, for another."""
    if name not in known:
        folded = {other.casefold(): other for other in known}
        close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
        hint = f"did you mean {folded[close[0]]}?" if close else f"known: {', '.join(known)}"
        raise ValueError(f"there is no {what} {shortened(name)!r}; {hint}")
    return name


def one_of(known: Collection[str], what: str) -> AfterValidator:
    """Check that a name is known."""
    return AfterValidator(lambda name: check_known(name, known, what))


def dataset_of(fits: Callable[[Dataset], bool], wanted: str, *own: OwnKind) -> AfterValidator:
    """Check the name of a data set and whether it is of the kind that an experiment needs."""
    fitting = [row.name for row in REGISTRY.values() if fits(row)]

    def check(name: str, info: ValidationInfo) -> str:
        # The kinds of the user's own data sets, which are named in the same configuration, see load_config.
        of_user: Mapping[str, Collection[OwnKind]] = (info.context or {}).get("own", {})
        known = [*(name for name, kinds in of_user.items() if {*kinds} & {*own}), *fitting]
        if name not in known and (name in REGISTRY or name in of_user):
            raise ValueError(f"{wanted} are needed, which {name} has not; known: {', '.join(known)}")
        return check_known(name, known, "data set")

    return AfterValidator(check)


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise ValueError(f"duplicate: {listed(map(str, sorted(twice)))}")
    return values


def _some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    # Not Field(min_length=1), which also complains where all items are there but wrong.
    if not values:
        raise ValueError("at least one is needed")
    return values


Once = AfterValidator(_distinct)
GraphsName = Annotated[str, dataset_of(lambda row: row.kind in ("graphs", "molecules"), "graphs", "graphs")]
ClassifiedName = Annotated[str, dataset_of(lambda row: row.kind == "graphs", "graphs with a class each", "graphs")]
_OF_MOLECULES: tuple[OwnKind, ...] = ("molecules", "labelled molecules")
CorpusName = Annotated[str, dataset_of(lambda row: row.kind in ("molecules", "corpus"), "molecules", *_OF_MOLECULES)]
TasksName = Annotated[
    str,
    dataset_of(
        lambda row: row.kind == "molecules" and row.expected.tasks > 0, "labelled molecules", "labelled molecules"
    ),
]
NodesName = Annotated[str, dataset_of(lambda row: row.kind == "nodes", "labelled nodes")]
ImagesName = Annotated[str, dataset_of(lambda row: row.kind == "images", "images")]
MethodName = Annotated[str, one_of(METHODS["graphs"], "method")]
BRANCHES = [
    alone(name, branch) for name, row in METHODS["graphs"].items() if row.group == "mmix" for branch in ("a", "b")
]
BranchName = Annotated[str, one_of((*METHODS["graphs"], *BRANCHES), "method")]
_ENCODERS = [name for name, row in METHODS["graphs"].items() if row.encodes]
EncoderName = Annotated[str, one_of(_ENCODERS, "method with an encoder")]
TransferMethodName = Annotated[str, one_of((*METHODS["molecules"], FROM_SCRATCH), "method")]
NodeMethodName = Annotated[str, one_of(METHODS["nodes"], "method on nodes")]
ImageMethodName = Annotated[str, one_of(METHODS["images"], "method on images")]
GraphModelName = Annotated[str, one_of(SUPERVISED["supervised-graphs"], "supervised model of graphs")]
NodeModelName = Annotated[str, one_of(SUPERVISED["supervised-nodes"], "supervised model of nodes")]
EditModelName = Annotated[str, one_of(SUPERVISED["supervised-edits"], "supervised model for edit distances")]
NodeControlName = Annotated[str, one_of(NODE_CONTROLS, "control of nodes")]
TransferControlName = Annotated[str, one_of(TRANSFER_CONTROLS, "control of molecules")]
KernelName = Annotated[str, one_of((*KERNELS, *CONTROLS), "kernel")]
EditKernelName = Annotated[str, one_of(EDIT_KERNELS, "kernel for edit distances")]
EditMethodName = Annotated[str, one_of((*EDIT_KERNELS, *METHODS["graphs"]), "method or kernel for edit distances")]
_OF_EMBEDDINGS = [name for name, row in EVALUATIONS.items() if row.domain == "graphs" and name not in SUPERVISED]
EvaluationName = Annotated[str, one_of(_OF_EMBEDDINGS, "evaluation of graphs")]
Seeds = Annotated[tuple[Seed, ...], AfterValidator(_some), Once]
