"""The whole configuration: config.yaml overrides a preset, and is checked before any job starts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from relamp.data.registry import REGISTRY
from relamp.errors import RelampError, shortened
from relamp.runtime.yaml_words import parse_words, read_options, refuse_excess
from relamp.settings.base import Settings
from relamp.settings.judging import Judging, Verdict
from relamp.settings.places import Places, as_list
from relamp.study.experiments import Cross, Damage, Mmix, Transfer, Unsupervised


def _new_name(name: str) -> str:
    if name in REGISTRY:
        raise ValueError("the registry has a data set of that name; take another")
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise ValueError("a name is made of letters, digits, _, - and .")
    return name


def _tu_folders(own: dict[str, str]) -> dict[str, str]:
    for name, folder in own.items():
        if "{" in folder or "}" in folder:
            raise ValueError(f"braces in the folder {folder} would be wildcards of Snakemake; rename it, or link to it")
        if not (Path(folder) / f"{name}_A.txt").is_file():
            raise ValueError(f"there is no file {name}_A.txt in the folder {folder}")
    return own


_MOST_LINES = 50
OwnName = Annotated[str, AfterValidator(_new_name)]


class Config(Places):
    """Everything that a run depends on."""

    preset: str
    """Preset that everything else overrides: a file of workflow/presets."""
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


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` overridden by `over`, mappings entry by entry, everything else as a whole."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def given_options(files: Iterable[Path | str], entries: Sequence[str] = ()) -> dict[str, Any]:
    """Return the options of files, later ones above earlier ones, and of entries `name=value` above all.

    Raises RelampError, with the line, as `read_options` does, and for an entry that is none.
    """
    found: dict[str, Any] = {}
    for file in files:
        found = merge(found, read_options(file))
    for entry in entries:
        name, equals, text = entry.partition("=")
        if not equals:
            raise RelampError(f"--config {shortened(entry)}: an entry has the form name=value; correct it")
        # A word may begin with what is a sign of YAML's own.
        nested: Any = text if text[:1] in tuple("@%`&*!|>") else parse_words(text, f"--config {name}")
        for part in reversed(name.split(".")):
            nested = {part: nested}
        found = merge(found, nested)
    return found


def load_config(given: Mapping[str, Any], presets: Path) -> Config:
    """Return the checked configuration: the user's entries override the preset that they name.

    Raises:
        RelampError: with a line for every fault, all of them at once.
    """
    names = sorted(path.stem for path in presets.glob("*.yaml"))
    preset = given.get("preset", "quick")
    if preset not in names:
        raise RelampError(f"config: preset: there is no preset {shortened(repr(preset))}; known: {', '.join(names)}")
    merged = merge({**read_options(presets / f"{preset}.yaml"), "preset": preset}, given)
    refuse_excess(merged, "config")
    own = merged.get("own")
    try:
        return Config.model_validate(merged, context={"own": list(own) if isinstance(own, Mapping) else ()})
    except ValidationError as error:
        faults = error.errors()
        more = [f"config: and {len(faults) - _MOST_LINES} more of this kind"] if len(faults) > _MOST_LINES else []
        raise RelampError("\n".join([*map(_line, faults[:_MOST_LINES]), *more])) from error


def stored_config(words: Any, place: str) -> Config:
    """Return the configuration of a run as it was stored: `config`, and the names of the user's `own` data sets.

    Raises RelampError, `place` first, if it is none.
    """
    parts = [words.get(name) for name in ("config", "own")] if isinstance(words, dict) else [None, None]
    if not isinstance(parts[0], dict) or not isinstance(parts[1], list):
        raise RelampError(f"{place}: holds no `config` and `own` of a run; pack the rows again")
    refuse_excess(parts, place)
    try:
        own = [_new_name(str(name)) for name in parts[1]]
        return Config.model_validate(parts[0], context={"own": own})
    except ValidationError as error:
        first, more = error.errors()[0], error.error_count() - 1
        also = f" (and {more} more)" if more else ""
        raise RelampError(f"{place}: {_line(first).removeprefix('config: ')}{also}; pack the rows again") from error
    except ValueError as error:
        raise RelampError(f"{place}: own: {error} (given: {shortened(repr(parts[1]))}); pack the rows again") from error


def _line(fault: Any) -> str:
    place = shortened(".".join(str(part) for part in fault["loc"])).replace("\n", "\\n")
    if fault["type"] == "extra_forbidden":
        return f"config: {place}: there is no such option"
    if fault["type"] == "missing":
        return f"config: {place}: is missing"
    message = fault["msg"].removeprefix("Value error, ")
    message = shortened(message[:1].lower() + message[1:], 400)
    given = fault["input"]
    # Of an address that is none, the password cannot be told from the rest.
    silent = isinstance(given, Mapping | Settings) or fault["loc"][:1] == ("mirrors",)
    return f"config: {place}: {message}" + ("" if silent else f" (given: {shortened(repr(given))})")
