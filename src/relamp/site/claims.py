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
    from that with the most numbers. Runs with too few seeds for a verdict come after all others. Further ties are
    decided by the name of the run, never by what was found. What is said of all together, such as an average, is judged
    by what was so taken.
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


def _merged(claim: Claim, tried: Sequence[tuple[Record, Mapping[Any, Any]]], terms: Terms) -> dict[str, str]:
    """Return what a claim comes to by the nearest pieces of evidence, and from which runs these are."""
    assert claim.measured
    found: dict[tuple[str, str], dict[str, list[Any]]] = {}
    for record, row in tried:
        for piece in claim.measured.told(row["pieces"]):
            found.setdefault((piece.dataset, piece.rival), {}).setdefault(record.name, []).append(piece)
    by_name = {record.name: record for record, _ in tried}

    @cache
    def rank(run: str, dataset: str) -> tuple[bool, float, int, str]:
        return *_size(by_name[run], claim, dataset), run

    nearest = {key: min(by_run, key=lambda run: rank(run, key[0])) for key, by_run in found.items()}
    pieces = [piece for key, run in nearest.items() for piece in found[key][run]]
    return {**claim.measured.judged(pieces, terms), "run": ", ".join(dict.fromkeys(nearest.values()))}


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
