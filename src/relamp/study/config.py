"""The whole configuration: config.yaml overrides a preset, and is checked before any job starts."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from relamp.data.registry import REGISTRY
from relamp.errors import RelampError
from relamp.settings.judging import Judging, Verdict
from relamp.settings.places import Places, as_list
from relamp.study.experiments import Cross, Damage, Mmix, Transfer, Unsupervised
from relamp.study.overrides import told


def _new_name(name: str) -> str:
    if name in REGISTRY:
        raise ValueError("the registry has a data set of that name; take another")
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise ValueError("a name is made of letters, digits, _, - and .")
    return name


def _run_name(name: Any) -> str:
    # A number is a name as well, and nothing no name.
    text = "" if name is None else str(name)
    if not re.fullmatch(r"([A-Za-z0-9_][\w.-]*)?", text, flags=re.ASCII):
        raise ValueError("a name is made of letters, digits, _, - and ., the first no - or .")
    return text


def _tu_folders(own: dict[str, str]) -> dict[str, str]:
    for name, folder in own.items():
        if not (Path(folder) / f"{name}_A.txt").is_file():
            raise ValueError(f"there is no file {name}_A.txt in the folder {folder}")
    return own


OwnName = Annotated[str, AfterValidator(_new_name)]


class Config(Places):
    """Everything that a run depends on."""

    preset: str
    """Preset that everything else overrides: a file of workflow/presets."""
    run: Annotated[str, BeforeValidator(_run_name)] = ""
    """Name of a run beside the unnamed one of its preset: results lie in `results/PRESET-RUN`, and what both share is
    not made again."""
    own: Annotated[dict[OwnName, str], AfterValidator(_tu_folders)] = Field(default_factory=dict)
    """The user's own data sets by name, each a folder with `NAME_A.txt` and so on, in the TUDataset text format."""
    damage: Damage
    """LAMP's Fig. 2."""
    unsupervised: Unsupervised
    """LAMP's Tables 1 and 3, Fig. 4 and 5."""
    transfer: Transfer
    """LAMP's Table 2."""
    mmix: Mmix
    """M-Mix's experiments."""
    cross: Cross = Cross()
    """The table of both papers' methods on both papers' graph data sets."""
    judging: Judging = Judging()
    """How strictly numbers are judged."""
    fail_on: Annotated[tuple[Verdict, ...], BeforeValidator(as_list)] = ()
    """Verdicts at which `snakemake verdict` ends with an error, for continuous integration."""

    @property
    def name(self) -> str:
        """The name of its folders below `results` and `figures`."""
        return f"{self.preset}-{self.run}" if self.run else self.preset

    def recorded(self) -> dict[str, Any]:
        """Return it as it is recorded beside results: without places, and of the user's own data sets their names."""
        return {"config": self.model_dump(mode="json", exclude={*Places.model_fields, "own"}), "own": list(self.own)}

    @classmethod
    def from_record(cls, words: Mapping[str, Any]) -> "Config":
        """Return the configuration of a record; raises ValidationError if it is none."""
        return cls.model_validate(words["config"], context={"own": words["own"]})


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` overridden by `over`, mappings entry by entry, everything else as a whole."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def load_config(given: Mapping[str, Any], presets: Path) -> Config:
    """Return the checked configuration: the user's entries override the preset that they name.

    Raises:
        RelampError: with a line for every fault, all of them at once.
    """
    names = sorted(path.stem for path in presets.glob("*.yaml"))
    preset = given.get("preset", "quick")
    if preset not in names:
        raise RelampError(f"config: preset: there is no preset {preset!r}; known: {', '.join(names)}")
    if (run := given.get("run")) and f"{preset}-{run}" in names:
        raise RelampError(f"config: run: {run}: {preset}-{run} is a preset of its own, whose results lie there")
    base = yaml.safe_load((presets / f"{preset}.yaml").read_text(encoding="utf-8"))
    merged = merge({**base, "preset": preset}, _with_nulls(given))
    own = merged.get("own")
    try:
        return Config.model_validate(merged, context={"own": list(own) if isinstance(own, Mapping) else ()})
    except ValidationError as error:
        raise RelampError("\n".join(f"config: {told(fault)}" for fault in error.errors())) from error


def _with_nulls(value: Any) -> Any:
    """Return entries with None for JSON's `null`, which inside an entry of the command line arrives as a word."""
    if isinstance(value, Mapping):
        return {key: _with_nulls(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_nulls(part) for part in value]
    return None if value == "null" else value
