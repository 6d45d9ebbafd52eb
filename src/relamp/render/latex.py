"""Tables in LaTeX (package booktabs): inside the margins of a page, with letters of 6 points at least.

A table that fits is set in the document's own size. Where it is too wide, columns without a number of this run go
first, then letters shrink to 8 points, then the columns are split into parts that stand below one another. Nothing is
scaled. In a document of two columns a table wider than one of them is set across both.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING

from matplotlib.font_manager import findfont, get_font

if TYPE_CHECKING:
    from relamp.render.markup import TextTable

# Points: a line of `article`, one column of two, and a page of text.
_LINE, _COLUMN, _PAGE = 345.0, 190.0, 505.0
_OWN_SIZE = 300.0  # what a table in letters of 10 may fill, so that it fits in a document of 11 and 12 points too
_LINES = 9.5, 14.5  # from line to line in small letters, and in a document of 12 points
_STACKED = 1.2  # lines that one of several in a title takes
_BETWEEN = 8.0  # from one part to the next
_SAFE = 0.97  # widths are estimated
_SMALL = r"\fontsize{8}{9.5}\selectfont\setlength{\tabcolsep}{3pt}"
_SIGNS = {
    **{"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$", "|": "$|$", '"': "''"},
    **{"±": r"$\pm$", "−": "$-$", "×": r"$\times$", "·": r"$\cdot$", "≤": r"$\leq$", "≥": r"$\geq$", "→": r"$\to$"},
    # Not raised, since raised letters are smaller.
    **{"†": r"\dag{}", "‡": r"\ddag{}", "′": "$'$", "²": "$^2$", "³": "$^3$", "°": r"$^\circ$"},
    **{"–": "--", "—": "---", "“": "``", "”": "''", "‘": "`", "’": "'", "…": r"\ldots{}", "\u00a0": "~", "\u2011": "-"},
}
_ACCENTS = "\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327"
# The papers' losses and representations, as labels write them.
_SYMBOL = r"\b([LJ])_([A-Za-z]+)|\b([zh]_[ab])\b"
_NUMBER = re.compile(r"(?P<whole>[+-]?[\d,]+)(?P<tail>(?:\.\d+)?(?:±[\d.]+)?)")
_MISSING = "-"


@dataclass(frozen=True)
class _Part:
    """What one `tabular` shows: columns by number, and lines of cells by block."""

    columns: Sequence[int]
    blocks: Mapping[str, Sequence[Sequence[str]]]


def latex(text: str) -> str:
    """Return a text as it must be written in LaTeX: signs, Greek letters and the papers' symbols.

    A sign that LaTeX's usual fonts lack stands as its number, such as [U+6570].
    """
    return re.sub(f"{_SYMBOL}|.", _written_sign, text, flags=re.DOTALL)


def latex_table(table: "TextTable", name: str) -> str:
    """Return a table as one float or, where a page does not hold it, several, labelled `tab:name`, `tab:name-2` ...

    Its caption stands above, and each block under its name. The best number of a column is bold where `table.best` says
    which is best.
    """
    shown = _without_block_names(table)
    texts = [number for number in shown if number < table.text_columns]
    data = [number for number in shown if number >= table.text_columns]
    kept, small = _own(table, data), True
    for columns, small in ((data, False), (kept, False), (kept, True)):
        parts = [_part(table, [*texts, *columns])]
        width = _width(table, parts[0], small)
        if width <= _SAFE * (_LINE if small else _OWN_SIZE):
            break
    else:
        parts, width = [_part(table, [*texts, *group]) for group in _groups(table, texts, kept)], _LINE
    caption = table.caption + _left_out(table, [number for number in data if number not in columns], parts)
    # Across both columns where one does not hold it; in a document of one column there is no difference.
    environment, room = ("table", _COLUMN) if width <= _COLUMN else ("table*", _LINE)
    above = _LINES[1] * (2 + _length(caption, small=False) / room)
    if len(floats := [*_floats(table, parts, above, small)]) > 1 and not small:
        small, floats = True, [*_floats(table, parts, above, small=True)]
    made = []
    for number, of in enumerate(floats, 1):
        words = caption if number == 1 else f"{caption.partition('. ')[0].removesuffix('.')} (continued)."
        label = f"tab:{name}" if number == 1 else f"tab:{name}-{number}"
        lines = [rf"\begin{{{environment}}}", r"\centering", rf"\caption{{{latex(words)}}}", rf"\label{{{label}}}"]
        lines += [r"\par\medskip", *([_SMALL] if small else [])]
        for place, part in enumerate(of):
            lines += [r"\par\medskip"] if place else []
            lines += _tabular(table, part, small)
        made.append("\n".join([*lines, rf"\end{{{environment}}}"]) + "\n")
    return "\n".join(made)


def _left_out(table: "TextTable", columns: Sequence[int], parts: Sequence[_Part]) -> str:
    """Say which columns are left out, and which rows have numbers in none of the others."""
    shown = {id(row) for part in parts for rows in part.blocks.values() for row in rows}
    rows = [row[table.text_columns - 1] for of in table.blocks.values() for row in of if id(row) not in shown]
    if not columns:
        return f" Left out, since they have no number: {', '.join(rows)}." if rows else ""
    words = f" Left out, since nothing of this run stands there: {', '.join(table.head[number] for number in columns)}"
    words += f"; and rows that have numbers only there: {', '.join(rows)}" if rows else ""
    return words.removesuffix(".") + "."


def _tabular(table: "TextTable", part: _Part, small: bool) -> list[str]:
    count = len(part.columns)
    kinds = "".join("l" if number < table.text_columns else "r" for number in part.columns)
    cells = _written(table, part)
    lines = [rf"\begin{{tabular}}{{@{{}}{kinds}@{{}}}}", r"\toprule", *_spans(table, part.columns)]
    lines += [_row(_heads(table, part, small)), r"\midrule"]
    named = len(table.blocks) > 1 or len(_without_block_names(table)) < len(table.head)
    for number, (name, rows) in enumerate(cells.items()):
        lines += [r"\midrule"] if number else []
        if named:
            lines.append(rf"\multicolumn{{{count}}}{{@{{}}l}}{{\textit{{{latex(name)}}}}} \\")
        lines += map(_row, rows)
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _row(cells: Sequence[str]) -> str:
    line = " & ".join(cells)
    # Behind the end of a row LaTeX takes a bracket for an option of that.
    return f"{{}}{line} \\\\" if line.startswith("[") else rf"{line} \\"


def _without_block_names(table: "TextTable") -> list[int]:
    """Return the columns but those that say the name of the block in each of its lines."""
    return [
        number
        for number in range(len(table.head))
        if not any(table.blocks.values())
        or any(not name or row[number] != name for name, rows in table.blocks.items() for row in rows)
    ]


def _own(table: "TextTable", data: Sequence[int]) -> Sequence[int]:
    """Return the columns that have a number of this run, if some of them have a published one beside it; else all."""
    own = table.blocks.get(table.own, ())
    kept = [number for number in data if any(_NUMBER.fullmatch(row[number]) for row in own)]
    others = [row for name, rows in table.blocks.items() if name != table.own for row in rows]
    compared = any(_NUMBER.fullmatch(row[number]) for number in kept for row in others)
    return kept if compared else data


def _part(table: "TextTable", columns: Sequence[int]) -> _Part:
    """Return the columns, with the lines that have something in them."""
    data = [number for number in columns if number >= table.text_columns]
    blocks = {
        name: [row for row in rows if any(row[number] not in ("", _MISSING) for number in data)]
        for name, rows in table.blocks.items()
    }
    return _Part(columns, {name: rows for name, rows in blocks.items() if rows})


def _groups(table: "TextTable", texts: Sequence[int], data: Sequence[int]) -> list[list[int]]:
    """Split columns into groups that a line holds in small letters: those below one span, or as even as may be."""
    spans = [*accumulate(width for _, width in table.spans)]
    tried = [[[number for number in data if a <= number < b] for a, b in pairwise(spans)]] if spans else [[[*data]]]
    for count in range(2, len(data) + 1):
        size = -(-len(data) // count)
        tried.append([[*data[start : start + size]] for start in range(0, len(data), size)])
    for groups in tried:
        if all(_width(table, _part(table, [*texts, *of]), small=True) <= _LINE * _SAFE for of in groups):
            break
    return groups


def _floats(table: "TextTable", parts: Sequence[_Part], above: float, small: bool) -> Iterator[list[_Part]]:
    """Put parts together as long as a page holds them below `above` points; one that none holds is cut."""
    line, used = _LINES[not small], above
    held: list[_Part] = []
    for part in parts:
        head = 2.5 + _STACKED * max(map(len, _broken(table, part, small)))
        for piece in _pieces(part, int((_PAGE - above) / line - head)):
            height = line * (head + _lines(piece)) + _BETWEEN
            if held and used + height > _PAGE:
                yield held
                held, used = [], 3 * _LINES[1]
            held.append(piece)
            used += height
    yield held


def _lines(part: _Part) -> float:
    """Return how many lines a part has: of each block its rows, its name and the rule above it."""
    return sum(1.5 + len(rows) for rows in part.blocks.values())


def _pieces(part: _Part, most: int) -> Iterator[_Part]:
    """Cut a part into pieces of so many lines, the name of a block among them: between blocks or, if need be, lines."""
    if _lines(part) > most >= 1 + max(map(len, part.blocks.values()), default=0):
        yield from (_Part(part.columns, {name: rows}) for name, rows in part.blocks.items())
        return
    while _lines(part) > most:
        first: dict[str, Sequence[Sequence[str]]] = {}
        rest: dict[str, Sequence[Sequence[str]]] = {}
        for name, rows in part.blocks.items():
            room = max(most - 1 - sum(1 + len(of) for of in first.values()), 0) if not rest else 0
            for piece, of in ((first, rows[:room]), (rest, rows[room:])):
                if of:
                    piece[name] = of
        if not first:
            break
        yield _Part(part.columns, first)
        part = _Part(part.columns, rest)
    yield part


def _written(table: "TextTable", part: _Part) -> dict[str, list[list[str]]]:
    """Return the cells in LaTeX: numbers with their points below one another, the best of a block marked."""
    every, marks = [*chain(*table.blocks.values())], _marks(table)
    tails = {number: max((_tail(row[number]) for row in every), key=len, default="") for number in part.columns}
    return {
        name: [
            [
                latex(row[column])
                if column < table.text_columns
                else _cell(row[column], tails[column], marks.get((id(row), column)))
                for column in part.columns
            ]
            for row in rows
        ]
        for name, rows in part.blocks.items()
    }


def _cell(text: str, tail: str, mark: str | None) -> str:
    """Write a number so that it ends where the longest tail of its column would, or a text as it is."""
    if not (found := _NUMBER.fullmatch(text)):
        return (
            rf"--\phantom{{{latex(tail)}}}" if text == _MISSING and tail else "--" if text == _MISSING else latex(text)
        )
    value, _, spread = text.partition("±")
    value = value.replace("-", "−")
    missing = [sign * (tail.count(sign) - found["tail"].count(sign)) for sign in "±."]
    digits = len(re.sub(r"\D", "", tail)) - len(re.sub(r"\D", "", found["tail"]))
    lacking = "".join(missing) + "0" * digits
    written = rf"\{mark}{{{latex(value)}}}" if mark else latex(value)
    return written + (latex(f"±{spread}") if spread else "") + (rf"\phantom{{{latex(lacking)}}}" if lacking else "")


def _tail(text: str) -> str:
    found = _NUMBER.fullmatch(text)
    return found["tail"] if found else ""


def _marks(table: "TextTable") -> dict[tuple[int, int], str]:
    """Return by line and column what marks the best numbers of a block: in a column or, below spans, in a line."""
    data, marks = range(table.text_columns, len(table.head)), dict[tuple[int, int], str]()
    ends = [*accumulate(width for _, width in table.spans)]
    for rows in table.blocks.values():
        runs = [(table.head[number], [(row, number) for row in rows]) for number in data]
        runs += [(row[0], [(row, number) for number in range(a, b)]) for a, b in pairwise(ends) for row in rows]
        for title, places in runs:
            if sign := {"highest": 1, "lowest": -1}.get(table.best.get(title, "")):
                numbers = {
                    (id(row), number): sign * float(found["whole"].replace(",", "") + found["tail"].partition("±")[0])
                    for row, number in places
                    if (found := _NUMBER.fullmatch(row[number]))
                }
                ranked = sorted(set(numbers.values()), reverse=True)
                looks = dict(zip(ranked, ("textbf", "underline")[: 1 + table.second], strict=False))
                marks |= {place: looks[value] for place, value in numbers.items() if len(ranked) > 1 and value in looks}
    return marks


def _spans(table: "TextTable", columns: Sequence[int]) -> list[str]:
    """Write the head above the head, over those of its columns that are shown."""
    if not table.spans:
        return []
    above = [place for place, (_, width) in enumerate(table.spans) for _ in range(width)]
    cells, rules, first = [], [], 1
    for place, (text, _) in enumerate(table.spans):
        if not (width := sum(above[number] == place for number in columns)):
            continue
        cells.append(rf"\multicolumn{{{width}}}{{c}}{{{latex(text)}}}" if text else " & ".join([""] * width))
        rules += [rf"\cmidrule(lr){{{first}-{first + width - 1}}}"] if text else []
        first += width
    return [_row(cells), "".join(rules)]


def _heads(table: "TextTable", part: _Part, small: bool) -> list[str]:
    """Return the titles, those that are wider than their column in several lines."""
    heads = []
    for number, words in zip(part.columns, _broken(table, part, small), strict=True):
        text = r"\\".join(map(latex, words))
        side = "l" if number < table.text_columns else "r"
        heads.append(rf"\shortstack[{side}]{{{text}}}" if len(words) > 1 else text)
    return heads


def _broken(table: "TextTable", part: _Part, small: bool) -> list[list[str]]:
    """Return the lines of each title: as few as its cells are wide enough for."""
    made = []
    for number in part.columns:
        room = _room(part, number, small)
        lines: list[str] = []
        for word in table.head[number].split(" "):
            longer = f"{lines[-1]} {word}" if lines else word
            # A dagger belongs to the word before it.
            if lines and (word == "†" or _length(longer, small) <= room):
                lines[-1] = longer
            else:
                lines.append(word)
        made.append(lines or [""])
    return made


def _width(table: "TextTable", part: _Part, small: bool) -> float:
    """Return how wide a part is, in points, in letters of 8 points (`small`) or 10."""
    heads = _broken(table, part, small)
    widths = [
        max(_room(part, number, small), *(_length(each, small) for each in words))
        for number, words in zip(part.columns, heads, strict=True)
    ]
    return sum(widths) + (6.0 if small else 12.0) * (len(widths) - 1)


def _room(part: _Part, number: int, small: bool) -> float:
    """Return how wide the cells of a column are."""
    return max((_length(row[number], small) for row in chain(*part.blocks.values())), default=0.0)


@cache
def _length(text: str, small: bool) -> float:
    """Return how wide a text is in Computer Modern, in points; numbers as if they were bold."""
    plain = "".join("+" if sign in "±−×" else sign if sign.isascii() else "M" for sign in text)
    font = get_font(findfont("cmr10"))
    font.set_size(10, 72)
    font.set_text(plain)
    value = len(text.partition("±")[0]) if _NUMBER.fullmatch(text) else 0
    # Letters of 8 points are a little wider than eight tenths of those of 10, and bold digits by 0.75 points of 10.
    return (font.get_width_height()[0] / 64 + 0.75 * value) * (0.85 if small else 1.0)


def _written_sign(found: re.Match[str]) -> str:
    letter, index, other = found.groups()
    if letter:
        return rf"$\mathcal{{{letter}}}_{{\mathrm{{{index}}}}}$"
    return f"${other}$" if other else _sign(found[0])


def _sign(sign: str) -> str:
    if sign in _SIGNS or sign.isascii():
        return _SIGNS.get(sign, sign)
    if found := re.fullmatch("GREEK SMALL LETTER ([A-Z]+)", unicodedata.name(sign, "")):
        return rf"$\{found[1].lower().replace('lamda', 'lambda')}$" if found[1] != "OMICRON" else "o"
    letter = unicodedata.normalize("NFD", sign)
    return sign if len(letter) == 2 and letter[0].isascii() and letter[1] in _ACCENTS else f"[U+{ord(sign):04X}]"
