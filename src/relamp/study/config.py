"""The whole configuration: config.yaml overrides a preset, and is checked before any job starts."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from relamp.data.registry import REGISTRY
from relamp.errors import RelampError
from relamp.runtime.home import home
from relamp.settings.judging import Judging, Verdict
from relamp.settings.own import OwnData
from relamp.settings.places import Places, as_list
from relamp.study.experiments import Cross, Damage, Mmix, Transfer, Unsupervised
from relamp.study.overrides import told

CONFIG = "config.json"  # the name under which it is kept beside rows


def _new_name(name: str) -> str:
    # Short names stand in tables and figures, and some file systems know no letter case.
    for row in REGISTRY.values():
        if name.casefold() in (row.name.casefold(), row.paper_name.casefold()):
            meant = row.name if name.casefold() == row.name.casefold() else f"{row.paper_name}, short for {row.name}"
            raise ValueError(f"the registry has a data set of that name ({meant}); take another")
    # The published tables call their means A.A., A.R. and Avg.
    if not re.fullmatch(r"[A-Za-z0-9]([\w.-]*[\w-])?", name, re.ASCII):
        raise ValueError("a name is made of letters, digits, _, - and ., the last not at its end")
    return name


def _tu_folders(own: dict[str, OwnData]) -> dict[str, OwnData]:
    for name, data in own.items():
        if not (Path(data.folder) / f"{name}_A.txt").is_file():
            raise ValueError(f"there is no file {name}_A.txt in the folder {data.folder}")
    if twice := [name for name in own if sum(name.casefold() == other.casefold() for other in own) > 1]:
        raise ValueError(f"the names {' and '.join(twice)} differ by letter case alone; take others")
    return own


def _folder_alone(given: Any) -> Any:
    return {"folder": given} if isinstance(given, str) else given


OwnName = Annotated[str, AfterValidator(_new_name)]
Own = Annotated[OwnData, BeforeValidator(_folder_alone, json_schema_input_type=str | OwnData)]


class Config(Places):
    """Everything that a run depends on."""

    preset: str
    """Preset that everything else overrides: a file of workflow/presets."""
    own: Annotated[dict[OwnName, Own], AfterValidator(_tu_folders)] = Field(default_factory=dict)
    """The user's own data sets by name, each a folder with `NAME_A.txt` and so on, in the TUDataset text format, or
    `{folder: ..., node_attributes: true, edge_labels: true}`."""
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
    base = yaml.safe_load((presets / f"{preset}.yaml").read_text(encoding="utf-8"))
    merged = merge({**base, "preset": preset}, given)
    own = merged.get("own")
    try:
        return Config.model_validate(merged, context={"own": list(own) if isinstance(own, Mapping) else ()})
    except ValidationError as error:
        raise RelampError("\n".join(f"config: {told(fault)}" for fault in error.errors())) from error


def configured(preset: str | None = None) -> Config:
    """Return the checked configuration of the working folder, with another preset where one is named.

    It is that of config.yaml there or, where there is none, of the one that came with relamp. Raises RelampError as
    `load_config` does.
    """
    own = Path("config.yaml")
    path = own if own.is_file() else home() / own
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RelampError(f"{path}: is no YAML ({' '.join(str(error).split())[:200]}); mend it") from error
    if not isinstance(given, Mapping):
        raise RelampError(f"{path}: has no entries of the form `name: value`; `relamp options` names them")
    return load_config({**given, "preset": preset} if preset else given, home() / "workflow" / "presets")


def stored(config: Config) -> dict[str, Any]:
    """Return what is kept beside rows, from which `restored` makes the same configuration elsewhere."""
    # The user's own data sets by name: their folders are of no use elsewhere, and no more are places of raw files.
    words = config.model_dump(mode="json", exclude={"mirrors", "offline", "cache", "own"})
    return {"config": words, "own": list(config.own)}


def restored(path: Path) -> Config:
    """Return the configuration that a file of `stored` holds; raises RelampError if it holds none."""
    try:
        words = json.loads(path.read_text(encoding="utf-8"))
        return Config.model_validate(words["config"], context={"own": words["own"]})
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise RelampError(f"{path}: is no configuration of a run ({said}); take a file of `relamp pack`") from error


def presets() -> list[str]:
    """Return the names of the presets that came with relamp."""
    return sorted(path.stem for path in (home() / "workflow" / "presets").glob("*.yaml"))
