"""What a folder of results says of itself: the configuration and the command of its verdicts, by their sidecar."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.runtime.files import read_json, sha256
from relamp.study.config import CONFIG, Config, restored

SIDECAR = "verdict.json"


def read_sidecar(file: Path) -> Mapping[str, Any]:
    """Return a sidecar; raises RelampError if the file is none, or what it names beside it is not what was made."""
    facts = read_json(file)
    if not isinstance(facts, Mapping) or "inputs" not in facts:
        raise RelampError(f"{file}: is no sidecar; make it again")
    for entry in facts.get("outputs", ()):
        # Not all of it goes where a run is recorded.
        if (made := file.with_name(entry["path"])).is_file() and sha256(made) != entry["sha256"]:
            raise RelampError(f"{made}: was cut or edited after it was made; delete it, and make it again")
    return facts


def configuration_of(sidecar: Mapping[str, Any], folder: Path) -> Mapping[str, Any] | None:
    """Return the recorded configuration of a sidecar, whose file lies in `config` of a folder; None if it names none.

    Raises RelampError if that file is missing, or is not the one that the sidecar names.
    """
    named = sidecar.get("configuration")
    if not named:
        return None
    file = folder / "config" / Path(named["path"]).name
    if not file.is_file() and (folder / CONFIG).is_file():
        file = folder / CONFIG  # where it was rendered from rows
    if not _holds(file, named["sha256"]):
        raise RelampError(f"{file}: is not the configuration that {folder / SIDECAR} names; make the verdicts again")
    words: Mapping[str, Any] = read_json(file)
    return words


def recorded_command(folder: Path) -> list[str]:
    """Return the words of the command that makes a target of the run whose verdicts lie in a folder; none if unknown.

    They name no place of the machine it ran on. Raises RelampError as `configuration_of` does.
    """
    words = configuration_of(read_sidecar(folder / SIDECAR), folder) if (folder / SIDECAR).is_file() else None
    return without_places((words or {}).get("command", ()))


def without_places(command: Iterable[str]) -> list[str]:
    """Return the words of a command but for where its user has the data."""
    return [word for word in command if not word.startswith(("mirrors=", "offline="))]


def recorded_config(folder: Path) -> Config | None:
    """Return the configuration that the verdicts of a folder of results were made with; None without a record of it.

    Raises RelampError if the record is damaged, or is of another version of relamp.
    """
    if not (folder / SIDECAR).is_file():
        return None
    words = configuration_of(read_sidecar(folder / SIDECAR), folder)
    return restored(words, str(folder)) if words else None


def words_of(config: Config, folder: Path) -> dict[str, Any]:
    """Return what goes with the rows of a folder's run: configuration, command, and the machines that trained."""
    return {**config.recorded(), "command": recorded_command(folder), "cpu": cpus(folder), "sealed": True}


def changed_inputs(sidecar: Mapping[str, Any]) -> list[str]:
    """Return the inputs of a sidecar that are not there any more with the same content."""
    files = {entry["path"]: entry["sha256"] for entry in sidecar["inputs"]}
    return [name for name, known in files.items() if not _holds(Path(name), known)]


def of_these_rows(sidecar: Mapping[str, Any], folder: Path) -> bool:
    """Return whether the rows that a sidecar names among its inputs are those below a folder, wherever that lies."""
    inputs = [(entry["path"].partition("/rows/")[2], entry["sha256"]) for entry in sidecar["inputs"]]
    return all(_holds(folder / "rows" / name, known) for name, known in inputs if name)


def _holds(file: Path, known: str) -> bool:
    return file.is_file() and sha256(file) == known


def cpus(folder: Path) -> list[str]:
    """Return the CPUs and GPUs, and the devices, on which the encoders of a folder of results were trained."""
    runs = [read_json(file) for file in folder.glob("train/**/run.json")]
    return sorted({f"{name} ({run['device']})" for run in runs if "cpu" in run for name in _machines(run)})


def _machines(run: Mapping[str, Any]) -> list[str]:
    """Return what worked on a training; of an untrained encoder, or one of an older version, the CPU that wrote it."""
    return [entry["machine"] for entry in run.get("made", [])] or [run["cpu"]]
