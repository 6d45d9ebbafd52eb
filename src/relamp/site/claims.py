"""Claims over all recorded runs: of each data set and rival that a claim is about the run nearest to the paper's.

Where no run has both a claim's method and its rival, or none as near as two are together or by their reading, each is
of another run, if both were measured alike: seeds draw the same folds and splits in all runs, so that the two are
compared seed by seed and fold by fold as within one.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import permutations
from statistics import fmean
from typing import Any

import pandas as pd

from relamp.judge.claims import Claim
from relamp.judge.evidence import Difference, Evidence, Terms
from relamp.judge.method_claims import OfMethod
from relamp.judge.published import evaluations, run_as
from relamp.judge.runs import judged_scores
from relamp.judge.scale import readings_in
from relamp.runtime.sealed import differing
from relamp.settings.judging import NOT_RUN, TOO_FEW, Judging
from relamp.site.records import Record, distance

Runs = tuple[str, ...]  # the name of one run; or of that of a claim's method and of that of its rival


def merged_claims(records: Sequence[Record], claims: Sequence[Claim], terms: Terms) -> pd.DataFrame:
    """Return each claim about what is measured once, with the `run` that tried it, or the names of several by commas.

    `method` is that which it is said of, empty where it is said of none.

    What it says of a data set, against a rival if it has any, is taken from the run that is nearest there to the
    paper's size, by the method that it is said of and the rival, or else by all that the paper does not quote; of
    several of these from that with the most numbers. Where no run has method and rival, or only one that is further
    away than two are together, it is taken from these, if they measured alike. Runs with too few seeds for a
    verdict come after all others. What is said of all together, such as an average, is judged by what was so taken.
    Where several runs are equally near, or as near by another reading, it is judged by each of them: if they agree
    the first by name is told, else it is undecided, and `torn`.
    """
    told = {record.name: record.claims.set_index("id", drop=False).to_dict("index") for record in records}
    recorded = _Recorded(records, terms)
    merged: list[dict[Any, Any]] = []
    for claim in claims:
        tried = {name: rows[claim.id] for name, rows in told.items() if claim.id in rows}
        if tried:
            first: dict[Any, Any] = next(iter(tried.values()))
            merged.append({**first, **_merged(claim, tried, recorded), "method": _method(claim)})
    return pd.DataFrame(merged).drop(columns="pieces")


def _method(claim: Claim) -> str:
    return getattr(claim.measured, "method", "")


def _named(claim: Claim, rival: str) -> tuple[str, str]:
    """Return relamp's names of the method that a claim is said of and of a rival."""
    assert claim.measured
    return run_as(claim.measured.artifact, _method(claim)), run_as(claim.measured.printed_in, rival)


class _Recorded:
    """What runs tell, by their names; each thing is looked up once."""

    def __init__(self, records: Sequence[Record], terms: Terms) -> None:
        self.records, self.terms = {record.name: record for record in records}, terms
        self.evidence, self.measured = cache(self._evidence), cache(self._measured)
        self.protocol, self.size, self.reading = cache(self._protocol), cache(self._size), cache(self._reading)

    def _evidence(self, run: str) -> Evidence:
        """Return what a run tells of methods: the scores by which it was judged, and nothing else."""
        record, terms, none = self.records[run], self.terms, pd.DataFrame()
        protocol = Judging.model_validate(record.config.get("judging", {})).protocol
        about = (terms.published, terms.margin, terms.confidence, judged_scores(record.scores, protocol))
        return Evidence(*about, settings=none, damage=none, judged_by={}, evaluations=evaluations(record.cells))

    def _measured(self, run: str, artifact: str, dataset: str) -> Mapping[str, str]:
        """Return by method the evaluation by which a run has a number of an artifact on a data set."""
        cells = self.records[run].cells
        cells = cells[(cells["artifact"] == artifact) & (cells["dataset"] == dataset) & (cells["verdict"] != NOT_RUN)]
        return {run_as(artifact, name): by for name, by in zip(cells["method"], cells["evaluation"], strict=True)}

    def _protocol(self, run: str, evaluation: str, dataset: str, method: str) -> Mapping[str, Any] | None:
        return self.records[run].protocol(evaluation, dataset, method)

    def _ran(self, run: str, paper: str, dataset: str) -> pd.DataFrame:
        """Return what a run has of a paper's data set, with relamp's names of methods."""
        cells = self.records[run].cells
        cells = cells[(cells["verdict"] != NOT_RUN) & (cells["paper"] == paper) & (cells["dataset"] == dataset)]
        return cells.assign(method=[*map(run_as, cells["artifact"], cells["method"])])

    def _size(self, run: str, paper: str, dataset: str, method: str) -> tuple[bool, float, int]:
        """Return of a data set whether it has too few seeds, how far it is from the paper's size, less its numbers."""
        cells = self._ran(run, paper, dataset)
        chosen = of_method(cells, method)
        far = [distance(f"{scaled}; {of}") for scaled, of in zip(chosen["scaled"], chosen["settings"], strict=True)]
        return bool((chosen["verdict"] == TOO_FEW).all()), fmean(far) if far else math.inf, -len(cells)

    def sizes(self, runs: Runs, claim: Claim, about: tuple[str, str]) -> tuple[bool, float, int]:
        """Return `size` of what is said of a data set, with a rival of both methods together, of one run or of two."""
        dataset, names = about[0], _named(claim, about[1])
        against = isinstance(claim.measured, OfMethod) and about[1]
        pairs = zip((runs[0], runs[-1]), names, strict=True) if against else [(runs[0], names[0])]
        of = [self.size(run, claim.paper, dataset, name) for run, name in pairs]
        late, far, few = zip(*of, strict=True)
        return any(late), sum(far), sum(few)

    def _reading(self, run: str, paper: str, dataset: str, method: str) -> str:
        cells = self._ran(run, paper, dataset)
        return "; ".join(sorted(set(map(readings_in, cells[cells["method"] == method]["scaled"]))))

    def readings(self, runs: Runs, claim: Claim, about: tuple[str, str]) -> tuple[str, str]:
        """Return by which readings, in words, a claim's method and its rival were run."""
        dataset, (method, rival) = about[0], _named(claim, about[1])
        of = self.reading(runs[0], claim.paper, dataset, method)
        return of, self.reading(runs[-1], claim.paper, dataset, rival)

    def pairs(self, formula: OfMethod, dataset: str, rival: str) -> Iterator[tuple[str, str]]:
        """Yield pairs of runs, of which one has a claim's method and the other its rival by the same evaluation."""
        method, name = run_as(formula.artifact, formula.method), run_as(formula.printed_in, rival)
        for one, other in permutations(self.records, 2):
            by = self.measured(one, formula.artifact, dataset).get(method)
            if by is not None and self.measured(other, formula.printed_in, dataset).get(name) == by:
                yield one, other

    def above(self, formula: OfMethod, pair: tuple[str, str], dataset: str, rival: str) -> list[Difference]:
        """Return how far the method of one run is above the rival of another; nothing if they measured otherwise."""
        one, other = pair
        method, beside = run_as(formula.artifact, formula.method), self.measured(other, formula.printed_in, dataset)
        by = self.measured(one, formula.artifact, dataset)[method]
        how = self.protocol(one, by, dataset, method)
        # A method that is trained as its authors do has rules of its own, so that the rival's need not be those.
        alike = (self.protocol(other, by, dataset, name) for name in beside if beside[name] == by)
        if how is None or all(differing(how, theirs, "protocol") for theirs in alike if theirs is not None):
            return []
        return list(formula.above(rival, self.evidence(one), self.evidence(other), dataset, by))


def _merged(claim: Claim, tried: Mapping[str, Mapping[Any, Any]], recorded: _Recorded) -> dict[str, str | bool]:
    """Return what a claim comes to by the nearest pieces of evidence, and from which runs these are."""
    assert claim.measured
    found: dict[tuple[str, str], dict[Runs, list[Any]]] = {}
    for run, row in tried.items():
        for piece in claim.measured.told(row["pieces"]):
            found.setdefault((piece.dataset, piece.rival), {}).setdefault((run,), []).append(piece)
    if isinstance(claim.measured, OfMethod):
        _add_pairs(found, claim, claim.measured, recorded)
    nearest: dict[tuple[str, str], list[Runs]] = {}
    for about, by_runs in found.items():
        sizes = {runs: recorded.sizes(runs, claim, about) for runs in by_runs}
        read = {runs: recorded.readings(runs, claim, about) for runs in by_runs}
        least = min(sizes.values())
        usual = {read[runs] for runs, size in sizes.items() if size == least}
        near = [
            (read[runs], runs)
            for runs, size in sizes.items()
            if size == least or (size[:2] == least[:2] and read[runs] not in usual)
        ]
        nearest[about] = [runs for _, runs in sorted(near)]
    results: dict[Runs, dict[str, str]] = {}
    for preferred in sorted({runs for of in nearest.values() for runs in of if len(of) > 1}) or [()]:
        taken = {about: preferred if preferred in of else of[0] for about, of in nearest.items()}
        pieces = [piece for about, runs in taken.items() for piece in found[about][runs]]
        judged = claim.measured.judged(pieces, recorded.terms)
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


def _add_pairs(
    found: dict[tuple[str, str], dict[Runs, list[Any]]], claim: Claim, formula: OfMethod, recorded: _Recorded
) -> None:
    """Add what pairs of runs tell of a data set and a rival, where no run that has both is as near by that reading."""
    for rival, datasets in formula.wanted(recorded.terms).items():
        for dataset in datasets:
            about = (dataset, rival)
            alone = {runs: recorded.sizes(runs, claim, about)[:2] for runs in found.get(about, ())}
            least = min(alone.values(), default=None)
            read = {recorded.readings(runs, claim, about) for runs, size in alone.items() if size == least}
            for pair in recorded.pairs(formula, dataset, rival):
                size = recorded.sizes(pair, claim, about)[:2]
                nearer = least is None or size < least
                nearer |= size == least and recorded.readings(pair, claim, about) not in read
                if nearer and (gains := recorded.above(formula, pair, dataset, rival)):
                    found.setdefault(about, {})[pair] = gains


def _said(outcome: str) -> str:
    return "is undecided" if outcome == "undecided" else outcome


def of_method(cells: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return the cells of a method, where there are none of it those that the paper does not quote, or else all."""
    for own in (cells["method"] == method, cells["quoted"] == ""):
        if own.any():
            return cells[own]
    return cells
