"""Claims tried on what was measured: the kinds of formula by their `kind`, and that of LAMP's theorem."""

from collections.abc import Sequence
from typing import Literal

from relamp.judge.damage_claims import AddsEntropy, LosesMost, LosesOver
from relamp.judge.evidence import Evidence, Statement, Terms
from relamp.judge.formula import Measured, Result, on_side
from relamp.judge.method_claims import Beats, BestAverage, MeanGain, Place
from relamp.judge.sweep_claims import BestAround, FallsAbove, NotSensitive, RisesWith
from relamp.judge.theorem import ALL


class OfTheorem(Measured[Statement]):
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
