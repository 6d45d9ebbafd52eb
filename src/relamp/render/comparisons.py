"""A page of probabilities: which method beats which, on each data set and over all of them."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from relamp.render.markup import Block, html_page
from relamp.render.style import label, ordered

OVER_ALL = "all data sets"


def comparisons_page(rows: pd.DataFrame, rope: float) -> str:
    """Return a page with a block a data set: in row a and column b, how probably a is ahead of b by over the rope.

    `rows` are pairs, each once, with the columns of `relamp.judge.comparison.Comparison`, `datasets` apart by spaces.
    """
    methods = sorted({*rows["method"], *rows["rival"]})
    several = rows["datasets"].str.contains(" ")
    names = ordered(rows.loc[~several, "datasets"])
    blocks = {name: _block(rows[rows["datasets"] == name], methods) for name in names}
    if several.any():
        blocks[OVER_ALL] = _block(rows[several], methods)
    # A single block has no line with its name.
    where = f" on {names[0]}" if len(blocks) == 1 else ""
    caption = (
        f"Who beats whom{where}. Probability, in per cent, that the method of the row is ahead of that of the column "
        f"by more than {rope:g} points; what a pair's two cells lack to 100 is the probability that both are "
        "practically equal. On a data set: Bayesian correlated t-test over seeds and folds, which allows for folds "
        "that share training data (Corani and Benavoli 2015). Over several: Bayesian signed-rank test (Benavoli et al. "
        "2014), to which two or three data sets tell little."
    )
    return html_page(["method", *map(label, methods)], blocks, caption, text_columns=1)


def _block(rows: pd.DataFrame, methods: Sequence[str]) -> Block:
    ahead: dict[tuple[str, str], float] = {}
    for row in rows.to_dict("records"):
        ahead |= _both_ways(row)
    return [[label(one), *(_text(ahead.get((one, other))) for other in methods)] for one in methods]


def _both_ways(row: Mapping[Hashable, Any]) -> dict[tuple[str, str], float]:
    pair = str(row["method"]), str(row["rival"])
    return {pair: float(row["p_better"]), pair[::-1]: float(row["p_worse"])}


def _text(probability: float | None) -> str:
    return "-" if probability is None or pd.isna(probability) else f"{100 * probability:.0f}"
