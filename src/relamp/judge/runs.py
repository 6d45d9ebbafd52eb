"""From stored rows to scores, once: tables take the cells of their own rows, verdicts the scores of all.

The protocols read the same rows:

- `fixed`: the configured setting of each method at the last epoch.
- `nested`: setting and epoch chosen for each seed and outer fold by validation alone (Varma and Simon 2006, "Bias in
  error estimation when using cross-validation for model selection"); without folds, for each seed.
- `oracle`: the setting and epoch with the best mean test score of each method and data set; without folds, of each
  seed. It has looked at the test labels, so it shows a danger and is no result.

Public codes have looser rules, which are shown beside these and never judged:

- `epoch-on-test`: the fixed setting, for each seed the epoch with its best mean test score over the folds.
- `setting-on-test`: the last epoch, for each seed the setting likewise.
- `C-on-test`: the fixed setting at the last epoch, in each fold the C with the best test score.
- `all-on-test`: all three together: in each fold the best C, and for each seed the setting and epoch that this suits.

Epoch 0, before any training, is no candidate of a method that was trained: to choose it is not to train. The oracle
takes one setting and epoch for all folds where nested takes one for each, so it is no upper bound of nested.

Of an encoder that is fine-tuned several times each of these is chosen by itself, and the score of a pre-training is the
mean over them: intervals are over pre-trainings then, and no choice looks at more than one run.

But for the last two, C of a support vector machine is the one selected on inner folds. Equal scores (to 12 decimals,
since equal sums differ in their last bits) are told apart without the test: the fixed setting comes first, then the
smallest epoch, candidate, and parameters of the setting in their order. Where an evaluation chooses nothing, there is
`fixed` alone.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from relamp.data.rows import DEFAULT, RUN, Value, setting_values
from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.checks import DECIMALS, as_many, no_gap, once
from relamp.judge.intervals import PER_CENT
from relamp.judge.rows import RUNS
from relamp.runtime.job import named
from relamp.settings.judging import PROTOCOLS, Protocol

# What tells scores apart besides method, data set and run; `part` is such as "n=50", and empty where there is one.
MEASURE = ["evaluation", "metric", "part"]
_TASK = ["method", "dataset", *MEASURE]
_CELL = [*RUN, *MEASURE]
_CANDIDATE = ["setting", "epoch"]
_ONE = ["seed", "repeat", "fold"]
_PREFERENCE = ["other", "epoch", "candidate", "order"]
SCORES = [*_CELL, "protocol", "seed", "fold", "epoch", "candidate", "value", "candidates", "settings"]
SCORES += ["rows"]
CELLS = [*_CELL, "epoch", "mean", "std_seeds", "std_folds", "seeds", "folds", "spread_meaning"]
LEAKAGE = ["method", "dataset", *PROTOCOLS, "gap", "seeds", "folds", "candidates"]


def all_runs(rows: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row for each run and candidate of the stored rows of all evaluations, by their names.

    Columns: `RUNS` of `relamp.judge.rows`, `evaluation`, and `order`, the place of the setting among all, by the values
    of its parameters. Raises RelampError if an evaluation is unknown or rows are incomplete.
    """
    if not rows:
        return pd.DataFrame(columns=[*RUNS, "evaluation", "order"])
    parts = []
    for name, frame in rows.items():
        if name not in EVALUATIONS:
            raise RelampError(f"rows: there is no evaluation {name!r}; known: {', '.join(EVALUATIONS)}")
        runs: pd.DataFrame = named(EVALUATIONS[name].read)(frame)
        # An empty column would decide the type of the others.
        parts.append(runs.dropna(axis=1, how="all").assign(evaluation=name))
    both = pd.concat(parts, ignore_index=True).reindex(columns=[*RUNS, "evaluation"])
    both = both.assign(order=both["setting"].map(_order(both["setting"].unique())))
    # A fixed order makes the last bit of every mean independent of the order of the rows. It is that of the cells:
    # the last bit of pandas' means depends on rows of other groups in between, too.
    return both.sort_values([*_CELL, "epoch", *_ONE], ignore_index=True)


def last_epochs(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of `all_runs` at the last epoch of their setting; what trains nothing has none.

    Raises RelampError where a seed lacks the last epoch that others have.
    """
    last = _is_last(runs)
    no_gap(
        runs, runs[last], [*_CELL, "seed", "repeat"], "there is nothing of the last epoch, which the other seeds have"
    )
    return runs[last]


def cells(runs: pd.DataFrame) -> pd.DataFrame:
    """Summarise runs at the last epoch as the papers' tables do: columns `CELLS`, one row per setting and metric.

    For each seed the mean over the folds; then the mean over the seeds, in per cent, or as a fraction where the papers
    print such. `std_seeds` is the sample standard deviation (ddof = 1) of the seeds' means, `std_folds` the mean over
    the seeds of that over the folds; each is NaN where it has one number to work on. `folds` is missing where there are
    none. Raises RelampError where seeds of a cell differ in their epochs or folds: the mean would not be what it says.
    """
    grouped = last_epochs(runs).groupby([*_CELL, "epoch", "seed"], dropna=False)
    parts = {"mean": ("value", "mean"), "std": ("value", "std"), "count": ("value", "size"), "folds": ("fold", "count")}
    parts |= {"repeats": ("repeat", "nunique")}
    seeds = grouped.agg(**parts).reset_index()
    as_many(seeds, _CELL, "has fewer folds than the other seeds; finish this run or leave it out")
    parts = {"mean": ("mean", "mean"), "std_seeds": ("mean", "std"), "std_folds": ("std", "mean")}
    parts |= {"seeds": ("seed", "count"), "folds": ("folds", "first"), "repeats": ("repeats", "first")}
    found = seeds.groupby([*_CELL, "epoch"], dropna=False).agg(**parts).reset_index()
    scale = of_evaluation(found, "fractions").map({True: 1.0, False: PER_CENT})
    found[["mean", "std_seeds", "std_folds"]] = found[["mean", "std_seeds", "std_folds"]].mul(scale, axis=0)
    meanings = [_spread_meaning(row) for row in found.to_dict("records")]
    folds = found["folds"].astype("Int64").mask(found["folds"] == 0)
    # Not the spread over the repeats of a seed.
    within = found["std_folds"].mask(found["folds"] == 0)
    return found.assign(spread_meaning=meanings, folds=folds, std_folds=within)[CELLS]


def scores(runs: pd.DataFrame, fixed: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Return the score of each method, data set, metric, seed and fold in every protocol: columns `SCORES`.

    `runs` are those of `all_runs`, with all settings and epochs, which are candidates but for epoch 0 of what was
    trained; `fixed` is, by evaluation and method, the setting of the tables (`default` where none is named). Values are
    as stored; `candidates` is how many pairs of setting and epoch the oracle chose from, and `settings` how many
    settings among them. Raises RelampError where
    nothing was run at the fixed setting, or a candidate lacks a seed or fold that others have.
    """
    if runs.empty:
        return pd.DataFrame(columns=SCORES)
    trained = runs.groupby(_CELL)["epoch"].transform("max") > 0
    runs = runs[~(trained & (runs["epoch"] == 0))]
    # The mean of a candidate with fewer runs than others would not compare with theirs.
    candidates = runs[[*_TASK, *_CANDIDATE]].drop_duplicates()
    every = candidates.merge(runs[[*_TASK, *_ONE]].drop_duplicates(), on=_TASK)
    trouble = "was not run, though other settings, epochs or folds of this method were"
    no_gap(every, runs, [*_TASK, *_CANDIDATE, *_ONE], trouble)
    pairs = zip(runs["evaluation"], runs["method"], runs["setting"], strict=True)
    other = [setting != fixed.get(evaluation, {}).get(method, DEFAULT) for evaluation, method, setting in pairs]
    runs = runs.assign(other=other)
    no_gap(runs, runs[~runs["other"]], _TASK, "nothing was run at the fixed setting")
    parts = [
        _choose(of, protocol).assign(protocol=protocol)
        for name, of in runs.groupby("evaluation", sort=False)
        for protocol in (PROTOCOLS if EVALUATIONS[str(name)].chooses else PROTOCOLS[:1])
    ]
    found = _averaged(pd.concat(parts, ignore_index=True))
    counted = {"candidates": ("setting", "size"), "settings": ("setting", "nunique")}
    found = found.merge(candidates.groupby(_TASK).agg(**counted).reset_index(), on=_TASK)
    chooses = of_evaluation(found, "chooses")
    found = found.assign(**{name: found[name].where(chooses, 1) for name in counted})
    return found.sort_values([*_TASK, "protocol", "seed", "fold"], ignore_index=True)[SCORES]


def judged_scores(found: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return the scores of a protocol; of evaluations in which nothing is chosen, those of the only one they have."""
    wanted = pd.Series(protocol, index=found.index).where(of_evaluation(found, "chooses"), "fixed")
    return found[found["protocol"] == wanted]


def leakage_gaps(found: pd.DataFrame) -> pd.DataFrame:
    """Return what choosing on test scores adds to each method and data set: columns `LEAKAGE`, in per cent.

    `found` are scores of all protocols, of which each has its mean over seeds and folds; `gap` is oracle minus nested,
    in points; negative where the nested choice happens to score higher. `folds` is 0 where there are
    none. Raises RelampError where a protocol lacks runs that another one has.
    """
    task = ["method", "dataset"]
    run = [*task, "seed", "fold"]
    once(found, ["protocol", *run], "a score")
    for protocol in PROTOCOLS:
        no_gap(found, found[found["protocol"] == protocol], run, f"there is no score of the protocol {protocol!r}")
    parts = [
        part.sort_values(run).groupby(task)["value"].mean().rename(protocol) * PER_CENT
        for protocol, part in found.groupby("protocol")
    ]
    counted = {"seeds": ("seed", "nunique"), "folds": ("fold", "nunique"), "candidates": ("candidates", "first")}
    counts = found.groupby(task).agg(**counted)
    gaps = pd.concat([*parts, counts], axis=1).reset_index()
    return gaps.assign(gap=gaps["oracle"] - gaps["nested"])[LEAKAGE]


def of_evaluation(rows: pd.DataFrame, field: str) -> "pd.Series[bool]":
    """Return what the record of each row's `evaluation` says, such as whether it `chooses`."""
    values = {name: getattr(record, field) for name, record in EVALUATIONS.items()}
    return rows["evaluation"].map(values).astype(bool)


def _is_last(runs: pd.DataFrame) -> "pd.Series[bool]":
    return runs["epoch"].isna() | (runs["epoch"] == runs.groupby(_CELL)["epoch"].transform("max"))


def _choose(runs: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """Return the runs of one evaluation that a protocol reports."""
    last = _is_last(runs)
    if protocol == "nested":
        return _best(runs, "validation", [*_TASK, *_ONE])
    if protocol in ("C-on-test", "all-on-test"):
        runs = runs.assign(value=runs["best"], candidate=runs["best_candidate"])
    if protocol in ("fixed", "C-on-test"):
        return runs[~runs["other"] & last]
    if protocol == "epoch-on-test":
        runs = runs[~runs["other"]]
    if protocol == "setting-on-test":
        runs = runs[last]
    # Folds share their data, so one setting and epoch is reported for all of them.
    together = protocol == "oracle" and runs["fold"].notna().any()
    group = _TASK if together else [*_TASK, "seed", "repeat"]
    candidate = [*group, *_CANDIDATE]
    means = runs.groupby([*candidate, "other", "order"], dropna=False)["value"].mean().reset_index()
    # Each fold has its own C, so that it cannot tell candidates apart.
    winners = _best(means.assign(candidate=float("nan")), "value", group)
    return runs.merge(winners[candidate], on=candidate)


def _averaged(found: pd.DataFrame) -> pd.DataFrame:
    """Return scores with the repeats of a seed as one, their mean, with an epoch where they share it."""
    repeated = found["repeat"].notna()
    if not repeated.any():
        return found
    groups = found[repeated].groupby([*_TASK, "protocol", "seed"])
    first, alike = groups.first(), groups["epoch"].max() == groups["epoch"].min()
    means = first.assign(value=groups["value"].mean(), epoch=first["epoch"].where(alike)).reset_index()
    return pd.concat([found[~repeated], means.assign(repeat=np.nan)], ignore_index=True)


def _best(candidates: pd.DataFrame, score: str, group: list[str]) -> pd.DataFrame:
    """Return the candidate of each group with the best score, the most preferred one among equals."""
    ranked = candidates.assign(rank=-candidates[score].round(DECIMALS))
    return ranked.sort_values([*group, "rank", *_PREFERENCE]).drop_duplicates(group)


def _order(settings: Any) -> dict[str, int]:
    """Number settings by the values of their parameters; numbers come before words, and what is missing comes last."""
    values = {name: setting_values(name) for name in sorted(settings)}
    parameters = list(dict.fromkeys(parameter for of in values.values() for parameter in of))
    ranked = sorted(values, key=lambda name: [_place(values[name].get(parameter)) for parameter in parameters])
    return {name: number for number, name in enumerate(ranked)}


def _place(value: Value | None) -> tuple[int, float, str]:
    if value is None:
        return 2, 0.0, ""
    return (1, 0.0, value) if isinstance(value, str) else (0, float(value), "")


def _spread_meaning(cell: Mapping[Any, Any]) -> str:
    if cell["seeds"] < 2:
        return ""
    of = EVALUATIONS[cell["evaluation"]].mean_of.format(folds=cell["folds"])
    if cell["repeats"]:
        words = f"standard deviation over {cell['seeds']} pre-trainings, each the mean over {cell['repeats']} seeds of"
        return f"{words} fine-tuning" + (f" of the {of}" if of else "")
    return f"standard deviation over {cell['seeds']} seeds" + (f" of the {of}" if of else "")
