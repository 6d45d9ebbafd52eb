"""Does a published number hold? One verdict per cell, by a rule that is stated before the numbers are seen.

Two questions have two intervals. Whether the printed mean is reproduced on these data and folds is the verdict: the
interval over seeds, with the printed ± as far as it is known (`half_width`). What other data of this size would give
stands beside it, `low_data` to `high_data`: the interval by which methods are compared.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from relamp.data.registry import originals
from relamp.data.rows import branch_of
from relamp.errors import RelampError
from relamp.judge.intervals import PER_CENT, Sample, cell_intervals, further_seeds, half_width
from relamp.judge.published import AGGREGATES, JudgedBy, MeasuredBy, measures, run_as
from relamp.judge.runs import MEASURE, judged_scores
from relamp.judge.scale import SPLIT, Scale, scaled, settings_run
from relamp.settings.judging import LEAST_SEEDS, NOT_RUN, TOO_FEW, Judging, Verdict

TOO_WIDE = "the interval of the printed ± alone is wider than the margin"
BESIDE = ("fixed", "nested", "oracle")
COLUMNS = (
    *("paper", "artifact", "method", "label", "dataset", "evaluation", "metric", "part"),
    *("published", "spread", "decimals", "n", "quoted", "measured_by", "margin", "protocol", "settings", "scaled"),
    *("mean", "low", "high", "std_seeds", "std_folds", "seeds", "folds", "verdict", "further_seeds", "note"),
    *("low_data", "high_data", *BESIDE),
)
_CELL = ["method", "dataset", *MEASURE]


def verdict(low: float, high: float, published: float, margin: float) -> Verdict:
    """Return where an interval stands to a published value; NaN bounds decide nothing."""
    if math.isnan(low) or math.isnan(high):
        return "inconclusive"
    if published - margin <= low and high <= published + margin:
        return "reproduced"
    if low > published + margin:
        return "better"
    return "worse" if high < published - margin else "inconclusive"


def judge_cells(
    published: pd.DataFrame,
    scores: pd.DataFrame,
    methods: Mapping[str, Sequence[str]],
    judged_by: JudgedBy,
    judging: Judging,
    protocols: Mapping[str, MeasuredBy] | None = None,
    scale: Scale | None = None,
) -> pd.DataFrame:
    """Judge the published cells of the methods that relamp can run (`methods`, by evaluation).

    Published values and spreads are in per cent, also where the paper prints fractions, so that the margin is in
    points everywhere. Rows that the paper prints under several names of one method (`run_as`) have the same scores.
    `protocols` say how printed numbers were measured, `scale` how large the run is beside the paper's.

    Returns one row (`COLUMNS`) per cell of `relamp.judge.published`, without averages and ranks, judged by the `scores`
    of `relamp.judge.runs` of its evaluation alone; "not run" without any.
    """
    known, sizes = dict(protocols or {}), scale or {}
    cells = printed_cells(published, scores, methods, judged_by, known)
    mine = judged_scores(scores, judging.protocol)
    found = cell_intervals(mine, judging.confidence, _CELL).drop(columns="confidence")
    found = found.rename(columns={"low": "low_data", "high": "high_data"})
    found = found.merge(_chosen_from(mine), on=_CELL, how="left").merge(_means(scores), on=_CELL, how="left")
    key = ["run_as", "place", *_CELL[2:]]
    rows = cells.merge(found.rename(columns={"method": "run_as", "dataset": "place"}), on=key, how="left")
    sized = [_sized(row, sizes) for row in rows.to_dict("records")]
    rows = rows.assign(**{name: [row[name] for row in sized] for name in ("runs", "settings", "scaled")})
    judged = [judge_number(row, judging) for row in rows.to_dict("records")]
    names = ["low", "high", "verdict", "further_seeds", "note"]
    rows[names] = pd.DataFrame(judged, index=rows.index, columns=names, dtype=object)
    rows = rows.assign(**{name: rows[name].astype(float) for name in ("low", "high")}, margin=judging.margin)
    # Without folds the one question has the other's answer.
    rows[["low_data", "high_data"]] = rows[["low_data", "high_data"]].where(rows["folds"].fillna(0) > 0)
    # Where there is nothing to choose from, the one setting and epoch are the fixed ones.
    rows["protocol"] = np.where(rows["candidates"].fillna(1) > 1, judging.protocol, "fixed")
    texts = {name: rows[name].fillna("") if name in rows else "" for name in ("quoted", "measured_by")}
    integers = dict.fromkeys(("decimals", "seeds", "folds", "further_seeds"), "Int64")
    return rows.assign(**texts).reindex(columns=COLUMNS).astype(integers)


def printed_cells(
    published: pd.DataFrame,
    scores: pd.DataFrame,
    methods: Mapping[str, Sequence[str]],
    judged_by: JudgedBy,
    protocols: Mapping[str, MeasuredBy],
) -> pd.DataFrame:
    """Return the published cells of the methods that relamp can run, with what is compared with each.

    Arguments are those of `judge_cells`. Further columns: `published`, the value; `run_as`, relamp's name of the
    method; `place`, the data set whose scores count, by which split the printed number was measured; and `comparable`,
    whether there are scores that were measured as it was. Raises RelampError for a protocol that nobody knows.
    """
    cells = measures(published[~published["dataset"].isin(AGGREGATES)], judged_by, protocols)
    known = {"", *protocols}
    if unknown := sorted(set(cells.get("measured_by", pd.Series(dtype=str))) - known) if protocols else []:
        raise RelampError(f"published numbers: no protocol is called {', '.join(unknown)}; add it to protocols.yaml")
    run = pd.Series(map(run_as, cells["artifact"], cells["method"]), index=cells.index, dtype=object)
    ours = [name in methods.get(how, ()) for name, how in zip(run, cells["evaluation"], strict=True)]
    cells = cells.assign(run_as=run)[np.array(ours, dtype=bool)].dropna(subset=["value"])
    return _located(cells.rename(columns={"value": "published"}), scores, protocols)


def _located(cells: pd.DataFrame, scores: pd.DataFrame, protocols: Mapping[str, MeasuredBy]) -> pd.DataFrame:
    """Add of which data set the scores are (`place`), and whether they were measured as the printed number was.

    `read` says in words which of two splits it is, where nobody knows which one was printed.
    """
    have = set(zip(scores["method"], scores["dataset"], scores["evaluation"], strict=True))
    rows = []
    for row in cells.to_dict("records"):
        how, own = protocols.get(row.get("measured_by") or "", MeasuredBy(about="as the table says")), row["dataset"]
        places = how.places(own)
        there = [place for place in places if (row["run_as"], place, row["evaluation"]) in have]
        place = there[0] if there else own
        read = f"{SPLIT} {place} / {own}" if len(places) > 1 and place != own else ""
        rows.append((place, how.comparable and bool(there or own in places), read))
    added = pd.DataFrame(rows, index=cells.index, columns=["place", "comparable", "read"])
    return cells.assign(**added.astype({"comparable": bool}))


def standing_in(runs: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which a copy of a data set goes by its original's name where that was not run (`originals`)."""
    return runs.assign(dataset=runs["dataset"].replace(originals(set(runs["dataset"]))))


def as_run(rows: pd.DataFrame, run: Collection[str]) -> pd.DataFrame:
    """Return rows in which a copy has its own name again, of what `standing_in` made of the data sets that were run."""
    return rows.assign(dataset=rows["dataset"].replace({name: copy for copy, name in originals(run).items()}))


def _chosen_from(scores: pd.DataFrame) -> pd.DataFrame:
    """Return from how many settings and epochs each cell's scores were chosen."""
    if "candidates" not in scores:
        return scores[_CELL].drop_duplicates().assign(candidates=1)
    return scores.groupby(_CELL)["candidates"].first().reset_index()


def _means(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of each cell by protocol, in per cent."""
    shown = scores[scores["protocol"].isin(BESIDE)]
    means = shown.pivot_table("value", _CELL, "protocol") * PER_CENT
    return means.reindex(columns=list(BESIDE)).astype(float).reset_index()


def _sized(row: Mapping[Any, Any], sizes: Scale) -> dict[str, Any]:
    """Return how many runs a printed ± is over, as printed or assumed, and what is smaller here than in the paper."""
    own, printed = sizes.get(row["evaluation"], {}).get(row["place"], {}), row.get("n", math.nan)
    of_method = own.get(branch_of(str(row["run_as"]))[0])
    runs = printed if not pd.isna(printed) else of_method.seeds if of_method else math.nan
    if math.isnan(row["mean"]):
        return {"runs": runs, "settings": "", "scaled": ""}
    words = scaled(of_method, int(row["seeds"]), runs) if sizes else "", row["read"]
    return {"runs": runs, "settings": settings_run(of_method), "scaled": "; ".join(filter(None, words))}


def judge_number(row: Mapping[Any, Any], judging: Judging) -> tuple[float, float, Verdict, int | None, str]:
    """Judge one number.

    `row` has what was found: `mean`, `std_seeds`, `seeds`; what is printed: `published`, `spread` and `n`, its runs;
    over how many `runs` the printed ± is taken to be; and whether the two are `comparable`. Returns the interval, the
    verdict, how many further seeds would decide it, and a note.
    """
    nothing = math.nan, math.nan
    if math.isnan(row["mean"]):
        return *nothing, NOT_RUN, None, ""
    seeds, spread = int(row["seeds"]), row["spread"]
    # A spread that nobody says the runs of is left out, which makes a verdict easier to reach, and is said.
    count = row["runs"] if not math.isnan(row["runs"]) else 0
    printed = printed_sample(spread, count, judging)
    half = (
        float(half_width(row["std_seeds"], seeds, printed, judging.confidence)[0]) if seeds >= LEAST_SEEDS else math.nan
    )
    low, high = row["mean"] - half, row["mean"] + half
    said = ""
    if printed.known and pd.isna(row.get("n", math.nan)):
        said = f"printed ± taken to be over {int(printed.n)} runs"
    if not row["comparable"]:
        return low, high, "not comparable", None, "measured otherwise than here"
    if seeds < LEAST_SEEDS:
        return *nothing, TOO_FEW, None, f"a verdict takes {LEAST_SEEDS} seeds"
    word = verdict(low, high, row["published"], judging.margin)
    if word != "inconclusive":
        return low, high, word, None, said
    target = row["published"] - judging.margin, row["published"] + judging.margin
    more = further_seeds(row, *target, judging.confidence, printed)
    open_ = "" if more is not None else "not even 1,000 further seeds would decide it"
    alone = float(half_width(0.0, LEAST_SEEDS, printed, judging.confidence)[0])
    wide = TOO_WIDE if alone > judging.margin else ""
    return low, high, word, more, "; ".join(filter(None, (open_, wide, said)))


def printed_sample(spread: float, runs: float, judging: Judging) -> Sample:
    """Return a printed ± over so many runs, whichever divisor it is taken to have, as the deviation by n - 1."""
    if judging.printed_divisor == "n" and runs > 1:
        spread *= math.sqrt(runs / (runs - 1))
    return Sample(spread, runs)


def refuse(cells: pd.DataFrame, words: Sequence[str]) -> None:
    """Raise RelampError, with a line for each, if cells have one of these verdicts."""
    wrong = cells[cells["verdict"].isin(list(words))]
    if len(wrong):
        lines = [_line(row) for row in wrong.to_dict("records")]
        raise RelampError("\n".join([f"{len(wrong)} verdicts are {' or '.join(words)}", *lines]))


def _line(row: Mapping[Any, Any]) -> str:
    # The empty part of a data set is missing in a file.
    part = f", {row['part']}" if isinstance(row["part"], str) and row["part"] else ""
    here = "" if math.isnan(row["mean"]) else f", here {row['mean']:.2f}"
    seeds = "" if math.isnan(row["mean"]) else f", {int(row['seeds'])} seed{'s' if row['seeds'] > 1 else ''}"
    bounds = seeds if math.isnan(row["low"]) else f", between {row['low']:.2f} and {row['high']:.2f}"
    where = f"{row['artifact']}: {row['label']} on {row['dataset']}{part}"
    return f"{where}: {row['verdict']} (published {row['published']}{here}{bounds if here else ''})"
