"""A table of probabilities: which method beats which, on each data set and over all of them."""

from collections.abc import Sequence

import pandas as pd

from relamp.errors import RelampError
from relamp.render.markup import Block, TextTable
from relamp.render.style import label, ordered

OVER_ALL = "all data sets"
_CAPTION = (
    "Who beats whom{where}. Probability, in per cent, that the method of the row is ahead of that of the column by "
    "more than {rope:g} points. What the two cells of a pair lack to 100 is the probability that both are practically "
    "equal. On one data set: Bayesian correlated t-test over seeds and folds, which allows for folds that share "
    "training data (Corani and Benavoli 2015). Over several: Bayesian signed-rank test (Benavoli et al. 2014), which "
    "says little about two or three data sets."
)


def comparisons_table(rows: pd.DataFrame, rope: float) -> TextTable:
    """Return a table with one block per data set: in row a and column b, how probably a is ahead of b by over the rope.

    `rows` has each pair once, with the columns of `relamp.judge.comparison.Comparison`; `datasets` is a text in which
    names are separated by spaces. Raises RelampError where there are no pairs.
    """
    if rows.empty:
        raise RelampError("comparisons: no two methods have a score on one data set; evaluate two on one at least")
    methods = sorted({*rows["method"], *rows["rival"]})
    several = rows["datasets"].str.contains(" ")
    names = ordered(rows.loc[~several, "datasets"])
    blocks = {name: _block(rows[rows["datasets"] == name], methods) for name in names}
    if several.any():
        blocks[OVER_ALL] = _block(rows[several], methods)
    # A single block has no line with its name.
    caption = _CAPTION.format(where=f" on {names[0]}" if len(blocks) == 1 else "", rope=rope)
    return TextTable(rows, ["method", *map(label, methods)], blocks, caption)


def _block(rows: pd.DataFrame, methods: Sequence[str]) -> Block:
    ahead: dict[tuple[str, str], float] = {}
    for one, other, better, worse in rows[["method", "rival", "p_better", "p_worse"]].itertuples(index=False):
        ahead |= {(one, other): better, (other, one): worse}
    return [[label(one), *(_text(ahead.get((one, other))) for other in methods)] for one in methods]


def _text(probability: float | None) -> str:
    return "-" if probability is None or pd.isna(probability) else f"{100 * probability:.0f}"
