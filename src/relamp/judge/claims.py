"""The papers' claims, put to the test: each is a quote, a place and a formula, tried on printed or on measured cells.

`printed` formulas ask whether the papers' own cells bear out their text (`relamp.judge.audit`), `measured` ones whether
scores of this run do. A formula is a class below, its parameters are the fields.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from relamp.data.rows import setting_name, setting_values
from relamp.errors import RelampError
from relamp.judge.intervals import cell_intervals
from relamp.judge.published import AGGREGATES, RANK, JudgedBy, evaluation_of, run_as
from relamp.judge.runs import MEASURE

Outcome = Literal["holds", "fails", "undecided", "not run"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
COLUMNS = ("id", "paper", "where", "quote", "outcome", "coverage", "evidence")
AVERAGE = "average"  # in place of a data set: the mean over the data sets
_RUN = ["seed", "fold"]
_NO_FOLD = -1
_EQUAL = 1e-9  # differences of printed decimals are exact but for the last bits of a float

_Result = tuple[Outcome, Sequence[str], Sequence[str]]  # outcome, data sets it rests on, evidence


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
    """

    scores: pd.DataFrame
    settings: pd.DataFrame
    damage: pd.DataFrame
    published: pd.DataFrame
    judged_by: JudgedBy
    margin: float
    confidence: float


@dataclass(frozen=True)
class Finding:
    """One check of the printed cells: what the paper says, what its cells say, and whether they agree."""

    claimed: str
    recomputed: str
    agrees: bool
    where: str = ""
    remark: str = ""


@dataclass(frozen=True)
class _Difference:
    """How far one thing is above another, in points: a mean and its interval, over some data sets."""

    what: str
    mean: float
    low: float
    high: float
    datasets: tuple[str, ...]

    def __str__(self) -> str:
        bounds = "" if math.isnan(self.low) else f" ({self.low:+.2f} to {self.high:+.2f})"
        return f"{self.what}: {self.mean:+.2f}{bounds}"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Formula(_Data):
    """What is about cells of an artifact.

    Attributes:
        artifact: a table or figure of the paper.
        datasets: those that the claim is about; by default all of the artifact.
        leave_out: data sets that it excepts.
    """

    artifact: str
    datasets: tuple[str, ...] | None = None
    leave_out: tuple[str, ...] = ()


class _Measured(_Formula):
    """A formula over measured scores.

    Attributes:
        table: the published table whose data sets a claim about a figure covers; by default the artifact itself.
    """

    table: str | None = None

    def covered(self, evidence: Evidence) -> list[str]:
        """Return the data sets that the claim is about."""
        published = evidence.published
        names = published.loc[published["artifact"] == (self.table or self.artifact), "dataset"].unique().tolist()
        if not (names or self.datasets):
            raise RelampError(f"{self.artifact}: is no published table; name the data sets of the claim, or a `table`")
        return [name for name in self.datasets or names if name not in (*AGGREGATES, *self.leave_out)]

    @abstractmethod
    def _outcome(self, evidence: Evidence) -> _Result: ...


class BestAverage(_Measured):
    """`method` is above every rival of its table, on average over the data sets that both have.

    Attributes:
        beside: the paper's other methods, which do not count as rivals.
    """

    kind: Literal["best_average"]
    method: str
    beside: tuple[str, ...] = ()

    def _outcome(self, evidence: Evidence) -> _Result:
        rivals = [name for name in _rivals(evidence, self.artifact, self.method) if name not in self.beside]
        found = {name: _average(_differences(self, evidence, self.method, name), f"over {name}") for name in rivals}
        return _above_rivals({rival: [gain] if gain else [] for rival, gain in found.items()})


class MeanGain(_Measured):
    """`method` is above `over` on average by more than the claimed points less the margin, or than `at_least` these."""

    kind: Literal["gain"]
    method: str
    over: str
    points: float
    at_least: bool = False

    def _outcome(self, evidence: Evidence) -> _Result:
        gain = _average(_differences(self, evidence, self.method, self.over), f"over {self.over}")
        if gain is None:
            return "not run", (), ()
        least = max(self.points if self.at_least else self.points - evidence.margin, 0)
        shown = [f"claimed {'over ' if self.at_least else ''}{self.points:+g}", str(gain)]
        return _on_side(gain.low > least, gain.high < least), gain.datasets, shown


class Beats(_Measured):
    """`method` is above `over` on each data set.

    Attributes:
        over: a rival, several, or `all` other methods of the table.
    """

    kind: Literal["beats"]
    method: str
    over: str | tuple[str, ...]

    def _outcome(self, evidence: Evidence) -> _Result:
        named = (self.over,) if isinstance(self.over, str) else self.over
        rivals = dict.fromkeys(run_as(self.artifact, name) for name in named)
        wanted = _rivals(evidence, self.artifact, self.method) if self.over == "all" else list(rivals)
        return _above_rivals({rival: _differences(self, evidence, self.method, rival) for rival in wanted})


class FallsAbove(_Measured):
    """The mean score over all settings above the threshold is below that over the others, on each data set."""

    kind: Literal["falls_above"]
    parameter: str
    threshold: float

    def _outcome(self, evidence: Evidence) -> _Result:
        parts = []
        for dataset, rows in _sweeps(self, evidence, self.parameter):
            above = rows["x"] > self.threshold
            if above.any() and not above.all():
                runs = [rows[side].groupby(_RUN)["value"].mean() for side in (~above, above)]
                what = f"{self.parameter} up to {self.threshold:g} above the rest"
                parts.append(_as_scores(runs[0] - runs[1], what, dataset))
        return _all_above(_intervals(evidence, parts))


class RisesWith(_Measured):
    """The least-squares slope of the score over the parameter's decades is positive, on each data set."""

    kind: Literal["rises_with"]
    parameter: str

    def _outcome(self, evidence: Evidence) -> _Result:
        parts = []
        for dataset, rows in _sweeps(self, evidence, self.parameter):
            table = rows[rows["x"] > 0].pivot_table(index=_RUN, columns="x", values="value")
            if table.shape[1] > 1:
                x = np.log10(table.columns.to_numpy(dtype=float))
                x -= x.mean()
                parts.append(_as_scores(table @ x / (x @ x), f"points a tenfold {self.parameter}", dataset))
        return _all_above(_intervals(evidence, parts))


class LosesOver(_Measured):
    """The median loss of entropy is over the fraction on each data set; undecided where the readings disagree."""

    kind: Literal["loses_over"]
    augmentation: str
    fraction: float

    def _outcome(self, evidence: Evidence) -> _Result:
        return _by_reading(self, evidence, self.augmentation, lambda median: median > self.fraction)


class AddsEntropy(_Measured):
    """The median loss of entropy is negative on each data set; undecided where the readings disagree."""

    kind: Literal["adds_entropy"]
    augmentation: str

    def _outcome(self, evidence: Evidence) -> _Result:
        return _by_reading(self, evidence, self.augmentation, lambda median: median < 0)


class _Printed(_Formula):
    """A formula over printed cells.

    Attributes:
        measure: the printed value, or its spread.
        metric, protocol: of several cells of a data set, those alone.
    """

    measure: Literal["value", "spread"] = "value"
    metric: str | None = None
    protocol: str | None = None

    def wide(self, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        """Return the measure: one row per method, one column per data set (and metric or protocol, of several)."""
        if self.artifact not in tables:
            raise RelampError(f"{self.artifact}: there is no such published table; known: {', '.join(tables)}")
        cells = tables[self.artifact]
        cells = cells.assign(protocol=cells.get("protocol", ""))
        # An aggregate is meant only where it is named: a mean of data sets is not one more data set.
        names = self.datasets or [name for name in cells["dataset"].unique() if name not in AGGREGATES]
        cells = cells[cells["dataset"].isin(set(names) - set(self.leave_out))]
        for column in ("metric", "protocol"):
            if wanted := getattr(self, column):
                cells = cells[cells[column] == wanted]
        by_dataset = cells.groupby("dataset")[["metric", "protocol"]].nunique().max()
        varying = by_dataset.index[by_dataset > 1]
        keys = [", ".join(names) for names in zip(*(cells[name] for name in ["dataset", *varying]), strict=True)]
        wide = cells.assign(key=keys).pivot_table(self.measure, "method", "key", sort=False, dropna=False)
        if wide.empty:
            raise RelampError(f"{self.artifact}: has no cells of {self.model_dump(exclude_defaults=True)}")
        return wide

    def rows(self, wide: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
        """Return the rows of the methods; raises RelampError if one is not in the table."""
        unknown = [name for name in methods if name not in wide.index]
        if unknown:
            raise RelampError(f"{self.artifact}: has no method {', '.join(unknown)}; known: {', '.join(wide.index)}")
        return wide.loc[list(methods)]

    @abstractmethod
    def check(self, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
        """Return what comes out, by the published tables."""


class Gain(_Printed):
    """`method` is above the best of some rivals by so many points on a data set (or on `average`).

    Attributes:
        over: readings of what is compared with; each is a list of rivals, of which the best on the data set counts.
            The claim agrees if it does by one of the readings, since the papers do not always name the baseline.
        points: for each data set the points with the printed decimals, with `>` before them where it is a lower bound.
    """

    kind: Literal["gain"]
    method: str
    over: tuple[tuple[str, ...], ...]
    points: dict[str, str]

    def check(self, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
        """Return one finding for each data set, all readings in it."""
        return [self._check(self._wide(tables, dataset), dataset, points) for dataset, points in self.points.items()]

    def _wide(self, tables: Mapping[str, pd.DataFrame], dataset: str) -> pd.DataFrame:
        """Return the one column of a data set or aggregate; for the average, the columns of all data sets."""
        if dataset == AVERAGE:
            return self.wide(tables)
        wide = self.model_copy(update={"datasets": (dataset,)}).wide(tables)
        if list(wide.columns) != [dataset]:
            raise RelampError(f"{self.artifact}: has several cells of {dataset}: {'; '.join(wide.columns)}; choose one")
        return wide

    def _check(self, wide: pd.DataFrame, dataset: str, points: str) -> Finding:
        bound, claimed = points.startswith(">"), Decimal(points.removeprefix(">").strip())
        readings = []
        for rivals in self.over:
            above = self.rows(wide, [self.method]).iloc[0] - self.rows(wide, rivals).max()
            gain = float(above.mean() if dataset == AVERAGE else above[dataset])
            best = self.rows(wide, rivals).mean(axis=1) if dataset == AVERAGE else self.rows(wide, rivals)[dataset]
            readings.append((gain, str(best.idxmax())))
        # The cells have as many decimals as the claim: half of the last one is the room that rounding leaves.
        room = float(claimed.as_tuple().exponent)
        slack = 0.5 * 10**room - _EQUAL
        right = [
            gain > float(claimed) + _EQUAL if bound else abs(gain - float(claimed)) < slack for gain, _ in readings
        ]
        shown = "; ".join(f"{gain:.{max(2, -int(room))}f} over {rival}" for gain, rival in readings)
        return Finding(points, shown, any(right), dataset)


class Places(_Printed):
    """`method` is first, second, ... of its table on so many data sets; equal values share the better place."""

    kind: Literal["places"]
    method: str
    places: dict[int, int]

    def check(self, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
        """Return one finding for each place."""
        wide = self.wide(tables)
        ranks = self.rows(wide.rank(ascending=False, method="min"), [self.method]).iloc[0]
        findings = []
        for place, count in self.places.items():
            found = ranks.index[ranks == place].tolist()
            names = f" ({', '.join(found)})" if found else ""
            findings.append(
                Finding(f"{count} times", f"{len(found)} times{names}", len(found) == count, f"place {place}")
            )
        return findings


class Leads(_Printed):
    """The methods are better than every rival on each data set: higher, but lower for spreads and average ranks.

    Attributes:
        over: the rivals, or `others`: all further methods of the table.
        need: whether `each` of the methods must lead, or `any` of them, which may differ from data set to data set.
        against: the table of the rivals, if it is another one.
    """

    kind: Literal["leads"]
    methods: tuple[str, ...]
    over: tuple[str, ...] | Literal["others"] = "others"
    need: Literal["each", "any"] = "each"
    against: str | None = None

    def check(self, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
        """Return one finding, which names each data set where a rival is as good or better."""
        wide = self.wide(tables)
        beside = self.model_copy(update={"artifact": self.against}).wide(tables) if self.against else wide
        signs = [-1.0 if self.measure == "spread" or name == RANK else 1.0 for name in wide.columns]
        rivals = [name for name in beside.index if name not in self.methods] if self.over == "others" else self.over
        own, other = self.rows(wide, self.methods) * signs, self.rows(beside, rivals)[wide.columns] * signs
        weakest = own.max() if self.need == "any" else own.min()
        compared = weakest.dropna().index.intersection(other.dropna(how="all", axis=1).columns, sort=False)
        failed = [name for name in compared if weakest[name] <= other[name].max() + _EQUAL]
        shown = [
            f"{name}: {abs(weakest[name]):g} against {abs(other[name].max()):g} of {other[name].idxmax()}"
            for name in failed
        ]
        summary = f"on {len(compared) - len(failed)} of {len(compared)}"
        equal = [name for name in failed if abs(weakest[name] - other[name].max()) <= _EQUAL]
        remark = f"equal as printed: {', '.join(equal)}" if equal else ""
        return [
            Finding("everywhere", "; not on ".join([summary, *shown]), not failed and bool(len(compared)), "", remark)
        ]


class Sum(_Data):
    """Numbers of the text that should add up to another one."""

    kind: Literal["sum"]
    artifact: str
    parts: tuple[str, ...]
    total: str

    def check(self, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:  # noqa: ARG002 - as the other kinds
        """Return one finding."""
        total = sum(map(Decimal, self.parts))
        return [Finding(self.total, f"{' + '.join(self.parts)} = {total}", total == Decimal(self.total))]


_MeasuredKinds = BestAverage | MeanGain | Beats | FallsAbove | RisesWith | LosesOver | AddsEntropy


class Claim(_Data):
    """One statement of a paper: its exact words, where they stand, and what they say of cells.

    Attributes:
        paper, where, quote: the source; `where` also says as what the quote is read, if that is not plain.
        id: of a claim on measured cells.
        measured, printed: the formulas, at least one.
        remark: what a reader of the audit should know.
    """

    paper: str = Field(min_length=1)
    where: str = Field(min_length=1)
    quote: str = Field(min_length=1)
    id: str = ""
    measured: Annotated[_MeasuredKinds, Field(discriminator="kind")] | None = None
    printed: Annotated[Gain | Places | Leads | Sum, Field(discriminator="kind")] | None = None
    remark: str = ""

    @model_validator(mode="after")
    def _is_tried(self) -> Self:
        if not (self.measured or self.printed) or bool(self.measured) != bool(self.id):
            raise ValueError("a claim has a `measured` formula, and then an `id`, or a `printed` one, or both")
        return self


def load_claims(path: Path | str) -> list[Claim]:
    """Return the claims of a YAML file; raises RelampError, naming the claim, if one has a wrong form."""
    path = Path(path)
    if not path.is_file():
        raise RelampError(f"{path}: there is no such file; the papers' claims belong there")
    try:
        entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RelampError(f"{path}: is not a list of claims: {error}") from error
    claims = []
    for entry in entries:
        try:
            claims.append(Claim.model_validate(entry))
        except ValidationError as error:
            name = entry.get("id") or entry.get("quote") if isinstance(entry, dict) else None
            faults = [".".join(map(str, fault["loc"])) + f": {fault['msg']}" for fault in error.errors()]
            raise RelampError(f"{path}: the claim {name or entry}: {'; '.join(faults)}") from error
    return claims


def check_claims(claims: Sequence[Claim], evidence: Evidence) -> pd.DataFrame:
    """Return one row (`COLUMNS`) per claim on measured cells: its outcome, the data sets it rests on, the numbers."""
    return pd.DataFrame(list(_rows(claims, evidence)), columns=list(COLUMNS))


def _rows(claims: Sequence[Claim], evidence: Evidence) -> Iterator[dict[str, Any]]:
    for claim in claims:
        if claim.measured:
            outcome, used, shown = claim.measured._outcome(evidence)
            count = f"{len(used)} of {len(claim.measured.covered(evidence))} data sets: {', '.join(used)}"
            source = claim.model_dump(include={"id", "paper", "where", "quote"})
            coverage = "" if outcome == "not run" else count
            yield {**source, "outcome": outcome, "coverage": coverage, "evidence": "; ".join(shown)}


def _by_reading(formula: _Measured, evidence: Evidence, augmentation: str, holds: Callable[[float], bool]) -> _Result:
    covered, rows = formula.covered(evidence), evidence.damage
    # Where no graph has a loss, as without edges, there is no median either, and it decides nothing.
    rows = rows[(rows["augmentation"] == augmentation) & rows["dataset"].isin(covered)].dropna(subset=["median"])
    if rows.empty:
        return "not run", (), ()
    used = [name for name in covered if name in set(rows["dataset"])]
    shown = [
        f"{row['dataset']}: median loss {100 * row['median']:.1f} % ({row['reading']})" for _, row in rows.iterrows()
    ]
    by_reading = [all(map(holds, of["median"])) for _, of in rows.groupby("reading")]
    outcome: Outcome = "holds" if all(by_reading) else "undecided" if any(by_reading) else "fails"
    return outcome, used, shown


def _rivals(evidence: Evidence, artifact: str, method: str) -> list[str]:
    """Return the other methods that a table prints, those under several names once."""
    printed = evidence.published.loc[evidence.published["artifact"] == artifact, "method"]
    names = dict.fromkeys(run_as(artifact, name) for name in printed)
    return [name for name in names if name != run_as(artifact, method)]


def _differences(formula: _Measured, evidence: Evidence, method: str, rival: str) -> list[_Difference]:
    """Return how far a method is above a rival, run by run, for each data set that both have.

    Where a data set has several metrics or parts, there is one difference for each.
    """
    parts = []
    names = [run_as(formula.artifact, name) for name in (method, rival)]
    for dataset, rows in _of_datasets(formula, evidence, evidence.scores):
        measured = rows.groupby(MEASURE, sort=True)
        for (_, metric, part), of_measure in measured:
            one, other = (of_measure[of_measure["method"] == name].set_index(_RUN)["value"] for name in names)
            difference = (one - other).dropna()
            if len(difference):
                what = f"{part} {metric}, ".lstrip() if measured.ngroups > 1 else ""
                parts.append(_as_scores(difference, f"{what}over {rival}", dataset))
    return _intervals(evidence, parts)


def _of_datasets(formula: _Measured, evidence: Evidence, rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of the artifact's evaluation of each data set that was run."""
    run = set(rows["dataset"])
    for dataset in (name for name in formula.covered(evidence) if name in run):
        of_dataset = rows[rows["dataset"] == dataset]
        evaluation = evaluation_of(evidence.judged_by, formula.artifact, dataset)
        # pandas leaves rows with an empty key out, so runs without folds get a number.
        of_evaluation = of_dataset[of_dataset["evaluation"] == evaluation]
        yield dataset, of_evaluation.assign(fold=of_evaluation["fold"].fillna(_NO_FOLD))


def _sweeps(formula: _Measured, evidence: Evidence, parameter: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield, by data set, the runs that differ in one parameter alone, with its value `x`.

    Where there are several such groups, of several methods or at several values of other parameters, it is the one
    with the most values.
    """
    values = {name: setting_values(name) for name in evidence.settings["setting"].unique()}
    swept = {name: of for name, of in values.items() if isinstance(of.get(parameter), float)}
    # What differs in another parameter is another group.
    others = {name: setting_name({key: x for key, x in of.items() if key != parameter}) for name, of in swept.items()}
    rows = evidence.settings[evidence.settings["setting"].isin(list(swept))]
    x = rows["setting"].map({name: of[parameter] for name, of in swept.items()}).astype(float)
    rows = rows.assign(x=x, others=rows["setting"].map(others))
    for dataset, of_dataset in _of_datasets(formula, evidence, rows):
        if len(of_dataset):
            groups = [group for _, group in of_dataset.groupby(["method", "others", *MEASURE])]
            yield dataset, max(groups, key=lambda group: group["x"].nunique())


def _as_scores(values: "pd.Series[float]", what: str, dataset: str) -> pd.DataFrame:
    frame = values.rename("value").reset_index()
    folds = frame["fold"].where(frame["fold"] != _NO_FOLD)
    return frame.assign(fold=folds, method=what, dataset=dataset, protocol="fixed")


def _intervals(evidence: Evidence, parts: Sequence[pd.DataFrame]) -> list[_Difference]:
    if not parts:
        return []
    cells = cell_intervals(pd.concat(parts, ignore_index=True), evidence.confidence)
    return [
        _Difference(f"{row['dataset']}, {row['method']}", row["mean"], row["low"], row["high"], (row["dataset"],))
        for row in cells.to_dict("records")
    ]


def _average(gains: Sequence[_Difference], what: str) -> _Difference | None:
    """Average over data sets, whose runs are independent: half-widths add as squares."""
    if not gains:
        return None
    half = math.sqrt(sum((gain.high - gain.mean) ** 2 for gain in gains)) / len(gains)
    mean = sum(gain.mean for gain in gains) / len(gains)
    return _Difference(what, mean, mean - half, mean + half, tuple(name for gain in gains for name in gain.datasets))


def _above_rivals(gains: Mapping[str, Sequence[_Difference]]) -> _Result:
    """As `_all_above`; what is above those rivals that were run may still be below the others."""
    outcome, used, shown = _all_above([gain for of_rival in gains.values() for gain in of_rival])
    run = sum(bool(of_rival) for of_rival in gains.values())
    if outcome == "not run" or run == len(gains):
        return outcome, used, shown
    return ("undecided" if outcome == "holds" else outcome), used, [f"{run} of {len(gains)} rivals run", *shown]


def _all_above(gains: Sequence[_Difference]) -> _Result:
    """All must be above zero with their whole intervals; one that is wholly below decides against the claim."""
    if not gains:
        return "not run", (), ()
    used = dict.fromkeys(name for gain in gains for name in gain.datasets)
    outcome = _on_side(all(gain.low > 0 for gain in gains), any(gain.high < 0 for gain in gains))
    return outcome, tuple(used), [str(gain) for gain in gains]


def _on_side(holds: bool, fails: bool) -> Outcome:
    return "holds" if holds else "fails" if fails else "undecided"
