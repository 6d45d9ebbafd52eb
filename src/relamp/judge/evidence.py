"""What runs tell of claims: their scores by method and run, and the pieces of evidence that formulas take from them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
from pydantic import BaseModel, ConfigDict

from relamp.data.rows import DEFAULT
from relamp.judge.intervals import PER_CENT, Part, averaged, half_width_of, interval_of_table, parts_of_table, run_table
from relamp.judge.published import SPLITS, JudgedBy, run_as
from relamp.judge.runs import MEASURE
from relamp.settings.judging import LEAST_SEEDS

NO_FOLD = -1  # pandas leaves rows with an empty key out, so runs without folds get a number
RUN = ["seed", "fold"]
ByMethod = Mapping[str, "pd.Series[float]"]
ByMeasure = Mapping[tuple[str, str], "pd.Series[float]"]


@dataclass(frozen=True)
class Terms:
    """What claims are judged by.

    Attributes:
        published: cells of all artifacts, which say what data sets a claim is about.
        margin: points by which a gain may fall short of the claimed one.
        confidence: of the intervals.
    """

    published: pd.DataFrame
    margin: float
    confidence: float

    @cached_property
    def printed(self) -> dict[tuple[str, str], set[str]]:
        """The data sets for which an artifact prints a number of a method, by both; its name is that of `run_as`."""
        found: dict[tuple[str, str], set[str]] = {}
        cells = self.published.dropna(subset=["value"])
        for artifact, method, dataset in zip(*(cells[n] for n in ("artifact", "method", "dataset")), strict=True):
            found.setdefault((artifact, run_as(artifact, method)), set()).add(dataset)
        return found

    def measures(self, artifact: str) -> dict[tuple[str, str], set[tuple[str, str]]]:
        """Return the printed metrics and parts of an artifact by method, as `run_as` names it, and data set."""
        cells = self.published.dropna(subset=["value"])
        cells = cells[cells["artifact"] == artifact]
        given = [cells[name].fillna("") if name in cells else [""] * len(cells) for name in ("metric", "protocol")]
        found: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for method, dataset, metric, part in zip(cells["method"], cells["dataset"], *given, strict=True):
            measure = (metric, "" if part in SPLITS else part)
            found.setdefault((run_as(artifact, method), dataset), set()).add(measure)
        return found


@dataclass(frozen=True)
class Evidence(Terms):
    """What claims are tried on: a run.

    Attributes:
        scores: of the judged protocol at the tables' setting, of all evaluations, see `relamp.judge.runs.scores`; a
            claim rests on those of its artifact's evaluations alone.
        settings: runs of every setting at the last epoch, see `relamp.judge.runs.last_epochs`.
        damage: median loss of structural entropy by dataset, augmentation and reading, as a fraction.
        judged_by: by artifact and domain of the data set, the evaluation.
        theorem: verdicts of `relamp.judge.theorem`; empty where nothing was measured.
        fixed: by evaluation and method the configured setting, `default` where none is named.
        evaluations: by artifact and method, as `run_as` names it, the evaluation of its number.
    """

    scores: pd.DataFrame
    settings: pd.DataFrame
    damage: pd.DataFrame
    judged_by: JudgedBy
    theorem: pd.DataFrame = field(default_factory=pd.DataFrame)
    fixed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    evaluations: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def has_fixed(self, rows: pd.DataFrame) -> bool:
        """Return whether some rows, like those of `settings`, are of the configured setting of their method."""
        of = rows[["evaluation", "method", "setting"]].drop_duplicates().itertuples(index=False)
        return any(self.fixed.get(how, {}).get(method, DEFAULT) == setting for how, method, setting in of)

    @cached_property
    def by_measure(self) -> dict[tuple[str, str], dict[tuple[str, str], "ByMethod"]]:
        """Scores by data set and evaluation, then by metric and part, then by method, each by run."""
        found: dict[tuple[str, str], dict[tuple[str, str], ByMethod]] = {}
        rows = self.scores.assign(fold=self.scores["fold"].fillna(NO_FOLD))
        for (dataset, *measure), of in rows.groupby(["dataset", *MEASURE], sort=True):
            evaluation, metric, part = map(str, measure)
            methods = {str(name): runs.set_index(RUN)["value"] for name, runs in of.groupby("method")}
            found.setdefault((str(dataset), evaluation), {})[metric, part] = methods
        return found

    def measured(self, dataset: str, evaluation: str, method: str) -> ByMeasure:
        """Return the scores of a method by an evaluation, by metric and part; none where it has none."""
        by_measure = self.by_measure.get((dataset, evaluation), {})
        return {measure: methods[method] for measure, methods in by_measure.items() if method in methods}


class Data(BaseModel):
    """What a file says, and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Piece(Data):
    """What a run tells of a claim on one data set.

    Attributes:
        dataset: the data set.
        rival: the method that the claim's own is held against, if any.
    """

    model_config = ConfigDict(ser_json_inf_nan="constants")

    dataset: str
    rival: str = ""


class Difference(Piece):
    """How far one thing is above another, in points: a mean and its interval.

    Attributes:
        what: of what over what.
        mean, low, high: the difference and its bounds; NaN bounds where too few runs leave the spread unknown.
        parts: of its variance.
    """

    what: str
    mean: float
    low: float
    high: float
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        bounds = "" if math.isnan(self.low) else f" ({self.low:+.2f} to {self.high:+.2f})"
        return f"{self.what}: {self.mean:+.2f}{bounds}"


class Furthest(Piece):
    """Of all pairs of values of a parameter those that differ most, in points.

    Attributes:
        pairs: how many there are.
        most: the difference of the pair whose means are furthest apart.
        surely, possibly: the largest distance that some pair has by its whole interval, and that some interval allows.
    """

    pairs: int
    most: Difference
    surely: float
    possibly: float


class Loss(Piece):
    """The median loss of structural entropy, as a fraction.

    Attributes:
        reading: of the augmentation.
        median: of the claim's augmentation.
        other: the largest of the other augmentations; NaN without any.
    """

    reading: str
    median: float
    other: float


class Statement(Piece):
    """What an estimator says of a statement of LAMP's Theorem 4.1, in nats."""

    estimator: str
    outcome: str
    difference: float
    low: float
    high: float


def difference(
    values: "pd.Series[float]", what: str, dataset: str, confidence: float, rival: str = ""
) -> Difference | None:
    """Return the difference of a gain by run, with its name and data set; none without any run."""
    if values.empty:
        return None
    scores = values.rename("value").reset_index().assign(method=what, dataset=dataset)
    scores["fold"] = scores["fold"].where(scores["fold"] != NO_FOLD)
    table = PER_CENT * run_table(scores)
    interval = interval_of_table(table, confidence)
    parts, low, high = [Part(math.nan, 0)], math.nan, math.nan
    # Two seeds may happen to agree, but hardly in all folds; those of one seed share its encoder.
    if interval.seeds >= (2 if interval.folds else LEAST_SEEDS):
        parts, low, high = parts_of_table(table), interval.low, interval.high
    about, mean = f"{dataset}, {what}", interval.mean
    return Difference(dataset=dataset, rival=rival, what=about, mean=mean, low=low, high=high, parts=tuple(parts))


def average(gains: Sequence[Difference], what: str, confidence: float) -> Difference:
    """Average over data sets, whose runs are independent: variances add up, as those of a ladder's steps.

    Of one data set it is its difference, with the same bounds.
    """
    if len(gains) == 1:
        return gains[0].model_copy(update={"dataset": "", "what": what})
    parts = tuple(averaged([gain.parts for gain in gains]))
    mean, half = sum(gain.mean for gain in gains) / len(gains), half_width_of(parts, confidence)
    return Difference(dataset="", what=what, mean=mean, low=mean - half, high=mean + half, parts=parts)
