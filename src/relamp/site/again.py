"""The command that makes the rows of one number again, without the other methods that its job would score with them.

What relamp chose otherwise then than it does today stands in it.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import PurePath
from typing import Any

import yaml

from relamp.evaluate.table import EVALUATIONS
from relamp.runtime.sealed import otherwise
from relamp.study.config import merge, nested

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
# By domain, the sections with settings on which rows depend, and what rows call them.
_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "graphs": {
        **{"unsupervised.pretraining": "settings", "unsupervised.kernel_options": "options"},
        **{"unsupervised.svm": "protocol", "unsupervised.validated": "protocol", "mmix.graphs.svm": "protocol"},
        **{"mmix.graphs.supervision": "protocol", "mmix.edit_distance.protocol": "protocol"},
    },
    "molecules": {"transfer.pretraining": "settings", "transfer.finetuning": "protocol"},
    "nodes": {
        **{"mmix.nodes.pretraining": "settings", "mmix.nodes.probe": "protocol", "mmix.nodes.clustering": "protocol"},
        **{"mmix.nodes.supervision": "protocol"},
    },
    "images": {"mmix.images.pretraining": "settings", "mmix.images.probe": "protocol"},
}
_PROBE = "mmix.nodes.probe"  # of all data sets; `probes` has those of some by their names


def again(command: str, config: Mapping[str, Any], today: Mapping[str, Any], rows: str) -> str:
    """Return the command for a file of rows alone; of kernels and other controls each has a job of its own as it is.

    Args:
        command: of the whole run, which ends with `--config` and its entries.
        config: the run's configuration.
        today: the configuration that the command gives today.
        rows: the file, `rows/EVALUATION/DATASET/METHOD/SETTING/rows.csv`.
    """
    _, evaluation, dataset, method, *_ = PurePath(rows).parts
    over: dict[str, Any] = {}
    for name, value in _chosen_otherwise(config, today, evaluation, dataset):
        over = merge(over, nested(name, value))
    for section in _SECTIONS.get(evaluation, ()):
        if method in _section(config, section)["methods"]:
            over = merge(over, nested(f"{section}.methods", [method]))
            break
    for top, words in over.items():
        command = _overridden(command, top, words)
    return command


def _chosen_otherwise(
    config: Mapping[str, Any], today: Mapping[str, Any], evaluation: str, dataset: str
) -> Iterator[tuple[str, Any]]:
    """Yield the settings of a run that are other ones today, by their names in the configuration."""
    domain = EVALUATIONS[evaluation].domain if evaluation in EVALUATIONS else ""
    for section, called in _SETTINGS.get(domain, {}).items():
        then, now = _section(config, section), _section(today, section)
        for name, value in otherwise(then, now, called):
            yield f"{section}{name.removeprefix(called)}", value
        if section == _PROBE:
            own = f"{_PROBE}s.{dataset}"  # what a data set has of its own, today
            for name, value in otherwise(merge(then, _section(config, own)), _section(today, own), called):
                yield f"{own}{name.removeprefix(called)}", value


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = reduce(lambda below, part: below.get(part, {}), name.split("."), config)
    return found


def _overridden(command: str, top: str, over: Mapping[str, Any]) -> str:
    """Return a command whose entry of a name, such as `mmix`, is overridden by that of others."""
    words = shlex.split(command)
    mine = [word for word in words if word.startswith(f"{top}=")]
    had = yaml.safe_load(mine[-1].partition("=")[2]) if mine else {}
    kept = [word for word in words if word not in mine]
    return shlex.join([*kept, f"{top}={json.dumps(merge(had, over))}"])
