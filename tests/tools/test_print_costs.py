import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from relamp.errors import RelampError
from relamp.runtime.log import first_line
from relamp.tools import cost
from relamp.tools.cost import plan, print_costs
from relamp.tools.plan import Job

ROOT = Path(__file__).parents[2]


def jobs_of(preset: str, seconds: int) -> list[Job]:
    work = {"start_s": 5, "expected_s": seconds, "gpu": 1, "disk_mb": 2000}
    return [
        Job("pretrain", "pretrain", (), ("encoder",), f"results/{preset}/benchmarks/pretrain.jsonl", 1, work, "a.log"),
        Job("lamp_fig4", "", ("encoder",)),
    ]


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the paper preset takes an hour, and the quick one a minute and five seconds."""

    def planned(_: str, config: Any, targets: Any, cores: int) -> list[Job]:
        return jobs_of(config["preset"], 3605 if config["preset"] == "paper" else 65)

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
    path = planned / "results/quick/benchmarks/pretrain.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"s": 125, "cpu_time": 120, "max_rss": 100}) + "\n")
    (planned / "a.log").write_text(f"12:00:00 {first_line('pretrain', 1)}\n12:02:00 used 120 s of CPU time\n")
    print_costs("Snakefile", {"preset": "paper"}, ["lamp_fig4"], 4, Path("results"))
    _, row, _, _, said, rule = capsys.readouterr().out.splitlines()
    assert row.split()[:3] == ["lamp_fig4", "1", "2.00"]
    assert said.startswith("The last run of preset quick left rows of 1 of its jobs: 1.1 min were expected, 2.1 min")
    assert rule.endswith(" 1 jobs   1.92 times the estimate; its rate is now multiplied by 2.00")


@pytest.mark.skipif(find_spec("snakemake") is None, reason="snakemake is not installed")
def test_the_workflow_itself_is_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("src", "workflow", "published", "envs", "slurm"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    jobs = plan("Snakefile", {"preset": "quick"}, ["lamp_table2"], 4)
    trained = [job for job in jobs if job.rule == "train_molecules"]
    assert [job.resources["gpu"] for job in trained] == [1, 1, 1]
    assert all(job.benchmark and job.submitted for job in trained)
    with pytest.raises(RelampError, match="planned: MissingRuleException:\nNo rule to produce no_such"):
        plan("Snakefile", {"preset": "quick"}, ["no_such_target"], 4)
