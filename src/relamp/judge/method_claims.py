"""Claims that hold one method against others."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from relamp.judge.evidence import Difference, Evidence, Terms, average, difference
from relamp.judge.formula import Measured, Result, above_zero, evaluated, on_side
from relamp.judge.published import run_as


class OfMethod(Measured[Difference]):
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
            for dataset, evaluation in evaluated(self, evidence, run.intersection(datasets))
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
        outcome, shown = above_zero(decides)
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
        return above_zero(pieces)


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


def _rivals(terms: Terms, artifact: str, method: str) -> list[str]:
    """Return the other methods that a table prints, those under several names once."""
    printed = terms.published.loc[terms.published["artifact"] == artifact, "method"]
    names = dict.fromkeys(run_as(artifact, name) for name in printed)
    return [name for name in names if name != run_as(artifact, method)]
