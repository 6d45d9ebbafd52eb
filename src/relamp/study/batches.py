"""Which runs one job trains or scores: a run by itself, all settings of a sweep, or all runs of a study on a data set.

On a cluster each job costs seconds of waiting, so runs that belong together are one job, which computes only what is
missing. Files and arguments are given as the workflow takes them: with `{dataset}`, `{method}` and `{setting}` as
wildcards, and as functions of these.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relamp.data.rows import DEFAULT
from relamp.evaluate.table import EVALUATIONS
from relamp.study import resources
from relamp.study.paths import Paths
from relamp.study.studies import BASE, TRAINERS, Run, Study, scored

DATASET = "{dataset}"
ANY = Run("{method}", "{setting}")  # the run that the wildcards name


@dataclass(frozen=True)
class Batch:
    """Runs of a study that one job works through on a data set.

    Attributes:
        name: of its rule.
        study: whose settings, protocols and seeds are taken.
        runs: the runs.
    """

    name: str
    study: Study
    runs: tuple[Run, ...]

    def of(self, wildcards: Any) -> list[Run]:
        """Return its runs, with wildcards filled in."""
        values = dict(wildcards.items())
        return [Run(*(text.format_map(values) for text in run)) for run in self.runs]


class Training(Batch):
    """Runs of a study that one job trains on a data set."""

    @property
    def alone(self) -> bool:
        """Whether the job trains the one run that the wildcards name."""
        return self.runs == (ANY,)

    @property
    def log(self) -> str:
        """Return its place among the logs of training."""
        (method,) = {run.method for run in self.runs}
        return f"{self.study.domain}/{DATASET}/{method}/{'{setting}' if self.alone else self.study.name}"

    def output(self, paths: Paths) -> dict[str, list[str]]:
        """Return the files that it writes."""
        return paths.trained(self.study.domain, DATASET, self.runs, self.study.seeds)

    def params(self, paths: Paths) -> dict[str, Any]:
        """Return the arguments of its job."""
        study = self.study
        folders = [paths.train(study.domain, DATASET, run) for run in self.runs]
        return {
            "trainer": TRAINERS[study.domain],
            **({"corpus": study.corpus} if study.corpus else {}),
            "seeds": list(study.seeds),
            "states": [paths.states(folder) for folder in folders],
            "lenders": [lender for folder in folders for lender in paths.lender(folder)],
            "methods": lambda wildcards: [study.method_of(run) for run in self.of(wildcards)],
            "settings": lambda wildcards: [study.settings_of(run) for run in self.of(wildcards)],
        }

    def work(self, wildcards: Any) -> float:
        """Return how much work it is, in the unit of its kind in `workflow/rates.csv`."""
        return sum(resources.training_work(self.study, run, wildcards.dataset) for run in self.of(wildcards))

    def disk(self, wildcards: Any) -> float:
        """Return what it leaves, in MB."""
        return sum(resources.training_disk(self.study, run, wildcards.dataset) for run in self.of(wildcards))


@dataclass(frozen=True)
class Scoring(Batch):
    """Runs of a study that one job scores on a data set by one evaluation.

    Attributes:
        evaluation: name of the evaluation.
        trained: whether the runs have embeddings; kernels and the bag have none.
    """

    evaluation: str
    trained: bool = True

    @property
    def score(self) -> str:
        """Return "module:function" of what scores the runs."""
        record = EVALUATIONS[self.evaluation]
        return record.score if self.trained else record.controls

    @property
    def most_threads(self) -> int:
        """Return the most threads of use to it: a process for each of its runs, or some for the trees of a forest."""
        return 8 if self.trained or self.study.domain == "molecules" else 1

    @property
    def log(self) -> str:
        """Return its place among the logs of scoring."""
        whole = self.study.name if self.trained else f"{self.study.name}_controls"
        return f"{self.evaluation}/{DATASET}/{'{method}' if self.runs[0].method == ANY.method else whole}"

    def inputs(self, paths: Paths) -> dict[str, str | list[str]]:
        """Return what it reads."""
        domain, seeds, runs = self.study.domain, self.study.seeds, self.runs if self.trained else ()
        data = {"data": paths.packed(DATASET), "guard": paths.guard(DATASET)}
        if self.evaluation in ("edit-distance", "supervised-edits"):
            return {**data, "embeddings": [paths.edits(DATASET, run, seed) for run in runs for seed in seeds]}
        folds = {"folds": [paths.folds(DATASET, seed) for seed in seeds]} if domain == "graphs" else {}
        if domain == "molecules":
            splits = self.study.splits * (len(seeds) // len(self.study.splits))
            folds = {"folds": [paths.split(DATASET, name) for name in splits]}
        embeddings = paths.trained(domain, DATASET, [run.trained for run in runs], seeds)["embeddings"]
        return {**data, "embeddings": embeddings, **folds}

    def output(self, paths: Paths) -> list[str]:
        """Return the rows that it writes."""
        return [paths.rows(self.evaluation, DATASET, run) for run in self.runs]

    def params(self, paths: Paths) -> dict[str, Any]:
        """Return the arguments of its job."""

        def labels(wildcards: Any) -> list[dict[str, Any]]:
            return [self.study.label(self.evaluation, wildcards.dataset, run) for run in self.of(wildcards)]

        return {
            "seeds": list(self.study.seeds),
            "labels": labels,
            "evaluation": self.score,
            "protocols": self.protocols,
            "cache": paths.states(),
            "lender": paths.lender(),
        }

    def protocols(self, wildcards: Any) -> list[dict[str, Any]]:
        """Return the options of the evaluation for each run on a data set."""
        return [self.study.protocol_of(self.evaluation, wildcards.dataset, run) for run in self.of(wildcards)]

    def work(self, wildcards: Any) -> float:
        """Return how often it passes over the data, see `workflow/rates.csv`."""
        runs, dataset = self.of(wildcards), wildcards.dataset
        return len(self.study.seeds) * sum(
            resources.scoring_work(self.study, self.evaluation, run, dataset) for run in runs
        )


def trainings(studies: Mapping[str, Study]) -> Iterator[Training]:
    """Yield a training of one run per domain, and one for each method of each sweep."""
    for domain, name in BASE.items():
        yield Training(f"train_{domain}", studies[name], (ANY,))
    for study, runs in _own((study, study.trained_runs) for study in studies.values()):
        if study.together:
            for method in dict.fromkeys(run.method for run in runs):
                named = tuple(run for run in runs if run.method == method)
                yield Training(_rule("train", study.name, method), study, named)


def scorings(studies: Mapping[str, Study]) -> Iterator[Scoring]:
    """Yield a scoring for each evaluation of each study, and one of the kernels and the bag, which do not train.

    A run that several studies share is scored with the first, see `scored`. Fine-tuning trains: only its controls are
    scored.
    """
    for evaluation in EVALUATIONS:
        fitting = scored(studies, evaluation)
        for study, runs in _own((study, study.runs) for study in fitting if study.domain != "molecules"):
            kernels = tuple(run for run in runs if run.method in study.controls)
            if trained := tuple(run for run in runs if run not in kernels):
                yield Scoring(_rule("score", evaluation, study.name), study, trained, evaluation)
            if kernels:
                name = _rule("score", evaluation, study.name, "controls")
                yield Scoring(name, study, kernels, evaluation, trained=False)
        if controls := [study for study in fitting if study.controls_of(evaluation)]:
            name, runs = _rule("score", evaluation, "controls"), (Run("{method}", DEFAULT),)
            yield Scoring(name, controls[0], runs, evaluation, trained=False)


def controls_of(studies: Mapping[str, Study], evaluation: str) -> list[str]:
    """Return the kernels and the bag that an evaluation scores."""
    of = scored(studies, evaluation)
    return list(dict.fromkeys(name for study in of for name in study.controls_of(evaluation)))


def _rule(*parts: str) -> str:
    return "_".join(parts).replace("-", "_")


def _own(studies: Iterable[tuple[Study, Sequence[Run]]]) -> Iterator[tuple[Study, tuple[Run, ...]]]:
    """Yield each study with those of its runs that none before it has in the same domain."""
    seen: set[tuple[str, Run]] = set()
    for study, of in studies:
        runs = tuple(run for run in of if (study.domain, run) not in seen)
        seen |= {(study.domain, run) for run in runs}
        yield study, runs
