"""Claims about runs that differ in one parameter."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Generic, Literal

import numpy as np
import pandas as pd

from relamp.data.rows import setting_name, setting_values
from relamp.judge.evidence import RUN, Difference, Evidence, Furthest, Terms, difference
from relamp.judge.formula import Measured, P, Result, above_zero, of_datasets, on_side
from relamp.judge.runs import MEASURE


class _OfSweep(Measured[P], Generic[P]):
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
        for dataset, of_dataset in of_datasets(self, evidence, rows):
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
        return above_zero(pieces)


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
