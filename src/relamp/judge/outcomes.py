"""What the claims come out as: how far one thing is above another, over data sets, and on which side that lies."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal, get_args

import pandas as pd

from relamp.judge.intervals import PER_CENT, mean_interval

Outcome = Literal["holds", "fails", "undecided", "not run"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
NO_FOLD = -1  # pandas leaves rows with an empty key out, so runs without folds get a number

Result = tuple[Outcome, Sequence[str], Sequence[str]]  # outcome, data sets it rests on, evidence
NOT_RUN: Result = ("not run", (), ())


@dataclass(frozen=True)
class Difference:
    """How far one thing is above another, in points: a mean and its interval, over some data sets."""

    what: str
    mean: float
    low: float
    high: float
    datasets: tuple[str, ...]

    def __str__(self) -> str:
        bounds = "" if math.isnan(self.low) else f" ({self.low:+.2f} to {self.high:+.2f})"
        return f"{self.what}: {self.mean:+.2f}{bounds}"


def gains_of(gains: Sequence[tuple["pd.Series[float]", str, str]], confidence: float) -> list[Difference]:
    """Return the differences of gains by run, each with its name and data set; those without any run are left out."""
    found = []
    for values, what, dataset in sorted(gains, key=itemgetter(1, 2)):
        if len(values):
            scores = values.rename("value").reset_index().assign(method=what, dataset=dataset)
            scores["fold"] = scores["fold"].where(scores["fold"] != NO_FOLD)
            interval = mean_interval(scores, confidence)
            mean, low, high = (PER_CENT * value for value in (interval.mean, interval.low, interval.high))
            found.append(Difference(f"{dataset}, {what}", mean, low, high, (dataset,)))
    return found


def average_gain(gains: Sequence[Difference], what: str) -> list[Difference]:
    """Average over data sets, whose runs are independent: half-widths add as squares."""
    if not gains:
        return []
    half = math.sqrt(sum((gain.high - gain.mean) ** 2 for gain in gains)) / len(gains)
    mean = sum(gain.mean for gain in gains) / len(gains)
    return [Difference(what, mean, mean - half, mean + half, tuple(name for gain in gains for name in gain.datasets))]


def above_zero(by_rival: Mapping[str, Sequence[Difference]]) -> Result:
    """All must be above zero with their whole intervals; one that is wholly below decides against the claim."""
    gains = [gain for of_rival in by_rival.values() for gain in of_rival]
    if not gains:
        return NOT_RUN
    used = dict.fromkeys(name for gain in gains for name in gain.datasets)
    outcome = on_side(all(gain.low > 0 for gain in gains), any(gain.high < 0 for gain in gains))
    shown = [str(gain) for gain in gains]
    if (run := sum(map(bool, by_rival.values()))) < len(by_rival):
        # What is above those rivals that were run may still be below the others.
        outcome = "undecided" if outcome == "holds" else outcome
        shown = [f"{run} of {len(by_rival)} rivals run", *shown]
    return outcome, tuple(used), shown


def on_side(holds: bool, fails: bool) -> Outcome:
    """Return what is decided, if anything is."""
    return "holds" if holds else "fails" if fails else "undecided"
