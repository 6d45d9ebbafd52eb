"""Tables as text: in Markdown, LaTeX and HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from relamp.render.pages import page
from relamp.runtime.files import write_csv, write_text

Block = Sequence[Sequence[str]]
WIDE = 7  # columns that fit a line of a printed page

_TEX = {
    **{"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "†": r"$^\dagger$"},
    **{"α": r"$\alpha$", "γ": r"$\gamma$", "−": "$-$", "×": r"$\times$", "–": "--", "—": "---"},
}


@dataclass(frozen=True)
class TextTable:
    """A table to read, with its numbers.

    Attributes:
        numbers: what the CSV holds, one row per number or line, with all digits.
        head: titles of the columns.
        blocks: lines of cells by the name of their block; the name of a single block is not shown.
        caption: what is shown; its first sentence is the title of the page.
        text_columns: how many columns on the left hold texts; all others hold numbers.
        spans: a second head above the first, as texts and the number of columns that each of them covers.
    """

    numbers: pd.DataFrame
    head: Sequence[str]
    blocks: Mapping[str, Block]
    caption: str
    text_columns: int = 1
    spans: Sequence[tuple[str, int]] = ()

    def markdown(self) -> str:
        """Return the table in Markdown, its caption below."""
        return markdown_table(self._flat_head(), self.blocks, self.caption, self.text_columns)

    def latex(self) -> str:
        """Return the table in LaTeX (packages booktabs, graphicx), its caption above."""
        return latex_table(self.head, self.blocks, self.caption, self.text_columns, self.spans)

    def html(self) -> str:
        """Return a page with the table, its caption below."""
        return html_page(self._flat_head(), self.blocks, self.caption, self.text_columns)

    def write(self, stem: Path | str) -> list[Path]:
        """Write `stem`.csv, .md, .tex and .html, each as a whole; raises RelampError if one cannot be written."""
        paths = [Path(f"{stem}.{kind}") for kind in ("csv", "md", "tex", "html")]
        write_csv(paths[0], self.numbers)
        for path, text in zip(paths[1:], (self.markdown(), self.latex(), self.html()), strict=True):
            write_text(path, text)
        return paths

    def _flat_head(self) -> list[str]:
        """Return the titles in one line, with what spans them in brackets."""
        above = [text for text, width in self.spans for _ in range(width)] or [""] * len(self.head)
        return [f"{title} ({text})" if text else title for title, text in zip(self.head, above, strict=True)]


def markdown_table(head: Sequence[str], blocks: Mapping[str, Block], caption: str, text_columns: int) -> str:
    """Return a Markdown table, its caption below: each block under a line with its name, numbers to the right."""
    width = len(head)
    lines = [[*map(markdown, head)], ["---"] * text_columns + ["---:"] * (width - text_columns)]
    for name, rows in blocks.items():
        if len(blocks) > 1:
            lines.append([f"**{markdown(name)}**", *[""] * (width - 1)])
        lines += [[*map(markdown, row)] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{markdown(caption)}\n"


def latex_table(
    head: Sequence[str],
    blocks: Mapping[str, Block],
    caption: str,
    text_columns: int,
    spans: Sequence[tuple[str, int]] = (),
) -> str:
    """Return a LaTeX table (packages booktabs, graphicx), its caption above: each block under a line with its name.

    `spans` is a second head above the first, as texts and the number of columns that each of them covers.
    """
    width = len(head)
    columns = "l" * text_columns + "r" * (width - text_columns)
    lines = [r"\begin{table}", r"\centering", rf"\caption{{{latex(caption)}}}"]
    # A wide table is shrunk to the line rather than cut off by the margin.
    wide = width > WIDE
    lines += [r"\resizebox{\linewidth}{!}{%"] if wide else []
    lines += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    if spans:
        lines += _spans(spans)
    lines += [_row(head), r"\midrule"]
    for number, (name, rows) in enumerate(blocks.items()):
        if number:
            lines.append(r"\midrule")
        if len(blocks) > 1:
            lines.append(rf"\multicolumn{{{width}}}{{l}}{{\textit{{{latex(name)}}}}} \\")
        lines += map(_row, rows)
    lines += [r"\bottomrule", r"\end{tabular}" + ("}" if wide else ""), r"\end{table}"]
    return "\n".join(lines) + "\n"


def markdown(text: str) -> str:
    """Return a text as it must be written in a cell of a Markdown table."""
    for sign in "\\|*_<`":
        text = text.replace(sign, f"\\{sign}")
    return text


def latex(text: str) -> str:
    """Return a text as it must be written in LaTeX, Greek letters and signs included."""
    return "".join(_TEX.get(sign, sign) for sign in text)


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(latex, cells)) + r" \\"


def _spans(spans: Sequence[tuple[str, int]]) -> list[str]:
    cells, rules, first = [], [], 1
    for text, width in spans:
        cells.append(rf"\multicolumn{{{width}}}{{c}}{{{latex(text)}}}" if text else " & ".join([""] * width))
        if text:
            rules.append(rf"\cmidrule(lr){{{first}-{first + width - 1}}}")
        first += width
    return [" & ".join(cells) + r" \\", "".join(rules)]


def html_page(head: Sequence[str], blocks: Mapping[str, Block], caption: str, text_columns: int) -> str:
    """Return a page with one table and its caption below: each block under a line with its name."""
    return page("table.html", head=head, blocks=blocks, caption=caption, text_columns=text_columns)
