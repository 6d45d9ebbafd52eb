"""Start Snakemake on the working folder's own Snakefile or, where it has none, on the one that came with relamp."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from relamp.artifacts import ARTIFACTS
from relamp.artifacts.base import Table
from relamp.errors import RelampError
from relamp.runtime.home import home
from relamp.study.config import configured
from relamp.study.names import check_known
from relamp.tools.overrides import add_overrides, overrides

# Why a timespan: without one, Snakemake looks for further jobs ever more often, the more jobs have run.
ALWAYS = ("--rerun-incomplete", "--max-jobs-per-timespan", "500/5s")
CELLS = "RELAMP_CELLS"  # tells the rule `progress` of which table each cell is printed
QUIET = ("--quiet", "host", "reason", "rules")
ONLY_PRINTED = ("--quiet", "all", "--nolock", "--cores", "1")


def main(words: Sequence[str]) -> int:
    """Run targets; what stands behind `--` goes to Snakemake as it is. Return the exit status.

    Raises RelampError if Snakemake is not installed, or an entry of the configuration is no entry.
    """
    own, further = _split(words)
    parser = _parser("run", "Run the workflow in this folder, or some of its targets.")
    parser.epilog = "What stands behind -- goes to Snakemake as it is: relamp run lamp_table1 -- --forceall"
    parser.add_argument("targets", nargs="*", help="figures, tables, files; all, if none is named")
    parser.add_argument("--cores", default="all", help="how many to use (all)")
    parser.add_argument("--profile", help="a profile of Snakemake: slurm, or a folder")
    parser.add_argument("-n", "--dry-run", action="store_true", help="only say what would run")
    given = parser.parse_args(own)
    options = [*ALWAYS, *(["--dry-run"] if given.dry_run else QUIET)]
    if given.profile:
        shipped = home() / given.profile
        options += [
            "--profile",
            str(shipped) if not Path(given.profile).exists() and shipped.is_dir() else given.profile,
        ]
    if given.cores != "all" or not given.profile:
        options += ["--cores", given.cores]
    return _snakemake([*options, *further], given, given.targets)


def cost_main(words: Sequence[str]) -> int:
    """Print what a run will cost; return the exit status. Raises RelampError as `main` does."""
    given = _parser("cost", "Say what a run will cost: jobs, hours, disk and the longest chain, by target.").parse_args(
        words
    )
    return _snakemake(ONLY_PRINTED, given, ["cost"])


def progress_main(words: Sequence[str]) -> int:
    """Print how far a run is; return the exit status. Raises RelampError as `main` does, and for an unknown table."""
    parser = _parser("progress", "Say how far tables and jobs of this folder are, with the hours left.")
    parser.add_argument("--cells", metavar="TABLE", help="say it of each cell of a table: lamp_table1")
    given = parser.parse_args(words)
    try:
        tables = [name for name, made in ARTIFACTS.items() if isinstance(made, Table)]
        os.environ[CELLS] = check_known(given.cells, tables, "table") if given.cells else ""
    except ValueError as error:
        raise RelampError(f"--cells: {error}") from error
    return _snakemake(ONLY_PRINTED, given, ["progress"])


def _parser(name: str, about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"relamp {name}", description=about)
    add_overrides(parser)
    return parser


def _split(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    if "--" not in words:
        return words, ()
    where = words.index("--")
    return words[:where], words[where + 1 :]


def _snakemake(options: Sequence[str], given: argparse.Namespace, targets: Sequence[str]) -> int:
    """Become Snakemake: signals then reach it directly, and its exit status is this command's."""
    if find_spec("snakemake") is None:
        raise RelampError("Snakemake is not installed; `pip install 'relamp[all]'` brings all that a run needs")
    words = [f"{key}={json.dumps(value)}" for key, value in overrides(given).items()]
    own, shipped = Path("Snakefile"), home() / "Snakefile"
    snakefile = str(own if own.is_file() else shipped)
    if options is ONLY_PRINTED and (not own.is_file() or own.resolve() == shipped.resolve()):
        configured(overrides(given))  # where Snakemake is quiet it says nothing of faults either
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, *options]
    command += [*(["--config", *words] if words else []), "--", *targets]
    sys.stdout.flush()
    os.execv(sys.executable, command)
