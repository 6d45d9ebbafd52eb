"""Do the papers agree with themselves? Their own arithmetic, from nothing but the printed cells and the text."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.errors import RelampError
from relamp.judge.claims import load_claims
from relamp.judge.grouped import grouped
from relamp.judge.published import AGGREGATES, AVERAGES, RANK, load_published, natural, paper_datasets
from relamp.judge.ranks import average_ranks

COLUMNS = ("paper", "artifact", "where", "claimed", "recomputed", "agrees", "remark")
# Fewer equal cells than this may be chance.
_TWIN_CELLS = 3
_EQUAL = 1e-9

Row = tuple[str, str, str, str, str, bool, str]


def audit(published: Iterable[Path], claims: Path | str) -> pd.DataFrame:
    """Return one row (`COLUMNS`) for each check of the published tables against themselves, sorted.

    Checked are all averages and average ranks, every cell that a paper prints in several tables or that both papers
    quote, rows of different methods that are equal number by number (only those found are listed), and the claims about
    printed numbers. Raises RelampError if there are no tables, or a file has a wrong form.
    """
    paths = sorted(published, key=lambda path: natural(path.stem))
    tables = {path.stem: load_published(path.parent, path.stem) for path in paths}
    if not tables:
        raise RelampError("audit: there are no published tables; check the folder")
    rows: list[Row] = []
    for table in tables.values():
        for name in AVERAGES:
            # The cells are rounded themselves, so the last decimal of their mean may be off by one.
            rows += _check_aggregate(table, name, lambda cells: cells.mean(axis=1, skipna=False), 1.0)
        # Ranks are whole or half numbers, so nothing but the rounding of the mean itself is allowed.
        rows += _check_aggregate(table, RANK, average_ranks, 0.5)
    cells = pd.concat(tables.values(), ignore_index=True)
    cells["protocol"] = cells["protocol"].fillna("") if "protocol" in cells else ""
    for _, of_paper in cells.groupby("paper"):
        rows += [*_check_repeats(of_paper), *_find_twins(of_paper)]
    rows += _check_quotes(cells)
    for claim in load_claims(claims):
        if not claim.printed:
            continue
        for finding in claim.printed.check(tables):
            where = f"{claim.where}: “{claim.quote}”" + (f", {finding.where}" if finding.where else "")
            remark = "; ".join(part for part in (finding.remark, claim.remark) if part)
            numbers = finding.claimed, finding.recomputed, finding.agrees
            rows.append((claim.paper, claim.printed.artifact, where, *numbers, remark))
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"agrees": bool})
    return frame.sort_values(list(COLUMNS[:5]), key=lambda column: column.map(natural), ignore_index=True)


def render_audit(frame: pd.DataFrame) -> str:
    """Return the outcome of `audit` as Markdown: counts, then what disagrees, then what agrees."""
    wrong = frame[~frame["agrees"]]
    lines = [
        "# The papers' own arithmetic",
        "",
        f"{len(frame)} checks of the printed tables and the text against each other; {len(wrong)} disagree.",
        "",
        *_table(
            ["paper", "checks", "disagree"],
            [[paper, len(part), int((~part["agrees"]).sum())] for paper, part in frame.groupby("paper")],
        ),
    ]
    for title, part in (("Disagreements", wrong), ("Agreements", frame.drop(wrong.index))):
        shown = [name for name in COLUMNS if name != "agrees"]
        body = part[shown].to_numpy().tolist()
        lines += ["", f"## {title} ({len(part)})", "", *(_table(shown, body) if body else ["None."])]
    return "\n".join(lines) + "\n"


def _table(head: list[str], body: list[list[Any]]) -> list[str]:
    lines: list[list[Any]] = [head, ["---"] * len(head), *body]
    return [
        "| " + " | ".join(str(cell).replace("|", r"\|").replace("\n", " ") for cell in line) + " |" for line in lines
    ]


def _check_aggregate(
    table: pd.DataFrame, name: str, compute: Callable[[pd.DataFrame], "pd.Series[float]"], last_places: float
) -> Iterator[Row]:
    printed = table[table["dataset"] == name].set_index("method")
    if printed.empty:
        return
    wide = table.pivot_table("value", "method", "dataset", dropna=False)[paper_datasets(table)]
    found = compute(wide)
    for row in printed.reset_index().to_dict("records"):
        value = found[row["method"]]
        if pd.isna(value) and pd.isna(row["value"]):
            continue  # a dash where cells are missing is no sum to check
        off = value - row["value"]
        agrees = abs(off) <= last_places * 10.0 ** -row["decimals"] + _EQUAL
        remark = "" if agrees else "one of them is missing" if pd.isna(off) else f"off by {off:+.2f}"
        claimed = "–" if pd.isna(row["value"]) else f"{row['value']:.{row['decimals']}f}"
        # Two more decimals than printed show on which side of the rounding it falls.
        told = "–" if pd.isna(value) else f"{value:.{row['decimals'] + 2}f}"
        yield row["paper"], row["artifact"], f"{row['label']}, {name}", claimed, told, agrees, remark


def _check_repeats(cells: pd.DataFrame) -> Iterator[Row]:
    """Compare the cells that several tables of one paper print for the same method, data set and metric."""
    # A rank is one among the rivals of its table, so that it may differ between tables.
    printed, by = cells[cells["dataset"] != RANK].dropna(subset=["value"]), ["method", "dataset", "metric", "protocol"]
    for (method, dataset, metric, _), same in grouped(printed.to_dict("records"), by).items():
        if len(same) < 2:
            continue
        first, *others = same
        agrees = all(_pair(other) == _pair(first) for other in others)
        told = "; ".join(f"{_number(other)} ({other['artifact']})" for other in others)
        where = f"{method} on {dataset}, {metric}, in several tables"
        remark = "" if agrees else "one name, several numbers"
        yield first["paper"], first["artifact"], where, _number(first), told, agrees, remark


def _check_quotes(cells: pd.DataFrame) -> Iterator[Row]:
    """Compare the cells that several papers quote for one method, data set and metric, as coarse as the coarser one."""
    quoted = cells[(cells["quoted"] != "") & ~cells["dataset"].isin(AGGREGATES)].dropna(subset=["value"])
    key = ["method", "dataset", "metric"]
    once = quoted.drop_duplicates([*key, "paper"]).to_dict("records")
    for (method, dataset, metric), (first, *others) in grouped(once, key).items():
        for other in others:
            decimals = sorted((first["decimals"], other["decimals"]))
            off = other["value"] - first["value"]
            # A number with fewer decimals was rounded or cut off, by less than its last one.
            room = 10.0 ** -decimals[0] - _EQUAL if decimals[0] < decimals[1] else _EQUAL
            agrees = abs(off) < room
            told = f"{_number(other)} ({other['artifact']})"
            where = f"{method} on {dataset}, {metric}, as two papers quote it"
            remark = "" if agrees else f"quoted numbers differ by {off:+.2f}"
            yield first["paper"], first["artifact"], where, _number(first), told, agrees, remark


def _find_twins(cells: pd.DataFrame) -> Iterator[Row]:
    """Find rows of different methods that are equal in every cell that both have, spreads included."""
    printed: dict[tuple[str, str], dict[tuple[str, ...], tuple[float, float]]] = {}
    for row in cells.dropna(subset=["value", "spread"]).to_dict("records"):
        mine = printed.setdefault((row["artifact"], row["method"]), {})
        mine[row["dataset"], row["metric"], row["protocol"]] = row["value"], row["spread"]
    found: dict[tuple[str, ...], list[str]] = {}
    for (artifact, method), (other_artifact, other_method) in combinations(printed, 2):
        one, other = printed[artifact, method], printed[other_artifact, other_method]
        both = one.keys() & other.keys()
        if method != other_method and len(both) >= _TWIN_CELLS and all(one[key] == other[key] for key in both):
            told = f"{method} of {artifact} is {other_method} of {other_artifact} in all {len(both)} cells"
            # The table that comes first leads, whichever pair of tables shows it.
            found.setdefault(tuple(sorted((method, other_method))), [artifact]).append(told)
    for names, (first, *pairs) in found.items():
        remark = "one row of numbers under two names"
        yield cells["paper"].iloc[0], first, " and ".join(names), "two methods", "; ".join(pairs), False, remark


def _pair(cell: Mapping[Hashable, Any]) -> tuple[float, float | None]:
    return cell["value"], None if pd.isna(cell["spread"]) else cell["spread"]


def _number(cell: Mapping[Hashable, Any]) -> str:
    spread = "" if pd.isna(cell["spread"]) else f" ± {cell['spread']:.{cell['decimals']}f}"
    return f"{cell['value']:.{cell['decimals']}f}{spread}"
