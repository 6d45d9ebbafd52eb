from typing import Any

import pandas as pd

from model_graphs import random_graphs
from relamp.data.guard import inspect, inspect_nodes
from relamp.data.packaged import karate_club, pack
from relamp.data.packed import PackedGraphs
from relamp.render.data_table import data_table


def checked(data: PackedGraphs, content: str = "as expected") -> dict[str, Any]:
    return {**inspect(data), "content": content}


def test_a_row_says_what_the_guard_says() -> None:
    reports = [checked(pack("MUTAG")), checked(pack("Solubility")), checked(random_graphs(0, count=4), "order unknown")]
    table = data_table(reports)
    rows, page = table.numbers, table.html()
    assert page.count("<tr>") == 1 + len(rows)
    assert "17.93" in page  # nodes of a graph of MUTAG
    assert "nan" not in page.lower()
    mutag = rows.iloc[0]
    assert (mutag["data_set"], mutag["graphs"], mutag["nodes"], mutag["edges"]) == ("MUTAG", 188, 3371, 3721)
    assert mutag["classes"] == 2
    assert pd.isna(mutag["tasks"])
    assert mutag["majority"] == 125 / 188
    assert rows.iloc[1]["tasks"] == 1
    assert rows["content"].tolist() == ["as expected", "as expected", "order unknown"]


def test_nodes_and_images_have_the_columns_that_they_can_have() -> None:
    nodes = {**inspect_nodes(karate_club()), "content": "as expected"}
    images = {"name": "Digits", "rows": 1797, "classes": 10, "content": "as expected"}
    table = data_table([nodes, images, checked(pack("MUTAG"))])
    rows = table.numbers
    assert rows["images"].fillna(0).tolist() == [0, 1797, 0]
    assert rows["nodes"].fillna(0).tolist() == [34, 0, 3371]
    assert rows["classes"].tolist() == [4, 10, 2]
    assert "nan" not in table.html().lower()


def test_warnings_of_own_data_are_a_column() -> None:
    assert "warnings" not in data_table([checked(pack("MUTAG"))]).numbers
    own = {**checked(random_graphs(0, count=4), "own"), "warnings": ["A: is not used", "B: has no edges"]}
    table = data_table([checked(pack("MUTAG")), own])
    assert table.numbers["warnings"].fillna("").tolist() == ["", "A: is not used; B: has no edges"]
    assert "A: is not used; B: has no edges" in table.html()
