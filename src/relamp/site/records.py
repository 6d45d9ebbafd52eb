"""Recorded runs, rendered anew from their rows, and of each printed number the run that is nearest to the paper's."""

import math
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.artifacts.verdict import files_of_rows
from relamp.errors import RelampError
from relamp.judge.published import PROTOCOLS_FILE, MeasuredBy, load_protocols
from relamp.judge.scale import readings_in, sizes_in
from relamp.runtime.home import home
from relamp.runtime.processes import run_all
from relamp.runtime.sealed import read_sealed
from relamp.settings.judging import NOT_RUN, TOO_FEW
from relamp.site.rendered import render_run
from relamp.study.config import load_config
from relamp.study.recorded import SIDECAR, configuration_of, read_sidecar, without_places
from relamp.tools.overrides import entries
from relamp.tools.record import COST

ROWS = "rows.zip"
_CELL = ["paper", "artifact", "method", "dataset", "evaluation", "metric", "part"]
_NUMBER = r"([\d.,]+(?:e[+-]?\d+)?)"
_SIZE = re.compile(rf"{_NUMBER} (?:/|of) {_NUMBER}")
_SEEDS = re.compile(r"\bseeds [\d,]+ / [\d,]+")


@dataclass(frozen=True)
class Record:
    """A recorded run.

    Attributes:
        name: of its folder below `reproduction`, and of that of its pages below the site.
        folder: where it was rendered.
        cells, claims: as `relamp.artifacts.verdict.judge` writes them.
        steps: by artifact sentences on what explains its numbers.
        made_by: the sidecar of its verdicts: command, commit, machine.
        config: its configuration.
        costs: CPU-hours by target; empty where they were not recorded.
    """

    name: str
    folder: Path
    cells: pd.DataFrame
    claims: pd.DataFrame
    steps: Mapping[str, Sequence[str]]
    made_by: Mapping[str, Any]
    config: Mapping[str, Any]
    costs: Mapping[str, float]

    @property
    def command(self) -> str:
        """Return what makes the run again, but for where its user has the data."""
        return shlex.join(without_places(word for word in shlex.split(self.made_by["command"]) if word != "judge"))

    @cached_property
    def today(self) -> Mapping[str, Any]:
        """The configuration that `command` gives with the presets of today; see `config`."""
        words = shlex.split(self.command)
        found = load_config(entries(words[words.index("--config") + 1 :]), home() / "workflow" / "presets").recorded()
        return dict(found["config"])

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The scores of all protocols, as `relamp.judge.runs.scores` gives them."""
        found = pd.read_csv(self.folder / "scores.csv", keep_default_na=False)
        return found.assign(fold=pd.to_numeric(found["fold"]), value=pd.to_numeric(found["value"]))

    @cached_property
    def rows(self) -> Mapping[tuple[str, str, str], str]:
        """The file of stored rows of each number, by artifact, method and data set, relative to `folder`."""
        return files_of_rows(self.scores, self.cells, _protocols())

    def protocol(self, evaluation: str, dataset: str, method: str) -> Mapping[str, Any] | None:
        """Return how the fixed setting of a method was measured on a data set, as its stored rows say.

        None where it was scored on another split alone. Raises RelampError if the rows are not what they were.
        """
        of = self.scores
        mine = (of["evaluation"] == evaluation) & (of["dataset"] == dataset) & (of["method"] == method)
        settings = of.loc[mine & (of["protocol"] == "fixed"), "setting"]
        if settings.empty:
            return None
        setting = settings.iloc[0]
        facts, _ = read_sealed(self.folder / "rows" / evaluation / dataset / method / setting / "rows.csv")
        return dict(facts.get("protocol", {}))

    def by_seed(
        self, evaluation: str, method: str, dataset: str, metric: str, part: str, protocol: str
    ) -> "pd.Series[float]":
        """Return the mean over the folds of each seed, in per cent; empty if there is no such score."""
        wanted = {"evaluation": evaluation, "method": method, "dataset": dataset, "metric": metric, "part": part}
        rows = where(self.scores, **wanted, protocol=protocol)
        return (rows["value"] * 100).groupby(rows["seed"]).mean()

    def has(self, place: str) -> bool:
        """Return whether a file was rendered."""
        return (self.folder / place).is_file()


def open_records(reproduction: Path, out: Path, earlier: Path) -> list[Record]:
    """Render the rows of every recorded run into a folder of its own below `out`; return the runs by name.

    What an earlier site has of them is taken over, see `relamp.site.rendered`. Raises RelampError if there are none, or
    as `relamp.lite.render` does.
    """
    found = sorted(reproduction.glob(f"*/{ROWS}"))
    if not found:
        raise RelampError(f"{reproduction}: holds no recorded run (NAME/{ROWS}); record one with `make record`")
    jobs = [(path, *(site / path.parent.name for site in (out, earlier))) for path in found]
    made = sum(run_all(render_run, jobs, min(len(jobs), os.cpu_count() or 1)))
    if made < len(jobs):
        print(f"{len(jobs) - made} of {len(jobs)} runs are as the earlier site has them")
    return [read_record(path.parent, out / path.parent.name) for path in found]


def read_record(recorded: Path, rendered: Path) -> Record:
    """Return a recorded run that was rendered; `recorded` is its folder below `reproduction`."""
    said, made_by = pd.read_csv(rendered / "steps.csv"), read_sidecar(recorded / SIDECAR)
    costs = pd.read_csv(recorded / COST) if (recorded / COST).is_file() else pd.DataFrame(columns=["target"])
    return Record(
        name=recorded.name,
        folder=rendered,
        cells=read_words(rendered / "verdict.csv"),
        claims=pd.read_csv(rendered / "claims.csv", keep_default_na=False),
        steps={str(name): list(of) for name, of in said.groupby("artifact")["sentence"]},
        made_by=made_by,
        config=(configuration_of(made_by, recorded) or {}).get("config", {}),
        costs=dict(zip(costs["target"], costs.get("cpu_hours", ()), strict=True)),
    )


@cache
def _protocols() -> dict[str, MeasuredBy]:
    return load_protocols(home() / "published" / PROTOCOLS_FILE)


def what_was_run(readme: Path) -> dict[str, str]:
    """Return by the name of its folder what was run, from the table of the README beside the runs, if there is one."""
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    rows = re.findall(r"^\| (`[^|]+/`) \| ([^|]+) \|", text, re.MULTILINE)
    return {name: what for names, what in rows for name in re.findall(r"`([^`/]+)/`", names)}


def read_words(path: Path) -> pd.DataFrame:
    """Return judged cells of a file, empty texts as such."""
    cells = pd.read_csv(path)
    words = ("part", "quoted", "measured_by", "settings", "scaled", "note", "protocol")
    cells = cells.assign(**{name: cells[name].astype(object).fillna("") for name in words})
    return cells.astype(dict.fromkeys(("decimals", "seeds", "folds", "further_seeds"), "Int64"))


def where(rows: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """Return the rows whose columns have the values that are wanted."""
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


def distance(scaled: str) -> float:
    """Return how far a run is from the paper's size, from words such as "epochs 100 / 2,000; 5 of 95 settings".

    The sum over all sizes of how often one holds the other, as its logarithm: 0 for a run of the paper's own size. A
    size that is no number, such as "none / 5", counts as a factor of e; what is read (`READ`) does not count.
    """
    total = 0.0
    for part in sizes_in(scaled):
        pair = _SIZE.search(part)
        sizes = [float(number.replace(",", "")) for number in pair.groups()] if pair else []
        total += abs(math.log(sizes[0] / sizes[1])) if len(sizes) == 2 and min(sizes) > 0 else 1.0
    return total


def merged(records: Sequence[Record]) -> pd.DataFrame:
    """Return each printed number once, judged by the run that is nearest to the paper's size, in `run`.

    Runs that measured otherwise than the paper, and then those with too few seeds for a verdict, come after all others.
    Ties are decided by the number of seeds, then for the reading of the preset `paper`, then by the name of the run,
    never by what was found; `otherwise` names the runs of another verdict that are of its size, with as many seeds or
    by another reading. Where there are such runs, worse and better hang on which of them is taken: the number is
    inconclusive then, `contested`, and `otherwise` names them all.
    """
    every = pd.concat([record.cells.assign(run=record.name) for record in records], ignore_index=True)
    left = every["verdict"] == NOT_RUN
    every = every.assign(
        run=every["run"].where(~left, ""),
        far=(every["scaled"] + "; " + every["settings"]).map(distance),
        late=every["verdict"].map({"not comparable": 1, TOO_FEW: 2, NOT_RUN: 3}).fillna(0),
        few=-pd.to_numeric(every["seeds"]).fillna(0),
        size=(every["scaled"].str.replace(_SEEDS, "", regex=True) + "; " + every["settings"]).map(distance),
        reading=every["scaled"].map(readings_in),
    )
    ranked = every.sort_values(["late", "far", "few", "reading", "run"], kind="stable")
    first = ranked.groupby(_CELL, dropna=False)[["late", "size", "few", "reading", "verdict"]].transform("first")
    same = ranked[first.columns] == first
    tied = same["late"] & same["size"] & (same["few"] | ~same["reading"]) & ~same["verdict"]
    words = (ranked["verdict"] + " by " + ranked["run"]).where(tied)
    told = words.groupby([ranked[name] for name in _CELL], dropna=False).transform(lambda of: ", ".join(of.dropna()))
    nearest = ranked.assign(otherwise=told).drop_duplicates(_CELL)
    contested = (nearest["otherwise"] != "") & nearest["verdict"].isin(["worse", "better"])
    all_of_them = nearest["verdict"] + " by " + nearest["run"] + ", " + nearest["otherwise"]
    nearest = nearest.assign(
        contested=contested,
        otherwise=nearest["otherwise"].mask(contested, all_of_them),
        verdict=nearest["verdict"].mask(contested, "inconclusive"),
    )
    return nearest.sort_index().drop(columns=["late", "far", "size", "few", "reading"]).reset_index(drop=True)


def effects(records: Sequence[Record]) -> pd.DataFrame:
    """Return what each answer to a question of reading moves, over all recorded multiverses, with its `run`."""
    columns = ["evaluation", "method", "dataset", "metric", "question", "answer", "against", "effect", "low", "high"]
    found = [
        pd.read_csv(path)[columns].assign(run=record.name)
        for record in records
        if (path := record.folder / "tables" / "multiverse_effects.csv").is_file()
    ]
    return pd.concat([pd.DataFrame(columns=[*columns, "run"], dtype=object), *found], ignore_index=True)


def told(made: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Say in words what made rows, see `relamp.runtime.made`; nothing of rows that do not tell."""
    return "; ".join(
        f"{work}: {each['machine']}, commit {_short(each['commit'])}, {each['seconds']:,.0f} s"
        for work, entries in made.items()
        for each in entries
    )


def _short(commit: str | None) -> str:
    """Return a commit in the digits that people read, with what stands behind it."""
    return f"{commit[:12]}{commit[40:]}" if commit else "unknown"
