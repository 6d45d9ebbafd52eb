"""The whole configuration: config.yaml overrides a preset, and is checked before any job starts."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationError

from relamp.data.registry import REGISTRY
from relamp.errors import RelampError, shortened
from relamp.runtime.home import home
from relamp.runtime.yaml_words import parse_words, read_options, refuse_excess
from relamp.settings.judging import Judging, Verdict
from relamp.settings.own import OwnData, OwnKind, OwnMolecules, in_full, kind_of
from relamp.settings.places import Places, as_list
from relamp.study.experiments import Cross, Damage, Mmix, Multiverse, Transfer, Unsupervised
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


def _run_name(name: Any) -> str:
    # A whole number is a name as well, and nothing no name.
    if type(name) in (bool, float):
        raise ValueError(f"is read as the value {name}, and how it was written is lost; put a letter before it")
    text = "" if name is None else str(name)
    if not re.fullmatch(r"([A-Za-z0-9_][\w.-]*)?", text, flags=re.ASCII):
        raise ValueError("a name is made of letters, digits, _, - and ., the first no - or .")
    return text


def _are_there(own: dict[str, OwnData | OwnMolecules]) -> dict[str, OwnData | OwnMolecules]:
    for name, data in own.items():
        place, what = (data.folder, "folder") if isinstance(data, OwnData) else (data.file, "file")
        if "{" in place or "}" in place:
            raise ValueError(f"braces in the {what} {place} would be wildcards of Snakemake; rename or link it")
        if isinstance(data, OwnData) and not (Path(place) / f"{name}_A.txt").is_file():
            raise ValueError(f"there is no file {name}_A.txt in the folder {place}")
        if isinstance(data, OwnMolecules) and not Path(place).is_file():
            raise ValueError(f"there is no file {place}")
    if twice := [name for name in own if sum(name.casefold() == other.casefold() for other in own) > 1]:
        raise ValueError(f"the names {' and '.join(twice)} differ by letter case alone; take others")
    return own


def _tables_have_columns(own: OwnMolecules) -> OwnMolecules:
    if (own.label_columns or own.smiles_column) and not own.is_table:
        raise ValueError(f"{own.file} has no columns; name a .csv or .tsv file, or no columns")
    columns = [*own.label_columns, *([own.smiles_column] if own.smiles_column else [])]
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise ValueError(f"the column {', '.join(twice)} is named twice")
    return own


def _form_of(given: Any) -> str:
    # In brackets, which messages leave out: no user has written it.
    return "[graphs]" if kind_of(given) == "graphs" else "[molecules]"


_MOST_LINES = 50
OwnName = Annotated[str, AfterValidator(_new_name)]
_Molecules = Annotated[OwnMolecules, AfterValidator(_tables_have_columns), Tag("[molecules]")]
_Own = Annotated[Annotated[OwnData, Tag("[graphs]")] | _Molecules, Discriminator(_form_of)]
Own = Annotated[_Own, BeforeValidator(in_full, json_schema_input_type=str | OwnData | OwnMolecules)]


class Config(Places):
    """Everything that a run depends on."""

    preset: str
    """Preset that everything else overrides: a file of workflow/presets."""
    run: Annotated[str, BeforeValidator(_run_name)] = ""
    """Name of a run beside the unnamed one of its preset: results lie in `results/PRESET-RUN`, and what both share is
    not made again. Of a number as a name leading zeros are not kept."""
    own: Annotated[dict[OwnName, Own], AfterValidator(_are_there)] = Field(default_factory=dict)
    """The user's own data by name: a folder with `NAME_A.txt` and so on, in the TUDataset text format, or `{folder:
    ..., node_attributes: true, edge_labels: true}`; a file of SMILES or, with columns, `{file: ..., smiles_column:
    ..., label_columns: [...]}`."""
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
    multiverse: Multiverse = Multiverse()
    """All readings of the papers."""
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
        value = text if text[:1] in tuple("@%`&*!|>") else parse_words(text, f"--config {name}")
        found = merge(found, nested(name, value))
    return found


def nested(name: str, value: Any) -> Any:
    """Return an option by its name in full: `a.b` and 1 are `{a: {b: 1}}`."""
    for part in reversed(name.split(".")):
        value = {part: value}
    return value


def load_config(given: Mapping[str, Any], presets: Path) -> Config:
    """Return the checked configuration: the user's entries override the preset that they name.

    Raises:
        RelampError: with a line for every fault, all of them at once.
    """
    names = sorted(path.stem for path in presets.glob("*.yaml"))
    preset = given.get("preset", "quick")
    if preset not in names:
        raise RelampError(f"config: preset: there is no preset {shortened(repr(preset))}; known: {', '.join(names)}")
    if (run := given.get("run")) and f"{preset}-{run}" in names:
        raise RelampError(f"config: run: {run}: {preset}-{run} is a preset of its own, whose results lie there")
    merged = merge({**read_options(presets / f"{preset}.yaml"), "preset": preset}, given)
    refuse_excess(merged, "config")
    own = merged.get("own")
    kinds = {name: (kind_of(given),) for name, given in own.items()} if isinstance(own, Mapping) else {}
    try:
        return Config.model_validate(merged, context={"own": kinds})
    except ValidationError as error:
        faults = error.errors()
        more = [f"config: and {len(faults) - _MOST_LINES} more of this kind"] if len(faults) > _MOST_LINES else []
        raise RelampError("\n".join([*(f"config: {told(fault)}" for fault in faults[:_MOST_LINES]), *more])) from error


def configured(over: Mapping[str, Any] | None = None) -> Config:
    """Return the checked configuration of the working folder, with entries that override it.

    It is that of config.yaml there or, where there is none, of the one that came with relamp. Raises RelampError as
    `load_config` does.
    """
    return load_config(merge(read_options(config_file()), over or {}), home() / "workflow" / "presets")


def config_file() -> Path:
    """Return config.yaml of the working folder or, where nothing has that name, the one that came with relamp.

    Raises RelampError for one whose name ends in yml, which would say nothing.
    """
    own, other = Path("config.yaml"), Path("config.yml")
    if os.path.lexists(own):  # a link that leads nowhere is a fault, and no reason to take another file
        return own
    if other.exists():
        raise RelampError(f"{other}: the configuration is read from {own}; rename it")
    return home() / own


def restored(words: Any, place: str) -> Config:
    """Return the configuration of a run as it was recorded; raises RelampError, `place` first, if it is none."""
    parts = [words.get(name) for name in ("config", "own")] if isinstance(words, dict) else [None, None]
    if not isinstance(parts[0], dict) or not isinstance(parts[1], list):
        raise RelampError(f"{place}: holds no `config` and `own` of a run; pack the rows again")
    refuse_excess(parts, place)
    try:
        # Of what kind they were is not recorded; it was checked when they were run.
        own = {_new_name(str(name)): get_args(OwnKind) for name in parts[1]}
        return Config.model_validate(parts[0], context={"own": own})
    except ValidationError as error:
        first, more = error.errors()[0], error.error_count() - 1
        also = f" (and {more} more)" if more else ""
        raise RelampError(f"{place}: {told(first)}{also}; pack the rows again") from error
    except ValueError as error:
        raise RelampError(f"{place}: own: {error} (given: {shortened(repr(parts[1]))}); pack the rows again") from error


def presets() -> list[str]:
    """Return the names of the presets that came with relamp."""
    return sorted(path.stem for path in (home() / "workflow" / "presets").glob("*.yaml"))
