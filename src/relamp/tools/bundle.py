"""A finished run as one zip file, ready for an archive that gives DOIs: rows, tables, figures, verdicts, settings."""

import argparse
import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from relamp.errors import RelampError, first_of
from relamp.runtime.files import read_json, sha256, write_zip
from relamp.runtime.home import home
from relamp.runtime.log import ran
from relamp.runtime.sealed import read_sealed
from relamp.study.config import CONFIG, Config, configured, restored
from relamp.study.plan import Plan
from relamp.study.recorded import SIDECAR, changed_inputs, read_sidecar, recorded_config, words_of
from relamp.tools.crate import METADATA, README, Part, Role, Run, crate
from relamp.tools.overrides import add_overrides, overrides

SUMS, LOGS, MAIN = "sha256sums.txt", "logs.csv", "workflow/Snakefile"
# Of what relamp is made besides the library; and what running it leaves there.
SOURCES, LEFT = ("Snakefile", "workflow", "envs", "CITATION.cff"), "__pycache__"
GUIDE = """# A run of relamp

Rows, tables, figures and verdicts of LAMP and M-Mix, re-run: open `verdict.html`.

- `{metadata}` says what each file is and how the run came about (Workflow Run RO-Crate 0.5).
- `{config}` is the whole configuration.
- `sha256sum --check {sums}` says whether all files are as they were.
- `relamp render <this file>.zip <folder>` makes everything again out of the rows.
"""


def main(words: Sequence[str]) -> int:
    """Write a bundle; return the exit status. Raises RelampError as `bundle` does."""
    parser = argparse.ArgumentParser(prog="relamp bundle", description=__doc__)
    parser.add_argument("output", type=Path, help="the zip file to write")
    parser.add_argument("folder", nargs="?", type=Path, help="results/<preset>, or what `relamp render` wrote")
    add_overrides(parser)
    given = parser.parse_args(words)
    print(f"{given.output}: {bundle(given.output, given.folder, overrides(given))} files of a finished run")
    return 0


def bundle(output: Path, folder: Path | None = None, over: Mapping[str, Any] | None = None) -> int:
    """Write a bundle of a finished run and return how many files it has; the same run gives the same bytes.

    It is a Workflow Run RO-Crate, from which `relamp render` renders everything again.

    Args:
        output: the zip file.
        folder: of the run, `results/<preset>` if none is named; one of `relamp render` has its figures within.
        over: entries that override those of config.yaml.

    Raises:
        RelampError: if the run is not finished, or rocrate is not installed.
    """
    rendered = folder is not None and (folder / CONFIG).is_file()
    folder = folder or Path("results") / configured(over).name
    if rendered:
        words = {**read_json(folder / CONFIG), "sealed": True}
        config = restored(words, str(folder / CONFIG))
    else:
        config = recorded_config(folder) or configured(over)
        words = words_of(config, folder)
    figures = folder / "figures" if rendered else Path("figures") / folder.name
    content: dict[str, tuple[Role, Path | bytes, str]] = {
        name: (role, path, "") for name, role, path in _files(config, folder, figures, rendered)
    }
    configuration = json.dumps(words, indent=2).encode()
    content[CONFIG] = "input", configuration, "The effective configuration."
    content[README] = "trace", GUIDE.format(metadata=METADATA, config=CONFIG, sums=SUMS).encode(), ""
    if logs := _logs(folder / "logs"):
        content[LOGS] = "trace", logs, "How each job ran: CPUs, seconds of CPU time, its log and that log's sha256."
    parts = [_part(name, *each) for name, each in sorted(content.items())]
    sums = "".join(f"{part.sha256}  {part.name}\n" for part in parts).encode()
    content[SUMS] = "trace", sums, "For `sha256sum --check`."
    sidecars = [
        read_json(each) for role, each, _ in content.values() if isinstance(each, Path) and _is_sidecar(role, each)
    ]
    run = _run(config.preset, sidecars, yaml.safe_load((home() / "CITATION.cff").read_text(encoding="utf-8")))
    content[METADATA] = "trace", crate([*parts, _part(SUMS, *content[SUMS])], run).encode(), ""
    whole = ((name, each) for name, (_, each, _) in sorted(content.items()))
    write_zip(output, ((name, each.read_bytes() if isinstance(each, Path) else each) for name, each in whole))
    return len(content)


def _part(name: str, role: Role, content: Path | bytes, about: str) -> Part:
    if isinstance(content, Path):
        return Part(name, role, sha256(content), content.stat().st_size, about)
    return Part(name, role, hashlib.sha256(content).hexdigest(), len(content), about)


def _is_sidecar(role: Role, path: Path) -> bool:
    return role == "result" and path.suffix == ".json" and not path.name.endswith(".guard.json")


def _files(config: Config, folder: Path, figures: Path, rendered: bool) -> Iterator[tuple[str, Role, Path]]:
    """Yield the files of a run by their place in a bundle, and those that its workflow is made of.

    Raises RelampError if one that the run must have is missing.
    """
    plan = Plan(config, str(folder), str(figures), str(home() / "published"))
    made = [artifact for artifact in plan.artifacts.values() if artifact.lite or not rendered]
    # What is rendered from rows alone has no splits beside them; what the first page leads to is made by others.
    without = ("splits", "made") if rendered else ("made",)
    given = [files for each in made for name, files in plan.inputs(each).items() if name not in without]
    used = {Path(path) for files in given for path in ([files] if isinstance(files, str) else files)}
    results = {Path(path) for artifact in made for files in plan.outputs(artifact).values() for path in files}
    # Packed data are large and come from the raw files, whose hashes the guards keep.
    needed = sorted(path for path in used | results if path.suffix != ".safetensors")
    if missing := [path for path in needed if not path.is_file()]:
        raise RelampError(f"{first_of(missing)}: not there; finish the run with `relamp run`")
    if not rendered and (changed := changed_inputs(read_sidecar(folder / SIDECAR))):
        raise RelampError(f"{changed[0]}: is not what the verdicts were made of; finish the run with `relamp run`")
    for path in needed:
        if path.is_relative_to(folder / "rows"):
            read_sealed(path)
    for path in needed:
        if path.is_relative_to(home() / "published"):
            yield path.relative_to(home()).as_posix(), "input", path
        elif path.is_relative_to(figures):
            yield f"figures/{path.relative_to(figures).as_posix()}", "result", path
        else:
            yield path.relative_to(folder).as_posix(), "result", path
    for source in (home() / name for name in SOURCES):
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            name = path.relative_to(home()).as_posix()
            if path.is_file() and LEFT not in path.parts:
                yield name, "workflow" if name == MAIN else "source", path


def _logs(folder: Path) -> bytes:
    """Return how each job ran by its log, as CSV; nothing without logs."""
    rows = []
    for path in sorted(folder.rglob("*.log")):
        how = ran(path)
        used = [how.threads, how.cpu_s, "yes" if how.took_over else "no"] if how else ["", "", ""]
        rows.append([path.relative_to(folder).as_posix(), *used, sha256(path)])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["log", "threads", "cpu_s", "resumed", "sha256"], *rows])
    return text.getvalue().encode() if rows else b""


def _run(preset: str, sidecars: Sequence[dict[str, Any]], citation: dict[str, Any]) -> Run:
    """Return what is said of a run, by its sidecars."""
    last = max(sidecars, key=lambda each: str(each["created"]))
    git = last["git"]
    commit = f"commit {git['commit']}{', altered' if git['dirty'] else ''}" if git["commit"] else "no commit known"
    return Run(
        name=f"relamp: run of the preset {preset}",
        description="Rows, tables, figures and verdicts of LAMP and M-Mix, re-run by relamp.",
        how=f"{last['command']}; Python {last['python']} on {last['platform']}; {commit}",
        ended=last["created"],
        packages={name: version for name, version in last["packages"].items() if version},
        citation=citation,
    )
