"""A paper's numbers at a glance: what was found beside what is printed, a line for each data set."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from relamp.errors import RelampError
from relamp.render.verdict_page import anchor
from relamp.settings.base import Settings
from relamp.settings.judging import NOT_RUN
from relamp.site.records import Record, where
from relamp.site.shifts import sizes


class Glance(Settings):
    """A table of some accuracies of a paper."""

    title: str
    """What it shows."""
    note: str
    """What its columns are, where their titles do not say it."""
    printed: dict[str, tuple[str, str]]
    """Artifact and method of printed numbers by the title of their column."""
    controls: dict[str, tuple[str, str, str]]
    """Evaluation, method and protocol of what no paper prints, by the title of its column."""
    datasets: tuple[str, ...]
    """The data sets, a line each."""

    @property
    def head(self) -> list[str]:
        """The titles of all columns."""
        return ["data set", *self.printed, *self.controls]


@dataclass(frozen=True)
class Seen:
    """A number as it is shown.

    Attributes:
        text: found, with the printed number in brackets; a star if it is of a smaller run; empty if it was not run.
        verdict: its verdict, empty for a control.
        place: its line on the page of all numbers, empty for a control.
    """

    text: str
    verdict: str = ""
    place: str = ""


def tenths(printed: float) -> str:
    """Return a printed number with one decimal, a half rounded up whatever its binary form is."""
    return str(Decimal(str(printed)).quantize(Decimal("0.1"), ROUND_HALF_UP))


def lines(glance: Glance, cells: pd.DataFrame, records: Mapping[str, Record]) -> Iterator[tuple[str, list[Seen]]]:
    """Yield each data set with its numbers; a control is of the first of their runs that has it.

    `cells` are those of `relamp.site.records.merged`. Raises RelampError if a paper prints no such accuracy.
    """
    for dataset in glance.datasets:
        found = [_number(glance.title, cells, *column, dataset) for column in glance.printed.values()]
        runs = [records[number["run"]] for number in found if number["run"]]
        yield dataset, [*map(_seen, found), *(_control(runs, *column, dataset) for column in glance.controls.values())]


def _number(title: str, cells: pd.DataFrame, artifact: str, method: str, dataset: str) -> dict[Any, Any]:
    of = where(cells, artifact=artifact, method=method, dataset=dataset, metric="accuracy")
    if len(of) != 1:
        raise RelampError(f"{title}: {len(of)} printed accuracies are {artifact}, {method}, {dataset}; name one")
    return of.iloc[0].to_dict()


def _seen(number: Mapping[Any, Any]) -> Seen:
    if number["verdict"] == NOT_RUN:
        return Seen("", NOT_RUN)
    smaller = "*" if sizes(number["scaled"]) - {"seeds"} else ""
    return Seen(f"{number['mean']:.1f}{smaller} ({tenths(number['published'])})", number["verdict"], anchor(number))


def _control(runs: list[Record], evaluation: str, method: str, protocol: str, dataset: str) -> Seen:
    found = (run.by_seed(evaluation, method, dataset, "accuracy", "", protocol) for run in runs)
    return next((Seen(f"{of.mean():.1f}") for of in found if len(of)), Seen(""))
