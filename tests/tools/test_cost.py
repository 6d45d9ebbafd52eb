import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relamp.errors import RelampError
from relamp.runtime.files import write_json
from relamp.runtime.log import RESUMES, first_line
from relamp.runtime.sealed import write_sealed
from relamp.tools import cost
from relamp.tools.cost import OVERHEAD_S, Accuracy, accuracies, costs, plan, print_costs, seconds_of, took
from relamp.tools.plan import Job, Measured, measured, read_plan
from slurm_cluster import ROOT, copy_project, needs_snakemake

PLAN = """Building DAG of jobs...
Job stats:
job      count
-----  -------
pack         1

[Sat Nov 21 10:44:57 2026]
rule pack:
    input: src/a.py, raw/A.zip
    output: data/A.safetensors, data/A.json
    log: logs/A.log
    jobid: 2
    benchmark: benchmarks/pack/A.jsonl
    reason: Forced execution
    wildcards: dataset=A
    threads: 4
    resources: tmpdir=/tmp, kind=packing, start_s=10, expected_s=110, runtime=10, mem_mb=1900, mem=1.9 GB, disk_mb=500
[Sat Nov 21 10:44:57 2026]
rule train:
    input: data/A.safetensors
    output: encoder/A
    log: logs/T.log
    jobid: 3
    benchmark: benchmarks/train/A.jsonl
    resources: tmpdir=/tmp, kind=training, start_s=10, expected_s=1010, gpu=2, disk_mb=1500, slurm_partition=gpu

[Sat Nov 21 10:44:57 2026]
localrule all:
    input: encoder/A, data/A.json
    jobid: 0
    reason: Forced execution
    resources: tmpdir=/tmp
Job stats:
    input: of nothing
"""


def test_a_plan_is_read() -> None:
    pack, train, last = read_plan(PLAN)
    assert (pack.rule, pack.threads, pack.benchmark, pack.log) == ("pack", 4, "benchmarks/pack/A.jsonl", "logs/A.log")
    assert (pack.inputs, pack.outputs) == (("src/a.py", "raw/A.zip"), ("data/A.safetensors", "data/A.json"))
    assert pack.resources == {"start_s": 10, "expected_s": 110, "runtime": 10, "mem_mb": 1900, "disk_mb": 500}
    assert (train.resources["gpu"], train.threads, train.submitted) == (2, 1, True)
    assert (pack.kind, train.kind) == ("packing", "training")
    assert last == Job("all", "", ("encoder/A", "data/A.json"), resources={})
    assert not last.submitted
    assert read_plan("Nothing to be done") == []


def test_costs_worked_out_by_hand() -> None:
    assert OVERHEAD_S == 8
    train, everything = costs(read_plan(PLAN), ["train", "no such target", "all"], {})
    assert (train.target, train.jobs, everything.jobs) == ("train", 2, 2)
    # pack: 4 CPUs for 118 s; train: 1 CPU and 2 GPUs for 1018 s, after it.
    assert everything.cpu_hours == pytest.approx((4 * 118 + 1018) / 3600)
    assert everything.gpu_hours == pytest.approx(2 * 1018 / 3600)
    assert everything.chain_hours == pytest.approx((118 + 1018) / 3600)
    assert everything.disk_gb == pytest.approx(2)
    (scaled,) = costs(read_plan(PLAN), ["train"], {"training": Accuracy("training", 1, 1, 1, 0.5, 100)})
    assert scaled.gpu_hours == pytest.approx(2 * (8 + 10 + 500) / 3600)
    # Rows of jobs of under a tenth of the size say nothing.
    (as_before,) = costs(read_plan(PLAN), ["train"], {"training": Accuracy("training", 1, 1, 1, 0.5, 99)})
    assert as_before == train


def write(folder: Path, name: str, *seconds: float, threads: int = 1, log: str = "", after: str = "") -> None:
    """Leave benchmark rows, and the log of the last run."""
    path = folder / "benchmarks" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"s": value, "cpu_time": 1, "max_rss": 1000}) + "\n" for value in seconds))
    (folder / "logs").mkdir(exist_ok=True)
    lines = [first_line("r", threads), *([after] if after else []), "used 3 s of CPU time"]
    path = folder / "logs" / f"{log or Path(name).name}.log"
    path.write_text("".join(f"12:00:00 {line}\n" for line in lines))


def test_molecules_on_gpus_worked_out_by_hand() -> None:
    # 1,000 hours of a core are 1.6 x 92 GFLOP/s x 3.6e6 s = 5.3e17, and an A100 does 0.3 x 19.5e12 a second.
    seconds = {"start_s": 0, "expected_s": 3_600_000}
    jobs = [Job("train_molecules", "pretrain", resources=seconds), Job("train_graphs", "pretrain", resources=seconds)]
    (line,) = cost.on_gpus(jobs, {})
    assert "Molecules take 1000.0 of these hours" in line
    assert "25.2 h on one A100 or 7.3 h on one H100 (estimates" in line
    assert cost.on_gpus(jobs[1:], {}) == []


def test_earlier_runs_correct_what_grows_and_tell_how_far_it_was_off(tmp_path: Path) -> None:
    jobs = read_plan(PLAN)
    assert accuracies(jobs, tmp_path) == []
    write(tmp_path, "train/A", 99999, 2010, log="T")  # the last row counts
    assert measured(jobs[1], tmp_path) == Measured(1, 3, took_over=False, s=2010, peak_mb=1048.576)
    assert measured(jobs[0], tmp_path) is None
    assert accuracies(jobs, tmp_path) == [Accuracy("training", 1, 1010, 2010, 2.0, 1000)]
    write(tmp_path, "train/A", 2, log="T")  # less than its start: never to nothing
    assert accuracies(jobs, tmp_path)[0].factor == pytest.approx(0.1)
    small = Job(
        "pack", "packing", (), (), "benchmarks/pack/A.jsonl", 1, {"start_s": 10, "expected_s": 11}, "logs/A.log"
    )
    write(tmp_path, "pack/A", 33)
    assert accuracies([small], tmp_path) == [Accuracy("packing", 1, 11, 33, 1.0, 1)]  # it hardly did more than start


def test_a_run_on_other_cpus_than_planned_is_compared_by_those_it_had(tmp_path: Path) -> None:
    # 10 s to start and 100 s on the plan's 4 CPUs: 200 s on 2.
    write(tmp_path, "pack/A", 410, threads=2)
    assert accuracies(read_plan(PLAN), tmp_path) == [Accuracy("packing", 1, 210, 410, 2.0, 200)]


def test_a_job_that_took_something_over_says_nothing_of_the_whole(tmp_path: Path) -> None:
    write(tmp_path, "train/A", 50, log="T", after=f"{RESUMES} after epoch 3 of 20, from a.pt")
    row = measured(read_plan(PLAN)[1], tmp_path)
    assert row is not None
    assert row.took_over
    assert accuracies(read_plan(PLAN), tmp_path) == []


def test_what_a_run_took_is_told_by_its_rows_and_where_work_was_taken_over_by_its_results(tmp_path: Path) -> None:
    asks = {"start_s": 0, "expected_s": 1}
    jobs = [
        Job("train", "", (), ("a/run.json", "b/run.json"), "benchmarks/train.jsonl", 2, asks, "logs/train.log"),
        Job("score", "", ("a/run.json",), ("rows.csv",), "benchmarks/score.jsonl", 1, asks, "logs/score.log"),
        Job("draw", "", ("rows.csv",), ("fig.png",), "benchmarks/draw.jsonl", 1, asks, "logs/draw.log"),
    ]
    write(tmp_path, "train", 1, threads=2, after=f"{RESUMES} after epoch 20 of 20, from a.pt")
    write(tmp_path, "draw", 360)
    for name in "ab":
        entry = {"machine": "A", "commit": None, "seconds": 1800}
        write_json(tmp_path / name / "run.json", {"made": [entry, {**entry, "machine": "B"}]})
    made = {"training": [entry], "scoring": [{**entry, "seconds": 720}]}
    write_sealed(tmp_path / "rows.csv", "x\n", {"made": made})
    # Two trainings of twice half an hour on two CPUs, a fifth of an hour of scoring, a tenth of drawing.
    found = took(jobs, tmp_path).set_index("target")
    assert found["cpu_hours"].to_dict() == {"train": 4.0, "score": 4.2, "draw": 4.3}
    assert found["untold"].tolist() == [0, 0, 0]
    (tmp_path / "rows.csv").unlink()
    assert took(jobs, tmp_path).set_index("target").loc["score"].tolist() == [2, 1, 4.0]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12))
def test_a_chain_is_as_long_as_all_of_it_and_side_by_side_as_its_longest(seconds: list[int]) -> None:
    work = [{"start_s": 0, "expected_s": value} for value in seconds]
    chain = [
        Job(f"r{number}", "", (f"f{number}",), (f"f{number + 1}",), resources=value)
        for number, value in enumerate(work)
    ]
    fan = [Job(f"r{number}", "", (), (f"f{number}",), resources=value) for number, value in enumerate(work)]
    last = Job("all", "", tuple(f"f{number}" for number in range(len(work))))
    (one,), (side,) = costs(chain, [chain[-1].rule], {}), costs([*fan, last], ["all"], {})
    assert one.chain_hours * 3600 == pytest.approx(sum(seconds_of(job, {}) for job in chain))
    assert side.chain_hours * 3600 == pytest.approx(max(seconds) + OVERHEAD_S)
    assert one.cpu_hours == pytest.approx(side.cpu_hours)
    assert one.jobs == side.jobs == len(seconds)


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder where the paper preset takes an hour, the quick one a tenth, and both five seconds to start."""

    def planned(_: str, config: Any, targets: Any, cores: int) -> list[Job]:
        preset = config["preset"]
        work = {"start_s": 5, "expected_s": 3605 if preset == "paper" else 365, "gpu": 1, "disk_mb": 2000}
        row = f"results/{preset}/benchmarks/pretrain.jsonl"
        job = Job("pretrain", "pretrain", (), ("encoder",), row, 1, work, "logs/pretrain.log")
        return [job, Job(targets[0], "", job.outputs)]

    monkeypatch.setattr(cost, "plan", planned)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_rows_the_rates_alone_are_used(planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_costs("Snakefile", {"preset": "paper"}, ["lamp_fig4"], 4, Path("results"))
    head, row, _, _, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["target", "jobs", "CPU-hours", "GPU-hours", "disk,", "GB", "longest", "chain"]
    assert row.split() == ["lamp_fig4", "1", "1.00", "1.00", "2.00", "1.00", "h"]
    assert "rates.csv alone" in last


def test_rows_of_another_preset_correct_the_rates(planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(planned / "results" / "quick", "pretrain", 725)
    (planned / "logs").symlink_to("results/quick/logs")
    print_costs("Snakefile", {"preset": "paper"}, ["lamp_fig4"], 4, Path("results"))
    _, row, _, _, said, rule = capsys.readouterr().out.splitlines()
    assert row.split()[:3] == ["lamp_fig4", "1", "2.00"]
    assert said.startswith("The last run of preset quick left rows of 1 of its jobs: 6.1 min were expected, 12.1 min")
    assert rule.endswith(
        " 1 jobs   1.99 times the estimate; jobs of up to ten times the largest are multiplied by 2.00"
    )


@needs_snakemake
def test_the_workflow_itself_is_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy_project(tmp_path, (ROOT / "config.yaml").read_text()))
    jobs = plan("Snakefile", {"preset": "quick"}, ["lamp_table2"], 4)
    trained = [job for job in jobs if job.rule == "train_molecules"]
    assert [job.resources["gpu"] for job in trained] == [1, 1, 1]
    assert all(job.benchmark and job.submitted for job in trained)
    with pytest.raises(RelampError, match="planned: MissingRuleException:\nNo rule to produce no_such"):
        plan("Snakefile", {"preset": "quick"}, ["no_such_target"], 4)
