"""Where files lie below a preset's folder of results: one place for the workflow and for what renders without it.

Names may be wildcards of the workflow, such as `{dataset}`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product

from relamp.data.rows import DEFAULT
from relamp.study.config import Config
from relamp.study.studies import Run, Study, studies

HARD_NEGATIVES, INFORMATION = "hard-negatives", "information"  # rows that no evaluation of the table makes
TRAINED = ("encoder.safetensors", "embeddings.safetensors", "history.csv", "run.json")


@dataclass(frozen=True)
class Paths:
    """Paths below a folder of results.

    Attributes:
        results: the folder.
        base: that of the unnamed run of the preset, which holds the data of all its runs; by default it is this one.
    """

    results: str
    base: str = ""

    @property
    def shared(self) -> str:
        """Return the folder below which data lie: what is packed depends on no option that runs differ in."""
        return self.base or self.results

    def states(self, place: str = "") -> str:
        """Return where jobs keep what is done already, for a place below the results."""
        return place.replace(self.results, f"{self.results}/state", 1) if place else f"{self.results}/state"

    def lender(self, place: str = "") -> list[str]:
        """Return where the unnamed run keeps the same, from which a named one takes what fits; nothing for itself."""
        if self.shared == self.results:
            return []
        return [self.states(place).replace(self.results, self.shared, 1)]

    def packed(self, dataset: str) -> str:
        """Return the packed file of a data set."""
        return f"{self.shared}/data/{dataset}.safetensors"

    def guard(self, dataset: str) -> str:
        """Return the guard's report on a data set, which lies beside its packed file."""
        return f"{self.shared}/data/{dataset}.guard.json"

    def folds(self, dataset: str, seed: int | str) -> str:
        """Return the folds of a data set."""
        return f"{self.results}/folds/{dataset}/seed~{seed}.csv"

    def scaffold(self, dataset: str) -> str:
        """Return the scaffold split of a data set of molecules."""
        return f"{self.results}/folds/{dataset}/scaffold.csv"

    def train(self, domain: str, dataset: str, run: Run) -> str:
        """Return the folder of a trained run, with a folder per seed."""
        return f"{self.results}/train/{domain}/{dataset}/{run.method}/{run.setting}"

    def trained(self, domain: str, dataset: str, runs: Iterable[Run], seeds: Sequence[int]) -> dict[str, list[str]]:
        """Return the files that training writes, all seeds of a run one after another, by their names as outputs."""
        files = (*TRAINED, "mixed.csv") if domain == "images" else TRAINED
        folders = [f"{self.train(domain, dataset, run)}/seed~{seed}" for run, seed in product(runs, seeds)]
        return {file.partition(".")[0]: [f"{folder}/{file}" for folder in folders] for file in files}

    def rows(self, evaluation: str, dataset: str, run: Run) -> str:
        """Return the rows of an evaluation of a run."""
        return f"{self.results}/rows/{evaluation}/{dataset}/{run.method}/{run.setting}/rows.csv"

    def edits(self, dataset: str, run: Run, seed: int) -> str:
        """Return the embeddings of edited graphs by a run."""
        return f"{self.results}/edits/{dataset}/{run.method}/{run.setting}/seed~{seed}.safetensors"

    def hard_negatives(self, dataset: str, run: Run) -> dict[str, str]:
        """Return the rows of the check of Theorem 3.1 and the draws behind them, by their names as outputs."""
        rows = self.rows(HARD_NEGATIVES, dataset, run)
        return {"output": rows, "draws": rows.replace("rows.csv", "draws.csv")}

    def damage(self, dataset: str) -> str:
        """Return the rows of structural damage."""
        return f"{self.results}/rows/damage/{dataset}.csv"

    def rows_of(self, study: Study, evaluation: str, methods: Sequence[str] = ()) -> Iterator[tuple[str, Run, str]]:
        """Yield data set, run and rows of an evaluation of a study, of all its methods or of some."""
        runs = [*study.runs, *(Run(name, DEFAULT) for name in study.controls_of(evaluation))]
        for dataset, run in product(study.datasets, runs):
            if not methods or run.method in methods:
                yield dataset, run, self.rows(evaluation, dataset, run)


def all_datasets(config: Config) -> list[str]:
    """Return every data set that a configuration needs, each once, and the user's own."""
    used = [study.datasets for study in studies(config).values() if study.runs or study.controls]
    named = [*config.damage.datasets, *chain.from_iterable(used), *config.own]
    return list(dict.fromkeys(named))
