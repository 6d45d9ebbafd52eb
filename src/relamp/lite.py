"""From stored rows alone to all tables, figures and verdicts: no torch, no raw data, no Snakemake, under a minute.

python -m relamp.lite pack ROWS.zip        gather the rows of the configured preset's finished run
python -m relamp.lite render ROWS.zip OUT  render everything from them
"""

import argparse
import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from relamp.artifacts.verdict import print_verdicts
from relamp.errors import RelampError
from relamp.runtime.files import read_json, whole, write_json
from relamp.runtime.job import bound, named
from relamp.runtime.sealed import is_sealed, remade, write_sealed
from relamp.study.config import Config, load_config
from relamp.study.plan import Plan

_CONFIG = "config.json"
_MOST_BYTES = 2**32
_ROOT = Path(__file__).parents[2]


def pack(output: Path, preset: str | None = None) -> None:
    """Gather the rows of a finished run in one zip file, with the configuration.

    It is that of config.yaml, with another preset where one is named. Raises RelampError if rows are missing.
    """
    given = yaml.safe_load((_ROOT / "config.yaml").read_text(encoding="utf-8"))
    if preset:
        given = {**given, "preset": preset}
    config = load_config(given, _ROOT / "workflow" / "presets")
    folder = _ROOT / "results" / config.preset
    paths = [Path(path) for path in Plan(config, str(folder), "").all_rows()]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        shown = missing[0].relative_to(_ROOT)
        raise RelampError(
            f"{shown} and {len(missing) - 1} more: not there; make it with `{remade(shown)}`, or all with "
            "`make reproduce`"
        )
    entries = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    # The user's own data sets by name: their folders are of no use elsewhere.
    words = config.model_dump(mode="json", exclude={"mirrors", "offline", "cache", "own"})
    entries[_CONFIG] = json.dumps({"config": words, "own": list(config.own), "sealed": True}, indent=2).encode()
    with whole(output) as beside, zipfile.ZipFile(beside, "w") as archive:
        for name, content in entries.items():
            # With a fixed date, so that the same rows give the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def render(rows: Path, out: Path) -> None:
    """Unpack rows below a folder and render there all figures, tables and pages that need no packed data.

    Raises RelampError if the file holds no rows of a configuration.
    """
    _unpack(rows, out)
    words = read_json(out / _CONFIG)
    config, sealed = Config.model_validate(words["config"], context={"own": words["own"]}), words.get("sealed", False)
    plan = Plan(config, str(out), str(out / "figures"), str(_ROOT / "published"))
    for artifact in plan.artifacts.values():
        if artifact.lite:
            asked = plan.asked(artifact)
            if not sealed:
                _seal(asked)
            write_json(file := out / "asked" / f"{artifact.name}.json", asked)
            make, words = named(artifact.call), plan.inputs(artifact) | plan.outputs(artifact) | plan.params(artifact)
            # Folds and splits are not there, to be named in sidecars.
            words |= {"splits": (), "command": f"python -m relamp.lite render {rows} {out}", "asked": file}
            make(**bound(make, words))
    print_verdicts(out / "verdict.csv", out / "claims.csv", out / "verdict.html", config.fail_on)


def _seal(asked: Mapping[str, Any]) -> None:
    """Give rows in an archive from before they had facts those of its configuration, which alone says them there."""
    for path, facts in asked.items():
        if Path(path).is_file() and not is_sealed(path):
            write_sealed(path, Path(path).read_bytes().decode(errors="replace"), facts)


def _unpack(rows: Path, out: Path) -> None:
    try:
        with zipfile.ZipFile(rows) as archive:
            names = [info.filename for info in archive.infolist()]
            if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES or _CONFIG not in names:
                raise RelampError(f"{rows}: holds no rows of a run; make it with `python -m relamp.lite pack`")
            # zipfile keeps members below the folder, whatever their names say.
            archive.extractall(out)
    except (OSError, zipfile.BadZipFile) as error:
        raise RelampError(f"{rows}: cannot be unpacked to {out} ({error}); name another file or folder") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m relamp.lite", description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack", help="gather the rows of the configured preset's finished run")
    packing.add_argument("rows", type=Path, help="the zip file to write")
    packing.add_argument("--preset", help="another than the configured one")
    rendering = commands.add_parser("render", help="render everything from gathered rows")
    rendering.add_argument("rows", type=Path, help="the zip file to read")
    rendering.add_argument("out", type=Path, help="the folder to write")
    given = parser.parse_args(arguments)
    try:
        if given.command == "pack":
            pack(given.rows, given.preset)
        else:
            render(given.rows, given.out)
    except RelampError as error:
        print(f"relamp: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
