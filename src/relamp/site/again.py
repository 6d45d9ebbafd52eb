"""The command that makes the rows of one number again, without the other methods that its job would score with them."""

import json
import shlex
from collections.abc import Mapping
from functools import reduce
from pathlib import PurePath
from typing import Any

import yaml

from relamp.study.config import merge
from relamp.tools.overrides import entries

# By evaluation, the sections of the configuration that name the methods which one job scores together.
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "svm-rbf": ("unsupervised", "cross"),
    "svm-linear": ("mmix.graphs",),
    "probe": ("mmix.nodes",),
    "kmeans": ("mmix.nodes",),
    "image-probe": ("mmix.images",),
    "edit-distance": ("mmix.edit_distance",),
    "finetune": ("transfer",),
}


def again(command: str, config: Mapping[str, Any], rows: str) -> str:
    """Return the command for a file of rows alone; of kernels and other controls each has a job of its own as it is.

    Args:
        command: of the whole run, which ends with `--config` and its entries.
        config: the run's configuration.
        rows: the file, `rows/EVALUATION/DATASET/METHOD/SETTING/rows.csv`.
    """
    _, evaluation, _, method, *_ = PurePath(rows).parts
    for section in _SECTIONS.get(evaluation, ()):
        if method in reduce(lambda part, name: part[name], section.split("."), config)["methods"]:
            return _overridden(command, section.partition(".")[0], entries([f"{section}.methods=[{method}]"]))
    return command


def _overridden(command: str, top: str, over: Mapping[str, Any]) -> str:
    """Return a command whose entry of a name, such as `mmix`, is overridden by that of others."""
    words = shlex.split(command)
    mine = [word for word in words if word.startswith(f"{top}=")]
    had = yaml.safe_load(mine[-1].partition("=")[2]) if mine else {}
    kept = [word for word in words if word not in mine]
    return shlex.join([*kept, f"{top}={json.dumps(merge(had, over[top]))}"])
