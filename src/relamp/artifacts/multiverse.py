"""All readings of methods: a specification curve for each, and a table of what they come to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.data.rows import DEFAULT, read_by_evaluation
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.ladder import Bags, stand_ins
from relamp.judge.multiverse import CELL, Answers, by_seed, conclusions, effects, loosest, specifications
from relamp.judge.published import (
    AGGREGATES,
    JudgedBy,
    MeasuredBy,
    load_protocols,
    load_published,
    measures,
    natural,
    run_as,
)
from relamp.judge.runs import all_runs
from relamp.render.sidecar import save_drawn
from relamp.render.specification_curve import conclusions_table, effects_table, specification_curve
from relamp.settings.judging import Judging

# Rungs of a ladder that stand beside a method as level lines.
_LEVELS = ("untrained", "bag")


def multiverse(
    rows: Sequence[Path],
    published: Sequence[Path],
    readings: Mapping[str, Answers],
    judged_by: JudgedBy,
    judging: Mapping[str, Any],
    bags: Bags,
    protocols: Path,
    figures: Sequence[Path],
    conclusion: Path,
    moves: Path,
    command: str,
    asked: Path | None = None,
) -> None:
    """Draw the specification curve of each method, and tabulate conclusions and effects.

    `readings` has by evaluation, method and setting the answer to each question; `bags` names the control that sees the
    same features as a method, `protocols` how printed numbers were measured. `figures` are the files of all curves,
    `.../multiverse_<evaluation>_<method>.*`; `conclusion` is the page of what they come to, `moves` that of what each
    answer moves, other files beside them. The rest is as in `relamp.artifacts.comparisons.leakage`.
    """
    chosen, stored = Judging.model_validate(judging), read_by_evaluation(rows, asked)
    seeds = by_seed(all_runs(stored))
    parts = [loosest(of).assign(evaluation=name) for name, of in stored.items() if "candidate" in of]
    key = ["evaluation", "method", "dataset", "setting", "seed"]
    loose = pd.concat(parts) if parts else pd.DataFrame(columns=[*key, "loosest"])
    seeds = seeds.merge(loose, on=key, how="left")
    printed = _printed(published, judged_by, load_protocols(protocols))
    found, moved = [], []
    for evaluation, answers in readings.items():
        named = pd.DataFrame([(name, setting) for name, of in answers.items() for setting in of])
        named = named.set_axis(["method", "setting"], axis=1).assign(evaluation=evaluation)
        mine = seeds.merge(named, on=["evaluation", "method", "setting"])
        # What stands beside curves, as an untrained encoder does, is scored on data sets that have no readings, too.
        mine = mine[mine.groupby(CELL)["setting"].transform("nunique") > 1]
        found.append(specifications(mine, printed, chosen.margin, chosen.confidence))
        moved.append(effects(mine, answers, chosen.confidence))
    every, effect = pd.concat(found, ignore_index=True), pd.concat(moved, ignore_index=True)
    pictures = {path.stem: path for path in figures if path.suffix == ".png"}
    for pair, of in every.groupby(["evaluation", "method"]):
        evaluation, method = map(str, pair)
        stands = stand_ins(EVALUATIONS[evaluation].domain, method, bags, set(seeds["method"]))
        beside = {name: stands[name][0] for name in _LEVELS}
        levels = _levels(seeds[seeds["evaluation"] == evaluation], of, beside)
        drawn = specification_curve(of, readings[evaluation][method], levels)
        save_drawn(drawn, pictures[f"multiverse_{evaluation}_{method}"], [*rows, *published, protocols], command)
    conclusions_table(conclusions(every, chosen.margin)).write(conclusion.with_suffix(""))
    effects_table(effect).write(moves.with_suffix(""))


def _printed(
    published: Sequence[Path], judged_by: JudgedBy, protocols: Mapping[str, MeasuredBy]
) -> dict[tuple[str, ...], float]:
    """Return printed numbers by `CELL`, in per cent; where several tables print one, the first table's.

    Those that were measured in another way or on another split than relamp does say nothing about readings.
    """
    found: dict[tuple[str, ...], float] = {}
    for path in sorted(published, key=lambda path: natural(path.stem)):
        if path.stem not in judged_by:
            continue
        cells = load_published(path.parent, path.stem)
        cells = measures(cells[~cells["dataset"].isin(AGGREGATES)], judged_by, protocols).dropna(subset=["value"])
        how = [protocols.get(name) for name in cells["measured_by"]]
        alike = [
            each is None or (each.comparable and name in each.places(name))
            for each, name in zip(how, cells["dataset"], strict=True)
        ]
        cells = cells[alike]
        cells = cells.assign(method=[run_as(path.stem, name) for name in cells["method"]])
        for *key, value in cells[[*CELL, "value"]].itertuples(index=False):
            found.setdefault(tuple(key), float(value))
    return found


def _levels(seeds: pd.DataFrame, of: pd.DataFrame, named: Mapping[str, str]) -> pd.DataFrame:
    """Return the level lines of a curve: the printed number, the untrained encoder and the bag, where there are any."""
    panel = ["dataset", "metric", "part"]
    lines = of.dropna(subset=["published"]).drop_duplicates(panel)
    parts = [lines[[*panel, "published"]].rename(columns={"published": "value"}).assign(name="published")]
    for name, method in named.items():
        # By the configured evaluation alone: it may have readings of its own.
        beside = seeds[(seeds["method"] == method) & (seeds["setting"] == DEFAULT)]
        means = beside[beside["dataset"].isin(of["dataset"])].groupby(panel)["value"].mean().reset_index()
        parts.append(means.assign(name=name))
    return pd.concat(parts, ignore_index=True)
