"""From stored rows alone to all tables, figures and verdicts: no torch, no raw data, no Snakemake, under a minute.

python -m relamp.lite pack ROWS.zip        gather the rows of the configured preset's finished run
python -m relamp.lite render ROWS.zip OUT  render everything from them
"""

import argparse
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from relamp.artifacts.verdict import print_verdicts
from relamp.data.archive import Archive
from relamp.errors import RelampError, listed
from relamp.runtime.files import read_json, whole
from relamp.runtime.job import bound, named
from relamp.runtime.yaml_words import read_options
from relamp.study.config import load_config, stored_config
from relamp.study.plan import Plan

_CONFIG = "config.json"
_MOST_BYTES = 2**32
_ROOT = Path(__file__).parents[2]


def pack(output: Path, preset: str | None = None) -> None:
    """Gather the rows of a finished run in one zip file, with the configuration.

    It is that of config.yaml, with another preset where one is named. Raises RelampError if rows are missing.
    """
    given = read_options(_ROOT / "config.yaml")
    if preset:
        given = {**given, "preset": preset}
    config = load_config(given, _ROOT / "workflow" / "presets")
    folder = _ROOT / "results" / config.preset
    paths = [Path(path) for path in Plan(config, str(folder), "").all_rows()]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise RelampError(f"{missing[0]} and {len(missing) - 1} more: not there; finish the run with `make reproduce`")
    with whole(output) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        # With a fixed date, so that the same rows give the same bytes.
        for path in paths:
            archive.writestr(_entry(path.relative_to(folder).as_posix()), path.read_bytes())
        # The user's own data sets by name: their folders are of no use elsewhere.
        words = config.model_dump(mode="json", exclude={"mirrors", "offline", "cache", "own"})
        archive.writestr(_entry(_CONFIG), json.dumps({"config": words, "own": list(config.own)}, indent=2))


def render(rows: Path, out: Path) -> None:
    """Unpack rows below a folder and render there all figures, tables and pages that need no packed data.

    Raises RelampError if the file holds no rows of a configuration.
    """
    archive = Archive(rows, _MOST_BYTES)
    if _CONFIG not in archive:
        raise RelampError(f"{rows}: holds no rows of a run; make it with `python -m relamp.lite pack`")
    archive.unpack(out)
    config = stored_config(read_json(out / _CONFIG), archive.place(_CONFIG))
    plan = Plan(config, str(out), str(out / "figures"), str(_ROOT / "published"), splits=False)
    if missing := [path for path in plan.all_rows() if not Path(path).is_file()]:
        raise RelampError(f"{rows}: lacks {listed(Path(path).relative_to(out) for path in missing)}; pack it again")
    for artifact in plan.artifacts.values():
        if artifact.lite:
            make, words = named(artifact.call), {**plan.inputs(artifact), **plan.outputs(artifact)}
            words |= {**plan.params(artifact), "command": f"python -m relamp.lite render {rows} {out}"}
            make(**bound(make, words))
    print_verdicts(out / "verdict.csv", out / "claims.csv", out / "verdict.html", config.fail_on)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


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
