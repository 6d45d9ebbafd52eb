"""Tables as text: in Markdown, LaTeX and HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from relamp.runtime.files import write_csv, write_text

Block = Sequence[Sequence[str]]
WIDE = 7  # columns that fit a line of a printed page

_TEX = {
    **{"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "†": r"$^\dagger$"},
    **{"α": r"$\alpha$", "γ": r"$\gamma$", "−": "$-$", "×": r"$\times$", "–": "--", "—": "---"},
}
# `relamp.runtime.code` counts the templates as code of what imports this file.
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


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
        """Return a Markdown table, its caption below: each block under a line with its name, numbers to the right."""
        width = len(self.head)
        lines = [[*map(_markdown, self._flat_head())]]
        lines.append(["---"] * self.text_columns + ["---:"] * (width - self.text_columns))
        for name, rows in self.blocks.items():
            if len(self.blocks) > 1:
                lines.append([f"**{_markdown(name)}**", *[""] * (width - 1)])
            lines += [[*map(_markdown, row)] for row in rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{_markdown(self.caption)}\n"

    def latex(self) -> str:
        """Return a LaTeX table (packages booktabs, graphicx), its caption above: each block under its name."""
        width = len(self.head)
        columns = "l" * self.text_columns + "r" * (width - self.text_columns)
        lines = [r"\begin{table}", r"\centering", rf"\caption{{{latex(self.caption)}}}"]
        # A wide table is shrunk to the line rather than cut off by the margin.
        wide = width > WIDE
        lines += [r"\resizebox{\linewidth}{!}{%"] if wide else []
        lines += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", *_spans(self.spans), _row(self.head), r"\midrule"]
        for number, (name, rows) in enumerate(self.blocks.items()):
            lines += [r"\midrule"] if number else []
            if len(self.blocks) > 1:
                lines.append(rf"\multicolumn{{{width}}}{{l}}{{\textit{{{latex(name)}}}}} \\")
            lines += map(_row, rows)
        lines += [r"\bottomrule", r"\end{tabular}" + ("}" if wide else ""), r"\end{table}"]
        return "\n".join(lines) + "\n"

    def html(self) -> str:
        """Return a page with the table and its caption below: each block under a line with its name."""
        values = {"blocks": self.blocks, "caption": self.caption, "text_columns": self.text_columns}
        return page("table.html", head=self._flat_head(), **values)

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


def page(template: str, **values: Any) -> str:
    """Return the HTML page that a template in `templates/` makes of some values, in which every text is escaped."""
    return _TEMPLATES.get_template(template).render(**values).strip() + "\n"


def with_spread(value: float, spread: float, digits: int = 2) -> str:
    """Return a number as tables show it, with its spread where there is one."""
    return f"{value:.{digits}f}" + ("" if pd.isna(spread) else f"±{spread:.{digits}f}")


def _markdown(text: str) -> str:
    for sign in "\\|*_<`":
        text = text.replace(sign, f"\\{sign}")
    return text


def latex(text: str) -> str:
    """Return a text as it must be written in LaTeX, Greek letters and signs included."""
    return "".join(_TEX.get(sign, sign) for sign in text)


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(latex, cells)) + r" \\"


def _spans(spans: Sequence[tuple[str, int]]) -> list[str]:
    if not spans:
        return []
    cells, rules, first = [], [], 1
    for text, width in spans:
        cells.append(rf"\multicolumn{{{width}}}{{c}}{{{latex(text)}}}" if text else " & ".join([""] * width))
        if text:
            rules.append(rf"\cmidrule(lr){{{first}-{first + width - 1}}}")
        first += width
    return [" & ".join(cells) + r" \\", "".join(rules)]
