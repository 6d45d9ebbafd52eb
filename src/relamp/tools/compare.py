"""Two runs side by side: which numbers differ, and by more than seeds do; which verdicts and claims changed.

Each is a folder of results, a folder of reproduction/, or a zip file of packed rows; `relamp.judge.two_runs` states the
rule.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from relamp.data.rows import DEFAULT, read_by_evaluation, read_tables
from relamp.errors import RelampError, first_of
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.two_runs import (
    BEYOND,
    ONE,
    OTHER,
    OUTCOMES,
    UNKNOWN,
    WITHIN,
    changes,
    compare_numbers,
    seeds_means,
)
from relamp.runtime.files import read_csv, read_json, write_csv, write_text
from relamp.runtime.sealed import differing, read_sealed
from relamp.study.config import CONFIG
from relamp.study.packed_rows import make, unpacked
from relamp.study.paths import INFORMATION
from relamp.study.recorded import SIDECAR, configuration_of, cpus, of_these_rows, read_sidecar

_CELL, _CLAIM = ["artifact", "label", "dataset", "metric", "part"], ["paper", "id"]
# What is judged: by which columns it is told apart, and how it came out.
_JUDGED = {"verdicts": (_CELL, "verdict"), "claims": (_CLAIM, "outcome")}
_FAIL_ON: Mapping[str, tuple[str, ...]] = {"beyond": (BEYOND,), "unequal": (WITHIN, BEYOND, UNKNOWN, ONE, OTHER)}
_SHOWN = 12


@dataclass
class Run:
    """One of two runs.

    Attributes:
        name: as it was given.
        numbers: see `relamp.judge.two_runs.seeds_means`.
        verdicts, claims: the tables of the verdicts; without rows where none were made of these rows.
        made: what each file of rows says of itself, by its place below `rows`.
        options: its configuration by dotted name; empty where it is not recorded.
        facts: commit, CPU and packages, as far as they are recorded.
        left_out: folders of rows that hold no numbers of an evaluation.
        judged_before: whether verdicts are there that were made of other rows than those there now.
    """

    name: str
    numbers: pd.DataFrame
    verdicts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*_CELL, "verdict"]))
    claims: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*_CLAIM, "outcome"]))
    made: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    judged_before: bool = False


def open_run(place: Path) -> Run:
    """Return the run of a folder of results, a folder of reproduction/, or a zip file of packed rows.

    Raises RelampError if it is none of these, or damaged.
    """
    if (place / "rows").is_dir():
        return _of_folder(str(place), place, place, cpus(place))
    packed = place / "rows.zip" if place.is_dir() else place
    if not packed.is_file():
        raise RelampError(f"{place}: holds no run; name results/<preset>, reproduction/<preset>, or a zip file of rows")
    with TemporaryDirectory() as folder:
        rows = Path(folder)
        plan, words = unpacked(packed, rows), read_json(rows / CONFIG)
        if not (place / SIDECAR).is_file():
            make(plan, plan.artifacts["judge"], "relamp compare")
            # Its sidecar says how this command judged, not how the run was made.
            (rows / SIDECAR).unlink()
        return _of_folder(str(place), rows, place if place.is_dir() else rows, words.get("cpu", []), words)


def _opened(place: Path, *, verdicts: bool) -> Run:
    """Return a run, which must have verdicts where they are to be compared."""
    run = open_run(place)
    if verdicts and run.verdicts.empty:
        raise RelampError(f"{place}: verdicts were {_without(run)}, so that none can be compared")
    return run


def _of_folder(
    name: str, rows: Path, judged: Path, made_on: Sequence[str], words: Mapping[str, Any] | None = None
) -> Run:
    """Return a run whose rows lie below one folder, and its verdicts and their sidecar in another."""
    paths = sorted(rows.glob("rows/*/*/*/*/rows.csv"))
    known = [path for path in paths if path.parents[3].name in EVALUATIONS]
    others = {path.parents[3].name for path in paths} - {*EVALUATIONS, INFORMATION}
    damage = sorted(rows.glob("rows/damage/*.csv"))
    run = Run(name, seeds_means(read_by_evaluation(known), read_tables(damage)), left_out=sorted(others))
    run.made = {path.relative_to(rows / "rows").as_posix(): read_sealed(path)[0] for path in [*known, *damage]}
    if run.numbers.empty:
        raise RelampError(f"{name}: there are no rows to compare; finish the run first")
    facts: Mapping[str, Any] = read_sidecar(judged / SIDECAR) if (judged / SIDECAR).is_file() else {}
    # Packed rows of earlier versions get their facts when they are unpacked, and are checked there.
    run.judged_before = bool(facts) and judged == rows and not of_these_rows(facts, rows)
    if (judged / "verdict.csv").is_file() and (judged / "claims.csv").is_file() and not run.judged_before:
        run.verdicts = _table(judged / "verdict.csv", [*_CELL, "verdict"])
        run.claims = _table(judged / "claims.csv", [*_CLAIM, "outcome"])
    if facts and not {"git", "python", "packages"} <= set(facts):
        raise RelampError(f"{judged / SIDECAR}: does not say what made the verdicts; make them again")
    words = words or configuration_of(facts, judged) or {}
    run.options = dict(_options(words.get("config", {})))
    # Before encoders said on what they were trained, or without any, it is where the verdicts were made.
    run.facts = {"CPU": ", ".join(made_on) or facts.get("cpu", "not recorded")}
    if facts:
        commit = f"{facts['git']['commit'] or 'unknown'}{' (altered)' if facts['git']['dirty'] else ''}"
        run.facts |= {"commit": commit, "python": facts["python"], **facts["packages"]}
    else:
        run.facts |= {"commit": "not recorded"}
    return run


def _without(run: Run) -> str:
    return "made of other rows than are there now" if run.judged_before else "not made"


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    rows = read_csv(path)
    if missing := [name for name in columns if name not in rows]:
        raise RelampError(f"{path}: lacks the columns {', '.join(missing)}; make the verdicts again")
    return rows


def _options(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and (value or not name):
        for key, part in value.items():
            yield from _options(part, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _changed(what: str, one: Run, other: Run) -> pd.DataFrame:
    """Return the verdicts, or the claims, that two runs judge otherwise."""
    return changes(getattr(one, what), getattr(other, what), *_JUDGED[what])


def _entries(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return name and both values of each entry that differs; `-` where one lacks it."""
    return [
        (name, str(one.get(name, "-")), str(other.get(name, "-")))
        for name in dict.fromkeys([*one, *other])
        if one.get(name) != other.get(name)
    ]


def sections(one: Run, other: Run, numbers: pd.DataFrame) -> Iterator[tuple[str, list[str], list[tuple[str, ...]]]]:
    """Yield title, heads and rows of each part of a comparison that has any."""
    counts = numbers["outcome"].value_counts()
    yield (
        f"{one.name} beside {other.name}: {len(numbers)} numbers",
        ["numbers", "how they stand"],
        [(str(counts[outcome]), outcome) for outcome in OUTCOMES if outcome in counts],
    )
    apart = numbers[numbers["outcome"].isin([BEYOND, WITHIN, UNKNOWN])]
    order = apart.assign(far=apart["outcome"] == BEYOND, size=apart["difference"].abs())
    shown = order.sort_values(["far", "size"], ascending=False, kind="stable").head(_SHOWN)
    rows = [_number(row) for row in shown.to_dict("records")]
    if rows:
        title = f"the {len(rows)} of {len(apart)} unequal numbers that are furthest apart"
        yield title, ["number", "first", "second", "difference", "spread", ""], rows
    for title in _JUDGED:
        if without := [run for run in (one, other) if getattr(run, title).empty]:
            yield f"{title}: {_without(without[0])} in {without[0].name}", [], []
            continue
        found = _changed(title, one, other).itertuples(index=False)
        rows = [(" ".join(filter(None, map(str, row[:-2]))), *row[-2:]) for row in found]
        yield f"{title} changed: {len(rows)}", [title, "first", "second"], rows
    if otherwise := _made_otherwise(one, other):
        yield f"rows made otherwise: {len(otherwise)} differences", ["what", "first", "second", "rows"], otherwise
    # Where one has packed rows alone, nothing is known of its packages.
    both = one.facts.keys() & other.facts.keys()
    machines = ({key: run.facts[key] for key in run.facts if key in both} for run in (one, other))
    facts: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("configuration", one.options, other.options),
        ("machine", next(machines), next(machines)),
    )
    for what, first, second in facts:
        if not first or not second:
            yield f"{what}: not recorded in {other.name if first else one.name}", [], []
        elif told := _entries(first, second):
            yield f"{what}: {len(told)} differences", [what, "first", "second"], [*told]
        else:
            yield f"{what}: the same", [], []
    if left := sorted({*one.left_out, *other.left_out}):
        yield f"not compared: rows of {', '.join(left)}", [], []


def _made_otherwise(one: Run, other: Run) -> list[tuple[str, ...]]:
    """Return in what files of rows that both have say that they differ, with both values and where."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for place in sorted(one.made.keys() & other.made.keys()):
        first, second = one.made[place], other.made[place]
        # Of code and machines the commit and the CPU tell; what an older file does not say is not known.
        for key in (first.keys() & second.keys()) - {"code", "made"}:
            for told in differing(first[key], second[key], key):
                places.setdefault(told, []).append(place)
    return [(*told, first_of(of)) for told, of in sorted(places.items())]


def _number(row: Mapping[Any, Any]) -> tuple[str, ...]:
    setting = "" if row["setting"] == DEFAULT else row["setting"]
    words = (row["evaluation"], row["method"], setting, row["dataset"], row["metric"], row["part"])
    values = (f"{row['one']:.3f}", f"{row['other']:.3f}", f"{row['difference']:+.3f}", f"{row['spread']:.3f}")
    return " ".join(filter(None, map(str, words))), *values, row["outcome"]


def one_line(results: Path, recorded: Path) -> str:
    """Return, in a line, how a run stands to the recorded one."""
    one, other = open_run(recorded), open_run(results)
    counts = compare_numbers(one.numbers, other.numbers)["outcome"].value_counts()
    found = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if outcome in counts)
    verdicts, claims = (len(_changed(what, one, other)) for what in _JUDGED)
    changed = (
        f"verdicts {_without(other)}" if other.judged_before else f"{verdicts} verdicts and {claims} claims changed"
    )
    return f"with {recorded}: {found}; {changed} (`relamp compare` tells which)"


def markdown(one: Run, other: Run, numbers: pd.DataFrame) -> str:
    """Return a comparison as Markdown."""
    lines = []
    for title, heads, rows in sections(one, other, numbers):
        lines += [f"## {title}", ""]
        for cells in [heads, ["---"] * len(heads), *rows] if rows else []:
            lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
        lines += [""] * bool(rows)
    return "\n".join(lines)


def main(words: Sequence[str]) -> int:
    """Compare two runs; return the exit status, which is 1 where `--fail-on` says so."""
    about = "Two runs side by side: numbers, verdicts, claims, configuration and machine."
    parser = argparse.ArgumentParser(prog="relamp compare", description=about)
    place = "results/<preset>, reproduction/<preset>, or a zip file of packed rows"
    parser.add_argument("one", type=Path, help=place)
    parser.add_argument("other", type=Path, help=place)
    parser.add_argument("--confidence", type=float, default=0.95, help="of the spread of seeds (0.95)")
    parser.add_argument("--fail-on", choices=[*_FAIL_ON, "verdicts"], help="end with 1 if there is any such")
    parser.add_argument("--csv", type=Path, help="write every number there")
    parser.add_argument("--markdown", type=Path, help="write what is printed there")
    given = parser.parse_args(words)
    if not 0 < given.confidence < 1:
        parser.error(f"--confidence is a number between 0 and 1, not {given.confidence:g}")
    try:
        one, other = (_opened(place, verdicts=given.fail_on == "verdicts") for place in (given.one, given.other))
        numbers = compare_numbers(one.numbers, other.numbers, given.confidence)
        _print(one, other, numbers)
        if given.csv:
            write_csv(given.csv, numbers)
        if given.markdown:
            write_text(given.markdown, markdown(one, other, numbers))
    except RelampError as error:
        print(f"relamp: {error}", file=sys.stderr)
        return 2
    changed = any(len(_changed(what, one, other)) for what in _JUDGED)
    failed = changed if given.fail_on == "verdicts" else numbers["outcome"].isin(_FAIL_ON.get(given.fail_on, ())).any()
    return int(failed)


def _print(one: Run, other: Run, numbers: pd.DataFrame) -> None:
    for title, heads, rows in sections(one, other, numbers):
        print(f"\n{title}")
        if rows:
            print(pd.DataFrame(rows, columns=heads).to_string(index=False, justify="left"))
