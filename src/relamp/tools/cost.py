"""What a run costs before it runs: jobs, hours, disk and the longest chain of each target, from a plan of the run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.runtime.files import read_json
from relamp.runtime.made import Made
from relamp.runtime.sealed import read_sealed
from relamp.study.config import presets
from relamp.tools.plan import Job, measured, plan

# What SLURM and two starts of Snakemake take of each job before it does anything, in seconds (tests/slurm).
OVERHEAD_S = 8.0
# Rows tell nothing of a rate if all of them together hardly did more than start.
LEAST_S = 20.0
# The rates were measured so; a run on GPUs corrects them by its own rows.
GPUS = "A GPU is taken to be as fast as one CPU core, unless rows of a run on GPUs are below; most often it is faster."

# Bare products of matrices per second on a core, and how many of them a step of molecules takes per second of its own:
# both measured on a CPU (benchmarks/RESULTS.md), where equal atoms are computed once. How much of a GPU's published
# single-precision rate a step reaches is assumed until it is measured.
CORE_FLOPS, PRODUCTS, SHARE = 92e9, 1.6, 0.3
TFLOPS = {"A100": 19.5, "H100": 67.0}


def print_costs(snakefile: str, config: Mapping[str, Any], targets: Sequence[str], cores: int, results: Path) -> None:
    """Print, per target, jobs, CPU-hours, GPU-hours, disk and the longest chain, and how far such estimates were off.

    Rates come from `workflow/rates.csv`, corrected by the benchmark rows of earlier runs, of this preset or another.
    No job gets more CPUs than `cores`; `results` is the folder of the presets' results.
    """
    jobs = plan(snakefile, config, targets, cores)
    found, source = corrections(snakefile, config, targets, cores, results, jobs)
    by_kind = {row.kind: row for row in found}
    made = costs(jobs, targets, by_kind)
    print("\n".join([*_table(made), "", GPUS, *on_gpus(jobs, by_kind), *_off(found, source)]))


def corrections(
    snakefile: str,
    config: Mapping[str, Any],
    targets: Sequence[str],
    cores: int,
    results: Path,
    jobs: Sequence[Job] | None = None,
) -> tuple[list["Accuracy"], str]:
    """Return how far estimates were off, and the preset whose benchmark rows say so; none where there are no rows.

    `jobs` is the plan of the whole run, where it is known already; all else is as in `print_costs`.
    """
    preset = config.get("preset", "quick")
    measured_in = {path.parent.name for path in results.glob("*/benchmarks")}
    own_rows = any(name == preset or name.startswith(f"{preset}-") for name in measured_in)
    # What another preset has measured is better than nothing: its settings differ, but not the machine.
    for source in (*[preset] * own_rows, *sorted(measured_in & set(presets()) - {preset})):
        own = jobs if source == preset else None
        planned = own or plan(snakefile, {**config, "preset": source}, targets, cores)
        if found := accuracies(planned, Path()):
            return found, source
    return [], preset


@dataclass(frozen=True)
class Cost:
    """Of a target.

    Attributes:
        target: name.
        jobs: how many are submitted.
        cpu_hours, gpu_hours: CPUs and GPUs times hours, with what each job takes to start.
        disk_gb: of the files that are kept.
        chain_hours: the longest chain of jobs that wait for one another.
    """

    target: str
    jobs: int
    cpu_hours: float
    gpu_hours: float
    disk_gb: float
    chain_hours: float


@dataclass(frozen=True)
class Accuracy:
    """How far the estimates of one kind of jobs were off.

    Attributes:
        kind: of work.
        jobs: with a row.
        expected_s, measured_s: over all of them, in seconds.
        factor: by which the growing part of an estimate is multiplied from now on; 1 if the rows tell too little.
        largest_s: the growing part of the largest job with a row, as it was estimated. Jobs of more than ten times this
            are not corrected by it: small ones show what starting costs.
    """

    kind: str
    jobs: int
    expected_s: float
    measured_s: float
    factor: float
    largest_s: float = 0.0


def accuracies(jobs: Iterable[Job], folder: Path) -> list[Accuracy]:
    """Return, by kind, how far estimates were off where an earlier run has left its benchmark rows below a folder.

    Only what a job does beyond starting is scaled: the start of a small job says nothing of a large one. Jobs that took
    over a part of their work are left out.
    """
    by_kind: dict[str, list[tuple[float, float, float]]] = {}
    for job in jobs:
        if job.submitted and (row := measured(job, folder)) and not row.took_over:
            start = job.resources.get("start_s", 0)
            # The plan's CPUs need not be those that the run had.
            grows = (job.resources["expected_s"] - start) * job.threads / row.threads
            by_kind.setdefault(job.kind, []).append((start, grows, row.s))
    found = []
    for kind, rows in sorted(by_kind.items()):
        start, grows, took = (sum(column) for column in zip(*rows, strict=True))
        expected = start + grows
        factor = max(took - start, 0.1 * grows) / grows if grows >= LEAST_S else 1.0
        found.append(Accuracy(kind, len(rows), expected, took, factor, max(row[1] for row in rows)))
    return found


def seconds_of(job: Job, measured_by_kind: Mapping[str, Accuracy]) -> float:
    """Return how long a job should take, in seconds, overhead included."""
    if not job.submitted:
        return 0.0
    start, found = job.resources.get("start_s", 0), measured_by_kind.get(job.kind)
    grows = job.resources["expected_s"] - start
    factor = found.factor if found and grows * job.threads <= 10 * found.largest_s else 1.0
    return OVERHEAD_S + start + grows * factor


def costs(jobs: Sequence[Job], targets: Sequence[str], measured_by_kind: Mapping[str, Accuracy]) -> list[Cost]:
    """Return what each target costs with all that it needs; targets that are in no plan are left out."""
    parents, needed = _parents(jobs), _needed(jobs)
    seconds = [seconds_of(job, measured_by_kind) for job in jobs]
    chains: dict[int, float] = {}
    for number in TopologicalSorter(parents).static_order():
        chains[number] = seconds[number] + max((chains[parent] for parent in parents[number]), default=0.0)
    by_name = {job.rule: number for number, job in enumerate(jobs)}
    found = []
    for name, last in ((name, by_name[name]) for name in targets if name in by_name):
        of_target = [(jobs[number], seconds[number] / 3600) for number in needed[last]]
        submitted = [job for job, _ in of_target if job.submitted]
        cpu_hours = sum(job.threads * hours for job, hours in of_target)
        gpu_hours = sum(job.resources.get("gpu", 0) * hours for job, hours in of_target)
        disk_gb = sum(job.resources.get("disk_mb", 0) for job in submitted) / 1000
        found.append(Cost(name, len(submitted), cpu_hours, gpu_hours, disk_gb, chains[last] / 3600))
    return found


def _parents(jobs: Sequence[Job]) -> dict[int, set[int]]:
    """Return by its number the jobs that each waits for."""
    maker = {path: number for number, job in enumerate(jobs) for path in job.outputs}
    return {number: {maker[path] for path in job.inputs if path in maker} for number, job in enumerate(jobs)}


def _needed(jobs: Sequence[Job]) -> dict[int, set[int]]:
    """Return by its number all jobs that each needs, itself among them."""
    parents, needed = _parents(jobs), dict[int, set[int]]()
    for number in TopologicalSorter(parents).static_order():
        needed[number] = {number}.union(*(needed[parent] for parent in parents[number]))
    return needed


def took(jobs: Sequence[Job], folder: Path) -> pd.DataFrame:
    """Return what each target of a finished run took with all that it needs: target, jobs, untold, cpu_hours.

    `cpu_hours` are those of the benchmark rows below a folder, which all but short jobs write, and for jobs that took
    work over those that their results tell, wherever it was done; `untold` are jobs of which neither says it.
    """
    seconds = [_took(job, folder) if job.submitted and job.benchmark else None for job in jobs]
    needed, found = _needed(jobs), []
    for last, job in enumerate(jobs):
        of = [number for number in needed[last] if jobs[number].submitted and jobs[number].benchmark]
        told = [told for number in of if (told := seconds[number]) is not None]
        hours = round(sum(told) / 3600, 4)
        found.append({"target": job.rule, "jobs": len(of), "untold": len(of) - len(told), "cpu_hours": hours})
    once = pd.DataFrame(found, columns=["target", "jobs", "untold", "cpu_hours"])
    return once[~once["target"].duplicated(keep=False)].reset_index(drop=True)


def _took(job: Job, folder: Path) -> float | None:
    """Return the CPU-seconds of the whole work of a job; None where nothing tells them."""
    row = measured(job, folder)
    if row and not row.took_over:
        # The row's own seconds: CPU time is known only up to half a minute before the end.
        return row.s * row.threads
    made = [entry for path in job.outputs for entry in _made(folder / path)]
    return sum(entry["seconds"] for entry in made) * job.threads if made else None


def _made(path: Path) -> Made:
    """Return what made a result by the job that wrote it."""
    if path.name == "run.json" and path.is_file():
        return list(read_json(path).get("made", []))
    if path.name == "rows.csv" and path.is_file():
        return list(read_sealed(path)[0].get("made", {}).get("scoring", []))
    return []


def on_gpus(jobs: Sequence[Job], measured_by_kind: Mapping[str, Accuracy]) -> list[str]:
    """Return a line on what molecules would take on GPUs, which products of matrices bound; none without molecules."""
    rules = ("train_molecules", "finetune")
    molecules = (job for job in jobs if job.rule in rules)
    seconds = sum(job.threads * (seconds_of(job, measured_by_kind) - OVERHEAD_S) for job in molecules)
    if not seconds:
        return []
    rates = {name: tflops * 1e12 * SHARE for name, tflops in TFLOPS.items()}
    hours = [f"{seconds * PRODUCTS * CORE_FLOPS / rate / 3600:.1f} h on one {name}" for name, rate in rates.items()]
    return [
        f"Molecules take {seconds / 3600:.1f} of these hours on cores; at {SHARE:.0%} of a GPU's published rate "
        f"{' or '.join(hours)} (estimates, not measured)."
    ]


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
        used = f"; jobs of up to ten times the largest are multiplied by {row.factor:.2f}" if row.factor != 1 else ""
        lines.append(f"  {row.kind:<18} {row.jobs:>4} jobs {off}{used}")
    return lines
