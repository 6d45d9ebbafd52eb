from pathlib import Path

import pandas as pd

from relamp.render.markup import TextTable, latex

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


def test_latex_by_hand() -> None:
    assert TextTable(NONE, ["method", "DD †"], BLOCKS, "50 % & more", spans=[("", 1), ("γ", 1)]).latex() == (
        "\\begin{table}\n"
        "\\centering\n"
        "\\caption{50 \\% \\& more}\n"
        "\\begin{tabular}{lr}\n"
        "\\toprule\n"
        " & \\multicolumn{1}{c}{$\\gamma$} \\\\\n"
        "\\cmidrule(lr){2-2}\n"
        "method & DD $^\\dagger$ \\\\\n"
        "\\midrule\n"
        "\\multicolumn{2}{l}{\\textit{theirs}} \\\\\n"
        "a\\_b & 1.0$\\pm$0.2 \\\\\n"
        "\\midrule\n"
        "\\multicolumn{2}{l}{\\textit{ours}} \\\\\n"
        "c|d & - \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
        "\\end{table}\n"
    )


def test_a_wide_latex_table_is_shrunk_to_the_line() -> None:
    wide = TextTable(NONE, [str(i) for i in range(12)], {"": []}, "").latex()
    assert "\\resizebox{\\linewidth}{!}{%\n\\begin{tabular}" in wide
    assert "\\end{tabular}}\n\\end{table}" in wide
    assert wide.count("{") == wide.count("}")


def test_every_sign_that_latex_would_take_for_a_command_is_written_out() -> None:
    assert latex("\\{x}~^#$") == (r"\textbackslash{}\{x\}\textasciitilde{}\textasciicircum{}\#\$")


def test_one_block_needs_no_name() -> None:
    assert "**" not in TextTable(NONE, ["a"], {"": [["1"]]}, "", text_columns=0).markdown()


def test_html_by_hand() -> None:
    blocks = {"theirs": [["a<b", "1.0±0.2"]], "ours": [["c", "-"]]}
    page = TextTable(NONE, ["method", "DD"], blocks, "A & b. C").html()
    head, body = page.split("<tbody>")
    assert "<title>A &amp; b</title>" in head
    assert '<th class="text">method</th><th>DD</th>' in head
    assert body.strip().splitlines()[:5] == [
        '<tr><td class="block" colspan="2">theirs</td></tr>',
        '<tr><td class="text">a&lt;b</td><td>1.0±0.2</td></tr>',
        '<tr><td class="block" colspan="2">ours</td></tr>',
        '<tr><td class="text">c</td><td>-</td></tr>',
        "</tbody>",
    ]
    assert "<p>A &amp; b. C</p>" in body


def test_a_table_is_written_in_every_format(tmp_path: Path) -> None:
    numbers = pd.DataFrame({"method": ["a", "c"], "value": [1.0, 0.1 + 0.2]})
    table = TextTable(numbers, ["method", "DD", "MUTAG"], BLOCKS, "Caption.", 1, [("", 1), ("γ", 2)])
    paths = table.write(tmp_path / "v1.0" / "table")
    assert [path.name for path in paths] == [f"table.{kind}" for kind in ("csv", "md", "tex", "html")]
    assert paths[0].read_text() == numbers.to_csv(index=False)
    # One line of titles, where a second head cannot stand above.
    assert paths[1].read_text().startswith("| method | DD (γ) | MUTAG (γ) |\n")
    assert r"\multicolumn{2}{c}{$\gamma$}" in paths[2].read_text()
    assert "<th>MUTAG (γ)</th>" in paths[3].read_text()
