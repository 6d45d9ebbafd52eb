"""Claims tried on what was measured: a formula is a class below, its parameters are the fields.

A formula first takes from a run what the run tells of each data set and rival, its pieces of evidence, and then judges
the pieces. Those of several runs are judged together in the same way (`relamp.site.claims`).
"""

import math
from abc import abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from relamp.data.rows import setting_name, setting_values
from relamp.errors import RelampError
from relamp.judge.evidence import (
    NO_FOLD,
    RUN,
    Data,
    Difference,
    Evidence,
    Furthest,
    Loss,
    Piece,
    Statement,
    Terms,
    average,
    difference,
)
from relamp.judge.published import AGGREGATES, evaluation_of, run_as
from relamp.judge.runs import MEASURE
from relamp.judge.theorem import ALL

Outcome = Literal["holds", "fails", "undecided", "not run"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_NAMED = 3  # so many data sets are named where a claim rests on all that it is about
Result = tuple[Outcome, Sequence[str]]  # outcome and evidence in words


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


P = TypeVar("P", bound=Piece)


class _Measured(Formula, Generic[P]):
    """A formula over what was measured, which a run tells in pieces of one kind.

    Attributes:
        table: the published table whose data sets and rivals a claim about another artifact covers.
    """

    piece: ClassVar[type[Piece]] = Difference

    table: str | None = None

    @property
    def printed_in(self) -> str:
        """The published table that prints the rivals, and the data sets."""
        return self.table or self.artifact

    def covered(self, terms: Terms) -> list[str]:
        """Return the data sets that the claim is about."""
        published = terms.published
        names = published.loc[published["artifact"] == self.printed_in, "dataset"].unique().tolist()
        if not (names or self.datasets):
            raise RelampError(f"{self.artifact}: is no published table; name the data sets of the claim, or a `table`")
        return [name for name in self.datasets or names if name not in (*AGGREGATES, *self.leave_out)]

    def rivals(self, _terms: Terms) -> Sequence[str]:
        """Return the methods that the claim's own is held against; one without a name if there are none."""
        return [""]

    def wanted(self, terms: Terms) -> dict[str, list[str]]:
        """Return by rival the data sets that a claim is about, those alone where the table prints a number of it."""
        covered = self.covered(terms)
        table = self.printed_in
        said = {rival: terms.printed.get((table, run_as(table, rival))) for rival in self.rivals(terms)}
        there = {rival: [n for n in covered if names is None or n in names] for rival, names in said.items()}
        return {rival: names for rival, names in there.items() if names}

    @abstractmethod
    def pieces(self, evidence: Evidence) -> list[P]:
        """Return what a run tells of the claim."""

    def tested(self, evidence: Evidence) -> dict[str, str]:
        """Return what the claim comes to by a run, see `judged`, with the run's `pieces` of evidence as JSON."""
        found = self.pieces(evidence)
        return {**self.judged(found, evidence), "pieces": self._as_json.dump_json(found).decode()}

    def told(self, pieces: str) -> list[P]:
        """Return the pieces of evidence that JSON holds."""
        return self._as_json.validate_json(pieces)

    @property
    def _as_json(self) -> TypeAdapter[list[P]]:
        return TypeAdapter(list[self.piece])  # type: ignore[name-defined, unused-ignore]

    def judged(self, pieces: Iterable[P], terms: Terms) -> dict[str, str]:
        """Return the `outcome`, the data sets that it rests on (`coverage`), and the numbers (`evidence`).

        A claim holds only where all was run that it is about; a part of it may suffice to refute it.
        """
        covered, wanted = self.covered(terms), self.wanted(terms)
        found = sorted(pieces, key=lambda piece: (piece.rival, covered.index(piece.dataset)))
        if not found:
            return {"outcome": "not run", "coverage": "", "evidence": ""}
        outcome, shown = self._concluded(found, terms)
        there = self.complete(found, terms)
        used = [name for name in covered if any(piece.dataset == name for piece in found)]
        pairs = {(rival, name) for rival, names in wanted.items() for name in names}
        if outcome == "holds" and (used != covered or pairs - there):
            outcome = "undecided"
        near = {(rival, name) for rival, name in pairs if name in used}
        if near - there:
            words = f"rivals run on {used[0]}" if len(used) == 1 else "comparisons run"
            shown = [f"{len(there)} of {len(near)} {words}", *shown]
        count = f"{len(used)} of {len(covered)} data sets: {', '.join(used)}"
        if used == covered and len(used) > _NAMED:
            count = f"all {len(used)} data sets"
        return {"outcome": outcome, "coverage": count, "evidence": "; ".join(shown)}

    def complete(self, pieces: Sequence[P], _terms: Terms) -> set[tuple[str, str]]:
        """Return the rivals and data sets of which the pieces tell all that a claim is about."""
        return {(piece.rival, piece.dataset) for piece in pieces}

    @abstractmethod
    def _concluded(self, pieces: Sequence[P], terms: Terms) -> Result:
        """Return what the pieces come to, of which there is one at least, those of a rival together."""


class OfMethod(_Measured[Difference]):
    """What is about one method and its rivals, in points, run by run.

    Attributes:
        method: of which the claim is.
    """

    method: str

    def pieces(self, evidence: Evidence) -> list[Difference]:
        """Return how far the method is above each rival, for each data set that both have."""
        run = {dataset for dataset, _ in evidence.by_measure}
        return [
            gain
            for rival, datasets in self.wanted(evidence).items()
            for dataset, evaluation in _evaluated(self, evidence, run.intersection(datasets))
            for gain in self.above(rival, evidence, evidence, dataset, evaluation)
        ]

    def above(self, rival: str, own: Evidence, other: Evidence, dataset: str, evaluation: str) -> Iterator[Difference]:
        """Yield how far the method of one run is above a rival of the same or another, by seed and fold.

        Where a data set has several metrics or parts, there is one difference for each.
        """
        name = run_as(self.printed_in, rival)
        mine = own.measured(dataset, evaluation, run_as(self.artifact, self.method))
        # What learns from labels, say, is not measured as the table's own methods are.
        theirs = other.measured(dataset, evaluation, name)
        theirs = theirs or other.measured(dataset, other.evaluations.get((self.printed_in, name), evaluation), name)
        for metric, part in mine:
            if (metric, part) in theirs:
                what = f"{part} {metric}, ".lstrip() if len(mine) > 1 else ""
                gain = (mine[metric, part] - theirs[metric, part]).dropna()
                if found := difference(gain, f"{what}over {rival}", dataset, own.confidence, rival):
                    yield found

    def complete(self, pieces: Sequence[Difference], terms: Terms) -> set[tuple[str, str]]:
        """Return the rivals and data sets of the pieces, where these have all metrics and parts that are printed."""
        mine, theirs = terms.measures(self.artifact), terms.measures(self.printed_in)
        own = run_as(self.artifact, self.method)
        counts = Counter((piece.rival, piece.dataset) for piece in pieces)
        return {
            (rival, dataset)
            for (rival, dataset), count in counts.items()
            if count
            >= len(mine.get((own, dataset), set()) & theirs.get((run_as(self.printed_in, rival), dataset), set()))
        }

    def _average(self, pieces: Iterable[Difference], rival: str, terms: Terms) -> tuple[Difference, bool]:
        """Return the average over the data sets of a rival, and whether these are all that the claim is about."""
        own, wanted = [piece for piece in pieces if piece.rival == rival], self.wanted(terms)[rival]
        used = {piece.dataset for piece in own}
        whole = used.issuperset(wanted)
        words = f"over {rival}" + ("" if whole else f" on {len(used)} of {len(wanted)}")
        return average(own, words, terms.confidence), whole


class BestAverage(OfMethod):
    """`method` is above every rival of its table, on average over the data sets that both have.

    One that was run on a part of them decides nothing.

    Attributes:
        over: the rivals; by default all further methods of the table.
        beside: the paper's other methods, which do not count as rivals.
    """

    kind: Literal["best_average"]
    over: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def rivals(self, terms: Terms) -> Sequence[str]:
        """Return those over which it is, but for the paper's own."""
        every = self.over or _rivals(terms, self.printed_in, self.method)
        return [name for name in every if name not in self.beside]

    def _concluded(self, pieces: Sequence[Difference], terms: Terms) -> Result:
        averages = [self._average(pieces, rival, terms) for rival in dict.fromkeys(piece.rival for piece in pieces)]
        decides = [average for average, whole in averages if whole]
        outcome, shown = _above_zero(decides)
        return outcome, shown if outcome == "fails" else [str(average) for average, _ in averages]


class MeanGain(OfMethod):
    """`method` is above `over` on average by more than the claimed points less the margin, or than `at_least` these."""

    kind: Literal["gain"]
    over: str
    points: float
    at_least: bool = False

    def rivals(self, _terms: Terms) -> Sequence[str]:
        """Return the one over which it is."""
        return [self.over]

    def _concluded(self, pieces: Sequence[Difference], terms: Terms) -> Result:
        gain, whole = self._average(pieces, self.over, terms)
        least = max(self.points if self.at_least else self.points - terms.margin, 0)
        shown = [f"claimed {'over ' if self.at_least else ''}{self.points:+g}", str(gain)]
        return on_side(whole and gain.low > least, whole and gain.high < least), shown


class Beats(OfMethod):
    """`method` is above `over` on each data set.

    Attributes:
        over: a rival, several, or `all` other methods of the table.
    """

    kind: Literal["beats"]
    over: str | tuple[str, ...]

    def rivals(self, terms: Terms) -> Sequence[str]:
        """Return those over which it is."""
        named = (self.over,) if isinstance(self.over, str) else self.over
        every = _rivals(terms, self.artifact, self.method) if self.over == "all" else named
        return list(dict.fromkeys(run_as(self.artifact, name) for name in every))

    def _concluded(self, pieces: Sequence[Difference], _terms: Terms) -> Result:
        return _above_zero(pieces)


class Place(OfMethod):
    """`method` has a place (2 for the second best) among the methods of its table on so many data sets.

    On a data set a rival is above it, below it, or neither by the interval of their difference; one that was not run is
    neither. So the place lies between bounds, which decide only where they leave no room.
    """

    kind: Literal["place"]
    place: int
    count: int

    def rivals(self, terms: Terms) -> Sequence[str]:
        """Return all further methods of the table."""
        return _rivals(terms, self.artifact, self.method)

    def _concluded(self, pieces: Sequence[Difference], terms: Terms) -> Result:
        printed = Counter(name for names in self.wanted(terms).values() for name in names)
        used = [name for name in self.covered(terms) if any(piece.dataset == name for piece in pieces)]
        certain, possible, shown = 0, len(self.covered(terms)) - len(used), []
        for dataset in used:
            mine = [piece for piece in pieces if piece.dataset == dataset]
            above, below = sum(piece.high < 0 for piece in mine), sum(piece.low > 0 for piece in mine)
            first, last = 1 + above, 1 + printed[dataset] - below
            certain += first == last == self.place
            possible += first <= self.place <= last
            shown.append(f"{dataset}: place {first}" + (f" to {last}" if last > first else ""))
        shown.insert(0, f"place {self.place} on {certain} to {possible} data sets, claimed {self.count}")
        return on_side(certain == possible == self.count, not certain <= self.count <= possible), shown


class _OfSweep(_Measured[P], Generic[P]):
    """What is about runs that differ in one parameter alone, with its value `x`.

    Where a data set has several such groups, of several methods or at several values of other parameters, it is the one
    with the most values, and of equals the one that the configured setting is in, as in the papers' figures.

    Attributes:
        parameter: its name.
        method: of which the claim is; by default of any.
        averaged: whether runs at all values of other parameters are one group, so that scores are means over these.
    """

    parameter: str
    method: str = ""
    averaged: bool = False

    def pieces(self, evidence: Evidence) -> list[P]:
        """Return what the rows of each data set tell that has several values of the parameter."""
        found = (self._told(dataset, group, evidence.confidence) for dataset, group in self._groups(evidence))
        return [piece for piece in found if piece]

    @abstractmethod
    def _told(self, dataset: str, rows: pd.DataFrame, confidence: float) -> P | None:
        """Return what the rows of a data set at several `x` tell, if anything."""

    def _groups(self, evidence: Evidence) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield the rows of each data set that differ in the parameter alone, with its value `x`."""
        values = {name: setting_values(name) for name in evidence.settings["setting"].unique()}
        x = {name: of[self.parameter] for name, of in values.items() if isinstance(of.get(self.parameter), float)}
        # What differs in another parameter is another group.
        others = {name: setting_name({k: v for k, v in values[name].items() if k != self.parameter}) for name in x}
        rows = evidence.settings[evidence.settings["setting"].isin(list(x))]
        rows = rows[rows["method"] == self.method] if self.method else rows
        rows = rows.assign(x=rows["setting"].map(x).astype(float), others=rows["setting"].map(others))
        for dataset, of_dataset in _of_datasets(self, evidence, rows):
            alike = ["method", *MEASURE] if self.averaged else ["method", "others", *MEASURE]
            groups = [group for _, group in of_dataset.groupby(alike)]
            if groups:
                yield dataset, max(groups, key=lambda group: (group["x"].nunique(), evidence.has_fixed(group)))


class _GainOfSweep(_OfSweep[Difference]):
    """What says that something of the runs is above zero on each data set."""

    def _told(self, dataset: str, rows: pd.DataFrame, confidence: float) -> Difference | None:
        values = self._values(rows)
        return difference(*values, dataset, confidence) if values else None

    @abstractmethod
    def _values(self, rows: pd.DataFrame) -> tuple["pd.Series[float]", str] | None:
        """Return what must be above zero by run, and its name."""

    def _concluded(self, pieces: Sequence[Difference], _terms: Terms) -> Result:
        return _above_zero(pieces)


class FallsAbove(_GainOfSweep):
    """The mean score over all settings above the threshold is below that over the others, on each data set.

    Attributes:
        up_to: the greatest value that counts.
        rises: whether it is the other way round.
    """

    kind: Literal["falls_above"]
    threshold: float
    up_to: float = math.inf
    rises: bool = False

    def _values(self, rows: pd.DataFrame) -> tuple["pd.Series[float]", str] | None:
        rows = rows[rows["x"] <= self.up_to]
        above = rows["x"] > self.threshold
        if above.all() or not above.any():
            return None
        low, high = (rows[side].groupby(RUN)["value"].mean() for side in (~above, above))
        end = "the rest" if math.isinf(self.up_to) else f"those up to {self.up_to:g}"
        words = f"{self.parameter} up to {self.threshold:g} {'below' if self.rises else 'above'} {end}"
        return (high - low if self.rises else low - high), words


class BestAround(_GainOfSweep):
    """The mean score over settings `within` a factor of a value is above that over the others, on each data set."""

    kind: Literal["best_around"]
    value: float
    within: Literal["twofold", "tenfold"] = "tenfold"

    def _values(self, rows: pd.DataFrame) -> tuple["pd.Series[float]", str] | None:
        most = np.log10({"twofold": 2, "tenfold": 10}[self.within])
        near = (rows["x"] > 0) & (np.log10(rows["x"].clip(lower=1e-300) / self.value).abs() <= most + 1e-9)
        if near.all() or not near.any():
            return None
        around, others = (rows[side].groupby(RUN)["value"].mean() for side in (near, ~near))
        return around - others, f"{self.parameter} within a {self.within} of {self.value:g} above the rest"


class RisesWith(_GainOfSweep):
    """The least-squares slope of the score over the parameter's decades is positive, on each data set."""

    kind: Literal["rises_with"]

    def _values(self, rows: pd.DataFrame) -> tuple["pd.Series[float]", str] | None:
        table = rows[rows["x"] > 0].pivot_table(index=RUN, columns="x", values="value")
        if table.shape[1] < 2:
            return None
        x = np.log10(table.columns.to_numpy(dtype=float))
        x -= x.mean()
        return table @ x / (x @ x), f"points a tenfold {self.parameter}"


class NotSensitive(_OfSweep[Furthest]):
    """No two values of the parameter differ by more than the margin, on each data set, with their whole intervals."""

    piece = Furthest

    kind: Literal["not_sensitive"]

    def _told(self, dataset: str, rows: pd.DataFrame, confidence: float) -> Furthest | None:
        table = rows.pivot_table(index=RUN, columns="x", values="value").dropna()
        pairs = [
            difference(table[other] - table[one], f"{self.parameter} {other:g} against {one:g}", dataset, confidence)
            for one, other in combinations(table.columns, 2)
        ]
        found = [pair for pair in pairs if pair]
        if not found:
            return None
        low, high = (np.array([getattr(pair, side) for pair in found]) for side in ("low", "high"))
        return Furthest(
            dataset=dataset,
            pairs=len(found),
            most=max(found, key=lambda pair: abs(pair.mean)),
            surely=float(np.fmax(low, -high).max()),
            possibly=float(np.maximum(-low, high).max()),
        )

    def _concluded(self, pieces: Sequence[Furthest], terms: Terms) -> Result:
        within = all(piece.possibly <= terms.margin for piece in pieces)
        beyond = any(piece.surely > terms.margin for piece in pieces)
        most = max((piece.most for piece in pieces), key=lambda pair: abs(pair.mean))
        return on_side(within, beyond), [f"of {sum(each.pairs for each in pieces)} pairs the furthest apart, {most}"]


class _OfDamage(_Measured[Loss]):
    """What is about the median loss of entropy on each data set; undecided where the readings disagree."""

    piece = Loss

    augmentation: str

    def pieces(self, evidence: Evidence) -> list[Loss]:
        """Return the median loss on each data set by each reading."""
        # Where no graph has a loss, as without edges, there is no median either, and it decides nothing.
        rows = evidence.damage[evidence.damage["dataset"].isin(self.covered(evidence))].dropna(subset=["median"])
        wide = rows.pivot_table("median", ["dataset", "reading"], "augmentation", sort=False)
        if self.augmentation not in wide:
            return []
        wide = wide.dropna(subset=[self.augmentation])
        others = wide.drop(columns=self.augmentation).max(axis=1)
        return [
            Loss(dataset=dataset, reading=reading, median=mine, other=other)
            for (dataset, reading), mine, other in zip(wide.index, wide[self.augmentation], others, strict=True)
        ]

    def _concluded(self, pieces: Sequence[Loss], _terms: Terms) -> Result:
        by_reading: dict[str, bool] = {}
        for piece in pieces:
            by_reading[piece.reading] = by_reading.get(piece.reading, True) and self._holds(piece)
        shown = [f"{piece.dataset}: {self._shown(piece)} ({piece.reading})" for piece in pieces]
        return on_side(all(by_reading.values()), not any(by_reading.values())), shown

    @abstractmethod
    def _holds(self, piece: Loss) -> bool: ...

    def _shown(self, piece: Loss) -> str:
        return f"median loss {100 * piece.median:.1f} %"


class LosesOver(_OfDamage):
    """The median loss of entropy is over the fraction on each data set."""

    kind: Literal["loses_over"]
    fraction: float

    def _holds(self, piece: Loss) -> bool:
        return piece.median > self.fraction


class LosesMost(_OfDamage):
    """The median loss of entropy is above that of every other augmentation, on each data set."""

    kind: Literal["loses_most"]

    def pieces(self, evidence: Evidence) -> list[Loss]:
        """Return those of data sets with other augmentations."""
        return [piece for piece in super().pieces(evidence) if not math.isnan(piece.other)]

    def _holds(self, piece: Loss) -> bool:
        return piece.median > piece.other

    def _shown(self, piece: Loss) -> str:
        return f"{100 * piece.median:.1f} % against {100 * piece.other:.1f} %"


class AddsEntropy(_OfDamage):
    """The median loss of entropy is negative on each data set."""

    kind: Literal["adds_entropy"]

    def _holds(self, piece: Loss) -> bool:
        return piece.median < 0


class OfTheorem(_Measured[Statement]):
    """A statement of LAMP's Theorem 4.1 is confirmed on each data set, by the encoder of `method`.

    Undecided where estimators disagree: it fails where each of them contradicts it on some data set.
    """

    piece = Statement

    kind: Literal["theorem"]
    method: str
    statement: Literal["statement 1", "statement 2"]

    def pieces(self, evidence: Evidence) -> list[Statement]:
        """Return what each estimator says on each data set."""
        rows = evidence.theorem
        if rows.empty:
            return []
        rows = rows[(rows["test"] == self.statement) & (rows["view"] == ALL) & (rows["method"] == self.method)]
        rows = rows[rows["dataset"].isin(self.covered(evidence))]
        names = ["dataset", *Statement.__annotations__]
        return [Statement.model_validate(row) for row in rows[names].to_dict("records")]

    def _concluded(self, pieces: Sequence[Statement], _terms: Terms) -> Result:
        shown = [
            f"{of.dataset}, {of.estimator}: {of.outcome}, {of.difference:+.3f} ({of.low:+.3f} to {of.high:+.3f}) nats"
            for of in pieces
        ]
        by_estimator: dict[str, set[str]] = {}
        for piece in pieces:
            by_estimator.setdefault(piece.estimator, set()).add(piece.outcome)
        holds = all(words == {"confirmed"} for words in by_estimator.values())
        fails = all("contradicted" in words for words in by_estimator.values())
        return on_side(holds, fails), shown


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


def _rivals(terms: Terms, artifact: str, method: str) -> list[str]:
    """Return the other methods that a table prints, those under several names once."""
    printed = terms.published.loc[terms.published["artifact"] == artifact, "method"]
    names = dict.fromkeys(run_as(artifact, name) for name in printed)
    return [name for name in names if name != run_as(artifact, method)]


def _of_datasets(formula: _Measured[Any], evidence: Evidence, rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of the artifact's evaluation of each data set that was run."""
    for dataset, evaluation in _evaluated(formula, evidence, set(rows["dataset"])):
        own = rows[(rows["dataset"] == dataset) & (rows["evaluation"] == evaluation)]
        yield dataset, own.assign(fold=own["fold"].fillna(NO_FOLD))


def _evaluated(formula: _Measured[Any], evidence: Evidence, run: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each data set that a claim is about and that was run, with the artifact's evaluation of it."""
    for dataset in formula.covered(evidence):
        if dataset in run:
            yield dataset, evaluation_of(evidence.judged_by, formula.artifact, dataset)


def _above_zero(gains: Sequence[Difference]) -> Result:
    """All must be above zero with their whole intervals; one that is wholly below decides against the claim."""
    below = [str(gain) for gain in gains if gain.high < 0]
    outcome = on_side(all(gain.low > 0 for gain in gains), bool(below))
    if outcome != "fails":
        return outcome, [str(gain) for gain in gains]
    names = {gain.dataset for gain in gains}
    where = f" on {names.pop()}" if len(names) == 1 and all(names) else ""
    others = len(gains) - len(below)
    rest = f"{others} other differences{where} are" if others > 1 else f"1 other difference{where} is"
    return outcome, [*below, f"{rest} not below 0"] if others else below


def on_side(holds: bool, fails: bool) -> Outcome:
    """Return what is decided, if anything is."""
    return "holds" if holds else "fails" if fails else "undecided"
