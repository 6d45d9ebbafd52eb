"""What made a result: on which machine, by which commit, and in how many seconds of work.

A training may be moved from one machine to another, and so has an entry for each. None of this decides a result, and no
result is told by it.
"""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from relamp.runtime.device import machine
from relamp.runtime.files import read_json
from relamp.runtime.provenance import commit

Made = list[dict[str, Any]]


def since(began: float) -> Made:
    """Return the work of this process since a time of `time.monotonic`, as a list of one entry."""
    return [{"machine": machine(), "commit": commit(), "seconds": round(time.monotonic() - began, 3)}]


def joined(*parts: Iterable[Mapping[str, Any]]) -> Made:
    """Return several lists as one, with the seconds of one machine and commit added up."""
    sums: dict[tuple[Any, Any], float] = {}
    for entry in (each for part in parts for each in part):
        who = entry["machine"], entry["commit"]
        sums[who] = sums.get(who, 0.0) + entry["seconds"]
    return [{"machine": who[0], "commit": who[1], "seconds": round(sums[who], 3)} for who in sums]


def of_rows(scoring: Made, files: Iterable[Path] = ()) -> dict[str, Made]:
    """Return what made rows: their `scoring`, and the `training` of the encoders or embeddings that they score.

    The latter stands in the run.json beside each of the files, if it is known.
    """
    runs = [path.with_name("run.json") for path in files]
    training = joined(*(read_json(path).get("made", []) for path in runs if path.is_file()))
    return {"scoring": scoring, **({"training": training} if training else {})}
