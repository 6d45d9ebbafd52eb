"""The evaluations by name: one record each. This file imports no evaluation.

A number is compared with numbers of the same evaluation alone: the accuracies of an SVM with an RBF kernel and of a
linear SVM are two things, even of one method on one data set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Evaluation:
    """A way of measuring.

    Attributes:
        name: as in paths and configuration.
        domain: of the data sets: graphs, molecules, nodes or images.
        title: in words.
        covers: what the interval of a score covers, and what it does not.
        protocol: "module:class" of its settings.
        score: "module:function" that measures one run, see `relamp.evaluate.jobs.score`.
        controls: "module:function" that measures what is not pre-trained; empty where nothing is. Where it is that of
            `score` too, supervised models among them, nothing else is measured, or both alike.
        read: "module:function" from its rows to one row per run, see `relamp.judge.rows`.
        chooses: whether settings or epochs may be chosen, so that there are three protocols; if not, there is `fixed`
            alone.
        supervised: whether models are trained on labels, each of which is a method.
        fractions: whether the papers print its numbers as fractions; all others are in per cent.
        mean_of: what the score of a seed averages, where captions say so; `{folds}` stands for the number of folds.
        chance: by metric, in per cent, what an answer scores that knows nothing of the data, where no control measures
            it.
        by_chance: that answer in words.
    """

    name: str
    domain: str
    title: str
    covers: str
    protocol: str
    score: str
    read: str
    chooses: bool = False
    supervised: bool = False
    fractions: bool = False
    mean_of: str = ""
    controls: str = ""
    chance: Mapping[str, float] = field(default_factory=dict)
    by_chance: str = ""


_SETTINGS, _CHOSEN, _MEANS = "relamp.settings.evaluation", "relamp.judge.rows:chosen", "relamp.judge.rows:means"
_FOLDS = "seeds and folds, which share encoders and training data"
_RUNS = "seeds, each the mean over its runs: what"
_SEEDS = f"{_RUNS} another pre-training and"


def _svm(name: str, title: str) -> Evaluation:
    parts = f"{_SETTINGS}:SvmProtocol", "relamp.evaluate.svm:score_svm", _CHOSEN
    controls = "relamp.evaluate.controls:score_controls"
    return Evaluation(
        *(name, "graphs", title, _FOLDS, *parts), chooses=True, mean_of="{folds}-fold mean", controls=controls
    )


def _validated(name: str, title: str) -> Evaluation:
    parts = f"{_SETTINGS}:ValidatedSvm", "relamp.evaluate.validated_svm:score_validated", "relamp.judge.rows:validated"
    return Evaluation(*(name, "graphs", title, _FOLDS, *parts), mean_of="{folds}-fold mean")


def _supervised(of: str, domain: str, title: str, covers: str, read: str, **more: Any) -> Evaluation:
    """Return the record of models that are trained on labels, each of which is a method."""
    score = f"relamp.train.supervised_{of}:score_supervised_{of}"
    parts = f"relamp.settings.supervised:Supervised{of.title()}", score, read
    return Evaluation(f"supervised-{of}", domain, title, covers, *parts, controls=score, supervised=True, **more)


EVALUATIONS: Mapping[str, Evaluation] = MappingProxyType(
    {
        row.name: row
        for row in (
            _svm("svm-rbf", "SVM with an RBF kernel"),
            _svm("svm-linear", "linear SVM"),
            _validated("svm-linear-validated", "linear SVM on scaled features, the epoch by a validation part"),
            _validated("svm-rbf-validated", "SVM (RBF) on scaled features, the epoch by a validation part"),
            Evaluation(
                *("finetune", "molecules", "fine-tuning"),
                "seeds, each with the same scaffold split and from the same pre-trained encoder, not another "
                "pre-training",
                *("relamp.settings.molecules:Finetuning", "relamp.train.jobs:finetune", "relamp.judge.rows:finetuned"),
                controls="relamp.train.molecule_controls:score_molecule_controls",
                chooses=True,
                mean_of="mean over tasks",
                chance={"roc_auc": 50.0},
                by_chance="one score for all molecules",
            ),
            Evaluation(
                *("probe", "nodes", "linear probe on nodes"),
                f"{_SEEDS} other first weights of the classifier would change, and the split where each run draws its "
                "own; with one public split nothing is said of other splits, and never of other graphs",
                *(f"{_SETTINGS}:ProbeProtocol", "relamp.evaluate.node_probe:score_probe", _MEANS),
                controls="relamp.evaluate.node_controls:score_node_controls",
            ),
            Evaluation(
                *("kmeans", "nodes", "k-means on nodes"),
                f"{_SEEDS} other first centres would change, not other graphs",
                *(f"{_SETTINGS}:ClusterProtocol", "relamp.evaluate.clustering:score_clustering", _MEANS),
                fractions=True,
                chance={"nmi": 0.0, "ari": 0.0},
                by_chance="one cluster for all nodes",
            ),
            Evaluation(
                *("edit-distance", "graphs", "graph edit distance"),
                "seeds: what another pre-training and another draw of triplets would change, not other data sets",
                *(f"{_SETTINGS}:EditDistanceProtocol", "relamp.evaluate.edit_distance:score_edit_distance", _MEANS),
                controls="relamp.evaluate.edit_distance:score_edit_distance",
                fractions=True,
                # Of triplets whose similarities are equal none is right, so that one similarity for all scores 0.
                chance={"accuracy": 50.0, "roc_auc": 50.0},
                by_chance="similarities drawn at random",
            ),
            Evaluation(
                *("image-probe", "images", "linear probe on images"),
                f"{_SEEDS} other first weights of the classifier would change, with one split into training and test "
                "images",
                *(f"{_SETTINGS}:ImageProbe", "relamp.evaluate.image_probe:score_image_probe", _MEANS),
            ),
            _supervised(
                *("nodes", "nodes", "supervised training on nodes"),
                f"{_RUNS} other first weights would change, and the split where each run draws its own; with one "
                "public split nothing is said of other splits, and never of other graphs",
                _MEANS,
            ),
            _supervised(
                *("graphs", "graphs", "supervised training on graphs"),
                *(_FOLDS, _CHOSEN),
                chooses=True,
                mean_of="{folds}-fold mean",
            ),
            _supervised(
                *("edits", "graphs", "graph edit distance, supervised"),
                "seeds: what other first weights and another draw of triplets would change, not other data sets",
                _MEANS,
                fractions=True,
                chance={"accuracy": 50.0, "roc_auc": 50.0},
                by_chance="similarities drawn at random",
            ),
        )
    }
)
