"""Claims over all recorded runs: of each data set and rival that a claim is about the run nearest to the paper's.

Where no run has both a claim's method and its rival, each is of another run, if both were measured alike: seeds draw
the same folds and splits in all runs, so that the two are compared seed by seed and fold by fold as within one.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import permutations
from statistics import fmean
from typing import Any

import pandas as pd

from relamp.judge.claims import Claim
from relamp.judge.evidence import Difference, Evidence, Terms
from relamp.judge.measured_claims import OfMethod
from relamp.judge.published import evaluations, run_as
from relamp.judge.runs import judged_scores
from relamp.runtime.sealed import agree
from relamp.settings.judging import Judging
from relamp.site.records import NOT_RUN, TOO_FEW, Record, distance

Runs = tuple[str, ...]  # the name of one run; or of that of a claim's method and of that of its rival


def merged_claims(records: Sequence[Record], claims: Sequence[Claim], terms: Terms) -> pd.DataFrame:
    """Return each claim about what is measured once, with the `run` that tried it, or the names of several by commas.

    `method` is that which it is said of, empty where it is said of none.

    What it says of a data set, against a rival if it has any, is taken from the run that is nearest there to the
    paper's size, by the method that it is said of, or else by all that the paper does not quote; of several of these
    from that with the most numbers. Where no run has method and rival, it is taken from two that measured alike. Runs
    with too few seeds for a verdict come after all others. What is said of all together, such as an average, is judged
    by what was so taken. Where several runs are equally near, such as those of several readings, it is judged by each
    of them: if they agree the first by name is told, else it is undecided, and `torn`.
    """
    rows = {record.name: record.claims.set_index("id", drop=False).to_dict("index") for record in records}
    by_name = {record.name: record for record in records}

    @cache
    def evidence(run: str) -> Evidence:
        return _evidence(by_name[run], terms)

    merged: list[dict[Any, Any]] = []
    for claim in claims:
        tried = [(record, rows[record.name][claim.id]) for record in records if claim.id in rows[record.name]]
        if tried:
            merged.append({**tried[0][1], **_merged(claim, tried, terms, evidence), "method": _method(claim)})
    return pd.DataFrame(merged).drop(columns="pieces")


def _method(claim: Claim) -> str:
    return getattr(claim.measured, "method", "")


def _evidence(record: Record, terms: Terms) -> Evidence:
    """Return what a run tells of methods: the scores by which it was judged, and nothing else."""
    protocol = Judging.model_validate(record.config.get("judging", {})).protocol
    scores, none = judged_scores(record.scores, protocol), pd.DataFrame()
    about = (terms.published, terms.margin, terms.confidence)
    return Evidence(*about, scores, settings=none, damage=none, judged_by={}, evaluations=evaluations(record.cells))


def _merged(
    claim: Claim,
    tried: Sequence[tuple[Record, Mapping[Any, Any]]],
    terms: Terms,
    evidence: Callable[[str], Evidence],
) -> dict[str, str | bool]:
    """Return what a claim comes to by the nearest pieces of evidence, and from which runs these are."""
    assert claim.measured
    found: dict[tuple[str, str], dict[Runs, list[Any]]] = {}
    for record, row in tried:
        for piece in claim.measured.told(row["pieces"]):
            found.setdefault((piece.dataset, piece.rival), {}).setdefault((record.name,), []).append(piece)
    by_name = {record.name: record for record, _ in tried}
    if isinstance(claim.measured, OfMethod):
        for dataset, rival in _missing(claim.measured, terms, found):
            if pairs := dict(_of_two_runs(claim.measured, rival, dataset, by_name, evidence)):
                found[dataset, rival] = pairs

    @cache
    def size(run: str, dataset: str, method: str) -> tuple[bool, float, int]:
        return _size(by_name[run], claim.paper, dataset, method)

    def both(runs: Runs, about: tuple[str, str]) -> tuple[bool, float, int]:
        of = [size(run, about[0], method) for run, method in zip(runs, (_method(claim), about[1]), strict=False)]
        late, far, few = zip(*of, strict=True)
        return any(late), sum(far), sum(few)

    nearest: dict[tuple[str, str], list[Runs]] = {}
    for about, by_runs in found.items():
        least = min(both(runs, about) for runs in by_runs)
        nearest[about] = sorted(runs for runs in by_runs if both(runs, about) == least)
    results: dict[Runs, dict[str, str]] = {}
    for preferred in sorted({runs for of in nearest.values() for runs in of if len(of) > 1}) or [()]:
        taken = {about: preferred if preferred in of else of[0] for about, of in nearest.items()}
        pieces = [piece for about, runs in taken.items() for piece in found[about][runs]]
        judged = claim.measured.judged(pieces, terms)
        results[preferred] = {**judged, "run": ", ".join(dict.fromkeys(run for of in taken.values() for run in of))}
    first, *others = results.values()
    if all(each["outcome"] == first["outcome"] for each in others):
        return {**first, "torn": False}
    told = "; ".join(
        f"by {' and '.join(runs)} it {_said(each['outcome'])}: {each['evidence']}" for runs, each in results.items()
    )
    runs = ", ".join(dict.fromkeys(run for each in results.values() for run in each["run"].split(", ")))
    said = f"equally near runs disagree; {told}"
    return {**first, "outcome": "undecided", "evidence": said, "run": runs, "torn": True}


def _said(outcome: str) -> str:
    return "is undecided" if outcome == "undecided" else outcome


def _missing(formula: OfMethod, terms: Terms, found: Collection[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the data sets and rivals that a claim is about and of which no run tells."""
    for rival, datasets in formula.wanted(terms).items():
        yield from ((dataset, rival) for dataset in datasets if (dataset, rival) not in found)


def _of_two_runs(
    formula: OfMethod, rival: str, dataset: str, records: Mapping[str, Record], evidence: Callable[[str], Evidence]
) -> Iterator[tuple[Runs, list[Difference]]]:
    """Yield pairs of runs, of which one has a claim's method and the other its rival, with what these tell."""
    method = run_as(formula.artifact, formula.method)
    measured = {name: _measured(record, formula.artifact, dataset) for name, record in records.items()}
    for one, other in permutations(records, 2):
        by = measured[one].get(method)
        if by is None or measured[other].get(run_as(formula.artifact, rival)) != by:
            continue
        how = records[one].protocol(by, dataset, method)
        # A method that is trained as its authors do has rules of its own, so that the rival's need not be those.
        alike = (records[other].protocol(by, dataset, name) for name, way in measured[other].items() if way == by)
        if any(agree(how, theirs, "protocol") for theirs in alike) and (
            gains := list(formula.above(rival, evidence(one), evidence(other), dataset, by))
        ):
            yield (one, other), gains


def _measured(record: Record, artifact: str, dataset: str) -> dict[str, str]:
    """Return by method the evaluation by which a run has a number of an artifact on a data set."""
    cells = record.cells
    cells = cells[(cells["artifact"] == artifact) & (cells["dataset"] == dataset) & (cells["verdict"] != NOT_RUN)]
    return {run_as(artifact, name): by for name, by in zip(cells["method"], cells["evaluation"], strict=True)}


def _size(record: Record, paper: str, dataset: str, method: str) -> tuple[bool, float, int]:
    """Return of a data set whether it has too few seeds, how far it is from the paper's size, and less its numbers."""
    cells = record.cells
    cells = cells[(cells["verdict"] != NOT_RUN) & (cells["paper"] == paper) & (cells["dataset"] == dataset)]
    chosen = of_method(cells, method)
    far = [distance(f"{scaled}; {of}") for scaled, of in zip(chosen["scaled"], chosen["settings"], strict=True)]
    return bool((chosen["verdict"] == TOO_FEW).all()), fmean(far) if far else math.inf, -len(cells)


def of_method(cells: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return the cells of a method, where there are none of it those that the paper does not quote, or else all."""
    for own in (cells["method"] == method, cells["quoted"] == ""):
        if own.any():
            return cells[own]
    return cells
