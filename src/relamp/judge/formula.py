"""What all claims about measured numbers share: a formula is a class, its parameters are the fields.

A formula first takes from a run what the run tells of each data set and rival, its pieces of evidence, and then judges
the pieces. Those of several runs are judged together in the same way (`relamp.site.claims`).
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args

import pandas as pd
from pydantic import TypeAdapter

from relamp.errors import RelampError
from relamp.judge.evidence import NO_FOLD, Data, Difference, Evidence, Piece, Terms
from relamp.judge.published import AGGREGATES, evaluation_of, run_as

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


class Measured(Formula, Generic[P]):
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


def of_datasets(formula: Measured[Any], evidence: Evidence, rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of the artifact's evaluation of each data set that was run."""
    for dataset, evaluation in evaluated(formula, evidence, set(rows["dataset"])):
        own = rows[(rows["dataset"] == dataset) & (rows["evaluation"] == evaluation)]
        yield dataset, own.assign(fold=own["fold"].fillna(NO_FOLD))


def evaluated(formula: Measured[Any], evidence: Evidence, run: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each data set that a claim is about and that was run, with the artifact's evaluation of it."""
    for dataset in formula.covered(evidence):
        if dataset in run:
            yield dataset, evaluation_of(evidence.judged_by, formula.artifact, dataset)


def above_zero(gains: Sequence[Difference]) -> Result:
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
