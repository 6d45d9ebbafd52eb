"""The papers' claims, put to the test: each is a quote, a kind of test with its parameters, and an outcome."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import yaml

from relamp.errors import RelampError
from relamp.judge.evaluations import MEASURE, evaluation_of, run_as
from relamp.judge.intervals import cell_intervals
from relamp.judge.published import AGGREGATES

Outcome = Literal["holds", "fails", "undecided", "not run"]
OUTCOMES = ("holds", "fails", "undecided", "not run")
_RUN = ["seed", "fold"]
_NO_FOLD = -1
COLUMNS = ("id", "paper", "where", "quote", "outcome", "coverage", "evidence")


@dataclass(frozen=True)
class Evidence:
    """What claims are tested against.

    Attributes:
        scores: of the judged protocol at the tables' setting, of all evaluations, see `relamp.judge.measured`; a claim
            rests on those of its artifact's evaluations alone.
        settings: the same columns for every gamma and alpha that was run, at the last epoch.
        damage: median loss of structural entropy by dataset, augmentation and reading, as a fraction.
        published: cells of all artifacts, which say what data sets a claim is about.
        margin: points by which a gain may fall short of the claimed one.
        confidence: of the intervals.
    """

    scores: pd.DataFrame
    settings: pd.DataFrame
    damage: pd.DataFrame
    published: pd.DataFrame
    margin: float
    confidence: float


@dataclass(frozen=True)
class _Gain:
    """How far one thing is above another, in points: a mean and its interval, over some data sets."""

    what: str
    mean: float
    low: float
    high: float
    datasets: tuple[str, ...]

    def __str__(self) -> str:
        bounds = "" if math.isnan(self.low) else f" ({self.low:+.2f} to {self.high:+.2f})"
        return f"{self.what}: {self.mean:+.2f}{bounds}"


_Result = tuple[Outcome, Sequence[str], Sequence[str]]  # outcome, data sets it rests on, evidence


def load_claims(path: Path | str) -> list[dict[str, Any]]:
    """Return the claims of a YAML file; raises RelampError if one lacks a part or has an unknown test or parameter."""
    claims: list[dict[str, Any]] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    for claim in claims:
        if trouble := _trouble(claim):
            raise RelampError(f"{path}: the claim {claim.get('id', claim)} {trouble}")
    return claims


def _trouble(claim: Mapping[str, Any]) -> str:
    """Say what is wrong with a claim as it is written; nothing if it can be tested."""
    if missing := [key for key in ("id", "paper", "where", "quote", "test") if not claim.get(key)]:
        return f"lacks {', '.join(missing)}"
    test = claim["test"]
    if not isinstance(test, Mapping) or test.get("kind") not in _KINDS:
        return f"has the unknown test {test}; known tests: {', '.join(_KINDS)}"
    taken = dict(signature(_KINDS[test["kind"]]).parameters)
    taken.pop("evidence")
    if taken.pop("exceptions", None):
        taken["except"] = taken["datasets"]
    wrong = sorted(test.keys() - taken - {"kind"})
    wrong += [name for name, of in taken.items() if of.default is Parameter.empty and name not in test]
    if wrong:
        return f"has missing or unknown parameters: {', '.join(wrong)}; {test['kind']} takes {', '.join(taken)}"
    return ""


def check_claims(claims: Sequence[Mapping[str, Any]], evidence: Evidence) -> pd.DataFrame:
    """Return one row (`COLUMNS`) a claim: whether it holds, on which data sets that rests, and the numbers."""
    return pd.DataFrame([_row(claim, evidence) for claim in claims], columns=list(COLUMNS))


def _row(claim: Mapping[str, Any], evidence: Evidence) -> dict[str, Any]:
    test = {key: value for key, value in claim["test"].items() if key != "kind"}
    outcome, used, told = _KINDS[claim["test"]["kind"]](evidence, **test)
    meant = _meant(evidence, **test)
    coverage = "" if outcome == "not run" else f"{len(used)} of {len(meant)} data sets: {', '.join(used)}"
    kept = {key: claim[key] for key in ("id", "paper", "where", "quote")}
    return {**kept, "outcome": outcome, "coverage": coverage, "evidence": "; ".join(told)}


def _meant(evidence: Evidence, artifact: str, datasets: Sequence[str] | None = None, **others: Any) -> list[str]:
    """Return the data sets that a claim is about: its own list, or those of its table, but for those excepted.

    A figure's are LAMP's eight.
    """
    table = artifact if artifact in set(evidence.published["artifact"]) else "lamp_table1"
    names = evidence.published.loc[evidence.published["artifact"] == table, "dataset"].unique().tolist()
    left_out = *AGGREGATES, *others.get("except", ())
    return [name for name in datasets or names if name not in left_out]


def _best_average(
    evidence: Evidence,
    artifact: str,
    method: str,
    beside: Sequence[str] = (),
    datasets: Sequence[str] | None = None,
) -> _Result:
    """`method` is above every rival of its table, on average over the data sets that both have.

    Those that it stands `beside`, the paper's own other methods, are no rivals.
    """
    meant = _meant(evidence, artifact, datasets)
    rivals = [name for name in _rivals(evidence, artifact, method) if name not in beside]
    found = {rival: _average(_gains(evidence, artifact, method, rival, meant), f"over {rival}") for rival in rivals}
    return _above_rivals({rival: [gain] if gain else [] for rival, gain in found.items()})


def _gain(
    evidence: Evidence,
    artifact: str,
    method: str,
    over: str,
    points: float,
    datasets: Sequence[str] | None = None,
    *,
    at_least: bool = False,
) -> _Result:
    """`method` is above `over` on average by more than the claimed points less the margin, or than `at_least` these."""
    gain = _average(_gains(evidence, artifact, method, over, _meant(evidence, artifact, datasets)), f"over {over}")
    if gain is None:
        return "not run", (), ()
    least = max(points if at_least else points - evidence.margin, 0)
    told = [f"claimed {'over ' if at_least else ''}{points:+g}", str(gain)]
    return _on_side(gain.low > least, gain.high < least), gain.datasets, told


def _beats(
    evidence: Evidence,
    artifact: str,
    method: str,
    over: str | Sequence[str],
    datasets: Sequence[str] | None = None,
    **exceptions: Sequence[str],
) -> _Result:
    """`method` is above `over` on each data set but those excepted."""
    meant = _meant(evidence, artifact, datasets, **exceptions)
    if over == "all":
        wanted = _rivals(evidence, artifact, method)
    else:
        rivals = [over] if isinstance(over, str) else over
        wanted = list(dict.fromkeys(run_as(artifact, name) for name in rivals))
    return _above_rivals({rival: _gains(evidence, artifact, method, rival, meant) for rival in wanted})


def _falls_above(
    evidence: Evidence, artifact: str, parameter: str, threshold: float, datasets: Sequence[str] | None = None
) -> _Result:
    """The mean score over all settings above the threshold is below that over the others, on each data set."""
    parts = []
    for dataset, rows in _sweep(evidence, parameter, _meant(evidence, artifact, datasets)):
        above = rows[parameter] > threshold
        if above.any() and not above.all():
            runs = [rows[side].groupby(_RUN)["value"].mean() for side in (~above, above)]
            parts.append(_as_scores(runs[0] - runs[1], f"{parameter} up to {threshold:g} above the rest", dataset))
    return _all_above(_intervals(evidence, parts))


def _rises_with(evidence: Evidence, artifact: str, parameter: str, datasets: Sequence[str] | None = None) -> _Result:
    """The least-squares slope of the score over the parameter's decades is positive, on each data set."""
    parts = []
    for dataset, rows in _sweep(evidence, parameter, _meant(evidence, artifact, datasets)):
        table = rows[rows[parameter] > 0].pivot_table(index=_RUN, columns=parameter, values="value")
        if table.shape[1] > 1:
            x = np.log10(table.columns.to_numpy(dtype=float))
            x -= x.mean()
            parts.append(_as_scores(table @ x / (x @ x), f"points a tenfold {parameter}", dataset))
    return _all_above(_intervals(evidence, parts))


def _loses_over(
    evidence: Evidence, artifact: str, augmentation: str, fraction: float, datasets: Sequence[str] | None = None
) -> _Result:
    """The median loss is over the fraction on each data set; undecided where the readings disagree."""
    return _by_reading(evidence, artifact, augmentation, datasets, lambda median: median > fraction)


def _adds_entropy(
    evidence: Evidence, artifact: str, augmentation: str, datasets: Sequence[str] | None = None
) -> _Result:
    """The median loss is negative on each data set; undecided where the readings disagree."""
    return _by_reading(evidence, artifact, augmentation, datasets, lambda median: median < 0)


_KINDS: Mapping[str, Callable[..., _Result]] = {
    "best_average": _best_average,
    "gain": _gain,
    "beats": _beats,
    "falls_above": _falls_above,
    "rises_with": _rises_with,
    "loses_over": _loses_over,
    "adds_entropy": _adds_entropy,
}


def _by_reading(
    evidence: Evidence,
    artifact: str,
    augmentation: str,
    datasets: Sequence[str] | None,
    holds: Callable[[float], bool],
) -> _Result:
    meant = _meant(evidence, artifact, datasets)
    rows = evidence.damage
    # Where no graph has a loss, as without edges, there is no median either, and it decides nothing.
    rows = rows[(rows["augmentation"] == augmentation) & rows["dataset"].isin(meant)].dropna(subset=["median"])
    if rows.empty:
        return "not run", (), ()
    used = [name for name in meant if name in set(rows["dataset"])]
    told = [
        f"{row['dataset']}: median loss {100 * row['median']:.1f} % ({row['reading']})" for _, row in rows.iterrows()
    ]
    by_reading = [all(map(holds, of["median"])) for _, of in rows.groupby("reading")]
    outcome: Outcome = "holds" if all(by_reading) else "undecided" if any(by_reading) else "fails"
    return outcome, used, told


def _rivals(evidence: Evidence, artifact: str, method: str) -> list[str]:
    """Return the other methods that a table prints, those under several names once."""
    printed = evidence.published.loc[evidence.published["artifact"] == artifact, "method"]
    names = dict.fromkeys(run_as(artifact, name) for name in printed)
    return [name for name in names if name != run_as(artifact, method)]


def _gains(evidence: Evidence, artifact: str, method: str, rival: str, datasets: Sequence[str]) -> list[_Gain]:
    """Return how far a method is above a rival, run by run, for each data set that both have.

    Where a data set has several metrics or parts, there is one gain for each.
    """
    parts = []
    names = run_as(artifact, method), run_as(artifact, rival)
    run = set(evidence.scores["dataset"])
    for dataset in (name for name in datasets if name in run):
        of_dataset = evidence.scores[evidence.scores["dataset"] == dataset]
        rows = _numbered(of_dataset[of_dataset["evaluation"] == evaluation_of(artifact, dataset)])
        measured = rows.groupby(MEASURE, sort=True)
        for (_, metric, part), of_measure in measured:
            one, other = (of_measure[of_measure["method"] == name].set_index(_RUN)["value"] for name in names)
            difference = (one - other).dropna()
            if len(difference):
                told = f"{part} {metric}, ".lstrip() if measured.ngroups > 1 else ""
                parts.append(_as_scores(difference, f"{told}over {rival}", dataset))
    return _intervals(evidence, parts)


def _sweep(evidence: Evidence, parameter: str, datasets: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """Return, by data set, the runs that differ in one parameter alone: of one method, at one value of the other."""
    other = {"gamma": "alpha", "alpha": "gamma"}[parameter]
    swept = _numbered(evidence.settings.dropna(subset=["gamma", "alpha"]))
    found = []
    for dataset in datasets:
        rows = swept[swept["dataset"] == dataset]
        if len(rows):
            # The grid is where most values were run: all other methods and values have the tables' setting alone.
            grids = rows.groupby(["method", other])
            found.append((dataset, max((grid for _, grid in grids), key=lambda grid: grid[parameter].nunique())))
    return found


def _numbered(rows: pd.DataFrame) -> pd.DataFrame:
    """Number the fold of runs without folds: pandas leaves rows with an empty key out."""
    return rows.assign(fold=rows["fold"].fillna(_NO_FOLD))


def _as_scores(values: "pd.Series[float]", what: str, dataset: str) -> pd.DataFrame:
    frame = values.rename("value").reset_index()
    folds = frame["fold"].where(frame["fold"] != _NO_FOLD)
    return frame.assign(fold=folds, method=what, dataset=dataset, protocol="fixed")


def _intervals(evidence: Evidence, parts: Sequence[pd.DataFrame]) -> list[_Gain]:
    if not parts:
        return []
    cells = cell_intervals(pd.concat(parts, ignore_index=True), evidence.confidence)
    return [
        _Gain(f"{row['dataset']}, {row['method']}", row["mean"], row["low"], row["high"], (row["dataset"],))
        for row in cells.to_dict("records")
    ]


def _average(gains: Sequence[_Gain], what: str) -> _Gain | None:
    """Average over data sets, whose runs are independent: half-widths add as squares."""
    if not gains:
        return None
    half = math.sqrt(sum((gain.high - gain.mean) ** 2 for gain in gains)) / len(gains)
    mean = sum(gain.mean for gain in gains) / len(gains)
    return _Gain(what, mean, mean - half, mean + half, tuple(name for gain in gains for name in gain.datasets))


def _above_rivals(gains: Mapping[str, Sequence[_Gain]]) -> _Result:
    """As `_all_above`; what is above those rivals that were run may still be below the others."""
    outcome, used, told = _all_above([gain for of_rival in gains.values() for gain in of_rival])
    run = sum(bool(of_rival) for of_rival in gains.values())
    if outcome == "not run" or run == len(gains):
        return outcome, used, told
    return ("undecided" if outcome == "holds" else outcome), used, [f"{run} of {len(gains)} rivals run", *told]


def _all_above(gains: Sequence[_Gain]) -> _Result:
    """All must be above zero with their whole intervals; one that is wholly below decides against the claim."""
    if not gains:
        return "not run", (), ()
    used = dict.fromkeys(name for gain in gains for name in gain.datasets)
    outcome = _on_side(all(gain.low > 0 for gain in gains), any(gain.high < 0 for gain in gains))
    return outcome, tuple(used), [str(gain) for gain in gains]


def _on_side(holds: bool, fails: bool) -> Outcome:
    return "holds" if holds else "fails" if fails else "undecided"
