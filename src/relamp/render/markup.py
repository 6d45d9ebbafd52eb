"""Tables as text: in Markdown and HTML here, in LaTeX by `relamp.render.latex`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from relamp.render.latex import latex_table
from relamp.runtime.files import write_csv, write_text

Block = Sequence[Sequence[str]]
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
        best: `highest` or `lowest` by the title of a column or, below spans, of a line: which number of each block or
            span LaTeX marks as best.
        second: whether it underlines the second best as well.
        own: the block with the numbers of this run.
    """

    numbers: pd.DataFrame
    head: Sequence[str]
    blocks: Mapping[str, Block]
    caption: str
    text_columns: int = 1
    spans: Sequence[tuple[str, int]] = ()
    best: Mapping[str, str] = field(default_factory=dict)
    second: bool = False
    own: str = ""

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

    def html(self) -> str:
        """Return a page with the table and its caption below: each block under a line with its name."""
        values = {"blocks": self.blocks, "caption": self.caption, "text_columns": self.text_columns}
        return page("table.html", head=self._flat_head(), **values)

    def write(self, stem: Path | str) -> list[Path]:
        """Write `stem`.csv, .md, .tex and .html, each as a whole; raises RelampError if one cannot be written."""
        paths = [Path(f"{stem}.{kind}") for kind in ("csv", "md", "tex", "html")]
        write_csv(paths[0], self.numbers)
        for path, text in zip(
            paths[1:], (self.markdown(), latex_table(self, Path(stem).name), self.html()), strict=True
        ):
            write_text(path, text)
        return paths

    def _flat_head(self) -> list[str]:
        """Return the titles in one line, with what spans them in brackets."""
        above = [text for text, width in self.spans for _ in range(width)] or [""] * len(self.head)
        return [f"{title} ({text})" if text else title for title, text in zip(self.head, above, strict=True)]


def page(template: str, **values: Any) -> str:
    """Return the HTML page that a template in `templates/` makes of some values, in which every text is escaped."""
    return _TEMPLATES.get_template(template).render(**values).strip() + "\n"


def text(template: str, **values: Any) -> str:
    """Return the Markdown or plain text that a template in `templates/` makes of some values, as they are."""
    return _TEMPLATES.overlay(autoescape=False).get_template(template).render(**values).strip() + "\n"


def with_spread(value: float, spread: float, digits: int = 2) -> str:
    """Return a number as tables show it, with its spread where there is one."""
    return f"{value:.{digits}f}" + ("" if pd.isna(spread) else f"±{spread:.{digits}f}")


def bounds(row: Mapping[Any, Any], digits: int = 2) -> str:
    """Return the interval of a number, from `low` to `high`; nothing where there is none."""
    return "" if pd.isna(row["low"]) else f"{row['low']:.{digits}f} to {row['high']:.{digits}f}"


def _markdown(text: str) -> str:
    for sign in "\\|*_<`":
        text = text.replace(sign, f"\\{sign}")
    return text
