"""What a run costs before it runs: jobs, hours, disk and the longest chain of each target, from a plan of the run."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relamp.runtime.log import ran

# What SLURM and two starts of Snakemake take of each job before it does anything, in seconds (tests/slurm).
OVERHEAD_S = 8.0
# Rows tell nothing of a rate if all of them together hardly did more than start.
LEAST_S = 20.0
HEAD = re.compile(r"(?:local)?(?:rule|checkpoint) (\w+):")
FIELD = re.compile(r"    (input|output|log|benchmark|threads|resources): (.*)")


@dataclass(frozen=True)
class Job:
    """One job of a plan.

    Attributes:
        rule: its rule.
        kind: of work, by which it asks (`workflow/rates.csv`); "" for what asks for nothing.
        inputs, outputs: files.
        benchmark: where its time will be written; "" if nowhere.
        threads: CPUs.
        log: of its own, "" if none.
        resources: the whole numbers among its resources: `start_s`, `expected_s`, `gpu`, `disk_mb` and others.
    """

    rule: str
    kind: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    benchmark: str = ""
    threads: int = 1
    resources: Mapping[str, int] = field(default_factory=dict)
    log: str = ""

    @property
    def submitted(self) -> bool:
        """Whether it goes to the cluster; what asks for nothing runs where the command was typed."""
        return "expected_s" in self.resources


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
    """

    kind: str
    jobs: int
    expected_s: float
    measured_s: float
    factor: float


def read_plan(text: str) -> list[Job]:
    """Return the jobs that `snakemake --dry-run` prints."""
    jobs: list[Job] = []
    rule, found = "", dict[str, str]()
    for line in [*text.splitlines(), "rule end:"]:
        if head := HEAD.fullmatch(line):
            if rule:
                jobs.append(_job(rule, found))
            rule, found = head[1], {}
        elif part := FIELD.fullmatch(line):
            found[part[1]] = part[2]
        elif rule and not line.startswith("    "):
            jobs.append(_job(rule, found))
            rule = ""
    return jobs


def _job(rule: str, found: Mapping[str, str]) -> Job:
    def files(key: str) -> tuple[str, ...]:
        return tuple(found[key].split(", ")) if key in found else ()

    numbers = re.findall(r"(\w+)=(\d+)(?:,|$)", found.get("resources", ""))
    resources = {name: int(value) for name, value in numbers}
    threads = int(found.get("threads", "1"))
    kind = re.search(r"\bkind=(\w+)", found.get("resources", ""))
    benchmark = found.get("benchmark", "")
    made = files("output")
    return Job(rule, kind[1] if kind else "", files("input"), made, benchmark, threads, resources, found.get("log", ""))


@dataclass(frozen=True)
class Measured:
    """What an earlier run of a job took.

    Attributes:
        s: seconds.
        cpu_s: of all its CPUs together.
        peak_mb: memory.
        threads: CPUs that it had.
        took_over: whether a part of its work was there already.
    """

    s: float
    cpu_s: float
    peak_mb: float
    threads: int
    took_over: bool


def measured(job: Job, folder: Path) -> Measured | None:
    """Return what the last run of the same job took, by its benchmark row and its log; None without these."""
    path = folder / job.benchmark
    how = ran(folder / job.log)
    if not how or not path.is_file():
        return None
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not rows:
        return None
    # The row's own CPU time ends where the process was last looked at, up to half a minute before its end.
    s, mebibytes = float(rows[-1]["s"]), float(rows[-1]["max_rss"])
    return Measured(s, how.cpu_s, mebibytes * 2**20 / 1e6, how.threads, how.took_over)


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
        found.append(Accuracy(kind, len(rows), expected, took, factor))
    return found


def seconds_of(job: Job, factors: Mapping[str, float]) -> float:
    """Return how long a job should take, in seconds, overhead included."""
    if not job.submitted:
        return 0.0
    start, expected = job.resources.get("start_s", 0), job.resources["expected_s"]
    return OVERHEAD_S + start + (expected - start) * factors.get(job.kind, 1.0)


def costs(jobs: Sequence[Job], targets: Sequence[str], factors: Mapping[str, float]) -> list[Cost]:
    """Return what each target costs with all that it needs; targets that are in no plan are left out."""
    maker = {path: number for number, job in enumerate(jobs) for path in job.outputs}
    parents = [sorted({maker[path] for path in job.inputs if path in maker}) for job in jobs]
    seconds = [seconds_of(job, factors) for job in jobs]
    by_name = {job.rule: number for number, job in enumerate(jobs)}
    return [_cost(name, by_name[name], jobs, parents, seconds) for name in targets if name in by_name]


def _cost(
    name: str, last: int, jobs: Sequence[Job], parents: Sequence[Sequence[int]], seconds: Sequence[float]
) -> Cost:
    chain: dict[int, float] = {}
    waiting = [last]
    while waiting:
        number = waiting[-1]
        missing = [parent for parent in parents[number] if parent not in chain]
        if missing:
            waiting += missing
        else:
            chain[waiting.pop()] = seconds[number] + max((chain[parent] for parent in parents[number]), default=0.0)
    needed = [(jobs[number], seconds[number] / 3600) for number in chain]
    return Cost(
        target=name,
        jobs=sum(job.submitted for job, _ in needed),
        cpu_hours=sum(job.threads * hours for job, hours in needed),
        gpu_hours=sum(job.resources.get("gpu", 0) * hours for job, hours in needed),
        disk_gb=sum(job.resources.get("disk_mb", 0) for job, _ in needed if job.submitted) / 1000,
        chain_hours=chain[last] / 3600,
    )
