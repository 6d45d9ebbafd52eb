"""How far found numbers lie from printed ones, many at once: what the interval of a single number cannot show."""

import re
from typing import NamedTuple

import pandas as pd

from relamp.judge.published import run_as
from relamp.judge.scale import sizes_in
from relamp.settings.judging import NOT_RUN, TOO_FEW

# What the names of a paper's own methods begin with, in its tables.
_OWN = {"lamp": re.compile(r"lamp-"), "mmix": re.compile(r"(simclr-|grace-)?m[op]-mix")}
_UNTOLD = (NOT_RUN, TOO_FEW, "not comparable")


class Shift(NamedTuple):
    """The differences of found from printed accuracies of one group of methods.

    Attributes:
        numbers: how many there are.
        below: how many of them are found below what is printed.
        median: the median of found minus printed, in points.
        inconclusive: how many of them have that verdict.
    """

    numbers: int
    below: int
    median: float
    inconclusive: int = 0

    @property
    def said(self) -> str:
        """The median with one decimal, and no sign before a zero."""
        return f"{self.median:z.1f}"


def shifts(cells: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each judged accuracy that was found at the paper's own sizes, seeds and settings apart.

    `cells` are those of `relamp.site.records.merged`. A number that a paper prints in several tables counts once.
    Columns: those of `cells`, `shift`, which is found minus printed, in points, and `whose`: the paper's `own` method,
    another's that it ran itself (`rerun`), or one that it quotes (`quoted`).
    """
    told = (cells["metric"] == "accuracy") & ~cells["verdict"].isin(_UNTOLD)
    mine = cells[told & ~cells["scaled"].map(lambda words: bool(sizes(words) - {"seeds"}))]
    names = [run_as(*each) for each in zip(mine["artifact"], mine["method"], strict=True)]
    mine = mine.assign(run_as=names, shift=mine["mean"] - mine["published"], whose=_whose(mine))
    key = ["paper", "run_as", "dataset", "part", "published"]
    return mine.drop_duplicates(key).drop(columns="run_as").reset_index(drop=True)


def shift(found: pd.DataFrame, paper: str, whose: str, rule: str = "mean") -> Shift:
    """Summarise the rows of `shifts` of a paper and group, as judged or by another `rule` of choice that they have."""
    mine = found[(found["paper"] == paper) & (found["whose"] == whose)]
    lies = (mine[rule] - mine["published"]).dropna()
    undecided = mine["verdict"][lies.index] == "inconclusive"
    return Shift(len(lies), int((lies < 0).sum()), float(lies.median()), int(undecided.sum()))


def sizes(scaled: str) -> set[str]:
    """Return the first words of the sizes in which a run differs from the paper's (`relamp.judge.scale.scaled`)."""
    return {part.split(" ")[0] for part in sizes_in(scaled)}


def _whose(cells: pd.DataFrame) -> list[str]:
    return [
        "own" if _OWN[paper].match(method) else "quoted" if quoted else "rerun"
        for paper, method, quoted in zip(cells["paper"], cells["method"], cells["quoted"], strict=True)
    ]
