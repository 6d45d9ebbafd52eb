"""Text tables in Markdown, LaTeX and HTML."""

import html
from collections.abc import Mapping, Sequence

Block = Sequence[Sequence[str]]
WIDE = 7  # columns that fit a line of a printed page

_TEX = {
    **{"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "†": r"$^\dagger$"},
    **{"α": r"$\alpha$", "γ": r"$\gamma$", "−": "$-$", "×": r"$\times$", "–": "--", "—": "---"},
}


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


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 13px/1.4 system-ui, sans-serif; color: #1a1a1a; margin: 1rem; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .2rem .4rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #ddd; }}
thead th {{ white-space: normal; vertical-align: bottom; }}
th {{ border-bottom: 2px solid #333; }}
.text {{ text-align: left; }}
.block {{ text-align: left; font-weight: 600; background: #f0f0f0; }}
p {{ max-width: 60rem; }}
</style>
<div><table>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table></div>
<p>{caption}</p>
</html>
"""


def html_page(head: Sequence[str], blocks: Mapping[str, Block], caption: str, text_columns: int) -> str:
    """Return a page with one table and its caption below: each block under a line with its name."""

    def row(cells: Sequence[str], tag: str) -> str:
        kinds = [' class="text"' if place < text_columns else "" for place in range(len(cells))]
        return "".join(f"<{tag}{kind}>{html.escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))

    lines = []
    for name, rows in blocks.items():
        if len(blocks) > 1:
            lines.append(f'<tr><td class="block" colspan="{len(head)}">{html.escape(name)}</td></tr>')
        lines += [f"<tr>{row(cells, 'td')}</tr>" for cells in rows]
    title = html.escape(caption.partition(".")[0])
    return _PAGE.format(title=title, head=row(head, "th"), body="\n".join(lines), caption=html.escape(caption))
