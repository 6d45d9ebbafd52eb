import json
from pathlib import Path

import pytest

from relamp.render.efficiency import efficiency_page
from relamp.runtime.log import first_line
from relamp.study.cost import Job
from relamp.study.efficiency import COLUMNS, efficiency


def job(name: str, kind: str, threads: int = 1, runtime: int = 10, mem_mb: int = 1000) -> Job:
    asked = {"expected_s": 60, "runtime": runtime, "mem_mb": mem_mb}
    return Job(name, kind, benchmark=f"{name}.jsonl", threads=threads, resources=asked, log=f"{name}.log")


def row(folder: Path, name: str, s: float, cpu_time: float, max_rss: float, threads: int = 1) -> None:
    told = f"12:00:00 {first_line(name, threads)}\n12:00:00 used {cpu_time} s of CPU time\n"
    (folder / f"{name}.log").write_text(told)
    rows = [{"s": 0, "max_rss": 0}, {"s": s, "max_rss": max_rss}]  # the last one counts
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_what_was_used_worked_out_by_hand(tmp_path: Path) -> None:
    jobs = [job("a", "train"), job("b", "train", runtime=20, mem_mb=4000), job("c", "svm", threads=8), job("d", "svm")]
    row(tmp_path, "a", 120, 60, 500)
    row(tmp_path, "b", 600, 600, 1000)
    row(tmp_path, "c", 30, 60, 100, threads=4)  # it had fewer CPUs than are planned
    train, svm = efficiency(jobs, tmp_path).to_dict("records")
    assert (train["kind"], train["jobs"], svm["kind"], svm["jobs"]) == ("train", 2, "svm", 1)  # the longest first
    assert train["minutes"] == pytest.approx(12)
    assert train["cpus_used"] == pytest.approx(660 / 720)
    assert train["longest_of_limit"] == pytest.approx(0.5)
    assert train["peak_mb"] == pytest.approx(1048.576)
    assert train["peak_of_asked"] == pytest.approx(0.524288)  # of a; b has asked for more
    assert svm["cpus_used"] == pytest.approx(0.5)


def test_jobs_without_rows_are_left_out(tmp_path: Path) -> None:
    rows = efficiency([job("a", "train"), Job("all")], tmp_path)
    assert rows.empty
    assert list(rows.columns) == list(COLUMNS)


def test_the_page_has_a_line_for_each_kind(tmp_path: Path) -> None:
    row(tmp_path, "a", 120, 60, 500)
    page = efficiency_page(efficiency([job("a", "train")], tmp_path))
    assert page.count("<tr>") == 2
    for cell in ("train", "2.0", "50%", "20%", "524", "52%"):
        assert f">{cell}<" in page
