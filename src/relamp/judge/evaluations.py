"""How a number was measured: each evaluation by name, and by which of them the cells of each artifact are judged.

A number is compared with numbers of the same evaluation alone: an accuracy of an SVM with an RBF kernel and one of a
linear SVM are two things, even of one method on one data set.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from relamp.data.registry import REGISTRY
from relamp.errors import RelampError
from relamp.judge.rows import PER_CENT

RBF, LINEAR, FINETUNE = "svm-rbf", "svm-linear", "finetune"
PROBE, KMEANS, EDITS, IMAGES = "probe", "kmeans", "edit-distance", "image-probe"
# What tells scores apart besides method, data set and run; `part` is such as "n=50", and empty where there is one.
MEASURE = ["evaluation", "metric", "part"]
SPLITS = ("transductive", "inductive")  # printed beside cells of Table 8, one a data set


@dataclass(frozen=True)
class Evaluation:
    """A way of measuring.

    Attributes:
        title: in words.
        covers: what the interval of a score covers, and what it does not.
        chooses: whether settings or epochs may be chosen, so that there are several protocols; if not, there is
            `fixed` alone.
        fractions: whether the papers print its numbers as fractions; all others are in per cent.
    """

    title: str
    covers: str
    chooses: bool = False
    fractions: bool = False


_FOLDS = "seeds and folds, with the corrected resampled variance, since folds share training data"
_SEEDS = "seeds, each the mean over its runs"

EVALUATIONS: Mapping[str, Evaluation] = MappingProxyType(
    {
        RBF: Evaluation("SVM with an RBF kernel", _FOLDS, chooses=True),
        LINEAR: Evaluation("linear SVM", _FOLDS, chooses=True),
        FINETUNE: Evaluation(
            "fine-tuning",
            "seeds, each with the same scaffold split and from the same pre-trained encoder, not another pre-training",
            chooses=True,
        ),
        PROBE: Evaluation(
            "linear probe on nodes",
            f"{_SEEDS}: what another pre-training and other first weights of the classifier would change, and the "
            "split where each run draws its own; with one public split nothing is said of other splits, and never of "
            "other graphs",
        ),
        KMEANS: Evaluation(
            "k-means on nodes",
            f"{_SEEDS}: what another pre-training and other first centres would change, not other graphs",
            fractions=True,
        ),
        EDITS: Evaluation(
            "graph edit distance",
            "seeds: what another pre-training and another draw of triplets would change, not other data sets",
            fractions=True,
        ),
        IMAGES: Evaluation(
            "linear probe on images",
            f"{_SEEDS}: what another pre-training and other first weights of the classifier would change, with one "
            "split into training and test images",
        ),
    }
)

_NODES, _GRAPHS, _IMAGES = {"nodes": PROBE}, {"graphs": LINEAR}, {"images": IMAGES}
# By artifact and kind of data set.
_OF_ARTIFACT: Mapping[str, Mapping[str, str]] = {
    "lamp_table1": {"graphs": RBF},
    "lamp_table2": {"molecules": FINETUNE},
    "lamp_table3": {"graphs": RBF},
    "lamp_fig4": {"graphs": RBF},
    "lamp_fig5": {"graphs": RBF},
    "mmix_table2": _NODES,
    "mmix_table3": _GRAPHS,
    "mmix_table4": _GRAPHS,
    "mmix_table5": {"nodes": KMEANS},
    "mmix_table6": {**_NODES, **_GRAPHS},
    "mmix_table7": {**_NODES, **_IMAGES},
    "mmix_table8": _NODES,
    "mmix_table9": {**_NODES, **_GRAPHS},
    "mmix_table10": {"graphs": EDITS},
}
# Printed rows that are a method of relamp under another name: what M-Mix ran again itself (a dagger), the one row that
# says the scope which is the default, and MVGRL's branches with M-Mix's objectives, which Table 9 marks by the dagger
# and whose numbers Table 7 prints as MVGRL's.
_RUN_AS = {"mo-mix-wp": "mo-mix"}
_RUN_THERE_AS = {("mmix_table9", "mvgrl-reproduced"): "mvgrl-infonce", ("mmix_table7", "mvgrl"): "mvgrl-infonce"}
_AGAIN = "-reproduced"


def evaluation_of(artifact: str, dataset: str) -> str:
    """Return by which evaluation an artifact's cells of a data set are judged; raises RelampError if nobody says."""
    of_kind = _OF_ARTIFACT.get(artifact)
    if of_kind is None:
        raise RelampError(
            f"{artifact}: nothing says how its cells are measured; known are {', '.join(_OF_ARTIFACT)}; name its "
            "evaluation in relamp.judge.evaluations, or move the file away"
        )
    if len(of_kind) == 1:
        return next(iter(of_kind.values()))
    kind = REGISTRY[dataset].kind if dataset in REGISTRY else "unknown"
    if kind not in of_kind:
        raise RelampError(f"{artifact}: {dataset} is of the kind {kind}, but the table is of {' and '.join(of_kind)}")
    return of_kind[kind]


def run_as(artifact: str, method: str) -> str:
    """Return relamp's name of a method that an artifact prints: M-Mix's own repetition of a rival is that rival."""
    return _RUN_THERE_AS.get((artifact, method)) or _RUN_AS.get(method, method.removesuffix(_AGAIN))


def measures(published: pd.DataFrame) -> pd.DataFrame:
    """Return published cells with `evaluation` and `part`, and with fractions in per cent.

    The part is the printed `protocol`, which is left out where it describes the data set's split and no part of it.
    """
    wanted = [evaluation_of(*key) for key in zip(published["artifact"], published["dataset"], strict=True)]
    cells = published.assign(evaluation=wanted)
    printed = cells["protocol"].fillna("") if "protocol" in cells else pd.Series("", index=cells.index)
    per_cent = ~cells["evaluation"].map({name: how.fractions for name, how in EVALUATIONS.items()}).astype(bool)
    # Rounded, since 100 times a printed decimal has bits of its own.
    scaled = {name: cells[name].where(per_cent, (PER_CENT * cells[name]).round(8)) for name in ("value", "spread")}
    cells = cells.assign(part=printed.where(~printed.isin(SPLITS), ""), **scaled)
    return cells.drop(columns="protocol", errors="ignore")


def judged_scores(scores: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return the scores of a protocol; of evaluations in which nothing is chosen, those of the only one they have."""
    chooses = scores["evaluation"].map({name: evaluation.chooses for name, evaluation in EVALUATIONS.items()})
    wanted = pd.Series(protocol, index=scores.index).where(chooses.astype(bool), "fixed")
    return scores[scores["protocol"] == wanted]
