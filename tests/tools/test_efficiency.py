import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.runtime.log import first_line
from relamp.tools import efficiency
from relamp.tools.efficiency import write_efficiency
from relamp.tools.plan import Job

ASKED = {"expected_s": 60, "runtime": 10, "mem_mb": 1000}


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def planned(_: str, config: Any, targets: Any, cores: int) -> list[Job]:
        job = Job("pretrain", "pretrain", (), ("encoder",), "rows.jsonl", cores, ASKED, "a.log")
        return [job, Job(targets[0])]

    monkeypatch.setattr(efficiency, "plan", planned)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_page_and_numbers_are_written(planned: Path) -> None:
    (planned / "a.log").write_text(f"12:00:00 {first_line('pretrain', 2)}\n12:05:00 used 150 s of CPU time\n")
    (planned / "rows.jsonl").write_text(json.dumps({"s": 300, "cpu_time": 150, "max_rss": 100}) + "\n")
    write_efficiency("Snakefile", {}, ["all"], 2, planned / "efficiency.html")
    (row,) = pd.read_csv(planned / "efficiency.csv").to_dict("records")
    assert (row["kind"], row["minutes"], row["cpus_used"], row["longest_of_limit"]) == ("pretrain", 5.0, 0.25, 0.5)
    assert "<table" in (planned / "efficiency.html").read_text()


def test_a_run_without_rows_has_no_page(planned: Path) -> None:
    with pytest.raises(RelampError, match="no job has left a benchmark row; run all first"):
        write_efficiency("Snakefile", {}, ["all"], 1, planned / "efficiency.html")
    assert not list(planned.iterdir())
