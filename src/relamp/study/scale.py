"""What a configuration runs in another size than the papers: its numbers beside those of the preset `paper`."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from relamp.data.registry import REGISTRY, short_name
from relamp.data.rows import DEFAULT, branch_of
from relamp.evaluate.table import EVALUATIONS
from relamp.method.table import METHODS
from relamp.runtime.home import home
from relamp.settings.images import ImagePretraining
from relamp.study.config import Config, load_config
from relamp.study.names import FROM_SCRATCH
from relamp.study.overrides import spelt
from relamp.study.own import corpus_words
from relamp.study.resources import count
from relamp.study.studies import Run, Study, studies

PAPER = "paper"  # the preset whose sizes are the papers' own
# How sizes are called; any other goes by its own name.
_WORDS = {
    "most_epochs": "epochs",
    "local_nodes": "N_s",
    "hidden": "dimensions",
    "sample_size": "nodes a step",
    "runs": "runs a seed",
}
# Sizes of some methods alone, by their group, and of encoders that are not trained.
_OF_GROUP = {"local_nodes": "lamp", "most_epochs": "gala"}
_UNTRAINED = ("hidden", "layers", "width")
# Where the preset `paper` is smaller than a public code: the nodes that a step of M-Mix's contrasts, the width of its
# encoder for edit distance, and the steps of Graph Matching Networks. A step of GRACE's contrasts all nodes.
_NODES_A_STEP = {"Pubmed": 10_000}
_EDIT_DIMENSIONS, _EDIT_STEPS = 2_048, 10_000
# Batches of 256, 512, 1,024 or 2,048 graphs, or of 2, 4 or 8 subgraphs, and widths 32, 64 to 2,048: what M-Mix searches
# for its methods and their host (Section 4.1 and Table 9). Its public code has one of each, and so has relamp.
_SEARCHED = {"svm-linear": 4 * 7, "edit-distance": 4 * 7, "probe": 3 * 7, "kmeans": 3 * 7}
_SEARCHES = ("mo-mix", "mp-mix", "binary-mix", "random-mix", "mvgrl-infonce")
# What is chosen is no size.
_CHOSEN = ("gamma", "alpha", "eta")


@cache
def of_papers() -> Mapping[str, Study]:
    """Return the studies of the preset `paper`."""
    return studies(_paper())


@cache
def _of_images() -> Mapping[str, Study]:
    """Return the same with M-Mix's own sizes on images: the preset has a stand-in for its data, and is smaller."""
    own = ImagePretraining().model_dump(mode="json", include={"epochs", "checkpoints", "width", "views"})
    return studies(_paper(mmix={"images": {"pretraining": own}}))


@cache
def _of_stand_ins() -> frozenset[str]:
    return frozenset(_paper().mmix.images.datasets)


def _paper(**given: Any) -> Config:
    return load_config({"preset": PAPER, **given}, home() / "workflow" / "presets")


def scale(config: Config) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """Return `relamp.judge.scale.Sized` as JSON by evaluation, data set and method, at the setting of the tables."""
    here, there = studies(config), of_papers()
    corpora = [corpus_words(each) for each in (config, _paper())]
    made: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for study in here.values():
        for evaluation in study.protocols if not study.together else ():
            controls = [Run(name, DEFAULT) for name in study.controls_of(evaluation)]
            for dataset in study.datasets:
                methods = made.setdefault(evaluation, {}).setdefault(dataset, {})
                own = study.domain == "images" and dataset not in _of_stand_ins()
                papers = _of_images() if own else there
                for run in (*study.runs, *controls):
                    if run.method in methods:
                        continue
                    found = _sized(study, papers, evaluation, dataset, run)
                    pretrained = evaluation == "finetune" and run.method not in (FROM_SCRATCH, *study.controls)
                    if pretrained and corpora[0] != corpora[1]:
                        found["sizes"]["corpus"] = corpora
                    if evaluation == "finetune" and (split := config.transfer.split) != "scaffold":
                        found["sizes"]["split"] = [split, "scaffold"]
                    if original := dataset in REGISTRY and REGISTRY[dataset].copy_of:
                        found["sizes"]["data"] = [short_name(dataset), short_name(original)]
                    grid = _settings(there, evaluation, run.method)
                    mine = _settings(here, evaluation, run.method, dataset) & grid
                    searched = _SEARCHED.get(evaluation, 1) if run.method.startswith(_SEARCHES) else 1
                    methods[run.method] = {**found, "settings": [len(mine) if grid else 1, max(len(grid), searched)]}
    return made


def _sized(study: Study, papers: Mapping[str, Study], evaluation: str, dataset: str, run: Run) -> dict[str, Any]:
    """Return the sizes of a run that differ from those of the paper's run of that method, and the paper's seeds."""
    fitting = [other for other in papers.values() if evaluation in other.protocols and not other.together]
    paper = next((other for other in fitting if other.name == study.name), fitting[0] if fitting else None)
    if paper is None:
        return {"sizes": {}, "missing": f"the preset {PAPER} has no {EVALUATIONS[evaluation].title}"}
    trained = branch_of(run.method)[0] in METHODS[study.domain] and run.method not in study.controls_of(evaluation)
    there = Run(run.method, spelt(paper.training, study.row(run.method))) if trained else run
    pairs = [dict(_sizes(*of, evaluation, dataset)) for of in ((study, run, trained), (paper, there, trained))]
    mine, theirs = pairs[0], pairs[1] | _larger(study, dataset, run, trained)
    differing = {name: [mine[name], theirs[name]] for name in mine if name in theirs and mine[name] != theirs[name]}
    return {"sizes": differing, "seeds": len(paper.seeds)}


def _larger(study: Study, dataset: str, run: Run, trained: bool) -> dict[str, int]:
    """Return the sizes of a public code that the preset `paper` does not reach, by their names in words."""
    if study.name == "edits" and trained and study.row(run.method).group == "mmix":
        return {_words("hidden"): _EDIT_DIMENSIONS}
    if study.name == "supervised_edits":
        return {_words("steps"): _EDIT_STEPS}
    if study.name == "nodes" and trained:
        every = count("nodes", dataset, study.sizes)
        whole = study.row(run.method).group == "grace"
        return {_words("sample_size"): every if whole else _NODES_A_STEP.get(dataset, every)}
    return {}


def _sizes(study: Study, run: Run, trained: bool, evaluation: str, dataset: str) -> Iterator[tuple[str, Any]]:
    """Yield the numbers of training and protocol by their names in words."""
    facts, seen = study.facts(evaluation, dataset, run), set()
    row = study.row(run.method) if trained else None
    for name, value in _numbers(facts.get("training") or facts.get("options") or {}):
        relevant = row is None or (row.trains or name in _UNTRAINED)
        # Without epochs of its own a method has those of all.
        relevant &= (name, value) != ("most_epochs", None)
        if name == "sample_size":
            # Of methods that compare the nodes of a step; there are no more than the graph has.
            relevant &= row is not None and row.steps_over == "sample"
            value = min(value, count("nodes", dataset, study.sizes))
        if relevant and name not in _CHOSEN and (row is None or _OF_GROUP.get(name, row.group) == row.group):
            seen.add(name)
            yield _words(name), value
    for name, value in _numbers(facts["protocol"]):
        yield f"{EVALUATIONS[evaluation].title} {_words(name)}" if name in seen else _words(name), value


def _words(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " "))


def _numbers(facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the numbers of nested facts by their names, and what is missing in place of one."""
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _numbers(value)
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            yield name, value


def _settings(found: Mapping[str, Study], evaluation: str, method: str, dataset: str = "") -> set[str]:
    """Return the settings of a method among which an evaluation chooses, on a data set or on any."""
    return {
        run.setting
        for study in found.values()
        if evaluation in study.protocols
        and EVALUATIONS[evaluation].chooses
        and not (study.of_readings or study.of_another_split)
        for run in study.runs
        if run.method == method and (not dataset or dataset in study.datasets)
    }
