"""Claims tried on the scores of this run: a formula is a class below, its parameters are the fields."""

import json
import math
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from operator import itemgetter
from typing import ClassVar, Literal, get_args

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from relamp.data.rows import setting_name, setting_values
from relamp.errors import RelampError
from relamp.judge.intervals import PER_CENT, Part, half_width_of, interval_of_table, parts_of_table, run_table
from relamp.judge.published import AGGREGATES, JudgedBy, evaluation_of, run_as
from relamp.judge.runs import MEASURE
from relamp.judge.theorem import ALL
from relamp.settings.judging import LEAST_SEEDS

Outcome = Literal["holds", "fails", "undecided", "not run"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_NO_FOLD = -1  # pandas leaves rows with an empty key out, so runs without folds get a number

ByMethod = Mapping[str, "pd.Series[float]"]
Result = tuple[Outcome, Sequence[str], Sequence[str]]  # outcome, data sets it rests on, evidence
_NOT_RUN: Result = ("not run", (), ())
_RUN = ["seed", "fold"]


@dataclass(frozen=True)
class Evidence:
    """What claims are tried on.

    Attributes:
        scores: of the judged protocol at the tables' setting, of all evaluations, see `relamp.judge.runs.scores`; a
            claim rests on those of its artifact's evaluations alone.
        settings: runs of every setting at the last epoch, see `relamp.judge.runs.last_epochs`.
        damage: median loss of structural entropy by dataset, augmentation and reading, as a fraction.
        published: cells of all artifacts, which say what data sets a claim is about.
        judged_by: by artifact and domain of the data set, the evaluation.
        margin: points by which a gain may fall short of the claimed one.
        confidence: of the intervals.
        theorem: verdicts of `relamp.judge.theorem`; empty where nothing was measured.
    """

    scores: pd.DataFrame
    settings: pd.DataFrame
    damage: pd.DataFrame
    published: pd.DataFrame
    judged_by: JudgedBy
    margin: float
    confidence: float
    theorem: pd.DataFrame = field(default_factory=pd.DataFrame)

    @cached_property
    def by_measure(self) -> dict[tuple[str, str], dict[tuple[str, str], "ByMethod"]]:
        """Scores by data set and evaluation, then by metric and part, then by method, each by run."""
        found: dict[tuple[str, str], dict[tuple[str, str], ByMethod]] = {}
        rows = self.scores.assign(fold=self.scores["fold"].fillna(_NO_FOLD))
        for (dataset, *measure), of in rows.groupby(["dataset", *MEASURE], sort=True):
            evaluation, metric, part = map(str, measure)
            methods = {str(name): runs.set_index(_RUN)["value"] for name, runs in of.groupby("method")}
            found.setdefault((str(dataset), evaluation), {})[metric, part] = methods
        return found

    @cached_property
    def printed(self) -> dict[tuple[str, str], set[str]]:
        """The data sets for which an artifact prints a number of a method, by both; its name is that of `run_as`."""
        found: dict[tuple[str, str], set[str]] = {}
        cells = self.published.dropna(subset=["value"])
        for artifact, method, dataset in zip(*(cells[n] for n in ("artifact", "method", "dataset")), strict=True):
            found.setdefault((artifact, run_as(artifact, method)), set()).add(dataset)
        return found


@dataclass(frozen=True)
class Difference:
    """How far one thing is above another, in points: a mean and its interval, over some data sets.

    Attributes:
        what: of what over what.
        mean, low, high: the difference and its bounds; NaN bounds where too few runs leave the spread unknown.
        datasets: over which it is.
        parts: of its variance.
    """

    what: str
    mean: float
    low: float
    high: float
    datasets: tuple[str, ...]
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        bounds = "" if math.isnan(self.low) else f" ({self.low:+.2f} to {self.high:+.2f})"
        return f"{self.what}: {self.mean:+.2f}{bounds}"


class Data(BaseModel):
    """What a file says, and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Formula(Data):
    """What is about cells of an artifact.

    Attributes:
        artifact: a table or figure of the paper.
        datasets: those that the claim is about; by default all of the artifact.
        leave_out: data sets that it excepts.
    """

    artifact: str
    datasets: tuple[str, ...] | None = None
    leave_out: tuple[str, ...] = ()


class _Measured(Formula):
    """A formula over measured scores.

    Attributes:
        table: the published table whose data sets a claim about a figure covers; by default the artifact itself.
    """

    by_a_part: ClassVar[tuple[Outcome, ...]] = ("fails",)
    """Outcomes that some of the data sets decide: one of them can refute what is said of each."""
    of_each: ClassVar[bool] = False
    """Whether the claim is that the same holds on each data set, and evidence on one tells nothing of another."""

    table: str | None = None

    def covered(self, evidence: Evidence) -> list[str]:
        """Return the data sets that the claim is about."""
        published = evidence.published
        names = published.loc[published["artifact"] == (self.table or self.artifact), "dataset"].unique().tolist()
        if not (names or self.datasets):
            raise RelampError(f"{self.artifact}: is no published table; name the data sets of the claim, or a `table`")
        return [name for name in self.datasets or names if name not in (*AGGREGATES, *self.leave_out)]

    def tested(self, evidence: Evidence) -> dict[str, str]:
        """Return the `outcome`, the data sets that it rests on (`coverage`), and the numbers (`evidence`).

        A claim is decided where all data sets that it is about were run, or where a part of them suffices. Of what is
        said of each data set, `by_dataset` has outcome and evidence on each, as JSON.
        """
        outcome, used, shown = self._outcome(evidence)
        covered = self.covered(evidence)
        if outcome in ("holds", "fails") and len(used) < len(covered) and outcome not in self.by_a_part:
            outcome = "undecided"
        count = f"{len(used)} of {len(covered)} data sets: {', '.join(used)}"
        told = {"coverage": "" if outcome == "not run" else count, "evidence": "; ".join(shown)}
        each = {name: self._on(name, evidence) for name in used} if self.of_each else {}
        return {"outcome": outcome, **told, "by_dataset": json.dumps(each) if each else ""}

    def _on(self, dataset: str, evidence: Evidence) -> tuple[Outcome, str]:
        outcome, _, shown = self.model_copy(update={"datasets": (dataset,), "leave_out": ()})._outcome(evidence)
        return outcome, "; ".join(shown)

    @abstractmethod
    def _outcome(self, evidence: Evidence) -> Result: ...


class BestAverage(_Measured):
    """`method` is above every rival of its table, on average over the data sets that both have.

    Attributes:
        over: the rivals; by default all further methods of the table.
        beside: the paper's other methods, which do not count as rivals.
    """

    by_a_part = ()
    kind: Literal["best_average"]
    method: str
    over: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def _outcome(self, evidence: Evidence) -> Result:
        every = self.over or _rivals(evidence, self.artifact, self.method)
        rivals = [name for name in every if name not in self.beside]
        gains = {name: _differences(self, evidence, self.method, name) for name in rivals}
        averages = {name: _average_gain(of, f"over {name}", evidence.confidence) for name, of in gains.items()}
        return _above_zero(averages)


class MeanGain(_Measured):
    """`method` is above `over` on average by more than the claimed points less the margin, or than `at_least` these."""

    by_a_part = ()
    kind: Literal["gain"]
    method: str
    over: str
    points: float
    at_least: bool = False

    def _outcome(self, evidence: Evidence) -> Result:
        by_dataset = _differences(self, evidence, self.method, self.over)
        gains = _average_gain(by_dataset, f"over {self.over}", evidence.confidence)
        if not gains:
            return _NOT_RUN
        (gain,) = gains
        least = max(self.points if self.at_least else self.points - evidence.margin, 0)
        shown = [f"claimed {'over ' if self.at_least else ''}{self.points:+g}", str(gain)]
        return on_side(gain.low > least, gain.high < least), gain.datasets, shown


class Beats(_Measured):
    """`method` is above `over` on each data set.

    Attributes:
        over: a rival, several, or `all` other methods of the table.
    """

    of_each = True
    kind: Literal["beats"]
    method: str
    over: str | tuple[str, ...]

    def _outcome(self, evidence: Evidence) -> Result:
        named = (self.over,) if isinstance(self.over, str) else self.over
        rivals = dict.fromkeys(run_as(self.artifact, name) for name in named)
        wanted = _rivals(evidence, self.artifact, self.method) if self.over == "all" else list(rivals)
        # One of which the table prints nothing on these data sets is no rival there.
        covered = set(self.covered(evidence))
        there = [name for name in wanted if covered & evidence.printed.get((self.artifact, name), covered)]
        return _above_zero({rival: _differences(self, evidence, self.method, rival) for rival in there})


class Place(_Measured):
    """`method` has a place (2 for the second best) among the methods of its table on so many data sets.

    On a data set a rival is above it, below it, or neither by the interval of their difference; one that was not run is
    neither. So the place lies between bounds, which decide only where they leave no room.
    """

    kind: Literal["place"]
    method: str
    place: int
    count: int

    def _outcome(self, evidence: Evidence) -> Result:
        rivals = _rivals(evidence, self.artifact, self.method)
        gains = [gain for rival in rivals for gain in _differences(self, evidence, self.method, rival)]
        if not gains:
            return _NOT_RUN
        used = dict.fromkeys(name for gain in gains for name in gain.datasets)
        certain, possible, shown = 0, len(self.covered(evidence)) - len(used), []
        for dataset in used:
            mine = [gain for gain in gains if gain.datasets == (dataset,)]
            above, below = sum(gain.high < 0 for gain in mine), sum(gain.low > 0 for gain in mine)
            first, last = 1 + above, 1 + len(rivals) - below
            certain += first == last == self.place
            possible += first <= self.place <= last
            shown.append(f"{dataset}: place {first}" + (f" to {last}" if last > first else ""))
        shown.insert(0, f"place {self.place} on {certain} to {possible} data sets, claimed {self.count}")
        return on_side(certain == possible == self.count, not certain <= self.count <= possible), tuple(used), shown


class _OfSweep(_Measured):
    """What is about runs that differ in one parameter alone, with its value `x`.

    Where a data set has several such groups, of several methods or at several values of other parameters, it is the one
    with the most values.
    """

    of_each = True
    parameter: str

    @abstractmethod
    def _gain(self, rows: pd.DataFrame) -> tuple["pd.Series[float]", str] | None:
        """Return what must be above zero by run, and its name, from the rows of a data set at several `x`."""

    def _groups(self, evidence: Evidence) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield the rows of each data set that differ in the parameter alone, with its value `x`."""
        values = {name: setting_values(name) for name in evidence.settings["setting"].unique()}
        x = {name: of[self.parameter] for name, of in values.items() if isinstance(of.get(self.parameter), float)}
        # What differs in another parameter is another group.
        others = {name: setting_name({k: v for k, v in values[name].items() if k != self.parameter}) for name in x}
        rows = evidence.settings[evidence.settings["setting"].isin(list(x))]
        rows = rows.assign(x=rows["setting"].map(x).astype(float), others=rows["setting"].map(others))
        for dataset, of_dataset in _of_datasets(self, evidence, rows):
            groups = [group for _, group in of_dataset.groupby(["method", "others", *MEASURE])]
            if groups:
                yield dataset, max(groups, key=lambda group: group["x"].nunique())

    def _outcome(self, evidence: Evidence) -> Result:
        found = ((self._gain(group), dataset) for dataset, group in self._groups(evidence))
        gains = [(*gain, dataset) for gain, dataset in found if gain]
        return _above_zero({"": _gains_of(gains, evidence.confidence)})


class FallsAbove(_OfSweep):
    """The mean score over all settings above the threshold is below that over the others, on each data set.

    Attributes:
        up_to: the greatest value that counts.
        rises: whether it is the other way round.
    """

    kind: Literal["falls_above"]
    threshold: float
    up_to: float = math.inf
    rises: bool = False

    def _gain(self, rows: pd.DataFrame) -> tuple["pd.Series[float]", str] | None:
        rows = rows[rows["x"] <= self.up_to]
        above = rows["x"] > self.threshold
        if above.all() or not above.any():
            return None
        low, high = (rows[side].groupby(_RUN)["value"].mean() for side in (~above, above))
        end = "the rest" if math.isinf(self.up_to) else f"those up to {self.up_to:g}"
        words = f"{self.parameter} up to {self.threshold:g} {'below' if self.rises else 'above'} {end}"
        return (high - low if self.rises else low - high), words


class BestAround(_OfSweep):
    """The mean score over settings within a tenfold of a value is above that over the others, on each data set."""

    kind: Literal["best_around"]
    value: float

    def _gain(self, rows: pd.DataFrame) -> tuple["pd.Series[float]", str] | None:
        near = (rows["x"] > 0) & (np.log10(rows["x"].clip(lower=1e-300) / self.value).abs() <= 1 + 1e-9)
        if near.all() or not near.any():
            return None
        around, others = (rows[side].groupby(_RUN)["value"].mean() for side in (near, ~near))
        return around - others, f"{self.parameter} within a tenfold of {self.value:g} above the rest"


class NotSensitive(_OfSweep):
    """No two values of the parameter differ by more than the margin, on each data set, with their whole intervals."""

    kind: Literal["not_sensitive"]

    def _outcome(self, evidence: Evidence) -> Result:
        gains = []
        for dataset, group in self._groups(evidence):
            table = group.pivot_table(index=_RUN, columns="x", values="value").dropna()
            for one, other in combinations(table.columns, 2):
                gains.append((table[other] - table[one], f"{self.parameter} {other:g} against {one:g}", dataset))
        found = _gains_of(gains, evidence.confidence)
        if not found:
            return _NOT_RUN
        within = all(-evidence.margin <= gain.low and gain.high <= evidence.margin for gain in found)
        beyond = any(gain.low > evidence.margin or gain.high < -evidence.margin for gain in found)
        used = tuple(dict.fromkeys(name for gain in found for name in gain.datasets))
        furthest = max(found, key=lambda gain: abs(gain.mean))
        return on_side(within, beyond), used, [f"of {len(found)} pairs the furthest apart, {furthest}"]

    def _gain(self, rows: pd.DataFrame) -> None:
        """Nothing has to be above zero."""


class RisesWith(_OfSweep):
    """The least-squares slope of the score over the parameter's decades is positive, on each data set."""

    kind: Literal["rises_with"]

    def _gain(self, rows: pd.DataFrame) -> tuple["pd.Series[float]", str] | None:
        table = rows[rows["x"] > 0].pivot_table(index=_RUN, columns="x", values="value")
        if table.shape[1] < 2:
            return None
        x = np.log10(table.columns.to_numpy(dtype=float))
        x -= x.mean()
        return table @ x / (x @ x), f"points a tenfold {self.parameter}"


class _OfDamage(_Measured):
    """What is about the median loss of entropy; undecided where the readings disagree."""

    augmentation: str

    @abstractmethod
    def _holds(self, median: float) -> bool: ...

    def _outcome(self, evidence: Evidence) -> Result:
        covered, rows = self.covered(evidence), evidence.damage
        # Where no graph has a loss, as without edges, there is no median either, and it decides nothing.
        rows = rows[(rows["augmentation"] == self.augmentation) & rows["dataset"].isin(covered)]
        rows = rows.dropna(subset=["median"])
        if rows.empty:
            return _NOT_RUN
        used = [name for name in covered if name in set(rows["dataset"])]
        shown = [
            f"{row['dataset']}: median loss {100 * row['median']:.1f} % ({row['reading']})"
            for row in rows.to_dict("records")
        ]
        by_reading = [all(map(self._holds, of["median"])) for _, of in rows.groupby("reading")]
        return on_side(all(by_reading), not any(by_reading)), used, shown


class LosesOver(_OfDamage):
    """The median loss of entropy is over the fraction on each data set."""

    kind: Literal["loses_over"]
    fraction: float

    def _holds(self, median: float) -> bool:
        return median > self.fraction


class LosesMost(_OfDamage):
    """The median loss of entropy is above that of every other augmentation, on each data set."""

    kind: Literal["loses_most"]

    def _outcome(self, evidence: Evidence) -> Result:
        rows = evidence.damage[evidence.damage["dataset"].isin(self.covered(evidence))].dropna(subset=["median"])
        wide = rows.pivot_table("median", ["dataset", "reading"], "augmentation", sort=False)
        if self.augmentation not in wide or wide.shape[1] < 2:
            return _NOT_RUN
        wide = wide.dropna(subset=[self.augmentation])
        others = wide.drop(columns=self.augmentation).max(axis=1)
        largest = wide[self.augmentation] > others
        shown = [
            f"{dataset}: {100 * mine:.1f} % against {100 * other:.1f} % ({reading})"
            for (dataset, reading), mine, other in zip(wide.index, wide[self.augmentation], others, strict=True)
        ]
        by_reading = largest.groupby(level="reading").all()
        used = tuple(dict.fromkeys(wide.index.get_level_values("dataset")))
        return on_side(bool(by_reading.all()), not by_reading.any()), used, shown

    def _holds(self, median: float) -> bool:
        return not math.isnan(median)


class AddsEntropy(_OfDamage):
    """The median loss of entropy is negative on each data set."""

    kind: Literal["adds_entropy"]

    def _holds(self, median: float) -> bool:
        return median < 0


class OfTheorem(_Measured):
    """A statement of LAMP's Theorem 4.1 is confirmed on each data set, by the encoder of `method`.

    Undecided where estimators disagree: it fails where each of them contradicts it on some data set.
    """

    kind: Literal["theorem"]
    method: str
    statement: Literal["statement 1", "statement 2"]

    def _outcome(self, evidence: Evidence) -> Result:
        covered, rows = self.covered(evidence), evidence.theorem
        if rows.empty:
            return _NOT_RUN
        rows = rows[(rows["test"] == self.statement) & (rows["view"] == ALL) & (rows["method"] == self.method)]
        rows = rows[rows["dataset"].isin(covered)]
        if rows.empty:
            return _NOT_RUN
        shown = [
            f"{row['dataset']}, {row['estimator']}: {row['outcome']}, "
            f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}) nats"
            for row in rows.to_dict("records")
        ]
        by_estimator = [set(of["outcome"]) for _, of in rows.groupby("estimator")]
        holds = all(words == {"confirmed"} for words in by_estimator)
        fails = all("contradicted" in words for words in by_estimator)
        return on_side(holds, fails), [name for name in covered if name in set(rows["dataset"])], shown


MeasuredFormula = (
    BestAverage
    | MeanGain
    | Beats
    | Place
    | FallsAbove
    | RisesWith
    | BestAround
    | NotSensitive
    | LosesOver
    | LosesMost
    | AddsEntropy
    | OfTheorem
)


def _rivals(evidence: Evidence, artifact: str, method: str) -> list[str]:
    """Return the other methods that a table prints, those under several names once."""
    printed = evidence.published.loc[evidence.published["artifact"] == artifact, "method"]
    names = dict.fromkeys(run_as(artifact, name) for name in printed)
    return [name for name in names if name != run_as(artifact, method)]


def _differences(formula: _Measured, evidence: Evidence, method: str, rival: str) -> list[Difference]:
    """Return how far a method is above a rival, run by run, for each data set that both have.

    Where a data set has several metrics or parts, there is one difference for each. Of a data set for which the table
    prints no number of the rival, it says nothing of it.
    """
    gains = []
    names = [run_as(formula.artifact, name) for name in (method, rival)]
    said = evidence.printed.get((formula.artifact, names[1]))
    for dataset, evaluation in _evaluated(formula, evidence, {dataset for dataset, _ in evidence.by_measure}):
        measured = evidence.by_measure.get((dataset, evaluation), {}) if said is None or dataset in said else {}
        for (metric, part), methods in measured.items():
            if all(name in methods for name in names):
                one, other = (methods[name] for name in names)
                what = f"{part} {metric}, ".lstrip() if len(measured) > 1 else ""
                gains.append(((one - other).dropna(), f"{what}over {rival}", dataset))
    return _gains_of(gains, evidence.confidence)


def _of_datasets(formula: _Measured, evidence: Evidence, rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of the artifact's evaluation of each data set that was run."""
    for dataset, evaluation in _evaluated(formula, evidence, set(rows["dataset"])):
        own = rows[(rows["dataset"] == dataset) & (rows["evaluation"] == evaluation)]
        yield dataset, own.assign(fold=own["fold"].fillna(_NO_FOLD))


def _evaluated(formula: _Measured, evidence: Evidence, run: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each data set that a claim is about and that was run, with the artifact's evaluation of it."""
    for dataset in formula.covered(evidence):
        if dataset in run:
            yield dataset, evaluation_of(evidence.judged_by, formula.artifact, dataset)


def _gains_of(gains: Sequence[tuple["pd.Series[float]", str, str]], confidence: float) -> list[Difference]:
    """Return the differences of gains by run, each with its name and data set; those without any run are left out."""
    found = []
    for values, what, dataset in sorted(gains, key=itemgetter(1, 2)):
        if len(values):
            scores = values.rename("value").reset_index().assign(method=what, dataset=dataset)
            scores["fold"] = scores["fold"].where(scores["fold"] != _NO_FOLD)
            table = PER_CENT * run_table(scores)
            interval = interval_of_table(table, confidence)
            parts, low, high = [Part(math.nan, 0)], math.nan, math.nan
            # Two seeds may happen to agree.
            if interval.folds or interval.seeds >= LEAST_SEEDS:
                parts, low, high = parts_of_table(table), interval.low, interval.high
            found.append(Difference(f"{dataset}, {what}", interval.mean, low, high, (dataset,), tuple(parts)))
    return found


def _average_gain(gains: Sequence[Difference], what: str, confidence: float) -> list[Difference]:
    """Average over data sets, whose runs are independent: variances add up, as those of a ladder's steps."""
    if not gains:
        return []
    parts = tuple(Part(part.variance / len(gains) ** 2, part.freedom) for gain in gains for part in gain.parts)
    mean, half = sum(gain.mean for gain in gains) / len(gains), half_width_of(parts, confidence)
    return [Difference(what, mean, mean - half, mean + half, tuple(n for gain in gains for n in gain.datasets), parts)]


def _above_zero(by_rival: Mapping[str, Sequence[Difference]]) -> Result:
    """All must be above zero with their whole intervals; one that is wholly below decides against the claim."""
    gains = [gain for of_rival in by_rival.values() for gain in of_rival]
    if not gains:
        return _NOT_RUN
    used = sorted({name for gain in gains for name in gain.datasets})
    outcome = on_side(all(gain.low > 0 for gain in gains), any(gain.high < 0 for gain in gains))
    shown, where = [str(gain) for gain in gains], f" on {used[0]}" if len(used) == 1 else ""
    if outcome == "fails":
        shown = [str(gain) for gain in gains if gain.high < 0]
        shown += [f"{others} other differences{where} are not below 0"] if (others := len(gains) - len(shown)) else []
    if (run := sum(map(bool, by_rival.values()))) < len(by_rival):
        # What is above those rivals that were run may still be below the others.
        outcome = "undecided" if outcome == "holds" else outcome
        shown = [f"{run} of {len(by_rival)} rivals run{where}", *shown]
    return outcome, tuple(used), shown


def on_side(holds: bool, fails: bool) -> Outcome:
    """Return what is decided, if anything is."""
    return "holds" if holds else "fails" if fails else "undecided"
