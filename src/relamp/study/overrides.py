"""Named settings of methods: where each lies among the training settings, how one is overridden and spelt in a path.

A run may also be scored by other options of its evaluation: `scored_inner~shuffled` is the option `inner`. Its encoder
is that of the setting without these.
"""

from collections.abc import Mapping
from functools import reduce
from typing import Any, cast

from pydantic import ValidationError

from relamp.data.rows import Value, setting_name, setting_values
from relamp.errors import shortened
from relamp.method.table import METHODS, MethodRow
from relamp.settings.base import Settings
from relamp.settings.evaluation import EditChoice, EditDistanceProtocol
from relamp.settings.nodes import NodePretraining, must_fit

# Groups of options that belong to some methods alone.
GROUPS = frozenset(row.group for rows in METHODS.values() for row in rows.values() if row.group)
SCORED = "scored_"  # before the name of an option of the evaluation


def place(training: Settings, row: MethodRow, name: str) -> tuple[str, ...] | None:
    """Return where a named setting of a method lies in the training settings; None if the method does not take it.

    The method's own options come first, then the settings that all methods share; the outermost field of that name.
    """
    if not row.trains or name in row.lacks:
        return None
    own = [(row.group,)] if row.group else []
    for start in (*own, ()):
        waiting: list[tuple[str, ...]] = [start]
        for path in waiting:
            part = reduce(getattr, path, training)
            if isinstance(part, Settings):
                below = [key for key in type(part).model_fields if path or key not in GROUPS]
                if name in below and not isinstance(getattr(part, name), Settings):
                    return (*path, name)
                waiting += [(*path, key) for key in below]
    return None


def overridden(training: Settings, row: MethodRow, values: Mapping[str, Any]) -> Settings:
    """Return training settings with some named ones overridden; raises ValueError for a wrong one or combination."""
    words = training.model_dump(mode="json")
    for name, value in values.items():
        path = place(training, row, name)
        if path is None:
            raise ValueError(f"the method has no setting {name}")
        part = words
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value
        # A run of other length keeps the checkpoints that it reaches, and its last epoch.
        if path[-1] == "epochs" and "checkpoints" in part:
            part["checkpoints"] = [*(epoch for epoch in part["checkpoints"] if epoch < value), value]
    made = type(training).model_validate(words)
    if isinstance(made, NodePretraining):
        must_fit(made, **row.fixed)
    return made


def spelt(training: Settings, row: MethodRow, values: Mapping[str, Any] | None = None) -> str:
    """Return a setting as a path part: the settings that the method's row names, and others that differ from theirs."""
    given = dict(values or {})
    always = {name: given.pop(name, value) for name, value in named(training, row).items()}
    others = {name: value for name, value in given.items() if value_of(training, row, name) != value}
    return setting_name({**always, **others})


def parted(setting: str) -> tuple[str, dict[str, Value]]:
    """Return the setting by which a run is trained, and the options by which it is scored, without their prefix."""
    values = setting_values(setting)
    scored = {name.removeprefix(SCORED): value for name, value in values.items() if name.startswith(SCORED)}
    return setting_name({name: value for name, value in values.items() if not name.startswith(SCORED)}), scored


def joined(setting: str, protocol: Settings, values: Mapping[str, Any]) -> str:
    """Return a setting of training with the options of an evaluation that differ from its protocol's."""
    others = {f"{SCORED}{name}": value for name, value in values.items() if option_of(protocol, name) != value}
    return setting_name({**setting_values(setting), **others})


def scored_by(protocol: Settings, values: Mapping[str, Any]) -> Settings:
    """Return the protocol of an evaluation with some options overridden; raises ValueError for a wrong one."""
    return type(protocol).model_validate({**protocol.model_dump(mode="json"), **values})


def option_of(protocol: Settings, name: str) -> Any:
    """Return an option of an evaluation as JSON has it; what is null of edit distances follows their reading."""
    value = protocol.model_dump(mode="json")[name]
    if value is None and isinstance(protocol, EditDistanceProtocol):
        return protocol.does(cast(EditChoice, name))
    return value


def named(training: Settings, row: MethodRow) -> dict[str, Any]:
    """Return the values of the settings that a method's row names: those that its paths always spell."""
    return {name: value_of(training, row, name) for name in row.swept}


def reason(error: ValueError) -> str:
    """Return what is wrong with an overridden setting, in a line."""
    return told(error.errors()[0]) if isinstance(error, ValidationError) else str(error)


def told(fault: Any) -> str:
    """Return a fault that pydantic found, in a line: where, what, and what was given, unless it is a whole group."""
    known = {"extra_forbidden": "there is no such option", "missing": "is missing"}
    message, given = fault["msg"].removeprefix("Value error, "), fault["input"]
    words = known.get(fault["type"]) or shortened(message[:1].lower() + message[1:], 400)
    # Of an address that is none, the password cannot be told from the rest.
    silent = isinstance(given, Mapping | Settings) or fault["loc"][:1] == ("mirrors",)
    if fault["type"] not in known and not silent:
        words += f" (given: {shortened(repr(given))})"
    # In brackets stand pydantic's word for a name itself, "[key]", and those by which it tells own data apart.
    silent_parts = ("[key]", "[graphs]", "[molecules]")
    where = shortened(".".join(str(part) for part in fault["loc"] if part not in silent_parts)).replace("\n", "\\n")
    return ": ".join(filter(None, (where, words)))


def value_of(training: Settings, row: MethodRow, name: str) -> Any:
    """Return the value of a named setting of a method."""
    return reduce(getattr, place(training, row, name) or (), training)
