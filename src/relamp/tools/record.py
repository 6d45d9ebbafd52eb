"""Copy the numbers and sidecars of a finished run into reproduction/, to be committed; `make record` adds the rows."""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from relamp.errors import RelampError
from relamp.render.sidecar import ROOT, git_state
from relamp.runtime.files import write_csv
from relamp.runtime.provenance import TARGET
from relamp.study.config import configured
from relamp.study.recorded import SIDECAR, changed_inputs, configuration_of, read_sidecar
from relamp.tools.cost import took
from relamp.tools.overrides import add_overrides, overrides
from relamp.tools.plan import Job, read_plan

# Times are those of one run, scores are in the rows, and steps in verdict.md.
COST = "cost.csv"
_LEFT_OUT = ("efficiency.csv", "scores.csv", "steps.csv")


def record(name: str, target: Path) -> None:
    """Copy what a run made, whole and of one configuration, and nothing else, into a folder.

    Args:
        name: of the folders below `results` and `figures`.
        target: the folder to write; what an earlier record left there is replaced.

    Raises:
        RelampError: the checkout is altered or was when something was made, a file is not made of the rows that are
            there, or the configuration would make others.
    """
    results, figures = Path("results") / name, Path("figures") / name
    if not (results / SIDECAR).is_file():
        raise RelampError(f"{results / SIDECAR}: there are no verdicts to record; finish the run first")
    git = git_state(ROOT)
    if git["dirty"] is not False:
        why = "is altered" if git["dirty"] else "is no git checkout with a commit"
        raise RelampError(f"{ROOT}: {why}, so that nobody could make these numbers again; commit, and run again")
    files = [*_files(figures), *_files(results / "tables"), *_files(results)]
    sidecars = {file: read_sidecar(file) for file in files if file.suffix == ".json"}
    for file, facts in sidecars.items():
        _check(file, facts, results)
    _check_plan(results)
    costs = took(_planned(results, "--forceall"), Path())
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".record-", dir=target.parent) as place:
        made = Path(place) / target.name
        _copy(files, sidecars.values(), results, made)
        write_csv(made / COST, costs)
        if target.is_dir():
            shutil.rmtree(target)
        made.rename(target)


def _copy(files: Sequence[Path], sidecars: Iterable[Mapping[str, Any]], results: Path, target: Path) -> None:
    """Copy the files of a run, and the configurations that their sidecars name, into a new folder."""
    (target / "config").mkdir(parents=True)
    named = {Path(facts["configuration"]["path"]).name for facts in sidecars}
    for file in [*files, *(results / "config" / each for each in sorted(named))]:
        shutil.copyfile(file, target / ("config" if file.parent.name == "config" else "") / file.name)


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.glob("*")):
        if (file.suffix in (".csv", ".json") and file.name not in _LEFT_OUT) or file.name == "verdict.md":
            yield file


def _check(file: Path, facts: Mapping[str, Any], results: Path) -> None:
    """Refuse a sidecar of an altered checkout, without its configuration, or of other inputs than those there."""
    if facts["git"]["dirty"] is not False:
        raise RelampError(f"{file}: was made from an altered checkout; delete it, and make it again")
    if configuration_of(facts, results) is None:
        raise RelampError(f"{file}: does not name its configuration; delete it, and make it again")
    if changed := changed_inputs(facts):
        raise RelampError(f"{file}: {changed[0]} is not what it was made of; finish the run, and record then")


def _check_plan(results: Path) -> None:
    """Refuse results of which the command of their verdicts would make any again."""
    if jobs := [job for job in _planned(results) if job.outputs]:
        first = jobs[0].outputs[0]
        raise RelampError(
            f"{results}: is not what its configuration makes now: {len(jobs)} jobs would run, the first for {first}; "
            f"take from config.yaml what these results are not made with, or finish the run; if that leaves nothing to "
            f"do, the verdicts are of an earlier configuration: delete {results / SIDECAR}, and make them again"
        )


def _planned(results: Path, *options: str) -> list[Job]:
    """Return the jobs that the command of the verdicts plans, with further options."""
    words = configuration_of(read_sidecar(results / SIDECAR), results)
    told: Sequence[str] = words["command"] if words else ()
    again = ["all" if word == TARGET else word for word in told[1:]]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *again, "--dry-run", "--nolock", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    if done.returncode:
        raise RelampError(f"{results}: the run cannot be planned: {said.strip()[-500:]}")
    return read_plan(said)


def main(words: Sequence[str]) -> int:
    """Record a run and print the folder; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m relamp.tools.record", description=__doc__)
    add_overrides(parser)
    given = parser.parse_args(words)
    try:
        name = configured(overrides(given)).name
        target = Path("reproduction") / name
        record(name, target)
        print(target)
    except RelampError as error:
        print(f"relamp: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
