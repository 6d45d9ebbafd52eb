"""Claims over all recorded runs: what is said of each data set is tried there on the run nearest to the paper's."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import pandas as pd

from relamp.judge.claims import Claim
from relamp.judge.measured_claims import Outcome, on_side
from relamp.site.records import NOT_RUN, Record, distance

_COVERAGE = re.compile(r"(\d+) of (\d+) data sets")


def merged_claims(records: Sequence[Record], claims: Sequence[Claim]) -> pd.DataFrame:
    """Return each claim about what is measured once, with the `run` that tried it, or the names of several by commas.

    `method` is that which it is said of, empty where it is said of none.

    What is said of each of several data sets is taken on each of them from the run that is nearest there to the paper's
    size, by the method that it is said of, or else by all; of several of these from that with the most numbers. What is
    said of all together, such as an average, is of the run that tried it on most of them, and of several of these the
    nearest. Further ties are decided by the name of the run, never by what was found.
    """
    rows = {record.name: record.claims.set_index("id", drop=False).to_dict("index") for record in records}
    merged = []
    for claim in claims:
        tried = [(record, rows[record.name][claim.id]) for record in records if claim.id in rows[record.name]]
        if tried:
            merged.append({**_merged(claim, tried), "method": _method(claim)})
    return pd.DataFrame(merged).drop(columns="by_dataset")


def _method(claim: Claim) -> str:
    return getattr(claim.measured, "method", "")


def _merged(claim: Claim, tried: Sequence[tuple[Record, dict[Any, Any]]]) -> dict[Any, Any]:
    def rank(each: tuple[Record, Mapping[Any, Any]]) -> tuple[float, float, str]:
        covered = _COVERAGE.match(each[1]["coverage"])
        far, _ = _size(each[0], claim)
        return -int(covered[1]) if covered else 0, far, each[0].name

    record, best = min(tried, key=rank)
    nearest: dict[str, tuple[float, int, str, Outcome, str]] = {}
    for other, row in tried:
        for dataset, (outcome, evidence) in json.loads(row["by_dataset"] or "{}").items():
            far, numbers = _size(other, claim, dataset)
            found = far, -numbers, other.name, outcome, evidence
            nearest[dataset] = min(nearest.get(dataset, found), found)
    if nearest:
        return {**best, **_together({name: of[2:] for name, of in nearest.items()}, best["coverage"])}
    return {**best, "run": record.name if best["outcome"] != NOT_RUN else ""}


def _size(record: Record, claim: Claim, dataset: str | None = None) -> tuple[float, int]:
    """Return how far a run is from the size of a claim's paper, on average over its numbers, and how many these are."""
    cells = record.cells[(record.cells["verdict"] != NOT_RUN) & (record.cells["paper"] == claim.paper)]
    cells = cells[cells["dataset"] == dataset] if dataset else cells
    chosen = of_method(cells, _method(claim))
    far = [distance(f"{scaled}; {of}") for scaled, of in zip(chosen["scaled"], chosen["settings"], strict=True)]
    return fmean(far) if far else math.inf, len(cells)


def of_method(cells: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return the cells of a method, or all where there are none of it."""
    own = cells[cells["method"] == method]
    return own if len(own) else cells


def _together(nearest: Mapping[str, tuple[str, Outcome, str]], coverage: str) -> dict[str, str]:
    """Return what a claim about each data set comes to, by the run, the outcome and the evidence on each."""
    covered = _COVERAGE.match(coverage)
    assert covered
    outcomes = {outcome for _, outcome, _ in nearest.values()}
    holds = outcomes == {"holds"} and len(nearest) == int(covered[2])
    outcome = on_side(holds, "fails" in outcomes)
    telling = [said for _, its, said in nearest.values() if outcome != "fails" or its == "fails"]
    return {
        "outcome": outcome,
        "coverage": f"{len(nearest)} of {covered[2]} data sets: {', '.join(nearest)}",
        "evidence": "; ".join(telling),
        "run": ", ".join(dict.fromkeys(run for run, _, _ in nearest.values())),
    }
