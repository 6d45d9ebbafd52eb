"""What explains a printed number: a ladder from the majority class up to it, and which step does the work.

The rungs of a printed number of a method on a data set, all by the evaluation of that number:

- `majority`: always the most frequent class;
- `bag`: what the encoder sees of the nodes, without any edge;
- `untrained`: the method's encoder with the same features, as it was drawn;
- `host`: what the method builds on, trained;
- `method`: the method, trained, by the protocol that is judged, as the rungs below are;
- the looser rules of public codes and the oracle (`relamp.judge.runs`), which choose on the test part;
- `printed`: the number.

Nothing is run for a ladder: it takes scores that are there, and says of a rung that is not why it is missing.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from relamp.evaluate.table import EVALUATIONS
from relamp.judge.intervals import cell_intervals, half_width
from relamp.judge.runs import MEASURE
from relamp.method.table import METHODS, MethodRow
from relamp.settings.judging import LOOSER, Judging

RUNGS = ("majority", "bag", "untrained", "host", "method", *LOOSER, "oracle", "printed")
# Rungs one above another; the others stand beside them.
STEPS = ("majority", "bag", "untrained", "host", "method", "all-on-test", "printed")
ON_TEST = (*LOOSER, "oracle")
CELL = ["paper", "artifact", "method", "label", "dataset", *MEASURE]
LADDER = [*CELL, "rung", "run_as", "mean", "low", "high", "seeds", "reason"]
GAINS = ["paper", "artifact", "method", "label", "evaluation", "datasets", "rung", "run_as", "mean", "gain"]

# By domain and method the control that sees the same features and no edges.
Bags = Mapping[str, Mapping[str, str]]

MAJORITY = "majority"
_BRANCH = "-branch-"
# By class of the method: its encoder, untrained, and what it builds on, of which the first that was run counts. M-Mix
# mixes what MVGRL contrasts; with M-Mix's objective, MVGRL is the method without its mixing. LAMP prunes the encoder
# where SimGRACE adds noise to it.
_UNTRAINED = {"MMix": "mvgrl-untrained", "GraphMVGRL": "mvgrl-host-untrained", "GRACE": "grace-untrained"}
# Rivals on nodes, whose encoders nothing else has.
_UNTRAINED |= dict.fromkeys(("DGI", "GraphCLNodes", "CcaSsg", "GAE", "ARGA", "GALA"), "")
_HOSTS = {"Lamp": ("simgrace",), "MMix": ("mvgrl-infonce", "mvgrl"), "GRACE": ("grace",)}
_HOSTS |= {"MVGRL": _HOSTS["MMix"], "GraphMVGRL": ("mvgrl",)}
# Evaluations whose numbers are accuracies, with controls that are no supervised models.
EXPLAINED = tuple(
    name for name, row in EVALUATIONS.items() if row.controls not in ("", row.score) and not row.fractions
)
_SMALL = 0.05  # points that are 0.0 in words
_WORDS = {
    **{"majority": "the majority class", "bag": "a bag of the same node features", "untrained": "an untrained encoder"},
    **{"host": "training the host, {host},", "method": "{method} itself", "printed": "what nothing here explains"},
    "all-on-test": "choosing epoch, setting and C on the test part",
}


def ladder(cells: pd.DataFrame, scores: pd.DataFrame, bags: Bags, judging: Judging) -> pd.DataFrame:
    """Return the rungs of printed numbers, `RUNGS` of each: columns `LADDER`, values in per cent.

    `cells` are those of `relamp.judge.verdict.printed_cells`, of which those count that are comparable, are measured by
    one of `EXPLAINED`, and whose method was run; `scores` those of `relamp.judge.runs` in all protocols; `bags` names
    the bag of each method. `run_as` is the method whose scores a rung has; intervals are over the seeds, as those of
    verdicts; a missing rung has a `reason`.
    """
    by = ["method", "dataset", *MEASURE, "protocol"]
    cells = cells[cells["comparable"].astype(bool) & cells["evaluation"].isin(EXPLAINED)]
    scored = scores[scores["dataset"].isin(cells["place"]) & scores["evaluation"].isin(cells["evaluation"])]
    found = cell_intervals(scored, judging.confidence, by).set_index(by)[["mean", "std_seeds", "seeds"]]
    means = dict(zip(found.index, found.to_dict("records"), strict=True))
    rows = []
    for cell in cells.to_dict("records"):
        at = (cell["place"], *(cell[name] for name in MEASURE))
        if (cell["run_as"], *at, "fixed") in means:
            mine = {name: cell[name] for name in CELL} | {"dataset": cell["place"]}
            rows += [{**mine, **rung} for rung in _rungs(cell, at, means, bags, judging)]
    return pd.DataFrame(rows, columns=LADDER).astype({"seeds": "Int64", "mean": float, "low": float, "high": float})


def gains(rungs: pd.DataFrame) -> pd.DataFrame:
    """Return what each step of a method adds, in points, averaged over its data sets: columns `GAINS`.

    Only rungs that no data set lacks are steps, so that all means are over the same data sets; the first one has no
    gain. `rungs` are those of `ladder`.
    """
    steps = rungs[rungs["rung"].isin(STEPS)]
    rows = []
    for key, of in steps.groupby(["paper", "artifact", "method", "label", "evaluation"], sort=False):
        lacking = set(of.loc[of["mean"].isna(), "rung"])
        names = dict(zip(of["rung"], of["run_as"], strict=True))
        datasets, below = " ".join(sorted(of["dataset"].unique())), math.nan
        for rung in (name for name in STEPS if name in names and name not in lacking):
            mean = float(of.loc[of["rung"] == rung, "mean"].mean())
            rows.append((*key, datasets, rung, names[rung], mean, mean - below))
            below = mean
    return pd.DataFrame(rows, columns=GAINS)


def explained(found: pd.DataFrame) -> dict[str, list[str]]:
    """Return by artifact, for each method of `gains`, a sentence that says which step does the work."""
    said: dict[str, list[str]] = {}
    for key, of in found.groupby(["artifact", "label", "evaluation", "method"], sort=False):
        said.setdefault(str(key[0]), []).append(_sentence(of.to_dict("records")))
    return said


def _rungs(
    cell: Mapping[Any, Any], at: tuple[Any, ...], means: Mapping[Any, Any], bags: Bags, judging: Judging
) -> Iterator[dict[str, Any]]:
    """Yield the rungs of a cell, in their order."""
    record = EVALUATIONS[cell["evaluation"]]
    protocol = judging.protocol if record.chooses else "fixed"
    known = {name for name, *place, _ in means if tuple(place) == at}
    for rung, (name, reason) in stand_ins(record.domain, cell["run_as"], bags, known).items():
        yield _rung(rung, name, reason, means.get((name, *at, protocol)), judging)
    for rung in ON_TEST:
        reason = "" if record.chooses else "this evaluation chooses nothing"
        name = cell["run_as"] if record.chooses else ""
        yield _rung(rung, name, reason, means.get((name, *at, rung)), judging)
    yield {"rung": "printed", "run_as": "", "mean": cell["published"], "reason": ""}


def _rung(rung: str, name: str, reason: str, found: Mapping[str, Any] | None, judging: Judging) -> dict[str, Any]:
    if found is None:
        return {"rung": rung, "run_as": name, "reason": reason or f"{name} was not run"}
    half = float(half_width(found["std_seeds"], int(found["seeds"]), confidence=judging.confidence)[0])
    bounds = {"low": found["mean"] - half, "high": found["mean"] + half}
    return {"rung": rung, "run_as": name, "mean": found["mean"], **bounds, "seeds": found["seeds"], "reason": ""}


def stand_ins(domain: str, method: str, bags: Bags, known: set[str]) -> dict[str, tuple[str, str]]:
    """Return whose scores the rungs of a method up to its own are, or none and the reason why.

    `known` are the methods that have scores, among which a host is chosen.
    """
    table = METHODS[domain]
    # On graphs a branch alone is a method of its own.
    plain, branch = (method, "") if method in table else _parted(method)
    row = table.get(plain)
    bag = bags.get(domain, {}).get(plain, "")
    found = {MAJORITY: (MAJORITY, ""), "bag": (bag, "" if bag else "no bag of its features is run")}
    if row is None or not row.trains:
        nothing = "", "it trains nothing"
        return {**found, "untrained": nothing, "host": nothing, "method": (method, "")}
    maker = row.maker.rpartition(":")[2]
    untrained, hosts = _UNTRAINED.get(maker, "untrained"), _HOSTS.get(maker, ())
    host = next((name for name in hosts if f"{name}{branch}" in known), hosts[0] if hosts else "")
    found["untrained"] = _alike(row, table.get(untrained), f"{untrained}{branch}", "untrained encoder")
    if plain in hosts or not hosts:
        found["host"] = "", "it is a host itself" if hosts else "it has no host"
    else:
        found["host"] = _alike(row, table[host], f"{host}{branch}", "host")
    return {**found, "method": (method, "")}


def _parted(method: str) -> tuple[str, str]:
    """Return a method on nodes, and which of its branches is scored alone, as names of methods have it."""
    plain, _, branch = method.partition(_BRANCH)
    return plain, f"{_BRANCH}{branch}" if branch else ""


def _alike(row: MethodRow, other: MethodRow | None, name: str, what: str) -> tuple[str, str]:
    """Return the other method's name if there is one with the method's encoder and readout, or else the reason."""
    shapes = [(of.fixed.get("encoder"), of.fixed.get("options", {}).get("branch")) for of in (row, other) if of]
    return (name, "") if len(shapes) == 2 and shapes[0] == shapes[1] else ("", f"no {what} of this kind is run")


def _sentence(steps: list[dict[Any, Any]]) -> str:
    """Say what each step of a method adds."""
    first, last, between = steps[0], steps[-1], steps[1:-1]
    evaluation = EVALUATIONS[first["evaluation"]]
    domain, datasets = evaluation.domain, first["datasets"].split()
    names = {step["rung"]: _label(domain, step["run_as"]) for step in steps}
    words = {**_WORDS, **({"bag": "the same features without edges"} if domain == "nodes" else {})}
    words = {rung: text.format(host=names.get("host", ""), method=first["label"]) for rung, text in words.items()}
    own = next(step["run_as"] for step in steps if step["rung"] == "method")
    if "host" not in names and (row := METHODS[domain].get(_parted(own)[0])) and row.trains:
        words["method"] = "training"
    where = ", ".join(datasets) if len(datasets) < 4 else f"mean of {len(datasets)} data sets"
    span = last["mean"] - first["mean"]
    base = f"what {first['label']} reaches" if first["rung"] == "method" else words[first["rung"]]
    start = f"{first['label']} ({evaluation.title}; {where}): "
    start += f"of the {span:.1f} points between {base} and the printed value" if span >= 0 else ""
    start += f"the printed value lies {-span:.1f} points below {base}" if span < 0 else ""
    parts = [f"{words[step['rung']]} {_added(step['gain'], number == 0)}" for number, step in enumerate(between)]
    left = f"{last['gain']:.1f} are left" if last["gain"] > _SMALL else "nothing is left"
    if last["gain"] < -_SMALL:
        left = f"the printed value lies {-last['gain']:.1f} below that"
    largest = max(steps[1:], key=lambda step: step["gain"])
    most = f" The largest step is {words[largest['rung']].rstrip(',')}." if largest["gain"] > _SMALL else ""
    return f"{', '.join([start, *parts])}; {left}.{most}"


def _added(gain: float, first: bool) -> str:
    if abs(gain) <= _SMALL:
        return "adds nothing"
    return f"{'reaches' if first else 'adds'} {gain:.1f}" if gain > 0 else f"takes off {-gain:.1f}"


def _label(domain: str, method: str) -> str:
    row = METHODS[domain].get(_parted(method)[0])
    return row.label if row else method
