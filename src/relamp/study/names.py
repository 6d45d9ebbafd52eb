"""The names that a configuration may use, checked against the tables of data sets and methods."""

import difflib
from collections.abc import Callable, Collection
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo

from relamp.data.registry import REGISTRY, Dataset
from relamp.method.table import METHODS
from relamp.settings.base import Ratio, Seed

FROM_SCRATCH = "none"  # the transfer experiments' name for no pre-training
KERNELS = ("wl", "graphlet")
BAG = "bag"  # the structure-blind control, see relamp.evaluate.bag


def _check_known(name: str, known: Collection[str], what: str) -> str:
    if name not in known:
        folded = {other.casefold(): other for other in known}
        close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
        hint = f"did you mean {folded[close[0]]}?" if close else f"known: {', '.join(known)}"
        raise ValueError(f"there is no {what} {name!r}; {hint}")
    return name


def one_of(known: Collection[str], what: str) -> AfterValidator:
    """Check that a name is known."""
    return AfterValidator(lambda name: _check_known(name, known, what))


def dataset_of(fits: Callable[[Dataset], bool], wanted: str, *, own: bool) -> AfterValidator:
    """Check the name of a data set and whether it is of the kind that an experiment needs."""
    fitting = [row.name for row in REGISTRY.values() if fits(row)]

    def check(name: str, info: ValidationInfo) -> str:
        # The user's own data sets are named in the same configuration, see load_config.
        known = [*(info.context or {}).get("own", ()), *fitting] if own else fitting
        if name in REGISTRY and name not in known:
            raise ValueError(f"{wanted} are needed, which {name} has not; known: {', '.join(known)}")
        return _check_known(name, known, "data set")

    return AfterValidator(check)


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"named twice: {', '.join(map(str, twice))}")
    return values


def _some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    # Not Field(min_length=1), which also complains where all items are there but wrong.
    if not values:
        raise ValueError("at least one is needed")
    return values


def _sweeps_both(method: str) -> str:
    missing = [name for name in ("gamma", "alpha") if name not in METHODS["graphs"][method].swept]
    if missing:
        raise ValueError(f"{method} has no {' and no '.join(missing)} to vary")
    return method


Once = AfterValidator(_distinct)
GraphsName = Annotated[str, dataset_of(lambda row: row.kind in ("graphs", "molecules"), "graphs", own=True)]
ClassifiedName = Annotated[str, dataset_of(lambda row: row.kind == "graphs", "graphs with a class each", own=True)]
CorpusName = Annotated[str, dataset_of(lambda row: row.kind in ("molecules", "corpus"), "molecules", own=False)]
TasksName = Annotated[
    str, dataset_of(lambda row: row.kind == "molecules" and row.expected.tasks > 0, "labelled molecules", own=False)
]
MethodName = Annotated[str, one_of(METHODS["graphs"], "method")]
TransferMethodName = Annotated[str, one_of((*METHODS["graphs"], FROM_SCRATCH), "method")]
KernelName = Annotated[str, one_of(KERNELS, "kernel")]
NodesName = Annotated[str, dataset_of(lambda row: row.kind == "nodes", "labelled nodes", own=False)]
ImagesName = Annotated[str, dataset_of(lambda row: row.kind == "images", "images", own=False)]
SweptMethodName = Annotated[MethodName, AfterValidator(_sweeps_both)]
Seeds = Annotated[tuple[Seed, ...], AfterValidator(_some), Once]
Gammas = Annotated[tuple[Ratio, ...], Once]
Alpha = Annotated[float, Field(ge=0, allow_inf_nan=False)]
