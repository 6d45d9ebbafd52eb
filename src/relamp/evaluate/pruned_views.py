"""What pruned encoders and augmented graphs keep of information, against each other (LAMP Theorem 4.1).

The theorem says of the best encoder f, its pruned version f_p and an augmentation t:

1. f_p(G) tells at least as much of the classes as f(t(G)) does;
2. f_p(G) and f(G) have at least as much in common as f(t1(G)) and f(t2(G)).

Its proof has f and f_p tell apart the same graphs (Eq. 11). What is measured here is that, and both sides of both
statements, of encoders that were trained.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from relamp.data.packed import Integers
from relamp.data.streams import stream
from relamp.evaluate.collisions import partition, same_partition
from relamp.evaluate.information import (
    FAMILIES,
    Floats,
    entropy,
    neighbour_information,
    principal_components,
    usable_information,
)
from relamp.evaluate.shared_information import shared_information
from relamp.settings.evaluation import InformationProtocol

COLUMNS = ("seed", "view", "level", "reading", "draw", "fold", "estimator", "value")
# Names of views besides those of augmentations.
ENCODER, PRUNED, NOISE, COLOURS = "encoder", "pruned", "noise", "wl"


class View(NamedTuple):
    """What an encoder gives for all graphs in one way of looking at them.

    Attributes:
        name: ENCODER for the dense encoder on the graphs as they are, PRUNED, an augmentation, or NOISE on the weights.
        level: share of weights pruned, strength of the augmentation, or scale of the noise; 0 of the encoder.
        reading: of an augmentation, else "-".
        draw: number of the draw, 0 where nothing is drawn.
        z: embeddings `[G, D]`.
    """

    name: str
    level: float
    reading: str
    draw: int
    z: Floats


def measure_views(
    views: Iterable[tuple[Any, ...]],
    colours: Integers,
    y: Integers,
    fold: Integers,
    seed: int,
    protocol: InformationProtocol,
) -> pd.DataFrame:
    """Measure `View`s of one encoder, itself the first of them; return rows of COLUMNS.

    Of every view the number of `classes` of graphs that it tells apart, their `entropy`, and whether it tells apart the
    `same` as the encoder (1 or 0); so too of `colours` `[G]`. By the protocol's estimators: usable information of each
    fold (`logistic`, `svm`), mutual information with the classes (`neighbours`), and between two views (`info_nce`,
    with `retrieval` and `candidates`), which are: the encoder and a pruned or noisy one; or draws 0 and 1, 2 and 3 ...
    of an augmentation, whose rows have the number of the pair in place of that of the draw.
    """
    rows: list[tuple[Any, ...]] = []
    dense: View | None = None
    before: View | None = None
    # The last bits would depend on the number of threads.
    with threadpool_limits(1):
        for view in (View(*each) for each in views):
            dense = dense or view
            place = view[:-1]
            own = partition(dense.z)
            rows += [(*place, np.nan, *each) for each in _collisions(partition(view.z), own)]
            rows += [(*place, *each) for each in _of_classes(view.z, y, fold, seed, protocol)]
            if "info_nce" in protocol.estimators and (other := _partner(view, dense, before)):
                # The same halves of the graphs for all views.
                found = shared_information(
                    view.z, other.z, stream(seed, "critic"), protocol.candidates, steps=protocol.steps
                )
                pair = (*place[:3], view.draw if other is dense else view.draw // 2)
                named = zip(("info_nce", "retrieval", "candidates"), found, strict=True)
                rows += [(*pair, np.nan, *each) for each in named]
            before = view
        if dense is not None:
            rows += [(COLOURS, 0.0, "-", 0, np.nan, *each) for each in _collisions(colours, partition(dense.z))]
    return pd.DataFrame(rows, columns=COLUMNS[1:]).assign(seed=seed)


def _partner(view: View, dense: View, before: View | None) -> View | None:
    """Return the view that another one shares something with; None for the first of two draws."""
    if view.name in (PRUNED, NOISE):
        return dense
    return before if view.name != ENCODER and view.draw % 2 else None


def _collisions(classes: Integers, own: Integers) -> Iterator[tuple[str, float]]:
    sizes = np.bincount(classes)
    yield from (("classes", len(sizes)), ("entropy", entropy(sizes)), ("same", float(same_partition(classes, own))))


def _of_classes(
    z: Floats, y: Integers, fold: Integers, seed: int, protocol: InformationProtocol
) -> Iterator[tuple[float, str, float]]:
    folds: NDArray[np.int64] = np.unique(fold)
    for name in protocol.estimators:
        if name in FAMILIES:
            found = usable_information(z, y, fold, seed, FAMILIES[name], protocol.C, protocol.inner_folds)
            yield from ((float(f), name, value) for f, value in zip(folds, found, strict=True))
        elif name == "neighbours":
            x = principal_components(z, protocol.components)
            yield np.nan, name, neighbour_information(x, y, protocol.neighbours)
