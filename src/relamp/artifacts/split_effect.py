"""What the split of molecules alone changes: the same encoders, fine-tuned alike, scored in two splits."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.artifacts.scored import Fixed
from relamp.data.rows import read_by_evaluation, setting_name, setting_values
from relamp.judge.comparison import parts_of_difference
from relamp.judge.intervals import PER_CENT, Part, averaged, half_width_of
from relamp.judge.runs import all_runs, judged_scores, scores
from relamp.render.markup import TextTable, bounds
from relamp.render.sidecar import write_sidecar
from relamp.render.style import label, ordered, ordered_methods, short_name
from relamp.settings.judging import Judging

_OPTION = "scored_split"  # of the setting of rows of a further split
_HEAD = ("data set", "method", "split", "ROC-AUC (%)", "difference", "interval")
_COLUMNS = ("dataset", "method", "split", "mean", "gain", "low", "high")
_WORDS = (
    "What the split alone changes: the same encoders, fine-tuned with the same seeds in {first} and in other splits. A "
    "difference is that to {first}, in points, with its {confidence:.0%} interval over the runs, paired where both "
    "splits have the same seeds; over data sets variances add up. It says nothing of other draws of a split, unless "
    "each seed has its own."
)


def split_effect(
    rows: Sequence[Path],
    fixed: Fixed,
    judging: Mapping[str, Any],
    split: str,
    output: Path,
    command: str,
    asked: Path | None = None,
) -> None:
    """Write a table of the scores of each method and data set in each split, each file of it beside `output`.

    `rows` are those of the split of the tables, whose name is `split`, and of further ones, in `rows/finetune/...`.
    """
    chosen = Judging.model_validate(judging)
    of_splits = _scores(read_by_evaluation(rows, asked)["finetune"], fixed, split, chosen.protocol)
    found = pd.DataFrame(_lines(of_splits, split, chosen.confidence), columns=_COLUMNS)
    block = [_shown(row) for row in found.to_dict("records")]
    words = _WORDS.format(first=f"the {split} split", confidence=chosen.confidence)
    TextTable(found, _HEAD, {"": block}, " ".join([words, *_sentences(found)]), text_columns=3).write(
        output.with_suffix("")
    )
    write_sidecar(output, rows, command)


def _scores(rows: pd.DataFrame, fixed: Fixed, first: str, protocol: str) -> dict[str, pd.DataFrame]:
    """Return the judged scores by split, the first one first."""
    values = {name: setting_values(name) for name in rows["setting"].unique()}
    splits = rows["setting"].map({name: of.pop(_OPTION, first) for name, of in values.items()})
    rows = rows.assign(setting=rows["setting"].map({name: setting_name(of) for name, of in values.items()}))
    names = [first, *(name for name in splits.unique() if name != first)]
    made = {name: scores(all_runs({"finetune": rows[splits == name]}), fixed) for name in names}
    return {name: judged_scores(found, protocol) for name, found in made.items()}


def _lines(of_splits: Mapping[str, pd.DataFrame], first: str, confidence: float) -> Iterator[tuple[Any, ...]]:
    """Yield a line for each data set, method and split, and for each method the means over its data sets."""
    base = of_splits[first]
    for method in ordered_methods(base["method"]):
        gains: dict[str, list[tuple[float, list[Part]]]] = {}
        datasets = [name for name in ordered(base["dataset"]) if len(_runs(base, method, name))]
        for dataset in datasets:
            below = _runs(base, method, dataset)
            yield dataset, method, first, _mean(below), None, None, None
            for split, found in list(of_splits.items())[1:]:
                if len(above := _runs(found, method, dataset)):
                    gain, parts = _mean(above) - _mean(below), parts_of_difference(above, below)
                    gains.setdefault(split, []).append((gain, parts))
                    half = half_width_of(parts, confidence)
                    yield dataset, method, split, _mean(above), gain, gain - half, gain + half
        for split, of in gains.items():
            if len(of) == len(datasets) > 1:
                gain = sum(each for each, _ in of) / len(of)
                half = half_width_of(averaged([parts for _, parts in of]), confidence)
                yield f"{len(of)} data sets", method, split, None, gain, gain - half, gain + half


def _runs(found: pd.DataFrame, method: str, dataset: str) -> pd.DataFrame:
    return found[(found["method"] == method) & (found["dataset"] == dataset)]


def _mean(runs: pd.DataFrame) -> float:
    return float(runs.groupby("seed")["value"].mean().mean() * PER_CENT)


def _shown(row: Mapping[Any, Any]) -> list[str]:
    number = ["" if pd.isna(row[name]) else f"{row[name]:{form}}" for name, form in (("mean", ".2f"), ("gain", "+.2f"))]
    return [short_name(row["dataset"]), label(row["method"]), row["split"], *number, bounds(row)]


def _sentences(found: pd.DataFrame) -> Iterator[str]:
    """Say for each split what it changes: of each method the mean over its data sets, or that of each which has it."""
    told = found.dropna(subset=["gain"])
    means = told["mean"].isna()
    told = told[means | ~told["method"].isin(told.loc[means, "method"])]
    several = found.dropna(subset=["mean"]).groupby("method")["dataset"].agg(lambda names: len(set(names)) > 1)
    for split, of in told.groupby("split", sort=False):
        gains = [
            f"{label(row['method'])}{_on(row) if several[row['method']] else ''} {row['gain']:+.1f} ({bounds(row, 1)})"
            for row in of.to_dict("records")
        ]
        yield f"In the {split} split, in points: {', '.join(gains)}."


def _on(row: Mapping[Any, Any]) -> str:
    return "" if pd.isna(row["mean"]) else f" on {short_name(row['dataset'])}"
