"""Interim."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Evaluation:
    """Interim."""

    name: str
    domain: str
    title: str
    score: str


EVALUATIONS = {
    name: Evaluation(name, domain, name, score)
    for name, domain, score in (
        ("svm-rbf", "graphs", "relamp.evaluate.svm:score_svm"),
        ("svm-linear", "graphs", "relamp.evaluate.svm:score_svm"),
        ("finetune", "molecules", "relamp.train.jobs:finetune"),
        ("probe", "nodes", "relamp.evaluate.linear_probe:score_probe"),
        ("kmeans", "nodes", "relamp.evaluate.clustering:score_clusters"),
        ("edit-distance", "graphs", "relamp.evaluate.edit_distance:score_edits"),
        ("image-probe", "images", "relamp.evaluate.linear_probe:score_images"),
    )
}
