"""What was found, in words: sentences of `reproduction/findings.yaml`, whose numbers come from the recorded rows."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from jinja2 import Environment, StrictUndefined, TemplateError
from pydantic import ValidationError

from relamp.data.rows import DEFAULT, ONE_BRANCH, read_table
from relamp.errors import RelampError
from relamp.evaluate.node_probe import counted
from relamp.judge.evidence import difference
from relamp.judge.verdict import TOO_WIDE, judge_number
from relamp.settings.base import Settings
from relamp.settings.evaluation import EpochChoice
from relamp.settings.judging import NOT_RUN, Judging
from relamp.site.glance import Glance, tenths
from relamp.site.records import Record, where
from relamp.site.shifts import Shift, shift, shifts, sizes

FILE = "findings.yaml"
_DIFFERENCE = re.compile(r"(.*): ([+-][\d.]+) \(([+-][\d.]+) to ([+-][\d.]+)\)")
_ENVIRONMENT = Environment(undefined=StrictUndefined, autoescape=False)


class Finding(Settings):
    """Something that a part of the papers was found to be."""

    finding: str
    """What was found."""
    because: str = ""
    """The likely reason of a difference."""
    experiment: str = ""
    """What supports the reason."""


class Headline(Settings):
    """One of the main findings."""

    says: str
    """What was found, in a sentence for a reader who reads no further."""
    more: str
    """Its numbers, and what bounds it."""


class Findings(Settings):
    """All that is said of the recorded runs; each text may hold expressions for numbers, see `Numbers`."""

    headline: tuple[Headline, ...]
    """The main findings."""
    glance: tuple[Glance, ...]
    """The papers' own numbers beside controls, in tables."""
    scope: tuple[str, ...]
    """What of the papers is tried."""
    methodology: tuple[str, ...]
    """How it was run and judged."""
    together: tuple[str, ...]
    """What many numbers show that a single one does not."""
    artifacts: dict[str, tuple[Finding, ...]]
    """Findings by the target of a figure or table."""
    easy: tuple[str, ...]
    """What was easy."""
    difficult: tuple[str, ...]
    """What was difficult."""
    unsaid: tuple[str, ...]
    """What authors could have stated, and would have saved a reader."""
    left: tuple[str, ...]
    """What was not run."""


class Numbers:
    """The expressions of the texts: each gives a number of the recorded runs as it is shown.

    Args:
        records: the recorded runs.
        cells: `relamp.site.records.merged` of them.
        claims: `relamp.site.claims.merged_claims` of them.
    """

    def __init__(self, records: Sequence[Record], cells: pd.DataFrame, claims: pd.DataFrame) -> None:
        self.records, self.cells, self.claims = {record.name: record for record in records}, cells, claims

    def expressions(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {name: getattr(self, name) for name in vars(type(self)) if name[0] != "_" and name != "expressions"}

    def here(self, artifact: str, method: str, dataset: str, metric: str = "", part: str = "") -> str:
        """Return what was found for a printed number, in per cent."""
        return f"{self._cell(artifact, method, dataset, metric, part)['mean']:.1f}"

    def printed(self, artifact: str, method: str, dataset: str, metric: str = "", part: str = "") -> str:
        """Return the printed number, run or not, with a digit less than it may have."""
        return tenths(self._cell(artifact, method, dataset, metric, part, ran=False)["published"])

    def count(self, verdict: str, artifact: str = "", method: str = "") -> int:
        """Return how many numbers have a verdict, of one artifact and method or all."""
        return int((self._of(artifact, method)["verdict"] == verdict).sum())

    def smaller(self, verdict: str) -> int:
        """Return how many numbers with a verdict are of other sizes than the paper's, seeds and settings apart."""
        return int(self._sizes(verdict).map(lambda sizes: bool(sizes - {"seeds"})).sum())

    def fewer_seeds(self, verdict: str) -> int:
        """Return how many numbers with a verdict come from runs of the paper's sizes but for the number of seeds."""
        return int(self._sizes(verdict).map(lambda sizes: sizes == {"seeds"}).sum())

    def _sizes(self, verdict: str) -> "pd.Series[Any]":
        """Return the names of the sizes that differ, of each number with a verdict."""
        scaled = self.cells.loc[self.cells["verdict"] == verdict, "scaled"]
        return scaled.map(sizes)

    def torn(self) -> int:
        """Return how many numbers have another verdict by another run that is as near to the paper's size."""
        return int((self.cells["otherwise"] != "").sum())

    def contested(self) -> int:
        """Return how many numbers are inconclusive because runs as near to the paper's size disagree."""
        return int(self.cells["contested"].sum())

    def decided_by(self, seeds: float = math.inf) -> int:
        """Return how many inconclusive numbers would be decided by so many further seeds, if mean and spread stay."""
        return int((self._open()["further_seeds"].astype(float) <= seeds).sum())

    def too_wide(self) -> int:
        """Return how many inconclusive numbers no seeds would decide whose printed ± alone is wider than the margin."""
        never = self._open()[self._open()["further_seeds"].isna()]
        return int(never["note"].str.contains(TOO_WIDE, regex=False).sum())

    def if_over(self, runs: int, verdict: str) -> int:
        """Return how many numbers would have a verdict if each printed ± that names no runs were over so many.

        Those that are contested stay so.
        """
        judging, found = Judging(), self.cells[(self.cells["verdict"] != NOT_RUN) & ~self.cells["contested"]]
        rows = found.assign(runs=found["n"].fillna(runs), comparable=found["verdict"] != "not comparable")
        judged = sum(judge_number(row, judging)[2] == verdict for row in rows.to_dict("records"))
        return judged + (self.contested() if verdict == "inconclusive" else 0)

    def shift(self, paper: str, whose: str, rule: str = "mean") -> Shift:
        """Return how far the accuracies of a paper's `own`, `rerun` or `quoted` methods lie from those printed."""
        return shift(self._shifts, paper, whose, rule)

    @cached_property
    def _shifts(self) -> pd.DataFrame:
        return shifts(self.cells)

    def _open(self) -> pd.DataFrame:
        return self.cells[self.cells["verdict"] == "inconclusive"]

    def ran(self, artifact: str = "") -> int:
        """Return how many numbers were run."""
        return int((self._of(artifact)["verdict"] != NOT_RUN).sum())

    def claimed(self, outcome: str = "") -> int:
        """Return how many claims have an outcome, or how many there are."""
        return int((self.claims["outcome"] == outcome).sum()) if outcome else len(self.claims)

    def runs_of(self, artifact: str) -> str:
        """Return the names of the runs that an artifact's numbers come from."""
        of = self._of(artifact)
        return ", ".join(sorted(set(of["run"]) - {""})) or "none"

    def score(
        self,
        run: str,
        evaluation: str,
        method: str,
        dataset: str,
        metric: str = "accuracy",
        part: str = "",
        protocol: str = "nested",
    ) -> str:
        """Return the mean of a method, control or rival of a recorded run that the papers need not print."""
        return f"{self._by_seed(run, evaluation, method, dataset, metric, part, protocol).mean():.1f}"

    def among(self, run: str, evaluation: str, dataset: str, *methods: str) -> str:
        """Return the lowest and the highest of the accuracies of some methods of a recorded run."""
        found = [self._by_seed(run, evaluation, name, dataset, "accuracy", "", "nested").mean() for name in methods]
        return _span(found)

    def seeds(self, run: str, evaluation: str, method: str, dataset: str, protocol: str = "nested") -> str:
        """Return the accuracies of all seeds of a recorded run, the lowest first."""
        found = sorted(self._by_seed(run, evaluation, method, dataset, "accuracy", "", protocol))
        return ", ".join(f"{each:.1f}" for each in found)

    def ahead(
        self, run: str, evaluation: str, method: str, rival: str, datasets: Sequence[str], metric: str, protocol: str
    ) -> str:
        """Return what a method has over a rival in a recorded run by a rule of choice, in points, the mean of sets."""
        mine, other = (
            [self._by_seed(run, evaluation, name, dataset, metric, "", protocol).mean() for dataset in datasets]
            for name in (method, rival)
        )
        return f"{(sum(mine) - sum(other)) / len(datasets):z.1f}"

    def _by_seed(
        self, run: str, evaluation: str, method: str, dataset: str, metric: str, part: str, protocol: str
    ) -> pd.Series:
        wanted = (evaluation, method, dataset, metric, part)
        found = self._record(run).by_seed(*wanted, protocol)
        if found.empty:
            raise RelampError(f"{FILE}: {run} has no score {', '.join(filter(None, wanted))} ({protocol})")
        return found

    def after(self, run: str, method: str, dataset: str, epoch: int, split: str = "test") -> str:
        """Return the mean accuracy of a linear probe, over seeds, on the embeddings of nodes after an epoch."""
        rows = self._on_nodes(run, "probe", method, dataset)
        rows = rows[(rows["split"] == split) & (rows["epoch"] == epoch)]
        return _over_seeds(rows, f"{method} on {dataset} in {run}, probed: nothing is there of epoch {epoch}")

    def clustered(self, run: str, method: str, dataset: str, metric: str, epoch: int) -> str:
        """Return the mean NMI or ARI of k-means, over seeds, on the embeddings of nodes after an epoch, in per cent."""
        rows = self._on_nodes(run, "kmeans", method, dataset)
        rows = rows[(rows["metric"] == metric) & (rows["epoch"] == epoch)]
        return _over_seeds(
            rows, f"{method} on {dataset} in {run}, {metric} of k-means: nothing is there of epoch {epoch}"
        )

    def best_epoch(self, run: str, method: str, dataset: str, by: EpochChoice) -> str:
        """Return the mean test accuracy of a linear probe, over seeds, at the stored epoch of each that is best.

        By "validation" it is an honest choice, by "test" what M-Mix's public code returns; see `counted`. "last" is
        where training ended.
        """
        rows = self._on_nodes(run, "probe", method, dataset)
        if rows[rows["epoch"] > 0].groupby("seed")["epoch"].nunique().min() < 2:
            raise RelampError(f"{FILE}: {method} on {dataset} was probed after its last epoch alone in {run}")
        if by == "last":
            best = rows[rows["epoch"] == rows["seed"].map(self._ends(run, method, dataset))]
        else:
            best = pd.concat(counted(of, by) for _, of in rows.groupby("seed")).query("final")
        return _over_seeds(best[best["split"] == "test"], f"{method} on {dataset} in {run}, probed: no test nodes")

    def ended(self, run: str, method: str, dataset: str) -> str:
        """Return the first and the last of the epochs, over seeds, whose weights the trainings on nodes ended with."""
        last = self._ends(run, method, dataset)
        return f"{last.min():,} to {last.max():,}"

    def _ends(self, run: str, method: str, dataset: str) -> "pd.Series[int]":
        """Return by seed the epoch whose weights a training ended with; a checkpoint within its patience is later.

        K-means has it: of the rows of a probe those count that its protocol chooses.
        """
        rows = self._on_nodes(run, "kmeans", method, dataset)
        return rows[rows["final"]].groupby("seed")["epoch"].max()

    def _on_nodes(self, run: str, evaluation: str, method: str, dataset: str) -> pd.DataFrame:
        path = self._folder(run) / "rows" / evaluation / dataset / method / DEFAULT / "rows.csv"
        if not path.is_file():
            raise RelampError(f"{FILE}: the recorded run {run} has no {evaluation} of {method} on {dataset}")
        return read_table(path)

    def step(self, run: str, artifact: str, method: str, rung: str) -> str:
        """Return what a step of a recorded run's ladder adds, in points with its interval: what explains a table."""
        wanted = {"role": "gain", "method": method, "rung": rung}
        return self._points(run, _ladder(artifact), "gain", wanted)

    def adds(self, run: str, artifact: str, method: str, rung: str) -> str:
        """Return what another rule of choice adds to a method in a recorded run's ladder: points, mean of sets."""
        rows = self._table(run, _ladder(artifact))
        rows = rows[(rows["role"] == "rung") & (rows["method"] == method)].set_index("dataset")
        gains = (rows["mean"][rows["rung"] == rung] - rows["mean"][rows["rung"] == "method"]).dropna()
        if gains.empty:
            raise RelampError(f"{FILE}: the ladder of {artifact} in {run} has no {rung} of {method}")
        return f"{gains.mean():z.1f}"

    def effect(self, run: str, method: str, dataset: str, question: str, answer: str, **more: str) -> str:
        """Return what an answer moves a method by in a recorded run's multiverse, in points with its interval."""
        wanted = {"method": method, "dataset": dataset, "question": question, "answer": answer, **more}
        return self._points(run, "tables/multiverse_effects", "effect", wanted)

    def reading(self, run: str, evaluation: str, method: str, dataset: str, question: str, answer: str) -> str:
        """Return the mean of a method under one answer to the one question that a recorded run's multiverse asks it."""
        wanted = {"dataset": dataset, "role": "reading", question: answer}
        return f"{self._row(run, f'figures/multiverse_{evaluation}_{method}', wanted)['mean']:.1f}"

    def over(self, run: str, method: str, rival: str, dataset: str, rival_run: str = "") -> str:
        """Return what a method has over a rival in a recorded run's comparisons, in points with its interval.

        Of another run, `rival_run`, the rival is compared by the RBF machine, whose folds seeds draw alike in all runs.
        """
        if rival_run:
            return self._across((run, method), (rival_run, rival), dataset)
        table, sides = "tables/comparisons", {"method": method, "rival": rival}
        if method <= rival:
            return self._points(run, table, "mean", {**sides, "datasets": dataset})
        # A pair is compared once.
        row = self._row(run, table, {"method": rival, "rival": method, "datasets": dataset})
        return _interval(-row["mean"], -row["high"], -row["low"])

    def _across(self, one: tuple[str, str], other: tuple[str, str], dataset: str) -> str:
        nested, how = [], []
        for run, method in (one, other):
            record, of = self._record(run), {"evaluation": "svm-rbf", "method": method, "dataset": dataset}
            how.append(record.protocol(**of))
            rows = where(record.scores, **of, metric="accuracy", part="", protocol="nested")
            nested.append(rows.set_index(["seed", "fold"])["value"].sort_index())
        if None in how or how[0] != how[1] or not nested[0].index.equals(nested[1].index):
            raise RelampError(f"{FILE}: {' and '.join((one[0], other[0]))} did not measure both on {dataset} alike")
        found = difference(nested[0] - nested[1], "", dataset, Judging().confidence)
        assert found
        return _interval(found.mean, found.low, found.high)

    def apart(self, artifact: str, method: str) -> str:
        """Return how far a method is from its printed numbers at most, in points, over what was run."""
        return f"{max(map(abs, self._distances(artifact, method))):.1f}"

    def below(self, artifact: str, method: str) -> str:
        """Return how far a method lies below its printed numbers, in points, from the least to the most."""
        return _span(self._distances(artifact, method))

    def between(
        self, run: str, figure: str, method: str, dataset: str, least: float = 0, most: float = math.inf
    ) -> str:
        """Return the lowest and the highest mean of a recorded run's curve, from one x to another."""
        rows = self._table(run, f"figures/{figure}")
        rows = rows[(rows["role"] == "curve") & (rows["method"] == method) & (rows["dataset"] == dataset)]
        rows = rows[rows["x"].between(least, most)]
        if rows.empty:
            raise RelampError(f"{FILE}: {figure} in {run} has no curve of {method} on {dataset} there")
        return _span(rows["mean"].tolist())

    def lost(self, run: str, dataset: str, augmentation: str, reading: str, digits: int = 0) -> str:
        """Return the median loss of structural entropy of a recorded run's Fig. 2, in per cent."""
        wanted = {"dataset": dataset, "augmentation": augmentation, "reading": reading}
        return f"{self._row(run, 'figures/lamp_fig2', wanted)['median']:.{digits}f}"

    def value(self, run: str, table: str, column: str, digits: int = 1, **wanted: str | float) -> str:
        """Return a number of the one row of a recorded run's table or figure (`figures/mmix_fig2`) that is wanted."""
        return f"{self._row(run, table, wanted)[column]:.{digits}f}"

    def evidence(self, run: str, claim: str, about: str) -> str:
        """Return one of the differences that a claim rests on, in points with its interval.

        It is that of a recorded run, or, where `run` is empty, of all runs together.
        """
        said = self._row(run, "claims", {"id": claim})["evidence"].split("; ")
        found = [each for each in map(_DIFFERENCE.fullmatch, said) if each and each[1] == about]
        if len(found) != 1:
            where = f"in {run}" if run else "over all runs"
            raise RelampError(f"{FILE}: {claim} {where} has no one difference of {about!r}; it has {'; '.join(said)}")
        return _interval(*map(float, found[0].groups()[1:]))

    def _distances(self, artifact: str, method: str) -> list[float]:
        of = self._of(artifact, method)
        found = of[of["verdict"] != NOT_RUN]
        if found.empty:
            raise RelampError(f"{FILE}: no number of {method} in {artifact} was run")
        return list(found["published"] - found["mean"])

    def _points(self, run: str, table: str, column: str, wanted: Mapping[str, str]) -> str:
        row = self._row(run, table, wanted)
        return _interval(row[column], row["low"], row["high"])

    def _folder(self, run: str) -> Path:
        return self._record(run).folder

    def _record(self, run: str) -> Record:
        if run not in self.records:
            raise RelampError(f"{FILE}: there is no recorded run {run!r}; known are {', '.join(self.records)}")
        return self.records[run]

    def _table(self, run: str, table: str) -> pd.DataFrame:
        path = self._folder(run) / f"{table}.csv"
        if not path.is_file():
            raise RelampError(f"{FILE}: the recorded run {run} has no {table}")
        return pd.read_csv(path)

    def _row(self, run: str, table: str, wanted: Mapping[str, str | float]) -> dict[Any, Any]:
        """Return the one row of a table of a recorded run; of the claims of all runs together where `run` is empty."""
        rows, place = (self._table(run, table), f"{table} in {run}") if run else (self.claims, f"{table} over all runs")
        for name, value in wanted.items():
            if name not in rows:
                raise RelampError(f"{FILE}: {place} has no {name}; it has {', '.join(map(str, rows))}")
            rows = rows[rows[name] == value]
        if len(rows) != 1:
            raise RelampError(
                f"{FILE}: {len(rows)} rows of {place} are {', '.join(map(str, wanted.values()))}; name one"
            )
        return rows.iloc[0].to_dict()

    def _of(self, artifact: str, method: str = "") -> pd.DataFrame:
        of = self.cells[self.cells["artifact"] == artifact] if artifact else self.cells
        return of[of["method"] == method] if method else of

    def _cell(
        self, artifact: str, method: str, dataset: str, metric: str, part: str, ran: bool = True
    ) -> Mapping[str, Any]:
        named = {name: value for name, value in (("metric", metric), ("part", part)) if value}
        found = where(self.cells, artifact=artifact, method=method, dataset=dataset, **named)
        found = found[found["verdict"] != NOT_RUN] if ran else found
        if len(found) != 1:
            given = ", ".join(filter(None, (artifact, method, dataset, metric, part)))
            kind = "numbers that were run" if ran else "printed numbers"
            raise RelampError(f"{FILE}: {len(found)} {kind} are {given}; name one")
        return {str(name): value for name, value in found.iloc[0].items()}


def _over_seeds(rows: pd.DataFrame, nothing: str) -> str:
    """Return the mean over seeds of rows on nodes, of embeddings of both branches, in per cent; or say what lacks."""
    rows = rows[~rows["branch"].isin(ONE_BRANCH)]
    if rows.empty:
        raise RelampError(f"{FILE}: {nothing}")
    return f"{rows.groupby('seed')['value'].mean().mean() * 100:.1f}"


def _ladder(artifact: str) -> str:
    return f"tables/{artifact.replace('table', 'ladder')}"


def _span(values: Sequence[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f}"


def _interval(value: float, low: float, high: float) -> str:
    return f"{value:z.1f} ({low:z.1f} to {high:z.1f})"


def load_findings(reproduction: Path, numbers: Numbers) -> Findings:
    """Return the findings with their numbers.

    Raises RelampError if the file is missing or wrong, or names a number that no recorded run has.
    """
    path = reproduction / FILE
    try:
        words = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Findings.model_validate(_filled(words, numbers.expressions()))
    except FileNotFoundError as error:
        raise RelampError(f"{path}: is not there; it says what the recorded runs have found") from error
    except (yaml.YAMLError, TemplateError, TypeError) as error:
        raise RelampError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise RelampError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _filled(value: Any, expressions: Mapping[str, Callable[..., Any]]) -> Any:
    if isinstance(value, str):
        return _ENVIRONMENT.from_string(value).render(**expressions)
    if isinstance(value, Mapping):
        return {key: _filled(each, expressions) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, expressions) for each in value]
    return value
