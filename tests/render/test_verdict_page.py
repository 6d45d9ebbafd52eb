import html
import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from relamp.judge.claims import COLUMNS as CLAIM_COLUMNS
from relamp.judge.formula import OUTCOMES
from relamp.judge.verdict import COLUMNS
from relamp.render.verdict_page import contradictions, verdict_markdown, verdict_page
from relamp.settings.judging import VERDICTS

NAN = float("nan")
CELL: dict[str, Any] = {
    **{"paper": "lamp", "artifact": "lamp_table1", "method": "wl", "label": "WL", "dataset": "MUTAG"},
    **{"evaluation": "svm-rbf", "metric": "accuracy", "part": "", "protocol": "fixed"},
    **{"published": 80.72, "spread": 3.0, "decimals": 2, "margin": 2.0},
    **{"n": NAN, "quoted": "", "measured_by": "", "settings": "", "scaled": ""},
    **{"mean": 80.5, "low": 79.25, "high": 81.75, "std_seeds": 0.5, "std_folds": 4.0, "seeds": 5, "folds": 10},
    **{"verdict": "reproduced", "further_seeds": pd.NA, "note": ""},
    **{"low_data": NAN, "high_data": NAN, "fixed": 80.5, "nested": 80.5, "oracle": 81.25},
}
EMPTY = dict.fromkeys(("mean", "low", "high", "std_seeds", "std_folds", "fixed", "nested", "oracle"), NAN)
NOT_RUN = {**EMPTY, "seeds": pd.NA, "folds": pd.NA, "verdict": "not run"}
APART = {"mean": 90.0, "low": 88.0, "high": 92.0, "verdict": "better"}
WIDE = {
    **{"mean": 70.25, "low": 60.0, "high": 80.5, "verdict": "inconclusive"},
    **{"low_data": 55.5, "high_data": 85.0},
}
CLAIM = {
    **{"id": "one", "paper": "mmix", "where": "Section 4, Table 3", "quote": "ours is best", "outcome": "holds"},
    "about": "measured",
    **{"coverage": "1 of 8 data sets: MUTAG", "evidence": "over a: +5.00 (+2.00 to +8.00); over b: +1.00"},
}
HOW = {"Protocol": "fixed", "Margin": "< 2 points."}


def cells(*changes: dict[str, Any]) -> pd.DataFrame:
    rows = [{**CELL, **change} for change in changes]
    integers = dict.fromkeys(("decimals", "seeds", "folds", "further_seeds"), "Int64")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(integers)


def claims(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**CLAIM, **change} for change in changes], columns=list(CLAIM_COLUMNS))


# One of each kind of verdict and outcome.
ALL = cells(
    {},
    {"dataset": "DD", **APART},
    {"dataset": "NCI1", **APART, "mean": 60.0, "low": 59.0, "high": 61.0, "verdict": "worse"},
    {"dataset": "PROTEINS", **WIDE, "further_seeds": 7},
    {"dataset": "REDDIT-BINARY", "low": NAN, "high": NAN, "seeds": 2, "verdict": "too few seeds"},
    {"dataset": "IMDB-BINARY", "quoted": "elsewhere", "measured_by": "autogcl", "verdict": "not comparable"},
    {"dataset": "COLLAB", **NOT_RUN},
)
WORDS = claims(*({"id": word, "outcome": word, "quote": f"it {word}"} for word in OUTCOMES))
LINKS = {("lamp_table1", "wl", "MUTAG"): "../wl/rows.csv"}, {"lamp_table1": "tables/lamp_table1.html"}


class Reader(HTMLParser):
    """Which texts stand in which cell of a table, and whether every element is closed in turn."""

    VOID = ("meta", "br", "img")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += f" {data}"


def page(numbers: pd.DataFrame = ALL, said: pd.DataFrame = WORDS, links: Any = LINKS) -> str:
    return verdict_page(numbers, said, HOW, "quick", *links)


def text(part: str) -> str:
    return html.unescape(re.sub("<[^>]+>", "", part))


def lines_of(shown: str) -> list[list[str]]:
    """The lines of the table of numbers, as their cells' words."""
    part = shown.partition('<table class="numbers">')[2].partition("</table>")[0]
    return [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in Reader(f"<table>{part}</table>").rows]


def test_each_number_is_a_line_with_its_verdict_in_the_papers_order() -> None:
    found = [(line[3], line[0]) for line in lines_of(page())[1:]]
    assert found == [
        *(("NCI1", "worse"), ("PROTEINS", "inconclusive"), ("DD", "better")),
        *(("MUTAG", "reproduced"), ("COLLAB", "not run"), ("RED-B", "too few seeds"), ("IMDB-B", "not comparable")),
    ]
    assert {word for _, word in found} == set(VERDICTS)


def test_each_word_has_its_own_colour() -> None:
    shown = page()
    colours = dict(re.findall(r"\.([a-z-]+)(?:, \.[a-z-]+)? { background: (#\w+)", shown))
    also = dict(re.findall(r"\.([a-z-]+), \.([a-z-]+) { background", shown))
    colours |= {second: colours[first] for first, second in also.items()}
    assert len({colours[word.replace(" ", "-")] for word in VERDICTS}) == len(VERDICTS)
    assert len({colours[word.replace(" ", "-")] for word in OUTCOMES}) == len(OUTCOMES)
    for word in (*VERDICTS, *OUTCOMES):
        assert f'<span class="word {word.replace(" ", "-")}">1 {word}</span>' in shown


def test_a_line_says_all_that_is_known() -> None:
    (line,) = lines_of(page(cells({}), claims()))[1:]
    assert line == [
        *("reproduced", "LAMP, Table 1", "WL", "MUTAG", "accuracy", "80.72 ± 3.00", "80.50", "79.25 to 81.75", "5"),
        *("80.50", "81.25"),
        "sources rows · table · sidecar ± 0.50 over 5 seeds, ± 4.00 over folds; judged: fixed "
        "snakemake --cores all lamp_table1",
    ]


def test_published_zeros_are_kept() -> None:
    numbers = cells({"published": 82.0, "spread": 1.1, "decimals": 2}, {"published": 9.5, "spread": NAN, "decimals": 0})
    assert [line[5] for line in lines_of(page(numbers, claims()))[1:]] == ["82.00 ± 1.10", "10"]


def test_lines_are_filtered_by_what_they_say_and_those_not_run_are_folded() -> None:
    shown = page()
    lines = re.findall(r'<tr id="([^"]*)" data-paper="LAMP" data-table="LAMP, Table 1"([^>]*)>', shown)
    assert len({anchor for anchor, _ in lines}) == len(ALL)
    assert [" hidden" in rest for _, rest in lines] == [False] * 4 + [True] + [False] * 2
    for name, values in {"method": ["WL"], "verdict": [*VERDICTS], "paper": ["LAMP"]}.items():
        (choice,) = re.findall(rf'<select data-filter="{name}">(.*?)</select>', shown)
        assert set(re.findall("<option>(.*?)</option>", choice)) == set(values)
    # What the script filters and sorts by stands in the page.
    assert all(f"data-{name}=" in shown for name in ("paper", "table", "method", "data-set", "verdict", "sort"))


def test_a_cell_across_the_border_says_what_would_decide_it() -> None:
    shown = text(page(cells({**WIDE, "further_seeds": 7}), claims()))
    assert "other data of this size: 55.50 to 85.00" in shown
    assert "7 further seeds would decide it" in shown
    never = text(page(cells({**WIDE, "note": "only more data could"}), claims()))
    assert "only more data could" in never
    assert "further seeds would" not in never


def test_a_single_run_shows_no_interval() -> None:
    alone = dict.fromkeys(("low", "high", "low_data", "high_data", "std_seeds", "std_folds", "spread"), NAN)
    words = {"verdict": "too few seeds", "note": "a single run"}
    single = cells({**alone, **words, "seeds": 1, "folds": 0})
    shown = page(single, claims())
    assert "nan" not in (shown.partition("<script>")[0] + verdict_markdown(single, claims(), HOW, "quick")).lower()
    assert "one seed" in shown
    assert ">80.72<" in shown


def test_links_are_relative_and_lead_to_rows_page_and_sidecar() -> None:
    links = Reader(page(cells({}), claims())).links
    table = "tables/lamp_table1.html"
    assert links[4:] == ["../wl/rows.csv", table, "tables/lamp_table1.json", table]


def test_what_is_not_rendered_names_neither_page_nor_target() -> None:
    numbers = cells({"artifact": "mmix_table3", "paper": "mmix"})
    shown = page(numbers, claims(), ({("mmix_table3", "wl", "MUTAG"): "wl/rows.csv"}, {}))
    assert Reader(shown).links[4:] == ["wl/rows.csv"]
    assert "snakemake" not in shown
    assert "<summary>sources" not in page(numbers, claims(), ({}, {}))


def test_everything_is_escaped() -> None:
    evil = '<b>"x"</b> & <script>'
    numbers = cells({"label": evil, "dataset": evil, "note": evil, **WIDE}, {"label": evil, **APART})
    names = {"label": evil, "artifact": "lamp_<i>", **NOT_RUN}
    texts = dict.fromkeys(("quote", "where", "coverage", "evidence", "paper"), evil)
    said = claims(*({**texts, "outcome": word} for word in OUTCOMES))
    links = {("lamp_table1", "wl", "MUTAG"): 'a"b<c.csv'}, {"lamp_table1": 'p"<.html'}
    shown = verdict_page(pd.concat([numbers, cells(names)]), said, {evil: evil}, evil, *links)
    assert shown.count("<script>") == 1  # the page's own
    assert evil not in shown
    assert "<i>" not in shown
    assert {'a"b<c.csv', 'p"<.html', 'p"<.json'} <= set(Reader(shown).links)


def test_claims_that_were_not_run_are_folded() -> None:
    shown = page()
    (folded,) = re.findall(r"<details><summary>1 claim that.*?</details>", shown, flags=re.DOTALL)
    assert "“it not run”" in folded
    assert shown.count("“it not run”") == 1
    for word in ("holds", "fails", "undecided"):
        assert f"“it {word}”" not in folded
        assert re.search(f'<tr id="claim-{word}">.*>{word}<.*“it {word}”.*M-Mix, Section 4, Table 3<', shown)
    alone = page(said=claims({}))
    assert "that this run" not in alone
    assert "over a: +5.00 (+2.00 to +8.00)<br>over b: +1.00" in alone  # a line for each piece of evidence


def test_contradictions_are_plain_sentences() -> None:
    said = claims({"outcome": "fails"}, {}, {"outcome": "undecided"}, {"outcome": "not run"})
    numbers = cells({}, {"dataset": "DD", **APART}, {"dataset": "NCI1", **WIDE}, {"dataset": "COLLAB", **NOT_RUN})
    assert contradictions(numbers, said) == [
        "M-Mix, Section 4, Table 3: “ours is best” fails on 1 of 8 data sets: MUTAG "
        "(over a: +5.00 (+2.00 to +8.00); over b: +1.00).",
        "WL on DD, accuracy by SVM with an RBF kernel: LAMP prints 80.72 ± 3.00, this run finds 90.00, better "
        "(88.00 to 92.00).",
    ]
    shown = page(numbers, said)
    for line in contradictions(numbers, said):
        assert f"<li>{html.escape(line)}</li>" in shown
        assert f"- {line}\n" in verdict_markdown(numbers, said, HOW, "quick")


def test_a_quote_is_marked_and_contradicts_nobody() -> None:
    quote = cells({**APART, "quoted": "other works", "measured_by": "graphcl"})
    assert contradictions(quote, claims()) == []
    # Read back from a file, an empty text is missing; older records do not say.
    assert len(contradictions(cells(APART).assign(quoted=NAN), claims())) == 1
    assert len(contradictions(cells(APART).drop(columns="quoted"), claims())) == 1
    shown = verdict_page(quote, claims(), HOW, "quick", *LINKS, None, {"graphcl": "a shell"})
    assert '<span class="quote" title="quoted from: other works">quote</span>' in shown
    assert '<li id="protocol-graphcl">graphcl: a shell</li>' in shown
    assert '<a href="#protocol-graphcl">graphcl</a>' in shown


def test_rows_that_are_only_published_stand_with_their_reason() -> None:
    rows = [("mmix_table2", "InfoGCL", "No code."), ("mmix_table3", "InfoGCL", "No code.")]
    rows += [("mmix_table3", "PATCHY", "No code."), ("lamp_table2", "D<SLA", "Not written.")]
    only = pd.DataFrame(rows, columns=["artifact", "label", "reason"])
    lines = [
        "InfoGCL (M-Mix, Table 2); InfoGCL, PATCHY (M-Mix, Table 3): No code.",
        "D<SLA (LAMP, Table 2): Not written.",
    ]
    shown = verdict_page(cells({}), claims(), HOW, "quick", *LINKS, not_run=only)
    for line in lines:
        assert f"<li>{html.escape(line)}</li>" in shown
    assert '<a href="#not-run">' in shown
    said = verdict_markdown(cells({}), claims(), HOW, "quick", not_run=only)
    assert said.endswith("\n## Rows that are only published\n\n" + "".join(f"- {line}\n" for line in lines))
    assert "only published" not in page(cells({}), claims()) + verdict_markdown(cells({}), claims(), HOW, "quick")


def test_sizes_and_settings_stand_beside_a_number() -> None:
    small = cells({**APART, "scaled": "epochs 20 / 200", "settings": "1 of 95 settings"})
    assert "1 of 95 settings" in text(page(small, claims()))
    assert "scaled: epochs 20 / 200" in text(page(small, claims()))
    remark, line = contradictions(small, claims())
    assert remark.startswith(
        "Of the numbers that follow (1) those marked scaled (1) are of runs that are smaller than the"
    )
    assert line.endswith("better (88.00 to 92.00; scaled: epochs 20 / 200; 1 of 95 settings).")


def test_runs_of_the_papers_size_come_before_smaller_ones() -> None:
    small, whole = {**APART, "scaled": "epochs 20 / 200"}, {**APART, "dataset": "DD"}
    remark, first, second = contradictions(cells(small, whole), claims())
    assert remark.startswith("Of the numbers that follow (2) those marked scaled (1) are of runs")
    assert ("on DD" in first, "scaled" in first) == (True, False)
    assert "scaled: epochs 20 / 200" in second


def test_claims_say_what_they_are_about() -> None:
    printed = claims({"id": "printed-1", "about": "printed", "quote": "as printed", "outcome": "fails"})
    shown = verdict_page(cells({}), claims({}), HOW, "quick", *LINKS, printed)
    assert re.search(r"“ours is best”.*?>what is measured<", shown)
    (folded,) = re.findall(r"<details><summary>0 of 1 claims about printed.*?</details>", shown, flags=re.DOTALL)
    assert re.search(r"“as printed”.*?>printed numbers<", folded)


def test_each_number_is_contradicted_once() -> None:
    again = {**APART, "artifact": "lamp_table3", "label": "Weisfeiler-Leman"}
    other = {**APART, "paper": "mmix", "artifact": "mmix_table3"}
    differs = {**again, "artifact": "lamp_table9", "published": 79.0}
    assert len(contradictions(cells(APART, again), claims())) == 1
    assert len(contradictions(cells(APART, again, other), claims())) == 2
    # A paper that prints two numbers for one thing is contradicted twice, and so is one number of two evaluations.
    assert len(contradictions(cells(APART, again, differs), claims())) == 2
    twice = cells(APART, {**APART, "evaluation": "svm-linear"})
    assert len(contradictions(twice, claims())) == 2
    # Read back from a file, an empty part is missing.
    assert contradictions(twice.assign(part=NAN), claims()) == contradictions(twice, claims())


def test_nothing_to_contradict_is_said() -> None:
    assert contradictions(cells({}), claims({})) == []
    assert "Nothing that was run does." in page(cells({}), claims({}))
    assert "Nothing that was run does." in verdict_markdown(cells({}), claims({}), HOW, "quick")


def test_tables_come_in_the_order_of_their_numbers() -> None:
    numbers = cells({"artifact": "mmix_table10", "paper": "mmix"}, {"artifact": "mmix_table9", "paper": "mmix"}, {})
    shown = page(numbers, claims())
    assert [line[1] for line in lines_of(shown)[1:]] == ["LAMP, Table 1", "M-Mix, Table 9", "M-Mix, Table 10"]
    # Under the rules each is named with its evaluation, and leads to its page where there is one.
    titles = re.findall("<h3>(.*?Table.*?)</h3>", shown)
    assert titles == ['<a href="tables/lamp_table1.html">LAMP, Table 1</a>', "M-Mix, Table 9", "M-Mix, Table 10"]


def test_metrics_and_sizes_are_named_and_the_evaluation_is_said() -> None:
    table = {"paper": "mmix", "artifact": "mmix_table10", "evaluation": "edit-distance"}
    numbers = cells(
        {**table, "part": "n=50", "mean": 11.0}, {**table, "part": "n=10", "mean": 22.0, "metric": "roc_auc"}
    )
    shown = page(numbers, claims())
    found = {line[4]: line[6] for line in lines_of(shown)[1:]}
    assert found == {"accuracy at n=50": "11.00", "ROC-AUC at n=10": "22.00"}
    assert "<p>Graph edit distance (MUTAG); the interval is over seeds: what another pre-training" in shown
    assert "Shown in per cent; the paper prints fractions." in shown
    apart = contradictions(numbers.assign(verdict="worse"), claims())
    assert [line.partition(":")[0] for line in apart] == [
        "WL on MUTAG, accuracy at n=50 by graph edit distance",
        "WL on MUTAG, ROC-AUC at n=10 by graph edit distance",
    ]


def test_claims_are_told_by_paper() -> None:
    said = claims({"paper": "lamp", "outcome": "fails"}, {}, {"outcome": "not run"})
    shown = page(cells({}), said)
    parts = re.split("<h3>Claims of (LAMP|M-Mix)</h3>", shown)
    assert parts[1::2] == ["LAMP", "M-Mix"]
    assert [">fails<" in part and ">holds<" not in part for part in (parts[2], parts[4])] == [True, False]
    assert "1 claim that this run does not try" in parts[4]


def table_of(markdown: str, heading: str) -> list[list[str]]:
    part = markdown.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[2:]]


def test_markdown_has_the_same_verdicts() -> None:
    markdown = verdict_markdown(ALL, WORDS, HOW, "quick")
    numbers = table_of(markdown, "Numbers")
    run = ALL[ALL["verdict"] != "not run"]
    assert [row[0] for row in numbers] == run["verdict"].tolist()
    assert [row[3] for row in numbers] == run["dataset"].tolist()
    assert {row[4] for row in numbers} == {"accuracy by SVM with an RBF kernel"}
    more = ["80.50", "81.25", "", "", "7 further seeds would decide it"]
    assert numbers[3][5:] == ["80.72 ± 3.00", "70.25", "60.00 to 80.50", "5", *more]
    assert numbers[5][5] == "80.72 ± 3.00 (quote)"
    assert "Not run: 1 of 7 published cells" in markdown
    assert [row[:2] for row in table_of(markdown, "Claims")] == [[word, f"“it {word}”"] for word in OUTCOMES]
    assert "\n- **Protocol**: fixed\n- **Margin**: < 2 points.\n" in markdown


def test_a_bar_does_not_break_a_markdown_table() -> None:
    markdown = verdict_markdown(cells({"label": "a|b"}), claims({"quote": "x|y"}), HOW, "quick")
    assert table_of(markdown, "Numbers")[0][2] == "a/b"
    assert table_of(markdown, "Claims")[0][1] == "“x/y”"


@pytest.mark.parametrize("numbers", [cells(), cells({}), ALL])
@pytest.mark.parametrize("said", [claims(), WORDS])
def test_every_page_is_well_formed(numbers: pd.DataFrame, said: pd.DataFrame) -> None:
    shown = page(numbers, said)
    assert shown.startswith("<!doctype html>")
    Reader(shown.removeprefix("<!doctype html>"))
    assert "<li>Protocol: fixed</li><li>Margin: &lt; 2 points.</li>" in shown
    assert verdict_markdown(numbers, said, HOW, "quick").startswith("# Does it hold? Verdicts of the run quick\n")


def test_what_explains_numbers_stands_in_a_section_of_its_own_in_the_order_of_tables() -> None:
    said = {"mmix_table9": ["mp-mix: ninth"], "lamp_table1": ["LAMP-Mag: first", "LAMP-Soft: <second>"]}
    shown = verdict_page(cells({}), claims({}), HOW, "quick", *LINKS, None, None, said)
    _, section = shown.split('<h2 id="explained">')
    section = section.split("<h2")[0]
    places = [section.index(words) for words in ("LAMP, Table 1", "first", "&lt;second&gt;", "M-Mix, Table 9", "ninth")]
    assert places == sorted(places)
    assert 'href="#explained"' in shown
    markdown = verdict_markdown(cells({}), claims({}), HOW, "quick", said)
    assert "## What explains the numbers\n\n- LAMP, Table 1: LAMP-Mag: first\n" in markdown
    assert "explained" not in verdict_page(cells({}), claims({}), HOW, "quick", *LINKS)
