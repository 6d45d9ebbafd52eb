"""From stored rows alone to all tables, figures and verdicts: no torch, no raw data, no Snakemake, under a minute."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relamp.artifacts.verdict import print_verdicts
from relamp.errors import RelampError, first_of
from relamp.runtime.files import write_zip
from relamp.runtime.provenance import configured_by
from relamp.runtime.sealed import remade
from relamp.study.config import CONFIG, configured
from relamp.study.packed_rows import make, unpacked
from relamp.study.plan import Plan
from relamp.study.recorded import SIDECAR, changed_inputs, read_sidecar, recorded_config, words_of
from relamp.tools.overrides import add_overrides, overrides


def pack(output: Path, over: Mapping[str, Any] | None = None) -> None:
    """Gather the rows of the working folder's finished run in one zip file, with the configuration and the CPUs.

    The run is that of config.yaml with the entries that override it; its configuration is that of its verdicts, if
    these are made. Raises RelampError if rows are missing, or are not those of the verdicts.
    """
    config = configured(over)
    folder = Path("results") / config.name
    if recorded := recorded_config(folder):
        config = recorded
        if changed := changed_inputs(read_sidecar(folder / SIDECAR)):
            raise RelampError(f"{changed[0]}: is not what the verdicts were made of; finish it with `make reproduce`")
    paths = [Path(path) for path in Plan(config, str(folder), "").all_rows()]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise RelampError(
            f"{first_of(missing)}: not there; make it with `{remade(missing[0])}`, or all with `make reproduce`"
        )
    rows = ((path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths)
    write_zip(output, [*rows, (CONFIG, json.dumps(words_of(config, folder), indent=2).encode())])


def render(rows: Path, out: Path) -> None:
    """Unpack rows below a folder and render there all figures, tables and pages that need no packed data.

    Raises RelampError as `unpacked` does, and if rows are not those of the configuration.
    """
    plan = unpacked(rows, out)
    for artifact in plan.artifacts.values():
        if artifact.lite:
            with configured_by(out / CONFIG):
                make(plan, artifact, f"relamp render {rows} {out}")
    print_verdicts(out / "verdict.csv", out / "claims.csv", out / "verdict.html", plan.config.fail_on)


def pack_main(words: Sequence[str]) -> int:
    """Run `pack`; return the exit status."""
    about = "Gather the rows of a finished run, from which `relamp render` renders everything."
    parser = argparse.ArgumentParser(prog="relamp pack", description=about)
    parser.add_argument("rows", type=Path, help="the zip file to write")
    add_overrides(parser)
    given = parser.parse_args(words)
    pack(given.rows, overrides(given))
    return 0


def render_main(words: Sequence[str]) -> int:
    """Run `render`; return the exit status."""
    about = "Render all tables, figures and verdicts from gathered rows, without torch or data."
    parser = argparse.ArgumentParser(prog="relamp render", description=about)
    parser.add_argument("rows", type=Path, help="the zip file to read")
    parser.add_argument("out", type=Path, help="the folder to write")
    given = parser.parse_args(words)
    render(given.rows, given.out)
    return 0
