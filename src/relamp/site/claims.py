"""Claims over all recorded runs: of each data set and rival that a claim is about the run nearest to the paper's."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from statistics import fmean
from typing import Any

import pandas as pd

from relamp.judge.claims import Claim
from relamp.judge.evidence import Terms
from relamp.site.records import NOT_RUN, TOO_FEW, Record, distance


def merged_claims(records: Sequence[Record], claims: Sequence[Claim], terms: Terms) -> pd.DataFrame:
    """Return each claim about what is measured once, with the `run` that tried it, or the names of several by commas.

    `method` is that which it is said of, empty where it is said of none.

    What it says of a data set, against a rival if it has any, is taken from the run that is nearest there to the
    paper's size, by the method that it is said of, or else by all that the paper does not quote; of several of these
    from that with the most numbers. Runs with too few seeds for a verdict come after all others. What is said of all
    together, such as an average, is judged by what was so taken. Where several runs are equally near, such as those of
    several readings, it is judged by each of them: if they agree the first by name is told, else it is undecided, and
    `torn`.
    """
    rows = {record.name: record.claims.set_index("id", drop=False).to_dict("index") for record in records}
    merged: list[dict[Any, Any]] = []
    for claim in claims:
        tried = [(record, rows[record.name][claim.id]) for record in records if claim.id in rows[record.name]]
        if tried:
            merged.append({**tried[0][1], **_merged(claim, tried, terms), "method": _method(claim)})
    return pd.DataFrame(merged).drop(columns="pieces")


def _method(claim: Claim) -> str:
    return getattr(claim.measured, "method", "")


def _merged(claim: Claim, tried: Sequence[tuple[Record, Mapping[Any, Any]]], terms: Terms) -> dict[str, str | bool]:
    """Return what a claim comes to by the nearest pieces of evidence, and from which runs these are."""
    assert claim.measured
    found: dict[tuple[str, str], dict[str, list[Any]]] = {}
    for record, row in tried:
        for piece in claim.measured.told(row["pieces"]):
            found.setdefault((piece.dataset, piece.rival), {}).setdefault(record.name, []).append(piece)
    by_name = {record.name: record for record, _ in tried}

    @cache
    def size(run: str, dataset: str) -> tuple[bool, float, int]:
        return _size(by_name[run], claim, dataset)

    nearest: dict[tuple[str, str], list[str]] = {}
    for key, by_run in found.items():
        least = min(size(run, key[0]) for run in by_run)
        nearest[key] = sorted(run for run in by_run if size(run, key[0]) == least)
    results: dict[str, dict[str, str]] = {}
    for preferred in sorted({run for runs in nearest.values() for run in runs if len(runs) > 1}) or [""]:
        taken = {key: preferred if preferred in runs else runs[0] for key, runs in nearest.items()}
        pieces = [piece for key, run in taken.items() for piece in found[key][run]]
        judged = claim.measured.judged(pieces, terms)
        results[preferred] = {**judged, "run": ", ".join(dict.fromkeys(taken.values()))}
    first, *others = results.values()
    if all(each["outcome"] == first["outcome"] for each in others):
        return {**first, "torn": False}
    told = "; ".join(f"by {run} it {_said(each['outcome'])}: {each['evidence']}" for run, each in results.items())
    runs = ", ".join(dict.fromkeys(run for each in results.values() for run in each["run"].split(", ")))
    said = f"equally near runs disagree; {told}"
    return {**first, "outcome": "undecided", "evidence": said, "run": runs, "torn": True}


def _said(outcome: str) -> str:
    return "is undecided" if outcome == "undecided" else outcome


def _size(record: Record, claim: Claim, dataset: str) -> tuple[bool, float, int]:
    """Return of a data set whether it has too few seeds, how far it is from the paper's size, and less its numbers."""
    cells = record.cells
    cells = cells[(cells["verdict"] != NOT_RUN) & (cells["paper"] == claim.paper) & (cells["dataset"] == dataset)]
    chosen = of_method(cells, _method(claim))
    far = [distance(f"{scaled}; {of}") for scaled, of in zip(chosen["scaled"], chosen["settings"], strict=True)]
    return bool((chosen["verdict"] == TOO_FEW).all()), fmean(far) if far else math.inf, -len(cells)


def of_method(cells: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return the cells of a method, where there are none of it those that the paper does not quote, or else all."""
    for own in (cells["method"] == method, cells["quoted"] == ""):
        if own.any():
            return cells[own]
    return cells
