"""What explains a printed number: a ladder from the majority class up to it, and which step does the work.

The rungs of a printed number of a method on a data set, all by the evaluation of that number:

- `majority`: always the most frequent class; where there is none to say, what knows nothing of the data (`chance` of
  `relamp.evaluate.table`);
- `bag`: what the encoder sees of the nodes, without any edge; on molecules a forest on fingerprints, with no network;
- `untrained`: the method's encoder with the same features, as it was drawn; on molecules frozen, as no other rung is;
- `calibrated`: of LAMP's encoders alone, the same after passes over the data that move its batch normalisation only;
- `scratch`: on molecules alone, that encoder fine-tuned without pre-training;
- `host`: what the method builds on, trained;
- `method`: the method, trained, by the protocol that is judged, as the rungs below are;
- the looser rules of public codes and the oracle (`relamp.judge.runs`), which choose on the test part;
- `printed`: the number.

Nothing is run for a ladder: it takes scores that are there, and says of a rung that is not why it is missing.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relamp.data.rows import alone, branch_of
from relamp.evaluate.table import EVALUATIONS, Evaluation
from relamp.judge.comparison import parts_of_difference
from relamp.judge.grouped import Row, grouped
from relamp.judge.intervals import PER_CENT, Part, cell_intervals, half_width, half_width_of
from relamp.judge.runs import MEASURE
from relamp.judge.verdict import printed_sample
from relamp.judge.words import METRICS
from relamp.method.table import METHODS, MethodRow
from relamp.settings.judging import LOOSER, Judging

RUNGS = ("majority", "bag", "untrained", "calibrated", "scratch", "host", "method", *LOOSER, "oracle", "printed")
# Rungs one above another; the others stand beside them.
STEPS = ("majority", "bag", "untrained", "calibrated", "scratch", "host", "method", "all-on-test", "printed")
ON_TEST = (*LOOSER, "oracle")
CELL = ["paper", "artifact", "method", "label", "dataset", *MEASURE]
LADDER = [*CELL, "rung", "run_as", "mean", "low", "high", "std", "seeds", "reason"]
_STEP = ["paper", "artifact", "method", "label", "evaluation", "metric"]
GAINS = [*_STEP, "datasets", "parts", "rung", "run_as", "mean", "gain", "low", "high"]

# By domain and method the control that sees the same features and no edges.
Bags = Mapping[str, Mapping[str, str]]

MAJORITY, CHANCE = "majority", "chance"
SCRATCH = "none"  # fine-tuning's name for no pre-training
_OF_MOLECULES = {"untrained": "frozen-untrained", "calibrated": "frozen-calibrated", "scratch": SCRATCH}
_CALIBRATED = "untrained-calibrated"
# By class of the method: its encoder, untrained, and what it builds on, of which the first that was run counts. M-Mix
# mixes what MVGRL contrasts; with M-Mix's objective, MVGRL is the method without its mixing. LAMP prunes the encoder
# where SimGRACE adds noise to it.
_UNTRAINED = {"MMix": "mvgrl-untrained", "GraphMVGRL": "mvgrl-host-untrained", "GRACE": "grace-untrained"}
# Rivals on nodes, whose encoders nothing else has.
_UNTRAINED |= dict.fromkeys(("DGI", "GraphCLNodes", "CcaSsg", "GAE", "ARGA", "GALA"), "")
_UNTRAINED |= {"SimCLR": "image-untrained"}
_HOSTS = {"Lamp": ("simgrace",), "MMix": ("mvgrl-infonce", "mvgrl"), "GRACE": ("grace",)}
_HOSTS |= {"MVGRL": _HOSTS["MMix"], "GraphMVGRL": ("mvgrl",), "SimCLR": ("simclr",)}
# Models that are trained on the labels stand on nothing that is pre-trained.
_SUPERVISED = tuple(name for name, row in EVALUATIONS.items() if row.supervised)
# Why an evaluation has no bag, where it has controls.
_NO_BAG = {"edit-distance": "an edit leaves node features as they are, so that a bag cannot tell triplets apart"}
_SMALL = 0.05  # points that are 0.0 in words
_WORDS = {
    **{"majority": "the majority class", "bag": "a bag of the same node features", "untrained": "an untrained encoder"},
    "calibrated": "showing the data to its batch normalisation",
    **{"host": "training the host, {host},", "method": "{method} itself", "printed": "what nothing here explains"},
    "all-on-test": "choosing epoch, setting and C on the test part",
}
_OWN_WORDS: Mapping[str, Mapping[str, str]] = {
    "nodes": {"bag": "the same features without edges"},
    "molecules": {
        **{"bag": "a forest on fingerprints", "untrained": "a linear probe of an untrained encoder"},
        **{"scratch": "fine-tuning without pre-training", "host": "pre-training the host, {host},"},
        "all-on-test": "choosing epoch and setting on the test part",
    },
}


def ladder(cells: pd.DataFrame, scores: pd.DataFrame, bags: Bags, judging: Judging) -> pd.DataFrame:
    """Return the rungs of printed numbers, those of `RUNGS` that a method can have: columns `LADDER`, in per cent.

    `cells` are those of `relamp.judge.verdict.printed_cells`, of which those count that are comparable, not of a
    supervised model, and whose method was run; `scores` those of `relamp.judge.runs` in all protocols; `bags` names the
    bag of each method. `run_as` is the method whose scores a rung has; intervals are over the seeds, as those of
    verdicts; `std` is over them too, and of a printed number over its runs, whose number `seeds` is then; a missing
    rung has a `reason`.
    """
    by = ["method", "dataset", *MEASURE, "protocol"]
    cells = cells[cells["comparable"].astype(bool) & ~cells["evaluation"].isin(_SUPERVISED)]
    scored = scores[scores["dataset"].isin(cells["place"]) & scores["evaluation"].isin(cells["evaluation"])]
    found = cell_intervals(scored, judging.confidence, by).set_index(by)[["mean", "std_seeds", "seeds"]]
    means = dict(zip(found.index, found.to_dict("records"), strict=True))
    rows = []
    for cell in cells.to_dict("records"):
        at = (cell["place"], *(cell[name] for name in MEASURE))
        if (cell["run_as"], *at, "fixed") in means:
            mine = {name: cell[name] for name in CELL} | {"dataset": cell["place"]}
            rows += [{**mine, **rung} for rung in _rungs(cell, at, means, bags, judging)]
    return pd.DataFrame(rows, columns=LADDER).astype(
        {"seeds": "Int64", **dict.fromkeys(("mean", "low", "high", "std"), float)}
    )


def gains(rungs: pd.DataFrame, scores: pd.DataFrame, judging: Judging) -> pd.DataFrame:
    """Return what each step of a method adds by a metric, in points, averaged over its data sets: columns `GAINS`.

    Where a data set has several parts, each counts alike. Only rungs that none of them lacks are steps, so that all
    means are over the same ones; the first step has no gain. `rungs` are those of `ladder`, made of `scores`.

    The interval says what this mean over these data sets would be with other seeds, and in other folds of data like
    these. Of each data set there is the variance of the difference by seeds and folds, of runs paired by seed and fold
    where both rungs have the same, else of both (Welch); these add up, since data sets are independent. Parts of a data
    set are averaged within a seed first, since they share its encoder. The last step, to the printed number, has the
    interval over seeds of verdicts, with the printed ± where the paper says of how many runs it is.
    """
    steps = rungs[rungs["rung"].isin(STEPS)]
    mine = scores[scores["method"].isin(steps["run_as"]) & scores["dataset"].isin(steps["dataset"])]
    runs = {
        name: of[["seed", "fold", "value"]] for name, of in mine.groupby(["method", "dataset", *MEASURE, "protocol"])
    }
    rows = []
    for key, of in grouped(steps.to_dict("records"), _STEP).items():
        by_rung = {name: rung for (name,), rung in grouped(of, ["rung"]).items()}
        lacking = {row["rung"] for row in of if math.isnan(row["mean"])}
        places = (
            " ".join(sorted({row["dataset"] for row in of})),
            " ".join(dict.fromkeys(filter(None, (row["part"] for row in of)))),
        )
        below, beneath = math.nan, None
        for name in (name for name in STEPS if name in by_rung and name not in lacking):
            rung = by_rung[name]
            mean, stood = float(np.mean([row["mean"] for row in rung])), _stood(rung, runs, judging)
            half = math.nan if beneath is None else half_width_of(_parts(stood, beneath), judging.confidence)
            gain = mean - below
            rows.append((*key, *places, name, rung[-1]["run_as"], mean, gain, gain - half, gain + half))
            below, beneath = mean, stood
    return pd.DataFrame(rows, columns=GAINS)


def measured(evaluation: str, metric: str) -> str:
    """Return an evaluation in words, with the metric where it is not accuracy alone."""
    record = EVALUATIONS[evaluation]
    alone = metric == "accuracy" and len(record.chance) < 2
    return record.title if alone else f"{record.title}, {METRICS.get(metric, metric)}"


@dataclass(frozen=True)
class _Stood:
    """A rung on one data set: what is known of each of its parts, and its runs, None where it is known without."""

    parts: Sequence[Row]
    runs: pd.DataFrame | None


def _stood(rung: Iterable[Row], runs: Mapping[Any, pd.DataFrame], judging: Judging) -> dict[str, _Stood]:
    """Return a rung by its data sets; a run is the mean over the parts of its data set."""
    found: dict[str, _Stood] = {}
    for (dataset,), parts in sorted(grouped(rung, ["dataset"]).items()):
        names = [
            (
                *(row[name] for name in ("run_as", "dataset", *MEASURE)),
                _protocol(row["rung"], EVALUATIONS[row["evaluation"]], judging),
            )
            for row in parts
        ]
        mine = [runs[name] for name in names if name in runs]
        if len(mine) > 1:
            mine = [pd.concat(mine).groupby(["seed", "fold"], dropna=False)["value"].mean().reset_index()]
        found[str(dataset)] = _Stood(parts, mine[0] if mine else None)
    return found


def _parts(above: Mapping[str, _Stood], below: Mapping[str, _Stood]) -> list[Part]:
    """Return what the variance of a step consists of, by its data sets, each weighted by its number of parts."""
    found, total = [], sum(len(stood.parts) for stood in above.values())
    for dataset, stood in above.items():
        top, bottom = stood.runs, below[dataset].runs
        if bottom is None:
            mine = [] if top is None else parts_of_difference(top)
        elif top is not None:
            mine = parts_of_difference(top, bottom)
        else:
            seeds = bottom.groupby("seed")["value"].mean() * PER_CENT
            mine = [Part(seeds.var(ddof=1) / len(seeds), len(seeds) - 1)]
            known = [row for row in stood.parts if not math.isnan(row["std"])]
            shares = [(row["std"] / len(stood.parts)) ** 2 / row["seeds"] for row in known]
            mine += [Part(share, row["seeds"] - 1) for share, row in zip(shares, known, strict=True)]
        weight = (len(stood.parts) / total) ** 2
        found += [Part(weight * part.variance, part.freedom) for part in mine]
    return found


def explained(found: pd.DataFrame) -> dict[str, list[str]]:
    """Return by artifact, for each method of `gains`, a sentence that says which step does the work."""
    said: dict[str, list[str]] = {}
    for key, of in found.groupby(["artifact", "label", "evaluation", "metric", "method"], sort=False):
        said.setdefault(str(key[0]), []).append(_sentence(of.to_dict("records")))
    return said


def _rungs(
    cell: Mapping[Any, Any], at: tuple[Any, ...], means: Mapping[Any, Any], bags: Bags, judging: Judging
) -> Iterator[dict[str, Any]]:
    """Yield the rungs of a cell, in their order."""
    record = EVALUATIONS[cell["evaluation"]]
    known = {name for name, *place, _ in means if tuple(place) == at}
    for rung, (name, reason) in stand_ins(record.domain, cell["run_as"], bags, known).items():
        if rung == MAJORITY and cell["metric"] in record.chance:
            yield {"rung": rung, "run_as": CHANCE, "mean": record.chance[cell["metric"]], "reason": ""}
            continue
        if rung in (MAJORITY, "bag") and (why := _uncontrolled(record, rung)):
            name, reason = "", why
        yield _rung(rung, name, reason, means.get((name, *at, _protocol(rung, record, judging))), judging)
    for rung in ON_TEST:
        reason = "" if record.chooses else "this evaluation chooses nothing"
        if record.domain == "molecules" and rung == "C-on-test":
            reason = "fine-tuning has no C"
        name = "" if reason else cell["run_as"]
        yield _rung(rung, name, reason, means.get((name, *at, rung)), judging)
    runs = cell.get("n", math.nan)
    printed = printed_sample(cell["spread"], 0 if pd.isna(runs) else runs, judging)
    spread = {"std": printed.std, "seeds": int(printed.n)} if printed.known else {}
    yield {"rung": "printed", "run_as": "", "mean": cell["published"], **spread, "reason": ""}


def _rung(rung: str, name: str, reason: str, found: Mapping[str, Any] | None, judging: Judging) -> dict[str, Any]:
    if found is None:
        return {"rung": rung, "run_as": name, "reason": reason or f"{name} was not run"}
    half = float(half_width(found["std_seeds"], int(found["seeds"]), confidence=judging.confidence)[0])
    bounds = {"low": found["mean"] - half, "high": found["mean"] + half, "std": found["std_seeds"]}
    return {"rung": rung, "run_as": name, "mean": found["mean"], **bounds, "seeds": found["seeds"], "reason": ""}


def _protocol(rung: str, record: Evaluation, judging: Judging) -> str:
    """Return by which protocol a rung is scored."""
    return rung if rung in ON_TEST else judging.protocol if record.chooses else "fixed"


def _uncontrolled(record: Evaluation, rung: str) -> str:
    """Return why an evaluation has no such control, if it has none."""
    if not record.controls:
        return f"{record.title} measures no control"
    return _NO_BAG.get(record.name, "") if rung == "bag" else ""


def stand_ins(domain: str, method: str, bags: Bags, known: set[str]) -> dict[str, tuple[str, str]]:
    """Return whose scores the rungs of a method up to its own are, or none and the reason why.

    `known` are the methods that have scores, among which a host is chosen.
    """
    table = METHODS[domain]
    plain, branch = branch_of(method)
    row = table.get(plain)
    bag = bags.get(domain, {}).get(plain, "")
    found = {MAJORITY: (MAJORITY, ""), "bag": (bag, "" if bag else "no bag of its features is run")}
    molecules = domain == "molecules"
    if row is None or not row.trains:
        nothing = "", "it is not pre-trained" if method == SCRATCH else "it trains nothing"
        frozen = {rung: (name, "") for rung, name in _OF_MOLECULES.items()} | {"scratch": nothing}
        return {**found, **(frozen if molecules else {"untrained": nothing}), "host": nothing, "method": (method, "")}

    def like(name: str) -> str:
        return alone(name, branch) if branch else name

    maker = row.maker.rpartition(":")[2]
    untrained, hosts = _UNTRAINED.get(maker, "untrained"), _HOSTS.get(maker, ())
    host = next((name for name in hosts if like(name) in known), hosts[0] if hosts else "")
    if family := table.get(untrained):
        # Of its kind the one that is like the method.
        kind = (name for name, other in table.items() if not other.trains and other.maker == family.maker)
        untrained = next((name for name in kind if _shape(table[name]) == _shape(row)), untrained)
    names = _OF_MOLECULES if molecules else {"untrained": like(untrained)}
    if untrained == "untrained" and domain == "graphs":
        names = {**names, "calibrated": _CALIBRATED}
    for rung, name in names.items():
        found[rung] = _alike(row, table.get(untrained), name, "untrained encoder")
    if plain in hosts or not hosts:
        found["host"] = "", "it is a host itself" if hosts else "it has no host"
    else:
        found["host"] = _alike(row, table[host], like(host), "host")
    return {**found, "method": (method, "")}


def _alike(row: MethodRow, other: MethodRow | None, name: str, what: str) -> tuple[str, str]:
    """Return the other method's name if there is one with the method's encoder, or else the reason."""
    return (name, "") if other and _shape(row) == _shape(other) else ("", f"no {what} of this kind is run")


def _shape(row: MethodRow) -> Any:
    """Return what its encoder differs in from those of others of its kind."""
    return row.fixed.get("encoder")


def _sentence(steps: list[dict[Any, Any]]) -> str:
    """Say what each step of a method adds."""
    first, last, between = steps[0], steps[-1], steps[1:-1]
    evaluation = EVALUATIONS[first["evaluation"]]
    domain, datasets = evaluation.domain, first["datasets"].split()
    names = {step["rung"]: _label(domain, step["run_as"]) for step in steps}
    words = {**_WORDS, **_OWN_WORDS.get(domain, {})}
    if names.get(MAJORITY) == CHANCE:
        words[MAJORITY] = evaluation.by_chance
    words = {rung: text.format(host=names.get("host", ""), method=first["label"]) for rung, text in words.items()}
    own = next(step["run_as"] for step in steps if step["rung"] == "method")
    if "host" not in names and (row := METHODS[domain].get(branch_of(own)[0])) and row.trains:
        words["method"] = "pre-training" if domain == "molecules" else "training"
    where = ", ".join(datasets) if len(datasets) < 4 else f"mean of {len(datasets)} data sets"
    where += f"; mean of {', '.join(parts)}" if (parts := first["parts"].split()) else ""
    span = last["mean"] - first["mean"]
    base = f"what {first['label']} reaches" if first["rung"] == "method" else words[first["rung"]]
    start = f"{first['label']} ({measured(evaluation.name, first['metric'])}; {where}): "
    start += f"of the {span:.1f} points between {base} and the printed value" if span >= 0 else ""
    start += f"the printed value lies {-span:.1f} points below {base}" if span < 0 else ""
    said = [f"{words[step['rung']]} {_added(step, number == 0)}" for number, step in enumerate(between)]
    left = (
        f"{last['gain']:.1f}{_between(last)} are left" if last["gain"] > _SMALL else f"nothing{_between(last)} is left"
    )
    if last["gain"] < -_SMALL:
        left = f"the printed value lies {-last['gain']:.1f}{_between(last, -1)} below that"
    return f"{', '.join([start, *said])}; {left}.{_largest(steps[1:], words)}"


def _largest(steps: Sequence[Mapping[Any, Any]], words: Mapping[str, str]) -> str:
    """Say which step is the largest, and whether its interval leaves that open; nothing where none adds anything."""
    first, *others = sorted(steps, key=lambda step: -step["gain"])
    if first["gain"] <= _SMALL:
        return ""
    doubts = ["zero"] if first["low"] <= 0 else []
    if others and others[0]["high"] >= first["low"]:
        doubts.append(f"that of the second largest, {words[others[0]['rung']].rstrip(',')}")
    open_ = f"; its interval overlaps {' and '.join(doubts)}" if doubts else ""
    if math.isnan(first["low"]):
        open_ = "; its interval is not known"
    return f" The largest step is {words[first['rung']].rstrip(',')}{open_}."


def _added(step: Mapping[Any, Any], first: bool) -> str:
    gain = step["gain"]
    if abs(gain) <= _SMALL:
        return f"adds nothing{_between(step)}"
    if gain < 0:
        return f"takes off {-gain:.1f}{_between(step, -1)}"
    return f"{'reaches' if first else 'adds'} {gain:.1f}{_between(step)}"


def _between(step: Mapping[Any, Any], sign: int = 1) -> str:
    """Return the interval of a step in brackets, if it is known; by sign -1 that of what it takes off."""
    if math.isnan(step["low"]):
        return ""
    # Adding 0 turns a rounded -0 into 0.
    low, high = sorted(round(sign * step[name], 1) + 0 for name in ("low", "high"))
    return f" ({low:.1f} to {high:.1f})"


def _label(domain: str, method: str) -> str:
    row = METHODS[domain].get(branch_of(method)[0])
    return row.label if row else method
