"""Tables in LaTeX: by hand, and what a real LaTeX says of all that the recorded runs give."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relamp.artifacts.base import Artifact
from relamp.judge.published import AGGREGATES, load_published
from relamp.render.data_table import data_table
from relamp.render.latex import latex, latex_table
from relamp.render.markup import TextTable
from relamp.render.tables import REPRODUCED, comparison_table
from relamp.runtime.job import bound, named
from relamp.study.packed_rows import asked_file, unpacked

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "published"
PAPER_TABLES = sorted(path.stem for path in PUBLISHED.glob("*_table*.csv"))
NONE = pd.DataFrame()
BLOCKS = {"theirs": [["a_b", "1.0±0.2", "10.25"]], "ours": [["L_LocalC", "-", "-3.5"]]}


def small(**more: object) -> TextTable:
    return TextTable(NONE, ["method", "DD †", "γ"], BLOCKS, "50 % & more", **more)  # type: ignore[arg-type]


def wide(columns: int, lines: int = 3, own: int = 10**6) -> TextTable:
    """A table of two blocks; the second has numbers in its first `own` columns."""
    head = ["source", "method", *(f"set-{number}" for number in range(columns))]
    theirs = [["published", f"m{line}", *[f"{line}.25±1.50"] * columns] for line in range(lines)]
    ours = [["here", "mine", *("9.1±1.2" if number < own else "-" for number in range(columns))]]
    return TextTable(NONE, head, {"published": theirs, "here": ours}, "Title.", text_columns=2, own="here")


def rows_of(text: str) -> list[list[str]]:
    return [line.removesuffix(r" \\").split(" & ") for line in text.splitlines() if line.endswith(r"\\")]


def test_a_table_by_hand() -> None:
    assert latex_table(small(spans=[("", 1), ("both", 2)]), "mine") == (
        "\\begin{table}\n"
        "\\centering\n"
        "\\caption{50 \\% \\& more}\n"
        "\\label{tab:mine}\n"
        "\\par\\medskip\n"
        "\\begin{tabular}{@{}lrr@{}}\n"
        "\\toprule\n"
        " & \\multicolumn{2}{c}{both} \\\\\n"
        "\\cmidrule(lr){2-3}\n"
        "method & DD \\dag{} & $\\gamma$ \\\\\n"
        "\\midrule\n"
        "\\multicolumn{3}{@{}l}{\\textit{theirs}} \\\\\n"
        "a\\_b & 1.0$\\pm$0.2 & 10.25 \\\\\n"
        "\\midrule\n"
        "\\multicolumn{3}{@{}l}{\\textit{ours}} \\\\\n"
        "$\\mathcal{L}_{\\mathrm{LocalC}}$ & --\\phantom{.0$\\pm$0.2} & $-$3.5\\phantom{0} \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
        "\\end{table}\n"
    )


def test_points_stand_below_one_another() -> None:
    blocks = {"": [["a", "65.8±4.5"], ["b", "62.40±0.57"], ["c", "7"]]}
    cells = [row[1] for row in rows_of(latex_table(TextTable(NONE, ["m", "x"], blocks, ""), "t"))[1:]]
    assert cells == [r"65.8$\pm$4.5\phantom{00}", r"62.40$\pm$0.57", r"7\phantom{$\pm$..00000}"]


def test_a_row_that_begins_with_a_bracket_is_no_option_of_the_one_above() -> None:
    blocks = {"": [["a", "1"], ["[12] MVGRL", "2"]]}
    assert "\n{}[12] MVGRL & 2 \\\\" in latex_table(TextTable(NONE, ["m", "x"], blocks, ""), "t")


def test_the_best_of_each_block_is_marked() -> None:
    blocks = {
        "published": [["a", "80.0±1.0", "2.0"], ["b", "79.9", "1.5"], ["c", "80.0", "3.0"], ["d", "-", "2.0"]],
        "here": [["a", "50.0", "1.0"]],  # with one number there is no best
    }
    best = {"x": "highest", "A.R.": "lowest"}
    rows = {name: [[*row, "9"] for row in of] for name, of in blocks.items()}
    table = TextTable(NONE, ["m", "x", "A.R.", "n"], rows, "", best=best)
    text = latex_table(table, "t")
    assert re.findall(r"\\textbf\{([\d.]+)\}", text) == ["80.0", "1.5", "80.0"]
    assert "underline" not in text
    second = latex_table(TextTable(NONE, ["m", "x", "A.R."], blocks, "", best=best, second=True), "t")
    assert re.findall(r"\\underline\{([\d.]+)\}", second) == ["2.0", "79.9", "2.0"]


def test_the_best_of_a_line_is_that_below_its_span() -> None:
    block = {"": [["MUTAG", "80.0", "90.0", "85.0", "70.0"]]}
    spans = [("", 1), ("published", 2), ("here", 2)]
    table = TextTable(NONE, ["", "a", "b", "a", "b"], block, "", spans=spans, best={"MUTAG": "highest"})
    assert re.findall(r"\\textbf\{([\d.]+)\}", latex_table(table, "t")) == ["90.0", "85.0"]


def test_a_column_that_repeats_the_block_is_left_out() -> None:
    text = latex_table(wide(2), "t")
    assert rows_of(text)[0] == ["method", "set-0", "set-1"]
    assert text.count("published") == 1


def test_a_wide_table_first_loses_what_was_not_run_and_says_so() -> None:
    text = latex_table(wide(9, own=2), "t")
    assert rows_of(text)[0] == ["method", "set-0", "set-1"]
    assert "Left out, since nothing of this run stands there: set-2, set-3, set-4, set-5, set-6, set-7, set-8." in text
    assert "fontsize" not in text
    # Rows that have numbers only there are named too.
    table = wide(9, own=2)
    table.blocks["published"][0][2:4] = ["-", "-"]  # type: ignore[index]
    assert "; and rows that have numbers only there: m0." in latex_table(table, "t")


def test_then_letters_shrink_and_then_columns_stand_below_one_another() -> None:
    shrunk = latex_table(wide(6), "t")
    assert shrunk.count(r"\begin{tabular}") == 1
    assert r"\fontsize{8}{9.5}" in shrunk
    parts = latex_table(wide(11), "t")
    assert parts.count(r"\begin{tabular}") == 2
    assert [name for row in rows_of(parts) for name in row if name.startswith("set-")] == [
        f"set-{n}" for n in range(11)
    ]
    assert "resizebox" not in shrunk + parts
    assert r"\begin{table*}" in parts


def test_nothing_to_compare_leaves_all_columns() -> None:
    table = wide(9)
    for row in table.blocks["published"]:
        row[2] = "-"  # type: ignore[index]
    table.blocks["here"][0][3:] = ["-"] * 8  # type: ignore[index]
    assert "Left out" not in latex_table(table, "t")


def test_a_tall_table_is_continued_and_loses_no_line() -> None:
    text = latex_table(wide(3, lines=90), "t")
    assert re.findall(r"\\label\{(.*?)\}", text) == ["tab:t", "tab:t-2", "tab:t-3"][: text.count(r"\label")]
    assert text.count(r"\label") >= 2
    assert "Title (continued)." in text
    assert [row[0] for row in rows_of(text) if re.fullmatch(r"m\d+|mine", row[0])] == [
        *(f"m{n}" for n in range(90)),
        "mine",
    ]


def test_tables_with_next_to_nothing_are_written() -> None:
    for blocks in ({}, {"": []}, {"": [["", "x" * 200]]}, {"one": [["", "1"]], "two": [["", "2"]]}):
        text = latex_table(TextTable(NONE, ["", "b"], blocks, "Title."), "t")  # type: ignore[arg-type]
        assert text.count(r"\begin{tabular}") == 1
    # Lines without any number are named.
    blocks = {"": [["a", *["1.25±1.50"] * 11], ["b", *["-"] * 11]]}
    split = latex_table(TextTable(NONE, ["m", *(f"set-{n}" for n in range(11))], blocks, "Title."), "t")
    assert "Left out, since they have no number: b." in split


def test_symbols_and_signs_by_hand() -> None:
    assert latex("\\{x}~^#$<") == r"\textbackslash{}\{x\}\textasciitilde{}\textasciicircum{}\#\$$<$"
    assert latex("GIN-ε, λ") == r"GIN-$\epsilon$, $\lambda$"
    assert latex("mp-mix (w/o L_div)") == r"mp-mix (w/o $\mathcal{L}_{\mathrm{div}}$)"
    assert latex("J_node, z_a, PTC_MR, my_L_x") == r"$\mathcal{J}_{\mathrm{node}}$, $z_a$, PTC\_MR, my\_L\_x"
    assert latex("Zürich 数") == "Zürich [U+6570]"


def test_every_sign_that_relamp_and_the_papers_write_is_known() -> None:
    files = [*PUBLISHED.glob("*.csv"), *(ROOT / "src" / "relamp").rglob("*.py")]
    signs = {sign for path in files for sign in path.read_text(encoding="utf-8") if not sign.isascii()}
    assert {"ε", "±", "†", "χ"} <= signs
    assert not any("[U+" in latex(sign) for sign in signs)
    # Letters with an accent are LaTeX's own.
    assert {sign for sign in signs if not latex(sign).isascii()} <= set("äéü")


def complete(name: str) -> TextTable:
    """A paper's table as a run of all its cells would show it, with seven controls."""
    published = load_published(PUBLISHED, name)
    if "protocol" in published or published.groupby("dataset")["metric"].nunique().max() > 1:
        published["dataset"] += " " + published["metric"].str.upper() + " " + published.get("protocol", "")
    cells = published[published["value"].notna() & ~published["dataset"].isin(AGGREGATES)]
    more = [cells.assign(method=f"control-{number}") for number in range(7)]
    ours = pd.concat([cells, *more]).drop_duplicates(["method", "dataset"])
    ours = ours.assign(mean=ours["value"] / 1.07, std_seeds=ours["value"] / 41, seeds=5, folds=10)
    meaning = "standard deviation over 5 seeds of the 10-fold mean"
    return comparison_table(published, ours.assign(spread_meaning=meaning), "Title", transposed=name == "lamp_table3")


def test_a_complete_table_shows_every_number_once() -> None:
    table = complete("lamp_table1")
    text = latex_table(table, "t")
    wanted = [cell for rows in table.blocks.values() for row in rows for cell in row if "±" in cell]
    shown = re.sub(r"\\phantom\{.*?\}\\?|\\textbf|\\underline|[{}]", "", re.sub(r"\\phantom\{[^ ]*", "", text))
    found = re.findall(r"[\d.]+\$\\pm\$[\d.]+", shown)
    assert sorted(cell.replace("$\\pm$", "±") for cell in found) == sorted(wanted)
    assert sum(len(rows) for name, rows in table.blocks.items() if name == REPRODUCED) > 19


def reports() -> list[dict[str, object]]:
    counts = dict.fromkeys(("graphs", "dropped", "nodes", "edges", "self_loops", "isolated_nodes"), 123_456)
    report = {**counts, "average_nodes": 1234.56, "average_edges": 1234.56, "content": "as expected", "classes": 11}
    return [{"name": name, **report, "graphs_without_edges": 12} for name in ("REDDIT-MULTI-5K", "MUTAG")]


def tables_of(preset: str, out: Path) -> list[Path]:
    """Make all tables of the recorded rows of a preset."""
    plan = unpacked(ROOT / "reproduction" / preset / "rows.zip", out)

    def is_table(artifact: Artifact) -> bool:
        return artifact.lite and any("/tables/" in path for paths in artifact.outputs.values() for path in paths)

    for artifact in filter(is_table, plan.artifacts.values()):
        given = plan.inputs(artifact) | plan.outputs(artifact) | plan.params(artifact)
        make = named(artifact.call)
        given |= {"asked": asked_file(plan, artifact), "splits": (), "command": "a command"}
        make(**bound(make, given))
    return sorted((out / "tables").glob("*.tex"))


def made_up(out: Path) -> list[Path]:
    tables = {name: complete(name) for name in PAPER_TABLES} | {"data": data_table(reports()), "wide": wide(40, 60)}
    for name, table in tables.items():
        (out / f"{name}.tex").write_text(latex_table(table, name), encoding="utf-8")
    return [out / f"{name}.tex" for name in tables]


def compiled(tables: Sequence[Path], options: str, folder: Path) -> str:
    """Return LaTeX's log of a document with all tables, in which each box names its letters."""
    folder.mkdir()
    for path in tables:
        shutil.copy(path, folder)
    body = "\n".join(rf"\typeout{{TABLE {path.stem}}}\input{{{path.stem}}}\clearpage" for path in tables)
    trace = r"\tracingoutput=1\showboxbreadth=10000\showboxdepth=10000"
    references = "\n".join(rf"\ref{{tab:{path.stem}}}" for path in tables)
    text = "\n".join(
        (rf"\documentclass[{options}]{{article}}\usepackage{{booktabs}}\begin{{document}}", trace, body, references)
    )
    (folder / "all.tex").write_text(f"{text}\n\\end{{document}}\n", encoding="utf-8")
    for _ in range(2):  # the second time knows the labels
        command = ["pdflatex", "-interaction=nonstopmode", "all.tex"]
        subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=300)
    return (folder / "all.log").read_text(encoding="latin-1")


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex (Debian: texlive-latex-recommended)")
@pytest.mark.parametrize(
    "rows", [*sorted(path.parent.name for path in (ROOT / "reproduction").glob("*/rows.zip")), "made up"]
)
def test_a_real_latex_takes_every_table_and_keeps_it_inside_the_page(rows: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    tables = made_up(out) if rows == "made up" else tables_of(rows, out)
    assert len(tables) >= 12
    for options in ("", "11pt", "12pt", "twocolumn"):
        log = compiled(tables, options, tmp_path / f"latex{options}")
        at, trouble = "", []
        for line in log.splitlines():
            at = line if line.startswith("TABLE ") else at
            if line.startswith("!") or "Overfull" in line or "too large" in line or "undefined" in line:
                trouble.append((options, at, line))
        assert trouble == []
        letters = [float(size) for size in re.findall(r"\\[A-Z0-9]+/\w+/\w+/\w+/([\d.]+)", log)]
        assert len(letters) > 1000
        assert np.min(letters) >= 6
