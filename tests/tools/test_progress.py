import os
from pathlib import Path

import pytest

from relamp.tools import progress
from relamp.tools.progress import log_of, print_progress, queued, recent

COMMENT = "rule_pretrain_wildcards_MUTAG_lamp-mag_gamma~0.2_alpha~1"


def log(folder: Path, name: str, *lines: str, age: float = 0) -> Path:
    path = folder / "results" / "quick" / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    os.utime(path, (1000 - age, 1000 - age))
    return path


LOGS = {
    "pretrain": "logs/pretrain/{dataset}/{method}/{setting}.log",
    "pretrain_gammas": "logs/pretrain/{dataset}/gammas.log",
    "pack": "logs/pack/{dataset}.log",
    "probe_grid": "logs/mmix/probe/{dataset}_grid.log",
    "scores": "logs/judge/scores.log",
    "progress": "logs/progress.log",
}


def test_a_line_for_each_job_of_the_folder_ends_with_the_last_line_of_its_log(tmp_path: Path) -> None:
    log(tmp_path, "pretrain/MUTAG/lamp-mag/gamma~0.2_alpha~1.log", "first", "12:00:00 MUTAG, epochs: 3 of 20")
    log(tmp_path, "svm/MUTAG/lamp-mag/gamma~0.2_alpha~1.log", "of another job")
    queue = "\n".join(
        [
            f"7|RUNNING|1:02|10:00|g1|{COMMENT}|{tmp_path}",
            f"8|PENDING|0:00|10:00||{COMMENT}|{tmp_path}",
            f"9|RUNNING|0:05|10:00|n1|rule_scores|{tmp_path}",
            f"10|RUNNING|1:02|10:00|g1|{COMMENT}|/elsewhere",
            f"11|RUNNING|1:02|10:00|g1|my own job|{tmp_path}",
        ]
    )
    assert queued(queue, tmp_path / "results", LOGS, tmp_path) == [
        "       7 RUNNING         1:02 of 10:00     g1       pretrain MUTAG_lamp-mag_gamma~0.2_alpha~1: "
        "12:00:00 MUTAG, epochs: 3 of 20",
        "       8 PENDING         0:00 of 10:00              pretrain MUTAG_lamp-mag_gamma~0.2_alpha~1",
        "       9 RUNNING         0:05 of 10:00     n1       scores",
    ]


def test_a_log_is_its_rules_with_the_jobs_wildcards(tmp_path: Path) -> None:
    results = tmp_path / "results"
    written = {
        ("pack", "MUTAG"): log(tmp_path, "pack/MUTAG.log"),
        ("pretrain_gammas", "MUTAG"): log(tmp_path, "pretrain/MUTAG/gammas.log"),
        ("pretrain_gammas", "NCI1"): log(tmp_path, "pretrain/NCI1/gammas.log"),
        ("probe_grid", "Cora"): log(tmp_path, "mmix/probe/Cora_grid.log"),
        ("scores", ""): log(tmp_path, "judge/scores.log"),
    }
    assert {(rule, word): log_of(word, results, LOGS[rule]) for rule, word in written} == written
    assert log_of("PTC_MR", results, LOGS["pack"]) is None  # not yet written
    assert log_of("MUTAG", results, "") is None  # a rule without one
    elsewhere = results / "paper" / "logs" / "pack" / "MUTAG.log"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.touch()  # later than those of long ago
    assert log_of("MUTAG", results, LOGS["pack"]) == elsewhere


def test_without_slurm_recent_logs_are_shown_but_for_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # How far tables are is tested in test_cells.py.
    monkeypatch.setattr(progress, "_left", lambda *_: None)
    monkeypatch.setattr(progress, "stand", lambda *_: ["tables"])
    given = tmp_path / "results", LOGS, "progress", "Snakefile", {}, "published", 4
    fresh, stale = log(tmp_path, "pack/A.log", "half"), log(tmp_path, "pack/B.log", "x", age=10_000)
    assert recent([fresh, stale], 1030) == [f"   30 s ago  {fresh}: half"]
    monkeypatch.setattr(progress.shutil, "which", lambda _: None)
    (tmp_path / "results/quick/logs/progress.log").touch()
    print_progress(*given)  # all others are of long ago
    assert capsys.readouterr().out == "tables\n\nno job has written to its log lately\n"
    fresh.touch()
    print_progress(*given)
    assert capsys.readouterr().out == f"tables\n\n    0 s ago  {fresh}: half\n"
