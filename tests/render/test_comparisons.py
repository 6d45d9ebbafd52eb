import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.render.comparisons import OVER_ALL, comparisons_table

NAN = float("nan")
Pair = tuple[str, str, str, float, float]


def pairs(*rows: Pair) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["method", "rival", "datasets", "p_better", "p_worse"])


def blocks(rows: pd.DataFrame) -> dict[str, dict[tuple[str, str], str]]:
    """Cells by block, row and column."""
    table = comparisons_table(rows, rope=1)
    return {
        name: {(line[0], column): cell for line in lines for column, cell in zip(table.head[1:], line[1:], strict=True)}
        for name, lines in table.blocks.items()
    }


def test_cells_by_hand_and_dashes_for_missing_pairs_and_single_runs() -> None:
    rows = pairs(
        ("wl", "lamp-soft", "MUTAG", 0.074, 0.618), ("wl", "c", "DD", 0.1, 0.9), ("lamp-soft", "c", "DD", NAN, NAN)
    )
    found = blocks(rows)
    # In the paper's order of data sets.
    assert list(found) == ["DD", "MUTAG"]
    shown = {name: {pair: cell for pair, cell in block.items() if cell != "-"} for name, block in found.items()}
    # The row is ahead of the column: WL with 7 %, LAMP-Soft with 62 %, and with 31 % neither.
    assert shown == {
        "MUTAG": {("WL", "LAMP-Soft"): "7", ("LAMP-Soft", "WL"): "62"},
        "DD": {("WL", "c"): "10", ("c", "WL"): "90"},
    }
    assert all(len(block) == 9 for block in found.values())


def test_several_data_sets_have_a_block_of_their_own_below() -> None:
    rows = pairs(
        ("a", "b", "DD MUTAG", 0.0, 1.0), ("a", "b", "MUTAG", 0.25, 0.5), ("b", "c", "DD MUTAG NCI1", 0.995, 0.002)
    )
    found = blocks(rows)
    assert list(found) == ["MUTAG", OVER_ALL]
    assert found[OVER_ALL]["a", "b"] == "0"
    assert found[OVER_ALL]["b", "a"] == "100"
    assert (found[OVER_ALL]["b", "c"], found[OVER_ALL]["c", "b"], found[OVER_ALL]["a", "c"]) == ("100", "0", "-")


def test_a_page_of_one_data_set_names_it_and_the_rope() -> None:
    page = comparisons_table(pairs(("a", "b", "MUTAG", 0.25, 0.5)), rope=0.5).html()
    assert "<title>Who beats whom on MUTAG</title>" in page
    assert "by more than 0.5 points" in page
    several = comparisons_table(pairs(("a", "b", "MUTAG", 0.25, 0.5), ("a", "b", "DD", 0.25, 0.5)), rope=0.5).html()
    assert "<title>Who beats whom</title>" in several


def test_without_pairs_there_is_nothing_to_show() -> None:
    with pytest.raises(RelampError, match="evaluate two on one at least"):
        comparisons_table(pairs(), rope=1)
