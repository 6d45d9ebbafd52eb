"""Print what a configuration costs before it runs."""

import json
import logging
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.study.cost import Accuracy, Cost, Job, accuracies, costs, read_plan

log = logging.getLogger(__name__)

# The rates were measured so; a run on GPUs corrects them by its own rows.
GPUS = "A GPU is taken to be as fast as one CPU core, unless rows of a run on GPUs are below; most often it is faster."


def print_costs(snakefile: str, config: Mapping[str, Any], targets: Sequence[str], cores: int, results: Path) -> None:
    """Print, per target, jobs, CPU-hours, GPU-hours, disk and the longest chain, and how far such estimates were off.

    Rates come from `workflow/rates.csv`, corrected by the benchmark rows of earlier runs, of this preset or another.

    Args:
        snakefile: of the workflow.
        config: its configuration.
        targets: whose cost is asked for.
        cores: most CPUs that a job gets.
        results: the folder of the presets' results.
    """
    jobs = plan(snakefile, config, targets, cores)
    found = accuracies(jobs, Path())
    source = config["preset"]
    if not found:
        # What another preset has measured is better than nothing: its settings differ, but not the machine.
        for other in sorted({path.parent.name for path in results.glob("*/benchmarks")} - {source}):
            if found := accuracies(plan(snakefile, {**config, "preset": other}, targets, cores), Path()):
                source = other
                break
    made = costs(jobs, targets, {row.kind: row.factor for row in found})
    print("\n".join([*_table(made), "", GPUS, *_off(found, source)]))


def plan(snakefile: str, config: Mapping[str, Any], targets: Sequence[str], cores: int) -> list[Job]:
    """Return all jobs of some targets, as if nothing were there yet, none of them with more CPUs than `cores`.

    Raises:
        RelampError: with the end of what Snakemake said, if it cannot plan them.
    """
    options = [f"{key}={json.dumps(value)}" for key, value in config.items()]
    # The outer Snakemake holds the lock of the folder, and the inner one writes nothing, whatever lies there half-made.
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--nolock", "--dry-run"]
    command += ["--cores", str(cores), "--forceall", "--rerun-incomplete", "--config", *options, "--", *targets]
    log.info("%s", " ".join(command))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).rpartition("Building DAG of jobs...")[2].strip()
        raise RelampError(f"the workflow cannot be planned: {said[-500:]}")
    return read_plan(done.stdout + done.stderr)


def _table(rows: Sequence[Cost]) -> list[str]:
    lines = [f"{'target':<14} {'jobs':>6} {'CPU-hours':>10} {'GPU-hours':>10} {'disk, GB':>9} {'longest chain':>14}"]
    for row in rows:
        numbers = f"{row.cpu_hours:>10.2f} {row.gpu_hours:>10.2f} {row.disk_gb:>9.2f} {row.chain_hours:>12.2f} h"
        lines.append(f"{row.target:<14} {row.jobs:>6} {numbers}")
    return lines


def _off(rows: Sequence[Accuracy], preset: str) -> list[str]:
    if not rows:
        return ["No earlier run has left benchmark rows here: these are the rates of workflow/rates.csv alone."]
    jobs, expected, took = (sum(getattr(row, name) for row in rows) for name in ("jobs", "expected_s", "measured_s"))
    lines = [
        f"The last run of preset {preset} left rows of {jobs:.0f} of its jobs: {expected / 60:.1f} min were expected, "
        f"{took / 60:.1f} min measured ({took / expected:.2f} times). By kind:"
    ]
    for row in rows:
        off = f"{row.measured_s / row.expected_s:>6.2f} times the estimate"
        used = f"; its rate is now multiplied by {row.factor:.2f}" if row.factor != 1 else ""
        lines.append(f"  {row.kind:<18} {row.jobs:>4} jobs {off}{used}")
    return lines
