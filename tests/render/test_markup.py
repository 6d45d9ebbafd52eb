from pathlib import Path

import pandas as pd

from relamp.render.markup import TextTable

NONE = pd.DataFrame()
BLOCKS = {"theirs": [["a_b", "1.0±0.2"]], "ours": [["c|d", "-"]]}


def test_markdown_by_hand() -> None:
    assert TextTable(NONE, ["method", "DD †"], BLOCKS, "What ± is.").markdown().splitlines() == [
        "| method | DD † |",
        "| --- | ---: |",
        "| **theirs** |  |",
        r"| a\_b | 1.0±0.2 |",
        "| **ours** |  |",
        r"| c\|d | - |",
        "",
        "What ± is.",
    ]


def test_one_block_needs_no_name() -> None:
    assert "**" not in TextTable(NONE, ["a"], {"": [["1"]]}, "", text_columns=0).markdown()


def test_html_by_hand() -> None:
    blocks = {"theirs": [["a<b", "1.0±0.2"]], "ours": [["c", "-"]]}
    page = TextTable(NONE, ["method", "DD"], blocks, "A & b. C").html()
    head, body = page.split("<tbody>")
    assert "<title>A &amp; b</title>" in head
    assert '<th class="text fixed">method</th><th>DD</th>' in head
    assert body.strip().splitlines()[:5] == [
        '<tr><td class="block" colspan="2">theirs</td></tr>',
        '<tr><td class="text fixed">a&lt;b</td><td>1.0±0.2</td></tr>',
        '<tr><td class="block" colspan="2">ours</td></tr>',
        '<tr><td class="text fixed">c</td><td>-</td></tr>',
        "</tbody>",
    ]
    assert "<p>A &amp; b. C</p>" in body


def test_a_table_is_written_in_every_format(tmp_path: Path) -> None:
    numbers = pd.DataFrame({"method": ["a", "c"], "value": [1.0, 0.1 + 0.2]})
    blocks = {"theirs": [["a", "1.0", "2.0"]], "ours": [["c", "-", "3.0"]]}
    table = TextTable(numbers, ["method", "DD", "MUTAG"], blocks, "Caption.", 1, [("", 1), ("γ", 2)])
    paths = table.write(tmp_path / "v1.0" / "table")
    assert [path.name for path in paths] == [f"table.{kind}" for kind in ("csv", "md", "tex", "html")]
    assert paths[0].read_text() == numbers.to_csv(index=False)
    # One line of titles, where a second head cannot stand above.
    assert paths[1].read_text().startswith("| method | DD (γ) | MUTAG (γ) |\n")
    assert r"\multicolumn{2}{c}{$\gamma$}" in paths[2].read_text()
    assert r"\label{tab:table}" in paths[2].read_text()
    assert "<th>MUTAG (γ)</th>" in paths[3].read_text()
