"""How large a run is beside the paper's own: sizes that differ, seeds, and settings of the grid that were run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_NOT_KNOWN = "the paper's sizes are not known"
SPLIT = "split of"
# What the papers do not state, options of kernels and a split: a run by another is a reading, and no farther.
READ = ("wl iterations", "graphlet size", SPLIT)


@dataclass(frozen=True)
class Sized:
    """What is known of the runs of a method on a data set by an evaluation.

    Attributes:
        sizes: what differs from the paper's, by its name in words: the value here and there.
        seeds: of the paper's own runs, where it does not print their number.
        settings: how many settings of the paper's grid were run, and how many there are.
        missing: what is not known of the paper's run; empty if it is known.
    """

    sizes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    seeds: float = math.nan
    settings: tuple[int, int] = (1, 1)
    missing: str = ""


# By evaluation, data set and method.
Scale = Mapping[str, Mapping[str, Mapping[str, Sized]]]


def read_scale(words: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]) -> Scale:
    """Return what a job is given as JSON."""
    return {
        evaluation: {
            dataset: {name: Sized(**each) for name, each in methods.items()} for dataset, methods in of.items()
        }
        for evaluation, of in words.items()
    }


def sizes_of_stand_ins(scale: Scale, names: Mapping[str, str]) -> Scale:
    """Return the same in which a copy of a data set has its original's name (`relamp.data.registry.originals`)."""
    return {
        evaluation: {**of, **{names[dataset]: each for dataset, each in of.items() if dataset in names}}
        for evaluation, of in scale.items()
    }


def scaled(of: Sized | None, seeds: int, runs: float) -> str:
    """Return what is smaller or otherwise here, such as "epochs 100 / 2,000; seeds 2 / 50"; empty if nothing is."""
    if of is None:
        return _NOT_KNOWN
    parts = [f"{name} {_number(here)} / {_number(there)}" for name, (here, there) in of.sizes.items()]
    if of.missing:
        parts.append(of.missing)
    if not math.isnan(runs) and seeds < runs:
        parts.append(f"seeds {seeds} / {int(runs)}")
    return "; ".join(parts)


def sizes_in(words: str) -> list[str]:
    """Return the parts of what `scaled` says that are sizes: those of a reading (`READ`) are not."""
    return [part for part in filter(None, words.split("; ")) if not part.startswith(READ)]


def readings_in(words: str) -> str:
    """Return the parts of what `scaled` says that are readings (`READ`), in one text; empty by the usual one."""
    return "; ".join(part for part in words.split("; ") if part.startswith(READ))


def settings_run(of: Sized | None) -> str:
    """Return how much of the paper's grid was run, such as "10 of 95 settings"; empty if all of it was."""
    here, there = of.settings if of else (1, 1)
    return f"{here} of {there} settings" if here < there else ""


def _number(value: Any) -> str:
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
